"""Opens the database of our own records, and keeps its schema up to date. The only file that connects to it.

SQLite brings its schema up to date by itself; PostgreSQL by `flask records upgrade`, since there an administrator
decides when tables change. Nothing is opened before it is used, so a server may fork first.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from data.disk import make_private, telling
from data.errors import Unreachable, UserError
from data.reach import CONNECT_SECONDS, parse_url, reaching
from data.store.schema import SCHEMA_VERSION

if TYPE_CHECKING:
    from alembic.config import Config

_ROOT = Path(__file__).resolve().parents[2]
_BUSY_SECONDS = 15
"""How long a writer waits for the others before it gives up. Each holds the database for milliseconds."""

_MIGRATION_LOCK = 7_302_518_644
"""Any number, always the same: PostgreSQL's advisory lock that only one upgrade at a time can hold."""


class Database:
    """Our records' database. :meth:`reading` and :meth:`writing` give a transaction each."""

    def __init__(self, url: str) -> None:
        self.url = parse_url(
            url.replace("postgres://", "postgresql://", 1),
            "DATABASE_URL",
            "sqlite:///folder/records.sqlite or postgresql+psycopg://user:password@host/name",
        )
        backend = self.url.get_backend_name()
        if backend == "sqlite":
            if not self.url.database or self.url.database == ":memory:":
                raise UserError("DATABASE_URL must name a file, like sqlite:///var/records.sqlite.")
            self.url = self.url.set(database=str(Path(self.url.database).absolute()))
        elif backend == "postgresql":
            self.url = self.url.set(drivername="postgresql+psycopg")
        else:
            raise UserError(f"DATABASE_URL must be of SQLite or PostgreSQL, not {backend}.")
        self.is_sqlite = backend == "sqlite"
        self._lock = threading.RLock()
        self._engine: sa.Engine | None = None
        self._process = 0

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that only reads and sees one state of the records."""
        with self._reaching(), telling(), self._open().connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction that is committed at the end, or undone by any exception.

        On SQLite it waits for its turn at the start: what it reads is still true when it writes.
        """
        with self._reaching(), telling(), self._open().execution_options(writes=True).begin() as connection:
            yield connection

    def insert(self, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
        """An INSERT that knows ``on_conflict_do_nothing`` and ``on_conflict_do_update``."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)

    def close(self) -> None:
        """Close every connection; the next use opens the database again."""
        with self._lock:
            if self._engine is not None:
                # Connections that a parent process opened are the parent's to close.
                self._engine.dispose(close=self._process == os.getpid())
            self._engine = None

    def schema_version(self) -> str | None:
        """The newest migration that the database has seen; None when it is empty or not there yet."""
        if self.is_sqlite and not Path(str(self.url.database)).exists():
            return None
        engine = self._new_engine(migrates=True)
        try:
            with engine.connect() as connection:
                return _version_in(connection)
        except (sa.exc.DatabaseError, UnicodeDecodeError) as fault:
            raise self._unreachable(fault) from fault
        finally:
            engine.dispose()

    def upgrade(self) -> tuple[str | None, str]:
        """Bring the schema up to date; safe with several processes at once. Returns the versions before and after.

        Raises :class:`UserError` when the database belongs to a newer version of this program.
        """
        if self.is_sqlite:
            self._make_file()
        engine = self._new_engine(migrates=True)
        try:
            with engine.execution_options(writes=True).begin() as connection:
                if not self.is_sqlite:
                    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
                # Read under the lock: another process may just have done the work.
                before = _version_in(connection)
                if before != SCHEMA_VERSION:
                    self._check_known(before)
                    from alembic import command

                    configuration = _alembic()
                    configuration.attributes["connection"] = connection
                    command.upgrade(configuration, "head")
                return before, SCHEMA_VERSION
        except (sa.exc.DatabaseError, UnicodeDecodeError) as fault:
            raise self._unreachable(fault) from fault
        finally:
            engine.dispose()

    def _reaching(self) -> AbstractContextManager[None]:
        return nullcontext() if self.is_sqlite else reaching("The records' database", "DATABASE_URL")

    def _open(self) -> sa.Engine:
        if self._engine is None or self._process != os.getpid():
            with self._lock:
                if self._engine is None or self._process != os.getpid():
                    self.close()
                    self._engine, self._process = self._ready_engine(), os.getpid()
        return self._engine

    def _ready_engine(self) -> sa.Engine:
        version = self.schema_version()
        if version != SCHEMA_VERSION:
            self._check_known(version)
            if not self.is_sqlite:
                state = "has no tables yet" if version is None else "is of an earlier version of this program"
                raise UserError(f"The records' database {state}: run `flask records upgrade`.")
            self.upgrade()
        return self._new_engine()

    def _new_engine(self, *, migrates: bool = False) -> sa.Engine:
        # Migrations get a connection of their own: SQLite rebuilds tables to change them, and with foreign keys
        # enforced dropping the old copy would delete what refers to it.
        pool: dict[str, Any] = {"poolclass": sa.NullPool} if migrates else {"pool_pre_ping": not self.is_sqlite}
        if not self.is_sqlite:
            return sa.create_engine(self.url, connect_args={"connect_timeout": CONNECT_SECONDS}, **pool)
        engine = sa.create_engine(self.url, connect_args={"timeout": _BUSY_SECONDS}, **pool)

        @sa.event.listens_for(engine, "connect")
        def prepare(connection: sqlite3.Connection, _record: object) -> None:
            connection.isolation_level = None  # the driver must not begin and commit on its own: `begin` does
            _switch_to_wal(connection)
            connection.execute(f"PRAGMA foreign_keys = {'OFF' if migrates else 'ON'}")

        @sa.event.listens_for(engine, "begin")
        def begin(connection: sa.Connection) -> None:
            writes = connection.get_execution_options().get("writes", False)
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

        return engine

    def _make_file(self) -> None:
        """Folders and the file itself are the owner's alone, from the first moment on."""
        file = Path(str(self.url.database))
        try:
            make_private(file.parent)
            os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
        except OSError as fault:
            raise self._unreachable(fault) from fault

    def _check_known(self, version: str | None) -> None:
        from alembic.script import ScriptDirectory

        known = {script.revision for script in ScriptDirectory.from_config(_alembic()).walk_revisions()}
        if version is not None and version not in known:
            raise UserError(
                f"The records' database is of a newer version of this program ({version}; this one knows "
                f"{SCHEMA_VERSION}): update the program."
            )

    def _unreachable(self, fault: sa.exc.DatabaseError | UnicodeDecodeError | OSError) -> Exception:
        """What to tell the administrator; the fault itself where it is one of ours."""
        if isinstance(fault, UnicodeDecodeError):  # all that the driver says when a damaged name is in SQLite's message
            reason = "it is damaged"
        elif isinstance(fault, OSError):
            reason = str(fault)
        elif isinstance(fault, sa.exc.OperationalError) or fault.statement is None or is_corruption(fault):
            reason = str(fault.orig).strip().partition("\n")[0]
        else:
            return fault
        # A password may stand in its options, too.
        place = self.url.set(query={}).render_as_string(hide_password=True)
        return Unreachable(f"The records' database {place} cannot be opened ({reason}): check DATABASE_URL.")


def is_corruption(fault: sa.exc.DatabaseError) -> bool:
    """Whether SQLite says with this error that its file is damaged."""
    if "Could not decode to UTF-8" in str(fault.orig):  # the driver's own finding, which has no code
        return True
    return getattr(fault.orig, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """With a write-ahead log readers and a writer do not wait for each other. The file remembers it."""
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as fault:
            # SQLite does not wait by itself here when several processes make the first switch at the same time.
            if fault.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _version_in(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return None if found is None else str(found)


def _alembic() -> Config:
    from alembic.config import Config

    return Config(str(_ROOT / "alembic.ini"))
