"""The Group by panel: what rows are made of, in the order of their columns."""

from __future__ import annotations

from dash import html

from data.report.dimensions import DIMENSIONS
from data.report.query import ReportQuery
from layouts.attributes import aria
from layouts.controls import AddMenu, OrderedList
from layouts.filters import problem
from layouts.ids import GroupBy, Problem


def panel(query: ReportQuery) -> html.Section:
    """The panel, filled from ``query``: a loop over the catalog's dimensions."""
    groups = dict.fromkeys(dimension.group for dimension in DIMENSIONS)
    return html.Section(
        [
            html.H2("Group by", id=GroupBy.HEADING, className="panel-title"),
            OrderedList(
                id=GroupBy.CHOSEN,
                label="Group by",
                items=[{"value": item.id, "label": item.label, "group": item.group} for item in DIMENSIONS],
                value=list(query.group_by),
            ),
            problem(Problem.GROUP_BY),
            AddMenu(
                id=GroupBy.ADD,
                label="Add",
                groups=[
                    {
                        "label": group,
                        "items": [
                            {"value": item.id, "label": item.label, "description": item.description}
                            for item in DIMENSIONS
                            if item.group == group
                        ],
                    }
                    for group in groups
                ],
                hidden=list(query.group_by),
                empty="Everything is chosen already.",
            ),
        ],
        className="panel panel-group-by",
        **aria(labelledby=GroupBy.HEADING),
    )
