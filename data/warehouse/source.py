"""What a file of the dataset is to a load, whatever its format: rows for one table, and where each stands."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from data.errors import did_you_mean
from data.warehouse.rejects import BadRow, LoadRefused, visible
from data.warehouse.values import Field


@dataclass(frozen=True, slots=True)
class SourceRow:
    """Where a row stands: its line (or record) number, its texts by field, and the row as it was, as CSV.

    ``columns`` names the file's column for fields that the file calls otherwise.
    """

    line: int
    texts: Mapping[str, str]
    row: str
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
    lost: frozenset[int] = frozenset()
    """Ids that malformed rows seem to carry."""
    skipped: int = 0
    """How many rows have no value at all, known once the engine has read the file: they are no rows either."""

    _watched: tuple[Path, tuple[int, int, int]] | None = None

    def watch(self, file: Path) -> None:
        """Remember what ``file``, which the rows come from, is like now."""
        self._watched = file, _state(file)

    def check_unchanged(self) -> None:
        """Raises :class:`LoadRefused` if the file is not the one any more that was opened, or was written to."""
        if self._watched is not None and _state(self._watched[0]) != self._watched[1]:
            raise LoadRefused(f"{visible(self.label)} changed while it was read: load it again when it is complete.")

    @abstractmethod
    def text(self, field: Field) -> str:
        """SQL for the text of ``field``, NULL when it is empty."""

    def value(self, field: Field) -> str | None:
        """SQL for the typed value of ``field`` where the file has it in such a type that no text need be read."""
        return None

    def mend(self) -> bool:
        """Set aside what the engine stumbled over, so that it can read the rest; False if nothing is left to do."""
        return False

    def agrees(self, connection: duckdb.DuckDBPyConnection, count: int) -> bool:
        """Whether the engine, which found ``count`` rows, found all of them."""
        return True

    @abstractmethod
    def places(self, connection: duckdb.DuckDBPyConnection, ordinals: Sequence[int]) -> dict[int, SourceRow]:
        """Where the rows with these ordinals (from 0, neither malformed nor skipped ones counted) stand."""


def _state(file: Path) -> tuple[int, int, int]:
    try:
        found = file.stat()
    except OSError:
        return (0, 0, 0)
    return found.st_ino, found.st_size, found.st_mtime_ns


def reachable(file: Path, scratch: Path) -> Path:
    """A path to ``file`` that the engine does not take for a pattern."""
    if not re.search(r"[*?\[\]]", str(file)):
        return file
    link = scratch / f"input-{len(list(scratch.iterdir()))}{''.join(file.suffixes)}"
    link.symlink_to(file.absolute())
    return link


def check_columns(label: str, fields: Sequence[Field], names: Sequence[str]) -> tuple[str, ...]:
    """Raises :class:`LoadRefused` for missing columns and names that come twice; returns a warning for unknown ones.

    Columns without a name are ignored like unknown ones.
    """
    known = {field.name for field in fields}
    twice = sorted({name for name in names if name and names.count(name) > 1})
    wrong = [f"{label}:1: column {_quoted(name)} comes twice." for name in twice]
    wrong += [
        f"{label}:1: column '{field.name}' is missing.{_instead(field.name, set(names) - known)}"
        for field in fields
        if field.name not in names
    ]
    if wrong:
        raise LoadRefused(f"{label} has not the columns it needs.", wrong)
    unknown = [_quoted(name) for name in names if name and name not in known]
    warnings = []
    if unknown:
        warnings.append(f"{label}: ignored unknown column{'s' if len(unknown) > 1 else ''} {', '.join(unknown)}.")
    if nameless := list(names).count(""):
        columns = "a column" if nameless == 1 else f"{nameless} columns"
        warnings.append(f"{label}: ignored {columns} without a name.")
    return tuple(warnings)


def _quoted(name: str) -> str:
    return f"'{visible(name)}'"


def _instead(wanted: str, names: set[str]) -> str:
    """A hint at the name that stands there instead, be it only that something in it cannot be seen."""
    for name in sorted(names):
        if "".join(char for char in name if char.isprintable() and not char.isspace()).casefold() == wanted:
            return f" There is {_quoted(name)} instead."
    return did_you_mean(wanted, map(visible, names))
