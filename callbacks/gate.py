"""Who is let in: every request needs somebody signed in, unless its view was said to be public here.

The browser holds a signed cookie with a session's random token (data/store/sessions.py); who it belongs to, and what
they may do, is looked up for each request, so that a change of role or a deactivation holds at the next click.
"""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar, cast
from urllib.parse import quote

import flask
import flask_login
from dash import html
from dash.development.base_component import Component
from flask_wtf.csrf import CSRFError, CSRFProtect, generate_csrf
from werkzeug.wrappers import Response as BaseResponse

from data.access import OPERATOR, NotAllowed, Right, User
from data.errors import NoData, Unreachable, UserError
from data.secret import secret_key
from data.services import Services
from data.settings import Settings
from data.store.audit import Act
from data.store.contents import LinkDamaged
from data.store.jobs import JobGone
from data.store.links import LinkGone
from data.store.schedules import ScheduleGone
from data.store.templates import TemplateGone
from data.store.throttle import TooOften
from data.store.users import token_digest
from layouts.pages import render_page

SIGN_INS = ("password", "oidc", "both", "none")
CSRF_COOKIE = "csrf"
"""What assets/csrf.js reads, and sends with every request that may change something."""

_UNCHANGING = ("GET", "HEAD", "OPTIONS")
_View = TypeVar("_View", bound=Callable[..., Any])


def public(view: _View) -> _View:
    """Let everybody reach a view, signed in or not."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


class SignedIn(flask_login.UserMixin):  # type: ignore[misc]
    """What Flask-Login keeps: a person, and the token of the session in which they are signed in."""

    def __init__(self, user: User, token: str) -> None:
        self.user = user
        self.token = token

    def get_id(self) -> str:
        """What the cookie holds."""
        return self.token


def check_sign_in(settings: Settings) -> None:
    """Raises :class:`UserError` for settings that would let in whom nobody meant to."""
    if settings.sign_in not in SIGN_INS:
        raise UserError(f"SIGN_IN {settings.sign_in!r} is unknown: use one of {', '.join(SIGN_INS)}.")
    if settings.sign_in == "none" and not is_loopback(settings.host):
        raise UserError(
            f"SIGN_IN=none lets in whoever reaches the page, so it is for one person on their own machine: serve on "
            f"HOST=127.0.0.1 instead of {settings.host}, or let people sign in."
        )
    if settings.sign_in in ("oidc", "both"):
        needed = ("oidc_issuer", "oidc_client_id", "oidc_client_secret")
        missing = [name.upper() for name in needed if not getattr(settings, name)]
        if missing:
            raise UserError(f"SIGN_IN={settings.sign_in} needs {', '.join(missing)}.")


def is_loopback(address: str) -> bool:
    """Whether an address or its name is of this machine alone."""
    if address.casefold() == "localhost":
        return True
    try:
        return ipaddress.ip_address(address.strip("[]").partition("%")[0]).is_loopback
    except ValueError:
        return False


def asking() -> User:
    """The person who is signed in; for the ``who`` of :class:`Services`. Refuses (401) where nobody is."""
    if (bearer := flask.g.get("bearer")) is not None:
        return cast("User", bearer)
    person = flask_login.current_user
    if not isinstance(person, SignedIn):
        flask.abort(401)
    return person.user


def asked_from() -> str:
    """The address that the request came from, for the ``where`` of :class:`Services`; "" outside of one."""
    return (flask.request.remote_addr or "") if flask.has_request_context() else ""


def or_nothing(build: Callable[[], Component], settings: Settings) -> Callable[[], Component]:
    """``build`` for a page, made so that it waits for somebody who may see one.

    Dash builds the page at a process's first request, whoever makes it; a person is sent theirs behind the gate.
    """

    def build_for_person() -> Component:
        return build() if settings.sign_in == "none" or session_token() else html.Div()

    return build_for_person


def session_token() -> str | None:
    """The token of the session in which the person is signed in."""
    person = flask_login.current_user
    return person.token if isinstance(person, SignedIn) else None


def let_in(services: Services, user: User, *, remember: bool = False, how: str = "password") -> None:
    """Sign ``user`` in, in the browser that asks."""
    request = flask.request
    token = services.records.sessions.open(
        user, remember=remember, address=request.remote_addr or "", browser=request.user_agent.string
    )
    flask.session.clear()  # a new session, and a new CSRF token with it
    flask_login.login_user(SignedIn(user, token), remember=remember)
    services.records.audit.write(Act.SIGN_IN, user, address=request.remote_addr or "", how=how)


def let_out(services: Services, *, everywhere: bool = False) -> None:
    """Sign the person out here, or in every browser."""
    person = flask_login.current_user
    if not isinstance(person, SignedIn):
        return
    address = flask.request.remote_addr or ""
    if everywhere:
        ended = services.records.sessions.end_all(person.user)
        services.records.audit.write(Act.SIGN_OUT_EVERYWHERE, person.user, address=address, sessions=ended)
    else:
        services.records.sessions.end(person.token)
        services.records.audit.write(Act.SIGN_OUT, person.user, address=address)
    flask_login.logout_user()
    flask.session.clear()


def place_after(target: str | None) -> str:
    """Where to go after signing in: a place of ours, home unless ``target`` is one."""
    if not target or not target.startswith("/") or target.startswith("//") or "\\" in target or "\n" in target:
        return "/"
    return target


def register(server: flask.Flask, services: Services, *, serves: bool) -> None:
    """Put the gate before everything that ``server`` answers. One that does not serve people needs no lasting key."""
    settings = services.settings
    secure = settings.public_url.startswith("https://")
    if serves:
        check_sign_in(settings)
    server.secret_key = secret_key(settings) if serves else secrets.token_urlsafe(48)
    server.config.update(
        SESSION_COOKIE_NAME="session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        REMEMBER_COOKIE_NAME="remember",
        REMEMBER_COOKIE_HTTPONLY=True,
        REMEMBER_COOKIE_SAMESITE="Lax",
        REMEMBER_COOKIE_SECURE=secure,
        REMEMBER_COOKIE_DURATION=timedelta(days=settings.remember_days),
        WTF_CSRF_TIME_LIMIT=None,  # it lasts as long as the session it belongs to
        WTF_CSRF_SSL_STRICT=False,  # the origin is checked for every request, with and without TLS
    )
    CSRFProtect(server)
    manager = flask_login.LoginManager(server)
    manager.session_protection = None  # an address that changes on a train is no reason to sign somebody out

    @manager.user_loader  # type: ignore[untyped-decorator]
    def find_person(token: str) -> SignedIn | None:
        user = services.records.sessions.user(token)
        if user is None or (user.is_demo and not services.demo.is_alone()):
            return None
        return SignedIn(user, token)

    @server.before_request
    def keep_out() -> BaseResponse | tuple[Any, int] | None:
        request = flask.request
        if request.path.startswith(API) and (refused := _take_bearer(services)) is not None:
            return refused
        if settings.sign_in == "none":
            if not is_loopback(request.remote_addr or "127.0.0.1"):
                return render_page("message.html", title="Not here", text="This page is for its own machine only."), 403
            return None
        view = server.view_functions.get(request.endpoint or "")
        if getattr(view, "is_public", False):
            return None
        if flask.g.get("bearer") is not None:
            return None
        if request.path.startswith(API) and request.endpoint != API_DOCUMENT:
            return {"error": "Give a personal access token: Authorization: Bearer cdt_…"}, 401
        if not isinstance(flask_login.current_user, SignedIn):
            return _signed_out()
        if not flask_login.current_user.user.may(Right.VIEW) and request.endpoint not in _WITHOUT_REPORTS:
            text = NotAllowed(Right.VIEW).message
            return render_page("message.html", title="No reports for you", text=text, signed_in=True), 403
        return None

    @server.errorhandler(UserError)
    def say_fault(fault: UserError) -> tuple[Any, int]:
        """What a person can put right, in one sentence; the page's own callbacks say it themselves."""
        if isinstance(fault, NotAllowed) and not fault.noted:
            services.note(Act.REFUSED, services.user(), flask.request.path, right=fault.right.value)
        status = next((code for kinds, code in _STATUSES if isinstance(fault, kinds)), 400)
        if _wants_page():
            return render_page("message.html", title=_TITLES[status], text=fault.message), status
        return {"error": fault.message, "field": fault.field}, status

    @server.after_request
    def hand_out_token(response: flask.Response) -> flask.Response:
        """Give the page the token that its requests must carry, whenever a document is sent."""
        if response.mimetype == "text/html":
            response.set_cookie(CSRF_COOKIE, generate_csrf(), samesite="Lax", secure=secure)
        return response

    @server.errorhandler(CSRFError)
    def refuse_forgery(_fault: CSRFError) -> tuple[Any, int]:
        text = "The page was open for long or came from elsewhere: load it again, then repeat what you did."
        if _wants_page():
            return render_page("message.html", title="Not done", text=text), 400
        return {"error": text}, 400


API, API_DOCUMENT = "/api/", "api-docs.openapi_json"
"""Where programs ask, and the one thing there that a signed-in person may read without a token."""

_STATUSES: tuple[tuple[tuple[type[UserError], ...], int], ...] = (
    ((Unreachable, NoData), 503),
    ((NotAllowed,), 403),
    ((LinkGone, JobGone, TemplateGone, ScheduleGone), 404),
    ((LinkDamaged,), 500),
    ((TooOften,), 429),
)
_TITLES = {
    400: "Not done",
    403: "Not for you",
    404: "Nothing here",
    429: "Too often",
    500: "This report is damaged",
    503: "Not now",
}

_WITHOUT_REPORTS = frozenset({"sign_out", "account"})
"""What a person without the right to view reports may still reach."""


def token_key() -> str:
    """Whose requests are counted together: a token's, or what comes from one address without any."""
    header = flask.request.headers.get("Authorization", "")
    return token_digest(header).hex()[:32] if header else flask.request.remote_addr or ""


def _take_bearer(services: Services) -> tuple[Any, int] | None:
    """Let the holder of a token in as the person it acts for; an answer where the token is none."""
    kind, _, text = flask.request.headers.get("Authorization", "").partition(" ")
    if not text:
        return None
    user = services.records.tokens.user(text.strip()) if kind.casefold() == "bearer" else None
    if user is None or (user.is_demo and not services.demo.is_alone()):
        services.records.throttle.take("30 per 15 minutes", "bearer", flask.request.remote_addr or "", what=_REFUSED)
        return {"error": "The token is not valid: it may have expired or been revoked. Make a new one."}, 401
    flask.g.bearer = user
    return None


_REFUSED = "Too many tokens that are none"


def _wants_page() -> bool:
    """Whether a person is to read the answer, and not a script."""
    if flask.request.path.startswith(("/_dash", "/-/", "/api/")):
        return False
    accepts = flask.request.accept_mimetypes
    return accepts.best_match(["text/html", "application/json"], default="text/html") == "text/html"


def _signed_out() -> BaseResponse | tuple[Any, int]:
    """A person goes to the sign-in page, and comes back to where they wanted to go; a script is told."""
    request = flask.request
    if request.method in ("GET", "HEAD") and _wants_page():
        wanted = request.full_path.rstrip("?")
        return flask.redirect("/sign-in" if wanted == "/" else f"/sign-in?next={quote(wanted, safe='')}")
    return {"error": "You are signed out: sign in, then repeat what you did."}, 401


def local_operator() -> User:
    """Who asks with SIGN_IN=none."""
    return OPERATOR
