"""The one table of rows that every file format writes: :func:`tabulate` makes it from a report.

Cells are exact values of Python's own types; how a format writes them is the format's business.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Literal
from zoneinfo import ZoneInfo

from data.report.dimensions import DIMENSION, Dimension
from data.report.result import ReportResult
from data.words.dates import period_words
from data.words.marks import footnote, marks_of
from data.words.names import row_labels
from data.words.question import Names, Question, tell
from data.words.totals import total_words, totals_note

Cell = str | int | Decimal | date | None
"""Text, a count or a year, money, a date or the first day of a month, or nothing."""

Kind = Literal["text", "year", "month", "date", "count", "money"]

TOTAL = "Total"
"""What the totals row begins with."""

MARK = "mark"
"""The column that says beside a row's label what is not whole about its time; it is there when anything is."""

# Unicode's controls and lone surrogates have no place in a file that people open; tab and line feed have.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Heading:
    """A column of the table. ``group`` and ``title`` are its two header rows; ``kind`` is what its cells are."""

    id: str
    group: str
    title: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings. The first ``fixed`` columns say what a row is about; ``totals`` is None without totals.

    ``decimals`` are those of the currency's minor unit, for every money cell.
    """

    title: str
    headings: tuple[Heading, ...]
    rows: tuple[tuple[Cell, ...], ...]
    totals: tuple[Cell, ...] | None
    fixed: int
    decimals: int

    @property
    def body(self) -> tuple[tuple[Cell, ...], ...]:
        """The rows, and the totals row after them where there is one."""
        return self.rows if self.totals is None else (*self.rows, self.totals)

    @property
    def groups(self) -> tuple[tuple[str, int, int], ...]:
        """Runs of neighbouring columns under one upper header: its words, the first column and how many."""
        runs, start = [], 0
        for group, members in groupby(self.headings, key=lambda heading: heading.group):
            count = len(list(members))
            runs.append((group, start, count))
            start += count
        return tuple(runs)


@dataclass(frozen=True, slots=True)
class Document:
    """What is exported: the report, its table as displayed, its question, and the facts about both in words.

    ``order`` are the places in ``result.rows`` of the table's rows; ``notes`` explain marked rows and totals.
    """

    result: ReportResult
    table: Table
    order: tuple[int, ...]
    question: Question
    facts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]

    @property
    def footer(self) -> tuple[str, ...]:
        """The lines below a table that has no other place for words: the question, then the notes."""
        return (f"Question: {clean_text(self.question.told)}", *self.notes)


def tabulate(result: ReportResult, columns: Sequence[str] | None = None, order: Sequence[int] | None = None) -> Table:
    """The report as a table: grouping columns first, then figures, then the totals row, whose label begins with Total.

    ``columns`` are ids of ``result.columns`` to show, in that order (all of them unless given); ``order`` are places in
    ``result.rows``, in the order to show them. With no grouping column a first one is added, to carry the period and
    the word Total; with rows whose time is not whole a last one tells what they cover. Raises :class:`ValueError` for a
    column or row that the report does not have.
    """
    known = {column.id: (place, column) for place, column in enumerate(result.columns)}
    wanted = list(dict.fromkeys(known if columns is None else columns))
    if strange := [id_ for id_ in wanted if id_ not in known]:
        raise ValueError(f"the report has no column {strange[0]!r}")
    places = range(len(result.rows)) if order is None else order
    if strange_rows := [place for place in places if not 0 <= place < len(result.rows)]:
        raise ValueError(f"the report has no row {strange_rows[0]}")

    labels = [id_ for id_ in wanted if known[id_][1].kind == "dimension"]
    figures = [id_ for id_ in wanted if known[id_][1].kind != "dimension"]
    grouping = len(result.query.group_by)
    headings: list[Heading] = []
    readers: list[Callable[[int], Cell]] = []
    totals: list[Cell] = []

    if not labels:
        # Grouped by what is hidden: the rows cannot be told apart, and a period would be wrong for each of them.
        words = None if result.query.group_by else period_words(result.query.start, result.query.end)
        headings.append(Heading("period", "", "" if words is None else "Period", "text"))
        readers.append(lambda _: words)
    for id_ in labels:
        place, column = known[id_]
        headings.append(Heading(id_, column.group, column.title, DIMENSION[id_].cell))
        readers.append(_label_reader(result, DIMENSION[id_], place))
    marks = marks_of(result)
    if any(marks):
        headings.append(Heading(MARK, "", "Time covered", "text"))
        readers.append(lambda row: marks[row])
    fixed = len(headings)
    totals.extend([total_words(result), *[None] * (fixed - 1)])
    for id_ in figures:
        place, column = known[id_]
        headings.append(Heading(id_, column.group, column.title, "count" if column.kind == "count" else "money"))
        readers.append(_figure_reader(result, place - grouping))
        if result.totals is not None:
            totals.append(result.shown(result.totals)[place - grouping])

    return Table(
        title="Report",
        headings=tuple(headings),
        rows=tuple(tuple(reader(place) for reader in readers) for place in places),
        totals=None if result.totals is None else tuple(totals),
        fixed=fixed,
        decimals=result.decimals,
    )


def facts(result: ReportResult, question: Question) -> tuple[tuple[str, str], ...]:
    """What was asked and what goes with the answer (semantics, section 6), each a label and its words."""
    info = result.info

    def moment(instant: datetime) -> str:
        local = instant.replace(tzinfo=UTC).astimezone(ZoneInfo(info.timezone))
        # To the microsecond only where there is something to see.
        return local.isoformat(" ", "microseconds" if local.microsecond else "seconds")

    if info.data_first is None or info.data_last is None:
        interval = "none: the selected clients have no transactions in the period"
    else:
        interval = f"{moment(info.data_first)} to {moment(info.data_last)}"
    rates = "none needed" if info.rates_oldest is None else f"{info.rates_oldest} to {info.rates_newest}"
    found = [
        *question.facts,
        ("Data Period (set)", f"{moment(info.period_start)} to before {moment(info.period_end)}"),
        ("Actual data interval", interval),
        ("Rates used, by date", rates),
        ("Generated by", info.generated_by),
        ("Generated at", moment(info.generated_at)),
        ("As of", moment(info.as_of)),
        ("Duration", f"{info.duration:.3f} seconds"),
        ("Data version", info.data_version),
    ]
    if info.notice:
        found.append(("Notice", info.notice))
    return tuple((label, clean_text(words)) for label, words in found)


def document(
    result: ReportResult,
    columns: Sequence[str] | None = None,
    order: Sequence[int] | None = None,
    names: Names | None = None,
) -> Document:
    """Everything that a file of the report holds; see :func:`tabulate` and :func:`facts`."""
    places = tuple(range(len(result.rows)) if order is None else order)
    question = tell(result.query, names, name=result.info.title)
    notes = tuple(clean_text(note) for note in (footnote(result), totals_note(result)) if note)
    table = tabulate(result, columns, places)
    return Document(result, table, places, question, facts(result, question), notes)


def clean_text(text: str) -> str:
    """The text with line ends as line feeds and each character that no file may hold replaced by U+FFFD."""
    return _CONTROLS.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def _label_reader(result: ReportResult, dimension: Dimension, place: int) -> Callable[[int], Cell]:
    texts = [labels[place] for labels in row_labels(result.query, result.rows)]

    def read(row: int) -> Cell:
        if dimension.unit is None or dimension.cell == "text":
            return clean_text(texts[row])
        first = dimension.unit.read(str(result.rows[row].labels[place]))
        return first.year if dimension.cell == "year" else first

    return read


def _figure_reader(result: ReportResult, place: int) -> Callable[[int], Cell]:
    figures = [result.shown(row.figures)[place] for row in result.rows]
    return lambda row: figures[row]
