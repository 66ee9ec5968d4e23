"""A load killed at any moment leaves the data that was served untouched, and the next load works."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

import pytest

from data.warehouse.load import load_folder
from data.warehouse.versions import Versions
from tests.data.warehouse.company import COMPANY, content, rows, settings, version, write

ROOT = Path(__file__).parents[3]
MORE = {
    **rows("packages", "10,Silver", "11,Tin"),
    **rows("transactions", "200,1,2024-02-01T00:00Z,package_renewal,-3,11"),
}


def start(*arguments: str) -> subprocess.Popen[str]:
    """Start one of the programs of processes.py."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.data.warehouse.processes", *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def killed_load(url: str, folder: Path, moment: str) -> None:
    process = start("load", url, str(folder), moment)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, "the load was over before the moment came"


@pytest.fixture
def url(warehouse_url, tmp_path) -> str:
    load_folder(settings(warehouse_url), write(tmp_path / "company", COMPANY))
    return warehouse_url


def check_next_load(url: str, folder: Path) -> None:
    load_folder(settings(url), folder)
    after = content(url)
    assert after["packages"] == [(10, "Silver"), (11, "Tin")]
    assert [row[0] for row in after["transactions"]] == [100, 101, 102, 200]


def check_tidy(url: str) -> None:
    """No leftovers: only finished versions and the lock."""
    versions = Versions(Path(url.removeprefix("duckdb:///")))
    finished = {versions.file(name).name for name in versions.names()}
    assert {file.name for file in versions.folder.iterdir()} == {"lock", *finished}


@pytest.mark.parametrize(
    "moment", ["Reading transactions.csv", "Building resellers", "Building rates", "Publishing", "before the switch"]
)
def test_an_embedded_load_killed_before_the_switch_changes_nothing(moment, duckdb_url, tmp_path):
    load_folder(settings(duckdb_url), write(tmp_path / "company", COMPANY))
    before, served = content(duckdb_url), version(duckdb_url)
    folder = write(tmp_path / "more", MORE)
    killed_load(duckdb_url, folder, moment)
    assert content(duckdb_url) == before
    assert version(duckdb_url) == served
    check_next_load(duckdb_url, folder)
    check_tidy(duckdb_url)


@pytest.mark.parametrize(
    "moment", ["Copying the live version", "Building transactions", "Publishing", "before the switch"]
)
def test_a_load_that_changes_a_copy_is_killed_as_harmlessly(moment, duckdb_url, tmp_path):
    many = [f"{number},1,2024-01-09T00:00Z,usage,-1," for number in range(1000, 1060)]
    company = {**COMPANY, "transactions": [*COMPANY["transactions"], *many]}
    load_folder(settings(duckdb_url), write(tmp_path / "company", company))
    before, served = content(duckdb_url), version(duckdb_url)
    folder = write(tmp_path / "more", rows("transactions", "1000,1,2024-01-09T00:00Z,usage,-2,"))
    killed_load(duckdb_url, folder, moment)
    assert content(duckdb_url) == before
    assert version(duckdb_url) == served
    load_folder(settings(duckdb_url), folder)
    replaced = (1000, 1, datetime(2024, 1, 9), "usage", -2_000_000, None)
    assert content(duckdb_url)["transactions"] == sorted(
        [row for row in before["transactions"] if row[0] != 1000] + [replaced]
    )
    check_tidy(duckdb_url)


def test_an_embedded_load_killed_after_the_switch_is_published_whole(duckdb_url, tmp_path):
    load_folder(settings(duckdb_url), write(tmp_path / "company", COMPANY))
    folder = write(tmp_path / "more", MORE)
    killed_load(duckdb_url, folder, "after the switch")
    assert content(duckdb_url)["packages"] == [(10, "Silver"), (11, "Tin")]
    load_folder(settings(duckdb_url), write(tmp_path / "company", COMPANY))
    check_next_load(duckdb_url, folder)
    check_tidy(duckdb_url)


@pytest.mark.parametrize(
    "moment", ["Checking transactions.csv", "Storing transactions", "Publishing", "before the commit"]
)
def test_a_postgresql_load_killed_before_the_commit_changes_nothing(moment, postgresql_url, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)  # which remembers what it was before
    load_folder(settings(postgresql_url), write(tmp_path / "company", COMPANY))
    before, served = content(postgresql_url), version(postgresql_url)
    folder = write(tmp_path / "more", MORE)
    killed_load(postgresql_url, folder, moment)
    assert content(postgresql_url) == before
    assert version(postgresql_url) == served
    assert len(list(tmp_path.glob("customer-dynamics-load-*"))) == 1
    check_next_load(postgresql_url, folder)
    assert list(tmp_path.glob("customer-dynamics-load-*")) == []


def test_a_first_load_that_is_killed_leaves_an_empty_warehouse(warehouse_url, tmp_path):
    folder = write(tmp_path / "company", COMPANY)
    killed_load(warehouse_url, folder, "Publishing")
    load_folder(settings(warehouse_url), folder)
    assert len(content(warehouse_url)["transactions"]) == 3


def test_a_load_killed_at_no_chosen_moment_leaves_one_of_the_two_states(url, tmp_path):
    lines = [f"{number},1,2024-03-01T00:00Z,usage,-{number}," for number in range(1000, 60_000)]
    folder = write(tmp_path / "more", {**MORE, **rows("transactions", "200,1,2024-02-01T00:00Z,refill,3,", *lines)})
    before = content(url)
    for delay in (0.7, 1.0, 1.4):  # from the start of a process that loads within about a second
        process = start("load", url, str(folder), "never")
        time.sleep(delay)
        process.kill()
        process.communicate(timeout=60)
        after = content(url)
        if after == before:
            continue
        assert len(after["transactions"]) == 3 + 1 + len(lines)
        break
    load_folder(settings(url), folder)
    assert len(content(url)["transactions"]) == 3 + 1 + len(lines)


# ---------------------------------------------------------------- readers in processes of their own


def ask(reader: subprocess.Popen[str], question: str) -> str:
    """The answer to one line."""
    assert reader.stdin is not None
    assert reader.stdout is not None
    reader.stdin.write(f"{question}\n")
    reader.stdin.flush()
    return reader.stdout.readline().strip()


def test_two_reader_processes_pick_up_a_new_version_and_keep_the_old_one_they_began_with(url, tmp_path):
    readers = [start("read", url) for _ in range(2)]
    try:
        assert [ask(reader, "hold") for reader in readers] == ["(1, 1)"] * 2
        for number in range(11, 16):  # more often than versions are kept
            folder = write(tmp_path / "in", rows("packages", f"{number},New") | rows("client_tags", f"1,tag {number}"))
            load_folder(settings(url), folder)
        assert [ask(reader, "now") for reader in readers] == ["(6, 6)"] * 2
        assert [ask(reader, "again") for reader in readers] == ["(1, 1)"] * 2
    finally:
        for reader in readers:
            reader.communicate(timeout=60)
    assert [reader.returncode for reader in readers] == [0, 0]


def test_readers_never_see_half_a_load(url, tmp_path):
    readers = [start("read", url) for _ in range(2)]
    try:
        for reader in readers:
            assert ask(reader, "now") == "(1, 1)"
            assert reader.stdin is not None
            reader.stdin.write("until 5\n")
            reader.stdin.flush()
        for number in range(2, 6):
            folder = write(tmp_path / "in", rows("packages", f"{number},New") | rows("client_tags", f"1,tag {number}"))
            load_folder(settings(url), folder)
        for reader in readers:
            assert reader.stdout is not None
            seen = reader.stdout.readline().strip()
            assert set(seen.strip("[]()").split("), (")) <= {f"{number}, {number}" for number in range(1, 6)}
            assert "5, 5" in seen
    finally:
        for reader in readers:
            reader.communicate(timeout=60)
