"""A new password by a mailed link: a real mail server takes the mail, over TLS or not, with a login."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import flask
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from app import create_app
from data.settings import Settings
from tests.callbacks.people import PASSWORD, Browser, add_people
from tests.data.delivery.test_worker import Mailbox, free_port


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    box, port = Mailbox(), free_port()

    def check(server: object, session: object, envelope: object, mechanism: str, data: object) -> AuthResult:
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"reports", b"secret")
        return AuthResult(success=good, handled=False)

    server = Controller(
        box, hostname="127.0.0.1", port=port, authenticator=check, auth_require_tls=False, auth_required=True
    )
    server.start()
    yield box, port
    server.stop()


@pytest.fixture
def server(tmp_path: Path, golden_warehouse: str, mailbox: tuple[Mailbox, int]) -> flask.Flask:
    settings = Settings(
        warehouse_url=golden_warehouse,
        var_dir=str(tmp_path / "var"),
        log_level="CRITICAL",
        smtp_host="127.0.0.1",
        smtp_port=mailbox[1],
        smtp_security="none",
        smtp_user="reports",
        smtp_password="secret",
        public_url="http://localhost",
    )
    made = create_app(settings).server
    add_people(made, ("anna", "Manager", None))
    return made


def wait_for(told: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 20
    while not told():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def test_a_forgotten_password_is_set_anew_through_the_mail(server: flask.Flask, mailbox: tuple[Mailbox, int]) -> None:
    browser, (box, _) = Browser(server), mailbox
    said = browser.send("/forgot", "/forgot", email="Anna@example.com").get_data(as_text=True)
    assert "If there is an account for this address" in said
    wait_for(lambda: box.arrived)
    [(address, mail)] = box.arrived
    assert (address, mail["Subject"]) == ("anna@example.com", "Set a new password for Customer Dynamics")
    link = re.search(r"http://localhost/welcome#(\S+)", mail.get_content())
    assert link is not None
    fresh = "another horse battery"
    assert browser.send("/welcome", "/welcome", ticket=link[1], password=fresh, again=fresh).status_code == 302
    assert Browser(server).sign_in("anna@example.com", PASSWORD).status_code == 401
    assert Browser(server).sign_in("anna@example.com", fresh).status_code == 302
    assert browser.send("/sign-in", "/welcome", ticket=link[1], password=fresh, again=fresh).status_code == 400


def test_nobody_learns_who_has_an_account_and_nobody_is_flooded(
    server: flask.Flask, mailbox: tuple[Mailbox, int]
) -> None:
    browser, (box, _) = Browser(server), mailbox
    known = browser.send("/forgot", "/forgot", email="anna@example.com").get_data(as_text=True)
    unknown = browser.send("/forgot", "/forgot", email="nobody@example.com").get_data(as_text=True)

    def plain(page: str) -> str:
        return re.sub(r'value="[^"]*"', "", page)

    assert plain(known) == plain(unknown)
    answers = [browser.send("/forgot", "/forgot", email="anna@example.com").status_code for _ in range(2)]
    assert answers == [200, 200]
    wait_for(lambda: len(box.arrived) == 3)
    # The page has no form after it was sent; the form of another page of theirs carries the same token.
    assert [browser.send("/sign-in", "/forgot", email="anna@example.com").status_code for _ in range(2)] == [200, 429]
