"""The Output panel: in what form the report comes, where it goes, in which currency, and who counts as active."""

from __future__ import annotations

from collections.abc import Sequence

import dash_bootstrap_components as dbc
from dash import dcc, html

from data.access import Right, User
from data.currencies import currency_codes, currency_name
from data.delivery.formats import OUTPUTS, WEB
from data.report.choices import Choices
from data.report.query import MAX_ACTIVE_DURATION, ReportQuery
from data.settings import Settings
from layouts.attributes import aria
from layouts.controls import Chips, Picker
from layouts.filters import problem
from layouts.ids import Delivery, Problem

WEB_NOTE = "A Web report stays on this page: choose a file type to send it."
MAIL_NOTE = "The file is made in the background and sent to each address; it waits in My files, too."


def outbox_note(settings: Settings) -> str:
    """What is said under Send to about files."""
    note = MAIL_NOTE
    if not settings.smtp_host:
        note = "Mail is not set up here: it is put into this server's outbox, and nothing is sent to these addresses."
    domains = ", ".join(settings.recipient_domains)
    return f"{note} Allowed: addresses of {domains}." if domains else note


def panel(
    query: ReportQuery,
    choices: Choices,
    user: User,
    settings: Settings,
    *,
    output: str = WEB,
    send_to: Sequence[str] = (),
) -> html.Section:
    """The panel, filled from ``query``, with what ``user`` may have made and sent."""
    outputs = {value: label for value, label in OUTPUTS.items() if value == WEB or user.may(Right.EXPORT)}
    output = output if output in outputs else WEB
    file_note = outbox_note(settings)
    return html.Section(
        [
            html.H2("Output", id=Delivery.HEADING, className="panel-title"),
            html.Div(
                [
                    dbc.Label("Type", html_for=Delivery.TYPE),
                    dbc.Select(
                        id=Delivery.TYPE,
                        options=[{"value": value, "label": label} for value, label in outputs.items()],
                        value=output,
                    ),
                    problem(Problem.TYPE),
                ],
                className="field",
            ),
            html.Div(
                [
                    dbc.Label("Send to", html_for=Delivery.SEND_TO),
                    Chips(
                        id=Delivery.SEND_TO,
                        label="Send to",
                        value=list(send_to),
                        problems={},
                        placeholder="Add an e-mail address",
                        disabled=output == WEB,
                        describedby=Delivery.SEND_TO_NOTE,
                    ),
                    html.P(WEB_NOTE if output == WEB else file_note, id=Delivery.SEND_TO_NOTE, className="field-note"),
                    problem(Problem.SEND_TO),
                    dcc.Store(id=Delivery.NOTES, data={WEB: WEB_NOTE, "file": file_note}),
                ],
                className="field",
                hidden=not (user.may(Right.EXPORT) and user.may(Right.DELIVER)),
            ),
            html.Div(
                [
                    html.Div(
                        [
                            dbc.Label("Currency", html_for=Delivery.CURRENCY),
                            Picker(
                                id=Delivery.CURRENCY,
                                label="Currency",
                                options=_currencies(choices),
                                value=query.currency,
                                placeholder="Search currencies",
                                describedby=Problem.CURRENCY,
                            ),
                            problem(Problem.CURRENCY),
                        ],
                        className="field",
                    ),
                    html.Div(
                        [
                            dbc.Label("Active Duration", html_for=Delivery.ACTIVE_DURATION),
                            _stepper(query.active_duration),
                            problem(Problem.ACTIVE_DURATION),
                        ],
                        className="field field-duration",
                    ),
                ],
                className="field-pair",
            ),
        ],
        className="panel panel-output",
        **aria(labelledby=Delivery.HEADING),
    )


def _currencies(choices: Choices) -> list[dict[str, str]]:
    """All currencies, those that the data knows first."""
    known = [code for code in choices.currencies if code in currency_codes()]
    others = sorted(currency_codes() - set(known))
    return [{"value": code, "label": f"{code} – {currency_name(code)}"} for code in (*known, *others)]


def _stepper(months: int) -> html.Div:
    def step(id_: Delivery, sign: str, name: str) -> html.Button:
        return html.Button(sign, id=id_, type="button", className="step", title=name, **aria(label=name))

    return html.Div(
        [
            step(Delivery.LESS, "−", "One month less"),
            dbc.Input(
                id=Delivery.ACTIVE_DURATION,
                type="number",
                value=months,
                min=1,
                max=MAX_ACTIVE_DURATION,
                step=1,
                inputmode="numeric",
            ),
            html.Span(
                "month" if months == 1 else "months",
                id=Delivery.UNIT,
                className="unit",
                **aria(hidden="true"),
            ),
            step(Delivery.MORE, "+", "One month more"),
        ],
        className="stepper",
        title="Months before the end of a row in which a client must have paid to count as active",
    )
