"""Opens the warehouse, for reading and for loading, and holds everything in which reading differs between engines.

A :class:`Warehouse` is opened by URL. Each :meth:`Warehouse.read` gives a read-only, consistent view of one version of
the data, however many loads are published meanwhile. A third engine is a subclass here and a target in
``data/warehouse/publish.py``, and nothing elsewhere.
"""

from __future__ import annotations

import json
import threading
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar, cast

import duckdb
import numpy as np
import sqlalchemy as sa
from duckdb_engine import ConnectionWrapper, Dialect
from numpy.typing import NDArray
from sqlalchemy import ColumnElement
from sqlalchemy.types import TypeEngine

from data.errors import Cancelled, Damaged, NoData, Outdated, UserError
from data.reach import CONNECT_SECONDS, parse_url, reaching
from data.settings import Settings
from data.warehouse.lines import LineZone, marked, zones_noted
from data.warehouse.schema import line_zones, loads, package_sets
from data.warehouse.values import quoted
from data.warehouse.versions import NO_DATA, Versions

OUTDATED = (
    "The data was loaded by an earlier version of this program: make it ready with `flask warehouse rebuild`, "
    "which keeps all of it."
)

# What is not built in is neither fetched nor loaded: an engine that phones home is none.
_NO_EXTENSIONS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
_LOADING_MEMORY = "2GB"
"""What checking and building may hold in memory; beyond that the engine uses the disk beside the warehouse."""


T = TypeVar("T")

Column = NDArray[Any]
"""One column of an answer."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Where the lines of local days are read (``lines.py``), and the number of the zone there."""

    reading: Reading
    zone_id: int


class Memory:
    """What was found in one version of the data, for all who read that: a version never changes.

    Only the newest ``size`` findings are kept.
    """

    def __init__(self, size: int = 500) -> None:
        self._size = size
        self._found: dict[Hashable, Any] = {}
        self._lock = threading.Lock()

    def find(self, key: Hashable, find: Callable[[], T]) -> T:
        """What was found under ``key``, by ``find`` the first time; several who look at once may each find it."""
        with self._lock:
            if key in self._found:
                return cast("T", self._found[key])
        found = find()
        with self._lock:
            self._found[key] = found
            while len(self._found) > self._size:
                del self._found[next(iter(self._found))]
        return found


@dataclass(frozen=True)
class Reading:
    """A read-only connection to one ``version`` of the data. :meth:`cancel` may be called from another thread.

    ``zones`` are those that there are lines for; ``on_missing`` is told of another one that lines were asked for.
    ``memory`` holds what is worth remembering of the version; of this reading alone where others may change the data.
    """

    connection: sa.Connection
    version: str
    zones: tuple[LineZone, ...] = ()
    on_missing: Callable[[str], object] | None = None
    memory: Memory = field(default_factory=Memory)
    _withdrawn: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        sa.event.listen(self.connection, "before_cursor_execute", self._stop_if_withdrawn)

    def cancel(self) -> None:
        """Stop the statement that runs now, which fails with the driver's own error, and refuse all that follow."""
        self._withdrawn.set()
        driver: Any = self.connection.connection.driver_connection
        (driver.interrupt if hasattr(driver, "interrupt") else driver.cancel)()

    def columns(self, statement: sa.Executable) -> list[Column]:
        """The lines of a statement, column by column: what large results are worked on with.

        Columns of integers are arrays of 64 bits, others of objects. Nothing may be null.
        """
        result = self.connection.execute(statement)
        names = result.keys()
        lines = result.all()
        if not lines:
            return [np.zeros(0, np.int64) for _ in names]
        return [
            np.array(column, np.int64 if isinstance(column[0], int) else object) for column in zip(*lines, strict=True)
        ]

    def lines(self, zone: str) -> Lines | None:
        """The lines of a zone's local days, or of those of one that tells all days alike; None if there are none."""
        found = next((Lines(self, known.id) for known in self.zones if known.tells_days_like(zone)), None)
        found = found or self._lines_beside(zone)
        if found is None and self.zones and self.on_missing is not None:
            self.on_missing(zone)
        return found

    def _lines_beside(self, zone: str) -> Lines | None:
        return None

    def _stop_if_withdrawn(self, *_: object) -> None:
        # Between two statements there is nothing to interrupt.
        if self._withdrawn.is_set():
            raise Cancelled


@dataclass(frozen=True)
class _EmbeddedReading(Reading):
    open_beside: Callable[[LineZone, str], Reading | None] | None = None
    _beside: list[Reading] = field(default_factory=list)

    def cancel(self) -> None:
        super().cancel()
        for reading in self._beside:
            reading.cancel()

    def _lines_beside(self, zone: str) -> Lines | None:
        if not self.zones or self.open_beside is None:
            return None
        reading = self.open_beside(self.zones[0], zone)
        if reading is None:
            return None
        self._beside.append(reading)
        return next((Lines(reading, known.id) for known in reading.zones if known.tells_days_like(zone)), None)

    def columns(self, statement: sa.Executable) -> list[Column]:
        # Without a tuple for each line. Integers beyond 64 bits would arrive as floats: none are asked for.
        with self.connection.execute(statement) as result:
            cursor: Any = result.cursor
            return [
                column.astype(np.int64, copy=False) if column.dtype.kind in "iu" else column
                for column in cursor.fetchnumpy().values()
            ]


class Warehouse(ABC):
    """Where the data lives."""

    url: sa.URL
    on_missing: Callable[[str], object] | None = None
    """Told of a zone that a report could have been answered from lines for, if there were any."""

    @abstractmethod
    def version(self) -> str:
        """The name of the live state of the data; a new one for every publication. Raises :class:`NoData`."""

    @abstractmethod
    def read(self) -> AbstractContextManager[Reading]:
        """A read-only view of the live version, for one report. Raises :class:`NoData`."""


class _ReportsDialect(Dialect):
    """The embedded engine's dialect, which leaves two things unsaid that hold for our statements."""

    # Decimals arrive as such: SQLAlchemy would take rates through floats.
    supports_native_decimal = True
    # Equal statements with other values are the same text: it is not written anew for every report.
    supports_statement_cache = True


sa.dialects.registry.register("duckdb.reports", __name__, _ReportsDialect.__name__)


class _OpenFile:
    """A file, opened once in this process; each reader has a cursor of its own, and they run in parallel.

    The file may be deleted meanwhile: an open file stays readable to the end.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        # Immutable, and nothing but this one file: no other files, no network, and no way to change these settings.
        self._database = duckdb.connect(
            str(file), read_only=True, config={**_NO_EXTENSIONS, "enable_external_access": "false"}
        )
        try:
            self._check()
        except BaseException:
            self._database.close()
            raise
        # Every connection of a process to one file shares its instance: another one may have locked it already.
        if self._database.execute("SELECT NOT current_setting('lock_configuration')").fetchall() == [(True,)]:
            self._database.execute("SET GLOBAL TimeZone = 'UTC'; SET lock_configuration = true")
        self.engine = sa.create_engine(
            "duckdb+reports://", creator=lambda: ConnectionWrapper(self._database.cursor()), poolclass=sa.NullPool
        )
        self.zones: tuple[LineZone, ...] = ()
        if has_lines(self._database, file.stem):
            with self.engine.connect() as connection:
                self.zones = zones_noted(connection)

    def _check(self) -> None:
        """Refuse what cannot be read."""

    def close(self) -> None:
        self.engine.dispose()
        self._database.close()


class _OpenVersion(_OpenFile):
    """A version file, and files of lines that were made for it later."""

    def __init__(self, file: Path, folder: Path) -> None:
        self.readers = 0
        self.memory = Memory()
        self._folder = folder
        self._beside: dict[str, _OpenFile] = {}
        self._lock = threading.Lock()
        super().__init__(file)

    def _check(self) -> None:
        if not is_prepared(self._database, self.file.stem):
            raise Outdated(OUTDATED)

    def beside(self, known: LineZone, zone: str) -> _OpenFile | None:
        """The lines made later for a zone, if there are any."""
        mark = marked(zone, known.first, known.last)
        file = self._folder / f"{mark}.duckdb"
        with self._lock:
            if mark not in self._beside and file.exists():
                self._beside[mark] = _OpenFile(file)
            return self._beside.get(mark)

    def close(self) -> None:
        for lines in self._beside.values():
            lines.close()
        super().close()


class DuckDBWarehouse(Warehouse):
    """An embedded warehouse: a link at the URL's path names the live, immutable version file (``versions.py``).

    Files are opened on first use, so after a server forked. A version that is no longer live is closed when its last
    reader has gone.
    """

    def __init__(self, url: sa.URL) -> None:
        self.url = url
        self.versions = Versions(embedded_path(url))
        self._lock = threading.Lock()
        self._open: _OpenVersion | None = None
        self._damaged: tuple[Path, object] | None = None

    def version(self) -> str:
        return self.versions.live_file().stem

    @contextmanager
    def read(self) -> Iterator[Reading]:
        version = self._enter()
        try:
            with noticing_damage(self.versions, version.file.stem), ExitStack() as stack:

                def beside(known: LineZone, zone: str) -> Reading | None:
                    lines = version.beside(known, zone)
                    if lines is None:
                        return None
                    return _EmbeddedReading(stack.enter_context(lines.engine.connect()), version.file.stem, lines.zones)

                connection = stack.enter_context(version.engine.connect())
                yield _EmbeddedReading(
                    connection, version.file.stem, version.zones, self.on_missing, version.memory, open_beside=beside
                )
        except Damaged:
            self._give_up(version.file)
            raise
        finally:
            self._leave(version)

    def _enter(self) -> _OpenVersion:
        with self._lock:
            file = self.versions.live_file()
            if self._damaged is not None and self._damaged == (file, _state(file)):
                raise self.versions.damaged(file.stem)
            while self._open is None or self._open.file != file:
                try:
                    opened = _OpenVersion(file, self.versions.beside(file.stem))
                except (duckdb.Error, sa.exc.DBAPIError) as fault:
                    # Loads may have published, and pruned, since the link was read: only then is there another file.
                    newer = self.versions.live_file()
                    if newer == file:
                        if is_damage(fault, file):
                            raise self.versions.damaged(file.stem) from fault
                        raise
                    file = newer
                    continue
                former, self._open = self._open, opened
                if former is not None and not former.readers:
                    former.close()
            self._open.readers += 1
            return self._open

    def _give_up(self, file: Path) -> None:
        """Answer nothing from a damaged file any more, until it is another one: no part of it is to be trusted."""
        with self._lock:
            self._damaged = (file, _state(file))
            if self._open is not None and self._open.file == file:
                former, self._open = self._open, None
                if not former.readers:
                    former.close()

    def _leave(self, version: _OpenVersion) -> None:
        with self._lock:
            version.readers -= 1
            if version is not self._open and not version.readers:
                version.close()


def _state(file: Path) -> object:
    """What changes when a file is restored."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


@contextmanager
def noticing_damage(versions: Versions, name: str) -> Iterator[None]:
    """Raises :class:`Damaged` in place of the engine's error when the file of that version is not what was written."""
    try:
        yield
    except (duckdb.Error, sa.exc.DBAPIError) as fault:
        if is_damage(fault, versions.file(name)):
            raise versions.damaged(name) from fault
        raise


_DAMAGE = ("not a valid DuckDB database", "Could not read enough bytes", "database does not exist")


def is_damage(fault: BaseException | None, file: Path) -> bool:
    """Whether the embedded engine says with this error that ``file`` is not what it wrote."""
    if isinstance(fault, sa.exc.DBAPIError):
        fault = fault.orig
    text = str(fault)
    return "Corrupt database file" in text or (str(file) in text and any(words in text for words in _DAMAGE))


class PostgreSQLWarehouse(Warehouse):
    """A PostgreSQL warehouse: every reading is one repeatable, read-only transaction.

    :class:`Unreachable` is raised by whatever needs its server, also in the middle of a reading.
    """

    def __init__(self, url: sa.URL) -> None:
        self.url = url
        self._engine = sa.create_engine(
            url,
            isolation_level="REPEATABLE READ",
            pool_pre_ping=True,
            execution_options={"postgresql_readonly": True},
            connect_args={"options": "-c timezone=UTC", "connect_timeout": CONNECT_SECONDS},
        )

    def version(self) -> str:
        with _reaching(), self._engine.connect() as connection:
            return loaded_version(connection)

    @contextmanager
    def read(self) -> Iterator[Reading]:
        with _reaching(), self._engine.connect() as connection:
            version, lined = _loaded(connection)
            yield Reading(connection, version, zones_noted(connection) if lined else (), self.on_missing)


def _reaching() -> AbstractContextManager[None]:
    return reaching("The warehouse", "WAREHOUSE_URL")


def loaded_version(connection: sa.Connection) -> str:
    """The name of the newest load in PostgreSQL. Raises :class:`NoData`."""
    return _loaded(connection)[0]


def _loaded(connection: sa.Connection) -> tuple[str, bool]:
    """The name of the newest load, and whether there are tables of lines."""
    loaded, prepared, lined = tables_there(connection)
    newest = None
    if loaded:
        newest = connection.execute(
            sa.select(loads.c.version, loads.c.loaded_at).order_by(loads.c.version.desc()).limit(1)
        ).first()
    if newest is None:
        raise NoData(NO_DATA)
    if not prepared:
        raise Outdated(OUTDATED)
    return version_name(newest.version, newest.loaded_at), lined


def tables_there(connection: sa.Connection) -> tuple[bool, bool, bool]:
    """Whether PostgreSQL has the tables of a loaded warehouse, those that reports need beside them, and lines."""
    names = (table.name for table in (loads, package_sets, line_zones))
    found = connection.execute(sa.select(*map(sa.func.to_regclass, names))).one()
    loaded, prepared, lined = (table is not None for table in found)
    return loaded, prepared, lined


def is_prepared(connection: duckdb.DuckDBPyConnection, database: str) -> bool:
    """Whether an attached version file holds what reports read beside the dataset."""
    return _has(connection, database, package_sets)


def has_lines(connection: duckdb.DuckDBPyConnection, database: str) -> bool:
    """Whether an attached version file holds tables of lines."""
    return _has(connection, database, line_zones)


def _has(connection: duckdb.DuckDBPyConnection, database: str, table: sa.Table) -> bool:
    found = connection.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE database_name = ? AND table_name = ?",
        [database, table.name],
    ).fetchone()
    return found is not None and bool(found[0])


def version_name(version: int, loaded_at: datetime) -> str:
    """A name that no other state of a PostgreSQL warehouse ever had, not even of one made anew at the same URL."""
    return f"{version:06d}-{zlib.crc32(loaded_at.isoformat().encode()):08x}"


def embedded_path(url: sa.URL) -> Path:
    """The path of the link that an embedded warehouse's URL names."""
    if not url.database or url.database == ":memory:":
        raise UserError("WAREHOUSE_URL must name a DuckDB file, like duckdb:///var/warehouse.duckdb.")
    return Path(url.database).absolute()


def warehouse_url(settings: Settings) -> sa.URL:
    """The warehouse's URL; raises :class:`UserError` for one that is none or names an engine that is not supported."""
    url = parse_url(settings.warehouse, "WAREHOUSE_URL", "duckdb:///var/warehouse.duckdb")
    backend = url.get_backend_name()
    if backend not in _ENGINES:
        raise UserError(f"WAREHOUSE_URL names {backend}, which is not supported: use {' or '.join(sorted(_ENGINES))}.")
    # The one driver that is installed, also for a URL without one.
    return url.set(drivername="postgresql+psycopg") if backend == "postgresql" else url


_ENGINES: dict[str, type[DuckDBWarehouse | PostgreSQLWarehouse]] = {
    "duckdb": DuckDBWarehouse,
    "postgresql": PostgreSQLWarehouse,
}


def open_warehouse(settings: Settings) -> Warehouse:
    """The warehouse that the settings name; raises :class:`UserError` for an engine that is not supported."""
    url = warehouse_url(settings)
    return _ENGINES[url.get_backend_name()](url)


@contextmanager
def open_scratch(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A new embedded database for a load's own use, in UTC; rows keep the order in which they come.

    It lives in memory up to a bound, and beyond that in files in ``folder``.
    """
    connection = duckdb.connect(
        config={**_NO_EXTENSIONS, "memory_limit": _LOADING_MEMORY, "temp_directory": str(folder / "spill")}
    )
    try:
        connection.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = true; SET enable_progress_bar = false")
        yield connection
    finally:
        connection.close()


@dataclass(frozen=True, slots=True)
class Load:
    """A load as the warehouse remembers it: when (naive UTC), from where, and how many rows there were afterwards."""

    version: int
    loaded_at: datetime
    source: str
    rows: int


def last_load(file: Path) -> Load:
    """The load that made a version file of an embedded warehouse."""
    with duckdb.connect(config=_NO_EXTENSIONS) as connection:
        connection.execute(f"ATTACH {quoted(str(file))} AS past (READ_ONLY)")
        row = connection.execute(
            "SELECT version, loaded_at, source, summary FROM past.loads ORDER BY version DESC LIMIT 1"
        ).fetchone()
    assert row is not None
    version, loaded_at, source, summary = row
    return Load(version, loaded_at, source, sum(json.loads(summary)["rows"].values()))


@contextmanager
def open_for_loading(url: sa.URL) -> Iterator[sa.Connection]:
    """A PostgreSQL connection that may write, in one transaction: committed at the end, rolled back on any error.

    Raises :class:`Unreachable`, as readings do.
    """
    engine = sa.create_engine(
        url,
        poolclass=sa.NullPool,
        connect_args={
            "options": "-c timezone=UTC -c datestyle=ISO",
            "application_name": "load",
            "connect_timeout": CONNECT_SECONDS,
        },
    )
    with _reaching(), engine.begin() as connection:
        yield connection


def one_of(column: ColumnElement[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """Whether a column has one of some values: all of them are one bound array, however many there are."""
    kind = sa.ARRAY(column.type)
    found = sa.func.unnest(sa.cast(sa.bindparam(None, sorted(values), kind), kind))
    return column.in_(sa.select(found.label("value")))


def relation(name: str, columns: Sequence[tuple[str, TypeEngine[Any], Sequence[Any]]]) -> sa.CTE:
    """A small table made of bound values: one array for each column (name, type, values), read side by side."""
    return sa.select(
        *(
            sa.func.unnest(
                sa.cast(sa.bindparam(f"{name}_{label}", list(values), sa.ARRAY(kind)), sa.ARRAY(kind))
            ).label(label)
            for label, kind, values in columns
        )
    ).cte(name)
