"""The whole page: header, messages, form, report, dialogs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from data.access import Right
from data.acts.form import Opening, opening
from data.errors import NoData, Unreachable, UserError
from data.report.choices import Choices
from data.report.period import today_in
from data.report.reports import utc_now
from data.services import Services
from data.version import VERSION
from layouts import form, links, messages, report, templates
from layouts.attributes import aria
from layouts.controls import icon, still, withheld
from layouts.ids import Links, Page, Stores

_DOCUMENT = """<!DOCTYPE html>
<html lang="en">
    <head>
        <meta charset="UTF-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <script src="THEME"></script>
        <link rel="stylesheet" href="BOOTSTRAP">
        <link rel="stylesheet" href="ICONS">
        <title>{%title%}</title>
        <link rel="icon" type="image/svg+xml" href="FAVICON">
        {%css%}
    </head>
    <body>
        <a class="skip-link" href="#report-section">Skip to the report</a>
        <div class="arriving" aria-hidden="true">
            <p><b>Customer Dynamics</b></p>
            <p class="arriving-words"><span class="spinner"></span> The page is on its way</p>
            <div class="skeleton-figures"><i></i><i></i><i></i><i></i></div>
            <div class="skeleton"><i></i><i></i><i></i><i></i><i></i><i></i></div>
        </div>
        {%app_entry%}
        <noscript>This page needs JavaScript: allow it for this site, then load the page again.</noscript>
        <footer>
            {%config%}
            {%scripts%}
            {%renderer%}
        </footer>
    </body>
</html>"""


def document(addressed: Callable[[str], str]) -> str:
    """The document around the page; ``addressed`` gives the address of a local file.

    The theme is decided before anything is painted, so nothing flashes.
    """
    files = {"THEME": "theme.js", "BOOTSTRAP": "bootstrap.css", "FAVICON": "favicon.svg", "ICONS": "icons.css"}
    text = _DOCUMENT
    for place, name in files.items():
        text = text.replace(place, addressed(name))
    return text


def build(services: Services) -> html.Div:
    """The page as the person who asks finds it: their last settings or their default template in the form.

    Without our own records it is a notice alone. The document has said so before (callbacks/routes.py) unless they
    went away in between; and Dash builds a page at the first request of any kind, which must not fail for that.
    """
    try:
        return _whole(services)
    except UserError as fault:
        return html.Div(messages.notice(fault.message, "bad"), className="page")


def _whole(services: Services) -> html.Div:
    missing = None
    try:
        choices = services.reports.choices(services.user())
    except (NoData, Unreachable) as fault:
        choices, missing = Choices(), fault.message
    opened = opening(services, services.user(), today_in("UTC", utc_now()))
    asked = opened.asked
    query = asked.query.on_day(utc_now())
    return html.Div(
        [
            dcc.Location(id=Page.LOCATION, refresh="callback-nav"),
            dcc.Store(id=Stores.THEME),
            _header(services),
            html.Div(
                _greeting(missing, opened.lost),
                id=Page.MESSAGES,
                className="messages",
                role="status",
                **aria(live="polite"),
            ),
            html.Main(
                [
                    still(html.H1("Customer Dynamics report", className="visually-hidden")),
                    form.panel(
                        query,
                        choices,
                        services.user(),
                        services.settings,
                        today=today_in(query.timezone, utc_now()),
                        first_visit=opened.first_visit,
                        output_type=asked.output,
                        send_to=asked.send_to,
                    ),
                    html.Div(id=Page.BANNER),
                    report.section(services, answers_first=_answers_first(services, opened, missing)),
                ]
            ),
            still(
                html.Footer(
                    [
                        # assets/report/keys.js hears the click.
                        html.Button("Keys", type="button", className="btn btn-quiet btn-sm keys-open"),
                        f"Customer Dynamics {VERSION}",
                    ],
                    className="footer",
                )
            ),
            templates.dialogs(opened.along),
            links.dialogs(),
        ],
        className="page",
    )


def _answers_first(services: Services, opened: Opening, missing: str | None) -> bool:
    return bool(services.settings.answer_first) and opened.at_once and missing is None


def _greeting(missing: str | None, lost: Sequence[str]) -> list[Component]:
    """What a person should know before they begin."""
    if missing is not None:
        return [messages.notice(missing, "warning")]
    return [messages.notice(f"In your saved settings {templates.without(lost)}", "warning")] if lost else []


def _header(services: Services) -> html.Header:
    return html.Header(
        [
            still(html.A("Customer Dynamics", href="/", className="brand")),
            html.Div(templates.buttons(services), className="header-tools"),
            html.Div(
                [
                    html.Button(
                        still(icon("link-45deg"), html.Span("My links")),
                        id=Links.OPEN,
                        type="button",
                        className="btn btn-quiet btn-sm",
                    )
                    if services.user().may(Right.SHARE)
                    else withheld(Links.OPEN),
                    *(_files() if services.user().may(Right.EXPORT) else ()),
                    html.Div(
                        [
                            still(
                                html.Label("Theme", htmlFor=Page.THEME, className="visually-hidden"),
                                icon("circle-half"),
                            ),
                            dbc.Select(
                                id=Page.THEME,
                                options=[
                                    {"value": "system", "label": "System"},
                                    {"value": "light", "label": "Light"},
                                    {"value": "dark", "label": "Dark"},
                                ],
                                value="system",
                                size="sm",
                            ),
                        ],
                        className="theme-switch",
                    ),
                    _person(services),
                ],
                className="header-tools header-end",
            ),
        ],
        className="header",
    )


def _files() -> tuple[Component]:
    words = [icon("download"), html.Span("My files")]
    return (still(html.A(words, href="/files", className="btn btn-quiet btn-sm")),)


def _person(services: Services) -> Component:
    """Who is signed in, and the ways that are theirs; with SIGN_IN=none nobody is."""
    user = services.user()
    content = still(icon("person-circle"), html.Span(user.name, className="person-name"))
    title = f"{user.name} · {user.role}"
    if services.settings.sign_in == "none":
        return still(html.Span([icon("person-circle"), user.name], className="person", title=title))
    ways = [("Account", "/account")]
    if user.may(Right.USERS):
        ways += [("Users", "/users"), ("All links", "/links"), ("Audit log", "/audit")]
    menu: Component = dbc.DropdownMenu(
        [
            dbc.DropdownMenuItem(title, header=True),
            *(dbc.DropdownMenuItem(label, href=address, external_link=True) for label, address in ways),
            dbc.DropdownMenuItem(divider=True),
            # assets/csrf.js hears the click: signing out is a request with the page's token.
            dbc.DropdownMenuItem("Sign out", id=Page.SIGN_OUT),
        ],
        label=content,
        toggle_class_name="btn-quiet btn-sm menu-toggle person",
        class_name="tool-menu person-menu",
        color="quiet",
        caret=False,
        align_end=True,
    )
    return menu
