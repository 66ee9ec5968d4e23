"""The query form: three panels, a bar of buttons, and the one line of words that it folds to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from dash import dcc, html

from data.access import User
from data.delivery.formats import WEB
from data.report.choices import Choices
from data.report.query import ReportQuery
from data.settings import Settings
from data.words.question import tell
from layouts import filters, group_by, output
from layouts.attributes import aria
from layouts.controls import Handed, icon, still
from layouts.ids import Delivery, Form, GroupBy, Period, Problem

FIELDS_OF: dict[str, tuple[str, ...]] = {
    Problem.PERIOD: (Period.RANGE, Period.FROM, Period.FROM_TIME, Period.TO, Period.TO_TIME),
    Problem.ZONE: (Period.ZONE,),
    **{ids.problem: (ids.field,) for ids in filters.IDS.values()},
    Problem.GROUP_BY: (GroupBy.CHOSEN,),
    Problem.TYPE: (Delivery.TYPE,),
    Problem.SEND_TO: (Delivery.TYPE,),
    Problem.CURRENCY: (Delivery.CURRENCY,),
    Problem.ACTIVE_DURATION: (Delivery.ACTIVE_DURATION,),
}
"""The fields that each problem may be about, in the order of the form."""


def panel(
    query: ReportQuery,
    choices: Choices,
    user: User,
    settings: Settings,
    *,
    today: date,
    first_visit: bool = False,
    output_type: str = WEB,
    send_to: Sequence[str] = (),
) -> html.Section:
    """The form, filled from ``query``; ``today`` is the date on which quick ranges are shown."""
    return html.Section(
        [
            html.Div(
                [
                    html.P(tell(query, choices.names).line, id=Form.SUMMARY, className="form-words"),
                    html.Button(
                        still(icon("pencil"), "Edit"),
                        id=Form.EDIT,
                        type="button",
                        className="btn btn-quiet btn-sm",
                        **aria(controls=Form.BODY),
                    ),
                ],
                className="form-folded",
            ),
            html.Div(
                [
                    html.Div(
                        [
                            filters.panel(query, choices, today=today, first_visit=first_visit),
                            group_by.panel(query),
                            output.panel(query, choices, user, settings, output=output_type, send_to=send_to),
                        ],
                        className="panels",
                    ),
                    html.Div(
                        [
                            html.Button(
                                still(icon("chevron-up"), "Fold"),
                                id=Form.FOLD,
                                type="button",
                                className="btn btn-quiet",
                                **aria(controls=Form.BODY),
                            ),
                            html.Button("Reset", id=Form.RESET, type="button", className="btn btn-quiet"),
                            html.Button(
                                "Query",
                                id=Form.QUERY,
                                type="button",
                                className="btn btn-primary btn-query",
                                # assets/report/run.js hears the click: a callback that only starts another takes time.
                                disable_n_clicks=True,
                            ),
                        ],
                        id=Form.ACTIONS,
                        className="form-actions",
                    ),
                ],
                id=Form.BODY,
                className="form-body",
            ),
            dcc.Store(id=Form.FIELDS, data=list(FIELDS_OF.values())),
            Handed(id=Form.APPEARED, to="form.appeared"),
        ],
        id=Form.PANEL,
        className="form",
        **aria(label="Report settings"),
    )
