"""Which requests are let in, by the host they ask, the page they come from and their size; and what may be kept.

A browser sends whatever page it shows to any address: a page elsewhere that rebinds its own name to this machine's
address would be answered like our own, were it not for the host that it still asks for.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import flask
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as BaseResponse

from data.settings import Settings

BODY_BYTES = 2 * 1024 * 1024
"""The largest body that is read. What the page sends is a question, never the answer."""

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - compared, not bound  # nosec B104
_PROBES = frozenset({"/healthz", "/readyz"})
"""Answered whatever host is asked: a load balancer asks by address. They tell nothing about the data."""
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_FILES = ("/assets/", "/-/", "/_dash-component-suites/")
"""Files of the program, the same for everybody. All other answers are one person's."""


def trusted_hosts(settings: Settings) -> tuple[str, ...]:
    """The names and addresses by which this installation may be asked, in small letters and without ports."""
    named = [_bare(part) for part in settings.trusted_hosts.split(",") if part.strip()]
    own = [] if settings.host in _EVERYWHERE else [_bare(settings.host)]
    public = [urlsplit(settings.public_url).hostname or ""] if settings.public_url else []
    return tuple(dict.fromkeys(filter(None, [*_LOOPBACK, *own, *public, *named])))


def register(server: flask.Flask, settings: Settings) -> None:
    """Let ``server`` refuse what is not for it. To be called before anything else looks at requests."""
    hosts = trusted_hosts(settings)
    server.config["MAX_CONTENT_LENGTH"] = BODY_BYTES
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        fixed = ProxyFix(server.wsgi_app, x_for=count, x_proto=count, x_host=count)
        server.wsgi_app = fixed  # type: ignore[method-assign]

    @server.before_request
    def refuse_strangers() -> None:
        request = flask.request
        if request.path in _PROBES:
            return
        if not _is_trusted(request.headers.get("Host", ""), hosts):
            flask.abort(
                400,
                "This name is not one of this server's: its administrator adds it to TRUSTED_HOSTS, if it should be.",
            )
        if request.method not in _SAFE and not _comes_from_here(request):
            flask.abort(
                403,
                "This request came from a page of another address. Behind a proxy, the proxy must pass on the Host "
                "that was asked.",
            )
        if (request.content_length or 0) > BODY_BYTES:
            flask.abort(413)

    @server.errorhandler(HTTPException)
    def say_plainly(fault: HTTPException) -> BaseResponse:
        """One sentence, whoever asked."""
        answer = fault.get_response()
        if fault.response is None and answer.status_code >= 400:
            text = "The request is larger than anything this page sends." if fault.code == 413 else fault.description
            answer.set_data(f"{text}\n")
            answer.mimetype = "text/plain"
        return answer

    @server.after_request
    def keep_nothing(response: flask.Response) -> flask.Response:
        if not flask.request.path.startswith(_FILES):
            response.headers["Cache-Control"] = "no-store, private"
        return response


def _bare(name: str) -> str:
    return name.strip().strip("[]").lower().rstrip(".")


def _is_trusted(host: str, hosts: tuple[str, ...]) -> bool:
    """Whether a Host header names one of ``hosts``; one that begins with a dot stands for all names below it."""
    if "*" in hosts:
        return True
    try:
        parts = urlsplit(f"//{host}")
        name = (parts.hostname or "").rstrip(".")
        plain = parts.netloc == host and "@" not in host and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
    return plain and any(
        name == known or (known.startswith(".") and (name == known[1:] or name.endswith(known))) for known in hosts
    )


def _comes_from_here(request: flask.Request) -> bool:
    origin = request.headers.get("Origin")
    if origin is None:
        # Browsers tell one of the two with every POST; programs neither.
        return request.headers.get("Sec-Fetch-Site", "none") in {"same-origin", "none"}
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and _authority(parts.netloc) == _authority(request.host)


def _authority(text: str) -> str:
    """Host and port, without a port that goes without saying: a proxy before us may speak TLS."""
    return text.lower().removesuffix(":443").removesuffix(":80")
