"""Figures are written exactly, and shortened only where that is the point."""

from __future__ import annotations

from decimal import Decimal

import pytest

from charts.words import distinct, exact, plain, share_text, short, time_position, time_text
from data.report.result import Figure


@pytest.mark.parametrize(
    ("figure", "text"),
    [
        (0, "0"),
        (1234567, "1,234,567"),
        (Decimal("-1234.50"), "−1,234.50"),
        (Decimal("0.10"), "0.10"),
        (Decimal("123456789012345678901.07"), "123,456,789,012,345,678,901.07"),
        (None, "–"),
    ],
)
def test_every_digit_is_written(figure: Figure, text: str) -> None:
    assert exact(figure) == text


def test_separators_are_the_locale_s() -> None:
    assert exact(Decimal("-1234567.89"), "de") == "−1.234.567,89"
    assert exact(12345678, "en-IN") == "1,23,45,678"
    assert exact(Decimal("1234.5"), "no such") == "1,234.5"


@pytest.mark.parametrize(
    ("figure", "text"),
    [
        (999, "999"),
        (Decimal("999.99"), "999.99"),
        (1000, "1k"),
        (1250, "1.3k"),
        (12345, "12.3k"),
        (123456, "123k"),
        (999_960, "1M"),
        (Decimal("-2500000.00"), "−2.5M"),
        (Decimal("7100000000.00"), "7.1B"),
        (None, "–"),
    ],
)
def test_labels_are_short(figure: Figure, text: str) -> None:
    assert short(figure) == text


@pytest.mark.parametrize(
    ("label", "position", "text"),
    [
        ("2024", "2024-01-01", "2024"),
        ("2024-03", "2024-03-01", "Mar 2024"),
        ("2024-03-05", "2024-03-05", "5 Mar 2024"),
    ],
)
def test_buckets_have_a_place_in_time_and_a_name(label: str, position: str, text: str) -> None:
    assert (time_position(label), time_text(label)) == (position, text)


def test_markup_in_a_name_is_text() -> None:
    assert plain("<b>A & B</b>") == "&lt;b&gt;A &amp; B&lt;/b&gt;"


def test_labels_are_made_distinct_without_a_sign_of_it() -> None:
    found = distinct(["A", "B", "A", "A\u200b", "A"])
    assert len(set(found)) == 5
    assert [label.replace("\u200b", "") for label in found] == ["A", "B", "A", "A", "A"]


def test_shares_are_told_to_a_tenth_of_a_percent() -> None:
    assert share_text(Decimal("1.00"), Decimal("8.00"), "de") == "12,5 %"
    assert share_text(1, 3) == "33.3 %"
    assert share_text(1, 0) == "\u2013"
