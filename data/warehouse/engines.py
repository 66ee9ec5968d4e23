"""Opens the warehouse for reading, and holds everything in which the engines differ.

A :class:`Warehouse` is opened by URL. Each :meth:`Warehouse.read` gives a read-only, consistent view of one version of
the data, however many loads are published meanwhile. A third engine is a subclass here and nothing elsewhere.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from data.errors import NoData, UserError
from data.settings import Settings
from data.warehouse.schema import loads

_NO_DATA = "There is no data yet: load some with `flask load FOLDER`, or make a demo company with `flask demo`."


@dataclass(frozen=True)
class Reading:
    """A read-only connection to one ``version`` of the data. :meth:`cancel` may be called from another thread."""

    connection: sa.Connection
    version: str

    def cancel(self) -> None:
        """Stop the statement that runs now; it fails with the driver's own error."""
        driver: Any = self.connection.connection.driver_connection
        (driver.interrupt if hasattr(driver, "interrupt") else driver.cancel)()


class Warehouse(ABC):
    """Where the data lives."""

    url: sa.URL

    @abstractmethod
    def version(self) -> str:
        """The name of the live state of the data; a new one for every publication. Raises :class:`NoData`."""

    @abstractmethod
    def read(self) -> AbstractContextManager[Reading]:
        """A read-only view of the live version, for one report. Raises :class:`NoData`."""


class DuckDBWarehouse(Warehouse):
    """An embedded warehouse: a link at the URL's path names the live, immutable version file.

    One database instance per version file is opened on first use (so after a server forked) and shared by all readers of
    this process, each with its own cursor; it is closed when a newer version is read and its last reader has gone.
    """

    def __init__(self, url: sa.URL) -> None:
        if not url.database or url.database == ":memory:":
            raise UserError("WAREHOUSE_URL must name a DuckDB file, like duckdb:///var/warehouse.duckdb.")
        self.url = url
        self.path = Path(url.database).absolute()
        self._lock = threading.Lock()
        self._engine: sa.Engine | None = None
        self._file: Path | None = None

    def _live_file(self) -> Path:
        try:
            return self.path.resolve(strict=True)
        except FileNotFoundError:
            raise NoData(_NO_DATA) from None

    def version(self) -> str:
        return self._live_file().stem

    def _engine_for(self, file: Path) -> sa.Engine:
        with self._lock:
            if self._engine is None or self._file != file:
                config = {
                    "access_mode": "READ_ONLY",
                    "autoinstall_known_extensions": "false",
                    "autoload_known_extensions": "false",
                    "enable_external_access": "false",
                }
                # NullPool with a driver-level instance: duckdb shares one database between connections of a process.
                engine = sa.create_engine(
                    f"duckdb:///{file}", connect_args={"read_only": True, "config": config}, poolclass=sa.pool.QueuePool
                )
                # Its dialect does not say that decimals arrive as such, and SQLAlchemy would take rates through floats.
                engine.dialect.supports_native_decimal = True
                previous, self._engine, self._file = self._engine, engine, file
                if previous is not None:
                    previous.dispose()
            return self._engine

    @contextmanager
    def read(self) -> Iterator[Reading]:
        file = self._live_file()
        with self._engine_for(file).connect() as connection:
            yield Reading(connection, file.stem)


class PostgreSQLWarehouse(Warehouse):
    """A PostgreSQL warehouse: every reading is one repeatable, read-only transaction."""

    def __init__(self, url: sa.URL) -> None:
        self.url = url
        self._engine = sa.create_engine(
            url, isolation_level="REPEATABLE READ", pool_pre_ping=True, execution_options={"postgresql_readonly": True}
        )

    def version(self) -> str:
        with self._engine.connect() as connection:
            return _loaded_version(connection)

    @contextmanager
    def read(self) -> Iterator[Reading]:
        with self._engine.connect() as connection:
            yield Reading(connection, _loaded_version(connection))


def _loaded_version(connection: sa.Connection) -> str:
    if not sa.inspect(connection).has_table(loads.name):
        raise NoData(_NO_DATA)
    newest = connection.execute(sa.select(sa.func.max(loads.c.version))).scalar()
    if newest is None:
        raise NoData(_NO_DATA)
    return f"{newest:06d}"


def open_warehouse(settings: Settings) -> Warehouse:
    """The warehouse that the settings name; raises :class:`UserError` for an engine that is not supported."""
    try:
        url = sa.make_url(settings.warehouse)
    except sa.exc.ArgumentError:
        raise UserError("WAREHOUSE_URL is not an SQLAlchemy URL, like duckdb:///var/warehouse.duckdb.") from None
    engines = {"duckdb": DuckDBWarehouse, "postgresql": PostgreSQLWarehouse}
    backend = url.get_backend_name()
    if backend not in engines:
        raise UserError(f"WAREHOUSE_URL names {backend}, which is not supported: use {' or '.join(sorted(engines))}.")
    return engines[backend](url)


def relation(name: str, columns: Sequence[tuple[str, TypeEngine[Any], Sequence[Any]]]) -> sa.CTE:
    """A small table made of bound values: one array for each column (name, type, values), read side by side."""
    return sa.select(
        *(
            sa.func.unnest(sa.cast(sa.bindparam(f"{name}_{label}", list(values), sa.ARRAY(kind)), sa.ARRAY(kind))).label(label)
            for label, kind, values in columns
        )
    ).cte(name)
