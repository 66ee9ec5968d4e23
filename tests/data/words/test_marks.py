"""Rows whose time is not whole, in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from data.report.result import ReportResult, Row
from data.words.marks import footnote, marks_of
from tests.data.delivery.samples import figures, query, report


def marked(unit: str, label: str, first: str, last: str, until: str | None = None) -> ReportResult:
    """A report by ``unit`` of one row that covers the dates from ``first`` to ``last``."""
    days = date.fromisoformat(first), date.fromisoformat(last)
    row = Row((label,), (label,), figures(1), days, None if until is None else date.fromisoformat(until))
    return replace(report(query("month"), [], None), query=query(unit), rows=(row,))


@pytest.mark.parametrize(
    ("unit", "label", "first", "last", "words"),
    [
        ("year", "2025", "2025-12-01", "2025-12-31", "Dec only"),
        ("year", "2025", "2025-01-01", "2025-11-30", "to Nov"),
        ("year", "2025", "2025-03-01", "2025-12-31", "from Mar"),
        ("year", "2025", "2025-03-01", "2025-05-31", "Mar–May only"),
        ("year", "2026", "2026-01-01", "2026-11-24", "to 24 Nov"),
        ("year", "2026", "2026-02-03", "2026-11-24", "3 Feb – 24 Nov only"),
        ("month", "2026-11", "2026-11-01", "2026-11-24", "to 24 Nov"),
        ("month", "2026-11", "2026-11-24", "2026-11-30", "from 24 Nov"),
        ("month", "2026-11", "2026-11-24", "2026-11-24", "24 Nov only"),
        ("month", "2026-11", "2026-11-01", "2026-11-30", "not to the full day"),
        ("date", "2026-11-24", "2026-11-24", "2026-11-24", "part of the day"),
    ],
)
def test_a_mark_says_which_dates_are_covered(unit: str, label: str, first: str, last: str, words: str) -> None:
    assert marks_of(marked(unit, label, first, last)) == (words,)


def test_a_mark_says_where_the_data_ends() -> None:
    result = marked("month", "2026-11", "2026-11-01", "2026-11-24", "2026-11-20")
    assert marks_of(result) == ("data to 20 Nov",)
    later = marked("month", "2026-11", "2026-11-05", "2026-11-24", "2026-11-20")
    assert marks_of(later) == ("5 Nov \u2013 24 Nov only, data to 20 Nov",)
    assert marks_of(marked("month", "2026-11", "2026-11-01", "2026-11-24", "2026-11-24")) == ("to 24 Nov",)
    assert marks_of(marked("month", "2026-11", "2026-11-01", "2026-11-24", "2026-10-20")) == (
        "no data after 20 Oct 2026",
    )


def test_one_footnote_explains_all_marks() -> None:
    result = marked("month", "2026-11", "2026-11-01", "2026-11-24", "2026-11-20")
    assert footnote(result) == (
        "Marked rows do not hold their whole month: the period begins or ends within it, or it was still running at "
        "1 Jul 2024, 12:00. The data ends on 20 Nov 2026: what happened later is not in the figures."
    )


def test_the_footnote_speaks_of_the_datas_end_only_where_a_mark_does() -> None:
    told = footnote(marked("month", "2026-11", "2026-11-01", "2026-11-24", "2026-11-24"))
    assert told is not None
    assert "data ends" not in told


def test_whole_rows_are_not_marked() -> None:
    whole = report(query("month"), [(("2024-01",), figures(1))], figures(1))
    assert marks_of(whole) == (None,)
    assert footnote(whole) is None


def test_marks_are_written_as_the_locale_does() -> None:
    assert marks_of(marked("month", "2026-11", "2026-11-01", "2026-11-24"), "uk") == ("to 24 лист.",)
