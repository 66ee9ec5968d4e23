"""The figures on top of an answer, on rows a person can divide by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from data.report.headlines import headlines
from data.report.result import ReportResult
from tests.data.report.test_compare import report

_ROWS = (("2024-01", 10, "100.00"), ("2024-02", 20, "150.00"), ("2024-03", 25, "120.00"), ("2024-04", 3, "9.00"))


def by_month() -> ReportResult:
    """Four months of active clients and refills; the last is still running."""
    made = report(
        [
            (
                label,
                None,
                {"clients_active_qty": qty, "balance_refill_qty": qty * 2, "balance_refill_total": Decimal(sum_)},
            )
            for label, qty, sum_ in _ROWS
        ],
        {},
        by=("month",),
    )
    running = replace(made.rows[-1], partial=(date(2024, 4, 1), date(2024, 4, 3)))
    return replace(made, rows=(*made.rows[:-1], running))


def test_the_last_whole_bucket_is_told_against_the_one_before() -> None:
    clients, refill, usage, packages = headlines(by_month())
    assert [item.metric.id for item in (clients, refill, usage, packages)] == [
        "clients_active_qty",
        "balance_refill_total",
        "payg_total",
        "packages_renew_total",
    ]
    assert (clients.row, clients.before, clients.figure, clients.earlier) == (2, 1, 25, 20)
    assert clients.change == Decimal("0.25")
    assert refill.change == Decimal("-0.2")
    assert refill.line == (Decimal("100.00"), Decimal("150.00"), Decimal("120.00"))
    # Nothing was charged for usage: of nothing there is no part.
    assert usage.change is None


def test_a_bucket_that_is_not_whole_is_nothing_to_compare_with() -> None:
    made = by_month()
    cut = replace(made.rows[1], data_until=date(2024, 2, 3))
    found = headlines(replace(made, rows=(made.rows[0], cut, *made.rows[2:])))
    assert {(item.row, item.before, item.change) for item in found} == {(2, None, None)}
    assert headlines(replace(made, rows=made.rows[-1:])) == ()


def test_whoever_may_not_see_money_is_told_how_many() -> None:
    found = headlines(by_month().without_money)
    assert [item.metric.id for item in found] == ["clients_active_qty", "balance_refill_qty", "packages_renew_qty"]
    assert [item.figure for item in found] == [25, 50, 0]


def test_rows_that_are_not_of_time_have_none() -> None:
    assert headlines(report([("Gold", 1, {"clients_active_qty": 3})], {})) == ()
