"""Signing in through an OpenID Connect provider, by settings. The protocol is the package Authlib's."""

from __future__ import annotations

import logging
from typing import Any

import flask
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth
from requests import RequestException

from callbacks.gate import let_in, place_after, public
from data.errors import report_incident
from data.services import Services
from data.store.audit import Act
from layouts.pages import render_page

_log = logging.getLogger(__name__)


def register(server: flask.Flask, services: Services) -> None:
    """Register the two addresses of the sign-in: the way to the provider, and the way back."""
    settings = services.settings
    provider = OAuth(server).register(
        "provider",
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
        server_metadata_url=f"{settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid email profile", "code_challenge_method": "S256"},
    )

    @server.get("/sign-in/provider")
    @public
    def to_provider() -> Any:
        flask.session["next"] = place_after(flask.request.args.get("next"))
        try:
            return provider.authorize_redirect(f"{settings.address}/sign-in/back")
        except (RequestException, AuthlibBaseError) as fault:
            return _refused(f"{settings.oidc_name} does not answer (incident {report_incident(fault, _log)})", 503)

    @server.get("/sign-in/back")
    @public
    def from_provider() -> Any:
        wanted = place_after(flask.session.get("next"))
        try:
            token = provider.authorize_access_token()
        except (RequestException, AuthlibBaseError) as fault:
            _log.warning("The provider's answer was not taken: %s", fault)
            return _refused("The sign-in was not completed", 401)
        claims = token.get("userinfo") or {}
        subject = str(claims.get("sub") or "")
        email = str(claims.get("email") or "") if claims.get("email_verified") is True else None
        address = flask.request.remote_addr or ""
        user = services.records.users.by_identity(f"{claims.get('iss')} {subject}", email) if subject else None
        if user is None:
            person = str(claims.get("email") or subject)
            services.records.audit.write(Act.SIGN_IN_FAILED, None, person=person, address=address, how="provider")
            return _refused("There is no account for you here", 403)
        let_in(services, user, how="provider")
        return flask.redirect(wanted)


def _refused(text: str, status: int) -> tuple[str, int]:
    return (
        render_page("message.html", title="Not signed in", text=f"{text}: try again, or ask your administrator."),
        status,
    )
