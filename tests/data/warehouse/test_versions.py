"""An embedded warehouse's versions: published at once, kept for a while, gone back to; leftovers cleared."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from data.errors import NoData, UserError
from data.warehouse.engines import last_load, open_warehouse
from data.warehouse.load import load_folder
from data.warehouse.versions import Versions
from tests.data.warehouse.company import COMPANY, content, rows, settings, version, write


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "warehouse" / "warehouse.duckdb"


@pytest.fixture
def versions(path) -> Versions:
    return Versions(path)


def publish(path: Path, number: int, **changes: int) -> str:
    """Load a package of that number; returns the version's name."""
    folder = write(path.parent.parent / "in", rows("packages", f"{number},Package {number}"))
    name = load_folder(settings(f"duckdb:///{path}", **changes), folder).version
    assert name is not None
    return name


def packages(path: Path) -> list[int]:
    return [row[0] for row in content(f"duckdb:///{path}")["packages"]]


def test_the_path_is_a_link_to_the_live_version_file(path, versions):
    name = publish(path, 1)
    assert path.is_symlink()
    assert path.resolve() == versions.file(name)
    assert re.fullmatch(r"000001-[0-9a-f]{8}", name)


def test_each_version_has_a_file_of_its_own_and_numbers_rise(path, versions):
    names = [publish(path, number) for number in (1, 2, 3)]
    assert versions.names() == names[::-1]
    assert [name[:6] for name in names] == ["000001", "000002", "000003"]
    assert packages(path) == [1, 2, 3]


def test_a_version_says_what_made_it(path, versions):
    publish(path, 1)
    made = last_load(versions.file(publish(path, 2)))
    assert (made.version, made.rows, made.source) == (2, 2, str(path.parent.parent / "in"))


def test_as_many_earlier_versions_are_kept_as_set(path, versions):
    names = [publish(path, number, warehouse_keep=2) for number in range(1, 6)]
    assert versions.names() == [names[4], names[3], names[2]]


def test_prune_keeps_the_live_version_whatever_its_age(path, versions):
    names = [publish(path, number) for number in (1, 2, 3)]
    versions.roll_back(names[0])
    with versions.locked():
        assert versions.prune(0) == [names[2], names[1]]
    assert versions.names() == [names[0]]
    assert packages(path) == [1]


def test_rollback_goes_to_the_version_before_unless_one_is_named(path, versions):
    names = [publish(path, number) for number in (1, 2, 3)]
    assert versions.roll_back() == names[1]
    assert packages(path) == [1, 2]
    assert versions.roll_back() == names[0]
    with pytest.raises(UserError, match="There is no version before the live one"):
        versions.roll_back()
    assert versions.roll_back("3") == names[2]
    assert versions.roll_back(names[1]) == names[1]
    with pytest.raises(UserError, match="There is no version 9"):
        versions.roll_back("9")


def test_an_open_warehouse_follows_a_rollback(path, versions):
    warehouse = open_warehouse(settings(f"duckdb:///{path}"))
    names = [publish(path, number) for number in (1, 2)]
    with warehouse.read() as reading:
        assert reading.version == names[1]
    versions.roll_back()
    with warehouse.read() as reading:
        assert reading.version == names[0]


def test_a_load_after_a_rollback_builds_on_the_live_version_and_reuses_no_name(path, versions):
    names = [publish(path, number) for number in (1, 2)]
    versions.roll_back()
    with versions.locked():
        versions.prune(0)
    third = publish(path, 3)
    assert packages(path) == [1, 3]
    assert third[:6] == "000003"
    assert third not in names


def test_rollback_before_the_first_load_says_that_there_is_nothing(versions):
    with pytest.raises(NoData):
        versions.roll_back()


def test_a_file_that_is_not_ours_is_refused_and_left_alone(path):
    path.parent.mkdir()
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE precious AS SELECT 1")
    before = path.read_bytes()
    with pytest.raises(UserError, match="is not a warehouse of this program but some other file"):
        publish(path, 1)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_link_that_is_not_ours_is_refused(path):
    path.parent.mkdir()
    path.symlink_to("elsewhere.duckdb")
    with pytest.raises(UserError, match=r"is a link to elsewhere\.duckdb, not to a version of a warehouse"):
        publish(path, 1)


def test_leftovers_of_a_killed_load_are_cleared_by_the_next(path, versions):
    live = publish(path, 1)
    # Killed while building, after publishing but before tidying up, and with its scratch folder left.
    (versions.folder / "000002-aaaaaaaa.unfinished").touch()
    versions.file("000002-aaaaaaaa").write_bytes(b"half a file")
    versions.file("000002-aaaaaaaa").with_suffix(".duckdb.wal").write_bytes(b"its log")
    (versions.folder / f"{live}.unfinished").touch()
    (versions.folder / "scratch-aaaaaaaa").mkdir()
    (versions.folder / "scratch-aaaaaaaa" / "spill").write_bytes(b"x")
    (path.parent / f".{path.name}.aaaaaaaa.link").symlink_to("nowhere")
    assert versions.names() == [live]
    following = publish(path, 2)
    assert sorted(file.name for file in versions.folder.iterdir()) == [f"{live}.duckdb", f"{following}.duckdb", "lock"]
    assert sorted(file.name for file in path.parent.iterdir()) == [path.name, versions.folder.name]
    assert packages(path) == [1, 2]


def test_an_unfinished_version_is_neither_listed_nor_gone_back_to(path, versions):
    publish(path, 1)
    (versions.folder / "000000-aaaaaaaa.unfinished").touch()
    versions.file("000000-aaaaaaaa").write_bytes(b"half a file")
    with pytest.raises(UserError, match="There is no version before"):
        versions.roll_back()


def test_a_failing_load_leaves_nothing_behind(path, versions, monkeypatch):
    live = publish(path, 1)

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Versions, "publish", fail)
    with pytest.raises(OSError, match="disk full"):
        publish(path, 2)
    assert sorted(file.name for file in versions.folder.iterdir()) == [f"{live}.duckdb", "lock"]
    assert packages(path) == [1]


def test_a_second_load_waits_for_the_first_and_builds_on_it(path, versions, tmp_path):
    publish(path, 1)
    folder = write(tmp_path / "second", rows("packages", "2,Two"))
    load = (
        "import sys; from data.settings import Settings; from data.warehouse.load import load_folder; "
        "tell = lambda what, *_: print(what, flush=True); "
        "load_folder(Settings(warehouse_url=sys.argv[1]), sys.argv[2], progress=tell)"
    )
    with versions.locked():
        second = subprocess.Popen(
            [sys.executable, "-c", load, f"duckdb:///{path}", str(folder)], stdout=subprocess.PIPE, text=True
        )
        assert second.stdout is not None
        assert second.stdout.readline() == "Waiting for another load to finish\n"
        assert packages(path) == [1]
    second.communicate(timeout=60)
    assert second.returncode == 0
    assert packages(path) == [1, 2]


def test_transactions_lie_sorted_by_client_and_time(path):
    lines = ["3,2,2024-01-02T00:00Z,usage,-1,", "2,1,2024-01-03T00:00Z,usage,-1,", "1,2,2024-01-01T00:00Z,usage,-1,"]
    tables = COMPANY | rows("transactions", *lines)
    load_folder(settings(f"duckdb:///{path}"), write(path.parent.parent / "in", tables))
    with duckdb.connect(str(path.resolve()), read_only=True) as connection:
        assert connection.execute("SELECT id FROM transactions ORDER BY rowid").fetchall() == [(2,), (1,), (3,)]


def test_the_version_of_a_warehouse_is_its_files_name(path):
    name = publish(path, 1)
    assert version(f"duckdb:///{path}") == name
