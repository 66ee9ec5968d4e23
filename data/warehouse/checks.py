# ruff: noqa: S608 - SQL is put together from our own names and expressions; values from outside are bound or quoted
"""Checks the rows of a load, set-based, in a scratch database of the embedded engine.

The scratch database holds in schema ``stage`` a table for each of the load's, its values typed and its faults beside
them, the parts of a table one behind the other; under ``live`` what the warehouse holds already; and in schema ``good``
the rows that may be kept.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import duckdb

from data.warehouse.rejects import REPORTED, BadRow, BadRows, LoadRefused
from data.warehouse.schema import DATASET, PACKAGE_KINDS
from data.warehouse.source import Source, SourceRow
from data.warehouse.values import FIELDS, identifier, quoted, read_text

KEYS = {table.name: tuple(column.name for column in table.primary_key.columns) for table in DATASET}
"""The natural key of each table."""
_BATCH = 20_000
_CONFLICT = "another row of this load has the same key and other values"


class Live(Protocol):
    """What the checks ask of the warehouse as it is; the tables themselves are readable as ``live.<table>``."""

    def clients_with_transactions(self, ids: Sequence[int]) -> Sequence[int]:
        """Those of the clients that have transactions."""
        ...


@dataclass(frozen=True, slots=True)
class Checked:
    """How the rows of one table fared: rows ``read``, rows ``rejected``, and how many copies of the same row came."""

    read: int
    rejected: int


def _columns(table: str) -> str:
    return ", ".join(identifier(field.target) for field in FIELDS[table])


def _key(table: str) -> str:
    return ", ".join(map(identifier, KEYS[table]))


class Checks:
    """The checks of one load."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, sources: Sequence[Source], live: Live) -> None:
        self._connection = connection
        self._sources: dict[str, list[Source]] = {}
        for source in sources:
            self._sources.setdefault(source.table, []).append(source)
        self._starts: dict[str, list[int]] = {table: [] for table in self._sources}
        """Where in its stage table each part begins that is staged."""
        self._live = live
        connection.execute("CREATE SCHEMA stage; CREATE SCHEMA good")
        connection.execute(
            "CREATE TABLE faults (file_table VARCHAR, ordinal BIGINT, field VARCHAR, reason VARCHAR, follows BOOLEAN)"
        )

    def stage(self, source: Source) -> None:
        """Read the source's file into its stage table, behind the parts before; values not to be read become faults."""
        table = f"stage.{source.table}"
        starts = self._starts[source.table]
        start = self._count(f"SELECT count(*) FROM {table}") if starts else 0
        starts.append(start)
        while True:
            into = f"INSERT INTO {table}" if start or len(starts) > 1 else f"CREATE TABLE {table} AS"
            self._connection.execute("BEGIN")
            try:
                count = self._connection.execute(f"{into} {self._stage_query(source)}").fetchone()
                whole = source.agrees(self._connection, count[0] if count else 0)
            except duckdb.OutOfMemoryException:
                raise
            except duckdb.Error as error:
                self._connection.execute("ROLLBACK")
                if not source.mend():
                    first = str(error).splitlines()[0]
                    raise LoadRefused(f"{source.label} cannot be read: {first}") from error
                continue
            if whole or not source.mend():
                break
            self._connection.execute("ROLLBACK")
        self._connection.execute("COMMIT")
        self._connection.execute(
            "INSERT INTO faults "
            + " UNION ALL ".join(
                f"SELECT {quoted(source.table)}, rowid, {quoted(field.name)}, {fault}, false "
                f"FROM {table} WHERE rowid >= {start} AND {fault} IS NOT NULL"
                for field in FIELDS[source.table]
                for fault in [identifier(f"fault {field.name}")]
            )
        )

    def _stage_query(self, source: Source) -> str:
        texts, values, reasons = [], [], []
        for field in FIELDS[source.table]:
            text, value, fault = (identifier(f"{part} {field.name}") for part in ("text", "value", "fault"))
            reading = read_text(field.kind, text, required=field.required)
            typed = source.value(field)
            texts.append(f"{source.text(field)} AS {text}")
            if typed is not None:
                texts.append(f"{typed} AS {value}")
            else:
                values.append(f"{reading.value} AS {value}")
            missing = f"WHEN {text} IS NULL THEN {'NULL' if not field.required else quoted('missing')}"
            reasons.append(f"{value} AS {identifier(field.target)}")
            reasons.append(f"CASE WHEN {value} IS NOT NULL THEN NULL {missing} ELSE {reading.reason} END AS {fault}")
        return (
            f"SELECT {', '.join(reasons)} FROM "
            f"(SELECT {', '.join(['*', *values])} FROM (SELECT {', '.join(texts)} FROM {source.relation}))"
        )

    def check(self, table: str) -> Checked:
        """Check the staged rows against each other and what is known; leaves the good ones in ``good.<table>``."""
        duplicates = self._check_keys(table)
        if table == "resellers":
            self._check_tree()
        elif table == "clients":
            self._check_reference(table, "owner_id", "resellers", "unknown reseller")
            self._check_order(table, "closed_at", "created_at")
            self._check_currency_changes()
        elif table == "client_tags":
            self._check_reference(table, "client_id", "clients", "unknown client")
        elif table == "subscriptions":
            self._check_reference(table, "client_id", "clients", "unknown client")
            self._check_reference(table, "package_id", "packages", "unknown package")
            self._check_order(table, "ended_at", "started_at")
        elif table == "transactions":
            self._check_reference(table, "client_id", "clients", "unknown client")
            self._check_reference(table, "package_id", "packages", "unknown package")
            self._check_package_kinds()
        rejected = self._count(f"SELECT count(DISTINCT ordinal) FROM faults WHERE file_table = {quoted(table)}")
        self._keep_good(table, rejected=rejected, duplicates=duplicates)
        read = self._count(f"SELECT count(*) FROM stage.{table}")
        malformed = sum(len(source.malformed) for source in self._sources[table])
        return Checked(read + malformed, rejected + malformed)

    def _count(self, query: str) -> int:
        row = self._connection.execute(query).fetchone()
        return int(row[0]) if row else 0

    def _fault(self, table: str, field: str, query: str) -> None:
        """Add faults: the query gives ordinal, reason, and whether the fault only follows from another row's."""
        self._connection.execute(
            f"INSERT INTO faults SELECT {quoted(table)}, ordinal, {quoted(field)}, reason, follows FROM ({query})"
        )

    def _check_keys(self, table: str) -> bool:
        """One key twice with different values: all its rows are bad. Returns whether any key comes twice."""
        key = _key(table)
        present = " AND ".join(f"{identifier(column)} IS NOT NULL" for column in KEYS[table])
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE repeated AS SELECT {key} FROM stage.{table} WHERE {present} "
            f"GROUP BY ALL HAVING count(*) > 1"
        )
        if not self._count("SELECT count(*) FROM repeated"):
            return False
        # A row with a fault of its own differs from a good one of its key too.
        faults = ", ".join(f"{identifier('fault ' + field.name)} IS NULL" for field in FIELDS[table])
        conflicts = (
            f"SELECT {key} FROM stage.{table} SEMI JOIN repeated USING ({key}) GROUP BY ALL "
            f"HAVING count(DISTINCT row({_columns(table)}, {faults})) > 1"
        )
        self._fault(
            table,
            KEYS[table][-1],
            f"SELECT s.rowid AS ordinal, {quoted(_CONFLICT)} AS reason, false AS follows "
            f"FROM stage.{table} s SEMI JOIN ({conflicts}) c USING ({key})",
        )
        return True

    def _keep_good(self, table: str, *, rejected: int, duplicates: bool) -> None:
        kept = f"SELECT {_columns(table)} FROM stage.{table} s"
        if rejected:
            bad = f"SELECT 1 FROM faults f WHERE f.file_table = {quoted(table)} AND f.ordinal = s.rowid"
            kept += f" WHERE NOT EXISTS ({bad})"
        if duplicates:
            kept = f"SELECT DISTINCT * FROM ({kept})"
        self._connection.execute(f"CREATE VIEW good.{table} AS {kept}")

    def _known(self, table: str) -> str:
        known = f"SELECT id FROM live.{table}"
        return f"{known} UNION ALL SELECT id FROM good.{table}" if table in self._sources else known

    def _check_reference(self, table: str, field: str, target: str, reason: str) -> None:
        follows, why = "false", quoted(reason)
        if target in self._sources:
            follows = f"EXISTS (SELECT 1 FROM stage.{target} t WHERE t.id = s.{field})"
            if lost := sorted(self._lost(target)):
                follows = f"({follows} OR s.{field} IN ({', '.join(map(str, lost))}))"
            why = f"CASE WHEN {follows} THEN {quoted(f'{reason}: its own row is bad')} ELSE {why} END"
        self._fault(
            table,
            field,
            f"SELECT ordinal, {why} AS reason, {follows} AS follows FROM "
            f"(SELECT rowid AS ordinal, {field} FROM stage.{table} WHERE {field} IS NOT NULL) s "
            f"ANTI JOIN ({self._known(target)}) k ON k.id = s.{field}",
        )

    def _lost(self, table: str) -> frozenset[int]:
        """Ids that rows of the table seem to carry that are no rows."""
        return frozenset().union(*(source.lost for source in self._sources[table]))

    def _check_order(self, table: str, end: str, start: str) -> None:
        self._fault(
            table,
            end,
            f"SELECT rowid AS ordinal, 'before {start}' AS reason, false AS follows FROM stage.{table} "
            f"WHERE {end} < {start}",
        )

    def _check_package_kinds(self) -> None:
        packaged = f"kind IN ({', '.join(map(quoted, PACKAGE_KINDS))})"
        for condition, reason in (
            (f'{packaged} AND package_id IS NULL AND "fault package_id" IS NULL', "missing for a package kind"),
            (f"NOT {packaged} AND package_id IS NOT NULL", "given for a kind that carries no package"),
        ):
            self._fault(
                "transactions",
                "package_id",
                f"SELECT rowid AS ordinal, {quoted(reason)} AS reason, false AS follows FROM stage.transactions "
                f"WHERE {condition}",
            )

    def _check_currency_changes(self) -> None:
        changes = (
            "SELECT s.rowid AS ordinal, s.id AS id FROM stage.clients s JOIN live.clients l USING (id) "
            "WHERE s.currency IS NOT NULL AND s.currency <> l.currency"
        )
        ids = [row[0] for row in self._connection.execute(f"SELECT DISTINCT id FROM ({changes})").fetchall()]
        if not ids:
            return
        self._connection.execute("CREATE TEMP TABLE settled (id BIGINT)")
        self._connection.execute(
            "INSERT INTO settled SELECT unnest(?::BIGINT[])", [list(self._live.clients_with_transactions(ids))]
        )
        self._fault(
            "clients",
            "currency",
            "SELECT ordinal, 'another currency for a client that has transactions' AS reason, false AS follows "
            f"FROM ({changes}) SEMI JOIN settled USING (id)",
        )

    def _check_tree(self) -> None:
        """Resellers form a tree: parents are known and no one is their own ancestor.

        A tree is walked, not joined. A rejected row leaves the live one in place, which may close another cycle: hence
        again until nothing more is found.
        """
        live: dict[int, int | None] = dict(
            self._connection.execute("SELECT id, parent_id FROM live.resellers").fetchall()
        )
        rows: list[tuple[int, int, int | None]] = self._connection.execute(
            "SELECT s.rowid, s.id, s.parent_id FROM stage.resellers s WHERE s.id IS NOT NULL "
            "AND NOT EXISTS (SELECT 1 FROM faults f WHERE f.file_table = 'resellers' AND f.ordinal = s.rowid)"
        ).fetchall()
        staged: set[int] = {
            row[0]
            for row in self._connection.execute(
                "SELECT DISTINCT id FROM stage.resellers WHERE id IS NOT NULL"
            ).fetchall()
        }
        staged |= self._lost("resellers")
        found: list[tuple[int, str, bool]] = []
        while True:
            tree = live | {reseller: parent for _, reseller, parent in rows}
            circular = _circular(tree)
            bad: dict[int, tuple[str, bool]] = {}
            for ordinal, reseller, parent in rows:
                if parent is not None and parent not in tree:
                    follows = parent in staged
                    bad[ordinal] = ("unknown reseller" + (": its own row is bad" if follows else ""), follows)
                elif reseller in circular:
                    bad[ordinal] = ("closes a cycle in the reseller tree", False)
            if not bad:
                break
            found += [(ordinal, reason, follows) for ordinal, (reason, follows) in bad.items()]
            rows = [row for row in rows if row[0] not in bad]
        if found:
            ordinals, reasons, follow = zip(*found, strict=True)
            self._connection.execute(
                "INSERT INTO faults "
                "SELECT 'resellers', unnest(?::BIGINT[]), 'parent_id', unnest(?::VARCHAR[]), unnest(?::BOOLEAN[])",
                [list(ordinals), list(reasons), list(follow)],
            )

    def has_faults(self) -> bool:
        """Whether any row is bad."""
        return any(source.malformed for source in self._all()) or bool(self._count("SELECT count(*) FROM faults"))

    def refusal(self) -> BadRows:
        """The faults as an error: the first of them row by row, all of them counted."""
        reasons: Counter[tuple[str, str]] = Counter()
        for source in self._all():
            reasons.update((row.file, row.reason) for row in source.malformed)
        for table, sources in self._sources.items():
            starts = reversed(list(enumerate(self._starts[table])))
            place_of = f"CASE {' '.join(f'WHEN ordinal >= {start} THEN {n}' for n, start in starts)} END"
            for place, reason, count in self._connection.execute(
                f"SELECT {place_of}, reason, count(*) FROM faults WHERE file_table = {quoted(table)} GROUP BY ALL"
            ).fetchall():
                reasons[sources[place].label, reason] += count
        first: list[tuple[bool, int, int, BadRow]] = []
        for rank, source in enumerate(self._all()):
            first += [(False, rank, row.line, row) for row in source.malformed[:REPORTED]]
            # What follows from another row's fault comes last: putting that one right cures it.
            for follows in (False, True):
                located = self._located(source, f"follows = {follows}", limit=REPORTED)
                first += [(follows, rank, row.line, row) for row in located]
        first.sort(key=lambda item: item[:3])
        return BadRows([row for *_, row in first[:REPORTED]], sum(reasons.values()), reasons)

    def _all(self) -> Iterator[Source]:
        return (source for table in self._sources.values() for source in table)

    def bad_rows(self) -> Iterator[BadRow]:
        """Every fault, in the order of the files and their lines; few of them are held in memory at a time."""
        for source in self._all():
            yield from heapq.merge(source.malformed, self._located(source), key=lambda row: row.line)

    def _located(self, source: Source, condition: str = "true", limit: int | None = None) -> Iterator[BadRow]:
        """The faults of a file that the engine found, in the order of its rows and columns."""
        column = " ".join(f"WHEN {quoted(f.name)} THEN {n}" for n, f in enumerate(FIELDS[source.table]))
        part = self._sources[source.table].index(source)
        start, *after = self._starts[source.table][part : part + 2]
        within = f"ordinal >= {start}" + "".join(f" AND ordinal < {end}" for end in after)
        faults = self._connection.cursor()
        faults.execute(
            f"SELECT ordinal - {start}, field, reason FROM faults "
            f"WHERE file_table = {quoted(source.table)} AND {within} AND {condition} "
            f"ORDER BY ordinal, CASE field {column} END" + (f" LIMIT {limit}" if limit is not None else "")
        )
        places: dict[int, SourceRow] = {}
        while batch := faults.fetchmany(_BATCH):
            # The faults of one row may be in two batches; its place is looked up once, since files are walked forwards.
            known = batch[0][0]
            wanted = sorted({ordinal for ordinal, *_ in batch if ordinal not in places})
            places = {known: places[known]} if known in places else {}
            places |= source.places(self._connection, wanted)
            for ordinal, field, reason in batch:
                place = places[ordinal]
                yield BadRow(
                    source.label,
                    place.line,
                    place.columns.get(field, field),
                    place.texts.get(field, ""),
                    reason,
                    place.row,
                )


def _circular(parents: Mapping[int, Any]) -> set[int]:
    """The members of all cycles in a map of child to parent."""
    done: set[int] = set()
    circular: set[int] = set()
    for start in parents:
        path: list[int] = []
        seen: dict[int, int] = {}
        reseller: int | None = start
        while reseller is not None and reseller in parents and reseller not in done and reseller not in seen:
            seen[reseller] = len(path)
            path.append(reseller)
            reseller = parents[reseller]
        if reseller is not None and reseller in seen:
            circular.update(path[seen[reseller] :])
        done.update(path)
    return circular
