"""The answer: its columns, its JSON there and back, its frame."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from data.report.catalog import METRICS
from data.report.period import Bound
from data.report.query import ReportQuery
from data.report.result import Figure, ReportInfo, ReportResult, Row, columns_for
from tests.data.report.worlds import Shelf, answer_of, world
from tests.oracle import Question


def figures(**given: Figure) -> tuple[Figure, ...]:
    """Zeros of every kind, and what is given."""
    zero: dict[str, Figure] = {"count": 0, "money": Decimal("0.00"), "average": None}
    return tuple(given.get(metric.id, zero[metric.kind]) for metric in METRICS)


INFO = ReportInfo(
    period_start=datetime(2024, 2, 29, 22),
    period_end=datetime(2024, 3, 31, 21),
    data_first=datetime(2024, 3, 1, 0, 0, 0, 1),
    data_last=datetime(2024, 3, 31),
    timezone="Europe/Kyiv",
    generated_by="Administrator",
    generated_at=datetime(2024, 5, 1, 10, 20, 30, 405060),
    as_of=datetime(2024, 5, 1),
    duration=0.125,
    currency="EUR",
    active_duration=1,
    rates_oldest=date(2024, 2, 29),
    rates_newest=date(2024, 3, 28),
    data_version="000007",
)
QUERY = ReportQuery(
    start=Bound(date(2024, 3, 1)), end=Bound(date(2024, 3, 31)), timezone="Europe/Kyiv", group_by=("package", "month")
)
ROWS = (
    Row(
        ("Gold", "2024-03"),
        (10, "2024-03"),
        figures(clients_all_qty=2, clients_all_balance=Decimal("-1000000000000.01")),
    ),
    Row(
        (None, "2024-03"),
        (None, "2024-03"),
        figures(payg_active_avg=Decimal("0.10")),
        partial=(date(2024, 3, 1), date(2024, 3, 9)),
        data_until=date(2024, 3, 7),
    ),
)
RESULT = ReportResult(QUERY, columns_for(QUERY), ROWS, figures(clients_all_qty=2), INFO)
EMPTY = replace(
    RESULT,
    rows=(),
    totals=None,
    info=replace(
        INFO, data_first=None, data_last=None, rates_oldest=None, rates_newest=None, notice="Nothing is known yet."
    ),
)


def test_columns_are_the_grouping_and_then_the_catalog_with_their_header_path() -> None:
    assert [column.path for column in RESULT.columns[:4]] == [
        ("", "Package Name"),
        ("", "Month"),
        ("Clients - Active", "Qty"),
        ("Clients - Active", "Balance Pos"),
    ]
    assert [column.id for column in RESULT.columns[2:]] == [metric.id for metric in METRICS]
    assert all(column.description.endswith(".") for column in RESULT.columns)
    assert (RESULT.columns[2].group, RESULT.columns[2].title) == ("Clients - Active", "Qty")


def test_the_catalog_has_the_figures_of_the_semantics_in_their_order() -> None:
    wanted = [
        *((f"Clients - {who}", what) for who in ("Active", "Overall Active", "All") for what in BALANCES),
        *(("Balance Refill", what) for what in ("Qty", "Total", "Avg")),
        *(("Pay As You Go", what) for what in ("Total", "Active Avg")),
        *(("Packages", what) for what in ("Activation Qty", "Activation Total", "Renew Qty", "Renew Total")),
    ]
    assert [name for name in ((metric.group, metric.label) for metric in METRICS) if name in wanted] == wanted
    assert len({metric.id for metric in METRICS}) == len(METRICS)


BALANCES = ("Qty", "Balance Pos", "Balance Neg", "Balance")


def test_json_is_that_of_the_semantics() -> None:
    answer = RESULT.to_json()
    assert list(answer) == ["query", "info", "columns", "rows", "totals"]
    assert answer["columns"][0] == {"id": "package", "group": "", "title": "Package Name"}
    first, last = answer["rows"]
    assert (first["package"], first["package_id"], first["month"]) == ("Gold", 10, "2024-03")
    assert (last["package"], last["package_id"]) == (None, None)
    assert (first["clients_all_qty"], first["clients_all_balance"]) == (2, "-1000000000000.01")
    assert (first["payg_active_avg"], last["payg_active_avg"]) == (None, "0.10")
    assert "package" not in answer["totals"]
    assert (first["partial"], first["data_until"]) == (None, None)
    assert (last["partial"], last["data_until"]) == (["2024-03-01", "2024-03-09"], "2024-03-07")
    assert "partial" not in answer["totals"]
    assert answer["info"]["data_interval"] == {"first": "2024-03-01T00:00:00.000001Z", "last": "2024-03-31T00:00:00Z"}
    assert answer["info"]["rate_dates"] == {"oldest": "2024-02-29", "newest": "2024-03-28"}


def test_json_of_a_report_without_rows_has_null_totals_and_says_why() -> None:
    answer = EMPTY.to_json()
    assert (answer["rows"], answer["totals"]) == ([], None)
    assert answer["info"]["notice"] == "Nothing is known yet."
    assert answer["info"]["data_interval"] is answer["info"]["rate_dates"] is None


@pytest.mark.parametrize("result", [RESULT, EMPTY], ids=["rows", "no rows"])
def test_json_reads_back_to_an_equal_result(result: ReportResult) -> None:
    back = ReportResult.from_json(json.loads(json.dumps(result.to_json())))
    assert back == result
    assert back.to_json() == result.to_json()


def test_a_report_frozen_before_rows_carried_marks_reads_back_without_them() -> None:
    old = RESULT.to_json()
    for row in old["rows"]:
        del row["partial"], row["data_until"]
    assert [(row.partial, row.data_until) for row in ReportResult.from_json(old).rows] == [(None, None)] * 2


@pytest.mark.parametrize("group_by", [(), ("package",), ("year", "package", "date"), ("month",)])
def test_json_of_real_reports_reads_back(shelf: Shelf, group_by: tuple[str, ...]) -> None:
    w = world().package(10, "Gold").client(1, "USD").subscription(1, 10, "2024-03-05").rate("USD", "2024-01-01", "1.1")
    w.refill(1, "10", "2024-03-02").usage(1, "-0.333333", "2024-03-07").client(2)
    w.rate("JPY", "2024-01-01", "160").rate("KWD", "2024-01-01", "0.33")
    shelf.fill(w.data)
    for currency in ("EUR", "JPY", "KWD"):
        question = Question("2024-03-01", "2024-03-08", group_by=group_by, currency=currency)
        answer = answer_of(shelf.warehouses["DuckDB"], question)
        assert answer["rows"]
        assert ReportResult.from_json(answer).to_json() == answer


def test_the_frame_holds_exact_objects() -> None:
    frame = RESULT.frame
    assert list(frame.columns) == [column.id for column in RESULT.columns] + ["package_id"]
    assert frame.loc[0, "clients_all_balance"] == Decimal("-1000000000000.01")
    assert isinstance(frame.loc[0, "clients_all_balance"], Decimal)
    assert frame.loc[0, "clients_all_qty"] == 2
    assert frame.loc[1, "package"] is None
    assert list(EMPTY.frame.columns) == list(frame.columns)


def test_decimals_are_those_of_the_report_currency() -> None:
    wanted: dict[str, Any] = {"JPY": 0, "EUR": 2, "KWD": 3}
    for currency, decimals in wanted.items():
        assert replace(RESULT, query=replace(QUERY, currency=currency)).decimals == decimals
