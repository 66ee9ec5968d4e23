"""What happens when something goes wrong: a person always gets a sentence, and the page always lives on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from itertools import groupby

import dash
from dash import html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from data.disk import disk_trouble
from data.errors import Cancelled, SeveralFaults, UserError, report_incident
from data.report.filters import FILTERS
from layouts import messages
from layouts.filters import IDS
from layouts.ids import Form, Page, Problem

_log = logging.getLogger(__name__)

PROBLEM_OF: dict[str, str] = {
    "from": Problem.PERIOD,
    "to": Problem.PERIOD,
    "period": Problem.PERIOD,
    "timezone": Problem.ZONE,
    **{item.option: IDS[item.id].problem for item in FILTERS},
    "group-by": Problem.GROUP_BY,
    "output": Problem.TYPE,
    "send-to": Problem.SEND_TO,
    "currency": Problem.CURRENCY,
    "active-duration": Problem.ACTIVE_DURATION,
    "title": Problem.TEMPLATE,
}
"""Where on the page a :class:`UserError` of a field is shown, by the name that the error gives the field."""


def on_error(fault: Exception) -> None:
    """Dash calls this for whatever a callback raises; the page shows it and goes on.

    A :class:`UserError` is shown as it is: at its field if that is on the page, else as a notice. Anything else is
    logged with an incident id, and the person is told that id.
    """
    if isinstance(fault, PreventUpdate | Cancelled):
        return
    if isinstance(fault, SeveralFaults):
        # From and To have one place for what is wrong with them.
        for place, faults in groupby(fault.faults, key=lambda one: PROBLEM_OF.get(one.field or "")):
            told = " ".join(one.message for one in faults)
            on_error(
                UserError(told, field=next(name for name, at in PROBLEM_OF.items() if at == place))
                if place
                else UserError(told)
            )
        return
    if isinstance(fault, UserError):
        problem = PROBLEM_OF.get(fault.field or "")
        if problem is not None:
            dash.set_props(problem, {"children": fault.message})
            if problem != Problem.TEMPLATE:
                dash.set_props(Form.PANEL, {"className": "form"})  # unfolded, or the field would not be seen
        else:
            say(fault.message, "warning")
        return
    say(_told(fault), "bad")


def or_apology(build: Callable[[], Component]) -> Callable[[], Component]:
    """``build`` for a page, made so that something always comes: an apology with an incident id if nothing else."""

    def build_or_apologise() -> Component:
        try:
            return build()
        except Exception as fault:  # noqa: BLE001 - whatever it was, the person gets a sentence and the log the rest
            return html.Main(messages.notice(_told(fault), "bad"), className="apology")

    return build_or_apologise


def _told(fault: Exception) -> str:
    """What to tell of a fault: what to do, where that is known; else an apology with the number it is logged under."""
    if isinstance(fault, UserError):
        return fault.message
    trouble = disk_trouble(fault)
    if trouble is not None:
        _log.error("%s", trouble)
        return trouble
    return (
        f"Something went wrong on our side and was written down as incident {report_incident(fault, _log)}: "
        "try again, and give this number to your administrator if it happens again."
    )


def say(text: str, tone: messages.Tone = "info", *, seconds: float | None = None) -> None:
    """Show a notice to the person whose callback is running."""
    dash.set_props(Page.MESSAGES, {"children": messages.notice(text, tone, seconds=seconds)})
