"""CSV files: how the embedded engine reads them, and what becomes of those that it cannot be trusted with."""

from __future__ import annotations

import codecs
import csv
import itertools
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from data.warehouse.csv_records import BACKSLASH, NEVER_CLOSED, Record, records, survey
from data.warehouse.notation import SEPARATORS, Notation
from data.warehouse.packing import opened
from data.warehouse.rejects import BadRow, LoadRefused, printable
from data.warehouse.source import Source, SourceRow, check_columns, reachable
from data.warehouse.values import FIELDS, Field, quoted

_numbers = itertools.count(1)
_CHUNK = 1 << 20
_LONGEST = 1 << 25
"""Bytes of the longest record. The quick reading makes room for fewer: what it stumbles over is read plainly."""


class CsvSource(Source):
    """A CSV file, plain or in gzip.

    The engine reads the file itself if there is but one way to read it. Else, and if it stumbles, the records are read
    one by one, the well-formed ones written anew without anything left open, and the engine reads that.
    """

    def __init__(
        self,
        table: str,
        file: Path,
        scratch: Path,
        connection: duckdb.DuckDBPyConnection | None = None,
        *,
        label: str | None = None,
        notation: Notation | None = None,
    ) -> None:
        self.table = table
        self.label = label or file.name
        self.notation = notation or Notation()
        self._scratch = scratch
        try:
            self.file = self._in_utf8(file)
            header = next(records(self.file, self.notation.delimiter), None)
            survey_ = survey(self.file, self.notation.delimiter)
        except (OSError, EOFError, zlib.error) as error:
            raise LoadRefused(f"{self.label} cannot be read: {error}.") from error
        self.header = self._checked(header)
        self.warnings = self.check_header()
        self._width = max(place for place, name in enumerate(self.header, 1) if name)
        self._copy: Path | None = None
        self._quotes, self._count = survey_.quotes, survey_.count
        self._empty_rows = survey_.empty_rows
        self._walk: Iterator[tuple[int, Record]] | None = None
        self._walked = -1
        self.relation = self._relation(self.file, len(self.header), parallel=not survey_.quotes)
        if not survey_.plain:
            self.mend()

    # ------------------------------------------------------------ before anything is read

    def _in_utf8(self, file: Path) -> Path:
        """The file, or a copy in UTF-8 of one in another encoding. A byte order mark says more than an option."""
        with opened(file) as stream:
            head = stream.read(64)
        encoding = self.notation.encoding
        if not encoding.startswith("utf_16"):
            self._refuse_other_kinds(head, encoding)
        elif encoding == "utf_16" and not head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise LoadRefused(f"{self.label} is not UTF-16: it does not begin with the byte order mark of UTF-16.")
        if encoding == "utf-8" or head.startswith(codecs.BOM_UTF8):
            return file
        copy = self._scratch / f"utf8-{next(_numbers)}.csv"
        decoder = codecs.getincrementaldecoder(encoding)("surrogateescape")
        with opened(file) as stream, copy.open("wb") as out:
            try:
                while chunk := stream.read(_CHUNK):
                    out.write(decoder.decode(chunk).encode("utf-8", "surrogateescape"))
                out.write(decoder.decode(b"", final=True).encode("utf-8", "surrogateescape"))
            except UnicodeError as error:
                raise LoadRefused(f"{self.label} is not {encoding.replace('_', '-')} throughout: {error}.") from error
        return copy

    def _refuse_other_kinds(self, head: bytes, encoding: str) -> None:
        """Say what a file is that is no text at all, by its first bytes."""
        for start, what in _OTHER_KINDS:
            if head.startswith(start):
                raise LoadRefused(f"{self.label} {what.format(name=self.label.rpartition('/')[2])}.")
        if encoding == "utf-8" and (head[1:2] == b"\0" or head[:1] == b"\0") and head.count(0) >= len(head) // 3:
            order = "utf-16-le" if head[1:2] == b"\0" else "utf-16-be"
            raise LoadRefused(
                f"{self.label} looks like UTF-16 without a byte order mark: load it with --encoding {order}, "
                "or save it as UTF-8."
            )

    def _checked(self, header: Record | None) -> tuple[str, ...]:
        """The names of the columns; refuses a first line that cannot hold them."""
        where = f"{self.label}:1"
        if header is None or header.line > 1 or not (header.fault or any(name.strip() for name in header.values)):
            raise LoadRefused(f"{where}: the header row with the names of the columns is missing.")
        if header.fault:
            raise LoadRefused(f"{where}: the header row has {header.fault}.")
        if not all(map(_is_text, header.values)):
            raise LoadRefused(f"{where}: the header row is {self._not_text}.")
        if header.values[0].startswith("\ufeff"):
            raise LoadRefused(f"{where}: the file begins with two byte order marks: leave one or none.")
        if header.values[0].lower().startswith("sep="):
            raise LoadRefused(f"{where}: '{printable(header.text)}' is a line for Excel alone: delete it.")
        self._refuse_other_separator(header)
        return header.values

    def _refuse_other_separator(self, header: Record) -> None:
        needed = {field.name for field in FIELDS[self.table]}
        if len(needed.intersection(header.values)) > 1:
            return
        for other, words in SEPARATORS.items():
            names = next(csv.reader([header.text], delimiter=other), [])
            if other != self.notation.delimiter and len(needed.intersection(name.strip() for name in names)) > 1:
                option = "tab" if other == "\t" else f"'{other}'"
                ours = SEPARATORS.get(self.notation.delimiter, repr(self.notation.delimiter))
                comma = " (and --decimal-comma for amounts like 12,50)" if other == ";" else ""
                raise LoadRefused(
                    f"{self.label}:1: {words} separate the columns, not {ours}: "
                    f"load the file with --delimiter {option}{comma}."
                )

    @property
    def _not_text(self) -> str:
        if self.notation.encoding != "utf-8":
            return f"not {self.notation.encoding.replace('_', '-')}"
        return "not UTF-8: if all of the file is in another encoding, name it, like --encoding cp1252"

    def check_header(self) -> tuple[str, ...]:
        """Refuse a header that lacks columns; warn of others."""
        return check_columns(self.label, FIELDS[self.table], self.header)

    # ------------------------------------------------------------ what the engine reads

    def _relation(self, path: Path, width: int, *, parallel: bool) -> str:
        rows = self._lines(path, width, parallel=parallel)
        return f"(SELECT * FROM {rows} WHERE NOT ({_empty(width)}))" if self._empty_rows else rows  # noqa: S608

    def _lines(self, path: Path, width: int, *, parallel: bool) -> str:
        columns = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(width))
        delimiter = self.notation.delimiter if self._copy is None else ","
        packed = "gzip" if path.suffix.lower() == ".gz" else "none"
        # Nothing is guessed. Several threads cannot tell for sure where a record begins once there are quotes.
        return (
            f"read_csv({quoted(str(reachable(path, self._scratch)))}, columns = {{{columns}}}, auto_detect = false, "
            f"header = true, delim = {quoted(delimiter)}, quote = '\"', escape = '\"', strict_mode = true, "
            f"null_padding = false, nullstr = '', allow_quoted_nulls = true, compression = '{packed}', "
            f"max_line_size = {_LONGEST if self._copy else _LONGEST // 16}, parallel = {str(parallel).lower()})"
        )

    def agrees(self, connection: duckdb.DuckDBPyConnection, count: int) -> bool:
        if self._copy is not None:
            return True
        if self._empty_rows:
            width = len(self.header)
            found = connection.execute(
                f"SELECT count(*) FROM {self._lines(self.file, width, parallel=not self._quotes)} "  # noqa: S608
                f"WHERE {_empty(width)}"
            ).fetchone()
            self.skipped = found[0] if found else 0
        # Around quotes the engine may take the end of a file for something else and leave it out without a word.
        return self._count is None or self._count - 1 == count + self.skipped

    def mend(self) -> bool:
        if self._copy is not None:
            return False
        copy = self._scratch / f"mended-{next(_numbers)}.csv"
        self.malformed = self._salvage(copy)
        self._copy = copy
        self._empty_rows = False
        self.relation = self._relation(copy, len(self.header), parallel=False)
        return True

    def _salvage(self, copy: Path) -> tuple[BadRow, ...]:
        """Copy the well-formed records; returns the others."""
        malformed: list[BadRow] = []
        lost: list[int | None] = []
        self.skipped = 0
        with copy.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\n")
            writer.writerow(f"c{place}" for place in range(len(self.header)))
            found = records(self.file, self.notation.delimiter)
            next(found)
            for record in found:
                if not record.fault and not any(record.values):
                    self.skipped += 1
                    continue
                fitted = replace(record, values=self._fitted(record.values))
                fault = self._malformation(fitted)
                if fault is None:
                    writer.writerow(fitted.values)
                else:
                    malformed.append(fault)
                    lost.append(self._id(record))
        self.lost = frozenset(id_ for id_ in lost if id_ is not None)
        return tuple(malformed)

    def _fitted(self, values: tuple[str, ...]) -> tuple[str, ...]:
        """The values, as many as the header has names if that is but a matter of empty ones at the end."""
        # Spreadsheets write them. The engine overlooks them too; columns without a name may be left out altogether.
        width = len(self.header)
        if not any(values[width:]):
            values = values[:width]
        return values + ("",) * (width - len(values)) if self._width <= len(values) < width else values

    def _malformation(self, record: Record) -> BadRow | None:
        def bad(reason: str, column: str = "", value: str = "") -> BadRow:
            return BadRow(self.label, record.line, column, value, reason, record.text)

        if record.fault == NEVER_CLOSED:
            perhaps = f" Perhaps it is {BACKSLASH}." if '\\"' in record.text else ""
            raise LoadRefused(
                f"{self.label}:{record.line}: a quote is never closed: the rest of the file cannot be told apart."
                f"{perhaps}"
            )
        if record.fault:
            return bad(record.fault)
        if len(record.values) != len(self.header):
            count = len(record.values)
            return bad(f"has {count} value{'s' if count != 1 else ''}, the header has {len(self.header)}")
        for column, value in zip(self.header, record.values, strict=True):
            if not _is_text(value):
                return bad(self._not_text, column, value)
        return None

    def _id(self, record: Record) -> int | None:
        """The id that a malformed record seems to carry."""
        if "id" not in self.header:
            return None
        values = record.values or record.text.split(self.notation.delimiter)
        place = self.header.index("id")
        text = values[place].strip().strip('"') if place < len(values) else ""
        return int(text) if text.isascii() and text.removeprefix("-").isdigit() and len(text) < 19 else None

    # ------------------------------------------------------------ what is read

    def column(self, name: str) -> str:
        """SQL for the text of the column of that name."""
        return f"c{self.header.index(name)}"

    def text(self, field: Field) -> str:
        return self.notation.reading(field.kind, self.column(field.name))

    def rows(self, ordinals: Sequence[int]) -> Iterator[tuple[int, Record]]:
        """The well-formed records with these ordinals, which rise. Asked for the next ones, it goes on from there."""
        wanted = set(ordinals)
        if not wanted:
            return
        last = max(wanted)
        if self._walk is None or min(wanted) <= self._walked:
            self._walk = enumerate(self._well_formed())
        for ordinal, record in self._walk:
            self._walked = ordinal
            if ordinal in wanted:
                yield ordinal, record
            if ordinal >= last:
                return

    def _well_formed(self) -> Iterator[Record]:
        found = records(self.file, self.notation.delimiter)
        next(found)
        for record in found:
            fitted = replace(record, values=self._fitted(record.values))
            if any(record.values) and self._malformation(fitted) is None:
                yield fitted

    def places(self, connection: duckdb.DuckDBPyConnection, ordinals: Sequence[int]) -> dict[int, SourceRow]:
        return {
            ordinal: SourceRow(record.line, dict(zip(self.header, record.values, strict=False)), record.text)
            for ordinal, record in self.rows(ordinals)
        }


_OTHER_KINDS = (
    (b"\x1f\x8b", "is compressed with gzip: name it {name}.gz"),
    (b"\x28\xb5\x2f\xfd", "is compressed with Zstandard: name it {name}.zst"),
    (b"BZh", "is compressed with bzip2: name it {name}.bz2"),
    (b"\xfd7zXZ", "is compressed with xz: name it {name}.xz"),
    (b"PK\x03\x04", "is a zip archive or a spreadsheet: name it {name}.zip, or save the spreadsheet as CSV"),
    (b"\xd0\xcf\x11\xe0", "is a spreadsheet of Excel: save it as CSV (UTF-8)"),
    (b"PAR1", "is a Parquet file: let its name end in .parquet"),
    (codecs.BOM_UTF16_LE, "is in UTF-16: load it with --encoding utf-16, or save it as UTF-8"),
    (codecs.BOM_UTF16_BE, "is in UTF-16: load it with --encoding utf-16, or save it as UTF-8"),
)


def _empty(width: int) -> str:
    """SQL for a row without any value."""
    return " AND ".join(f"c{index} IS NULL" for index in range(width))


def _is_text(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
