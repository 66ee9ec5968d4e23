"""The rows of a report by what they are about. Rows are told apart by their keys, never by what these are called."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from charts.spec import COLOURS
from charts.words import time_position, time_text
from data.report.catalog import METRICS, Metric
from data.report.dimensions import DIMENSION, TIME_DIMENSIONS
from data.report.dimensions import Key as Part
from data.report.period import labelled_unit
from data.report.result import Figure, ReportResult, Row
from data.words.marks import marks_of
from data.words.names import row_labels

Key = tuple[Part, ...]
"""What a row is about in some dimensions: the id of a package, "call_shop", None for No package."""

INDEX = {metric.id: place for place, metric in enumerate(METRICS)}


@dataclass(frozen=True, slots=True)
class Category:
    """One value of some dimensions: its key, its name in words, and its place in the order of colours."""

    key: Key
    label: str
    place: int | None

    @property
    def colour(self) -> str | None:
        """The name of the category's colour, by its place in the order of names; None for No package."""
        return None if self.place is None else colour_at(self.place)

    @property
    def position(self) -> str:
        """The key as text: where the category is on an axis. It begins with a sign, or it could pass for a number."""
        return " ".join("none" if part is None else f"#{part}" for part in self.key)


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why the figures of a bucket are not those of a whole one. ``lost``: the data ended before it began."""

    text: str
    lost: bool


@dataclass(frozen=True)
class Cells:
    """A report by bucket of time (of ``unit``) and by what else its rows are about (``kinds`` of category)."""

    result: ReportResult
    unit: str | None
    kinds: tuple[str, ...]
    rows: dict[tuple[str | None, Key], Row] = field(default_factory=dict)

    @cached_property
    def times(self) -> tuple[str, ...]:
        """The labels of the buckets, from the earliest on."""
        return tuple(sorted({time for time, _ in self.rows if time is not None}))

    @cached_property
    def names(self) -> dict[str, dict[Part, str]]:
        """For each kind of category the name of each key, in the kind's own order. No two names are the same."""
        query, rows = self.result.query, self.result.rows
        named = row_labels(query, rows)
        found: dict[str, dict[Part, str]] = {}
        for kind in self.kinds:
            at, order = query.group_by.index(kind), DIMENSION[kind].order
            labels = {row.keys[at]: row.labels[at] for row in rows}
            words = {row.keys[at]: name[at] for row, name in zip(rows, named, strict=True)}
            found[kind] = {key: words[key] for key in sorted(labels, key=lambda key: order(key, labels[key]))}
        return found

    def categories(self, kinds: Iterable[str]) -> tuple[Category, ...]:
        """What rows are about in ``kinds``, each once, ordered by the names of the first kind, then of the next."""
        places = [(self.kinds.index(kind), self.names[kind]) for kind in kinds]
        order = [{part: place for place, part in enumerate(names)} for _, names in places]
        keys = {tuple(key[at] for at, _ in places) for _, key in self.rows}
        ranked = sorted(keys, key=lambda key: [ranks[part] for ranks, part in zip(order, key, strict=True)])
        coloured = {key: place for place, key in enumerate(key for key in ranked if set(key) != {None})}
        return tuple(
            Category(
                key,
                " · ".join(names[part] for (_, names), part in zip(places, key, strict=True)),
                coloured.get(key),
            )
            for key in ranked
        )

    def figure(self, metric: Metric, time: str | None, parts: dict[str, Part]) -> Figure:
        """The figure of a bucket and a part for each kind. A row that is not shown has zeros only, and no averages."""
        row = self.rows.get((time, tuple(parts[kind] for kind in self.kinds)))
        if row is not None:
            return row.figures[INDEX[metric.id]]
        return None if metric.kind == "average" or metric.id in self.result.absent else 0

    @cached_property
    def doubts(self) -> dict[str | None, Doubt]:
        """The buckets that are not whole, by their labels."""
        marks = dict(zip(map(id, self.result.rows), marks_of(self.result), strict=True))
        found = {}
        for (time, _), row in self.rows.items():
            if mark := marks[id(row)]:
                first = row.partial[0].isoformat() if row.partial else self._begins(time)
                lost = row.data_until is not None and row.data_until.isoformat() < first
                found[time] = Doubt(mark, lost)
        return found

    def _begins(self, time: str | None) -> str:
        return self.result.query.start.date.isoformat() if time is None else time_position(time)

    @cached_property
    def footnotes(self) -> tuple[str, ...]:
        """What is not whole, in sentences: each bucket that is cut, and where the data ends."""
        return self.footnotes_of(tuple(self.doubts))

    def footnotes_of(self, times: Iterable[str | None]) -> tuple[str, ...]:
        """The same of some buckets."""
        doubts = {time: self.doubts[time] for time in times if time in self.doubts}
        cut = [
            f"{time_text(time)} \u00b7 {doubt.text}" if time else doubt.text
            for time, doubt in doubts.items()
            if not doubt.lost
        ]
        lost = [doubt.text for doubt in doubts.values() if doubt.lost]
        sentences = [f"Not whole \u2013 {'; '.join(cut)}."] if cut else []
        return (*sentences, *(f"{text[0].upper()}{text[1:]}." for text in lost[:1]))

    def labels(self, time: str | None, key: Key) -> list[str]:
        """A row's labels as people read them: time, then categories."""
        parts = [time_text(time)] if time is not None else []
        return parts + [self.names[kind][part] for kind, part in zip(self.kinds, key, strict=True)]


def cells_of(result: ReportResult) -> Cells:
    """The report's rows, ready to be looked up."""
    group_by, unit = result.query.group_by, result.query.time_unit
    kinds = tuple(item for item in group_by if item not in TIME_DIMENSIONS)
    time_at = group_by.index(unit) if unit else None
    cells = Cells(result, unit, kinds)
    for row in result.rows:
        time = None if time_at is None else row.labels[time_at]
        cells.rows[time, tuple(_part(result, row, kind) for kind in kinds)] = row
    return cells


def _part(result: ReportResult, row: Row, kind: str) -> Part:
    return row.keys[result.query.group_by.index(kind)]


def colour_at(place: int) -> str:
    """The colour of a place in an order; the ninth has the first one's again."""
    return COLOURS[place % len(COLOURS)]


def following(label: str) -> str:
    """The label of the next bucket of time."""
    return labelled_unit(label).next_label(label)
