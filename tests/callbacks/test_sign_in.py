"""Who is let in, how, and what keeps the others out."""

from __future__ import annotations

import re
from pathlib import Path

import flask
import pytest
from werkzeug.routing import Rule

from app import create_app
from data.access import OPERATOR
from data.demo_people import CAST
from data.errors import UserError
from data.settings import Settings
from data.store.audit import Search
from tests.callbacks.people import HTML, PASSWORD, Browser, add_people, services_of

ANOTHER = "another horse battery"


@pytest.fixture
def server(tmp_path: Path, golden_warehouse: str) -> flask.Flask:
    settings = Settings(warehouse_url=golden_warehouse, var_dir=str(tmp_path / "var"), log_level="CRITICAL")
    return create_app(settings).server


@pytest.fixture
def browser(server: flask.Flask) -> Browser:
    add_people(server, ("anna", "Manager", None), ("victor", "Viewer", None))
    return Browser(server)


def is_public(server: flask.Flask, rule: Rule) -> bool:
    return getattr(server.view_functions[rule.endpoint], "is_public", False)


def acts(server: flask.Flask) -> list[tuple[str, str]]:
    return [(entry.act, entry.person) for entry in services_of(server).records.audit.read(OPERATOR, Search())]


def test_a_person_signs_in_arrives_where_they_wanted_to_go_and_signs_out(browser: Browser, server: flask.Flask) -> None:
    turned_away = browser.see("/view?id=abc")
    assert (turned_away.status_code, turned_away.location) == (302, "/sign-in?next=%2Fview%3Fid%3Dabc")
    form = browser.see(turned_away.location).get_data(as_text=True)
    assert 'name="next" value="/view?id=abc"' in form
    done = browser.sign_in("Anna@Example.com", next="/view?id=abc")
    assert (done.status_code, done.location) == (302, "/view?id=abc")
    assert browser.see("/").status_code == 200
    assert browser.send("/account", "/sign-out").location == "/sign-in"
    assert browser.see("/").status_code == 302
    assert acts(server) == [("signed out", "anna@example.com"), ("signed in", "anna@example.com")]


@pytest.mark.parametrize("place", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_nobody_is_sent_elsewhere_after_signing_in(browser: Browser, place: str) -> None:
    assert browser.sign_in("anna@example.com", next=place).location == "/"


@pytest.mark.parametrize(("email", "password"), [("anna@example.com", "wrong horse"), ("nobody@example.com", PASSWORD)])
def test_a_wrong_address_and_a_wrong_password_look_alike(browser: Browser, email: str, password: str) -> None:
    refused = browser.sign_in(email, password)
    assert refused.status_code == 401
    assert "E-mail address and password do not fit" in refused.get_data(as_text=True)
    assert f'value="{email}"' in refused.get_data(as_text=True)
    assert browser.see("/").status_code == 302


def test_an_attacker_waits_and_a_colleague_does_not(browser: Browser, server: flask.Flask) -> None:
    attacker = Browser(server, "203.0.113.7")
    assert [attacker.sign_in("anna@example.com", f"guess number {n}").status_code for n in range(5)] == [401] * 5
    held_up = attacker.sign_in("anna@example.com")
    assert held_up.status_code == 429
    assert 880 < int(held_up.headers["Retry-After"]) <= 900
    assert "Too many attempts: wait 15 minutes, then try again." in held_up.get_data(as_text=True)
    assert attacker.sign_in("victor@example.com").status_code == 302, "another account from there is not held up"
    assert browser.sign_in("anna@example.com").status_code == 302, "the account from elsewhere is not held up"


def test_a_browser_that_was_signed_in_before_is_not_held_up_by_others(browser: Browser, server: flask.Flask) -> None:
    assert browser.sign_in("anna@example.com").status_code == 302
    browser.send("/account", "/sign-out")
    throttle = services_of(server).records.throttle
    for _ in range(60):
        throttle.count("60 per hour", "sign-in to", "anna@example.com")
    for _ in range(5):
        throttle.count("5 per 15 minutes", "sign-in", "anna@example.com", "127.0.0.1")
    assert Browser(server).sign_in("anna@example.com").status_code == 429
    assert Browser(server, "198.51.100.1").sign_in("anna@example.com").status_code == 429
    assert browser.sign_in("anna@example.com").status_code == 302


def test_signing_out_everywhere_and_a_new_password_end_other_sessions(browser: Browser, server: flask.Flask) -> None:
    other, third = Browser(server), Browser(server)
    for one in (browser, other, third):
        one.sign_in("anna@example.com")
    changed = browser.send("/account", "/account", current=PASSWORD, password=ANOTHER, again=ANOTHER)
    assert "signed out everywhere else" in changed.get_data(as_text=True)
    assert (browser.see("/account").status_code, other.see("/account").status_code) == (200, 302)
    assert other.sign_in("anna@example.com").status_code == 401
    other.sign_in("anna@example.com", ANOTHER)
    browser.send("/account", "/sign-out", everywhere="yes")
    assert (browser.see("/").status_code, other.see("/").status_code) == (302, 302)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (
            {"current": "wrong horse", "password": ANOTHER, "again": ANOTHER},
            "present password is wrong",
        ),
        (
            {"current": PASSWORD, "password": ANOTHER, "again": "something else here"},
            "two passwords differ",
        ),
        ({"current": PASSWORD, "password": "short", "again": "short"}, "too short"),
    ],
)
def test_a_password_is_changed_only_when_all_fits(browser: Browser, fields: dict[str, str], said: str) -> None:
    browser.sign_in("anna@example.com")
    refused = browser.send("/account", "/account", **fields)
    assert refused.status_code == 400
    assert said in refused.get_data(as_text=True)
    assert browser.see("/account").status_code == 200


def test_deactivation_and_a_new_role_hold_at_the_next_click(browser: Browser, server: flask.Flask) -> None:
    browser.sign_in("anna@example.com")
    users = services_of(server).records.users
    anna = users.by_email("anna@example.com")
    assert anna is not None
    users.change(OPERATOR, anna.id, {}, role="Viewer")
    assert "Your role lets you view reports." in browser.see("/account").get_data(as_text=True)
    users.deactivate(OPERATOR, anna.id, {})
    assert browser.see("/account").status_code == 302


def test_a_one_time_link_lets_its_person_choose_a_password_once(browser: Browser, server: flask.Flask) -> None:
    users = services_of(server).records.users
    boss = users.get(OPERATOR.id)
    assert boss is not None
    new = users.create(boss, "new@example.com", "New", "Viewer")
    ticket = users.issue_ticket(boss, new.id, {})
    fresh = Browser(server)
    differing = fresh.send("/welcome", "/welcome", ticket=ticket, password=PASSWORD, again="something else")
    assert (differing.status_code, "two passwords differ" in differing.get_data(as_text=True)) == (400, True)
    assert fresh.send("/welcome", "/welcome", ticket=ticket, password=PASSWORD, again=PASSWORD).location == "/"
    assert fresh.see("/").status_code == 200
    again = Browser(server).send("/welcome", "/welcome", ticket=ticket, password=PASSWORD, again=PASSWORD)
    assert "used already or has run out" in again.get_data(as_text=True)


def test_cookies_are_out_of_reach_for_scripts_and_other_sites(browser: Browser, tmp_path: Path) -> None:
    cookies = browser.sign_in("anna@example.com", remember="yes").headers.getlist("Set-Cookie")
    named = {cookie.partition("=")[0]: cookie for cookie in cookies}
    for name in ("session", "remember", "known"):
        assert "HttpOnly" in named[name]
        assert "SameSite=Lax" in named[name]
        assert "Secure" not in named[name]
    settings = Settings(var_dir=str(tmp_path / "tls"), public_url="https://reports.example.com", log_level="CRITICAL")
    tls = create_app(settings).server
    add_people(tls)
    answer = Browser(tls).sign_in("boss@example.com", remember="yes")
    assert all("Secure" in cookie for cookie in answer.headers.getlist("Set-Cookie"))


def test_what_changes_something_needs_the_pages_own_token(browser: Browser, server: flask.Flask) -> None:
    assert browser.client.post("/sign-in", data={"email": "anna@example.com", "password": PASSWORD}).status_code == 400
    browser.sign_in("anna@example.com")
    browser.see("/")
    body = {"output": "page-messages.children", "outputs": [], "inputs": [], "changedPropIds": []}
    refused = browser.client.post("/_dash-update-component", json=body)
    assert (refused.status_code, "load it again" in refused.get_json()["error"]) == (400, True)
    assert browser.client.post("/sign-out").status_code == 400
    assert browser.see("/account").status_code == 200


def test_a_script_without_a_session_is_told_so(browser: Browser) -> None:
    for path in ("/_dash-layout", "/_dash-dependencies"):
        answer = browser.client.get(path, headers={"Accept": "application/json"})
        assert (answer.status_code, answer.get_json()) == (
            401,
            {"error": "You are signed out: sign in, then repeat what you did."},
        )
    browser.see("/sign-in")
    assert browser.post_json("/_dash-update-component", {}).status_code == 401


def test_without_accounts_the_page_says_how_to_make_the_first(server: flask.Flask) -> None:
    page = Browser(server).see("/sign-in").get_data(as_text=True)
    assert "flask users create you@example.com" in page
    assert "Sign in as" not in page


def test_demo_people_are_offered_only_while_the_data_is_the_demo_companys(
    server: flask.Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = services_of(server)
    services.records.users.settle_demo(CAST)
    guest = Browser(server)
    assert "Sign in as" not in guest.see("/sign-in").get_data(as_text=True)
    assert guest.send("/sign-in", "/sign-in/demo", person=CAST[0].id).status_code == 403

    demo = [True]
    monkeypatch.setattr(type(services.demo), "is_alone", lambda self: demo[0])
    offered = re.findall(r"Sign in as ([^<]+)<", guest.see("/sign-in").get_data(as_text=True))
    assert offered == [f"{user.name} ({user.role})" for user in CAST]
    assert guest.send("/sign-in", "/sign-in/demo", person=CAST[5].id).status_code == 302
    assert "Jonas Vogel" in guest.see("/account").get_data(as_text=True)
    assert guest.send("/account", "/account", current="", password=PASSWORD, again=PASSWORD).status_code == 400
    demo[0] = False
    assert guest.see("/account").status_code == 302, "other data was loaded: the demo people are out at once"
    assert not services.records.users.any()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"sign_in": "none", "host": "0.0.0.0"}, "SIGN_IN=none lets in whoever reaches the page"),
        ({"sign_in": "maybe"}, "SIGN_IN 'maybe' is unknown"),
        ({"sign_in": "oidc", "oidc_issuer": "https://login.example"}, "needs OIDC_CLIENT_ID, OIDC_CLIENT_SECRET"),
        ({"database_url": "sqlite:///elsewhere.sqlite"}, "SECRET_KEY is needed with DATABASE_URL"),
        ({"secret_key": "short"}, "SECRET_KEY is too short"),
    ],
)
def test_settings_that_would_let_in_whom_nobody_meant_are_refused(
    tmp_path: Path, settings: dict[str, str], said: str
) -> None:
    with pytest.raises(UserError, match=said):
        create_app(Settings(var_dir=str(tmp_path), log_level="CRITICAL", **settings))


def test_without_sign_in_only_the_machine_itself_is_answered(tmp_path: Path) -> None:
    server = create_app(Settings(var_dir=str(tmp_path), sign_in="none", log_level="CRITICAL")).server
    assert Browser(server).see("/").status_code in (200, 503)
    stranger = Browser(server, "192.0.2.1").see("/")
    assert stranger.status_code == 403


def test_the_key_of_an_embedded_installation_is_kept_privately_and_stays(tmp_path: Path) -> None:
    settings = Settings(var_dir=str(tmp_path / "var"), log_level="CRITICAL")
    first, second = create_app(settings).server, create_app(settings).server
    assert first.secret_key == second.secret_key
    assert len(str(first.secret_key)) >= 48
    assert (tmp_path / "var" / "secret.key").stat().st_mode & 0o777 == 0o600


def test_what_is_public_is_named_one_by_one(server: flask.Flask) -> None:
    public = {
        rule.rule
        for rule in server.url_map.iter_rules()
        if getattr(server.view_functions[rule.endpoint], "is_public", False)
    }
    assert public == {
        "/-/bootstrap.css", "/-/icons.css", "/-/favicon.svg", "/-/plain.css", "/-/theme.js", "/-/welcome.js",
        "/-/files.js",
        "/forgot", "/healthz", "/readyz", "/sign-in", "/sign-in/demo", "/welcome",
        "/unsubscribe/<token>",
    }  # fmt: skip


def test_a_signed_out_crawl_finds_nothing(server: flask.Flask, browser: Browser) -> None:
    """Every address, by every method that it takes, and some that do not exist."""
    signed_in = Browser(server)
    signed_in.sign_in("anna@example.com")
    for rule in [*server.url_map.iter_rules()]:
        path = re.sub(r"<[^>]+>", "x", rule.rule)
        if is_public(server, rule):
            continue
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            browser.see("/sign-in")
            token = browser.client.get_cookie("csrf")
            assert token is not None
            answer = browser.client.open(path, method=method, headers=HTML | {"X-CSRFToken": token.value})
            assert answer.status_code == (
                401 if path.startswith(("/_dash", "/-/", "/api/")) or method != "GET" else 302
            ), path
            assert answer.status_code != 302 or answer.location.startswith("/sign-in"), path
    for path in ("/nothing", "/assets/report.css", "/.env", "/var/secret.key", "/view", "/%2e%2e/app.py"):
        assert browser.see(path).status_code == 302, path
