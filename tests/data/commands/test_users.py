"""`flask users`: accounts from the command line, as an administrator of a fresh installation makes them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from data.commands.users import users
from data.settings import Settings
from data.store.records import open_records
from data.store.users import TicketGone


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setenv("VAR_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("PUBLIC_URL", "https://reports.example.com/")
    return lambda *arguments, given=None: CliRunner().invoke(users, arguments, input=given)


def test_the_first_account_comes_with_a_link_to_set_its_password(run: Callable[..., Result], tmp_path: Path) -> None:
    made = run("create", "Anna@example.com", "--name", "Anna")
    assert made.exit_code == 0, made.output
    first, second = made.output.splitlines()
    assert first == "Made the account of anna@example.com (Administrator)."
    link = second.removeprefix("To set a password, within 7 days: ")
    assert link.startswith("https://reports.example.com/welcome#")
    records = open_records(Settings(var_dir=str(tmp_path / "var")))
    assert records.users.redeem_ticket(link.partition("#")[2], "correct horse battery").name == "Anna"
    with pytest.raises(TicketGone):
        records.users.redeem_ticket(link.partition("#")[2], "correct horse battery")


def test_a_password_may_come_from_standard_input(run: Callable[..., Result], tmp_path: Path) -> None:
    made = run("create", "anna@example.com", "--password-stdin", given="correct horse battery\n")
    assert made.output == "Made the account of anna@example.com (Administrator).\n"
    records = open_records(Settings(var_dir=str(tmp_path / "var")))
    assert records.users.check_password("anna@example.com", "correct horse battery") is not None


def test_accounts_are_listed_changed_and_deactivated(run: Callable[..., Result]) -> None:
    assert "There are no accounts yet" in run("list").output
    run("create", "anna@example.com")
    run("create", "boris@example.com", "--role", "Viewer")
    assert run("change", "boris@example.com", "--role", "Analyst", "--name", "Boris B.").exit_code == 0
    assert run("deactivate", "boris@example.com").output == (
        "boris@example.com is deactivated and signed out everywhere.\n"
    )
    assert "boris@example.com  Boris B.  Analyst  operator  Deactivated  never signed in" in run("list").output
    assert run("reactivate", "boris@example.com").exit_code == 0
    assert "one-time" not in run("reset-password", "boris@example.com").output
    assert run("sign-out", "boris@example.com").output == "Ended 0 sessions of boris@example.com.\n"
    log = list(csv.DictReader(io.StringIO(run("audit").output)))
    assert [row["act"] for row in log] == [
        "signed out everywhere",
        "one-time link made",
        "user reactivated",
        "user deactivated",
        "user changed",
        "user created",
        "user created",
    ]
    assert {row["address"] for row in log} == {"command line"}
    assert run("audit", "--act", "user created", "--words", "boris").output.count("\n") == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("deactivate", "nobody@example.com"), "There is no such account that you may manage."),
        (("create", "anna"), "is not an e-mail address"),
        (("create", "b@example.com", "--role", "Managr"), "Role 'Managr' is unknown. Did you mean Manager?"),
        (("create", "b@example.com", "--role", "Viewer", "--reseller", "3"), "Reseller 3 is unknown: load it first."),
        (("change", "anna@example.com", "--role", "Viewer"), "last account that can manage the system"),
        (("change", "anna@example.com", "--reseller", "3", "--operator"), "exclude each other"),
        (("set-role", "Viewer", "--right", "view"), "built-in role"),
        (("set-role", "Auditor"), "at least one right"),
        (("set-role", "Auditor", "--delete"), "There is no role 'Auditor' of your own to delete."),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(run: Callable[..., Result], arguments: tuple, said: str) -> None:
    run("create", "anna@example.com")
    failed = run(*arguments)
    assert failed.exit_code == 2
    assert said in failed.output
    assert failed.output.count("\n") == 1


def test_roles_are_listed_with_what_they_let_a_person_do(run: Callable[..., Result]) -> None:
    assert run("set-role", "Auditor", "--right", "view", "--right", "money").exit_code == 0
    lines = run("roles").output.splitlines()
    assert lines[3:] == ["Viewer: view reports", "Auditor: view reports, see money"]
    assert run("set-role", "Auditor", "--delete").output == "The role Auditor is deleted.\n"
