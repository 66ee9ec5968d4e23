"""Templates: Save Query and Load Query in the header, the New Template dialog, and Undo after deleting one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from data.access import VISIBILITIES, Right, User, may_change_template
from data.acts.templates import Loaded
from data.report.period import QUICK_RANGES
from data.report.query import ReportQuery
from data.report.view import View
from data.services import Services
from data.store.templates import Template
from data.store.titles import MAX_TITLE
from layouts import messages
from layouts.attributes import aria
from layouts.controls import SavedList, icon, still, withheld
from layouts.filters import problem
from layouts.ids import Problem, Templates

ALONG = {"columns": "The columns shown now go along", "charts": "The charts shown now go along"}
"""What may go along with a template, in the words of its dialog."""


def buttons(services: Services) -> list[Component]:
    """Load Query, which draws itself once there is something to load, and Save Query."""
    return [
        SavedList(id=Templates.LIST, label="Load Query", items=listed(services)),
        html.Button(
            still(icon("bookmark"), html.Span("Save Query")),
            id=Templates.SAVE,
            type="button",
            className="btn btn-quiet btn-sm",
        )
        if services.user().may(Right.TEMPLATES)
        else withheld(Templates.SAVE),
    ]


def listed(services: Services) -> list[dict[str, Any]]:
    """Every template that the person may load, as the Load Query menu shows it."""
    user = services.user()
    standard = services.records.templates.default_of(user)
    return [
        _item(template, user, standard=standard is not None and standard.id == template.id)
        for template in services.records.templates.visible_to(user)
    ]


def period_words(query: ReportQuery) -> str:
    """How the period of a saved query behaves: whether it moves with the day on which it is run."""
    if query.quick_range in QUICK_RANGES:
        return f"{QUICK_RANGES[query.quick_range]}, moves with the day"
    return f"Fixed period: {query.start} to {query.end}"


def period_note(query: ReportQuery) -> str:
    """The same in a sentence, for the dialog."""
    if query.quick_range in QUICK_RANGES:
        return "The period moves with the day it is run on."
    return "The period is fixed: it stays the same on whatever day it is run."


def without(lost: Sequence[str]) -> str:
    """Says in a sentence's end that ``lost`` values were left out."""
    what = "1 value no longer exists and was" if len(lost) == 1 else f"{len(lost)} values no longer exist and were"
    return f"{what} left out: {', '.join(lost)}. Check the form before you press Query."


def saved(template: Template) -> dbc.Alert:
    """What is said when a template was saved."""
    return messages.notice(f"Saved as “{template.title}”: Load Query brings it back.", "good", seconds=6)


def copied(copy: Template) -> dbc.Alert:
    """What is said when a template was duplicated."""
    return messages.notice(f"Copied to “{copy.title}”.", "good", seconds=6)


def loaded(found: Loaded) -> dbc.Alert:
    """What is said when a template was loaded."""
    title = found.template.title
    if found.lost:
        return messages.notice(f"Loaded “{title}”, but {without(found.lost)}", "warning")
    return messages.notice(f"Loaded “{title}”.", "good", seconds=4)


def default_changed(template: Template, *, is_default: bool) -> dbc.Alert:
    """What is said when a template became the person's default, or no longer is."""
    text = f"“{template.title}” is no longer your default: the form opens with your last settings."
    if is_default:
        text = f"“{template.title}” is your default: the form opens with it, and Reset returns to it."
    return messages.notice(text, "good", seconds=6)


def dialogs(brought: View | None = None) -> html.Div:
    """The dialog for a new or edited template, and the bar that offers Undo.

    ``brought`` are the columns and charts of the template that the form opens with.
    """
    return html.Div(
        [
            html.Dialog(
                html.Div(
                    [
                        html.H2("New Template", id=Templates.HEADING, className="dialog-title"),
                        html.P(id=Templates.QUERY_WORDS, className="dialog-lead"),
                        *_fields(),
                        html.Div(
                            [
                                html.Button("Cancel", id=Templates.CANCEL, type="button", className="btn btn-quiet"),
                                html.Button(
                                    "Save Template", id=Templates.SUBMIT, type="button", className="btn btn-primary"
                                ),
                            ],
                            className="dialog-actions",
                        ),
                    ],
                    className="dialog-body",
                ),
                id=Templates.DIALOG,
                className="dialog",
                **aria(labelledby=Templates.HEADING),
            ),
            html.Div(
                [
                    html.Span(id=Templates.UNDO_WORDS, role="status"),
                    html.Button("Undo", id=Templates.UNDO, type="button", className="btn btn-quiet btn-sm"),
                    html.Button(
                        icon("x-lg"),
                        id=Templates.UNDO_CLOSE,
                        type="button",
                        className="icon-button",
                        **aria(label="Close"),
                    ),
                ],
                id=Templates.UNDO_BAR,
                className="undo-bar",
                hidden=True,
            ),
            dcc.Store(id=Templates.OPENED),
            dcc.Store(id=Templates.EDITED),
            dcc.Store(id=Templates.DELETED),
            dcc.Store(id=Templates.BROUGHT, data=None if brought is None else brought.to_json()),
            dcc.Store(id=Templates.RUN_NOW),
        ]
    )


def _fields() -> list[Component]:
    return [
        html.Div(
            [
                dbc.Label("Title", html_for=Templates.TITLE),
                dbc.Input(id=Templates.TITLE, type="text", maxlength=MAX_TITLE, autocomplete="off", value=""),
                problem(Problem.TEMPLATE),
            ],
            className="field",
        ),
        html.Div(
            [
                dbc.Label("Description", html_for=Templates.DESCRIPTION),
                dbc.Textarea(id=Templates.DESCRIPTION, rows=2, value=""),
            ],
            className="field",
        ),
        html.Fieldset(
            [
                still(html.Legend("Visibility")),
                dbc.RadioItems(
                    id=Templates.VISIBILITY,
                    options=[{"value": value, "label": label} for value, label in VISIBILITIES.items()],
                    value="me",
                    inline=True,
                ),
            ],
            className="field",
        ),
        html.Fieldset(
            [
                still(html.Legend("Options")),
                dbc.Checklist(
                    id=Templates.ALONG,
                    options=[{"value": value, "label": label} for value, label in ALONG.items()],
                    value=[],
                ),
                dbc.Checkbox(id=Templates.RUNS, label="Run at once when loaded", value=False),
                html.Div(
                    dbc.Checkbox(
                        id=Templates.QUERY, label="Replace its query with the one now in the form", value=False
                    ),
                    className="only-editing",
                ),
            ],
            className="field",
        ),
    ]


def _item(template: Template, user: User, *, standard: bool) -> dict[str, Any]:
    mine = may_change_template(user, template)
    notes = [period_words(template.query)]
    if not mine:
        notes.append(f"by {template.owner_name}")
    elif template.visibility != "me":
        notes.append(f"seen by {VISIBILITIES[template.visibility].lower()}")
    if template.runs_at_once:
        notes.append("runs at once")
    return {
        "id": template.id,
        "title": template.title,
        "description": template.description,
        "note": " · ".join(notes),
        "mine": mine,
        "saves": user.may(Right.TEMPLATES),
        "standard": standard,
    }
