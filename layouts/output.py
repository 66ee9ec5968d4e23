"""The Output panel: in what form the report comes, where it goes, in which currency, and who counts as active."""

from __future__ import annotations

from collections.abc import Sequence

import dash_bootstrap_components as dbc
from dash import dcc, html

from data.currencies import currency_codes, currency_name
from data.delivery.formats import OUTPUTS, WEB
from data.report.choices import Choices
from data.report.query import MAX_ACTIVE_DURATION, ReportQuery
from layouts.attributes import aria
from layouts.controls import Chips, Picker
from layouts.filters import problem
from layouts.ids import Delivery, Problem

WEB_NOTE = "A Web report stays on this page: choose a file type to send it."
FILE_NOTE = "Mail is not set up yet: the file is downloaded here, and nothing is sent to these addresses."


def note_for(output: str) -> str:
    """What is said under Send to."""
    return WEB_NOTE if output == WEB else FILE_NOTE


def panel(query: ReportQuery, choices: Choices, *, output: str = WEB, send_to: Sequence[str] = ()) -> html.Section:
    """The panel, filled from ``query``."""
    return html.Section(
        [
            html.H2("Output", id=Delivery.HEADING, className="panel-title"),
            html.Div(
                [
                    dbc.Label("Type", html_for=Delivery.TYPE),
                    dbc.Select(
                        id=Delivery.TYPE,
                        options=[{"value": value, "label": label} for value, label in OUTPUTS.items()],
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
                    html.P(note_for(output), id=Delivery.SEND_TO_NOTE, className="field-note"),
                    problem(Problem.SEND_TO),
                    dcc.Store(id=Delivery.NOTES, data={WEB: WEB_NOTE, "file": FILE_NOTE}),
                ],
                className="field",
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
