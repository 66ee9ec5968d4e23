"""The My links dialog, and the plain pages of links that lead to no report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from data.access import LINK_AUDIENCES, PEOPLE
from data.report.choices import Choices
from data.store.links import Link
from data.words.dates import moment_words
from data.words.numerals import counted
from data.words.question import tell
from layouts.attributes import aria, dataset
from layouts.ids import Links

STATES = {"live": "Live", "expired": "Expired", "revoked": "Revoked", "damaged": "Damaged"}
EXPIRIES = (("never", "Never"), ("1", "In a day"), ("7", "In a week"), ("30", "In 30 days"), ("90", "In 90 days"))
"""What Set expiry offers: days from now as text, and its words."""

KEPT = "kept"
"""What Set expiry stands on while the expiry stays as it was set before."""


def dialogs() -> html.Div:
    """The dialog behind My links."""
    return html.Div(
        dbc.Modal(
            [
                dbc.ModalHeader(dbc.ModalTitle("My links", id=Links.TITLE), close_button=True),
                dbc.ModalBody(
                    [
                        html.P(id=Links.MESSAGE, className="links-message", role="status"),
                        html.Div(id=Links.LIST, className="links-list"),
                    ]
                ),
            ],
            id=Links.DIALOG,
            size="xl",
            dialogClassName="links-dialog",
            scrollable=True,
            is_open=False,
            labelledby=Links.TITLE,
        )
    )


def listing(
    links: Sequence[Link], choices: Choices | None, now: datetime, emails: Mapping[str, str] | None = None
) -> Component:
    """The person's links, newest first: the question in words, when made, when last opened, how often, and its acts.

    ``emails`` are the addresses of people by id.
    """
    if not links:
        return html.Div(
            [html.P("No links yet", className="notice-head"), html.P("Every report gets its link when it appears.")],
            className="report-notice",
        )
    heads = ("Report", "Made", "Last opened", "Opened", "State", "Actions")
    return html.Table(
        [
            html.Thead(html.Tr([html.Th(head, scope="col") for head in heads])),
            html.Tbody([_row(link, choices, now, emails or {}) for link in links]),
        ],
        className="links-table",
    )


def _row(link: Link, choices: Choices | None, now: datetime, emails: Mapping[str, str]) -> html.Tr:
    words = "A report that was damaged in storage"
    zone = "UTC"
    if link.query is not None:
        zone = link.query.timezone
        words = tell(link.query, choices.names if choices else None, name=link.title).told
    state: list[str | Component] = [STATES[link.state]]
    if link.state == "live" and link.expires_at is not None:
        state.append(html.Small(f" until {moment_words(link.expires_at, zone, seconds=False)}"))
    live = link.state == "live"
    acts: list[Component] = []
    if live:
        acts += [
            html.A("Open", href=path(link.id), className="btn btn-quiet btn-sm", **aria(label=f"Open {words}")),
            _act("Copy", "copy", link, words),
            _expiry(link, now, words),
            *_audience(link, words, emails),
            _act("Revoke", "revoke", link, words),
        ]
    elif link.state in ("revoked", "expired"):
        acts.append(_act("Restore", "restore", link, words))
    made = f"{moment_words(link.created_at, zone, seconds=False)}"
    return html.Tr(
        [
            html.Th([html.Span(words), html.Small(f"{counted(link.row_count, 'row')}, {zone}")], scope="row"),
            html.Td(made, **dataset(label="Made")),
            html.Td(
                "Never" if link.last_opened_at is None else moment_words(link.last_opened_at, zone, seconds=False),
                **dataset(label="Last opened"),
            ),
            html.Td("once" if link.open_count == 1 else f"{link.open_count} times", **dataset(label="Opened")),
            html.Td(state, className=f"state state-{link.state}", **dataset(label="State")),
            html.Td(html.Div(acts, className="links-acts")),
        ]
    )


def path(link_id: str) -> str:
    """Where a link leads, from the root of this site."""
    return f"/view?id={link_id}"


def plain_page(title: str, text: str, way_on: str = "Ask for a new report") -> str:
    """A page that shows one message and the way on, home: the same for every link that leads to no report."""
    return f"""<!DOCTYPE html>
<html lang="en">
    <head>
        <meta charset="UTF-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta name="robots" content="noindex">
        <script src="/-/theme.js"></script>
        <link rel="stylesheet" href="/-/bootstrap.css">
        <link rel="icon" href="data:,">
        <title>{title} · Customer Dynamics</title>
    </head>
    <body>
        <main style="max-width: 36rem; margin: 20vh auto 0; padding: 0 1rem">
            <h1 style="font-size: 1.25rem">{title}</h1>
            <p>{text}</p>
            <p><a href="/">{way_on}</a></p>
        </main>
    </body>
</html>
"""


def _act(label: str, act: str, link: Link, words: str) -> html.Button:
    return html.Button(
        label,
        id={"type": Links.ACT, "act": act, "link": link.id},
        type="button",
        className="btn btn-quiet btn-sm",
        **aria(label=f"{label} {words}"),
    )


def _audience(link: Link, words: str, emails: Mapping[str, str]) -> list[Component]:
    """Whom the link is for, and for named people their addresses."""
    options = [{"value": value, "label": label} for value, label in LINK_AUDIENCES.items()]
    value = link.audience if link.audience in (PEOPLE, "everyone") else "company"
    if link.audience.startswith("person:"):
        value = PEOPLE  # without the right to share it was made for its owner alone
    found: list[Component] = [
        html.Label(
            [
                html.Span(
                    ["Open to", html.Span(f" of {words}", className="visually-hidden")], className="links-expiry-name"
                ),
                dbc.Select(id={"type": Links.AUDIENCE, "link": link.id}, options=options, value=value, size="sm"),
            ],
            className="links-expiry",
        )
    ]
    if value == PEOPLE:
        found.append(
            html.Label(
                [
                    html.Span(
                        ["E-mail addresses", html.Span(f" of {words}", className="visually-hidden")],
                        className="links-expiry-name",
                    ),
                    dbc.Input(
                        id={"type": Links.PEOPLE, "link": link.id},
                        type="text",
                        value=", ".join(emails.get(person, person) for person in link.people),
                        placeholder="You alone: add addresses",
                        debounce=True,
                        size="sm",
                        autocomplete="off",
                    ),
                ],
                className="links-expiry",
            )
        )
    return found


def _expiry(link: Link, now: datetime, words: str) -> html.Label:
    options = [{"value": value, "label": label} for value, label in EXPIRIES]
    value = "never"
    if link.expires_at is not None:
        # What is set now stands first, in its own words: choosing it again changes nothing.
        days = max((link.expires_at - now) // timedelta(days=1), 0)
        value = KEPT
        options.insert(0, {"value": value, "label": "In a day or less" if days < 1 else f"In {days + 1} days"})
    return html.Label(
        [
            html.Span(
                ["Set expiry", html.Span(f" of {words}", className="visually-hidden")], className="links-expiry-name"
            ),
            dbc.Select(
                id={"type": Links.EXPIRY, "link": link.id},
                options=options,
                value=value,
                size="sm",
            ),
        ],
        className="links-expiry",
    )
