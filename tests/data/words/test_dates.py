"""Dates and periods in words."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest

from data.report.period import Bound
from data.words.dates import day_words, moment_words, month_words, period_words, short_day_words


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (Bound(date(2026, 1, 1)), Bound(date(2026, 12, 31)), "Jan–Dec 2026"),
        (Bound(date(2025, 12, 1)), Bound(date(2026, 2, 28)), "Dec 2025 – Feb 2026"),
        (Bound(date(2024, 2, 1)), Bound(date(2024, 2, 29)), "Feb 2024"),
        (Bound(date(2024, 2, 1)), Bound(date(2024, 2, 28)), "1 Feb 2024 – 28 Feb 2024"),
        (Bound(date(2026, 3, 3)), Bound(date(2026, 3, 3)), "3 Mar 2026"),
        (Bound(date(2026, 3, 1), time(8)), Bound(date(2026, 3, 31)), "1 Mar 2026, 08:00 – 31 Mar 2026"),
        (Bound(date(2026, 3, 1)), Bound(date(2026, 3, 2), time(1, 2, 3)), "1 Mar 2026 – 2 Mar 2026, 01:02:03"),
    ],
)
def test_periods_in_words(start: Bound, end: Bound, words: str) -> None:
    assert period_words(start, end) == words


@pytest.mark.parametrize(
    ("language", "month", "day", "period"),
    [
        ("en", "May 2026", "15 May 2026", "Jan–Dec 2026"),
        ("de-CH", "Mai 2026", "15 Mai 2026", "Jan.–Dez. 2026"),
        ("fr", "mai 2026", "15 mai 2026", "janv.–déc. 2026"),
        ("uk", "трав. 2026", "15 трав. 2026", "січ.–груд. 2026"),
        ("ja", "2026年5月", "2026年5月15日", "2026年1月 – 2026年12月"),
        ("no such", "May 2026", "15 May 2026", "Jan–Dec 2026"),
    ],
)
def test_months_are_those_of_the_locale(language: str, month: str, day: str, period: str) -> None:
    assert month_words(date(2026, 5, 1), language) == month
    assert day_words(date(2026, 5, 15), language) == day
    assert period_words(Bound(date(2026, 1, 1)), Bound(date(2026, 12, 31)), language) == period


def test_a_date_of_a_year_that_is_known() -> None:
    assert [short_day_words(date(2026, 5, 3), language) for language in ("en", "ko")] == ["3 May", "5월 3일"]


def test_moments_are_those_of_the_zone() -> None:
    assert moment_words(datetime(2024, 6, 30, 21, 5, 9, 7), "Europe/Kyiv") == "1 Jul 2024, 00:05:09"
    assert moment_words(datetime(2024, 6, 30, 21, 5, 9), "Europe/Kyiv", seconds=False) == "1 Jul 2024, 00:05"
