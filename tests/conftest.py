"""What every room's tests share: databases of both engines, each fresh, and a way to fill them."""

from __future__ import annotations

import gc
import itertools
import shutil
import signal
import sqlite3
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import sqlalchemy as sa

from data.settings import Settings


def pytest_collection_finish() -> None:
    """Let the collector of garbage pass over what stays for the whole run: modules and tests are much to look at."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Hash passwords in a millisecond: that it takes long is what a guesser shall feel, and no test."""
    from argon2 import PasswordHasher

    from data.store import users

    with pytest.MonkeyPatch.context() as patch:
        quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(users, "_hasher", quick)
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_records() -> Iterator[Callable[..., None]]:
    """Let SQLite write without waiting for the disk: no test cuts the power, and a killed process loses nothing."""

    def hurry(connection: object, _record: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA synchronous = OFF")

    sa.event.listen(sa.Engine, "connect", hurry)
    yield hurry
    sa.event.remove(sa.Engine, "connect", hurry)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[sa.URL]:
    """A PostgreSQL of this test process's own, started once and deleted at the end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs about a missing XDG_RUNTIME_DIR, which is no concern here
        import pgserver

    # Not below pytest's own temporary folder: that one is closed to the user whom the server runs as under root.
    folder = Path(tempfile.mkdtemp(prefix="customer-dynamics-pg-"))
    server = pgserver.get_server(folder, cleanup_mode="stop")
    try:
        # Nothing here must outlive the machine: a lost write costs a rerun.
        server.psql("ALTER SYSTEM SET fsync = off; ALTER SYSTEM SET full_page_writes = off; SELECT pg_reload_conf();")
        yield sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    finally:
        # At once: nothing is worth a checkpoint, and it need not wait for connections that tests left open.
        process = psutil.Process(server.get_pid())
        process.send_signal(signal.SIGQUIT)
        process.wait(60)  # or else cleanup() may find it alive and then want to end what has ended
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def new_postgresql_url(postgresql_server: sa.URL) -> Callable[[], str]:
    """A function that makes an empty PostgreSQL database and returns its URL; for fixtures of a wider scope."""
    numbers = itertools.count(1)
    admin = sa.create_engine(postgresql_server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)

    def create() -> str:
        name = f"test_{next(numbers)}"
        with admin.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
        return postgresql_server.set(database=name).render_as_string(hide_password=False)

    return create


@pytest.fixture
def postgresql_url(new_postgresql_url: Callable[[], str], postgresql_server: sa.URL) -> Iterator[str]:
    """The URL of an empty PostgreSQL database of this test's own, dropped when the test is over."""
    url = new_postgresql_url()
    yield url
    # Hundreds of databases left to the end would take longer to delete than the tests to run.
    admin = sa.create_engine(postgresql_server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {sa.make_url(url).database} WITH (FORCE)"))


@pytest.fixture
def duckdb_url(tmp_path: Path) -> str:
    """The URL of an embedded warehouse of this test's own, not loaded yet."""
    return f"duckdb:///{tmp_path / 'warehouse' / 'warehouse.duckdb'}"


@pytest.fixture(params=["duckdb", "postgresql"])
def warehouse_url(request: pytest.FixtureRequest) -> str:
    """An empty warehouse of each engine in turn: a test that uses this runs on both."""
    return str(request.getfixturevalue(f"{request.param}_url"))


class AtOnce:
    """In place of the queue: what is put before workers is worked on in a thread of its own."""

    def __init__(self, worker: Any) -> None:
        self._worker = worker

    def put(self, job_id: str) -> None:
        """Make a job."""
        threading.Thread(target=self._worker.make, args=(job_id,), daemon=True).start()

    def send(self, delivery_id: str) -> None:
        """Send a mail."""
        threading.Thread(target=self._worker.send, args=(delivery_id,), daemon=True).start()


def load_folder(url: str, folder: Path) -> None:
    """Load a folder of the dataset's files into the warehouse at ``url``, as `flask load` does."""
    from data.warehouse.load import load_folder as load

    load(Settings(warehouse_url=url), folder)
