"""What happens when someone saves, loads, edits, copies or deletes a template."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from time import time
from typing import Any

import dash
from dash import ClientsideFunction, Input, Output, State

from callbacks import read
from callbacks.errors import PROBLEM_OF
from data.acts import templates as acts
from data.acts.names import known_names
from data.errors import UserError
from data.report.view import View
from data.services import Services
from data.store.templates import Draft, Template
from data.words.question import tell
from layouts import report, templates
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

    @app.callback(
        output=_DIALOG,
        inputs={"clicks": Input(Ids.SAVE, "n_clicks")},
        state={"values": read.states()},
        prevent_initial_call=True,
    )
    def start_template(clicks: int | None, values: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001
        return _dialog(services, Draft(title="", asked=read.read_form(values)), None)

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
        edited: object,
        said: dict[str, Any],
        view: object,
        charts: object,
        values: dict[str, Any],
    ) -> dict[str, Any]:
        with _said_in_the_dialog():
            renewed = edited is None or bool(said.get("query"))
            asked = read.read_form(values) if renewed else None
            seen = read.read_view(view, charts)
            saved = acts.save(services, services.user(), read.read_said(said), read.read_edited(edited), asked, seen)
        return {
            "opened": _opened(open_=False),
            "items": templates.listed(services),
            "message": templates.saved(saved),
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
    def use_template(act: object, view: object) -> dict[str, Any]:
        changes: dict[str, Any] = {
            "fields": dict.fromkeys(read.outputs(), _STILL),
            "dialog": dict.fromkeys(_DIALOG, _STILL),
            **dict.fromkeys(("view", "charts", "run_now", "items", "deleted", "undo_words", "message"), _STILL),
            "undo_hidden": True,
        }
        touched = read.read_use(act) if act else None
        use = USES.get(touched.act) if touched else None
        return changes | (use(services, touched.template, read.read_view(view)) if touched and use else {})

    @app.callback(
        Output(Ids.LIST, "items", allow_duplicate=True),
        Output(Ids.UNDO_BAR, "hidden", allow_duplicate=True),
        Input(Ids.UNDO, "n_clicks"),
        State(Ids.DELETED, "data"),
        prevent_initial_call=True,
    )
    def undo_delete(clicks: int | None, deleted: object) -> tuple[Any, bool]:  # noqa: ARG001
        if deleted is None:
            return _STILL, True
        acts.bring_back(services, services.user(), acts.Deleted.from_json(deleted))
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


def _load(services: Services, template_id: str, view: View) -> dict[str, Any]:
    loaded = acts.load(services, services.user(), template_id)
    changes: dict[str, Any] = {"fields": read.fill(loaded.asked), "message": templates.loaded(loaded)}
    if loaded.view.columns is not None:
        changes["view"] = report.view_data(replace(view, columns=loaded.view.columns, sort=None))
    if loaded.view.charts is not None:
        changes["charts"] = list(loaded.view.charts)
    if loaded.template.runs_at_once and not loaded.lost:
        changes["run_now"] = _now()
    return changes


def _edit(services: Services, template_id: str, view: View) -> dict[str, Any]:  # noqa: ARG001
    template = services.records.templates.get(template_id, services.user())
    return {"dialog": _dialog(services, template, template)}


def _duplicate(services: Services, template_id: str, view: View) -> dict[str, Any]:  # noqa: ARG001
    copy = acts.duplicate(services, services.user(), template_id)
    return {"items": templates.listed(services), "message": templates.copied(copy)}


def _delete(services: Services, template_id: str, view: View) -> dict[str, Any]:  # noqa: ARG001
    deleted = acts.delete(services, services.user(), template_id)
    return {
        "items": templates.listed(services),
        "deleted": deleted.to_json(),
        "message": [],
        "undo_hidden": False,
        "undo_words": f"“{deleted.draft.title}” is deleted.",
    }


def _change_default(services: Services, template_id: str, view: View) -> dict[str, Any]:  # noqa: ARG001
    template, is_default = acts.change_default(services, services.user(), template_id)
    return {
        "items": templates.listed(services),
        "message": templates.default_changed(template, is_default=is_default),
    }


USES: dict[str, Callable[[Services, str, View], dict[str, Any]]] = {
    "load": _load,
    "edit": _edit,
    "duplicate": _duplicate,
    "delete": _delete,
    "standard": _change_default,
}
"""What the Load Query menu lets a person do with a template (assets/controls.js): what changes on the page."""


def _dialog(services: Services, draft: Draft, edited: Template | None) -> dict[str, Any]:
    """The dialog, open, filled from ``draft``; ``edited`` is what it changes, None for a new template."""
    along = draft.view or View()
    names = known_names(services, services.user())
    return {
        "opened": _opened(open_=True, editing=edited is not None),
        "edited": None if edited is None else {"id": edited.id, "version": edited.version},
        "heading": "New Template" if edited is None else "Edit Template",
        "words": f"{tell(draft.query, names).line}. {templates.period_note(draft.query)}",
        "title": draft.title,
        "description": draft.description,
        "visibility": draft.visibility,
        "along": [name for name in templates.ALONG if getattr(along, name) is not None],
        "runs": draft.runs_at_once,
        "query": False,
        "problem": "",
    }


@contextmanager
def _said_in_the_dialog() -> Iterator[None]:
    """The dialog covers the page: whatever is wrong is said in it."""
    try:
        yield
    except UserError as fault:
        if PROBLEM_OF.get(fault.field or "") is None or fault.field == "title":
            raise UserError(fault.message, field="title") from fault
        raise UserError(f"The form cannot be saved as it is. {fault.message}", field="title") from fault


def _opened(*, open_: bool, editing: bool = False) -> dict[str, Any]:
    return {"open": open_, "editing": editing, "at": _now()}


def _now() -> int:
    return int(time() * 1000)
