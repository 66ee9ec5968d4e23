"""The report section: facts, tools, the table in each of its states, and what the Info icon tells."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from data.access import Right, User
from data.acts.columns import usual_view
from data.currencies import currency_name
from data.delivery.formats import FORMATS
from data.report.catalog import Metric, main_of, metrics_for, ready_sets
from data.report.headlines import Headline
from data.report.headlines import headlines as told_headlines
from data.report.result import ReportInfo, ReportResult
from data.report.view import View
from data.services import Services
from data.words.dates import day_words, moment_words
from data.words.marks import footnote
from data.words.names import cut, row_labels
from data.words.numerals import Numerals
from data.words.question import Question
from data.words.totals import totals_note
from layouts import chart, ids, table
from layouts.attributes import aria, dataset
from layouts.controls import Handed, Still, icon, still, withheld
from layouts.ids import Again, Chart, Form, Report, Stores

SKELETON_ROWS, SKELETON_FIGURES = 8, 4

_CHIP = 60
"""Characters of a chip."""

_BELOW = ("Time zone", "Currency", "Active Duration")
"""Facts of the question that stand among those of the answer, which say more."""

_LINE_WIDE, _LINE_HIGH = 120, 28
"""Of the small line under a headline, in its own units."""

AGAIN_OPEN, AGAIN_CLOSED = "again", "again is-closed"


def section(services: Services, *, answers_first: bool = False) -> html.Section:
    """The whole section, showing no report yet; with ``answers_first`` the browser asks for one at once."""
    rows = Handed(id=Report.ROWS, to="report.rows")
    return html.Section(
        [
            html.Div(
                [
                    still(html.H2("Report", className="visually-hidden")),
                    _changed(),
                    html.Div(id=Report.HEADLINES, className="headlines"),
                    _bar(services),
                    _progress(),
                    _job(),
                    still(
                        html.Div(
                            [
                                html.P("Set a period and press Query."),
                                html.P("The report appears here.", className="muted"),
                            ],
                            className="report-start",
                        )
                    ),
                    html.P(id=Report.TOLD, className="report-told"),
                    html.Div(id=Report.NOTICE, className="report-notice"),
                    html.Div(
                        [
                            html.Div(
                                [
                                    html.Div(id=Report.FIND_BOX, className="find-box", hidden=True),
                                    # assets/report/groups.js has a tab for each group of columns.
                                    html.Div(
                                        id=Report.TABS,
                                        className="group-tabs",
                                        role="group",
                                        **aria(label="Group of columns"),
                                    ),
                                    table.frame("main", "Report table", Report.GRID, Report.TABLE, rows),
                                    html.P(id=Report.STATUS, className="report-status", role="status"),
                                    html.Div(id=Report.NOTES, className="report-notes"),
                                    _again(),
                                ],
                                className="report-tables",
                            ),
                            # assets/split.js moves it.
                            html.Div(
                                id=Chart.SPLIT,
                                className="chart-split",
                                role="separator",
                                tabIndex="0",
                                **aria(
                                    label="Width of the table",
                                    orientation="vertical",
                                    valuenow="62",
                                    valuemin="25",
                                    valuemax="80",
                                ),
                            ),
                            chart.panel(services.user()),
                        ],
                        className="report-body",
                    ),
                ],
                id=Report.STAGE,
                className="report is-none",
            ),
            table.explanations(services.user()),
            dcc.Download(id=Report.DOWNLOAD),
            dcc.Store(id=Stores.REPORT),
            dcc.Store(id=Stores.VIEW, data=view_data(usual_view(services, services.user()))),
            dcc.Store(id=Stores.CHARTS, data=[]),
            dcc.Store(id=Stores.RUN),
            dcc.Store(id=Stores.JOB),
            dcc.Store(id=Report.SORT),
            dcc.Store(id=Report.CHOSEN),
            Handed(id=Report.ADDRESS, to="report.address"),
            Handed(id=Report.FIRST, to="report.first", data=answers_first),
            dcc.Store(id=Report.COPIED),
            dcc.Store(id=Again.ASK),
        ],
        id=Report.SECTION,
        className="report-section",
        **aria(label="Report"),
    )


def view_data(view: View) -> dict[str, object]:
    """``view`` as the page keeps it; its charts have a place of their own."""
    return {"columns": list(view.shown), "sort": view.to_json()["sort"]}


def facts(result: ReportResult, question: Question, numerals: Numerals, *, from_cache: bool) -> Still:
    """The line above the table: "Churn · 12 rows · Jan–Dec 2026 · EUR · answered before, at 12:03"."""
    count = len(result.rows)
    parts = [
        f"{numerals.write(count, 0)} {'row' if count == 1 else 'rows'}",
        question.period,
        question.currency,
    ]
    if question.name:
        parts.insert(0, question.name)
    if from_cache:
        parts.append(f"answered before, at {_local(result.info.generated_at, result.info.timezone):%H:%M}")
    return still(*map(html.Span, parts))


def headlines(result: ReportResult, numerals: Numerals) -> Still | list[Component]:
    """On top of the answer that the page begins with: how its last whole bucket stands; nothing without one."""
    found = told_headlines(result)
    if not found:
        return []
    names = row_labels(result.query, result.rows, numerals.language)
    about = f"{names[found[0].row][-1]}, the last whole {result.query.time_unit}"
    return still(
        html.P(about, className="headlines-about"),
        html.Dl([_headline(item, result, names, numerals) for item in found], className="headlines-list"),
    )


def _headline(item: Headline, result: ReportResult, names: Sequence[Sequence[str]], numerals: Numerals) -> html.Div:
    unit = f" {result.query.currency}" if item.metric.is_money else ""
    change: list[Component] = []
    if item.change is not None and item.before is not None:
        moved = numerals.write_change(round(item.change * 100, 1), 1)
        change = [html.Dd(f"{moved}\u00a0% against {names[item.before][-1]}", className="headline-change")]
    return html.Div(
        [
            html.Dt(item.metric.name),
            html.Dd([numerals.write(item.figure, result.decimals), html.Small(unit)], className="headline-figure"),
            *change,
            html.Dd(_sparkline(item), className="headline-line", **aria(hidden="true")),
        ],
        className="headline",
    )


def _sparkline(item: Headline) -> Still:
    """The figures of the whole rows as a small line; the table says them, so it is for the eye alone."""
    low, high = min(item.line), max(item.line)
    spread = float(high - low) or 1.0
    step = _LINE_WIDE / max(len(item.line) - 1, 1)
    points = [
        f"{place * step:.1f},{_LINE_HIGH - 2 - float(figure - low) / spread * (_LINE_HIGH - 4):.1f}"
        for place, figure in enumerate(item.line)
    ]
    box = {"viewBox": f"0 0 {_LINE_WIDE} {_LINE_HIGH}", "preserveAspectRatio": "none", "focusable": "false"}
    return Still(tree=[["svg", box, ["polyline", {"points": " ".join(points)}]]])


def chips(question: Question) -> Still:
    """What the facts leave open of the question, a chip for each: filters with all their values, grouping, zone."""
    return still(*(html.Li(cut(words, _CHIP), title=words) for words in question.chips))


def told(result: ReportResult, question: Question, address: str, numerals: Numerals) -> Still:
    """The question with the report's moment and link, for print and for pictures of charts."""
    return still(
        html.Span(question.told, className="told-question"),
        html.Span(f"Data as of {as_of_words(result.info, numerals)}"),
        html.Span(address),
    )


def info(result: ReportResult, question: Question, numerals: Numerals) -> Still:
    """What the Info icon tells: the question, and what goes with the answer (semantics, section 6).

    Moments are in the report's time zone.
    """
    facts_ = result.info

    def at(instant: datetime) -> str:
        return moment_words(instant, facts_.timezone, numerals.language)

    interval = "None: the selected clients have no transactions in it"
    if facts_.data_first is not None and facts_.data_last is not None:
        interval = f"{at(facts_.data_first)} – {at(facts_.data_last)}"
    rates = "no exchange rates needed"
    if facts_.rates_oldest is not None:
        days = dict.fromkeys((facts_.rates_oldest, facts_.rates_newest or facts_.rates_oldest))
        rates = "rates of " + " to ".join(day_words(day, numerals.language) for day in days)
    asked = dict(question.facts)
    duration = f"{facts_.duration:.2f} s" if facts_.duration >= 0.01 else "less than 0.01 s"
    told = (
        *((label, words) for label, words in asked.items() if label not in _BELOW),
        ("Data as of", as_of_words(facts_, numerals)),
        ("Data Period (set)", f"{at(facts_.period_start)} – {at(facts_.period_end)}"),
        ("Actual data interval", interval),
        ("Time zone", facts_.timezone),
        ("Generated by", f"{facts_.generated_by}, {at(facts_.generated_at)}"),
        ("Duration", f"{duration}, from {facts_.source}"),
        ("Currency", f"{facts_.currency}, {currency_name(facts_.currency)} ({rates})"),
        ("Active Duration", asked["Active Duration"]),
    )
    return still(html.Dl([html.Div([html.Dt(word), html.Dd(text)]) for word, text in told], className="info-list"))


def notes(result: ReportResult, numerals: Numerals) -> Still:
    """Below the table: which of its rows are not whole, and what its totals are."""
    marked, totals = footnote(result, numerals.language), totals_note(result, numerals.language)
    told = [html.P(marked)] if marked else []
    # The label of the totals explains itself with it, as headers do.
    return still(*told, *([html.P(totals, id=ids.about("total"))] if totals else []))


def banner(result: ReportResult, shared_by: str, numerals: Numerals) -> html.Div:
    """Above an opened link: the moment it is valid for, and who shared it."""
    return html.Div(
        [icon("clock-history"), html.P(f"Data as of {as_of_words(result.info, numerals)} · shared by {shared_by}")],
        className="banner",
    )


def as_of_words(info_: ReportInfo, numerals: Numerals) -> str:
    """The moment a report is valid for: "22 Nov 2026, 14:03 Europe/Kyiv"."""
    return f"{moment_words(info_.as_of, info_.timezone, numerals.language)} {info_.timezone}"


def notice(info_: ReportInfo, numerals: Numerals) -> list[Component]:
    """The designed state of a report without rows; with a period that has some, if they are known to be elsewhere."""
    words: list[Component] = [html.P("No rows", className="notice-head"), html.P(info_.notice)]
    if info_.known is None:
        return words
    first, last = info_.known
    begins, ends = (day_words(day, numerals.language) for day in info_.known)
    # assets/form.js hears the click.
    offer = html.Button(
        f"Query {begins} \u2013 {ends}",
        type="button",
        className="btn btn-primary offered-period",
        **dataset(first=first.isoformat(), last=last.isoformat()),
    )
    return [*words, html.P(f"The data begins on {begins} and ends on {ends}."), still(offer)]


def _bar(services: Services) -> html.Div:
    return html.Div(
        [
            html.Div(
                [
                    html.P(id=Report.FACTS, className="facts", role="status"),
                    html.Ul(id=Report.CHIPS, className="question-chips", tabIndex="0", **aria(label="Question")),
                    html.Div(
                        [
                            html.Button(
                                icon("info-circle"),
                                id=Report.INFO,
                                type="button",
                                className="btn btn-quiet btn-icon",
                                **aria(label="Info", expanded="false", controls=Report.INFO_TEXT),
                            ),
                            html.Div(
                                id=Report.INFO_TEXT, className="popover-card info-card", role="group", hidden=True
                            ),
                        ],
                        className="popover-anchor info-anchor",
                    ),
                ],
                className="facts-line",
            ),
            html.Button(
                still(icon("three-dots")),
                id=Report.TOOLS_OPEN,
                type="button",
                className="btn btn-quiet btn-icon tools-open",
                **aria(label="Tools", expanded="false", controls=Report.TOOLS),
            ),
            html.Div(
                [
                    _columns(services.user()),
                    *_exports(services.user()),
                    chart.menu(services),
                    _tool("Filter rows", "search", Report.FIND),
                    _tool("Copy table", "copy", Report.COPY_TABLE),
                    _tool("Copy link", "link-45deg", Report.COPY)
                    if services.user().may(Right.SHARE)
                    else withheld(Report.COPY),
                    _tool("Run again now", "arrow-clockwise", Again.RUN),
                ],
                id=Report.TOOLS,
                className="tools",
                role="toolbar",
                **aria(label="Report tools"),
            ),
        ],
        className="report-bar",
    )


def _exports(user: User) -> list[Component]:
    """A button for each format that has one, and a menu of the others; nothing without the right to export."""
    if not user.may(Right.EXPORT):
        return [withheld(ids.export(item.id)) for item in FORMATS]
    buttons: list[Component] = [
        _tool(f"Export to {item.button}", "download", ids.export(item.id)) for item in FORMATS if item.button
    ]
    entries = [
        dbc.DropdownMenuItem(f"Export to {item.label}", id=ids.export(item.id)) for item in FORMATS if not item.button
    ]
    menu = dbc.DropdownMenu(
        entries,
        id=Report.EXPORTS,
        label=still(icon("download"), html.Span("More formats")),
        toggle_class_name="btn-quiet btn-sm menu-toggle",
        class_name="tool-menu",
        color="quiet",
        caret=False,
        align_end=True,
    )
    return [*buttons, menu]


def _changed() -> html.Div:
    """Says that the form asks another question than the one that the report answers."""
    words = still(
        html.Strong("Form changed"),
        html.Span(" The report below still answers the earlier question.", className="muted"),
    )
    return html.Div(
        html.Div(
            [
                html.P(words),
                # assets/form.js hears the click, as Query's own.
                still(
                    html.Button(
                        "Query",
                        type="button",
                        className="btn btn-primary btn-sm changed-query",
                        **aria(label="Query with the changed form"),
                    )
                ),
                html.Button("Discard", id=Form.DISCARD, type="button", className="btn btn-quiet btn-sm"),
            ],
            className="changed",
        ),
        role="status",
    )


def _tool(label: str, icon_name: str, id_: str) -> html.Button:
    words = still(icon(icon_name), html.Span(label))
    return html.Button(words, id=id_, type="button", className="btn btn-quiet btn-sm")


def _columns(user: User) -> html.Div:
    """The column chooser. assets/report/columns.js fills its panel with a checkbox for each group and each column."""
    chooser = [
        _chooser_group(group, tuple(metrics))
        for group, metrics in groupby(metrics_for(user), key=lambda metric: metric.group)
    ]
    return html.Div(
        [
            html.Button(
                [
                    still(icon("layout-three-columns"), html.Span("Columns")),
                    html.Span(id=Report.COLUMNS_COUNT, className="columns-count", **aria(hidden="true")),
                ],
                id=Report.COLUMNS,
                type="button",
                className="btn btn-quiet btn-sm",
                **aria(label="Columns", expanded="false", controls=Report.COLUMNS_PANEL),
            ),
            html.Div(
                id=Report.COLUMNS_PANEL,
                className="popover-card columns-card",
                role="group",
                hidden=True,
                **aria(label="Columns"),
                **dataset(chooser=json.dumps(chooser), sets=json.dumps(ready_sets(user))),
            ),
        ],
        className="popover-anchor",
    )


def _chooser_group(group: str, metrics: Sequence[Metric]) -> dict[str, object]:
    main = main_of(group, metrics) or metrics[0]
    return {
        "group": group,
        "main": main.id,
        "columns": [{"id": metric.id, "label": metric.label} for metric in metrics],
    }


def _progress() -> html.Div:
    return html.Div(
        [
            html.Div(
                [
                    still(html.Span(className="spinner", **aria(hidden="true"))),
                    html.Span("Asking", id=Report.PROGRESS_WORDS, role="status"),
                    html.Button("Cancel", id=Report.CANCEL, type="button", className="btn btn-quiet btn-sm"),
                    html.Button(
                        "Go on in the background",
                        id=Report.HAND_OVER,
                        type="button",
                        className="btn btn-quiet btn-sm",
                        hidden=True,
                    ),
                ],
                className="progress-line",
            ),
            still(
                html.Div(
                    [html.Div(className="skeleton-figure") for _ in range(SKELETON_FIGURES)],
                    className="skeleton-figures",
                    **aria(hidden="true"),
                ),
                html.Div(
                    [html.Div(className="skeleton-row") for _ in range(SKELETON_ROWS)],
                    className="skeleton",
                    **aria(hidden="true"),
                ),
            ),
        ],
        id=Report.PROGRESS,
        className="report-progress",
    )


def _job() -> html.Div:
    """What a worker makes while the person waits; assets/report/job.js follows it."""
    return html.Div(
        [
            still(html.Span(className="spinner", **aria(hidden="true"))),
            html.Span(id=Report.JOB_WORDS, role="status"),
            html.A(id=Report.JOB_OPEN, href="/files", hidden=True, className="btn btn-quiet btn-sm"),
            html.Button("Cancel", id=Report.JOB_END, type="button", className="btn btn-quiet btn-sm"),
            still(html.A("My files", href="/files")),
        ],
        id=Report.JOB,
        className="report-job",
    )


def _again() -> html.Section:
    rows = Handed(id=Again.ROWS, to="report.rowsAgain")
    return html.Section(
        [
            html.Div(
                [
                    html.Div(
                        [html.H3("Fresh report", id=Again.HEADING), html.P(id=Again.SUMMARY, role="status")],
                        className="again-words",
                    ),
                    html.A("Open", id=Again.OPEN, className="btn btn-quiet btn-sm", href="#"),
                    html.Button(
                        icon("x-lg"),
                        id=Again.CLOSE,
                        type="button",
                        className="btn btn-quiet btn-icon",
                        **aria(label="Close the fresh report"),
                    ),
                ],
                className="again-bar",
            ),
            table.frame("again", "Fresh report table", Again.GRID, Again.TABLE, rows),
        ],
        id=Again.PANEL,
        className=AGAIN_CLOSED,
        **aria(label="Fresh report"),
    )


def _local(instant: datetime, zone: str) -> datetime:
    return instant.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
