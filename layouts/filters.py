"""The Filters panel: the period, which is always there, and the filters that a person adds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html

from data.report.choices import Choices
from data.report.period import QUICK_RANGES, quick_range_dates, zone_names
from data.report.query import ReportQuery
from data.warehouse.schema import CLIENT_TYPES
from layouts.attributes import aria
from layouts.controls import AddMenu, Picker, icon
from layouts.ids import Filters, Period, Problem

CUSTOM = "custom"
"""The choice in the list of quick ranges that stands for dates of one's own."""

_CALENDAR_DAYS = 9
"""Days for which the page knows what quick ranges mean: zones differ by a day, and a page may stay open for a week."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter that can be added: its key, its name, its heading in the menu, and the ids of its parts."""

    key: str
    label: str
    group: str
    field: Filters
    row: Filters
    remove: Filters
    problem: Problem


FILTERS: tuple[Filter, ...] = (
    Filter(
        "client_types",
        "Client Type",
        "By clients",
        Filters.CLIENT_TYPE,
        Filters.CLIENT_TYPE_ROW,
        Filters.CLIENT_TYPE_REMOVE,
        Problem.CLIENT_TYPE,
    ),
    Filter("tags", "Client Tags", "By clients", Filters.TAG, Filters.TAG_ROW, Filters.TAG_REMOVE, Problem.TAG),
    Filter("owners", "Owner", "By clients", Filters.OWNER, Filters.OWNER_ROW, Filters.OWNER_REMOVE, Problem.OWNER),
    Filter(
        "packages",
        "Package",
        "Extras",
        Filters.PACKAGE,
        Filters.PACKAGE_ROW,
        Filters.PACKAGE_REMOVE,
        Problem.PACKAGE,
    ),
)


def options(key: str, choices: Choices) -> list[dict[str, Any]]:
    """The values of the filter ``key`` as a :class:`Picker` offers them."""
    match key:
        case "client_types":
            return [{"value": value, "label": label} for value, label in CLIENT_TYPES.items()]
        case "tags":
            return [{"value": tag, "label": tag} for tag in choices.tags]
        case "owners":
            return [
                {"value": owner.id, "label": owner.name, "path": " › ".join(owner.path[:-1])}
                for owner in choices.owners
            ]
        case _:
            return [{"value": package.id, "label": package.name} for package in choices.packages]


def calendar(today: date) -> dict[str, dict[str, list[str]]]:
    """What every quick range means on the days around ``today``: the browser shows dates without asking back."""
    days = (today + timedelta(days=offset) for offset in range(-1, _CALENDAR_DAYS))
    return {
        str(day): {name: [str(bound) for bound in quick_range_dates(name, day)] for name in QUICK_RANGES}
        for day in days
    }


def panel(query: ReportQuery, choices: Choices, *, today: date, first_visit: bool) -> html.Section:
    """The panel, filled from ``query``. On a ``first_visit`` the browser puts its own zone in."""
    shown = [item.key for item in FILTERS if getattr(query, item.key)]
    return html.Section(
        [
            html.H2("Filters", id=Filters.HEADING, className="panel-title"),
            _period(query),
            *(_row(item, query, choices, hidden=item.key not in shown) for item in FILTERS),
            AddMenu(
                id=Filters.ADD,
                label="Add filter",
                search="Search filters",
                groups=_menu(),
                hidden=shown,
                empty="Every filter is on the form already.",
            ),
            dcc.Store(id=Filters.SHOWN, data=shown),
            dcc.Store(id=Period.CALENDAR, data=calendar(today)),
            dcc.Store(id=Period.FIRST_VISIT, data=first_visit),
        ],
        className="panel panel-filters",
        **aria(labelledby=Filters.HEADING),
    )


def problem(id_: Problem) -> html.P:
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
    return html.Div(
        [
            html.Div(
                [
                    dbc.Label(item.label, html_for=item.field),
                    html.Button(
                        icon("trash3"),
                        id=item.remove,
                        type="button",
                        className="icon-button",
                        title=f"Remove {item.label}",
                        **aria(label=f"Remove {item.label}"),
                    ),
                ],
                className="filter-head",
            ),
            Picker(
                id=item.field,
                label=item.label,
                multi=True,
                options=options(item.key, choices),
                value=list(getattr(query, item.key)),
                placeholder="No value chosen: this filter is ignored",
                describedby=item.problem,
            ),
            problem(item.problem),
        ],
        id=item.row,
        className="field filter-row",
        hidden=hidden,
    )


def _menu() -> Sequence[dict[str, Any]]:
    groups = dict.fromkeys(item.group for item in FILTERS)
    return [
        {
            "label": group,
            "items": [{"value": item.key, "label": item.label} for item in FILTERS if item.group == group],
        }
        for group in groups
    ]
