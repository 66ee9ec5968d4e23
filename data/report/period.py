"""Time: bounds, zones with every kind of clock change, quick ranges and buckets (semantics, section 2).

All instants here are naive UTC datetimes to the microsecond, as the warehouse stores them.
"""

from __future__ import annotations

import re
import zoneinfo
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from typing import Self

from data.errors import UserError, did_you_mean

# The pinned tzdata package, not the machine's own tables: the same figures on every machine.
zoneinfo.reset_tzpath(to=())

FIRST_YEAR, LAST_YEAR = 1900, 2199
"""Years a period may touch: as far as zone rules mean anything."""

_BOUND = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?))?")
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Bound:
    """One end of a period as a person sets it: a local date, and a local time of day if they gave one."""

    date: date
    time: time | None = None

    @classmethod
    def parse(cls, text: str, *, field: str) -> Self:
        """Read ``YYYY-MM-DD`` or ``YYYY-MM-DDTHH:MM[:SS]`` (or a space for the T); raises :class:`UserError`."""
        match = _BOUND.fullmatch(text.strip())
        try:
            if match is None:
                raise ValueError
            day = date.fromisoformat(match[1])
            at = time.fromisoformat(match[2]) if match[2] else None
        except ValueError:
            raise UserError(
                f"{field} {text!r} is not a date: write YYYY-MM-DD or YYYY-MM-DDTHH:MM, without an offset.", field=field
            ) from None
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise UserError(f"{field} {text!r} is out of range: choose a year from 1900 to 2199.", field=field)
        return cls(day, at)

    def __str__(self) -> str:
        if self.time is None:
            return self.date.isoformat()
        return f"{self.date.isoformat()}T{self.time.isoformat('seconds' if self.time.second else 'minutes')}"


@cache
def zone_names() -> tuple[str, ...]:
    """Every IANA zone name, sorted."""
    return tuple(sorted(zoneinfo.available_timezones() - {"localtime"}))


def check_zone(name: str, *, field: str = "timezone") -> str:
    """The name if it is an IANA zone, else a :class:`UserError` that says which was meant."""
    if name not in zone_names():
        raise UserError(f"Time zone {name!r} is not an IANA name.{did_you_mean(name, zone_names())}", field=field)
    return name


def parse_instant(text: str, *, field: str) -> datetime:
    """An ISO 8601 instant as naive UTC; one without an offset is UTC. Raises :class:`UserError`."""
    try:
        if len(text.strip()) <= len("2024-01-01"):
            raise ValueError
        moment = datetime.fromisoformat(text.strip())
        return moment if moment.tzinfo is None else _utc(moment)
    except (ValueError, OverflowError):
        raise UserError(
            f"{field} {text!r} is not an instant: write it like 2024-07-15T10:20:30Z.", field=field
        ) from None


@lru_cache(maxsize=100_000)
def instant_of(local: datetime, zone: str) -> datetime:
    """The UTC instant of a local time.

    A local time that does not exist means the first instant after the gap; one that exists twice means the first.
    """
    tz = zoneinfo.ZoneInfo(zone)
    before = _utc(local.replace(tzinfo=tz, fold=0))
    if _local(before, tz) == local:
        return before
    # In a gap fold=0 reckons with the offset before the change and lands after it; fold=1 the other way round. The
    # change itself lies between the two, on a whole second.
    after = _utc(local.replace(tzinfo=tz, fold=1))
    low, high = min(before, after), max(before, after)
    offset_after = _local(high, tz) - high
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        if _local(middle, tz) - middle == offset_after:
            high = middle
        else:
            low = middle
    return high


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def _local(instant: datetime, tz: zoneinfo.ZoneInfo) -> datetime:
    return instant.replace(tzinfo=UTC).astimezone(tz).replace(tzinfo=None)


def first_instant(day: date, zone: str) -> datetime:
    """The first instant of a local date."""
    return instant_of(datetime.combine(day, time()), zone)


def local_date(instant: datetime, zone: str) -> date:
    """The local date whose [first instant, first instant of the next date) contains ``instant``."""
    day = _local(instant, zoneinfo.ZoneInfo(zone)).date()
    # Clocks that go back across midnight show the old date again; the date has begun all the same.
    while first_instant(day + timedelta(days=1), zone) <= instant:
        day += timedelta(days=1)
    while first_instant(day, zone) > instant:
        day -= timedelta(days=1)
    return day


def months_before(day: date, months: int) -> date:
    """The same day of the month, ``months`` earlier, clamped to the month's length."""
    index = day.year * 12 + day.month - 1 - months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@dataclass(frozen=True, slots=True)
class Span:
    """A resolved period [start, end) in UTC instants."""

    start: datetime
    end: datetime


def resolve(start: Bound, end: Bound, zone: str) -> Span:
    """The period's instants. An ``end`` without a time of day is inclusive. Raises :class:`UserError` if empty."""
    begin = instant_of(datetime.combine(start.date, start.time or time()), zone)
    if end.time is None:
        finish = first_instant(end.date + timedelta(days=1), zone)
    else:
        finish = instant_of(datetime.combine(end.date, end.time), zone)
    if begin >= finish:
        raise UserError(f"The period is empty: from {start} is not before to {end}.", field="from")
    return Span(begin, finish)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A stretch of local time that one row describes.

    ``first`` is the local date of ``start``: ``start`` and ``end`` are clipped to the period. ``at`` is T, the instant
    at which balances and counts are taken; ``closing`` is D, the local date of the last instant before T;
    ``active_from`` is C, from when on a paid service makes a client active at T. ``is_whole`` tells that the bucket
    holds all of its local year, quarter, month ... (or, without one, of the period), up to T.
    """

    first: date
    start: datetime
    end: datetime
    at: datetime
    closing: date
    active_from: datetime
    is_whole: bool

    @property
    def partial(self) -> tuple[date, date] | None:
        """First and last local date of what the bucket covers up to T; None when it is whole."""
        return None if self.is_whole else (self.first, self.closing)

    def data_until(self, last: datetime | None, zone: str) -> date | None:
        """The local date of ``last``, the last transaction of all, if the bucket ends after it; else None."""
        return local_date(last, zone) if last is not None and self.end > last else None


@dataclass(frozen=True, slots=True)
class Unit:
    """A kind of stretch of local dates, such as months.

    ``first`` gives the first date of the one that holds a date, and ``following`` the first date of the next one from
    the first of one. ``label`` names the one that holds a date, ``form`` is the pattern of labels, and ``read`` takes a
    label back to its first date; ``words`` names it as people read it. It lasts ``months``, or ``days`` where it is not
    made of months; ``ticks`` is how an axis of time names it, in D3's way of writing.
    """

    first: Callable[[date], date]
    following: Callable[[date], date]
    label: Callable[[date], str]
    form: str
    read: Callable[[str], date]
    words: Callable[[date], str]
    ticks: str
    months: int = 0
    days: int = 0

    def starts(self, day: date) -> Iterator[date]:
        """First dates, from the one that holds ``day`` on."""
        day = self.first(day)
        while True:
            yield day
            day = self.following(day)

    def next_label(self, label: str) -> str:
        """The label of what follows."""
        return self.label(self.following(self.read(label)))

    def text(self, label: str) -> str:
        """What is labelled so, as people read it."""
        return self.words(self.read(label))


def quarter_of(day: date) -> int:
    """1 to 4."""
    return (day.month - 1) // 3 + 1


def _week_label(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def _read_quarter(label: str) -> date:
    return date(int(label[:4]), int(label[-1]) * 3 - 2, 1)


def _day_words(day: date) -> str:
    return f"{day.day} {day:%b} {day.year}"


YEARS = Unit(
    lambda day: day.replace(month=1, day=1),
    lambda day: day.replace(year=day.year + 1),
    lambda day: str(day.year),
    "\\d{4}",
    lambda label: date(int(label), 1, 1),
    lambda day: str(day.year),
    ticks="%Y",
    months=12,
)
QUARTERS = Unit(
    lambda day: day.replace(month=quarter_of(day) * 3 - 2, day=1),
    lambda day: months_before(day, -3),
    lambda day: f"{day.year}-Q{quarter_of(day)}",
    "\\d{4}-Q[1-4]",
    _read_quarter,
    lambda day: f"Q{quarter_of(day)} {day.year}",
    ticks="Q%q %Y",
    months=3,
)
MONTHS = Unit(
    lambda day: day.replace(day=1),
    lambda day: months_before(day, -1),
    lambda day: day.isoformat()[:7],
    "\\d{4}-\\d\\d",
    lambda label: date.fromisoformat(f"{label}-01"),
    lambda day: f"{day:%b} {day.year}",
    ticks="%B %Y",
    months=1,
)
WEEKS = Unit(
    lambda day: day - timedelta(days=day.weekday()),
    lambda day: day + timedelta(days=7),
    _week_label,
    "\\d{4}-W\\d\\d",
    date.fromisoformat,  # ISO 8601 reads "2026-W05" as its Monday.
    lambda day: f"Week of {_day_words(day)}",
    ticks="Week of %-d %b %Y",
    days=7,
)
DATES = Unit(
    lambda day: day,
    lambda day: day + timedelta(days=1),
    date.isoformat,
    "\\d{4}-\\d\\d-\\d\\d",
    date.fromisoformat,
    _day_words,
    ticks="%a, %-d %b %Y",
    days=1,
)


_UNITS = (YEARS, QUARTERS, MONTHS, WEEKS, DATES)


def labelled_unit(label: str) -> Unit:
    """The unit that labels so; a :class:`ValueError` for what is no label of time."""
    found = next((unit for unit in _UNITS if re.fullmatch(unit.form, label)), None)
    if found is None:
        raise ValueError(f"{label!r} is no label of time")
    return found


def buckets(
    span: Span, zone: str, unit: Unit | None, *, as_of: datetime, first_data: datetime, active_duration: int
) -> tuple[Bucket, ...]:
    """The buckets that are shown: those that start before ``as_of`` and whose T is after the first data.

    Without a ``unit`` the whole period is one. A local date that the zone skipped
    altogether holds no instant and is no bucket.
    """

    def bucket(edge: datetime, next_edge: datetime) -> Bucket:
        start, end = max(edge, span.start), min(next_edge, span.end)
        at = min(end, as_of)
        closing = local_date(at - _TICK, zone)
        since = months_before(closing + timedelta(days=1), active_duration)
        is_whole = start == edge and at == next_edge
        return Bucket(local_date(start, zone), start, end, at, closing, first_instant(since, zone), is_whole)

    stop = min(span.end, as_of)
    if span.start >= stop or stop <= first_data:
        return ()
    if unit is None:
        return (bucket(span.start, span.end),)
    found = []
    # Nothing before the first data is shown: start looking there, not at the beginning of a century.
    starts = unit.starts(local_date(max(span.start, min(first_data, stop - _TICK)), zone))
    edge = first_instant(next(starts), zone)
    while edge < stop:
        next_edge = first_instant(next(starts), zone)
        start, end = max(edge, span.start), min(next_edge, span.end)
        if start < end and start < as_of and min(end, as_of) > first_data:
            found.append(bucket(edge, next_edge))
        edge = next_edge
    return tuple(found)


QUICK_RANGES = {
    "today": "Today",
    "yesterday": "Yesterday",
    "this_week": "This week",
    "last_7_days": "Last 7 days",
    "this_month": "This month",
    "last_month": "Last month",
    "this_quarter": "This quarter",
    "last_quarter": "Last quarter",
    "this_year": "This year",
    "last_year": "Last year",
    "last_12_months": "Last 12 months",
}
"""Ranges that move with the day they are run on. Weeks begin on Monday; "last" ones with a number end today."""


def quick_range_dates(name: str, today: date) -> tuple[date, date]:
    """First and last local date (both inclusive) of a quick range as seen on ``today``."""
    month = today.replace(day=1)
    quarter = QUARTERS.first(today)
    year = YEARS.first(today)
    day = timedelta(days=1)
    match name:
        case "today":
            return today, today
        case "yesterday":
            return today - day, today - day
        case "this_week":
            monday = today - timedelta(days=today.weekday())
            return monday, monday + timedelta(days=6)
        case "last_7_days":
            return today - timedelta(days=6), today
        case "this_month":
            return month, months_before(month, -1) - day
        case "last_month":
            return months_before(month, 1), month - day
        case "this_quarter":
            return quarter, months_before(quarter, -3) - day
        case "last_quarter":
            return months_before(quarter, 3), quarter - day
        case "this_year":
            return year, months_before(year, -12) - day
        case "last_year":
            return months_before(year, 12), year - day
        case "last_12_months":
            return months_before(month, 11), months_before(month, -1) - day
    raise UserError(f"Quick range {name!r} is unknown.{did_you_mean(name, QUICK_RANGES)}", field="period")


def today_in(zone: str, now: datetime) -> date:
    """The local date of the instant ``now``."""
    return local_date(now, zone)
