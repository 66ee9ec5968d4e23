"""The dataset's files: which files of a folder hold which table, and what is to be said of the others.

A table may come in any number of parts: files of its name with a number or a date behind it, folders of such files as
other programs write them, in whatever format and compression each. What bears a table's name and cannot be read stops
a load: to pass over it would lose rows without a word.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from data.errors import did_you_mean
from data.warehouse.csv_source import CsvSource
from data.warehouse.notation import Notation
from data.warehouse.packing import PACKED, ZIP, members, unpack
from data.warehouse.parquet_source import ParquetSource
from data.warehouse.rejects import LoadRefused, visible
from data.warehouse.schema import DATASET
from data.warehouse.source import Source

_FORMATS = (".csv", ".parquet")
_ANY_FORMAT, _ANY_PACKING = ("|".join(map(re.escape, suffixes)) for suffixes in (_FORMATS, PACKED))
# Two words may be parted as one likes: client_tags, client-tags, client tags.
_TABLES = "|".join(table.name.replace("_", "[-_ ]?") for table in DATASET)
_NAME = re.compile(
    rf"(?P<table>{_TABLES})(?P<rest>(?![a-z]).*?|part[-_. ]*[0-9].*?)({_ANY_FORMAT})?({_ANY_PACKING})?",
    re.IGNORECASE | re.DOTALL,
)
_PART = re.compile(r"([-_. ]*(part[-_. ]*)?\(?[0-9].*)?", re.IGNORECASE | re.DOTALL)
"""What stands between a table's name and the suffix of one of its parts: nothing, or something with a number first."""
_BESIDE = re.compile(
    r".*(~|\.(md5|sha1|sha256|sha512|crc|sig|asc|bak|old|orig|md|rst|pdf|html?|sql|log|png|svg|py|ipynb|ya?ml|ini))",
    re.IGNORECASE | re.DOTALL,
)
"""Names of what lies beside data and is none: checksums, notes, former versions."""
_NEAR = 0.8
_UNFINISHED = {
    "_delta_log": "is a table of Delta Lake, whose files hold deleted rows too: export it as plain Parquet",
    "_temporary": "is not finished: whoever writes it is still at it or has failed",
}
_READ = ".csv or .parquet, also compressed (.gz, .zst, .bz2, .xz, .zip)"


@dataclass(frozen=True, slots=True)
class _Name:
    """What the name of a file or folder says: the ``table`` it begins with, and whether it is that or a part of it."""

    table: str
    is_part: bool
    readable: bool

    @classmethod
    def of(cls, name: str) -> _Name:
        found = _NAME.fullmatch(name)
        if found is None:
            return cls("", False, _is_readable(name))
        table = re.sub("[-_ ]", "", found["table"].lower())
        return cls(_BY_LETTERS[table], _PART.fullmatch(found["rest"]) is not None, _is_readable(name))


_BY_LETTERS = {table.name.replace("_", ""): table.name for table in DATASET}


def _is_readable(name: str) -> bool:
    return re.search(rf"(({_ANY_FORMAT})({_ANY_PACKING})?|{re.escape(ZIP)})$", name, re.IGNORECASE) is not None


@dataclass(frozen=True, slots=True)
class Found:
    """A file that holds rows of a table: its path, and how messages name it."""

    table: str
    path: Path
    label: str


@dataclass(slots=True)
class Findings:
    """What a folder holds: the ``files`` to read, what is ignored, and what keeps the load from being done."""

    files: list[Found] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    """Folders of parts: whatever lies in them is read."""

    def inputs(self, path: Path, output: Path) -> list[Path]:
        """The files to read, and ``output`` if a later load of ``path`` would take it for one of them."""
        found = [file.path for file in self.files]
        place = output.absolute().parent.resolve()
        if any(place.is_relative_to(folder.resolve()) for folder in self.folders) or (
            place == path.resolve() and _Name.of(output.name).table
        ):
            found.append(output)
        return found

    def add(self, entry: Path) -> None:
        """Tell what an entry of a dataset's folder is."""
        name, shown = _Name.of(entry.name), visible(entry.name)
        if entry.name.startswith("."):
            return
        if name.table and name.is_part and entry.is_dir():
            self.add_parts(name.table, entry, f"{entry.name}/")
        elif _BESIDE.fullmatch(entry.name):
            self.warnings.append(f"{shown} is not a file of the dataset: ignored.")
        elif name.table and (name.is_part or name.readable or entry.is_dir() or _only_suffixes(entry.name, name.table)):
            if name.is_part or not (name.readable or entry.is_dir()):
                self.add_file(name.table, entry, entry.name)
            else:
                self.refusals.append(
                    f"{shown} begins with the name of a table and may be a part of it or not: name it like "
                    f"{name.table}-1{''.join(entry.suffixes)} if it is, else move it away."
                )
        elif (name.readable or entry.is_dir()) and (near := _near(entry.name)):
            self.refusals.append(
                f"{shown} is not a file of the dataset. Did you mean {near}? Rename it, or move it away."
            )
        else:
            hint = did_you_mean(entry.name.partition(".")[0], [table.name for table in DATASET])
            self.warnings.append(f"{shown} is not a file of the dataset: ignored.{hint}")

    def add_parts(self, table: str, folder: Path, prefix: str) -> None:
        """Tell what a table's own folder holds: all of its files are parts, whatever their names."""
        self.folders.append(folder)
        before = len(self.files) + len(self.refusals)
        for label, file in _below(folder, prefix, frozenset()):
            within, _, name = label.rpartition("/")
            if name in _UNFINISHED:
                self.refusals.append(f"{visible(within or folder.name)} {_UNFINISHED[name]}.")
            elif not name.startswith((".", "_")) and not _BESIDE.fullmatch(name):
                self.add_file(table, file, label)
        if before == len(self.files) + len(self.refusals):
            self.refusals.append(f"{visible(prefix or folder.name)} is a folder for {table} and holds no file of it.")

    def add_file(self, table: str, file: Path, label: str) -> None:
        """Take a file as a part of the table, if it can be read."""
        shown = visible(label)
        if not file.exists():
            self.refusals.append(
                f"{shown} is a link to {visible(str(file.readlink()))}, which is not there: put it there, "
                "or take the link away."
            )
        elif not file.is_file():
            self.refusals.append(f"{shown} is no file that can be read: move it away.")
        elif not _is_readable(file.name):
            self.refusals.append(f"{shown} cannot be read: save it as {_READ}, or move it away.")
        else:
            self.files.append(Found(table, file, label))


def find_files(path: Path) -> Findings:
    """The dataset's files at ``path``: a folder, the folder of one table's parts, or one file.

    Raises :class:`LoadRefused` if there is none and nothing else to be said.
    """
    if not path.exists():
        raise LoadRefused(f"There is no file or folder {path}.")
    findings = Findings()
    own = _Name.of(path.name)
    names = ", ".join(table.name for table in DATASET)
    if not path.is_dir():
        if not (own.table and own.is_part and own.readable):
            raise LoadRefused(
                f"{visible(path.name)} is not a file of the dataset: its name must be one of {names} with {_READ}."
            )
        findings.add_file(own.table, path, path.name)
        return findings
    entries = sorted(path.iterdir())
    if own.table and own.is_part and not any(_Name.of(entry.name).table for entry in entries):
        findings.add_parts(own.table, path, "")
    else:
        for entry in entries:
            findings.add(entry)
    if not findings.files and not findings.refusals:
        raise LoadRefused(
            f"No file of the dataset in {path}: expected some of {names} as CSV or Parquet.", findings.warnings
        )
    return findings


def _below(folder: Path, prefix: str, above: frozenset[Path]) -> Iterator[tuple[str, Path]]:
    """Everything in a folder and the folders in it, each with its label; links in a circle are not followed."""
    here = folder.resolve()
    if here in above:
        return
    for entry in sorted(folder.iterdir()):
        if entry.is_dir() and not entry.name.startswith((".", "_")):
            yield from _below(entry, f"{prefix}{entry.name}/", above | {here})
        else:
            yield f"{prefix}{entry.name}", entry


def _only_suffixes(name: str, table: str) -> bool:
    """Whether a name is the table's with suffixes of another format, or with none."""
    return len(name.partition(".")[0]) <= len(table)


def _near(name: str) -> str:
    """The table whose name a file's or folder's misspells, "" if none."""
    close = difflib.get_close_matches(
        name.partition(".")[0].lower(), [table.name for table in DATASET], n=1, cutoff=_NEAR
    )
    return close[0] if close else ""


def open_files(
    findings: Findings, scratch: Path, connection: duckdb.DuckDBPyConnection, notation: Notation
) -> list[Source]:
    """What was found, ready to be read, in the order in which the tables' rows refer to each other.

    Raises :class:`LoadRefused` with a line for each thing that keeps a file from being read at all.
    """
    refusals = list(findings.refusals)
    order = {table.name: place for place, table in enumerate(DATASET)}
    sources: list[Source] = []
    for found in sorted(findings.files, key=lambda found: (order[found.table], found.label)):
        try:
            for path, label in _unpacked(found, scratch):
                make = ParquetSource if path.suffix.lower() == ".parquet" else CsvSource
                source = make(found.table, path, scratch, connection, label=label, notation=notation)
                source.watch(found.path)
                sources.append(source)
        except LoadRefused as refusal:
            refusals.extend(refusal.lines or (refusal.message,))
    if refusals:
        raise LoadRefused("Nothing was loaded: the files cannot be read.", refusals)
    sources[0].warnings = (*findings.warnings, *sources[0].warnings)
    return sources


def _unpacked(found: Found, scratch: Path) -> Iterable[tuple[Path, str]]:
    """The plain files that a file holds: itself, unless it is an archive or the engine cannot look through it."""
    suffixes = [suffix.lower() for suffix in found.path.suffixes]
    if suffixes[-1] == ZIP:
        return _members(found, scratch)
    if suffixes[-1] in PACKED and suffixes[-2:] != [".csv", ".gz"]:
        return [(unpack(found.path, scratch), found.label)]
    return [(found.path, found.label)]


def _members(found: Found, scratch: Path) -> Iterator[tuple[Path, str]]:
    empty = True
    for name, path in members(found.path, scratch, found.label):
        label = f"{found.label}/{name}"
        if path.suffix.lower() not in _FORMATS:
            raise LoadRefused(f"{visible(label)} cannot be read: only CSV and Parquet files may be in an archive.")
        if _Name.of(name.rpartition("/")[2]).table not in ("", found.table):
            raise LoadRefused(f"{visible(label)} is named for another table: unpack {visible(found.label)} first.")
        empty = False
        yield path, label
    if empty:
        raise LoadRefused(f"{visible(found.label)} holds no file.")
