"""The records' database: opened late, kept up to date, and safe with several processes and with killed ones."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from data.errors import UserError
from data.report.view import View
from data.settings import Settings
from data.store import database as module
from data.store.database import Database
from data.store.records import Records, open_records
from data.store.schema import SCHEMA_VERSION, links, metadata, preferences
from data.store.upkeep import Cleaned
from tests.data.store.conftest import ANNA, BORIS, Clock, make_report

# Children are forked as a server forks its workers: what they inherit must do them no harm.
fork = multiprocessing.get_context("fork")


def begin_anew() -> None:
    """First thing in a forked child: leave what it inherited alone.

    Other tests of this process have opened DuckDB, whose threads do not live on in a child: collecting one of its
    objects there would wait for them, or crash.
    """
    gc.freeze()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, sqlite_url: str) -> str:
    return sqlite_url if request.param == "sqlite" else str(request.getfixturevalue("postgresql_url"))


# ---------------------------------------------------------------- opening


def test_nothing_is_opened_before_it_is_used(tmp_path: Path) -> None:
    records = open_records(Settings(var_dir=str(tmp_path / "var")))
    assert list(tmp_path.iterdir()) == []
    records.preferences.get(ANNA, "theme")
    assert (tmp_path / "var" / "records.sqlite").exists()
    records.database.close()


def test_folders_and_file_are_the_owners_alone(tmp_path: Path) -> None:
    open_records(Settings(var_dir=str(tmp_path / "new" / "var"))).preferences.set(ANNA, "theme", "dark")
    for path, mode in ((tmp_path / "new", 0o700), (tmp_path / "new" / "var", 0o700)):
        assert stat.S_IMODE(path.stat().st_mode) == mode
    for file in (tmp_path / "new" / "var").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


@pytest.fixture
def careful_records(quick_records: Callable[..., None]) -> Iterator[None]:
    """SQLite as the program has it, not as the other tests do."""
    sa.event.remove(sa.Engine, "connect", quick_records)
    yield
    sa.event.listen(sa.Engine, "connect", quick_records)


@pytest.mark.usefixtures("careful_records")
def test_sqlite_keeps_a_log_beside_it_and_minds_foreign_keys(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    with database.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 15_000
        # A killed process loses nothing anyway; a power cut loses nothing with FULL (2).
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    database.close()


def test_an_exception_undoes_the_whole_transaction(records: Records) -> None:
    records.preferences.set(ANNA, "theme", "dark")

    def fail_in_the_middle() -> None:
        with records.database.writing() as connection:
            connection.execute(preferences.delete())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_in_the_middle()
    assert records.preferences.get(ANNA, "theme") == "dark"


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://host/name", "records.sqlite"])
def test_a_url_of_no_use_is_refused_at_once(url: str) -> None:
    with pytest.raises(UserError, match="DATABASE_URL"):
        open_records(Settings(database_url=url))


@pytest.mark.parametrize("url", ["postgresql://h/n", "postgres://h/n", "postgresql+psycopg://h/n"])
def test_postgresql_is_reached_with_the_driver_that_is_installed(url: str) -> None:
    assert Database(url).url.drivername == "postgresql+psycopg"


def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    records = open_records(Settings(database_url="postgresql://anna:secret@127.0.0.1:1/records"))
    with pytest.raises(UserError, match="DATABASE_URL") as caught:
        records.preferences.get(ANNA, "theme")
    assert "127.0.0.1:1" in caught.value.message
    assert "secret" not in caught.value.message


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "records.sqlite").write_bytes(b"certainly not a database" * 100)
    with pytest.raises(UserError, match=r"records\.sqlite cannot be opened"):
        open_records(Settings(var_dir=str(tmp_path))).preferences.get(ANNA, "theme")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file where the folder should be")
    with pytest.raises(UserError, match="cannot be opened"):
        open_records(Settings(var_dir=str(tmp_path / "var"))).preferences.get(ANNA, "theme")


# ---------------------------------------------------------------- migrations


def test_migrations_make_exactly_the_tables_of_the_schema(empty_url: str) -> None:
    Database(empty_url).upgrade()
    engine = sa.create_engine(empty_url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True, "target_metadata": metadata}
        )
        assert compare_metadata(context, metadata) == []


def test_upgrading_twice_changes_nothing(empty_url: str) -> None:
    database = Database(empty_url)
    assert database.schema_version() is None
    assert database.upgrade() == (None, SCHEMA_VERSION)
    open_records(Settings(database_url=empty_url)).preferences.set(ANNA, "theme", "dark")
    assert database.upgrade() == (SCHEMA_VERSION, SCHEMA_VERSION)
    assert database.schema_version() == SCHEMA_VERSION
    assert open_records(Settings(database_url=empty_url)).preferences.get(ANNA, "theme") == "dark"


def test_the_way_back_leaves_nothing_behind(empty_url: str) -> None:
    Database(empty_url).upgrade()
    engine = sa.create_engine(empty_url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        configuration = module._alembic()
        configuration.attributes["connection"] = connection
        command.downgrade(configuration, "base")
    assert sa.inspect(engine).get_table_names() == ["alembic_version"]
    assert Database(empty_url).upgrade() == (None, SCHEMA_VERSION)


def test_the_schema_version_is_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(module._alembic()).get_heads() == [SCHEMA_VERSION]


def test_sqlite_is_brought_up_to_date_by_itself(sqlite_url: str) -> None:
    records = open_records(Settings(database_url=sqlite_url))
    link = records.snapshots.freeze(make_report(), ANNA)
    assert records.snapshots.open(link.id, BORIS).result == make_report()


def test_postgresql_without_tables_says_which_command_makes_them(postgresql_url: str) -> None:
    records = open_records(Settings(database_url=postgresql_url))
    for _ in range(2):
        with pytest.raises(UserError, match=r"has no tables yet: run `flask records upgrade`"):
            records.preferences.get(ANNA, "theme")
    records.database.upgrade()
    assert records.preferences.get(ANNA, "theme") is None


def test_an_earlier_postgresql_says_which_command_upgrades_it(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Database(postgresql_url).upgrade()
    monkeypatch.setattr(module, "SCHEMA_VERSION", "9999")
    with pytest.raises(UserError, match=r"earlier version of this program: run `flask records upgrade`"):
        open_records(Settings(database_url=postgresql_url)).preferences.get(ANNA, "theme")


def test_a_newer_database_is_left_alone(empty_url: str) -> None:
    Database(empty_url).upgrade()
    engine = sa.create_engine(empty_url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UserError, match="newer version of this program"):
        open_records(Settings(database_url=empty_url)).preferences.get(ANNA, "theme")
    with pytest.raises(UserError, match="newer version of this program"):
        Database(empty_url).upgrade()
    assert Database(empty_url).schema_version() == "9999"


def test_a_migration_that_fails_leaves_the_database_as_it_was(
    empty_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its first half is undone with the second, on SQLite too, and the next attempt works."""
    versions = tmp_path / "migrations" / "versions"
    versions.mkdir(parents=True)
    root = Path(module.__file__).parents[2]
    (versions.parent / "env.py").write_text((root / "migrations" / "env.py").read_text())
    first = (root / "migrations" / "versions" / "0001_records.py").read_text()
    (versions / "0001_records.py").write_text(first.replace('"chart_presets"', "1 / 0"))
    (tmp_path / "alembic.ini").write_text((root / "alembic.ini").read_text())
    with monkeypatch.context() as patched:
        patched.setattr(module, "_ROOT", tmp_path)
        with pytest.raises(ZeroDivisionError):
            Database(empty_url).upgrade()
    assert sa.inspect(sa.create_engine(empty_url, poolclass=sa.NullPool)).get_table_names() == []
    assert Database(empty_url).upgrade() == (None, SCHEMA_VERSION)


# ---------------------------------------------------------------- several processes


def run_together(act: Callable[[int], None], processes: int = 4) -> list[int]:
    """Run ``act`` with its number in several processes that start at the same moment; their exit codes."""
    barrier = fork.Barrier(processes)

    def wait_and_act(number: int) -> None:
        begin_anew()
        barrier.wait(timeout=30)
        act(number)

    children = [fork.Process(target=wait_and_act, args=(number,)) for number in range(processes)]
    for child in children:
        child.start()
    for child in children:
        child.join(timeout=60)
    codes = [child.exitcode for child in children]
    for child in children:
        child.kill()
    return [1 if code is None else code for code in codes]


def test_threads_that_start_together_share_one_database(settings: Settings) -> None:
    records = open_records(settings)
    with ThreadPoolExecutor(max_workers=8) as pool:
        made = list(pool.map(lambda n: records.snapshots.freeze(make_report(seconds=float(n)), ANNA), range(24)))
        opened = list(pool.map(lambda link: records.snapshots.open(link.id, BORIS).result.info.duration, made))
    assert opened == list(range(24))
    records.database.close()


@pytest.mark.parametrize("attempt", range(3))
def test_processes_that_start_together_make_one_database(sqlite_url: str, attempt: int) -> None:
    def start(number: int) -> None:
        snapshots = open_records(Settings(database_url=sqlite_url)).snapshots
        for turn in range(5):
            link = snapshots.freeze(make_report(seconds=number * 10 + turn), ANNA)
            snapshots.open(link.id, BORIS)

    assert run_together(start) == [0] * 4
    records = open_records(Settings(database_url=sqlite_url))
    assert len(records.snapshots.mine(ANNA)) == 20
    assert {link.open_count for link in records.snapshots.mine(ANNA)} == {1}
    assert records.upkeep.check().damaged == ()


def test_the_first_switch_to_a_log_may_happen_everywhere_at_once(tmp_path: Path) -> None:
    """SQLite does not wait by itself there: of so many such starts, some fail unless we do."""
    barrier = fork.Barrier(4)

    def switch(_number: int) -> None:
        try:
            for turn in range(60):
                barrier.wait(timeout=30)
                connection = sqlite3.connect(tmp_path / f"{turn}.sqlite", timeout=15, isolation_level=None)
                module._switch_to_wal(connection)
                connection.close()
        except BaseException:
            barrier.abort()  # do not let the others wait for one that failed
            raise

    assert run_together(switch) == [0] * 4


def test_upgrades_that_start_together_do_the_work_once(postgresql_url: str) -> None:
    assert run_together(lambda _: bool(Database(postgresql_url).upgrade()) and None) == [0] * 4
    assert Database(postgresql_url).schema_version() == SCHEMA_VERSION


def test_the_same_report_frozen_and_cleaned_up_by_everybody_at_once(settings: Settings, clock: Clock) -> None:
    def freeze_and_clean(number: int) -> None:
        records = open_records(settings, now=clock)
        for _ in range(10):
            link = records.snapshots.freeze(make_report(), ANNA)
            if number % 2:
                records.upkeep.clean_up()
            if number == 3:
                with records.database.writing() as connection:
                    connection.execute(links.delete().where(links.c.id == link.id))

    assert run_together(freeze_and_clean) == [0] * 4
    records = open_records(settings, now=clock)
    assert len(records.snapshots.mine(ANNA)) == 30
    assert records.upkeep.check().contents == 1
    assert records.upkeep.check().damaged == ()
    records.database.close()


def test_copies_of_one_view_made_at_once_are_one_link(settings: Settings, clock: Clock) -> None:
    records = open_records(settings, now=clock)
    link = records.snapshots.freeze(make_report(), ANNA)
    records.snapshots.copy(link.id, ANNA, View())
    records.database.close()
    other = View(columns=("payg_total",))
    assert run_together(lambda _: open_records(settings).snapshots.copy(link.id, ANNA, other) and None) == [0] * 4
    assert len(open_records(settings, now=clock).snapshots.mine(ANNA)) == 2


def test_a_forked_process_does_not_use_its_parents_connections(records: Records) -> None:
    link = records.snapshots.freeze(make_report(), ANNA)

    def open_often(_number: int) -> None:
        for _ in range(10):
            assert records.snapshots.open(link.id, BORIS).result == make_report()

    assert run_together(open_often, processes=3) == [0] * 3
    assert records.snapshots.open(link.id, BORIS).link.open_count == 31


class Meanwhile:
    """Lets another process act at the moment this one is about to run a statement.

    The other one may finish at once, or be kept waiting by PostgreSQL until this one has committed: which of the two is
    what such a test is about.
    """

    def __init__(self, records: Records, statement: str, act: Callable[[], object]) -> None:
        self._act = act
        self._thread: threading.Thread | None = None
        self._statement = statement
        self._monitor = sa.create_engine(records.database.url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
        self.outcome: object = None
        records.preferences.get(ANNA, "theme")
        assert records.database._engine is not None
        sa.event.listen(records.database._engine, "before_cursor_execute", self._start)

    def _start(self, _connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if self._thread is None and statement.startswith(self._statement):
            self._thread = threading.Thread(target=self._run)
            self._thread.start()
            with self._monitor.connect() as monitor:
                waiting = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
                while self._thread.is_alive() and not monitor.execute(waiting).scalar():
                    time.sleep(0.01)

    def _run(self) -> None:
        try:
            self.outcome = self._act()
        except Exception as fault:  # noqa: BLE001 - whatever it is, the test wants to see it
            self.outcome = fault

    def finish(self) -> object:
        assert self._thread is not None, "the statement was never run"
        self._thread.join(timeout=30)
        return self.outcome


@pytest.fixture
def two_processes(emptied_postgresql_url: str) -> Iterator[tuple[Records, Records]]:
    """The records of two server processes on one PostgreSQL (SQLite lets only one write at a time anyway)."""
    both = tuple(open_records(Settings(database_url=emptied_postgresql_url)) for _ in range(2))
    yield both[0], both[1]
    for records in both:
        records.database.close()


def test_a_clean_up_never_takes_the_report_that_is_being_frozen(two_processes: tuple[Records, Records]) -> None:
    ours, theirs = two_processes
    link = ours.snapshots.freeze(make_report(), ANNA)
    with ours.database.writing() as connection:  # its content is an orphan now, there but bound to go
        connection.execute(links.delete().where(links.c.id == link.id))
    meanwhile = Meanwhile(ours, "INSERT INTO links", theirs.upkeep.clean_up)
    again = ours.snapshots.freeze(make_report(), ANNA)
    assert meanwhile.finish() == Cleaned(0, 0, 0)
    assert theirs.snapshots.open(again.id, BORIS).result == make_report()


def test_a_view_is_never_changed_under_somebody_who_opens_the_link(two_processes: tuple[Records, Records]) -> None:
    ours, theirs = two_processes
    link = ours.snapshots.freeze(make_report(), ANNA)
    meanwhile = Meanwhile(ours, "UPDATE links", lambda: theirs.snapshots.open(link.id, BORIS).view)
    copied = ours.snapshots.copy(link.id, ANNA, View(columns=("payg_total",)))
    seen = meanwhile.finish()
    assert copied.id == link.id
    assert seen == theirs.snapshots.open(link.id, BORIS).view == View(columns=("payg_total",))


# ---------------------------------------------------------------- killed processes


def test_what_was_committed_survives_a_kill(settings: Settings) -> None:
    """A process freezes reports as fast as it can and is killed at work: every link it had given out opens."""
    reading, writing = os.pipe()

    def freeze_for_ever() -> None:
        begin_anew()
        os.close(reading)
        snapshots = open_records(settings).snapshots
        number = 0
        while True:
            number += 1
            link = snapshots.freeze(make_report(50, seconds=float(number)), ANNA)
            os.write(writing, f"{link.id}\n".encode())

    child = fork.Process(target=freeze_for_ever)
    child.start()
    os.close(writing)
    given = b""
    while given.count(b"\n") < 20:
        more = os.read(reading, 4096)
        assert more, "the child has died"
        given += more
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    while rest := os.read(reading, 4096):
        given += rest
    os.close(reading)
    records = open_records(settings)
    ids = given.decode().split()
    assert [records.snapshots.open(id_, BORIS).result.info.duration for id_ in ids] == [
        n + 1.0 for n in range(len(ids))
    ]
    assert records.upkeep.check().damaged == ()
    records.database.close()


def test_what_was_not_committed_is_undone_and_blocks_nobody(settings: Settings) -> None:
    records = open_records(settings)
    records.preferences.set(ANNA, "theme", "dark")
    records.database.close()
    ready = fork.Event()

    def stop_in_the_middle() -> None:
        begin_anew()
        with open_records(settings).database.writing() as connection:
            connection.execute(preferences.update().values(value='"half"'))
            ready.set()
            time.sleep(60)

    child = fork.Process(target=stop_in_the_middle)
    child.start()
    assert ready.wait(timeout=30)
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    assert records.preferences.get(ANNA, "theme") == "dark"
    records.preferences.set(ANNA, "theme", "light")
    assert records.preferences.get(ANNA, "theme") == "light"
    if records.database.is_sqlite:
        with sqlite3.connect(str(records.database.url.database)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    records.database.close()
