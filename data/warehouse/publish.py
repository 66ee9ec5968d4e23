# ruff: noqa: S608 - SQL is put together from our own names and expressions; values from outside are bound or quoted
"""Puts checked rows into the warehouse, all or nothing: the one place in which loading differs between engines.

Both targets take the good rows of a load from schema ``good`` of its scratch database. The embedded one builds the next
version of the warehouse's file and switches to it; PostgreSQL takes them in one transaction. Both then derive what
reports read instead of whole histories (``rollups.py``), in the same step.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import sqlalchemy as sa

from data.warehouse.checks import KEYS
from data.warehouse.engines import (
    embedded_path,
    has_lines,
    is_prepared,
    noticing_damage,
    open_for_loading,
    open_scratch,
    tables_there,
    version_name,
)
from data.warehouse.lines import are_narrow, make_lines
from data.warehouse.rollups import all_holdings, as_text, everything, months_of
from data.warehouse.schema import (
    DATASET,
    DERIVED,
    LINES,
    WIDE,
    client_months,
    holdings,
    line_zones,
    loads,
    metadata,
    package_sets,
    transactions,
)
from data.warehouse.values import identifier, quoted
from data.warehouse.versions import Versions, number

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Change:
    """What a load does to one table, in rows."""

    new: int = 0
    replaced: int = 0
    unchanged: int = 0


class Target(ABC):
    """A warehouse, held for one load."""

    connection: duckdb.DuckDBPyConnection
    """The scratch database of the load."""
    folder: Path
    """A folder for files of the load's own."""
    outdated: bool
    """Whether there is live data without derived tables: an earlier program loaded it."""

    @abstractmethod
    def bring(self, tables: Sequence[str]) -> None:
        """Make the live tables that a load of ``tables`` is checked against readable as ``live.<table>``."""

    @abstractmethod
    def clients_with_transactions(self, ids: Sequence[int]) -> Sequence[int]:
        """Those of the clients that have live transactions."""

    @abstractmethod
    def publish(self, tables: Sequence[str], source: str, tell: Tell) -> tuple[str | None, dict[str, Change]]:
        """Put the good rows of ``tables`` in the live ones' place; returns the version's name and what changed.

        If nothing changes, nothing is published and the name is None; but the first load always makes a version, and
        so does one into a warehouse that is :attr:`outdated`.
        """


def hold(url: sa.URL, tell: Tell, *, keep: int, zones: Sequence[str] = ()) -> AbstractContextManager[Target]:
    """The target for the warehouse at ``url``; other loads into it wait until this one is over.

    An embedded warehouse keeps ``keep`` versions besides the live one. There are lines for the days of ``zones``, and
    of those for which the live data has some.
    """
    if url.get_backend_name() == "duckdb":
        return _hold_embedded(url, tell, keep, zones)
    return _hold_postgresql(url, tell, zones)


def _names(table: sa.Table) -> list[str]:
    return [column.name for column in table.columns]


def _listed(names: Sequence[str], prefix: str = "") -> str:
    return ", ".join(prefix + identifier(name) for name in names)


def _differs(table: sa.Table, left: str, right: str) -> str:
    """SQL that tells whether two rows of the same key differ."""
    rest = [column.name for column in table.columns if not column.primary_key]
    return " OR ".join(f"{left}.{identifier(n)} IS DISTINCT FROM {right}.{identifier(n)}" for n in rest) or "false"


def _summary(changes: Mapping[str, Change], rows: Mapping[str, int]) -> str:
    return json.dumps(
        {
            "rows": dict(rows),
            "changes": {
                name: {"new": c.new, "replaced": c.replaced} for name, c in changes.items() if c.new or c.replaced
            },
        }
    )


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


# ---------------------------------------------------------------- embedded


@contextmanager
def _hold_embedded(url: sa.URL, tell: Tell, keep: int, zones: Sequence[str]) -> Iterator[Target]:
    versions = Versions(embedded_path(url))
    with (
        versions.locked(lambda: tell("Waiting for another load to finish")),
        versions.scratch() as folder,
        open_scratch(folder) as connection,
    ):
        target = _EmbeddedTarget(versions, folder, connection, keep, zones)
        live = versions.live()
        with nullcontext() if live is None else noticing_damage(versions, live):
            yield target


_DIALECT = sa.create_mock_engine("duckdb://", lambda *_, **__: None).dialect
# Sorted for what reports read most: a stretch of time lies together, and within a month each client's part of it.
_ORDER = {table.name: _listed(KEYS[table.name]) for table in DATASET} | {
    "transactions": """date_trunc('month', "at"), "client_id", "at", "id\""""
}


def _create(table: sa.Table, schema: str, *, narrow: bool = False) -> str:
    """DDL without keys: the embedded engine would index them, for nothing; the checks have made sure of them.

    In a ``narrow`` table sums have 64 bits.
    """

    def kind(column: sa.Column[Any]) -> str:
        type_ = sa.BigInteger() if narrow and column.type is WIDE else column.type
        return type_.compile(dialect=_DIALECT)

    columns = ", ".join(
        f"{identifier(column.name)} {kind(column)}{'' if column.nullable else ' NOT NULL'}" for column in table.columns
    )
    return f"CREATE TABLE {schema}.{table.name} ({columns})"


class _EmbeddedTarget(Target):
    def __init__(
        self,
        versions: Versions,
        folder: Path,
        connection: duckdb.DuckDBPyConnection,
        keep: int,
        zones: Sequence[str],
    ) -> None:
        self._versions = versions
        self._keep = keep
        self._zones = zones
        self._live = versions.live()
        self.outdated = False
        self.folder = folder
        self.connection = connection

    def bring(self, tables: Sequence[str]) -> None:
        if self._live is not None:
            self.connection.execute(f"ATTACH {quoted(str(self._versions.file(self._live)))} AS live (READ_ONLY)")
            self.outdated = not is_prepared(self.connection, "live")
            return
        self.connection.execute("CREATE SCHEMA live")
        for table in (*DATASET, loads):
            self.connection.execute(_create(table, "live"))

    def clients_with_transactions(self, ids: Sequence[int]) -> Sequence[int]:
        rows = self.connection.execute(
            "SELECT DISTINCT client_id FROM live.transactions WHERE client_id IN (SELECT unnest(?::BIGINT[]))",
            [list(ids)],
        ).fetchall()
        return [row[0] for row in rows]

    def publish(self, tables: Sequence[str], source: str, tell: Tell) -> tuple[str | None, dict[str, Change]]:
        changes = {table.name: self._change(table) for table in DATASET if table.name in tables}
        changed = any(change.new or change.replaced for change in changes.values())
        if self._live is not None and not changed and not self.outdated:
            return None, changes
        name = self._versions.begin()
        try:
            self.connection.execute(f"ATTACH {quoted(str(self._versions.file(name)))} AS next")
            # One transaction: what it writes goes to the new file at once, not to a log first.
            self.connection.execute("BEGIN")
            for table in DATASET:
                tell(f"Building {table.name}")
                self._build(table, changes.get(table.name, Change()))
            self._derive()
            self._note(number(name), source, changes)
            self.connection.execute("COMMIT")
            tell("Publishing")
            self.connection.execute("CHECKPOINT next")
            self.connection.execute("DETACH next")
            self._versions.publish(name)
        except BaseException:
            if self._versions.live() != name:
                self._versions.abandon(name)
            raise
        self._versions.prune(self._keep)
        return name, changes

    def _change(self, table: sa.Table) -> Change:
        key = KEYS[table.name]
        row = self.connection.execute(
            f"SELECT count(*) FILTER (l.{key[0]} IS NULL), "
            f"count(*) FILTER (l.{key[0]} IS NOT NULL AND ({_differs(table, 'l', 'g')})), count(*) "
            f"FROM good.{table.name} g LEFT JOIN live.{table.name} l "
            f"ON {' AND '.join(f'l.{identifier(k)} = g.{identifier(k)}' for k in key)}"
        ).fetchone()
        assert row is not None
        new, replaced, total = row
        return Change(new, replaced, total - new - replaced)

    def _build(self, table: sa.Table, change: Change) -> None:
        names, key = _listed(_names(table)), _listed(KEYS[table.name])
        self.connection.execute(_create(table, "next"))
        rows = f"SELECT {names} FROM live.{table.name}"
        if change.new or change.replaced:
            if change.replaced or change.unchanged:
                rows += f" ANTI JOIN good.{table.name} USING ({key})"
            rows = (
                f"SELECT * FROM ({rows} UNION ALL SELECT {names} FROM good.{table.name}) ORDER BY {_ORDER[table.name]}"
            )
        self.connection.execute(f"INSERT INTO next.{table.name} {rows}")

    def _derive(self) -> None:
        zones = self._zones_in_use()
        self.connection.execute("USE next")
        narrow = are_narrow(self._execute)
        for table in (*DERIVED, *LINES):
            self.connection.execute(_create(table, "next", narrow=narrow and table in LINES))
        for statement in everything():
            self._execute(statement)
        make_lines(self._execute, zones)
        self.connection.execute("USE memory")

    def _execute(self, statement: sa.Executable) -> Sequence[Any]:
        return self.connection.execute(as_text(statement, _DIALECT)).fetchall()

    def _zones_in_use(self) -> list[str]:
        if not has_lines(self.connection, "live"):
            return [*self._zones]
        named = self.connection.execute("SELECT name FROM live.line_zones ORDER BY zone_id").fetchall()
        return [*self._zones, *(name for (name,) in named)]

    def _note(self, version: int, source: str, changes: Mapping[str, Change]) -> None:
        self.connection.execute(_create(loads, "next"))
        self.connection.execute("INSERT INTO next.loads SELECT * FROM live.loads")
        counts = {}
        for table in DATASET:
            row = self.connection.execute(f"SELECT count(*) FROM next.{table.name}").fetchone()
            counts[table.name] = int(row[0]) if row else 0
        self.connection.execute(
            "INSERT INTO next.loads VALUES (?, ?, ?, ?)", [version, _now(), source, _summary(changes, counts)]
        )


# ---------------------------------------------------------------- PostgreSQL

_LOCK = 0x0C05_70DE_D14A
"""Loads of any warehouse of this program in one database exclude each other by this advisory lock."""
_NEEDED = {
    "resellers": ("resellers",),
    "clients": ("resellers", "clients"),
    "client_tags": ("clients",),
    "subscriptions": ("clients", "packages"),
    "transactions": ("clients", "packages"),
}
_BROUGHT = {"resellers": ("id", "parent_id"), "clients": ("id", "currency"), "packages": ("id",)}
# Beyond the primary keys, made after the first rows are in.
_INDEXES = (
    "CREATE INDEX IF NOT EXISTS transactions_client_id_at ON transactions (client_id, at)",
    "CREATE INDEX IF NOT EXISTS transactions_at ON transactions (at)",
    "CREATE INDEX IF NOT EXISTS clients_owner_id ON clients (owner_id)",
    "CREATE INDEX IF NOT EXISTS subscriptions_package_id ON subscriptions (package_id)",
)
_TOUCHED = "touched_clients"


_PREFIX = "customer-dynamics-load-"


@contextmanager
def _own_folder() -> Iterator[Path]:
    """A temporary folder, locked while it is used; those that killed loads left are found unlocked and deleted."""
    for leftover in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        lock = _lock(leftover)
        if lock is not None:
            shutil.rmtree(leftover, ignore_errors=True)
            os.close(lock)
    lock = None
    while lock is None:  # until it is locked, another load may take it for a leftover
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        lock = _lock(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _lock(folder: Path) -> int | None:
    """Lock a folder until the descriptor is closed or this process ends; None if it is gone, or another's."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    if not folder.exists() or os.fstat(descriptor).st_uid != os.getuid():
        os.close(descriptor)
        return None
    return descriptor


@contextmanager
def _hold_postgresql(url: sa.URL, tell: Tell, zones: Sequence[str]) -> Iterator[Target]:
    with (
        _own_folder() as folder,
        open_scratch(folder) as connection,
        open_for_loading(url) as warehouse,
    ):
        if not warehouse.execute(sa.select(sa.func.pg_try_advisory_xact_lock(_LOCK))).scalar():
            tell("Waiting for another load to finish")
            warehouse.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        loaded, prepared, _ = tables_there(warehouse)
        metadata.create_all(warehouse, tables=[*DATASET, loads, *DERIVED, *LINES])
        yield _PostgreSQLTarget(warehouse, folder, connection, zones, outdated=loaded and not prepared)


class _PostgreSQLTarget(Target):
    def __init__(
        self,
        warehouse: sa.Connection,
        folder: Path,
        connection: duckdb.DuckDBPyConnection,
        zones: Sequence[str],
        *,
        outdated: bool,
    ) -> None:
        self._warehouse = warehouse
        self._zones = zones
        self.outdated = outdated
        self.folder = folder
        self.connection = connection

    def bring(self, tables: Sequence[str]) -> None:
        self.connection.execute("CREATE SCHEMA live")
        for table in DATASET:
            if any(table.name in _NEEDED.get(loaded, ()) for loaded in tables):
                self._pull(table)

    def _pull(self, table: sa.Table) -> None:
        names = _BROUGHT[table.name]
        columns = {name: table.columns[name].type.compile(dialect=_DIALECT) for name in names}
        file = self.folder / f"live-{table.name}.csv"
        statement = f"COPY {table.name} ({_listed(names)}) TO STDOUT (FORMAT csv)"
        with self._cursor() as cursor, file.open("wb") as stream, cursor.copy(statement) as copy:
            for block in copy:
                stream.write(block)
        self.connection.execute(
            f"CREATE TABLE live.{table.name} AS SELECT * FROM read_csv({quoted(str(file))}, auto_detect = false, "
            f"header = false, delim = ',', columns = {columns})"
        )

    def _cursor(self) -> psycopg.Cursor[Any]:
        driver: Any = self._warehouse.connection.driver_connection
        cursor: psycopg.Cursor[Any] = driver.cursor()
        return cursor

    def clients_with_transactions(self, ids: Sequence[int]) -> Sequence[int]:
        return list(
            self._warehouse.execute(
                sa.text(
                    "SELECT asked.client FROM unnest(CAST(:ids AS bigint[])) AS asked (client) "
                    "WHERE EXISTS (SELECT 1 FROM transactions WHERE client_id = asked.client)"
                ),
                {"ids": list(ids)},
            ).scalars()
        )

    def publish(self, tables: Sequence[str], source: str, tell: Tell) -> tuple[str | None, dict[str, Change]]:
        changes: dict[str, Change] = {}
        for table in DATASET:
            if table.name in tables:
                tell(f"Storing {table.name}")
                changes[table.name] = self._store(table)
        newest = self._warehouse.execute(sa.select(sa.func.max(loads.c.version))).scalar()
        changed = any(change.new or change.replaced for change in changes.values())
        if newest is not None and not changed and not self.outdated:
            return None, changes
        tell("Publishing")
        self._derive(tables)
        for index in _INDEXES:
            self._warehouse.execute(sa.text(index))
        counts = {
            table.name: int(self._warehouse.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())
            for table in DATASET
        }
        version, loaded_at = (newest or 0) + 1, _now()
        self._warehouse.execute(
            loads.insert().values(
                version=version, loaded_at=loaded_at, source=source, summary=_summary(changes, counts)
            )
        )
        for name in (*tables, *(table.name for table in (*DERIVED, *LINES))):
            self._warehouse.execute(sa.text(f"ANALYZE {name}"))
        return version_name(version, loaded_at), changes

    def _derive(self, tables: Sequence[str]) -> None:
        """Make anew what follows from what the load touched: months client by client, holdings all at once."""
        if self.outdated:
            self._warehouse.execute(months_of())
        elif "transactions" in tables:
            touched = sa.select(sa.column("client_id", sa.BigInteger)).select_from(sa.table(_TOUCHED))
            self._warehouse.execute(sa.delete(client_months).where(client_months.c.client_id.in_(touched)))
            self._warehouse.execute(months_of(transactions.c.client_id.in_(touched)))
        if self.outdated or "subscriptions" in tables:
            for table in (holdings, package_sets):
                self._warehouse.execute(sa.delete(table))
            for statement in all_holdings():
                self._warehouse.execute(statement)
        if self.outdated or {"clients", "transactions"} & set(tables):
            named = self._warehouse.execute(sa.select(line_zones.c.name).order_by(line_zones.c.zone_id)).scalars().all()
            for table in LINES:
                self._warehouse.execute(sa.delete(table))
            self._set_width("bigint" if are_narrow(self._execute) else "numeric(38, 0)")
            make_lines(self._execute, [*self._zones, *named])

    def _set_width(self, kind: str) -> None:
        """Let the sums of all lines, which are empty, be of this type."""
        for table in LINES:
            wide = [column.name for column in table.columns if column.type is WIDE]
            changes = ", ".join(f"ALTER COLUMN {name} TYPE {kind}" for name in wide)
            if changes:
                self._warehouse.execute(sa.text(f"ALTER TABLE {table.name} {changes}"))

    def _execute(self, statement: sa.Executable) -> Sequence[Any]:
        result = self._warehouse.execute(statement)
        return result.all() if result.returns_rows else ()

    def _store(self, table: sa.Table) -> Change:
        file = self.folder / f"good-{table.name}.csv"
        names = _listed(_names(table))
        self.connection.execute(
            f"COPY (SELECT {names} FROM good.{table.name}) TO {quoted(str(file))} (FORMAT csv, HEADER false)"
        )
        incoming = f"incoming_{table.name}"
        self._warehouse.execute(sa.text(f"CREATE TEMPORARY TABLE {incoming} (LIKE {table.name}) ON COMMIT DROP"))
        with self._cursor() as cursor, file.open("rb") as stream:
            with cursor.copy(f"COPY {incoming} ({names}) FROM STDIN (FORMAT csv)") as copy:
                while block := stream.read(1 << 20):
                    copy.write(block)
            total = cursor.rowcount
        file.unlink()
        if table is transactions:
            # Also whose they were: a row may come again with another client.
            self._warehouse.execute(
                sa.text(
                    f"CREATE TEMPORARY TABLE {_TOUCHED} ON COMMIT DROP AS SELECT client_id FROM {incoming} "
                    f"UNION SELECT t.client_id FROM transactions t JOIN {incoming} i ON i.id = t.id"
                )
            )
        key = KEYS[table.name]
        updates = ", ".join(f"{identifier(n)} = excluded.{identifier(n)}" for n in _names(table) if n not in key)
        # A row that changes nothing is left alone; xmax tells a row that was there from a new one.
        conflict = (
            f"DO UPDATE SET {updates} WHERE {_differs(table, table.name, 'excluded')}" if updates else "DO NOTHING"
        )
        new, replaced = self._warehouse.execute(
            sa.text(
                f"WITH stored AS (INSERT INTO {table.name} ({names}) SELECT {names} FROM {incoming} "
                f"ON CONFLICT ({_listed(key)}) {conflict} RETURNING xmax = 0 AS is_new) "
                "SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM stored"
            )
        ).one()
        return Change(new, replaced, total - new - replaced)
