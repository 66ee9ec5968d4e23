"""Administration: who manages users does so, within reach, and every act is in the log."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import flask
import pytest

from app import create_app
from data.access import OPERATOR, User
from data.settings import Settings
from data.store.audit import Search
from tests.callbacks.people import PASSWORD, Browser, add_people, services_of


@pytest.fixture
def server(tmp_path: Path, golden_warehouse: str) -> flask.Flask:
    settings = Settings(warehouse_url=golden_warehouse, var_dir=str(tmp_path / "var"), log_level="CRITICAL")
    return create_app(settings).server


@pytest.fixture
def people(server: flask.Flask) -> dict[str, User]:
    return add_people(
        server, ("mona", "Manager", 2), ("vera", "Viewer", 2), ("carl", "Manager", 3), ("olaf", "Viewer", None)
    )


def signed_in(server: flask.Flask, name: str) -> Browser:
    browser = Browser(server)
    assert browser.sign_in(f"{name}@example.com").status_code == 302
    return browser


def text(answer: object) -> str:
    return re.sub(r"\s+", " ", answer.get_data(as_text=True))


def acts(server: flask.Flask) -> list[tuple[str, str, str]]:
    entries = services_of(server).records.audit.read(OPERATOR, Search())
    return [(entry.act, entry.person, entry.subject) for entry in entries if not entry.act.startswith("signed")]


def test_an_account_is_made_and_its_person_gets_in(server: flask.Flask, people: dict[str, User]) -> None:
    boss = signed_in(server, "boss")
    made = boss.send("/users", "/users", email="New@example.com", name="Newcomer", role="Analyst", company="2")
    link = re.search(r'value="(http://127\.0\.0\.1:8050/welcome#([^"]+))"', made.get_data(as_text=True))
    assert link is not None
    assert "Made the account of new@example.com." in text(made)
    fresh = Browser(server)
    assert fresh.send("/welcome", "/welcome", ticket=link[2], password=PASSWORD, again=PASSWORD).status_code == 302
    assert "Newcomer" in text(fresh.see("/account"))
    assert acts(server)[:2] == [
        ("password changed", "new@example.com", ""),
        ("user created", "boss@example.com", "new@example.com"),
    ]


def test_a_fault_is_said_and_what_was_written_stays(server: flask.Flask, people: dict[str, User]) -> None:
    boss = signed_in(server, "boss")
    refused = boss.send("/users", "/users", email="not an address", name="Somebody", role="Analyst", company="2")
    assert refused.status_code == 400
    assert "is not an e-mail address" in text(refused)
    for kept in ('value="not an address"', 'value="Somebody"', '<option value="2" selected>'):
        assert kept in text(refused)


def test_a_manager_is_offered_and_given_only_what_is_within_reach(server: flask.Flask, people: dict[str, User]) -> None:
    mona = signed_in(server, "mona")
    page = text(mona.see("/users"))
    for email in ("mona@example.com", "vera@example.com"):
        assert email in page
    for email in ("boss@example.com", "carl@example.com", "olaf@example.com"):
        assert email not in page
    assert 'value="Administrator"' not in page
    assert '<option value="">' not in page, "an account of the operator is not hers to give"
    for fields in (
        {"role": "Administrator", "company": "2"},
        {"role": "Viewer", "company": ""},
        {"role": "Viewer", "company": "3"},
    ):
        refused = mona.send("/users", "/users", email="x@example.com", name="X", **fields)
        assert refused.status_code == 400, fields
    assert services_of(server).records.users.by_email("x@example.com") is None
    for outside in ("boss", "carl", "olaf"):
        assert mona.see(f"/users/{people[outside].id}").status_code == 400
        for act in ("change", "invite", "sign out", "deactivate", "reactivate"):
            answer = mona.send(
                "/users", f"/users/{people[outside].id}", act=act, name="Pwned", role="Viewer", company="2"
            )
            assert (answer.status_code, "There is no such account" in text(answer)) == (400, True), (outside, act)
    assert services_of(server).records.users.get(people["carl"].id) == people["carl"]


@pytest.mark.parametrize("path", ["/users", "/links", "/audit", "/audit.csv"])
def test_who_does_not_manage_users_is_told_so(server: flask.Flask, people: dict[str, User], path: str) -> None:
    answer = signed_in(server, "vera").see(path)
    assert answer.status_code == 403
    assert "Your role does not let you manage users" in text(answer)
    assert "/users" not in text(signed_in(server, "vera").see("/account"))


def test_an_account_is_changed_deactivated_and_brought_back(server: flask.Flask, people: dict[str, User]) -> None:
    boss, vera = signed_in(server, "boss"), signed_in(server, "vera")
    place = f"/users/{people['vera'].id}"
    assert "Saved" in text(boss.send(place, place, act="change", name="Vera B.", role="Analyst", company=""))
    assert "Vera B." in text(vera.see("/account"))
    assert "see money" in text(vera.see("/account"))
    assert "Ended 1 session." in text(boss.send(place, place, act="sign out"))
    assert vera.see("/account").status_code == 302
    vera = signed_in(server, "vera")
    assert "Deactivated" in text(boss.send(place, place, act="deactivate"))
    assert vera.see("/account").status_code == 302
    assert vera.sign_in("vera@example.com").status_code == 401
    assert "may sign in again" in text(boss.send(place, place, act="reactivate"))
    assert "welcome#" in text(boss.send(place, place, act="invite"))
    own = f"/users/{people['boss'].id}"
    demoted = boss.send(own, own, act="change", name="Boss", role="Viewer", company="")
    assert "last account that can manage the system" in text(demoted)
    assert "cannot deactivate yourself" in text(boss.send(own, own, act="deactivate"))
    assert boss.send(place, place, act="explode").status_code == 400
    assert [act for act, _, _ in acts(server)] == [
        "one-time link made",
        "user reactivated",
        "sign-in failed",
        "user deactivated",
        "user changed",
    ]


def test_the_log_is_searched_and_exported(server: flask.Flask, people: dict[str, User]) -> None:
    signed_in(server, "vera")
    boss = signed_in(server, "boss")
    assert "vera@example.com" in text(boss.see("/audit?act=signed+in&words=vera"))
    assert "Nothing fits" in text(boss.see("/audit?words=nobody-at-all"))
    wrong = boss.see("/audit?since=yesterday")
    assert (wrong.status_code, "'yesterday' is not a date" in text(wrong).replace("&#39;", "'")) == (400, True)
    exported = boss.see("/audit.csv?act=signed+in")
    rows = list(csv.DictReader(io.StringIO(exported.get_data(as_text=True))))
    assert [row["person"] for row in rows] == ["boss@example.com", "vera@example.com"]
    assert exported.headers["Content-Disposition"] == 'attachment; filename="audit.csv"'
    assert acts(server)[0][0] == "audit exported"
    mona = text(signed_in(server, "mona").see("/audit"))
    assert "vera@example.com" in mona
    assert "boss@example.com" not in mona
