"""Copying the link to a report, so that whoever opens it sees what this page shows."""

from __future__ import annotations

from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, no_update

from callbacks import read
from data.acts import links as acts
from data.services import Services
from layouts import links
from layouts.ids import Report, Stores


def register(app: Dash, services: Services) -> None:
    """Register the acts of this file on ``app``."""

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
    def copy_link(clicks: int | None, shown: dict[str, Any] | None, view: object, charts: object) -> dict[str, Any]:
        link_id = read.read_shown(shown)
        if shown is None or link_id is None:
            return {"report": no_update, "address": no_update, "copied": no_update}
        seen = read.read_view(view, charts or [])
        link = acts.copy(services, services.user(), link_id, seen)
        moved = link.id != link_id
        return {
            "report": {**shown, "link": link.id} if moved else no_update,
            "address": {"link": link.id} if moved else no_update,
            "copied": {"path": links.path(link.id), "click": clicks},
        }

    app.clientside_callback(ClientsideFunction("report", "copied"), Input(Report.COPIED, "data"))
