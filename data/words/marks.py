"""Rows whose time is not whole, in words (semantics, section 8): beside the label, and once below the table."""

from __future__ import annotations

from datetime import date, timedelta

from data.report.dimensions import unit_named
from data.report.result import ReportResult, Row
from data.words.dates import DASH, day_words, is_whole_months, moment_words, month_name, short_day_words

_DAY = timedelta(days=1)
_DATA = "data"


def marks_of(result: ReportResult, language: str = "en") -> tuple[str | None, ...]:
    """What is said beside each row's label: "Dec only", "to 24 Nov"; None beside rows whose time is whole."""
    unit = result.query.time_unit
    place = None if unit is None else result.query.group_by.index(unit)
    known: dict[object, str | None] = {}
    found = []
    for row in result.rows:
        label = None if place is None else row.labels[place]
        key = (label, row.partial, row.data_until)
        if key not in known:
            known[key] = _mark(row, *_whole(result, unit, label), language)
        found.append(known[key])
    return tuple(found)


def footnote(result: ReportResult, language: str = "en") -> str | None:
    """What the marks mean, in one paragraph below the table; None when there is none."""
    marks = marks_of(result, language)
    if not any(marks):
        return None
    told = []
    if any(row.partial for row in result.rows):
        at = moment_words(result.info.as_of, result.info.timezone, language, seconds=False)
        unit = result.query.time_unit
        told.append(
            f"Marked rows do not hold their whole {unit}: the period begins or ends within it, or it was still running "
            f"at {at}."
            if unit
            else f"The period was still running at {at}."
        )
    cut_short = (row.data_until for row, mark in zip(result.rows, marks, strict=True) if mark and _DATA in mark)
    if until := next(cut_short, None):
        told.append(f"The data ends on {day_words(until, language)}: what happened later is not in the figures.")
    return " ".join(told)


def _mark(row: Row, whole_first: date, whole_last: date, language: str) -> str | None:
    first, last = row.partial or (whole_first, whole_last)
    if row.data_until is not None and row.data_until < first:
        return f"no {_DATA} after {day_words(row.data_until, language)}"
    told = []
    ends_early = row.data_until is not None and row.data_until < last
    # Where the data ends before it, the end of what is covered says no more.
    if row.partial is not None and not (ends_early and first == whole_first):
        told.append(_covered(first, last, whole_first, whole_last, language))
    if row.data_until is not None and ends_early:
        told.append(f"{_DATA} to {_day(row.data_until, whole_first, whole_last, language)}")
    return ", ".join(told) or None


def _covered(first: date, last: date, whole_first: date, whole_last: date, language: str) -> str:
    """Which dates of a stretch are covered, in the fewest words."""
    if whole_first == whole_last:
        return "part of the day"
    if (first, last) == (whole_first, whole_last):
        # Clipped within its first or last day.
        return "not to the full day"
    months = (whole_last - whole_first).days > 31

    def day(found: date) -> str:
        return _day(found, whole_first, whole_last, language)

    def month(found: date) -> str:
        return month_name(found, language)

    if months and is_whole_months(first, last):
        if (first.year, first.month) == (last.year, last.month):
            return f"{month(first)} only"
        if first == whole_first:
            return f"to {month(last)}"
        return f"from {month(first)}" if last == whole_last else f"{month(first)}{DASH}{month(last)} only"
    if first == last and first != whole_first:
        return f"{day(first)} only"
    if first == whole_first:
        return f"to {day(last)}"
    if last == whole_last:
        return f"from {day(first)}"
    return f"{day(first)} {DASH} {day(last)} only"


def _day(day: date, whole_first: date, whole_last: date, language: str) -> str:
    """A date, with its year where the label beside it does not tell it."""
    return (short_day_words if whole_first.year == day.year == whole_last.year else day_words)(day, language)


def _whole(result: ReportResult, unit: str | None, label: str | None) -> tuple[date, date]:
    """First and last date of the stretch that a label names."""
    if unit is None:
        return result.query.start.date, result.query.end.date
    kind = unit_named(unit)
    first = kind.read(str(label))
    return first, kind.following(first) - _DAY
