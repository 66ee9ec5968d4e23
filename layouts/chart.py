"""Charts beside the table: the Show Chart menu, the panel, and a card for each chart.

``assets/chart.js`` builds each card's worksheet and its table for screen readers from the JSON that stands here on the
card, so that hundreds of figures do not have to be components of the page. It knows no figure and no metric itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import groupby
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from charts.draw import draw
from charts.presets import PRESETS
from charts.reading import summary_of, table_of
from charts.spec import COLOURS, KINDS, MAX_SERIES, MAX_TITLE, SERIES_KINDS, STACKINGS, ChartSpec
from charts.theme import CONFIG, SHADES, metric_colour
from charts.words import title_of
from data.report.catalog import DIMENSION, METRICS
from data.report.result import ReportResult
from data.services import Services
from data.store.chart_presets import OwnPreset
from layouts.controls import icon
from layouts.ids import Chart, Stores

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
        entries(services.records.chart_presets.list(services.user())),
        id=Chart.MENU,
        label=[icon("bar-chart"), html.Span("Show Chart")],
        toggle_class_name="btn-quiet btn-sm chart-toggle",
        class_name="chart-menu",
        color="",
        caret=False,
        align_end=True,
    )


def entries(own: Iterable[OwnPreset]) -> list[Component]:
    """The menu's entries: the ready-made charts, the person's own, and Blank Chart."""
    found: list[Component] = [_entry(preset.id, preset.label) for preset in PRESETS]
    mine = list(own)
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
                        **{"aria-label": f"Delete preset {preset.title}"},
                    ),
                ],
                className="chart-own",
            )
            for preset in mine
        ]
    return [*found, dbc.DropdownMenuItem(divider=True), _entry(BLANK, "Blank Chart")]


def _entry(entry: str, label: str) -> dbc.DropdownMenuItem:
    return dbc.DropdownMenuItem(label, id={"type": Chart.ADD, "preset": entry})


def panel() -> html.Section:
    """Where charts appear: empty, and of no size, until there is one."""
    return html.Section(
        [
            html.Div(id=Chart.PANEL, className="chart-cards", **{"data-choices": json.dumps(choices())}),
            html.P(className="visually-hidden chart-said", role="status"),
            dcc.Store(id=Chart.LOOK, data={"narrow": False}),
            dcc.Store(id=Chart.ASKED),
            dcc.Store(id=Chart.DRAWN),
            dcc.Store(id=Chart.KEEP),
        ],
        className="charts",
        **{"aria-label": "Charts", "data-store": Stores.CHARTS, "data-look": Chart.LOOK, "data-keep": Chart.KEEP},
    )


def choices() -> dict[str, Any]:
    """What a worksheet offers, straight from the catalog and the vocabulary of charts."""
    metrics = [
        {"label": group, "items": [[metric.id, metric.label, metric.name] for metric in members]}
        for group, members in groupby(METRICS, key=lambda metric: metric.group)
    ]
    return {
        "kinds": list(KINDS.items()),
        "seriesKinds": list(SERIES_KINDS.items()),
        "stackings": list(STACKINGS.items()),
        "axes": [["left", "Left axis"], ["right", "Right axis"]],
        "colours": [[name, name.capitalize()] for name in COLOURS],
        "shades": SHADES,
        "metrics": metrics,
        "counts": [metric.id for metric in METRICS if metric.kind == "count"],
        "own": {metric.id: metric_colour(metric.id) for metric in METRICS},
        "maxSeries": MAX_SERIES,
        "maxTitle": MAX_TITLE,
    }


def card(
    spec: ChartSpec, result: ReportResult, *, dark: bool = False, narrow: bool = False, locale: str = "en"
) -> html.Article:
    """One chart: its name, what can be done with it, its figure, and the same as a table."""
    figure = draw(spec, result, dark=dark, narrow=narrow, locale=locale)
    told = figure.layout.meta
    title = title_of(spec)
    table = table_of(spec, result, locale=locale)
    return html.Article(
        [
            html.Div(
                [
                    html.H3(title, className="chart-name"),
                    html.Div([_act(*act, title) for act in ACTS], className="chart-acts"),
                ],
                className="chart-head",
            ),
            html.Div(className="chart-worksheet"),
            html.Div(
                dcc.Graph(
                    id={"type": Chart.GRAPH, "chart": spec.id},
                    figure=figure,
                    config=CONFIG,
                    responsive=True,
                    style={"height": f"{told['height']}px"},
                ),
                className="chart-figure",
                role="img",
                style={"minHeight": f"{told['height']}px"},
                **{"aria-label": summary_of(spec, result, locale=locale)},
            ),
            html.P(told["note"] or "", className="chart-note", hidden=not told["note"]),
            html.Div(className="chart-table"),
        ],
        key=spec.id,
        id={"type": Chart.CARD, "chart": spec.id},
        className="chart-card",
        **{
            "data-chart": spec.id,
            "data-spec": json.dumps(spec.to_json()),
            "data-x": json.dumps(_x_choices(result)),
            "data-table": json.dumps([title, table.header, table.rows, table.labels]),
        },
    )


def _x_choices(result: ReportResult) -> list[list[str]]:
    unit = result.query.time_unit
    found = [["", "Automatic"]]
    if unit:
        found.append([unit, f"Time ({DIMENSION[unit].label})"])
    if result.query.by_package:
        found.append(["package", DIMENSION["package"].label])
    return found


def _act(act: str, label: str, face: str, title: str) -> html.Button:
    return html.Button(
        face if face.isupper() else icon(face),
        type="button",
        className="icon-button chart-act" + (" chart-act-text" if face.isupper() else ""),
        title=label,
        **{"data-act": act, "aria-label": f"{label} {title}"},
    )
