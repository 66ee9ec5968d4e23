"""Signing in and out, setting a password through a one-time link, and one's own account."""

from __future__ import annotations

import logging
import threading
from typing import Any

import flask
from flask_wtf.csrf import generate_csrf
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response as BaseResponse

from callbacks.gate import asking, let_in, let_out, place_after, public, session_token
from data.access import RIGHTS, Right, User
from data.delivery.mail import Mail, post
from data.errors import UserError, report_incident
from data.services import Services
from data.store.audit import Act
from data.store.throttle import TooOften
from data.store.tokens import token_rights
from data.warehouse.resellers import read_tree
from layouts.pages import render_page

_log = logging.getLogger(__name__)

_WRONG = "E-mail address and password do not fit: try again, or set a new password."
_TOO_MANY = "Too many attempts"
_ONE_ACCOUNT = "5 per 15 minutes"
"""Failed sign-ins to one account from one network, or from one browser that was signed in to it before."""
_ONE_NETWORK = "30 per 15 minutes"
_EVERYWHERE = "60 per hour"
"""Failed sign-ins to one account from anywhere; a browser that was signed in to it before is not held up by it."""
_RESETS = "5 per hour"
_KNOWN_COOKIE = "known"


def register(server: flask.Flask, services: Services) -> None:
    """Register the addresses of this file on ``server``. With SIGN_IN=none there is nobody to sign in."""
    if services.settings.sign_in == "none":
        return
    known = URLSafeSerializer(str(server.secret_key), salt="known browser")

    def page(message: str = "", *, email: str = "", tone: str = "bad") -> str:
        return render_page(
            "sign_in.html",
            csrf=generate_csrf(),
            message=message,
            tone=tone,
            email=email,
            next=place_after(flask.request.values.get("next")),
            passwords=services.settings.sign_in != "oidc",
            provider=services.settings.oidc_name if services.settings.sign_in in ("oidc", "both") else "",
            demo=_by_company(services),
            nobody=not services.records.users.any() and not services.demo.is_alone(),
        )

    @server.get("/sign-in")
    @public
    def sign_in() -> str:
        return page()

    @server.post("/sign-in", endpoint="try_sign_in")
    @public
    def try_sign_in() -> Any:
        form = flask.request.form
        email, password = form.get("email", "").strip(), form.get("password", "")
        try:
            user = _check(services, email, password, _known_to(known))
        except TooOften as fault:
            answer = flask.make_response(page(fault.message, email=email), 429)
            answer.headers["Retry-After"] = str(fault.seconds)
            return answer
        if user is None:
            return page(_WRONG, email=email), 401
        let_in(services, user, remember=bool(form.get("remember")))
        answer = flask.make_response(flask.redirect(place_after(form.get("next"))))
        # This browser is no stranger to the account any more: an attacker elsewhere cannot lock it out.
        answer.set_cookie(
            _KNOWN_COOKIE,
            str(known.dumps(user.id)),
            max_age=365 * 24 * 3600,
            httponly=True,
            samesite="Lax",
            secure=bool(server.config["SESSION_COOKIE_SECURE"]),
        )
        return answer

    @server.post("/sign-in/demo")
    @public
    def sign_in_demo() -> Any:
        wanted = flask.request.form.get("person", "")
        user = next((item for item in _demo(services) if item.id == wanted), None)
        if user is None:
            return page("The demo accounts are closed: the warehouse holds other data than the demo company's."), 403
        let_in(services, user, how="demo")
        return flask.redirect(place_after(flask.request.form.get("next")))

    @server.post("/sign-out")
    def sign_out() -> BaseResponse:
        let_out(services, everywhere=bool(flask.request.form.get("everywhere")))
        return flask.redirect("/sign-in")

    @server.get("/forgot")
    @public
    def forgot() -> str:
        return _forgot_page(services)

    @server.post("/forgot", endpoint="ask_reset")
    @public
    def ask_reset() -> Any:
        email = flask.request.form.get("email", "").strip()
        address = flask.request.remote_addr or ""
        try:
            services.records.throttle.take(_RESETS, "reset", address, what=_TOO_MANY)
            services.records.throttle.take(_RESETS, "reset", email.casefold()[:100], what=_TOO_MANY)
        except TooOften as fault:
            return _forgot_page(services, fault.message), 429
        services.records.audit.write(Act.RESET_REQUESTED, None, person=email, address=address)
        # Beside the answer: how long it takes must not tell who has an account.
        threading.Thread(target=_mail_reset, args=(services, email), name="reset mail", daemon=True).start()
        return _forgot_page(services, sent=True)

    @server.get("/welcome")
    @public
    def welcome() -> str:
        return render_page("welcome.html", csrf=generate_csrf(), message="")

    @server.post("/welcome", endpoint="set_first_password")
    @public
    def set_first_password() -> Any:
        form = flask.request.form
        try:
            services.records.throttle.take(_ONE_NETWORK, "welcome", flask.request.remote_addr or "", what=_TOO_MANY)
            if form.get("password", "") != form.get("again", ""):
                raise UserError("The two passwords differ: write the same one twice.", field="again")
            user = services.records.users.redeem_ticket(form.get("ticket", ""), form.get("password", ""))
        except UserError as fault:
            return render_page("welcome.html", csrf=generate_csrf(), message=fault.message), 400
        services.records.audit.write(Act.PASSWORD_CHANGED, user, address=flask.request.remote_addr or "", how="link")
        let_in(services, user, how="one-time link")
        return flask.redirect("/")

    @server.get("/account")
    def account() -> str:
        return _account_page(services)

    @server.post("/account", endpoint="change_account")
    def change_account() -> Any:
        form, user = flask.request.form, asking()
        try:
            if user.is_demo:
                raise UserError("The demo accounts have no password to change.", field="password")
            if form.get("password", "") != form.get("again", ""):
                raise UserError("The two passwords differ: write the same one twice.", field="again")
            if _check(services, user.email, form.get("current", ""), user.id) is None:
                raise UserError("The present password is wrong: nothing was changed.", field="current")
            services.records.users.set_password(user, form.get("password", ""))
        except UserError as fault:
            return _account_page(services, fault.message), 400
        services.records.audit.write(Act.PASSWORD_CHANGED, user, address=flask.request.remote_addr or "", how="account")
        let_in(services, user)  # every session ended with the old password
        return _account_page(services, "Your password is changed, and you are signed out everywhere else.", "good")

    @server.post("/account/tokens", endpoint="manage_tokens")
    def manage_tokens() -> Any:
        try:
            message, token = _manage_tokens(services)
        except UserError as fault:
            return _account_page(services, fault.message), 400
        return _account_page(services, message, "good", token=token)

    if services.settings.sign_in in ("oidc", "both"):
        from callbacks import oidc  # it takes a good part of a command's start, and few need it

        oidc.register(server, services)


def _check(services: Services, email: str, password: str, known_to: str | None) -> User | None:
    """The person, None when address or password is wrong. Raises :class:`TooOften` before it looks."""
    throttle, address = services.records.throttle, flask.request.remote_addr or ""
    account = email.casefold()[:100]
    expected = services.records.users.by_email(email) if known_to else None
    familiar = expected is not None and expected.id == known_to
    where = f"browser of {known_to}" if familiar else address
    throttle.check(_ONE_ACCOUNT, "sign-in", account, where, what=_TOO_MANY)
    throttle.check(_ONE_NETWORK, "sign-in", address, what=_TOO_MANY)
    if not familiar:
        throttle.check(_EVERYWHERE, "sign-in to", account, what=_TOO_MANY)
    user = services.records.users.check_password(email, password) if services.settings.sign_in != "oidc" else None
    if user is not None:
        throttle.forgive(_ONE_ACCOUNT, "sign-in", account, where)
        return user
    throttle.count(_ONE_ACCOUNT, "sign-in", account, where)
    throttle.count(_ONE_NETWORK, "sign-in", address)
    throttle.count(_EVERYWHERE, "sign-in to", account)
    services.records.audit.write(Act.SIGN_IN_FAILED, None, person=email, address=address)
    return None


def _known_to(known: URLSafeSerializer) -> str | None:
    """Whose account this browser was signed in to before."""
    try:
        return str(known.loads(flask.request.cookies.get(_KNOWN_COOKIE, "")))
    except BadSignature:
        return None


def _demo(services: Services) -> tuple[User, ...]:
    return services.records.users.demo() if services.demo.is_alone() else ()


def _by_company(services: Services) -> list[tuple[str, list[User]]]:
    """The demo people by company, each with the company's name."""
    people = _demo(services)
    if not people:
        return []
    names = read_tree(services.warehouse).names
    companies: dict[int | None, list[User]] = {}
    for user in people:
        companies.setdefault(user.reseller_id, []).append(user)
    return [("Operator" if id_ is None else names.get(id_, f"Reseller {id_}"), who) for id_, who in companies.items()]


def _forgot_page(services: Services, message: str = "", *, sent: bool = False) -> str:
    return render_page(
        "forgot.html", csrf=generate_csrf(), message=message, sent=sent, mails=bool(services.settings.smtp_host)
    )


def _mail_reset(services: Services, email: str) -> None:
    try:
        found = services.records.users.request_reset(email)
        if found is None or found[0].is_demo:
            return
        user, token = found
        link = f"{services.settings.address}/welcome#{token}"
        post(
            services.settings,
            Mail(
                to=(user.email,),
                subject="Set a new password for Customer Dynamics",
                text=render_page("reset.txt", name=user.name, link=link),
            ),
        )
    except Exception as fault:  # noqa: BLE001 - nobody waits for it; the log has the rest
        report_incident(fault, _log)


def _manage_tokens(services: Services) -> tuple[str, str]:
    """Make or revoke a token of the person's; what to say, and a new token's text."""
    form, user, tokens = flask.request.form, asking(), services.records.tokens
    address = flask.request.remote_addr or ""
    if form.get("act") == "revoke":
        gone = tokens.revoke(user, form.get("token", ""))
        services.records.audit.write(Act.TOKEN_REVOKED, user, gone.name, address=address)
        return f"The token {gone.name} is revoked.", ""
    days = form.get("days", "")
    if not days.isdecimal():
        raise UserError("Give the days that the token is to last as a whole number.", field="days")
    known = {right.value: right for right in Right}
    chosen = [known[name] for name in form.getlist("rights") if name in known]
    made, text = tokens.create(user, form.get("name", ""), chosen, int(days))
    services.records.audit.write(
        Act.TOKEN_MADE, user, made.name, address=address, rights=sorted(made.rights), days=days
    )
    return f"The token {made.name} is made.", text


def _account_page(services: Services, message: str = "", tone: str = "bad", *, token: str = "") -> str:
    user = asking()
    return render_page(
        "account.html",
        csrf=generate_csrf(),
        signed_in=True,
        person=user,
        message=message,
        tone=tone,
        rights=[RIGHTS[right] for right in Right if user.may(right)],
        sessions=services.records.sessions.of(user),
        tokens=services.records.tokens.of(user),
        token_rights=[(right, RIGHTS[right]) for right in Right if right in token_rights(user)],
        token=token,
        right_words=RIGHTS,
        here=services.records.sessions.key_of(session_token() or ""),
    )
