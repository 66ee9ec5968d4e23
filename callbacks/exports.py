"""Files of the report on the page: exports of what is displayed."""

from __future__ import annotations

import base64
from typing import Any

from dash import Dash, Input, Output, State, ctx, no_update

from callbacks import read
from data.acts.files import File, export_shown
from data.delivery.formats import FORMATS
from data.services import Services
from layouts import ids
from layouts.ids import Report, Stores


def register(app: Dash, services: Services) -> None:
    """Register the acts of this file on ``app``."""
    formats = {ids.export(item.id): item.id for item in FORMATS}

    @app.callback(
        output=Output(Report.DOWNLOAD, "data", allow_duplicate=True),
        inputs={
            "clicks": [Input(id_, "n_clicks") for id_ in formats],
            "shown": State(Stores.REPORT, "data"),
            "view": State(Stores.VIEW, "data"),
        },
        prevent_initial_call=True,
    )
    def export_report(clicks: list[int | None], shown: dict[str, Any] | None, view: dict[str, Any]) -> Any:  # noqa: ARG001
        link_id = read.read_shown(shown)
        if link_id is None:
            return no_update
        file = export_shown(services, services.user(), link_id, formats[str(ctx.triggered_id)], read.read_view(view))
        return _download(file)


def _download(file: File) -> dict[str, Any]:
    return {
        "filename": file.name,
        "content": base64.b64encode(file.content).decode(),
        "base64": True,
        "type": file.mime,
    }
