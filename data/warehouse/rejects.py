"""Rows that cannot be kept: how they are named, counted and written down."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from data.delivery.formulas import csv_field
from data.errors import UserError
from data.outputs import replacing

REPORTED = 100
"""How many bad rows are named one by one; of the rest only the number is given."""
_LONGEST_VALUE = 80


@dataclass(frozen=True, slots=True)
class BadRow:
    """One fault of one row. ``line`` counts from 1: lines of a CSV file, the header among them, or Parquet records.

    ``row`` is the text of the whole row, as CSV. Bytes that are no text are surrogates, in it and in ``value``.
    """

    file: str
    line: int
    column: str
    value: str
    reason: str
    row: str = ""

    def __str__(self) -> str:
        return ": ".join(
            part
            for part in (
                f"{visible(self.file)}:{self.line}",
                f"column '{visible(self.column)}'" if self.column else "",
                f"value '{printable(self.value)}'" if self.column or self.value else "",
                self.reason,
            )
            if part
        )


def with_bytes(text: str) -> str:
    r"""``text`` with each byte that is none of UTF-8 written as ``\xf6``; a backslash is then written as two."""
    raw = text.encode("utf-8", "surrogateescape")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")


def visible(text: str) -> str:
    """``text`` on one line, with what cannot be seen escaped."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in with_bytes(text))


def printable(value: str) -> str:
    """``value`` on one short line, whatever is in it."""
    shown = visible(value)
    return shown if len(shown) <= _LONGEST_VALUE else f"{shown[:_LONGEST_VALUE]}…"


class LoadRefused(UserError):
    """Nothing of a load was kept. ``lines`` say why, one thing each, ready to be shown."""

    def __init__(self, message: str, lines: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.lines = tuple(lines)


class BadRows(LoadRefused):
    """Some rows are bad, and keeping the good ones was not asked for.

    ``rows`` holds the first faults, ``total`` is their number, ``reasons`` counts all of them by file and reason.
    """

    def __init__(self, rows: Sequence[BadRow], total: int, reasons: Counter[tuple[str, str]]) -> None:
        self.rows = tuple(rows)
        self.total = total
        self.reasons = reasons
        super().__init__(
            f"{total:,} fault{'s' if total != 1 else ''} found, nothing was loaded: "
            "put the rows right, or keep the good ones with --keep-going --rejects FILE.",
            [*map(str, rows), *self._counts()],
        )

    def _counts(self) -> list[str]:
        if self.total <= len(self.rows):
            return []
        lines = [f"… and {self.total - len(self.rows):,} more. All of them by reason:"]
        lines += [f"  {count:,} x {file}: {reason}" for (file, reason), count in self.reasons.most_common()]
        return lines


HEADER = ("file", "line", "column", "value", "reason", "row")


def write_rejects(path: Path, rows: Iterable[BadRow]) -> None:
    """Write the bad rows as CSV that a spreadsheet opens safely, each with its original row in the last column."""
    with replacing(path) as file:
        lines: Iterator[Sequence[str]] = (
            (row.file, str(row.line), row.column, row.value, row.reason, row.row) for row in rows
        )
        for line in chain([HEADER], lines):
            file.write((",".join(csv_field(with_bytes(text)) for text in line) + "\r\n").encode())


class _Line:
    """Collects what a csv writer writes."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text += text


def csv_text(row: Sequence[str]) -> str:
    """Values as one record of CSV."""
    line = _Line()
    csv.writer(line, lineterminator="").writerow(row)
    return line.text
