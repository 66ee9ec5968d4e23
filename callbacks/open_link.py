"""Opening a link: a page that shows the frozen report, or says that the link leads nowhere."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import flask
from dash import Dash, Input, Output, State, no_update
from markupsafe import escape

from callbacks import read
from callbacks.form import told
from callbacks.report import PAINTED, figures, painted
from data.acts import links as acts
from data.delivery.asked import Asked
from data.errors import UserError
from data.report.view import View
from data.services import Services
from data.store.contents import LinkDamaged
from data.store.links import LinkGone
from data.store.snapshots import Snapshot
from layouts import links, messages, report
from layouts.ids import Page, Stores

VIEW_PATH = "/view"


def register(app: Dash, services: Services) -> None:
    """Register the acts of this file on ``app``."""
    _answer_addresses(app, services)
    _open(app, services)


def _answer_addresses(app: Dash, services: Services) -> None:
    """Links that lead nowhere are told apart before the page is sent, so that their status is right."""
    server: flask.Flask = app.server

    @server.before_request
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
    def open_link(pathname: object, search: object, shown: object) -> dict[str, Any]:
        nothing = unopened()
        link_id = addressed_link(read.read_part(pathname), read.read_part(search))
        if link_id is None or link_id == read.read_shown(shown):
            return nothing
        try:
            return opened(services, acts.open_link(services, services.user(), link_id))
        except (LinkGone, LinkDamaged) as fault:
            # Reached only by going back or forward in a page that is open already.
            return nothing | {"message": messages.notice(fault.message, "bad")}


def addressed_link(pathname: str, search: str) -> str | None:
    """The id of the link that an address leads to; None for any other address of ours."""
    if pathname.rstrip("/") != VIEW_PATH:
        return None
    return parse_qs(search.lstrip("?")).get("id", [""])[0]


def unopened() -> dict[str, Any]:
    """Everything on a page that a change of the address leaves as it is."""
    return {
        "painted": dict.fromkeys(PAINTED, no_update),
        "form": dict.fromkeys(read.outputs(), no_update),
        "charts": no_update,
        "message": no_update,
    }


def opened(services: Services, snapshot: Snapshot) -> dict[str, Any]:
    """Everything on a page that shows what a link leads to, as it was when it was copied."""
    # Everything, unsorted and without charts, when it never was.
    view = snapshot.view or View()
    # The form keeps the dates of then: asked again it means the same period.
    asked = Asked(replace(snapshot.result.query, quick_range=None))
    return {
        "painted": painted(
            snapshot.result,
            snapshot.link.id,
            view,
            told(services, asked.query, snapshot.result.info.title),
            from_cache=False,
            banner=report.banner(snapshot.result, person_name(services, snapshot.link.owner_id), figures()),
        ),
        "form": read.fill(asked),
        "charts": list(view.charts or ()),
        "message": [],
    }


def person_name(services: Services, user_id: str) -> str:
    """The name of the person with this id; the id itself of somebody who has no account any more."""
    return services.records.users.names({user_id}).get(user_id, user_id)
