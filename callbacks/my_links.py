"""My links: what a person does with the links they made."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from dash import ALL, Dash, Input, Output, ctx, no_update

from data.acts import links as acts
from data.errors import UserError
from data.report.choices import Choices
from data.report.reports import utc_now
from data.services import Services
from data.words.numerals import counted
from layouts import links
from layouts.ids import Links, Report

_log = logging.getLogger(__name__)


def register(app: Dash, services: Services) -> None:
    """Register the acts of this file on ``app``."""

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
            "audiences": Input({"type": Links.AUDIENCE, "link": ALL}, "value"),
            "people": Input({"type": Links.PEOPLE, "link": ALL}, "value"),
        },
        prevent_initial_call=True,
    )
    def manage_links(
        clicks: int | None,  # noqa: ARG001 - what was touched is in ctx
        acts: list[int | None],  # noqa: ARG001
        expiries: list[str],  # noqa: ARG001
        audiences: list[str],  # noqa: ARG001
        people: list[str],  # noqa: ARG001
    ) -> dict[str, Any]:
        touched = ctx.triggered_id
        nothing: dict[str, Any] = dict.fromkeys(("open", "list", "message", "copied"), no_update)
        if touched == Links.OPEN:
            return nothing | {"open": True, "list": listing(services), "message": ""}
        value = ctx.triggered[0]["value"]
        # A list that has just been drawn triggers too, without a click.
        if not isinstance(touched, dict) or value is None:
            return nothing
        return nothing | manage(services, touched, value)

    @app.callback(
        Output(Links.MESSAGE, "children", allow_duplicate=True),
        Input(Links.DIALOG, "is_open"),
        prevent_initial_call=True,
    )
    def forget_message(is_open: bool) -> Any:
        return no_update if is_open else ""


def manage(services: Services, touched: Mapping[str, str], value: Any) -> dict[str, Any]:
    """Do what was touched in the list of links, and say in the dialog what it meant, or why it could not be done."""
    try:
        return _managed(services, touched, value)
    except UserError as fault:
        return {"list": listing(services), "message": fault.message}


def _managed(services: Services, touched: Mapping[str, str], value: Any) -> dict[str, Any]:
    user, link_id = services.user(), touched["link"]
    act = touched.get("act") or str(touched.get("type"))
    if value == links.KEPT:
        return {}
    if act == "copy":
        link = acts.copy_as_it_is(services, user, link_id)
        return {"copied": {"path": links.path(link.id), "click": value}, "message": "Copied."}
    if act == "revoke":
        acts.revoke(services, user, link_id)
        said = "Revoked: the link leads nowhere now. Restore brings it back."
    elif act == "restore":
        acts.restore(services, user, link_id)
        said = "Restored: the link works again."
    elif act in (Links.AUDIENCE, Links.PEOPLE):
        audience, emails = (value, "") if act == Links.AUDIENCE else ("people", str(value))
        if not acts.address(services, user, link_id, str(audience), emails):
            return {}
        said = "Saved: what the link leads to is for those people and for you."
    else:
        days = None if value == "never" else int(value)
        if not acts.let_expire(services, user, link_id, days):
            return {}
        said = "The link does not expire any more." if days is None else f"The link expires in {counted(days, 'day')}."
    return {"list": listing(services), "message": said}


def listing(services: Services) -> Any:
    """The person's links as the dialog shows them. Works without a warehouse: then owners and packages go by number."""
    choices: Choices | None
    try:
        choices = services.reports.choices(services.user())
    except Exception:  # noqa: BLE001 - whatever keeps the warehouse from being read, links are our own records
        _log.warning("Links are listed without names, because the warehouse cannot be read", exc_info=True)
        choices = None
    mine = services.records.snapshots.mine(services.user(), limit=200)
    emails = services.records.users.emails({person for link in mine for person in link.people})
    return links.listing(mine, choices, utc_now(), emails)
