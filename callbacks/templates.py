"""What happens when someone saves, loads, edits, copies or deletes a template."""

from __future__ import annotations

from collections.abc import Mapping
from time import time
from typing import Any

import dash
from dash import ClientsideFunction, Input, Output, State

from callbacks import read
from callbacks.errors import PROBLEM_OF
from data.errors import NoData, UserError
from data.report.catalog import METRIC
from data.services import Services
from data.store.templates import Draft, Template
from layouts import messages, templates
from layouts.asked import Asked, known_part, without
from layouts.ids import Page, Problem, Stores
from layouts.ids import Templates as Ids

_DIALOG = {
    "opened": Output(Ids.OPENED, "data", allow_duplicate=True),
    "edited": Output(Ids.EDITED, "data", allow_duplicate=True),
    "heading": Output(Ids.HEADING, "children", allow_duplicate=True),
    "words": Output(Ids.QUERY_WORDS, "children", allow_duplicate=True),
    "title": Output(Ids.TITLE, "value", allow_duplicate=True),
    "description": Output(Ids.DESCRIPTION, "value", allow_duplicate=True),
    "visibility": Output(Ids.VISIBILITY, "value", allow_duplicate=True),
    "along": Output(Ids.ALONG, "value", allow_duplicate=True),
    "runs": Output(Ids.RUNS, "value", allow_duplicate=True),
    "query": Output(Ids.QUERY, "value", allow_duplicate=True),
    "problem": Output(Problem.TEMPLATE, "children", allow_duplicate=True),
}
_STILL = dash.no_update


def register(app: dash.Dash, services: Services) -> None:
    """Register the acts of this file on ``app``."""
    records = services.records.templates

    @app.callback(
        output=_DIALOG,
        inputs={"clicks": Input(Ids.SAVE, "n_clicks")},
        state={"values": read.states()},
        prevent_initial_call=True,
    )
    def start_template(clicks: int | None, values: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001
        asked = read.read_form(values)
        return _dialog(
            services, Draft(title="", query=asked.query, output_type=asked.output, send_to=asked.send_to), None
        )

    @app.callback(
        output={
            "opened": Output(Ids.OPENED, "data", allow_duplicate=True),
            "items": Output(Ids.LIST, "items", allow_duplicate=True),
            "message": Output(Page.MESSAGES, "children", allow_duplicate=True),
        },
        inputs={"clicks": Input(Ids.SUBMIT, "n_clicks")},
        state={
            "edited": State(Ids.EDITED, "data"),
            "said": {
                "title": State(Ids.TITLE, "value"),
                "description": State(Ids.DESCRIPTION, "value"),
                "visibility": State(Ids.VISIBILITY, "value"),
                "along": State(Ids.ALONG, "value"),
                "runs": State(Ids.RUNS, "value"),
                "query": State(Ids.QUERY, "value"),
            },
            "view": State(Stores.VIEW, "data"),
            "charts": State(Stores.CHARTS, "data"),
            "values": read.states(),
        },
        prevent_initial_call=True,
    )
    def save_template(
        clicks: int | None,  # noqa: ARG001
        edited: dict[str, Any] | None,
        said: dict[str, Any],
        view: dict[str, Any] | None,
        charts: list[Any] | None,
        values: dict[str, Any],
    ) -> dict[str, Any]:
        user = services.user()
        try:
            known = None if edited is None else records.get(str(edited["id"]), user)
            draft = _draft(said, known, view, charts, values)
            if known is None or edited is None:
                saved = records.create(draft, user)
            else:
                saved = records.update(known.id, draft, user, version=int(edited["version"]))
        except UserError as fault:
            # The dialog covers the page: whatever is wrong is said in it.
            if PROBLEM_OF.get(fault.field or "") is None or fault.field == "title":
                raise UserError(fault.message, field="title") from fault
            raise UserError(f"The form cannot be saved as it is. {fault.message}", field="title") from fault
        return {
            "opened": _opened(open_=False),
            "items": templates.listed(services),
            "message": messages.notice(f"Saved as “{saved.title}”: Load Query brings it back.", "good", seconds=6),
        }

    @app.callback(
        output={
            "fields": read.outputs(),
            "view": Output(Stores.VIEW, "data", allow_duplicate=True),
            "charts": Output(Stores.CHARTS, "data", allow_duplicate=True),
            "run_now": Output(Ids.RUN_NOW, "data", allow_duplicate=True),
            "items": Output(Ids.LIST, "items", allow_duplicate=True),
            "dialog": _DIALOG,
            "deleted": Output(Ids.DELETED, "data", allow_duplicate=True),
            "undo_hidden": Output(Ids.UNDO_BAR, "hidden", allow_duplicate=True),
            "undo_words": Output(Ids.UNDO_WORDS, "children", allow_duplicate=True),
            "message": Output(Page.MESSAGES, "children", allow_duplicate=True),
        },
        inputs={"act": Input(Ids.LIST, "act")},
        state={"view": State(Stores.VIEW, "data")},
        prevent_initial_call=True,
    )
    def use_template(act: dict[str, Any] | None, view: dict[str, Any] | None) -> dict[str, Any]:
        changes: dict[str, Any] = {
            "fields": dict.fromkeys(read.outputs(), _STILL),
            "dialog": dict.fromkeys(_DIALOG, _STILL),
            **dict.fromkeys(
                ("view", "charts", "run_now", "items", "deleted", "undo_words", "message"),
                _STILL,
            ),
            "undo_hidden": True,
        }
        if not act:
            return changes
        user = services.user()
        template = records.get(str(act["id"]), user)
        match act["act"]:
            case "load":
                return changes | _loaded(services, template, view)
            case "edit":
                return changes | {"dialog": _dialog(services, template, template)}
            case "duplicate":
                copy = records.duplicate(template.id, user)
                said = messages.notice(f"Copied to “{copy.title}”.", "good", seconds=6)
                return changes | {"items": templates.listed(services), "message": said}
            case "delete":
                standard = records.default_of(user)
                kept = _kept(template) | {"standard": standard is not None and standard.id == template.id}
                records.delete(template.id, user)
                return changes | {
                    "items": templates.listed(services),
                    "deleted": kept,
                    "message": [],
                    "undo_hidden": False,
                    "undo_words": f"“{template.title}” is deleted.",
                }
            case "standard":
                standard = records.default_of(user)
                if standard is not None and standard.id == template.id:
                    records.clear_default(user)
                    text = f"“{template.title}” is no longer your default: the form opens with your last settings."
                else:
                    records.set_default(template.id, user)
                    text = f"“{template.title}” is your default: the form opens with it, and Reset returns to it."
                said = messages.notice(text, "good", seconds=6)
                return changes | {"items": templates.listed(services), "message": said}
        return changes

    @app.callback(
        Output(Ids.LIST, "items", allow_duplicate=True),
        Output(Ids.UNDO_BAR, "hidden", allow_duplicate=True),
        Input(Ids.UNDO, "n_clicks"),
        State(Ids.DELETED, "data"),
        prevent_initial_call=True,
    )
    def undo_delete(clicks: int | None, deleted: dict[str, Any] | None) -> tuple[Any, bool]:  # noqa: ARG001
        if deleted is None:
            return _STILL, True
        asked = Asked.from_json(deleted["asked"])
        draft = Draft(
            **deleted["said"], query=asked.query, output_type=asked.output, send_to=asked.send_to, view=deleted["view"]
        )
        again = records.create(draft, services.user())
        if deleted["standard"]:
            records.set_default(again.id, services.user())
        return templates.listed(services), True

    app.clientside_callback(ClientsideFunction("templates", "follow"), Input(Ids.OPENED, "data"))
    app.clientside_callback(
        ClientsideFunction("templates", "bring"),
        Output(Stores.VIEW, "data", allow_duplicate=True),
        Output(Stores.CHARTS, "data", allow_duplicate=True),
        Input(Ids.BROUGHT, "data"),
        State(Stores.VIEW, "data"),
        prevent_initial_call="initial_duplicate",
    )
    app.clientside_callback(
        ClientsideFunction("templates", "shut"),
        Output(Ids.OPENED, "data", allow_duplicate=True),
        Input(Ids.CANCEL, "n_clicks"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("templates", "hide"),
        Output(Ids.UNDO_BAR, "hidden", allow_duplicate=True),
        Input(Ids.UNDO_CLOSE, "n_clicks"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("form", "clear"),
        Output(Problem.TEMPLATE, "children", allow_duplicate=True),
        Input(Ids.TITLE, "value"),
        Input(Ids.SUBMIT, "n_clicks"),
        prevent_initial_call=True,
    )


def _loaded(services: Services, template: Template, view: Mapping[str, Any] | None) -> dict[str, Any]:
    """What changes on the page when ``template`` is loaded."""
    query, lost = known_part(services, template.query)
    changes: dict[str, Any] = {
        "fields": read.fill(Asked(query, template.output_type, template.send_to)),
        "message": messages.notice(f"Loaded “{template.title}”.", "good", seconds=4),
    }
    along = template.view or {}
    if isinstance(along.get("columns"), list):
        known = [column for column in along["columns"] if column in METRIC]
        lost.extend(f"column {column}" for column in along["columns"] if column not in METRIC)
        changes["view"] = {**(view or {}), "columns": known, "sort": []}
    if isinstance(along.get("charts"), list):
        changes["charts"] = along["charts"]
    if lost:
        changes["message"] = messages.notice(f"Loaded “{template.title}”, but {without(lost)}", "warning")
    elif template.runs_at_once:
        changes["run_now"] = _now()
    return changes


def _dialog(services: Services, draft: Draft, edited: Template | None) -> dict[str, Any]:
    """The dialog, open, filled from ``draft``; ``edited`` is what it changes, None for a new template."""
    along = draft.view or {}
    try:
        names = services.reports.choices(services.user()).names
    except NoData:
        names = {}
    return {
        "opened": _opened(open_=True, editing=edited is not None),
        "edited": None if edited is None else {"id": edited.id, "version": edited.version},
        "heading": "New Template" if edited is None else "Edit Template",
        "words": f"{draft.query.describe(names)}. {templates.period_note(draft.query)}",
        "title": draft.title,
        "description": draft.description,
        "visibility": draft.visibility,
        "along": [name for name in templates.ALONG if name in along],
        "runs": draft.runs_at_once,
        "query": False,
        "problem": "",
    }


def _draft(
    said: Mapping[str, Any],
    known: Template | None,
    view: Mapping[str, Any] | None,
    charts: list[Any] | None,
    values: Mapping[str, Any],
) -> Draft:
    """The template that the dialog describes. One that is edited keeps its query unless it is to be replaced."""
    renew = known is None or bool(said.get("query"))
    asked = read.read_form(values) if renew else None
    source = Asked(known.query, known.output_type, known.send_to) if asked is None and known is not None else asked
    assert source is not None
    # What went along before stays as it was saved; what is new, or renewed, comes from the page.
    before = {} if known is None or renew else dict(known.view or {})
    page = {"columns": (view or {}).get("columns") or [], "charts": charts or []}
    chosen = [name for name in templates.ALONG if name in (said.get("along") or ())]
    along = {name: before.get(name, page[name]) for name in chosen}
    return Draft(
        title=str(said.get("title") or ""),
        description=str(said.get("description") or ""),
        visibility=said.get("visibility") or "me",
        query=source.query,
        output_type=source.output,
        send_to=source.send_to,
        view=along or None,
        runs_at_once=bool(said.get("runs")),
    )


def _kept(template: Template) -> dict[str, Any]:
    """A deleted template as the page keeps it for Undo."""
    return {
        "said": {
            "title": template.title,
            "description": template.description,
            "visibility": template.visibility,
            "runs_at_once": template.runs_at_once,
        },
        "asked": Asked(template.query, template.output_type, template.send_to).to_json(),
        "view": template.view,
    }


def _opened(*, open_: bool, editing: bool = False) -> dict[str, Any]:
    return {"open": open_, "editing": editing, "at": _now()}


def _now() -> int:
    return int(time() * 1000)
