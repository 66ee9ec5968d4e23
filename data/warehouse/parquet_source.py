# ruff: noqa: S608 - SQL is put together from our own names and expressions; values from outside are bound or quoted
"""Parquet files: which of their columns can be read exactly, and how."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from data.warehouse.notation import Notation
from data.warehouse.rejects import LoadRefused, csv_text
from data.warehouse.source import Source, SourceRow, check_columns, reachable
from data.warehouse.values import FIELDS, Field, identifier, quoted, typed_text, typed_value

_NUMBER = '"number of the record"'
_ORDINAL = '"number of the row"'


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of the file: its ``name`` there, the engine's name for it, and its type."""

    name: str
    engine_name: str
    type: str

    @property
    def sql(self) -> str:
        return identifier(self.engine_name)


class ParquetSource(Source):
    """A Parquet file: its columns may be text or typed, but money and rates never binary floating point."""

    def __init__(
        self,
        table: str,
        file: Path,
        scratch: Path,
        connection: duckdb.DuckDBPyConnection,
        *,
        label: str | None = None,
        notation: Notation | None = None,
    ) -> None:
        self.table = table
        self.label = label or file.name
        self.notation = notation or Notation()
        self._file = f"read_parquet({quoted(str(reachable(file, scratch)))}, hive_partitioning = false)"
        try:
            columns = list(_columns(connection, self._file, quoted(str(reachable(file, scratch)))))
        except duckdb.Error as error:
            raise LoadRefused(f"{self.label} is not a Parquet file that can be read.") from error
        self._columns = columns
        self.warnings = check_columns(self.label, FIELDS[table], [column.name for column in columns])
        # The engine knows names in whatever case, the file need not: each column is named as the engine tells it apart.
        self._by_name = {column.name: column for column in columns}
        wrong = []
        for needed in FIELDS[table]:
            try:
                self._text(needed)
            except ValueError as error:
                wrong.append(f"{self.label}: column '{needed.name}': {error}.")
        if wrong:
            raise LoadRefused(f"{self.label} has columns of the wrong type.", wrong)
        self._empty = " AND ".join(f"{column.sql} IS NULL" for column in columns)
        key = self._by_name[FIELDS[table][0].name].sql
        count = connection.execute(
            f"SELECT count(*) FROM {self._file} WHERE {key} IS NULL AND {self._empty}"
        ).fetchone()
        self.skipped = count[0] if count else 0
        self.relation = f"(SELECT * FROM {self._file} WHERE NOT ({self._empty}))" if self.skipped else self._file

    def _text(self, field: Field) -> str:
        column = self._by_name[field.name]
        return typed_text(field.kind, column.sql, column.type)

    def text(self, field: Field) -> str:
        text = self._text(field)
        if self._by_name[field.name].type.startswith(("VARCHAR", "ENUM")):
            text = self.notation.reading(field.kind, text)
        return f"nullif({text}, '')"

    def value(self, field: Field) -> str | None:
        column = self._by_name[field.name]
        return typed_value(field.kind, column.sql, column.type)

    def places(self, connection: duckdb.DuckDBPyConnection, ordinals: Sequence[int]) -> dict[int, SourceRow]:
        names = [column.name for column in self._columns]
        texts = ", ".join(f"coalesce(CAST({column.sql} AS VARCHAR), '')" for column in self._columns)
        # The engine's own numbering is quicker, but a file may have a column of that name.
        ours = "file_row_number" in map(str.lower, names)
        number = "row_number() OVER () - 1" if ours else "file_row_number"
        rows = f"(SELECT {number} AS {_NUMBER}, * FROM {self._file})"
        ordinal = _NUMBER
        if self.skipped:
            ordinal = _ORDINAL
            rows = f"(SELECT row_number() OVER () - 1 AS {_ORDINAL}, * FROM {rows} WHERE NOT ({self._empty}))"
        found = connection.execute(
            f"SELECT {ordinal}, {_NUMBER}, {texts} FROM {rows} WHERE {ordinal} IN (SELECT unnest(?::BIGINT[]))",
            [list(ordinals)],
        ).fetchall()
        return {
            ordinal: SourceRow(number + 1, dict(zip(names, row, strict=True)), csv_text(row))
            for ordinal, number, *row in found
        }


def _columns(connection: duckdb.DuckDBPyConnection, relation: str, file: str) -> Iterator[_Column]:
    """The columns of a file with their names to the letter, which the engine alters where two are the same to it."""
    described = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    elements = connection.execute(
        f"SELECT name, coalesce(num_children, 0), precision, logical_type, converted_type FROM parquet_schema({file})"
    ).fetchall()
    tops = _children(elements)
    for (engine_name, engine_type, *_), (name, _, precision, logical, converted) in zip(described, tops, strict=True):
        kind = str(engine_type)
        if kind == "DOUBLE" and "DECIMAL" in (str(converted), str(logical)[:7].upper()):
            kind = f"DECIMAL({precision})"
        elif str(logical).startswith("Float16"):
            kind = "FLOAT16"
        yield _Column(str(name), str(engine_name), kind)


def _children(elements: Sequence[tuple[str, int, int, str, str]]) -> Iterator[tuple[str, int, int, str, str]]:
    """The elements right below the root of a schema, which lists all of them depth first."""
    skipping = 0
    for element in elements[1:]:
        if skipping:
            skipping += element[1] - 1
            continue
        yield element
        skipping = element[1]
