"""Reading: one consistent version, in parallel, read-only, cancellable, on either engine."""

from __future__ import annotations

import gc
import threading
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from data.errors import Cancelled, NoData, UserError
from data.settings import Settings
from data.warehouse.engines import DuckDBWarehouse, Memory, Warehouse, open_warehouse, relation
from data.warehouse.load import load_folder
from data.warehouse.schema import clients, packages
from data.warehouse.versions import Versions
from tests.data.warehouse.company import COMPANY, rows, settings, write

SLOW = "SELECT count(*) FROM {0} a, {0} b, {0} c, {0} d"
_MANY = {"duckdb": "range(100000)", "postgresql": "generate_series(1, 100000)"}


def names(connection: sa.Connection) -> list[str]:
    return list(connection.execute(sa.select(packages.c.name).order_by(packages.c.id)).scalars())


def publish(url: str, tmp_path: Path, *lines: str) -> None:
    load_folder(settings(url), write(tmp_path / "next", rows("packages", *lines)))


@pytest.fixture
def url(warehouse_url, tmp_path) -> str:
    load_folder(settings(warehouse_url), write(tmp_path / "company", COMPANY))
    return warehouse_url


@pytest.fixture
def warehouse(url) -> Warehouse:
    return open_warehouse(settings(url))


def test_a_warehouse_that_was_never_loaded_says_so(warehouse_url):
    warehouse = open_warehouse(settings(warehouse_url))
    with pytest.raises(NoData, match="flask load"):
        warehouse.version()
    with pytest.raises(NoData, match="flask load"), warehouse.read():
        pass


def test_a_warehouse_may_be_opened_before_its_first_load(warehouse_url, tmp_path):
    warehouse = open_warehouse(settings(warehouse_url))
    load_folder(settings(warehouse_url), write(tmp_path / "company", COMPANY))
    with warehouse.read() as reading:
        assert names(reading.connection) == ["Gold"]
        assert reading.version == warehouse.version()


def test_columns_are_arrays_of_integers_and_of_objects(warehouse):
    statement = sa.select(clients.c.id, clients.c.currency, clients.c.created_at).order_by(clients.c.id)
    with warehouse.read() as reading:
        ids, currencies, _ = reading.columns(statement)
        nothing = reading.columns(statement.where(clients.c.id < 0))
    assert (ids.dtype, ids.tolist()) == (np.int64, [1, 2])
    assert (currencies.dtype, currencies.tolist()) == (object, ["EUR", "USD"])
    assert [len(column) for column in nothing] == [0, 0, 0]


def test_a_new_version_is_picked_up_by_the_next_reading(url, warehouse, tmp_path):
    with warehouse.read() as reading:
        before = reading.version
    publish(url, tmp_path, "10,Silver", "11,Tin")
    with warehouse.read() as reading:
        assert names(reading.connection) == ["Silver", "Tin"]
        assert reading.version == warehouse.version() != before


def test_a_reading_keeps_its_version_to_the_end(url, warehouse, tmp_path):
    with warehouse.read() as old:
        assert names(old.connection) == ["Gold"]
        for line in ("10,Silver", "10,Tin", "10,Iron", "10,Lead", "10,Clay"):
            publish(url, tmp_path, line)  # more often than versions are kept
        assert names(old.connection) == ["Gold"]
        with warehouse.read() as new:
            assert names(new.connection) == ["Clay"]
        assert names(old.connection) == ["Gold"]


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM transactions",
        "UPDATE clients SET name = 'x'",
        "INSERT INTO packages VALUES (99, 'x')",
        "DROP TABLE rates",
        "CREATE TABLE mine (a INTEGER)",
        "ALTER TABLE rates ADD COLUMN mine INTEGER",
    ],
)
def test_a_reading_cannot_change_the_warehouse(change, warehouse):
    with warehouse.read() as reading, pytest.raises(sa.exc.DBAPIError, match=r"read-only|read only"):
        reading.connection.execute(sa.text(change))
    with warehouse.read() as reading:
        assert names(reading.connection) == ["Gold"]


@pytest.mark.parametrize(
    "way_out",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "COPY packages TO '/tmp/stolen.csv'",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "INSTALL httpfs",
    ],
)
def test_an_embedded_reading_reaches_nothing_but_its_version(way_out, duckdb_url, tmp_path):
    load_folder(settings(duckdb_url), write(tmp_path / "company", COMPANY))
    with open_warehouse(settings(duckdb_url)).read() as reading, pytest.raises(sa.exc.DBAPIError):
        reading.connection.execute(sa.text(way_out))


def test_readers_run_side_by_side(warehouse):
    everyone_reads = threading.Barrier(4, timeout=30)
    seen: list[list[str]] = []

    def read() -> None:
        with warehouse.read() as reading:
            everyone_reads.wait()
            seen.append(names(reading.connection))
            everyone_reads.wait()

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [["Gold"]] * 4


def test_a_statement_can_be_cancelled_from_another_thread(warehouse):
    with warehouse.read() as reading:
        numbers = _MANY[reading.connection.dialect.name]
        begun = threading.Event()
        sa.event.listen(reading.connection, "before_cursor_execute", lambda *_: begun.set())
        over = threading.Event()

        def cancel() -> None:
            begun.wait(30)
            # Again and again: the first may come before the driver has begun.
            while not over.wait(0.05):
                reading.cancel()

        canceller = threading.Thread(target=cancel)
        canceller.start()
        with pytest.raises(sa.exc.DBAPIError):
            reading.connection.execute(sa.text(SLOW.format(numbers))).scalar()
        over.set()
        canceller.join()
    with warehouse.read() as reading:
        assert names(reading.connection) == ["Gold"]


def test_after_a_cancellation_no_further_statement_begins(warehouse):
    with warehouse.read() as reading:
        names(reading.connection)
        reading.cancel()
        with pytest.raises(Cancelled):
            names(reading.connection)
    with warehouse.read() as reading:
        assert names(reading.connection) == ["Gold"]


def test_an_old_version_is_closed_when_its_last_reader_has_gone(duckdb_url, tmp_path):
    def open_files() -> list[str]:
        gc.collect()
        links = [file for file in Path("/proc/self/fd").iterdir() if file.is_symlink()]
        targets = [str(link.readlink()) for link in links if link.exists() or link.is_symlink()]
        return sorted({Path(target).name[:6] for target in targets if str(tmp_path) in target and ".duckdb" in target})

    load_folder(settings(duckdb_url), write(tmp_path / "company", COMPANY))
    warehouse = open_warehouse(settings(duckdb_url))
    with warehouse.read() as first:
        with warehouse.read() as second:
            publish(duckdb_url, tmp_path, "10,Silver")
            with warehouse.read():
                assert open_files() == ["000001", "000002"]
            assert names(second.connection) == names(first.connection) == ["Gold"]
        assert open_files() == ["000001", "000002"]
    assert open_files() == ["000002"]


def test_nothing_is_opened_before_the_first_reading(duckdb_url, tmp_path):
    # A server forks its workers after the application is built; an engine does not survive a fork.
    load_folder(settings(duckdb_url), write(tmp_path / "company", COMPANY))
    warehouse = open_warehouse(settings(duckdb_url))
    assert warehouse.version()
    assert isinstance(warehouse, DuckDBWarehouse)
    assert warehouse._open is None


def test_bound_values_become_a_relation(warehouse):
    table = relation("pair", [("number", sa.BigInteger(), [1, 2, 3]), ("word", sa.String(), ["a", None, "c'"])])
    with warehouse.read() as reading:
        assert reading.connection.execute(sa.select(table).order_by("number")).all() == [(1, "a"), (2, None), (3, "c'")]


@pytest.mark.parametrize("url", ["no url", "duckdb://", "duckdb:///:memory:", "sqlite:///x"])
def test_a_url_that_names_no_warehouse_is_refused(url):
    with pytest.raises(UserError, match="WAREHOUSE_URL"):
        open_warehouse(Settings(warehouse_url=url))


def test_a_version_that_is_deleted_just_before_it_is_opened_gives_way_to_the_newer_one(
    duckdb_url, tmp_path, monkeypatch
):
    load_folder(settings(duckdb_url), write(tmp_path / "company", COMPANY))
    warehouse = open_warehouse(settings(duckdb_url))
    assert isinstance(warehouse, DuckDBWarehouse)
    stale = warehouse.versions.live_file()
    publish(duckdb_url, tmp_path, "10,Silver")
    stale.unlink()
    look_up = Versions.live_file
    found = iter([stale])
    monkeypatch.setattr(Versions, "live_file", lambda self: next(found, None) or look_up(self))
    with warehouse.read() as reading:
        assert names(reading.connection) == ["Silver"]


def test_a_memory_finds_once_and_keeps_the_newest():
    memory, found = Memory(size=2), []
    for key in ("a", "b", "a", "c", "b", "a"):
        assert memory.find(key, lambda key=key: found.append(key) or key.upper()) == key.upper()
    assert found == ["a", "b", "c", "a"]


def test_readings_of_an_immutable_version_share_its_memory(warehouse, url, tmp_path):
    def remembered(word: str) -> str:
        with warehouse.read() as reading:
            return reading.memory.find("word", lambda: word)

    assert remembered("first") == "first"
    # In PostgreSQL others may change what a version holds.
    assert remembered("second") == ("first" if isinstance(warehouse, DuckDBWarehouse) else "second")
    publish(url, tmp_path, "11,Silver")
    assert remembered("third") == "third"
