"""Signing in through an OpenID Connect provider: a real one, which the tests start, speaks the whole protocol."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import flask
import pytest
import requests

from app import create_app
from data.access import OPERATOR
from data.settings import Settings
from data.store.audit import Search
from tests.callbacks.people import HTML, Browser, add_people, services_of

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of the provider's own packages
    import oidc_provider_mock

PEOPLE = (
    {"sub": "anna-1", "claims": {"email": "anna@example.com", "email_verified": True}},
    {"sub": "eve-1", "claims": {"email": "victor@example.com", "email_verified": False}},
    {"sub": "stranger-1", "claims": {"email": "stranger@example.com", "email_verified": True}},
    {"sub": "other-anna", "claims": {"email": "anna@example.com", "email_verified": True}},
)


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    users = [oidc_provider_mock.User(sub=item["sub"], claims=item["claims"]) for item in PEOPLE]
    with oidc_provider_mock.run_server_in_thread(user_claims=users) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def make_server(tmp_path: Path, golden_warehouse: str, issuer: str) -> Callable[..., flask.Flask]:
    def make(**more: str) -> flask.Flask:
        chosen: dict[str, Any] = {
            "sign_in": "both",
            "oidc_issuer": issuer,
            "oidc_client_id": "customer-dynamics",
            "oidc_client_secret": "a secret",
            "public_url": "http://localhost",
        }
        settings = Settings(
            warehouse_url=golden_warehouse, var_dir=str(tmp_path / "var"), log_level="CRITICAL", **chosen | more
        )
        server = create_app(settings).server
        add_people(server, ("anna", "Manager", None), ("victor", "Viewer", None))
        return server

    return make


def sign_in(browser: Browser, subject: str, wanted: str = "/") -> Any:
    """Go to the provider, say who one is there, and come back; the answer of the way back."""
    there = browser.see(f"/sign-in/provider?next={wanted}")
    assert there.status_code == 302
    assert "code_challenge_method=S256" in there.location
    allowed = requests.post(there.location, data={"sub": subject}, allow_redirects=False, timeout=10)
    assert allowed.status_code == 302, allowed.text
    back = urlsplit(allowed.headers["Location"])
    assert back.path == "/sign-in/back"
    return browser.see(f"{back.path}?{back.query}")


def test_a_person_comes_in_by_their_verified_address_and_then_by_their_subject(make_server: Any) -> None:
    server = make_server()
    browser = Browser(server)
    assert "Sign in with your company account" in browser.see("/sign-in").get_data(as_text=True)
    back = sign_in(browser, "anna-1", "/view?id=abc")
    assert (back.status_code, back.location) == (302, "/view?id=abc")
    assert "anna@example.com" in browser.see("/account").get_data(as_text=True)
    again = Browser(server)
    assert sign_in(again, "anna-1").status_code == 302
    entries = services_of(server).records.audit.read(OPERATOR, Search(act="signed in"))
    assert [(entry.person, entry.detail["how"]) for entry in entries] == [("anna@example.com", "provider")] * 2
    taken = sign_in(Browser(server), "other-anna")
    assert taken.status_code == 403, "another person of the provider does not take the account over"


@pytest.mark.parametrize("subject", ["eve-1", "stranger-1"])
def test_an_unverified_address_and_a_stranger_get_nowhere(make_server: Any, subject: str) -> None:
    server = make_server()
    browser = Browser(server)
    refused = sign_in(browser, subject)
    assert refused.status_code == 403
    assert "There is no account for you here" in refused.get_data(as_text=True)
    assert browser.see("/account").status_code == 302
    assert [entry.act for entry in services_of(server).records.audit.read(OPERATOR, Search())] == ["sign-in failed"]


def test_an_answer_that_was_not_asked_for_is_not_taken(make_server: Any) -> None:
    server = make_server()
    mine, theirs = Browser(server), Browser(server)
    there = theirs.see("/sign-in/provider").location
    allowed = requests.post(there, data={"sub": "anna-1"}, allow_redirects=False, timeout=10)
    back = urlsplit(allowed.headers["Location"])
    forged = mine.see(f"{back.path}?{back.query}")
    assert forged.status_code == 401, "it belongs to the browser that began"
    assert mine.see("/account").status_code == 302
    assert mine.see("/sign-in/back?error=access_denied&state=x").status_code == 401


def test_with_a_provider_alone_no_password_is_taken(make_server: Any) -> None:
    server = make_server(sign_in="oidc")
    browser = Browser(server)
    page = browser.see("/sign-in").get_data(as_text=True)
    assert 'name="password"' not in page
    browser.see("/forgot")
    cookie = browser.client.get_cookie("csrf")
    assert cookie is not None
    fields = {"email": "anna@example.com", "password": "correct horse battery"}
    tried = browser.client.post("/sign-in", data=fields, headers=HTML | {"X-CSRFToken": cookie.value})
    assert tried.status_code == 401


def test_a_provider_that_is_away_is_told(make_server: Any) -> None:
    away = make_server(oidc_issuer="http://127.0.0.1:9")
    answer = Browser(away).see("/sign-in/provider")
    assert answer.status_code == 503
    assert "does not answer" in answer.get_data(as_text=True)
