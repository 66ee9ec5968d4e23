"""Figures as people write them, and the sheets that the table on the page is given."""

from __future__ import annotations

import itertools
from decimal import Decimal

import pytest

from data.report.compare import compare
from data.words.numerals import numerals
from layouts import table
from tests.data.report.test_compare import AVG, IDS, QTY, REFILL, report

ENGLISH = numerals("en")


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en-US", "\u22121,234,567.80"),
        ("de", "\u22121.234.567,80"),
        ("de-CH", "\u22121\u2019234\u2019567.80"),
        ("uk", "\u22121\u00a0234\u00a0567,80"),
        ("fr", "\u22121\u202f234\u202f567,80"),
        ("en-IN", "\u221212,34,567.80"),
        ("no such language", "\u22121,234,567.80"),
        ("", "\u22121,234,567.80"),
    ],
)
def test_money_is_written_as_the_locale_does_with_a_true_minus(language: str, expected: str) -> None:
    assert numerals(language).write(Decimal("-1234567.8"), 2) == expected


def test_figures_take_the_currencys_decimals_and_lose_no_digit() -> None:
    assert ENGLISH.write(Decimal(1234), 0) == "1,234"
    assert ENGLISH.write(Decimal("1.234"), 3) == "1.234"
    huge = Decimal("123456789012345678901234567890.12")
    assert ENGLISH.write(huge, 2) == "123,456,789,012,345,678,901,234,567,890.12"
    assert ENGLISH.write(999, 2) == "999"
    assert numerals("en-IN").write(1000, 0) == "1,000"
    assert ENGLISH.write(None, 2) == "\u2013"


def test_differences_carry_their_sign() -> None:
    assert ENGLISH.write_change(Decimal("0.20"), 2) == "+0.20"
    assert ENGLISH.write_change(-3, 0) == "\u22123"


def test_a_sheet_holds_rows_in_order_and_totals_last() -> None:
    rows = [("Gold", 1, {REFILL: Decimal("5.00")}), (None, None, {REFILL: Decimal("-1.00")})]
    sheet = table.sheet(report(rows, {REFILL: Decimal("4.00")}), ENGLISH, order=(1, 0), hidden=[])  # type: ignore[arg-type]
    data = sheet.table["data"]
    assert [row["package"] for row in data] == ["No package", "Gold", "Total"]
    assert [row[REFILL] for row in data] == ["\u22121.00", "5.00", "4.00"]
    assert data[0][AVG] == "\u2013"
    assert sheet.frame == "fixed-1 pinned-1"


def test_hidden_columns_are_left_out_and_neighbours_of_one_name_stay_apart() -> None:
    result = report([("Gold", 1, {})], {})
    sheet = table.sheet(result, ENGLISH, order=(0,), hidden=[AVG])
    ids = [column["id"] for column in sheet.table["columns"]]
    assert ids == ["package", *(id_ for id_ in IDS if id_ != AVG)]
    names = [tuple(column["name"]) for column in sheet.table["columns"]]
    # Without Avg the two Totals stand side by side.
    assert all(left[1] != right[1] for left, right in itertools.pairwise(names))
    assert {name[1].rstrip("\u200b") for name in names if name[0] == "Pay As You Go"} >= {"Total", "Active Avg"}


def test_a_long_report_puts_only_a_window_into_the_table() -> None:
    rows = [(f"P{place:04}", place, {QTY: place}) for place in range(table.WINDOW + 1)]
    sheet = table.sheet(report(rows, {}), ENGLISH, order=range(len(rows)), hidden=[])  # type: ignore[arg-type]
    assert len(sheet.table["data"]) == table.WINDOW + 1  # and the totals
    assert sheet.rows is not None
    assert len(sheet.rows["rows"]) == len(rows)
    assert sheet.rows["rows"][-1][0] == f"P{table.WINDOW:04}"


def test_compared_sheets_stand_row_beside_row_with_differences_in_words() -> None:
    then = report([("Gold", 1, {REFILL: Decimal("5.00"), QTY: 1}), ("Silver", 2, {})], {REFILL: Decimal("5.00")})
    now = report([("Gold", 1, {REFILL: Decimal("4.00"), QTY: 1, AVG: Decimal("4.00")})], {REFILL: Decimal("4.00")})
    old, new = table.compared_sheets(then, now, compare(then, now), ENGLISH, hidden=[])
    before, after = old.table["data"], new.table["data"]
    assert [row["package"] for row in before] == ["Gold", "Silver\nonly then", "Sum of rows", "Total"]
    assert [row["package"] for row in after] == ["Gold", "Silver\nonly then", "Sum of rows", "Total"]
    assert after[0][REFILL] == "4.00\n\u22121.00"
    assert after[0][AVG] == "4.00\nwas \u2013"
    assert after[0][QTY] == "1"
    assert before[0][REFILL] == "5.00\nnow 4.00"
    assert after[1][REFILL] == ""
    assert after[-1][REFILL] == "4.00\n\u22121.00"
    assert old.rows is not None
    assert old.rows["marks"] == ["", "lone"]
    assert new.rows is not None
    assert new.rows["marks"] == ["", "absent"]
