"""Local days as SQL: which local date of a zone an instant lies on, exactly, without the engine knowing about zones.

Over the life of some data a zone's days fall into *runs*: stretches of dates whose first instants all lie at midnight
less the same shift. Within a run the local date is the date of the instant plus the shift; on the last day of a run,
which may be longer than a day, never later than that. A date that a zone skipped is in no run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Date, DateTime, case, func, literal

from data.report.period import first_instant, local_date

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Run:
    """Dates up to ``last``; the first begins at ``low``, and all begin ``shift`` before midnight UTC."""

    low: datetime
    last: date
    shift: timedelta


@lru_cache(maxsize=64)
def runs_of(zone: str, first: datetime, last: datetime) -> tuple[Run, ...]:
    """The runs of the local days that [first, last] touches, in order."""
    found: list[Run] = []
    for low, day, shift in _days(zone, first, last):
        if found and found[-1].shift == shift and found[-1].last == day - _DAY:
            found[-1] = Run(found[-1].low, day, shift)
        else:
            found.append(Run(low, day, shift))
    return tuple(found)


def _days(zone: str, first: datetime, last: datetime) -> Iterator[tuple[datetime, date, timedelta]]:
    day, end = local_date(first, zone), local_date(last, zone)
    low = first_instant(day, zone)
    while day <= end:
        following = first_instant(day + _DAY, zone)
        if low < following:
            yield low, day, datetime.combine(day, time()) - low
        day, low = day + _DAY, following


def fingerprint(zone: str, first: datetime, last: datetime) -> str:
    """What zones have in common that tell all days of that stretch of time alike."""
    return hashlib.sha256(repr(runs_of(zone, first, last)).encode()).hexdigest()[:32]


def local_day(instant: ColumnElement[datetime], runs: tuple[Run, ...]) -> ColumnElement[date]:
    """The local date of an instant within the runs; null for none."""

    def within(run: Run, following: Run | None) -> ColumnElement[date]:
        moved: ColumnElement[datetime] = instant
        if run.shift:
            moved = instant + sa.literal_column(f"INTERVAL '{int(run.shift.total_seconds())} seconds'", sa.Interval)
        day = sa.cast(moved, Date)
        # Only a day that is longer than others, or stands before a skipped one, can reach beyond its own date.
        if following is not None and following.low + run.shift > datetime.combine(run.last + _DAY, time()):
            return func.least(day, literal(run.last, Date))
        return day

    pairs = [*zip(runs, (*runs[1:], None), strict=True)]
    *earlier, (latest, _) = pairs
    if not earlier:
        return within(latest, None)
    return case(
        *(
            (instant < literal(following.low, DateTime), within(run, following))
            for run, following in earlier
            if following is not None
        ),
        else_=case((instant.is_not(None), within(latest, None))),
    )
