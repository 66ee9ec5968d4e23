"""What happens when someone touches the form: quick ranges, filters, grouping, folding, Reset."""

from __future__ import annotations

import logging
from time import time
from typing import Any

import dash
import flask
from dash import ClientsideFunction, Input, Output, State

from callbacks import read
from data.acts.form import remember, starting_point
from data.acts.names import known_names
from data.delivery.asked import Asked
from data.report.period import today_in
from data.report.query import ReportQuery
from data.report.reports import utc_now
from data.services import Services
from data.words.question import Question, tell
from layouts.filters import IDS
from layouts.form import FIELDS_OF
from layouts.ids import Delivery, Filters, Form, GroupBy, Page, Period, Problem, Report, Stores

_log = logging.getLogger(__name__)


def register(app: dash.Dash, services: Services) -> None:
    """Register what the form does. What needs no answer from the server happens in the browser (assets/form.js)."""
    _in_the_browser(app)

    @app.callback(
        output={
            "fields": read.outputs(),
            "first_visit": Output(Period.FIRST_VISIT, "data", allow_duplicate=True),
        },
        inputs={"clicks": Input(Form.RESET, "n_clicks")},
        prevent_initial_call=True,
    )
    def reset_form(clicks: int | None) -> dict[str, Any]:  # noqa: ARG001 - the click is the trigger
        start = starting_point(services, services.user(), today_in("UTC", utc_now()))
        # As at the first visit the browser puts its own zone in.
        return {"fields": read.fill(start.asked), "first_visit": time() if start.first_visit else dash.no_update}

    @app.callback(
        Output(Delivery.SEND_TO, "problems"),
        Output(Problem.SEND_TO, "children"),
        Input(Delivery.SEND_TO, "value"),
        prevent_initial_call=True,
    )
    def check_addresses(addresses: object) -> tuple[dict[str, str], str]:
        problems = read.address_problems(read.read_addresses(addresses), services.settings)
        return problems, next(iter(problems.values()), "")


def keep_question(services: Services, asked: Asked) -> None:
    """Remember what was asked, for the next visit.

    Done when the answer is on its way: whoever waits for a report waits for nothing else.
    """
    user = services.user()

    def keep() -> None:
        try:
            remember(services, user, asked)
        except Exception:  # noqa: BLE001 - the answer has been sent, so only the log can be told
            _log.exception("The question of a report could not be remembered")

    if not flask.has_request_context():
        keep()
        return

    @flask.after_this_request
    def follow(response: flask.Response) -> flask.Response:
        response.call_on_close(keep)
        return response


def told(services: Services, query: ReportQuery, title: str | None = None) -> Question:
    """The words of ``query`` for the person who asks."""
    names = known_names(services, services.user()) if query.names_ids else None
    return tell(query, names, name=title, language=language())


def language() -> str:
    """The first language of the person's browser."""
    tags = [tag for tag, _ in flask.request.accept_languages] if flask.has_request_context() else []
    return tags[0] if tags else "en"


def _in_the_browser(app: dash.Dash) -> None:
    def here(function: str) -> ClientsideFunction:
        return ClientsideFunction("form", function)

    app.clientside_callback(
        here("keepPeriod"),
        Output(Period.RANGE, "value"),
        Output(Period.FROM, "value"),
        Output(Period.FROM_TIME, "value"),
        Output(Period.TO, "value"),
        Output(Period.TO_TIME, "value"),
        Input(Period.RANGE, "value"),
        Input(Period.ZONE, "value"),
        Input(Period.FROM, "value"),
        Input(Period.FROM_TIME, "value"),
        Input(Period.TO, "value"),
        Input(Period.TO_TIME, "value"),
        State(Period.CALENDAR, "data"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        here("chooseOwnZone"),
        Output(Period.ZONE, "value"),
        Input(Period.FIRST_VISIT, "data"),
        State(Period.ZONE, "options"),
    )
    app.clientside_callback(
        here("changeFilters"),
        Output(Filters.SHOWN, "data"),
        *(Output(ids.field, "value") for ids in IDS.values()),
        Input(Filters.ADD, "picked"),
        *(Input(ids.remove, "n_clicks") for ids in IDS.values()),
        State(Filters.SHOWN, "data"),
        State(Filters.ROWS, "data"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        here("showFilters"),
        Output(Filters.ADD, "hidden"),
        *(Output(ids.row, "hidden") for ids in IDS.values()),
        Input(Filters.SHOWN, "data"),
        State(Filters.ROWS, "data"),
    )
    app.clientside_callback(
        here("addGrouping"),
        Output(GroupBy.CHOSEN, "value"),
        Input(GroupBy.ADD, "picked"),
        State(GroupBy.CHOSEN, "value"),
        prevent_initial_call=True,
    )
    app.clientside_callback(here("same"), Output(GroupBy.ADD, "hidden"), Input(GroupBy.CHOSEN, "value"))
    app.clientside_callback(
        here("stepMonths"),
        Output(Delivery.ACTIVE_DURATION, "value"),
        Input(Delivery.LESS, "n_clicks"),
        Input(Delivery.MORE, "n_clicks"),
        State(Delivery.ACTIVE_DURATION, "value"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        here("nameUnit"), Output(Delivery.UNIT, "children"), Input(Delivery.ACTIVE_DURATION, "value")
    )
    app.clientside_callback(
        here("allowSending"),
        Output(Delivery.SEND_TO, "disabled"),
        Output(Delivery.SEND_TO_NOTE, "children"),
        Input(Delivery.TYPE, "value"),
        State(Delivery.NOTES, "data"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        here("fold"),
        Output(Form.PANEL, "className"),
        Input(Form.EDIT, "n_clicks"),
        Input(Form.FOLD, "n_clicks"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        here("compare"),
        Output(Report.SECTION, "className"),
        Input(Form.APPEARED, "data"),
        *(Input(field, "value") for field in read.compared()),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        here("discard"),
        *read.outputs().values(),
        Input(Form.DISCARD, "n_clicks"),
        State(Form.APPEARED, "data"),
        prevent_initial_call=True,
    )
    # A problem is forgotten when its field is changed; all of them are when the question is asked again.
    app.clientside_callback(
        here("forget"),
        *(Output(problem, "children", allow_duplicate=True) for problem in FIELDS_OF),
        *(Input(field, "value") for fields in FIELDS_OF.values() for field in fields),
        State(Form.FIELDS, "data"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("page", "startTheme"),
        Output(Page.THEME, "value"),
        Output(Stores.THEME, "data"),
        Input(Page.LOCATION, "pathname"),
    )
    app.clientside_callback(
        ClientsideFunction("page", "paintTheme"),
        Output(Stores.THEME, "data", allow_duplicate=True),
        Input(Page.THEME, "value"),
        prevent_initial_call=True,
    )
