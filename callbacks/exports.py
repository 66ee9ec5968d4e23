"""Files of the report on the page: exports of what is displayed."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from dash import Dash, Input, Output, State, ctx, no_update

from callbacks import read
from data import events
from data.acts.names import known_names
from data.delivery.formats import FORMAT, FORMATS, export, filename
from data.report.order import row_order
from data.report.result import ReportResult
from data.report.view import View
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
        result = services.records.snapshots.peek(link_id, services.user()).result
        return exported(services, result, formats[str(ctx.triggered_id)], read.read_view(view))


def exported(services: Services, result: ReportResult, format_id: str, view: View) -> dict[str, Any]:
    """The file of what ``view`` displays of ``result``, as dcc.Download takes it."""
    columns = [column.id for column in result.columns if column.kind == "dimension" or column.id in view.shown]
    order = row_order(result, view.sort)
    return _download(services, result, format_id, columns=columns, order=order)


def _download(services: Services, result: ReportResult, format_id: str, **shown: Sequence[Any]) -> dict[str, Any]:
    names = known_names(services, services.user())
    content = export(result, format_id, names=names, **shown)
    events.tell(
        "export",
        who=services.user().id,
        question=events.question_hash(result.query),
        format=format_id,
        rows=len(result.rows),
        bytes=len(content),
    )
    return {
        "filename": filename(result, format_id, names),
        "content": base64.b64encode(content).decode(),
        "base64": True,
        "type": FORMAT[format_id].mime,
    }
