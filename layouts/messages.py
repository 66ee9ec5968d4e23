"""Notices to the person: what happened and what to do, in one sentence."""

from __future__ import annotations

from typing import Any, Literal

import dash_bootstrap_components as dbc
from dash import html

from layouts.controls import icon

Tone = Literal["info", "good", "warning", "bad"]

_ICONS = {"info": "info-circle", "good": "check2", "warning": "exclamation-triangle", "bad": "exclamation-triangle"}


def notice(text: Any, tone: Tone = "info", *, action: Any = None, seconds: float | None = None) -> dbc.Alert:
    """A notice for ``Page.MESSAGES``, with an optional button. It stays until closed unless ``seconds`` are given."""
    return dbc.Alert(
        [icon(_ICONS[tone]), html.Span(text, className="message-text"), *([] if action is None else [action])],
        className=f"message message-{tone}",
        color="light",
        dismissable=True,
        fade=False,
        duration=None if seconds is None else int(seconds * 1000),
    )


def cancelled() -> dbc.Alert:
    """The news that a run was cancelled."""
    return notice("The query was cancelled; nothing was changed.", seconds=6)
