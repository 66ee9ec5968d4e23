"""Charts beside the table: the Show Chart menu, the panel, and a card for each chart.

The server says what is on each card (:func:`face`); ``assets/chart.js`` keeps the cards in step with it, each a copy of
the one in the panel's template. Cards that are there already stay as they are: a chart that is added makes no other one
flicker, and a worksheet that someone is filling in keeps the focus. The script knows no figure and no metric itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import groupby
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component
from plotly.offline import get_plotlyjs_version

from charts.draw import draw
from charts.presets import PRESETS
from charts.reading import summary_of, table_of
from charts.spec import COLOURS, KINDS, MAX_SERIES, MAX_TITLE, SERIES_KINDS, STACKINGS, ChartSpec
from charts.theme import CONFIG, IN_PRINT, SHADES
from data.access import Right, User
from data.report.catalog import metrics_for
from data.report.dimensions import DIMENSION, TIME_DIMENSIONS
from data.report.result import ReportResult
from data.report.view import shows_money
from data.services import Services
from data.store.chart_presets import OwnPreset
from layouts.attributes import aria, dataset
from layouts.controls import icon, still
from layouts.ids import Chart

PLOTLY = f"/-/plotly.js?v={get_plotlyjs_version()}"
"""Where plotly.js is fetched from when the first chart is asked for."""

BLANK = "blank"
OWN = "own:"
"""What a menu entry's id begins with when it is a preset of the person's own."""

ACTS = (
    ("edit", "Edit", "pencil"),
    ("table", "Show as table", "table"),
    ("screen", "Full screen", "fullscreen"),
    ("png", "Download PNG", "PNG"),
    ("svg", "Download SVG", "SVG"),
    ("copy", "Duplicate", "copy"),
    ("keep", "Save as preset", "bookmark-star"),
    ("remove", "Remove", "x-lg"),
)
"""What can be done with a chart: the act, what it is called before the chart's title, and its icon or short text."""


def menu(services: Services) -> dbc.DropdownMenu:
    """The Show Chart menu."""
    return dbc.DropdownMenu(
        entries(services.records.chart_presets.list(services.user()), services.user()),
        id=Chart.MENU,
        label=still(icon("bar-chart"), html.Span("Show Chart")),
        toggle_class_name="btn-quiet btn-sm chart-toggle",
        class_name="chart-menu",
        color="quiet",
        caret=False,
        align_end=True,
    )


def entries(own: Iterable[OwnPreset], user: User) -> list[Component]:
    """The menu's entries: the ready-made charts, the person's own, and Blank Chart; none of money without the right."""
    money = user.may(Right.MONEY)
    found: list[Component] = [_entry(preset.id, preset.label) for preset in PRESETS if money or not preset.shows_money]
    mine = [preset for preset in own if money or not shows_money(preset.spec)]
    if mine:
        found.append(dbc.DropdownMenuItem("My presets", header=True))
        found += [
            html.Div(
                [
                    _entry(f"{OWN}{preset.id}", preset.title),
                    html.Button(
                        icon("trash3"),
                        id={"type": Chart.FORGET, "preset": preset.id},
                        type="button",
                        className="icon-button",
                        title="Delete this preset",
                        **aria(label=f"Delete preset {preset.title}"),
                    ),
                ],
                className="chart-own",
            )
            for preset in mine
        ]
    return [*found, dbc.DropdownMenuItem(divider=True), _entry(BLANK, "Blank Chart")]


def _entry(entry: str, label: str) -> dbc.DropdownMenuItem:
    return dbc.DropdownMenuItem(label, id={"type": Chart.ADD, "preset": entry})


def panel(user: User) -> html.Section:
    """Where charts appear: empty, and of no size, until there is one."""
    return html.Section(
        [
            html.Button(
                still(icon("layout-three-columns"), html.Span("Charts below the table")),
                id=Chart.PLACE,
                type="button",
                className="btn btn-quiet btn-sm chart-place",
                **aria(pressed="false"),
            ),
            html.Div(
                id=Chart.PANEL,
                className="chart-cards",
                **dataset(choices=json.dumps(choices(user)), config=json.dumps(CONFIG), plotly=PLOTLY),
            ),
            html.Template(still(_card()), id=Chart.CARD),
            html.P(className="visually-hidden", id=Chart.SAID, role="status"),
            dcc.Store(id=Chart.LOOK, data={"narrow": False}),
            dcc.Store(id=Chart.ASKED),
            dcc.Store(id=Chart.DRAWN),
            dcc.Store(id=Chart.KEEP),
        ],
        className="charts",
        **aria(label="Charts"),
    )


def _card() -> html.Article:
    """One chart: its name, what can be done with it, its worksheet, its figure, and the same as a table."""
    return html.Article(
        [
            html.Div(
                [
                    html.H3(className="chart-name"),
                    html.Div([_act(*act) for act in ACTS], className="chart-acts"),
                ],
                className="chart-head",
            ),
            html.Div(className="chart-worksheet"),
            html.Div(html.Div(className="chart-plot"), className="chart-figure", role="img"),
            html.P(className="chart-note"),
            html.Div(className="chart-table"),
        ],
        className="chart-card",
    )


def _act(act: str, label: str, face_: str) -> html.Button:
    return html.Button(
        face_ if face_.isupper() else icon(face_),
        type="button",
        className="icon-button chart-act" + (" chart-act-text" if face_.isupper() else ""),
        title=label,
        **aria(label=label),
        **dataset(act=act),
    )


def choices(user: User) -> dict[str, Any]:
    """What a worksheet offers to ``user``, straight from the catalog and the vocabulary of charts."""
    metrics = [
        {"label": group, "items": [[metric.id, metric.label, metric.name] for metric in members]}
        for group, members in groupby(metrics_for(user), key=lambda metric: metric.group)
    ]
    return {
        "kinds": list(KINDS.items()),
        "seriesKinds": list(SERIES_KINDS.items()),
        "stackings": list(STACKINGS.items()),
        "axes": [["left", "Left"], ["right", "Right"]],
        "colours": [[name, name.capitalize()] for name in COLOURS],
        "shades": SHADES,
        "inPrint": IN_PRINT,
        "metrics": metrics,
        "counts": [metric.id for metric in metrics_for(user) if metric.kind == "count"],
        "own": {metric.id: metric.colour for metric in metrics_for(user)},
        "maxSeries": MAX_SERIES,
        "maxTitle": MAX_TITLE,
    }


def face(
    spec: ChartSpec, result: ReportResult, *, dark: bool = False, narrow: bool = False, locale: str = "en"
) -> dict[str, Any]:
    """What is on one card: the name of the chart, its figure, the same in words and as a table, and what x may be."""
    figure = draw(spec, result, dark=dark, narrow=narrow, locale=locale).to_plotly_json()
    told = figure["layout"]["meta"]
    table = table_of(spec, result, locale=locale)
    return {
        "id": spec.id,
        "title": told["title"],
        "figure": figure,
        "height": told["height"],
        "note": told["note"],
        "summary": summary_of(spec, result, locale=locale),
        "table": {"header": table.header, "rows": table.rows, "labels": table.labels},
        "x": _x_choices(result),
    }


def _x_choices(result: ReportResult) -> list[list[str]]:
    unit = result.query.time_unit
    found = [["", "Automatic"]]
    if unit:
        found.append([unit, f"Time ({DIMENSION[unit].label})"])
    return found + [[item, DIMENSION[item].label] for item in result.query.group_by if item not in TIME_DIMENSIONS]
