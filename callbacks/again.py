"""Asking the question of a shown report again, beside it."""

from __future__ import annotations

from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, no_update
from dash.exceptions import PreventUpdate

from callbacks import read
from callbacks.report import figures, sheet_of
from data.acts.asking import AskedAgain, ask_again
from data.errors import Cancelled
from data.report.compare import Comparison
from data.report.view import View
from data.services import Services
from data.words.numerals import counted
from layouts import links, messages, report, table
from layouts.ids import Again, Page, Report, Stores

AGAIN = {
    "panel": Output(Again.PANEL, "className", allow_duplicate=True),
    "heading": Output(Again.HEADING, "children", allow_duplicate=True),
    "summary": Output(Again.SUMMARY, "children", allow_duplicate=True),
    "href": Output(Again.OPEN, "href", allow_duplicate=True),
    "grid": Output(Again.GRID, "className", allow_duplicate=True),
    "rows": Output(Again.ROWS, "data", allow_duplicate=True),
    "columns": Output(Again.TABLE, "columns", allow_duplicate=True),
    "data": Output(Again.TABLE, "data", allow_duplicate=True),
    "style_header_conditional": Output(Again.TABLE, "style_header_conditional", allow_duplicate=True),
    "then_grid": Output(Report.GRID, "className", allow_duplicate=True),
    "then_rows": Output(Report.ROWS, "data", allow_duplicate=True),
    "then_data": Output(Report.TABLE, "data", allow_duplicate=True),
    "then_style": Output(Report.TABLE, "style_header_conditional", allow_duplicate=True),
}
"""The fresh report beside the frozen one, and the frozen one with its differences marked."""


def register(app: Dash, services: Services) -> None:
    """Register the acts of this file on ``app``."""
    app.clientside_callback(
        ClientsideFunction("report", "startAgain"),
        Output(Again.ASK, "data"),
        Input(Again.RUN, "n_clicks"),
        State(Again.RUN, "disabled"),
        prevent_initial_call=True,
    )

    @app.callback(
        output=AGAIN | {"message": Output(Page.MESSAGES, "children", allow_duplicate=True)},
        inputs={
            "run": Input(Again.ASK, "data"),
            "shown": State(Stores.REPORT, "data"),
            "view": State(Stores.VIEW, "data"),
        },
        running=[
            (Output(Report.PROGRESS, "className"), "report-progress is-running", "report-progress"),
            (Output(Again.RUN, "disabled"), True, False),
        ],
        prevent_initial_call=True,
    )
    def run_again(run: dict[str, str], shown: dict[str, Any] | None, view: dict[str, Any]) -> dict[str, Any]:
        nothing: dict[str, Any] = dict.fromkeys((*AGAIN, "message"), no_update)
        link_id = read.read_shown(shown)
        if link_id is None:
            return nothing
        try:
            asked = ask_again(services, services.user(), link_id, run_id=read.read_press(run).id)
        except Cancelled:
            return nothing | {"message": messages.cancelled()}
        return beside(asked, read.read_view(view)) | {"message": []}

    @app.callback(
        output={name: AGAIN[name] for name in ("panel", "then_grid", "then_rows", "then_data", "then_style")},
        inputs={
            "clicks": Input(Again.CLOSE, "n_clicks"),
            "shown": State(Stores.REPORT, "data"),
            "view": State(Stores.VIEW, "data"),
        },
        prevent_initial_call=True,
    )
    def close_again(clicks: int | None, shown: dict[str, Any] | None, view: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001
        link_id = read.read_shown(shown)
        if link_id is None:
            raise PreventUpdate
        then = services.records.snapshots.peek(link_id, services.user()).result
        return {"panel": report.AGAIN_CLOSED} | _then(sheet_of(then, read.read_view(view)))


_SCOPE = "Asked with what you may see, which is not what the link's author may see."


def beside(asked: AskedAgain, view: View) -> dict[str, Any]:
    """Everything of :data:`AGAIN`: the report of now beside that of then, with their differences marked."""
    now = asked.now.answer.result
    old, new = table.compared_sheets(asked.then, now, asked.comparison, figures(), hidden=view.hidden)
    return {
        "panel": report.AGAIN_OPEN,
        "heading": f"Now: data as of {report.as_of_words(now.info, figures())}",
        "summary": " ".join((_SCOPE if asked.scope_differs else "", difference_words(asked.comparison))).strip(),
        "href": links.path(asked.now.link.id),
        "grid": f"grid grid--again {new.frame}",
        "rows": new.rows,
        **new.table,
    } | _then(old)


def _then(sheet: table.Sheet) -> dict[str, Any]:
    return {
        "then_grid": f"grid grid--main {sheet.frame}",
        "then_rows": sheet.rows,
        "then_data": sheet.table["data"],
        "then_style": sheet.table["style_header_conditional"],
    }


def difference_words(comparison: Comparison) -> str:
    """What differs, in one sentence."""
    if comparison.same:
        return "Nothing differs between then and now."
    parts = []
    rows = sum(1 for row in comparison.rows if any(row.changes))
    if comparison.cells:
        parts.append(f"{counted(comparison.cells, 'figure')} in {counted(rows, 'row')}")
    if comparison.added:
        parts.append(f"{counted(comparison.added, 'row')} only now")
    if comparison.removed:
        parts.append(f"{counted(comparison.removed, 'row')} only then")
    totals = sum(1 for change in comparison.totals if change)
    if totals:
        parts.append(counted(totals, "total"))
    return "Different: " + ", ".join(parts) + "."
