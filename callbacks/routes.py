"""Addresses beside the page itself: local style sheets and icons, health; and the headers that go with every answer."""

from __future__ import annotations

import hashlib
import logging
import re
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import dash
import flask
import flask_bootstrap
from markupsafe import escape
from werkzeug.test import create_environ, run_wsgi_app
from werkzeug.wrappers import Response as BaseResponse

from callbacks.gate import public
from data import events
from data.disk import check_writable, close_to_others
from data.errors import Damaged, DiskRefuses, NoData, Unreachable, UserError
from data.services import Services
from data.settings import Settings
from data.version import VERSION
from layouts.controls import ICONS
from layouts.links import plain_page

_log = logging.getLogger(__name__)

ASSETS = Path(__file__).resolve().parent.parent / "assets"
"""The folder of style sheets and scripts that Dash puts on the page."""

_BOOTSTRAP = Path(flask_bootstrap.__file__).parent / "static" / "bootstrap5"
_YEAR = "public, max-age=31536000, immutable"
_CACHES = ("FileSystemCache", "SimpleCache", "RedisCache", "NullCache")


def cache_config(settings: Settings) -> dict[str, Any]:
    """Flask-Caching's configuration. The folder of the default is private: what is in it is unpickled.

    Without such a folder there is no cache: commands that only read need none, and a server does not start.
    """
    kind = settings.cache_type or "FileSystemCache"
    if kind not in _CACHES:
        raise UserError(f"CACHE_TYPE {kind!r} is not supported: use one of {', '.join(_CACHES)}.")
    config: dict[str, Any] = {"CACHE_TYPE": kind, "CACHE_DEFAULT_TIMEOUT": settings.cache_seconds}
    if kind == "FileSystemCache":
        folder = settings.folder / "cache"
        try:
            check_writable(folder)
            close_to_others(folder)
        except DiskRefuses:
            return {"CACHE_TYPE": "NullCache", "CACHE_NO_NULL_WARNING": True}
        config |= {"CACHE_DIR": str(folder), "CACHE_THRESHOLD": 2000, "CACHE_OPTIONS": {"mode": 0o600}}
    elif kind == "RedisCache":
        if not settings.redis_url:
            raise UserError("CACHE_TYPE=RedisCache needs REDIS_URL, like redis://localhost:6379/0.")
        config |= {"CACHE_REDIS_URL": settings.redis_url, "CACHE_KEY_PREFIX": "customer-dynamics:"}
    elif kind == "NullCache":
        config["CACHE_NO_NULL_WARNING"] = True
    return config


def register(app: dash.Dash, services: Services) -> None:
    """Add the addresses and headers to the server of ``app``."""
    server: flask.Flask = app.server
    server.wsgi_app = _FirstAlone(server.wsgi_app)  # type: ignore[method-assign]
    policy: list[str] = []
    for name, (content, kind) in _files().items():
        server.add_url_rule(f"/-/{name}", f"file {name}", public(_sender(content, kind)))

    @server.before_request
    def check_records() -> tuple[str, int] | None:
        """Without our own records nothing on the page would work: better one sentence than a page of that kind."""
        if flask.request.path != "/":
            return None
        try:
            with services.records.database.reading():
                return None
        except UserError as fault:
            return plain_page("No reports can be made now", escape(fault.message), "Try again"), 503

    @server.get("/healthz")
    @public
    def healthz() -> tuple[dict[str, str], int]:
        """Whether this server can answer: 200 with the version of the data, 503 when there is none to be had."""
        try:
            with services.warehouse.read() as reading:
                state = {"status": "ok", "version": VERSION, "data_version": reading.version}
        except NoData as fault:
            return {"status": "no data", "message": fault.message}, 503
        except Damaged as fault:
            return {"status": "damaged", "message": fault.message}, 503
        except Unreachable as fault:
            return {"status": "unreachable", "message": fault.message}, 503
        if services.reports.shelf.trouble is not None:
            state["cache"] = "failing"
        return state, 200

    if services.settings.metrics_path:
        exposition = events.open_figures()

        @server.get(services.settings.metrics_path)
        @public  # who collects figures cannot sign in; they name neither people nor questions
        def figures() -> flask.Response:
            """What Prometheus reads."""
            text, kind = exposition()
            return flask.Response(text, content_type=kind)

    @server.get("/readyz")
    @public
    def readyz() -> tuple[dict[str, str], int]:
        """Whether everything that people's questions need is there; what is not is told to the log alone."""
        missing = _missing(server, services)
        for what in missing:
            _log.warning("Not ready: %s", what)
        return ({"status": "not ready"}, 503) if missing else ({"status": "ready"}, 200)

    @server.after_request
    def add_headers(response: flask.Response) -> flask.Response:
        """Nothing from other hosts, no scripts but ours, and no address of ours told to others."""
        if not policy:  # known once every callback is registered, and the same from then on
            policy.append(_policy(app))
        response.headers.setdefault("Content-Security-Policy", policy[0])
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["X-Frame-Options"] = "SAMEORIGIN"
        return response


def _missing(server: flask.Flask, services: Services) -> list[str]:
    """What cannot be reached, in a sentence each."""
    told: list[str] = []
    try:
        with services.warehouse.read():
            pass
    except UserError as fault:
        told.append(fault.message)
    try:
        with services.records.database.reading():
            pass
    except UserError as fault:
        told.append(fault.message)
    if not services.queue.is_reachable():
        told.append("The task queue cannot be reached.")
    (cache,) = server.extensions["cache"]
    try:
        works = cache.set("ready", True, timeout=60) is not False
    except Exception:  # noqa: BLE001 - whatever its kind of cache raises
        works = False
    return told if works else [*told, "The cache cannot be written."]


class _FirstAlone:
    """Lets one request finish before any other begins.

    Dash sets itself up in it without a guard: a browser that got the document from one server process asks another,
    fresh one for a dozen scripts at once, and those that came second were told that they do not exist.
    """

    def __init__(self, application: Any) -> None:
        self._application = application
        self._lock = threading.Lock()
        self._ready = False

    def __call__(self, environ: Any, start_response: Any) -> Any:
        if not self._ready:
            with self._lock:
                if not self._ready:
                    # One of our own, so that nobody waits for a body that comes slowly.
                    run_wsgi_app(self._application, create_environ(addressed("theme.js")))
                    self._ready = True
        return self._application(environ, start_response)


def addressed(name: str) -> str:
    """The address of one of our local files, which changes when its content does."""
    content, _ = _files()[name]
    return f"/-/{name}?v={hashlib.sha256(content).hexdigest()[:12]}"


def _policy(app: dash.Dash) -> str:
    scripts = " ".join(["'self'", *app.csp_hashes()])
    return (
        f"default-src 'self'; script-src {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        "font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; "
        "frame-ancestors 'self'"
    )


def _sender(content: bytes, kind: str) -> Callable[[], BaseResponse]:
    tag = hashlib.sha256(content).hexdigest()[:16]

    def send() -> BaseResponse:
        response = flask.Response(content, mimetype=kind)
        response.set_etag(tag)
        # An address with the content's own version may be kept for ever; a bare one is asked for again.
        response.headers["Cache-Control"] = _YEAR if flask.request.args.get("v") else "no-cache"
        return response.make_conditional(flask.request)

    return send


@cache
def _files() -> dict[str, tuple[bytes, str]]:
    """What is served beside Dash's own assets, by name: content and type."""
    # The map is not shipped: without the note browsers' tools do not ask for it.
    css = (_BOOTSTRAP / "css" / "bootstrap.min.css").read_text("utf-8")
    css = re.sub(r"/\*# sourceMappingURL=.*?\*/", "", css)
    return {
        "bootstrap.css": (css.encode(), "text/css"),
        "icons.css": (_icons().encode(), "text/css"),
        "favicon.svg": ((ASSETS / "favicon.svg").read_bytes(), "image/svg+xml"),
        "plain.css": (
            b"\n".join((ASSETS / name).read_bytes() for name in ("tokens.css", "plain/plain.css")),
            "text/css",
        ),
        "files.js": ((ASSETS / "plain" / "files.js").read_bytes(), "text/javascript"),
        "welcome.js": ((ASSETS / "plain" / "welcome.js").read_bytes(), "text/javascript"),
        "theme.js": ((ASSETS / "theme.js").read_bytes(), "text/javascript"),
    }


def _icons() -> str:
    """A style sheet with the icons in use, cut from the installed sprite (a megabyte that no visit should pay for)."""
    sprite = (_BOOTSTRAP / "icons" / "bootstrap-icons.svg").read_text("utf-8")
    rules = []
    for name in ICONS:
        match = re.search(rf'<symbol class="[^"]*" viewBox="([^"]*)" id="{re.escape(name)}">(.*?)</symbol>', sprite)
        if match is None:
            raise ValueError(f"The installed icons have none named {name}.")
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{match[1]}">{match[2]}</svg>'
        rules.append(
            f'.icon-{name}{{--icon:url("data:image/svg+xml,{quote(svg, safe=" =:/<>")}")}}'.replace("<", "%3C").replace(
                ">", "%3E"
            )
        )
    return "\n".join(rules)
