"""Dates, periods and moments as people write them, with the months of their locale: "Jan–Dec 2026", "15 Mar 2024"."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError

from data.report.period import Bound

DASH = "\u2013"

# Where the year comes first and days are not numbers alone.
_YEAR_FIRST = {
    "ja": ("{year}年{month}", "{year}年{month}{day}日", "{month}{day}日"),
    "zh": ("{year}年{month}", "{year}年{month}{day}日", "{month}{day}日"),
    "ko": ("{year}년 {month}", "{year}년 {month} {day}일", "{month} {day}일"),
}
_DAY_FIRST = ("{month} {year}", "{day} {month} {year}", "{day} {month}")


def locale_of(language: str) -> Locale:
    """The locale of a language tag as browsers send it ("de-CH"); the English one for a tag that is not known."""
    try:
        return Locale.parse(language.replace("_", "-"), sep="-")
    except (ValueError, UnknownLocaleError, TypeError, AttributeError):
        return Locale.parse("en")


@lru_cache(maxsize=256)
def _months(language: str) -> tuple[str, ...]:
    """The twelve months, in short where the locale has short names."""
    known = locale_of(language).months["format"]
    for width in ("abbreviated", "wide"):
        names = tuple(str(known[width][month]) for month in range(1, 13))
        # Where Babel knows no names it has codes.
        if names[0] != "M01":
            return names
    return _months("en")


def month_name(day: date, language: str = "en") -> str:
    """The month of a date, in short: "Mar"."""
    return _months(language)[day.month - 1]


def _patterns(language: str) -> tuple[str, str, str]:
    return _YEAR_FIRST.get(language.partition("-")[0].lower(), _DAY_FIRST)


def month_words(day: date, language: str = "en") -> str:
    """A month: "Mar 2024"."""
    return _patterns(language)[0].format(year=day.year, month=month_name(day, language))


def day_words(day: date, language: str = "en") -> str:
    """A date: "15 Mar 2024"."""
    return _patterns(language)[1].format(year=day.year, month=month_name(day, language), day=day.day)


def short_day_words(day: date, language: str = "en") -> str:
    """A date where the year is known: "15 Mar"."""
    return _patterns(language)[2].format(month=month_name(day, language), day=day.day)


def time_words(moment: time) -> str:
    """A time of day, with seconds where there are any: "14:03"."""
    return moment.isoformat("seconds" if moment.second else "minutes")


def bound_words(bound: Bound, language: str = "en") -> str:
    """One end of a period: "1 Mar 2026", "1 Mar 2026, 08:00"."""
    words = day_words(bound.date, language)
    return words if bound.time is None else f"{words}, {time_words(bound.time)}"


def period_words(start: Bound, end: Bound, language: str = "en") -> str:
    """A period, whole months and years as such: "Jan–Dec 2026", "3 Mar 2026", "1 Mar 2026, 08:00 – 5 Apr 2026"."""
    first, last = start.date, end.date
    if start.time is None and end.time is None:
        if is_whole_months(first, last):
            if (first.year, first.month) == (last.year, last.month):
                return month_words(first, language)
            if first.year == last.year and _patterns(language) is _DAY_FIRST:
                return f"{month_name(first, language)}{DASH}{month_words(last, language)}"
            return f"{month_words(first, language)} {DASH} {month_words(last, language)}"
        if first == last:
            return day_words(first, language)
    return f"{bound_words(start, language)} {DASH} {bound_words(end, language)}"


def is_whole_months(first: date, last: date) -> bool:
    """Whether the dates from ``first`` to ``last`` are one month or several, whole."""
    return first.day == 1 and (last + timedelta(days=1)).day == 1 and first <= last


def moment_words(instant: datetime, zone: str, language: str = "en", *, seconds: bool = True) -> str:
    """An instant (naive UTC) by the clock of a time zone, at most to the second: "22 Nov 2026, 14:03"."""
    local = instant.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    clock = local.time().replace(microsecond=0)
    return f"{day_words(local.date(), language)}, {time_words(clock if seconds else clock.replace(second=0))}"
