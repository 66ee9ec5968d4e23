"""`flask records …`: what it prints, and how it ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from data.commands.records import records as group
from data.settings import Settings
from data.store.records import open_records
from data.store.schema import SCHEMA_VERSION, contents, preferences
from tests.data.store.conftest import ANNA, make_report


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'records.sqlite'}")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(group, arguments)


def test_upgrade_says_what_it_did(monkeypatch: pytest.MonkeyPatch, postgresql_url: str) -> None:
    assert run("upgrade").output == f"The records were brought from schema nothing to {SCHEMA_VERSION}.\n"
    assert run("upgrade").output == f"The records are up to date (schema {SCHEMA_VERSION}).\n"
    monkeypatch.setenv("DATABASE_URL", postgresql_url)
    before = run("check")
    assert before.exit_code == 1
    assert "run `flask records upgrade`" in before.output
    assert run("upgrade").exit_code == 0
    assert run("check").output == "0 links to 0 reports (0 bytes stored).\n"


def test_clean_up_deletes_what_nobody_used(monkeypatch: pytest.MonkeyPatch) -> None:
    made = open_records(Settings.from_environment())
    made.snapshots.freeze(make_report(), ANNA)
    assert run("clean-up").output == "Deleted 0 links and 0 reports (0 bytes).\n"
    monkeypatch.setenv("LINK_KEEP_DAYS", "-3")
    told = "1 more are old enough by the clock as it is now: they go when it says so again in a day.\n"
    assert run("clean-up").output == f"Deleted 0 links and 0 reports (0 bytes).\n{told}"
    yesterday = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=1)
    with made.database.writing() as connection:
        look = preferences.update().where(preferences.c.key == "clean-up.looked-at")
        assert connection.execute(look.values(value=f'"{yesterday.isoformat()}"')).rowcount == 1
    assert run("clean-up").output.startswith("Deleted 1 links and 1 reports (")


def test_check_finds_damage() -> None:
    made = open_records(Settings.from_environment())
    link = made.snapshots.freeze(make_report(), ANNA)
    sound = run("check")
    assert sound.exit_code == 0
    assert sound.output.startswith("1 links to 1 reports (")
    with made.database.writing() as connection:
        connection.execute(contents.update().values(body=b"gone"))
    damaged = run("check")
    assert damaged.exit_code == 1
    assert f"Damaged: link {link.id[:6]}…\n" in damaged.output
    assert link.id[:8] not in damaged.output


def test_an_unusable_url_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://host/name")
    for name in ("upgrade", "clean-up", "check"):
        ended = run(name)
        assert ended.exit_code == 1
        assert ended.output == "Error: DATABASE_URL must be of SQLite or PostgreSQL, not mysql.\n"
