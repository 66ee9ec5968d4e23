"""What differs between a report then and the same report now: cell by cell, in rows, totals and sums, exactly."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from data.report.catalog import METRICS
from data.report.dimensions import Key
from data.report.result import Figure, ReportResult, Row

Amount = int | Decimal
_Key = tuple[tuple[str | None, ...], tuple[Key, ...]]


@dataclass(frozen=True, slots=True)
class FigureChange:
    """A cell whose figure is not the same. ``difference`` is now less then; None where one of the two is empty."""

    then: Figure
    now: Figure
    difference: Amount | None


Changes = tuple[FigureChange | None, ...]
"""One for each metric of the catalog, in its order; None where nothing changed, or it is not in both reports."""


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """A row by what it is about. ``then`` and ``now`` are its places in the two reports, None where it is not there."""

    labels: tuple[str | None, ...]
    keys: tuple[Key, ...]
    then: int | None
    now: int | None
    changes: Changes

    @property
    def differs(self) -> bool:
        """Whether the row is on one side only or any of its figures changed."""
        return self.then is None or self.now is None or any(self.changes)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two answers to one question.

    ``sums_then`` and ``sums_now`` add up the rows shown, per metric; None where adding up means nothing: averages, and
    balances and counts of different times. ``sums`` and ``totals`` are what changed in them; changes of totals are
    empty when neither side has totals.
    """

    rows: tuple[ComparedRow, ...]
    totals: Changes
    sums_then: tuple[Figure, ...]
    sums_now: tuple[Figure, ...]
    sums: Changes

    @property
    def cells(self) -> int:
        """How many cells of rows on both sides changed."""
        return sum(1 for row in self.rows for change in row.changes if change)

    @property
    def added(self) -> int:
        """How many rows are there only now."""
        return sum(row.then is None for row in self.rows)

    @property
    def removed(self) -> int:
        """How many rows were there only then."""
        return sum(row.now is None for row in self.rows)

    @property
    def same(self) -> bool:
        """Whether nothing at all differs."""
        return not (any(row.differs for row in self.rows) or any(self.totals))


def compare(then: ReportResult, now: ReportResult) -> Comparison:
    """Compare two reports of one question. Rows are matched by their labels and keys, not by their place.

    Rows come in the order of ``now``; those that were only there then follow their neighbours of then.
    """
    absent = then.absent | now.absent
    places_then = {_key(row): place for place, row in enumerate(then.rows)}
    places_now = {_key(row): place for place, row in enumerate(now.rows)}
    rows = []
    for key in _merged(then.rows, now.rows):
        before, after = places_then.get(key), places_now.get(key)
        both = before is not None and after is not None
        changes = _changes(then.rows[before].figures, now.rows[after].figures, absent) if both else _NOTHING  # type: ignore[index]
        rows.append(ComparedRow(key[0], key[1], before, after, changes))
    sums_then, sums_now = _sums(then), _sums(now)
    totals = _NOTHING
    if then.totals is not None or now.totals is not None:
        totals = _changes(then.totals or _EMPTY, now.totals or _EMPTY, absent)
    return Comparison(tuple(rows), totals, sums_then, sums_now, _changes(sums_then, sums_now, absent))


_NOTHING: Changes = (None,) * len(METRICS)
_EMPTY: tuple[Figure, ...] = (None,) * len(METRICS)


def _key(row: Row) -> _Key:
    return row.labels, row.keys


def _merged(then: tuple[Row, ...], now: tuple[Row, ...]) -> list[_Key]:
    known = {_key(row) for row in now}
    # Each row that is gone hangs on the nearest row before it that is still there (None: it stood at the top).
    gone: dict[_Key | None, list[_Key]] = {}
    last: _Key | None = None
    for row in then:
        if _key(row) in known:
            last = _key(row)
        else:
            gone.setdefault(last, []).append(_key(row))
    merged = list(gone.get(None, ()))
    for row in now:
        merged.append(_key(row))
        merged.extend(gone.get(_key(row), ()))
    return merged


def _changes(then: tuple[Figure, ...], now: tuple[Figure, ...], absent: Collection[str]) -> Changes:
    return tuple(
        None if metric.id in absent else _change(before, after)
        for metric, before, after in zip(METRICS, then, now, strict=True)
    )


def _change(then: Figure, now: Figure) -> FigureChange | None:
    if then == now:
        return None
    return FigureChange(then, now, None if then is None or now is None else now - then)


def _sums(result: ReportResult) -> tuple[Figure, ...]:
    timed = result.query.time_unit is not None
    return tuple(
        None
        if not result.rows
        or metric.id in result.absent
        or metric.kind == "average"
        or (metric.is_money and not result.money)
        or (timed and metric.nature == "stock")
        else sum(_amount(row.figures[place]) for row in result.rows)
        for place, metric in enumerate(METRICS)
    )


def _amount(figure: Figure) -> Amount:
    assert figure is not None  # only averages may be empty
    return figure
