# ruff: noqa: S608 - SQL is put together from our own names and expressions; values from outside are bound or quoted
"""The dataset's files: which there are, how the embedded engine reads them, and where in a file a row stands."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb

from data.errors import did_you_mean
from data.warehouse.rejects import BadRow, LoadRefused
from data.warehouse.schema import DATASET
from data.warehouse.values import FIELDS, Field, identifier, quoted, typed_text, typed_value

SUFFIXES = (".csv", ".csv.gz", ".parquet")
_CHUNK = 1 << 20
csv.field_size_limit(2**31 - 1)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands: its line (or record) number, its texts by field, and the row as it was.

    ``columns`` names the file's column for fields that the file calls otherwise.
    """

    line: int
    texts: Mapping[str, str]
    row: tuple[str, ...]
    columns: Mapping[str, str] = field(default_factory=dict)


class Source(ABC):
    """Rows for one table: :meth:`text` and :meth:`value` give SQL over :attr:`relation`, in the order of the file."""

    table: str
    label: str
    """How messages name the file."""
    relation: str
    warnings: tuple[str, ...] = ()
    malformed: tuple[BadRow, ...] = ()
    """Rows that are no rows: they never reach the engine."""

    @abstractmethod
    def text(self, field: Field) -> str:
        """SQL for the text of ``field``, NULL when it is empty."""

    def value(self, field: Field) -> str | None:
        """SQL for the typed value of ``field`` where the file has it in such a type that no text need be read."""
        return None

    def mend(self) -> bool:
        """Set aside what the engine stumbled over, so that it can read the rest; False if nothing is left to do."""
        return False

    def agrees(self, count: int) -> bool:
        """Whether the engine, which found ``count`` rows, found all of them."""
        return True

    @abstractmethod
    def places(self, connection: duckdb.DuckDBPyConnection, ordinals: Sequence[int]) -> dict[int, Place]:
        """Where the rows with these ordinals (from 0, malformed ones not counted) stand."""


def find_sources(path: Path, scratch: Path, connection: duckdb.DuckDBPyConnection) -> list[Source]:
    """The dataset's files at ``path``, a folder or one file, in the order in which their rows refer to each other.

    Raises :class:`LoadRefused` with a line for each thing that keeps a file from being read at all.
    """
    if not path.exists():
        raise LoadRefused(f"There is no file or folder {path}.")
    warnings: list[str] = []
    found: dict[str, list[Path]] = {}
    known = {table.name for table in DATASET}
    for file in sorted(path.iterdir()) if path.is_dir() else [path]:
        table, suffix = _split(file.name)
        if table in known and suffix in SUFFIXES and file.is_file():
            found.setdefault(table, []).append(file)
        elif not path.is_dir():
            raise LoadRefused(
                f"{file.name} is not a file of the dataset: its name must be one of {', '.join(FIELDS)} "
                f"with {' or '.join(SUFFIXES)}."
            )
        elif not file.name.startswith("."):
            warnings.append(f"{file.name} is not a file of the dataset: ignored.{did_you_mean(table, sorted(known))}")
    if not found:
        raise LoadRefused(
            f"No file of the dataset in {path}: expected some of {', '.join(FIELDS)} as CSV or Parquet.", warnings
        )
    refusals: list[str] = []
    sources: list[Source] = []
    for table_ in DATASET:
        files = found.get(table_.name, [])
        if len(files) > 1:
            refusals.append(f"{' and '.join(file.name for file in files)} hold the same table: leave one of them.")
            continue
        for file in files:
            try:
                make = ParquetSource if file.name.endswith(".parquet") else CsvSource
                sources.append(make(table_.name, file, scratch, connection))
            except LoadRefused as refusal:
                refusals.extend(refusal.lines or (refusal.message,))
    if refusals:
        raise LoadRefused("Nothing was loaded: the files cannot be read.", refusals)
    sources[0].warnings = (*warnings, *sources[0].warnings)
    return sources


def _split(name: str) -> tuple[str, str]:
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        if name.endswith(suffix):
            return name.removesuffix(suffix), suffix
    return name.partition(".")[0], ""


def reachable(file: Path, scratch: Path) -> Path:
    """A path to ``file`` that the engine does not take for a pattern."""
    if not re.search(r"[*?\[\]]", str(file)):
        return file
    link = scratch / f"input-{len(list(scratch.iterdir()))}{''.join(file.suffixes)}"
    link.symlink_to(file.absolute())
    return link


def check_columns(label: str, fields: Sequence[Field], names: Sequence[str]) -> tuple[str, ...]:
    """Raises :class:`LoadRefused` for missing columns and names that come twice; returns a warning for unknown ones."""
    wrong = [f"{label}:1: column '{name}' comes twice." for name in sorted({n for n in names if names.count(n) > 1})]
    wrong += [
        f"{label}:1: column '{field.name}' is missing.{did_you_mean(field.name, set(names) - {f.name for f in fields})}"
        for field in fields
        if field.name not in names
    ]
    if wrong:
        raise LoadRefused(f"{label} has not the columns it needs.", wrong)
    unknown = [name for name in names if name not in {field.name for field in fields}]
    if not unknown:
        return ()
    return (f"{label}: ignored unknown column{'s' if len(unknown) > 1 else ''} {', '.join(map(repr, unknown))}.",)


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a CSV file: the ``line`` it starts on, and its values, or the ``fault`` that makes it none."""

    line: int
    values: tuple[str, ...]
    fault: str = ""


def records(file: Path) -> Iterator[Record]:
    """Every record of a CSV file, the header first; blank lines are none. Slow, for files that are at fault."""
    with _text(file) as stream:
        reader = csv.reader(stream, strict=True)
        line = 1
        while True:
            try:
                values = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                ended = "unexpected end" in str(error)
                yield Record(line, (), "a quote that is never closed" if ended else "a quote in the wrong place")
                if ended:
                    return
                line = reader.line_num + 1
                continue
            if values:
                yield Record(line, tuple(values))
            line = reader.line_num + 1


def _text(file: Path) -> io.TextIOWrapper:
    return io.TextIOWrapper(_binary(file), encoding="utf-8-sig", errors="surrogateescape", newline="")


def _binary(file: Path) -> gzip.GzipFile | io.BufferedReader:
    return gzip.open(file) if file.suffix == ".gz" else file.open("rb")


def _is_utf8(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Bytes:
    """What the bytes of a CSV file tell about how it may be read."""

    quotes: bool
    mixed_lines: bool


def _survey(file: Path) -> _Bytes:
    quotes = False
    feeds = returns = pairs = 0
    last = b""
    with _binary(file) as stream:
        while chunk := stream.read(_CHUNK):
            quotes = quotes or b'"' in chunk
            feeds += chunk.count(b"\n")
            returns += chunk.count(b"\r")
            pairs += chunk.count(b"\r\n") + (last == b"\r" and chunk.startswith(b"\n"))
            last = chunk[-1:]
    kinds = (feeds > pairs) + (returns > pairs) + (pairs > 0)
    return _Bytes(quotes, kinds > 1)


class CsvSource(Source):
    """A CSV file, compressed or not. A file that is not well formed is copied without the malformed records first."""

    def __init__(
        self,
        table: str,
        file: Path,
        scratch: Path,
        connection: duckdb.DuckDBPyConnection | None = None,
        *,
        label: str | None = None,
    ) -> None:
        self.table = table
        self.file = file
        self.label = label or file.name
        try:
            header = next(records(file), None)
            survey = _survey(file)
        except (OSError, EOFError, zlib.error) as error:
            raise LoadRefused(f"{self.label} cannot be read: {error}.") from error
        if header is None or not any(name.strip() for name in header.values) or header.line > 1:
            raise LoadRefused(f"{self.label}:1: the header row with the names of the columns is missing.")
        if not all(map(_is_utf8, header.values)):
            raise LoadRefused(f"{self.label}:1: the header row is not UTF-8.")
        self.header = header.values
        self.warnings = self.check_header()
        self._scratch = scratch
        self._copy: Path | None = None
        self._quotes = survey.quotes
        self._walk: Iterator[tuple[int, Record]] | None = None
        self._walked = -1
        self.relation = self._relation(reachable(file, scratch), len(self.header), parallel=not survey.quotes)
        if survey.mixed_lines:
            self.mend()

    def check_header(self) -> tuple[str, ...]:
        """Refuse a header that lacks columns; warn of others."""
        return check_columns(self.label, FIELDS[self.table], self.header)

    def _relation(self, path: Path, width: int, *, parallel: bool) -> str:
        columns = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(width))
        # Nothing is guessed. Several threads cannot tell for sure where a record begins once there are quotes.
        return (
            f"read_csv({quoted(str(path))}, columns = {{{columns}}}, auto_detect = false, header = true, delim = ',', "
            f"quote = '\"', escape = '\"', strict_mode = true, null_padding = false, nullstr = '', "
            f"allow_quoted_nulls = true, parallel = {str(parallel).lower()})"
        )

    def mend(self) -> bool:
        if self._copy is not None:
            return False
        copy = self._scratch / f"mended-{self.table}.csv"
        self.malformed = self._salvage(copy)
        self._copy = copy
        self.relation = self._relation(reachable(copy, self._scratch), len(self.header) + 1, parallel=False)
        return True

    def agrees(self, count: int) -> bool:
        # Around quotes the engine may take the end of a file for something else and leave it out without a word.
        if not self._quotes or self._copy is not None:
            return True
        try:
            with _text(self.file) as stream:
                return sum(map(bool, csv.reader(stream, strict=True))) - 1 == count
        except csv.Error:
            return False

    def _salvage(self, copy: Path) -> tuple[BadRow, ...]:
        """Copy the well-formed records, each behind its line number; returns the others."""
        malformed: list[BadRow] = []
        with copy.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\n")
            writer.writerow(("line", *self.header))
            found = records(self.file)
            next(found)
            for found_record in found:
                record = self._without_empty_end(found_record)
                fault = self._malformation(record)
                if fault is None:
                    writer.writerow((record.line, *record.values))
                else:
                    malformed.append(fault)
        return tuple(malformed)

    def _without_empty_end(self, record: Record) -> Record:
        # Empty values beyond the header's last are overlooked, as the engine does: spreadsheets write them.
        width = len(self.header)
        return record if any(record.values[width:]) else replace(record, values=record.values[:width])

    def _malformation(self, record: Record) -> BadRow | None:
        def bad(reason: str, column: str = "", value: str = "") -> BadRow:
            return BadRow(self.label, record.line, column, value, reason, record.values)

        if record.fault == "a quote that is never closed":
            raise LoadRefused(
                f"{self.label}:{record.line}: a quote is never closed: the rest of the file cannot be told apart."
            )
        if record.fault:
            return bad(record.fault)
        if len(record.values) != len(self.header):
            count = len(record.values)
            return bad(f"has {count} value{'s' if count != 1 else ''}, the header has {len(self.header)}")
        for column, value in zip(self.header, record.values, strict=True):
            if not _is_utf8(value):
                return bad("not UTF-8", column, value)
        return None

    def column(self, name: str) -> str:
        """SQL for the text of the column of that name."""
        return f"c{self.header.index(name) + (self._copy is not None)}"

    def text(self, field: Field) -> str:
        return self.column(field.name)

    def rows(self, ordinals: Sequence[int]) -> Iterator[tuple[int, Record]]:
        """The well-formed records with these ordinals, which rise. Asked for the next ones, it goes on from there."""
        wanted = set(ordinals)
        if not wanted:
            return
        last = max(wanted)
        if self._walk is None or min(wanted) <= self._walked:
            found = records(self._copy or self.file)
            next(found)
            self._walk = enumerate(found)
        for ordinal, record in self._walk:
            self._walked = ordinal
            if ordinal in wanted:
                if self._copy is not None:
                    yield ordinal, Record(int(record.values[0]), record.values[1:])
                else:
                    yield ordinal, self._without_empty_end(record)
            if ordinal >= last:
                return

    def places(self, connection: duckdb.DuckDBPyConnection, ordinals: Sequence[int]) -> dict[int, Place]:
        return {
            ordinal: Place(record.line, dict(zip(self.header, record.values, strict=False)), record.values)
            for ordinal, record in self.rows(ordinals)
        }


class ParquetSource(Source):
    """A Parquet file: its columns may be text or typed, but money and rates never binary floating point."""

    def __init__(self, table: str, file: Path, scratch: Path, connection: duckdb.DuckDBPyConnection) -> None:
        self.table = table
        self.label = file.name
        self.relation = f"read_parquet({quoted(str(reachable(file, scratch)))})"
        try:
            described = connection.execute(f"DESCRIBE SELECT * FROM {self.relation}").fetchall()
        except duckdb.Error as error:
            raise LoadRefused(f"{self.label} is not a Parquet file that can be read.") from error
        self._types = {str(name): str(kind) for name, kind, *_ in described}
        self.warnings = check_columns(self.label, FIELDS[table], list(self._types))
        wrong = []
        for needed in FIELDS[table]:
            try:
                self._text(needed)
            except ValueError as error:
                wrong.append(f"{self.label}: column '{needed.name}': {error}.")
        if wrong:
            raise LoadRefused(f"{self.label} has columns of the wrong type.", wrong)

    def _text(self, field: Field) -> str:
        return typed_text(field.kind, identifier(field.name), self._types[field.name])

    def text(self, field: Field) -> str:
        return f"nullif({self._text(field)}, '')"

    def value(self, field: Field) -> str | None:
        return typed_value(field.kind, identifier(field.name), self._types[field.name])

    def places(self, connection: duckdb.DuckDBPyConnection, ordinals: Sequence[int]) -> dict[int, Place]:
        columns = ", ".join(f"coalesce(CAST({identifier(name)} AS VARCHAR), '')" for name in self._types)
        numbered = self.relation.removesuffix(")") + ", file_row_number = true)"
        rows = connection.execute(
            f"SELECT file_row_number, {columns} FROM {numbered} WHERE file_row_number IN (SELECT unnest(?::BIGINT[]))",
            [list(ordinals)],
        ).fetchall()
        places = {}
        for number, *texts in rows:
            places[number] = Place(number + 1, dict(zip(self._types, texts, strict=True)), tuple(texts))
        return places
