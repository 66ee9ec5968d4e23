"""Placing instants in time, as SQL.

Time zones never reach the engine: local dates and buckets arrive as small relations of UTC instants, joined by UTC day
so that every engine can hash them.

*Edges* are ascending instants; the *rank* of an instant is how many edges lie at or before it. With the rows' T as
edges, what happened at ``x`` is seen by the rows from rank(x) on.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Date, DateTime, Integer, case

from data.report.period import months_before
from data.warehouse.engines import relation

_DAY = timedelta(days=1)
_FEW = 12
"""Up to so many stretches of time are written out as conditions, with which an engine can skip what lies outside."""


def _days(low: datetime, high: datetime) -> list[date]:
    """The UTC dates that [low, high) touches."""
    last = (high - timedelta(microseconds=1)).date()
    return [low.date() + _DAY * n for n in range((last - low.date()).days + 1)]


def midnight(day: date) -> datetime:
    """The first instant of a UTC date."""
    return datetime.combine(day, time())


def whole_months(low: datetime, high: datetime) -> tuple[date, date] | None:
    """The first UTC month that lies within [low, high) as a whole, and the first after it that does not."""
    first, after = low.date().replace(day=1), high.date().replace(day=1)
    if low > midnight(first):
        first = months_before(first, -1)
    return (first, after) if first < after else None


def during(instant: ColumnElement[Any], low: Any, high: Any) -> ColumnElement[bool]:
    """Whether an instant lies in [low, high)."""
    return sa.and_(instant >= low, instant < high)


def by_day(name: str, stretches: Sequence[tuple[Any, ...]], *labels: str) -> sa.CTE:
    """Stretches of time (low, high, and a number for each of ``labels``), a line for each UTC day that one touches."""
    lines = [(day, *stretch) for stretch in stretches for day in _days(stretch[0], stretch[1])]
    kinds: list[tuple[str, Any]] = [("day", Date()), ("low", DateTime()), ("high", DateTime())]
    kinds += [(label, Integer()) for label in labels]
    return relation(name, [(label, kind, [line[n] for line in lines]) for n, (label, kind) in enumerate(kinds)])


def lies_in(instant: ColumnElement[Any], table: sa.FromClause) -> ColumnElement[bool]:
    """In which line of :func:`by_day` an instant lies: one at most. The day is what engines can hash."""
    return (sa.cast(instant, Date) == table.c.day) & during(instant, table.c.low, table.c.high)


class Ranks:
    """Ranks of instants among fixed edges, as SQL."""

    def __init__(self, name: str, edges: Sequence[datetime]) -> None:
        self.count = len(edges)
        self._first, self._last = edges[0], edges[-1]
        steps = sorted(set(edges))
        stretches = [(low, high, bisect_right(edges, low)) for low, high in pairwise(steps)]
        self._table = by_day(name, stretches, "rank") if stretches else None
        self._uses = 0

    def of(self, instant: ColumnElement[Any], source: sa.FromClause) -> tuple[ColumnElement[int], sa.FromClause]:
        """The rank of a column of ``source``, and the source joined with what is needed to tell it."""
        if self._table is None:
            return case((instant >= self._last, self.count), (instant.is_not(None), 0)), source
        self._uses += 1
        table = self._table.alias(f"{self._table.name}_{self._uses}")
        rank = case((instant >= self._last, self.count), (instant < self._first, 0), else_=table.c.rank)
        return rank, source.outerjoin(table, lies_in(instant, table))


def within(instant: ColumnElement[datetime], stretches: Sequence[tuple[datetime, datetime]]) -> ColumnElement[bool]:
    """Whether an instant lies in one of ascending stretches of time; of many, only whether it lies between them."""
    runs = [list(stretches[0])]
    for low, high in stretches[1:]:
        if low == runs[-1][1]:
            runs[-1][1] = high
        else:
            runs.append([low, high])
    if len(runs) > _FEW:
        runs = [[runs[0][0], runs[-1][1]]]
    return sa.or_(*(during(instant, low, high) for low, high in runs))
