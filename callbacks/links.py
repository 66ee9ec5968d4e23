"""Sharing: opening a link, copying it, asking the same again beside it, and My links."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import flask
from dash import ALL, ClientsideFunction, Dash, Input, Output, State, ctx, no_update
from dash.exceptions import PreventUpdate
from markupsafe import escape

from callbacks import read
from callbacks.form import question_words
from callbacks.report import PAINTED, figures, hidden_columns, painted, sheet_of
from data.access import OPERATOR
from data.errors import Cancelled, UserError
from data.report.catalog import METRICS
from data.report.choices import Choices
from data.report.compare import Comparison, compare
from data.report.reports import utc_now
from data.services import Services
from data.store.snapshots import LinkDamaged, LinkGone, Snapshot
from layouts import links, messages, report, table
from layouts.asked import Asked
from layouts.ids import Again, Links, Page, Report, Stores

_log = logging.getLogger(__name__)

VIEW_PATH = "/view"


def register(app: Dash, services: Services) -> None:
    """Register the acts of this file on ``app``."""
    _answer_addresses(app, services)
    _open(app, services)
    _copy(app, services)
    _run_again(app, services)
    _my_links(app, services)


def _answer_addresses(app: Dash, services: Services) -> None:
    """Links that lead nowhere are told apart before the page is sent, so that their status is right."""

    @app.server.before_request
    def check_link() -> tuple[str, int] | None:
        if flask.request.path.rstrip("/") != VIEW_PATH or flask.request.method not in ("GET", "HEAD"):
            return None
        try:
            services.records.snapshots.peek(flask.request.args.get("id", ""), services.user(), verify=True)
        except LinkGone as fault:
            return links.plain_page("No report here", fault.message), 404
        except LinkDamaged as fault:
            return links.plain_page("This report is damaged", fault.message), 500
        except UserError as fault:
            return links.plain_page("No report can be shown now", escape(fault.message)), 503
        return None


def _open(app: Dash, services: Services) -> None:
    @app.callback(
        output={
            "painted": PAINTED,
            "form": read.outputs(),
            "charts": Output(Stores.CHARTS, "data", allow_duplicate=True),
            "message": Output(Page.MESSAGES, "children", allow_duplicate=True),
        },
        inputs={
            "pathname": Input(Page.LOCATION, "pathname"),
            "search": Input(Page.LOCATION, "search"),
            "shown": State(Stores.REPORT, "data"),
        },
        prevent_initial_call="initial_duplicate",
    )
    def open_link(pathname: str | None, search: str | None, shown: dict[str, Any] | None) -> dict[str, Any]:
        nothing: dict[str, Any] = {
            "painted": dict.fromkeys(PAINTED, no_update),
            "form": dict.fromkeys(read.outputs(), no_update),
            "charts": no_update,
            "message": no_update,
        }
        if (pathname or "").rstrip("/") != VIEW_PATH:
            return nothing
        link_id = parse_qs((search or "").lstrip("?")).get("id", [""])[0]
        if shown and shown["link"] == link_id:
            return nothing
        try:
            snapshot = services.records.snapshots.open(link_id, services.user())
        except (LinkGone, LinkDamaged) as fault:
            # Reached only by going back or forward in a page that is open already.
            return nothing | {"message": messages.notice(fault.message, "bad")}
        view = view_of(snapshot)
        # The form keeps the dates of then: asked again it means the same period.
        asked = Asked(replace(snapshot.result.query, quick_range=None))
        return {
            "painted": painted(
                snapshot.result,
                link_id,
                {"columns": view["columns"], "sort": view["sort"]},
                question_words(services, asked.query),
                from_cache=False,
                banner=report.banner(snapshot.result, person_name(snapshot.link.owner_id)),
            ),
            "form": read.fill(asked),
            "charts": view["charts"],
            "message": [],
        }


def view_of(snapshot: Snapshot) -> dict[str, Any]:
    """What was on the page when the link was copied; everything, unsorted and without charts, when it never was."""
    view = dict(snapshot.view or {})
    known = [metric.id for metric in METRICS]
    columns = view.get("columns")
    return {
        "columns": known if columns is None else [id_ for id_ in known if id_ in columns],
        "sort": list(view.get("sort") or []),
        "charts": list(view.get("charts") or []),
    }


def person_name(user_id: str) -> str:
    """The name of the person with this id. There are no accounts yet: one has a name."""
    return OPERATOR.name if user_id == OPERATOR.id else user_id


def _copy(app: Dash, services: Services) -> None:
    @app.callback(
        output={
            "report": Output(Stores.REPORT, "data", allow_duplicate=True),
            "address": Output(Report.ADDRESS, "data", allow_duplicate=True),
            "copied": Output(Report.COPIED, "data", allow_duplicate=True),
        },
        inputs={
            "clicks": Input(Report.COPY, "n_clicks"),
            "shown": State(Stores.REPORT, "data"),
            "view": State(Stores.VIEW, "data"),
            "charts": State(Stores.CHARTS, "data"),
        },
        prevent_initial_call=True,
    )
    def copy_link(
        clicks: int, shown: dict[str, Any] | None, view: dict[str, Any], charts: list[dict[str, Any]] | None
    ) -> dict[str, Any]:
        if not shown:
            return {"report": no_update, "address": no_update, "copied": no_update}
        seen = {"columns": view.get("columns"), "sort": view.get("sort") or [], "charts": charts or []}
        link = services.records.snapshots.copy(shown["link"], services.user(), seen)
        moved = link.id != shown["link"]
        return {
            "report": {**shown, "link": link.id} if moved else no_update,
            "address": {"link": link.id} if moved else no_update,
            "copied": {"path": links.path(link.id), "click": clicks},
        }

    app.clientside_callback(ClientsideFunction("report", "copied"), Input(Report.COPIED, "data"))


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


def _run_again(app: Dash, services: Services) -> None:
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
        if not shown:
            return nothing
        user = services.user()
        then = services.records.snapshots.peek(shown["link"], user).result
        # The same dates as then: a range that has moved on would differ in everything and tell nothing.
        question = replace(then.query, quick_range=None)
        try:
            answer = services.reports.ask(question, user, run_id=run["id"])
        except Cancelled:
            return nothing | {"message": messages.notice("The query was cancelled; nothing was changed.", seconds=6)}
        now = answer.result
        link = services.records.snapshots.freeze(now, user, from_cache=answer.from_cache)
        comparison = compare(then, now)
        old, new = table.compared_sheets(then, now, comparison, figures(), hidden=hidden_columns(view))
        return {
            "panel": report.AGAIN_OPEN,
            "heading": f"Now: data as of {report.as_of_words(now.info)}",
            "summary": difference_words(comparison),
            "href": links.path(link.id),
            "grid": f"grid grid--again {new.frame}",
            "rows": new.rows,
            "columns": new.table["columns"],
            "data": new.table["data"],
            "style_header_conditional": new.table["style_header_conditional"],
            "then_grid": f"grid grid--main {old.frame}",
            "then_rows": old.rows,
            "then_data": old.table["data"],
            "then_style": old.table["style_header_conditional"],
            "message": [],
        }

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
        if not shown:
            raise PreventUpdate
        sheet = sheet_of(services.records.snapshots.peek(shown["link"], services.user()).result, view)
        return {
            "panel": report.AGAIN_CLOSED,
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
        parts.append(f"{_count(comparison.cells, 'figure')} in {_count(rows, 'row')}")
    if comparison.added:
        parts.append(f"{_count(comparison.added, 'row')} only now")
    if comparison.removed:
        parts.append(f"{_count(comparison.removed, 'row')} only then")
    totals = sum(1 for change in comparison.totals if change)
    if totals:
        parts.append(_count(totals, "total"))
    return "Different: " + ", ".join(parts) + "."


def _count(number: int, word: str) -> str:
    return f"1 {word}" if number == 1 else f"{number:,} {word}s"


def _my_links(app: Dash, services: Services) -> None:
    @app.callback(
        output={
            "open": Output(Links.DIALOG, "is_open"),
            "list": Output(Links.LIST, "children"),
            "message": Output(Links.MESSAGE, "children"),
            "copied": Output(Report.COPIED, "data", allow_duplicate=True),
        },
        inputs={
            "clicks": Input(Links.OPEN, "n_clicks"),
            "acts": Input({"type": Links.ACT, "act": ALL, "link": ALL}, "n_clicks"),
            "expiries": Input({"type": Links.EXPIRY, "link": ALL}, "value"),
        },
        prevent_initial_call=True,
    )
    def manage_links(clicks: int | None, acts: list[int | None], expiries: list[str]) -> dict[str, Any]:  # noqa: ARG001
        touched = ctx.triggered_id
        nothing: dict[str, Any] = dict.fromkeys(("open", "list", "message", "copied"), no_update)
        if touched == Links.OPEN:
            return nothing | {"open": True, "list": listing(services), "message": ""}
        value = ctx.triggered[0]["value"]
        # A list that has just been drawn triggers too, without a click.
        if not isinstance(touched, dict) or value is None:
            return nothing
        try:
            return nothing | manage(services, touched, value)
        except UserError as fault:
            return nothing | {"list": listing(services), "message": fault.message}

    @app.callback(
        Output(Links.MESSAGE, "children", allow_duplicate=True),
        Input(Links.DIALOG, "is_open"),
        prevent_initial_call=True,
    )
    def forget_message(is_open: bool) -> Any:
        return no_update if is_open else ""


def manage(services: Services, touched: dict[str, str], value: Any) -> dict[str, Any]:
    """Do what was touched in the list of links, and say what it meant."""
    snapshots, user, link_id = services.records.snapshots, services.user(), touched["link"]
    act = touched.get("act", "expire")
    if act == "copy":
        link = snapshots.copy(link_id, user, snapshots.peek(link_id, user).view)
        return {"copied": {"path": links.path(link.id), "click": value}, "message": "Copied."}
    if act == "revoke":
        snapshots.revoke(link_id, user)
        said = "Revoked: the link leads nowhere now. Restore brings it back."
    elif act == "restore":
        snapshots.restore(link_id, user)
        said = "Restored: the link works again."
    else:
        known = next((link for link in snapshots.mine(user) if link.id == link_id), None)
        if known is None or value == "kept" or (value == "never" and known.expires_at is None):
            return {}
        days = None if value == "never" else int(value)
        snapshots.expire(link_id, user, None if days is None else utc_now() + timedelta(days=days))
        said = "The link does not expire any more." if days is None else f"The link expires in {_count(days, 'day')}."
    return {"list": listing(services), "message": said}


def listing(services: Services) -> Any:
    """The person's links as the dialog shows them. Works without a warehouse: then owners and packages go by number."""
    choices: Choices | None
    try:
        choices = services.reports.choices(services.user())
    except Exception:  # noqa: BLE001 - whatever keeps the warehouse from being read, links are our own records
        _log.warning("Links are listed without names, because the warehouse cannot be read", exc_info=True)
        choices = None
    return links.listing(services.records.snapshots.mine(services.user(), limit=200), choices, utc_now())
