"""The Filters panel: the period, which is always there, and the filters that a person adds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html

from data.report.choices import Choices
from data.report.filters import FILTERS, Choice, Filter
from data.report.period import QUICK_RANGES, quick_range_dates, zone_names
from data.report.query import ReportQuery
from layouts.attributes import aria
from layouts.controls import AddMenu, Picker, icon
from layouts.ids import FilterIds, Filters, Period, Problem

CUSTOM = "custom"
"""The choice in the list of quick ranges that stands for dates of one's own."""

_CALENDAR_DAYS = 9
"""Days for which the page knows what quick ranges mean: zones differ by a day, and a page may stay open for a week."""


IDS = {item.id: FilterIds(item.option) for item in FILTERS}
"""The ids of each filter's parts, by the filter's own."""


def options(item: Filter, choices: Choices) -> list[dict[str, Any]]:
    """The values of a filter as a :class:`Picker` offers them, equal names with their ids."""
    names = choices.names if item.by_id else {}

    def label(choice: Choice) -> str:
        return names.get((item.option, item.parse(choice.value)), choice.label) if item.by_id else choice.label

    return [
        {"value": choice.value, "label": label(choice)} | ({"path": " › ".join(choice.path)} if item.in_tree else {})
        for choice in choices.of.get(item.id, ())
    ]


def calendar(today: date) -> dict[str, dict[str, list[str]]]:
    """What every quick range means on the days around ``today``: the browser shows dates without asking back."""
    days = (today + timedelta(days=offset) for offset in range(-1, _CALENDAR_DAYS))
    return {
        str(day): {name: [str(bound) for bound in quick_range_dates(name, day)] for name in QUICK_RANGES}
        for day in days
    }


def panel(query: ReportQuery, choices: Choices, *, today: date, first_visit: bool) -> html.Section:
    """The panel, filled from ``query``. On a ``first_visit`` the browser puts its own zone in."""
    shown = [id_ for id_, _ in query.filters]
    return html.Section(
        [
            html.H2("Filters", id=Filters.HEADING, className="panel-title"),
            _period(query),
            *(_row(item, query, choices, hidden=item.id not in shown) for item in FILTERS),
            AddMenu(
                id=Filters.ADD,
                label="Add filter",
                search="Search filters",
                groups=_menu(),
                hidden=shown,
                empty="Every filter is on the form already.",
            ),
            dcc.Store(id=Filters.SHOWN, data=shown),
            dcc.Store(id=Filters.ROWS, data={item.id: IDS[item.id].row for item in FILTERS}),
            dcc.Store(id=Period.CALENDAR, data=calendar(today)),
            dcc.Store(id=Period.FIRST_VISIT, data=first_visit),
        ],
        className="panel panel-filters",
        **aria(labelledby=Filters.HEADING),
    )


def problem(id_: str) -> html.P:
    """The place under a field where it says what is wrong with it."""
    return html.P(id=id_, className="field-problem", role="alert")


def _period(query: ReportQuery) -> html.Div:
    ranges = [{"value": value, "label": label} for value, label in QUICK_RANGES.items()]
    return html.Div(
        [
            html.Div(
                [
                    dbc.Label("Period", html_for=Period.RANGE),
                    dbc.Select(
                        id=Period.RANGE,
                        options=[*ranges, {"value": CUSTOM, "label": "Custom"}],
                        value=query.quick_range or CUSTOM,
                    ),
                ],
                className="field field-range",
            ),
            html.Div(
                [
                    _moment("From", Period.FROM, Period.FROM_TIME, query.start.date, query.start.time),
                    _moment("To", Period.TO, Period.TO_TIME, query.end.date, query.end.time),
                ],
                className="field-moments",
            ),
            problem(Problem.PERIOD),
            html.Div(
                [
                    dbc.Label("Time zone", html_for=Period.ZONE),
                    Picker(
                        id=Period.ZONE,
                        label="Time zone",
                        options=[{"value": name, "label": name} for name in zone_names()],
                        value=query.timezone,
                        placeholder="Search time zones",
                        describedby=Problem.ZONE,
                    ),
                    problem(Problem.ZONE),
                ],
                className="field",
            ),
        ],
        className="period",
    )


def _moment(label: str, date_id: Period, time_id: Period, day: date, time: Any) -> html.Div:
    time_label = "End time" if label == "To" else "Start time"
    hint = "the whole day is included" if label == "To" else "from the first moment of the day"
    return html.Div(
        [
            dbc.Label(label, html_for=date_id),
            html.Div(
                [
                    dbc.Input(
                        id=date_id, type="date", value=str(day), min="1900-01-01", max="2199-12-31", required=True
                    ),
                    html.Label(time_label, htmlFor=time_id, className="visually-hidden"),
                    dbc.Input(
                        id=time_id,
                        type="time",
                        value=None if time is None else str(time)[: 8 if time.second else 5],
                    ),
                ],
                className="moment",
                title=f"Time is optional: without one {hint}",
            ),
        ],
        className="field",
    )


def _row(item: Filter, query: ReportQuery, choices: Choices, *, hidden: bool) -> html.Div:
    ids = IDS[item.id]
    return html.Div(
        [
            html.Div(
                [
                    dbc.Label(item.label, html_for=ids.field),
                    html.Button(
                        icon("trash3"),
                        id=ids.remove,
                        type="button",
                        className="icon-button",
                        title=f"Remove {item.label}",
                        **aria(label=f"Remove {item.label}"),
                    ),
                ],
                className="filter-head",
            ),
            Picker(
                id=ids.field,
                label=item.label,
                multi=True,
                options=options(item, choices),
                value=[str(value) for value in query.chosen(item.id)],
                placeholder="No value chosen: this filter is ignored",
                describedby=ids.problem,
            ),
            problem(ids.problem),
        ],
        id=ids.row,
        className="field filter-row",
        hidden=hidden,
    )


def _menu() -> Sequence[dict[str, Any]]:
    groups = dict.fromkeys(item.group for item in FILTERS)
    return [
        {
            "label": group,
            "items": [{"value": item.id, "label": item.label} for item in FILTERS if item.group == group],
        }
        for group in groups
    ]
