"""Running a report and what a person does with it on the page: cancel, sort, choose columns, ask again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import flask
from dash import ClientsideFunction, Dash, Input, Output, State, no_update

from callbacks import read
from callbacks.form import keep_question, language, told
from data.access import Right
from data.acts.asking import publish
from data.acts.columns import keep_columns
from data.acts.files import order
from data.delivery.asked import Asked
from data.delivery.formats import WEB
from data.errors import Cancelled
from data.report.order import row_order
from data.report.result import ReportResult
from data.report.view import View
from data.services import Services
from data.words.numerals import Numerals, numerals
from data.words.question import Question
from layouts import links, messages, report, table
from layouts.ids import Again, Form, Page, Report, Stores, Templates

RUN_PATH = "/-/run/<run_id>"

PAINTED = {
    "stage": Output(Report.STAGE, "className", allow_duplicate=True),
    "facts": Output(Report.FACTS, "children", allow_duplicate=True),
    "chips": Output(Report.CHIPS, "children", allow_duplicate=True),
    "told": Output(Report.TOLD, "children", allow_duplicate=True),
    "headlines": Output(Report.HEADLINES, "children", allow_duplicate=True),
    "info": Output(Report.INFO_TEXT, "children", allow_duplicate=True),
    "notice": Output(Report.NOTICE, "children", allow_duplicate=True),
    "notes": Output(Report.NOTES, "children", allow_duplicate=True),
    "grid": Output(Report.GRID, "className", allow_duplicate=True),
    "rows": Output(Report.ROWS, "data", allow_duplicate=True),
    "columns": Output(Report.TABLE, "columns", allow_duplicate=True),
    "data": Output(Report.TABLE, "data", allow_duplicate=True),
    "style_header_conditional": Output(Report.TABLE, "style_header_conditional", allow_duplicate=True),
    "report": Output(Stores.REPORT, "data", allow_duplicate=True),
    "view": Output(Stores.VIEW, "data", allow_duplicate=True),
    "address": Output(Report.ADDRESS, "data", allow_duplicate=True),
    "form": Output(Form.PANEL, "className", allow_duplicate=True),
    "question": Output(Form.SUMMARY, "children", allow_duplicate=True),
    "appeared": Output(Form.APPEARED, "data", allow_duplicate=True),
    "banner": Output(Page.BANNER, "children", allow_duplicate=True),
}
"""Everything on the page that shows a report. One answer sets all of it: nothing is painted in a second round trip."""


_LEAST_FIRST, _MOST_FIRST = 12, 120
"""Between these lie the rows that a long report begins with, whatever the page says about its height."""


def register(app: Dash, services: Services) -> None:
    """Register the acts of this file on ``app``."""
    app.clientside_callback(
        ClientsideFunction("report", "start"),
        Output(Stores.RUN, "data"),
        Input(Templates.RUN_NOW, "data"),
        State(Form.QUERY, "disabled"),
        prevent_initial_call=True,
    )

    @app.callback(
        output=PAINTED
        | {
            "job": Output(Stores.JOB, "data"),
            "message": Output(Page.MESSAGES, "children", allow_duplicate=True),
        },
        inputs={
            "run": Input(Stores.RUN, "data"),
            "view": State(Stores.VIEW, "data"),
            "values": read.states(),
        },
        running=[
            (Output(Report.PROGRESS, "className"), "report-progress is-running", "report-progress"),
            (Output(Form.QUERY, "disabled"), True, False),
        ],
        prevent_initial_call=True,
    )
    def run_report(run: object, view: object, values: Any) -> dict[str, Any]:
        return answered(services, read.read_press(run), read.read_view(view), read.read_form(values))

    @app.callback(
        inputs={
            "clicks": Input(Report.CANCEL, "n_clicks"),
            "runs": (State(Stores.RUN, "data"), State(Again.ASK, "data")),
        },
        prevent_initial_call=True,
    )
    def cancel_report(clicks: int, runs: tuple[object, ...]) -> None:  # noqa: ARG001 - the trigger
        # One of them goes on; the id of one that has ended means nothing any more.
        for run in runs:
            if run:
                services.reports.runs.cancel(read.read_press(run).id, services.user().id)

    @app.callback(
        inputs={"clicks": Input(Report.HAND_OVER, "n_clicks"), "run": State(Stores.RUN, "data")},
        prevent_initial_call=True,
    )
    def hand_over_report(clicks: int, run: dict[str, Any] | None) -> None:  # noqa: ARG001 - the trigger
        services.reports.runs.cancel(read.read_press(run).id, services.user().id, hand_over=True)

    app.clientside_callback(ClientsideFunction("report", "followJob"), Input(Stores.JOB, "data"))

    server: flask.Flask = app.server

    @server.get(RUN_PATH)
    def run_progress(run_id: str) -> flask.Response:
        answer = flask.jsonify(stage=services.reports.runs.progress(run_id, services.user().id))
        answer.headers["Cache-Control"] = "no-store"
        return answer

    app.clientside_callback(
        ClientsideFunction("report", "sort"),
        Output(Report.SORT, "data"),
        Input(Report.TABLE, "sort_by"),
        State(Stores.VIEW, "data"),
        prevent_initial_call=True,
    )

    @app.callback(
        output={
            "rows": Output(Report.ROWS, "data", allow_duplicate=True),
            "data": Output(Report.TABLE, "data", allow_duplicate=True),
            "view": Output(Stores.VIEW, "data", allow_duplicate=True),
        },
        inputs={
            "sort": Input(Report.SORT, "data"),
            "shown": State(Stores.REPORT, "data"),
            "view": State(Stores.VIEW, "data"),
        },
        prevent_initial_call=True,
    )
    def sort_rows(sort: object, shown: object, view: object) -> dict[str, Any]:
        link_id = read.read_shown(shown)
        if link_id is None:
            return {"rows": no_update, "data": no_update, "view": no_update}
        result = services.records.snapshots.peek(link_id, services.user()).result
        sorted_ = replace(read.read_view(view), sort=read.read_view({"sort": sort}).sort)
        sheet = sheet_of(result, sorted_)
        return {"rows": sheet.rows, "data": sheet.table["data"], "view": report.view_data(sorted_)}

    app.clientside_callback(
        ClientsideFunction("report", "choose"),
        Input(Stores.VIEW, "data"),
    )

    @app.callback(Input(Report.CHOSEN, "data"), prevent_initial_call=True)
    def remember_columns(columns: object) -> None:
        keep_columns(services, services.user(), read.read_columns(columns))


def answered(services: Services, run: read.Press, view: View, asked: Asked) -> dict[str, Any]:
    """What the page is given for a press of Query: a painted report, a job to follow, or that it was cancelled."""
    nothing: dict[str, Any] = dict.fromkeys((*PAINTED, "job", "message"), no_update)
    user = services.user()
    try:
        if asked.output != WEB:
            return nothing | {"job": _ordered(services, asked), "message": []}
        made = publish(services, user, asked.query, run_id=run.id)
    except Cancelled:
        if services.reports.runs.is_handed_over(run.id, user.id):
            return nothing | {"job": _ordered(services, asked), "message": []}
        return nothing | {"message": messages.cancelled()}
    answer, link = made.answer, made.link
    if not run.first:
        keep_question(services, asked)
    unsorted = replace(view, sort=None)
    question = told(services, asked.query, answer.result.info.title)
    shown = painted(answer.result, link.id, unsorted, question, from_cache=answer.from_cache, first=first_rows(run))
    if run.first:
        shown |= _begun_with(answer.result, shown)
    if unsorted == view:
        # Nobody is told of a view that stays. A sorting clicked since then is undone by assets/report/rows.js.
        shown["view"] = no_update
    return shown | {"job": no_update, "message": []}


def _ordered(services: Services, asked: Asked) -> dict[str, str]:
    """The job by which a worker makes what is asked, as its store holds it."""
    user = services.user()
    if not user.may(Right.DELIVER):
        # The form does not offer it: addresses can only have come with somebody else's template.
        asked = replace(asked, send_to=())
    job = order(services, user, asked)
    keep_question(services, asked)
    return {"id": job.id}


def _begun_with(result: ReportResult, shown: dict[str, Any]) -> dict[str, Any]:
    """What is different when nobody asked: figures on top, and the address and the focus stay as they are."""
    return {
        "headlines": report.headlines(result, figures()),
        "address": shown["address"] | {"first": True},
        "appeared": shown["appeared"] | {"first": True},
    }


def painted(
    result: ReportResult,
    link: str,
    view: View,
    question: Question,
    *,
    from_cache: bool,
    banner: Any = None,
    first: int = table.WINDOW,
) -> dict[str, Any]:
    """Everything of :data:`PAINTED` for ``result``, which ``link`` leads to; ``question`` is what it answers.

    With a ``banner`` it was opened by its link. A long one begins with its ``first`` rows in the table.
    """
    sheet = sheet_of(result, view, first=first)
    opened = banner is not None
    address = flask.request.host_url.rstrip("/") + links.path(link) if flask.has_request_context() else links.path(link)
    stage = "is-shown" if result.rows else "is-empty"
    return {
        "stage": f"report {stage}" + (" is-opened" if opened else ""),
        "facts": report.facts(result, question, figures(), from_cache=from_cache),
        "chips": report.chips(question),
        "told": report.told(result, question, address, figures()),
        "headlines": [],
        "info": report.info(result, question, figures()),
        "notice": report.notice(result.info, figures()) if result.info.notice else [],
        "notes": report.notes(result, figures()),
        "grid": f"grid grid--main {sheet.frame}",
        "rows": sheet.rows,
        **sheet.table,
        "report": {"link": link, "opened": opened},
        "view": report.view_data(view),
        "address": {"link": link, "title": question.title},
        "banner": banner if opened else [],
        "form": "form folded",
        "question": question.line,
        "appeared": {"link": link, "opened": opened, "asked": read.fill_as_asked(result.query)},
    }


def first_rows(run: read.Press) -> int:
    """How many rows of a long report the page can show at first, as it said with its question."""
    return table.WINDOW if run.rows is None else min(max(run.rows, _LEAST_FIRST), _MOST_FIRST)


def sheet_of(result: ReportResult, view: View, *, first: int = table.WINDOW) -> table.Sheet:
    """The report as ``view`` shows it: its columns and its order."""
    order = row_order(result, view.sort)
    sort = [] if view.sort is None else [{"column_id": view.sort.column, "direction": view.sort.direction}]
    return table.sheet(result, figures(), order=order, hidden=view.hidden, sort=sort, first=first)


def figures() -> Numerals:
    """How figures are written for the person who asks: as the browser's first language does."""
    return numerals(language())
