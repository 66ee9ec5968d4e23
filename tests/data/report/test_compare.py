"""What differs between two answers, on figures a person can subtract by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from data.report.catalog import METRICS
from data.report.compare import FigureChange, compare
from data.report.order import Sort, read_sort, row_order
from data.report.period import Bound
from data.report.query import ReportQuery
from data.report.result import Figure, ReportInfo, ReportResult, Row, columns_for

IDS = [metric.id for metric in METRICS]
MOMENT = datetime(2024, 7, 1)


def figures(**known: Figure) -> tuple[Figure, ...]:
    """A row of zeros (empty averages) but for the figures given by metric id."""
    zero: dict[str, Figure] = {"count": 0, "money": Decimal("0.00"), "average": None}
    return tuple(known.get(metric.id, zero[metric.kind]) for metric in METRICS)


def report(
    rows: list[tuple[str | None, int | None, dict[str, Figure]]],
    totals: dict[str, Figure] | None,
    by: tuple[str, ...] = ("package",),
) -> ReportResult:
    """A report by one dimension: label, package id and figures of each row."""
    query = ReportQuery(start=Bound(date(2024, 1, 1)), end=Bound(date(2024, 6, 30)), group_by=by)
    info = ReportInfo(
        period_start=MOMENT,
        period_end=MOMENT,
        data_first=None,
        data_last=None,
        timezone="UTC",
        generated_by="Administrator",
        generated_at=MOMENT,
        as_of=MOMENT,
        duration=0.1,
        currency="EUR",
        active_duration=1,
        rates_oldest=None,
        rates_newest=None,
        data_version="1",
    )
    made = tuple(Row((label,), (id_,), figures(**known)) for label, id_, known in rows)
    return ReportResult(query, columns_for(query), made, None if totals is None else figures(**totals), info)


REFILL, AVG, QTY = "balance_refill_total", "balance_refill_avg", "clients_all_qty"


def test_equal_reports_do_not_differ() -> None:
    one = report([("Gold", 1, {REFILL: Decimal("5.00")})], {REFILL: Decimal("5.00")})
    assert compare(one, one).same


def test_differences_are_exact_and_signed() -> None:
    then = report([("Gold", 1, {REFILL: Decimal("0.10"), QTY: 3})], {REFILL: Decimal("0.10"), QTY: 3})
    now = report([("Gold", 1, {REFILL: Decimal("0.30"), QTY: 1})], {REFILL: Decimal("0.30"), QTY: 1})
    found = compare(then, now)
    (row,) = found.rows
    assert row.changes[IDS.index(REFILL)] == FigureChange(Decimal("0.10"), Decimal("0.30"), Decimal("0.20"))
    assert row.changes[IDS.index(QTY)] == FigureChange(3, 1, -2)
    assert found.totals[IDS.index(REFILL)] == FigureChange(Decimal("0.10"), Decimal("0.30"), Decimal("0.20"))
    assert found.cells == 2
    assert not found.same


def test_a_figure_that_was_empty_has_no_difference() -> None:
    then = report([("Gold", 1, {})], {})
    now = report([("Gold", 1, {AVG: Decimal("4.00")})], {})
    (row,) = compare(then, now).rows
    assert row.changes[IDS.index(AVG)] == FigureChange(None, Decimal("4.00"), None)


def test_rows_are_matched_by_name_and_package_not_by_place() -> None:
    """Two packages may share a name; a row may be there only then or only now."""
    then = report([("Gold", 1, {QTY: 1}), ("Gold", 2, {QTY: 2}), ("Silver", 3, {QTY: 3})], {})
    now = report([("Bronze", 4, {QTY: 4}), ("Gold", 2, {QTY: 2}), (None, None, {QTY: 5})], {})
    found = compare(then, now)
    # Rows of now in their order; those that are gone stand after the neighbour that they followed.
    assert [(row.labels[0], row.keys[0], row.then, row.now) for row in found.rows] == [
        ("Gold", 1, 0, None),
        ("Bronze", 4, None, 0),
        ("Gold", 2, 1, 1),
        ("Silver", 3, 2, None),
        (None, None, None, 2),
    ]
    assert (found.added, found.removed, found.cells) == (2, 2, 0)
    assert [row.differs for row in found.rows] == [True, True, False, True, True]


def test_sums_add_up_the_rows_shown_where_that_means_something() -> None:
    then = report([("Gold", 1, {REFILL: Decimal("5.00"), QTY: 2}), (None, None, {REFILL: Decimal("1.00")})], {})
    now = report([("Gold", 1, {REFILL: Decimal("7.50"), QTY: 2})], {})
    found = compare(then, now)
    assert found.sums_then[IDS.index(REFILL)] == Decimal("6.00")
    assert found.sums[IDS.index(REFILL)] == FigureChange(Decimal("6.00"), Decimal("7.50"), Decimal("1.50"))
    assert found.sums_now[IDS.index(QTY)] == 2
    assert found.sums_then[IDS.index(AVG)] is None
    # Counts of different months are no sum of anything; what was refilled in them is.
    monthly = replace(then.query, group_by=("month",))
    found = compare(replace(then, query=monthly), replace(now, query=monthly))
    assert found.sums_then[IDS.index(QTY)] is None
    assert found.sums_then[IDS.index(REFILL)] == Decimal("6.00")


def test_a_report_that_has_lost_all_rows() -> None:
    then = report([("Gold", 1, {QTY: 1})], {QTY: 1})
    now = report([], None)
    found = compare(then, now)
    assert [(row.then, row.now) for row in found.rows] == [(0, None)]
    assert found.totals[IDS.index(QTY)] == FigureChange(1, None, None)
    assert not found.same
    assert compare(now, now).same


def without(result: ReportResult, *metrics: str) -> ReportResult:
    """The report as a catalog without some metrics froze it, read by this one."""
    frozen = result.to_json()
    frozen["columns"] = [column for column in frozen["columns"] if column["id"] not in metrics]
    for row in (*frozen["rows"], frozen["totals"]):
        for metric in metrics:
            del row[metric]
    return ReportResult.from_json(frozen)


def test_a_metric_that_is_not_in_one_of_the_reports_is_no_change_and_no_zero() -> None:
    now = report([("Gold", 1, {REFILL: Decimal("5.00"), QTY: 2})], {REFILL: Decimal("5.00"), QTY: 2})
    then = without(report([("Gold", 1, {REFILL: Decimal("4.00")})], {REFILL: Decimal("4.00")}), QTY, AVG)
    assert then.absent == {QTY, AVG}
    assert QTY not in then.to_json()["totals"]
    assert then.rows[0].figures[IDS.index(QTY)] is None
    for found in (compare(then, now), compare(now, then)):
        (row,) = found.rows
        assert [IDS[place] for place, change in enumerate(row.changes) if change] == [REFILL]
        assert [IDS[place] for place, change in enumerate(found.totals) if change] == [REFILL]
        assert [IDS[place] for place, change in enumerate(found.sums) if change] == [REFILL]
    assert compare(then, now).sums_then[IDS.index(QTY)] is None
    assert compare(then, then).same


def test_a_metric_that_has_left_the_catalog_is_left_out() -> None:
    now = report([("Gold", 1, {QTY: 2})], {QTY: 2})
    frozen = now.to_json()
    frozen["columns"].append({"id": "former", "group": "Former", "title": "Qty"})
    for row in (*frozen["rows"], frozen["totals"]):
        row["former"] = 7
    then = ReportResult.from_json(frozen)
    assert then == now
    assert compare(then, now).same


def test_sorting_is_by_exact_value_with_empty_ones_last() -> None:
    rows = [
        ("A", 1, {AVG: Decimal("10.00")}),
        ("B", 2, {}),
        ("C", 3, {AVG: Decimal("9.00")}),
        ("D", 4, {AVG: Decimal("-1.00")}),
        ("E", 5, {AVG: Decimal("9.00")}),
        (None, None, {AVG: Decimal("0.00")}),
    ]
    one = report(rows, {})  # type: ignore[arg-type]
    assert row_order(one, Sort(AVG, "asc")) == (3, 5, 2, 4, 0, 1)
    assert row_order(one, Sort(AVG, "desc")) == (0, 2, 4, 5, 3, 1)
    assert row_order(one, Sort("package", "desc")) == (4, 3, 2, 1, 0, 5)
    assert row_order(one, Sort("unknown", "asc")) == (0, 1, 2, 3, 4, 5)
    assert row_order(one, None) == (0, 1, 2, 3, 4, 5)


def test_only_usable_sort_records_are_read() -> None:
    assert read_sort([{"column_id": AVG, "direction": "desc"}]) == Sort(AVG, "desc")
    assert read_sort([{"column_id": AVG, "direction": "sideways"}]) is None
    assert read_sort([]) is None
