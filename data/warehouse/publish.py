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
from data.warehouse.lines import LineZone, are_narrow, make_lines, zones_noted
from data.warehouse.renewal import Renewal, renewal
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
    """Whether there is live data without some of the derived tables: an earlier program loaded it."""

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


def _summary(changes: Mapping[str, Change], rows: Mapping[str, int], *, whole: bool) -> str:
    """What is remembered of a load; ``whole`` tells that all was built anew, in order."""
    return json.dumps(
        {
            "rows": dict(rows),
            "whole": whole,
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


DUCKDB = sa.create_mock_engine("duckdb://", lambda *_, **__: None).dialect
"""The embedded engine's dialect, for statements as text."""
# Sorted for what reports read most: a stretch of time lies together, and within a month each client's part of it.
_ORDER = {table.name: _listed(KEYS[table.name]) for table in DATASET} | {
    "transactions": """date_trunc('month', "at"), "client_id", "at", "id\""""
}


def create(table: sa.Table, schema: str, *, narrow: bool = False) -> str:
    """DDL without keys: the embedded engine would index them, for nothing; the checks have made sure of them.

    In a ``narrow`` table sums have 64 bits.
    """

    def kind(column: sa.Column[Any]) -> str:
        type_ = sa.BigInteger() if narrow and column.type is WIDE else column.type
        return type_.compile(dialect=DUCKDB)

    columns = ", ".join(
        f"{identifier(column.name)} {kind(column)}{'' if column.nullable else ' NOT NULL'}" for column in table.columns
    )
    return f"CREATE TABLE {schema}.{table.name} ({columns})"


_SCATTERED = 5
"""With more than one transaction in so many out of order, the next version is built anew."""


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
        self._in_use: list[str] = []
        self._live = versions.live()
        self.outdated = False
        self.folder = folder
        self.connection = connection

    def bring(self, tables: Sequence[str]) -> None:
        if self._live is not None:
            self.connection.execute(f"ATTACH {quoted(str(self._versions.file(self._live)))} AS live (READ_ONLY)")
            self.outdated = not is_prepared(self.connection, "live") or not has_lines(self.connection, "live")
            return
        self.connection.execute("CREATE SCHEMA live")
        for table in (*DATASET, loads):
            self.connection.execute(create(table, "live"))

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
            self._in_use = self._zones_in_use()
            renewed = self._renewal(changes)
            if renewed is not None and self._live is not None:
                tell("Copying the live version")
                shutil.copyfile(self._versions.file(self._live), self._versions.file(name))
            self.connection.execute(f"ATTACH {quoted(str(self._versions.file(name)))} AS next")
            # One transaction: what it writes goes to the new file at once, not to a log first.
            self.connection.execute("BEGIN")
            if renewed is None:
                for table in DATASET:
                    tell(f"Building {table.name}")
                    self._build(table, changes.get(table.name, Change()))
                self._derive()
                self.connection.execute(create(loads, "next"))
                self.connection.execute("INSERT INTO next.loads SELECT * FROM live.loads")
            else:
                self._change_copy(renewed, changes, tell)
            self._note(number(name), source, changes, whole=renewed is None)
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
        self.connection.execute(create(table, "next"))
        rows = f"SELECT {names} FROM live.{table.name}"
        if change.new or change.replaced:
            if change.replaced or change.unchanged:
                rows += f" ANTI JOIN good.{table.name} USING ({key})"
            rows = (
                f"SELECT * FROM ({rows} UNION ALL SELECT {names} FROM good.{table.name}) ORDER BY {_ORDER[table.name]}"
            )
        self.connection.execute(f"INSERT INTO next.{table.name} {rows}")

    def _renewal(self, changes: Mapping[str, Change]) -> Renewal | None:
        """How to change a copy of the live version; None if the next one is better built anew.

        The rows that differ from the live ones then stand in ``incoming`` tables.
        """
        if self.outdated or not has_lines(self.connection, "live") or self._is_scattered(changes):
            return None
        for table in DATASET:
            change = changes.get(table.name, Change())
            if change.new or change.replaced:
                key = KEYS[table.name]
                same = " AND ".join(f"l.{identifier(k)} = g.{identifier(k)}" for k in key)
                self.connection.execute(
                    f"CREATE TEMPORARY TABLE incoming_{table.name} AS SELECT {_listed(_names(table), 'g.')} "
                    f"FROM good.{table.name} g LEFT JOIN live.{table.name} l ON {same} "
                    f"WHERE l.{identifier(key[0])} IS NULL OR {_differs(table, 'l', 'g')}"
                )
        self.connection.execute("USE live")
        noted = [LineZone(*row) for row in self._execute(sa.select(line_zones).order_by(line_zones.c.zone_id))]
        found = renewal(self._execute, self._incoming(changes), self._in_use, noted)
        self.connection.execute("USE memory")
        return found

    @staticmethod
    def _incoming(changes: Mapping[str, Change]) -> list[str]:
        return [name for name, change in changes.items() if change.new or change.replaced]

    def _is_scattered(self, changes: Mapping[str, Change]) -> bool:
        """Whether a good part of the transactions lies in the order in which it came, since the last whole build."""
        rows = self.connection.execute("SELECT summary FROM live.loads ORDER BY version DESC").fetchall()
        came = changes.get(transactions.name, Change())
        appended = came.new + came.replaced
        for (text,) in rows:
            summary = json.loads(text)
            if summary.get("whole", True):
                return bool(appended * _SCATTERED > summary["rows"][transactions.name])
            change = summary["changes"].get(transactions.name, {})
            appended += change.get("new", 0) + change.get("replaced", 0)
        return True

    def _change_copy(self, renewed: Renewal, changes: Mapping[str, Change], tell: Tell) -> None:
        incoming = self._incoming(changes)
        self.connection.execute("USE next")
        renewed.take_out()
        for table in DATASET:
            tell(f"Building {table.name}")
            if table.name in incoming:
                same = " AND ".join(f"i.{identifier(k)} = {table.name}.{identifier(k)}" for k in KEYS[table.name])
                self.connection.execute(
                    f"DELETE FROM {table.name} WHERE EXISTS (SELECT 1 FROM incoming_{table.name} i WHERE {same})"
                )
                names = _listed(_names(table))
                self.connection.execute(
                    f"INSERT INTO {table.name} ({names}) SELECT {names} FROM incoming_{table.name} "
                    f"ORDER BY {_ORDER[table.name]}"
                )
        renewed.put_in()
        if "subscriptions" in incoming:
            for table in (holdings, package_sets):
                self._execute(sa.delete(table))
            for statement in all_holdings():
                self._execute(statement)
        self.connection.execute("USE memory")

    def _derive(self) -> None:
        self.connection.execute("USE next")
        narrow = are_narrow(self._execute)
        for table in (*DERIVED, *LINES):
            self.connection.execute(create(table, "next", narrow=narrow and table in LINES))
        for statement in everything():
            self._execute(statement)
        make_lines(self._execute, self._in_use)
        self.connection.execute("USE memory")

    def _execute(self, statement: sa.Executable) -> Sequence[Any]:
        return self.connection.execute(as_text(statement, DUCKDB)).fetchall()

    def _zones_in_use(self) -> list[str]:
        if not has_lines(self.connection, "live"):
            return [*self._zones]
        named = self.connection.execute("SELECT name FROM live.line_zones ORDER BY zone_id").fetchall()
        return [*self._zones, *(name for (name,) in named), *self._asked_for()]

    def _asked_for(self) -> Iterator[str]:
        """Zones that got lines beside the live version, since reports asked for them."""
        for file in sorted(self._versions.beside(str(self._live)).glob("*.duckdb")):
            self.connection.execute(f"ATTACH {quoted(str(file))} AS asked (READ_ONLY)")
            yield from (name for (name,) in self.connection.execute("SELECT name FROM asked.line_zones").fetchall())
            self.connection.execute("DETACH asked")

    def _note(self, version: int, source: str, changes: Mapping[str, Change], *, whole: bool) -> None:
        counts = {}
        for table in DATASET:
            row = self.connection.execute(f"SELECT count(*) FROM next.{table.name}").fetchone()
            counts[table.name] = int(row[0]) if row else 0
        self.connection.execute(
            "INSERT INTO next.loads VALUES (?, ?, ?, ?)",
            [version, _now(), source, _summary(changes, counts, whole=whole)],
        )


# ---------------------------------------------------------------- PostgreSQL

LOADING = 0x0C05_70DE_D14A
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
    "CREATE INDEX IF NOT EXISTS level_changes_zone_id_day ON level_changes (zone_id, day)",
    "CREATE INDEX IF NOT EXISTS lapse_changes_zone_id_day ON lapse_changes (zone_id, day)",
    "CREATE INDEX IF NOT EXISTS day_flows_zone_id_day ON day_flows (zone_id, day)",
)

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
        if not warehouse.execute(sa.select(sa.func.pg_try_advisory_xact_lock(LOADING))).scalar():
            tell("Waiting for another load to finish")
            warehouse.execute(sa.select(sa.func.pg_advisory_xact_lock(LOADING)))
        loaded, prepared, lined = tables_there(warehouse)
        metadata.create_all(warehouse, tables=[*DATASET, loads, *DERIVED, *LINES])
        yield _PostgreSQLTarget(warehouse, folder, connection, zones, outdated=loaded and not (prepared and lined))


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
        columns = {name: table.columns[name].type.compile(dialect=DUCKDB) for name in names}
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
        read = {table.name: self._receive(table) for table in DATASET if table.name in tables}
        renewed = self._renewal(tables)
        if renewed is not None:
            renewed.take_out()
        changes: dict[str, Change] = {}
        for table in DATASET:
            if table.name in tables:
                tell(f"Storing {table.name}")
                changes[table.name] = self._store(table, read[table.name])
        newest = self._warehouse.execute(sa.select(sa.func.max(loads.c.version))).scalar()
        changed = any(change.new or change.replaced for change in changes.values())
        if newest is not None and not changed and not self.outdated:
            return None, changes
        tell("Publishing")
        self._derive(tables, renewed)
        for index in _INDEXES:
            self._warehouse.execute(sa.text(index))
        counts = {
            table.name: int(self._warehouse.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())
            for table in DATASET
        }
        version, loaded_at = (newest or 0) + 1, _now()
        self._warehouse.execute(
            loads.insert().values(
                version=version,
                loaded_at=loaded_at,
                source=source,
                summary=_summary(changes, counts, whole=renewed is None),
            )
        )
        for name in (*tables, *(table.name for table in (*DERIVED, *LINES))):
            self._warehouse.execute(sa.text(f"ANALYZE {name}"))
        return version_name(version, loaded_at), changes

    def _renewal(self, tables: Sequence[str]) -> Renewal | None:
        """How to change what is derived, if this load touches little of it."""
        if self.outdated:
            return None
        return renewal(self._execute, tables, [*self._zones], zones_noted(self._warehouse))

    def _derive(self, tables: Sequence[str], renewed: Renewal | None) -> None:
        """Change what follows from what the load touches, or make it anew."""
        if renewed is not None:
            renewed.put_in()
        elif self.outdated or {"clients", "transactions"} & set(tables):
            names = [*self._zones, *(zone.name for zone in zones_noted(self._warehouse))]
            for table in (client_months, *LINES):
                self._warehouse.execute(sa.delete(table))
            self._warehouse.execute(months_of())
            self._set_width("bigint" if are_narrow(self._execute) else "numeric(38, 0)")
            make_lines(self._execute, names)
        if self.outdated or "subscriptions" in tables:
            for table in (holdings, package_sets):
                self._warehouse.execute(sa.delete(table))
            for statement in all_holdings():
                self._warehouse.execute(statement)

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

    def _receive(self, table: sa.Table) -> int:
        """Bring the good rows of a table to the server, beside the live ones; returns how many there are."""
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
        # Rows that change nothing are out of the way of all that follows.
        same = " AND ".join(f"i.{identifier(k)} = l.{identifier(k)}" for k in KEYS[table.name])
        self._warehouse.execute(
            sa.text(f"DELETE FROM {incoming} i USING {table.name} l WHERE {same} AND NOT ({_differs(table, 'l', 'i')})")
        )
        self._warehouse.execute(sa.text(f"ANALYZE {incoming}"))
        return total

    def _store(self, table: sa.Table, total: int) -> Change:
        names, incoming = _listed(_names(table)), f"incoming_{table.name}"
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
