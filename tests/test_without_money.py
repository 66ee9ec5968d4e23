"""The right to see money: without it there is none, wherever an answer leaves."""

from __future__ import annotations

import io
import json

import pytest

from charts.draw import draw
from charts.presets import PRESETS
from charts.spec import ChartSpec, Series
from data.access import OPERATOR, User
from data.delivery.formats import FORMATS, export
from data.report.catalog import METRIC, METRICS, MONEY, metrics_for
from data.report.compare import compare
from data.report.order import Sort, row_order
from data.report.result import ReportResult
from data.report.view import View
from data.words.numerals import numerals
from layouts.table import compared_sheets, sheet
from tests.data.store.conftest import make_report

VIEWER = User(id="vera", name="Vera", role="Viewer")
COUNTS = [metric.id for metric in METRICS if metric.kind == "count"]


def test_money_is_every_amount_and_whatever_is_made_of_one() -> None:
    assert {metric.id for metric in METRICS} - MONEY == set(COUNTS)
    assert {"balance_refill_avg", "payg_active_avg", "payg_total", "clients_all_balance"} <= MONEY
    assert [metric.id for metric in metrics_for(VIEWER)] == COUNTS
    assert metrics_for(OPERATOR) == METRICS


def test_a_report_without_money_has_no_column_and_no_amount() -> None:
    whole = make_report(by=("month",))
    seen = whole.seen_by(VIEWER)
    assert [column.id for column in seen.columns] == ["month", *COUNTS]
    for before, after in zip(whole.rows, seen.rows, strict=True):
        for metric, old, new in zip(METRICS, before.figures, after.figures, strict=True):
            assert new == (None if metric.is_money else old)
    assert list(seen.frame.columns) == ["month", *COUNTS]
    assert not MONEY & seen.to_json()["rows"][0].keys()
    assert not MONEY & (seen.to_json()["totals"] or {}).keys()
    assert whole.seen_by(OPERATOR) is whole
    assert seen.seen_by(OPERATOR).money is False  # what was frozen without money stays without it


def test_it_is_read_back_as_it_was_written() -> None:
    seen = make_report(by=("month",)).seen_by(VIEWER)
    assert ReportResult.from_json(json.loads(json.dumps(seen.to_json()))) == seen
    assert "money" not in make_report(by=("month",)).to_json()  # what was frozen before keeps its digest


def test_sorting_by_money_sorts_by_nothing() -> None:
    seen = make_report(by=("month",)).seen_by(VIEWER)
    assert row_order(seen, Sort("payg_total", "desc")) == tuple(range(len(seen.rows)))
    quantities = [row.figures[METRICS.index(METRIC["packages_renew_qty"])] for row in seen.rows]
    order = row_order(seen, Sort("packages_renew_qty", "desc"))
    assert [quantities[place] for place in order] == sorted(quantities, reverse=True)


@pytest.mark.parametrize("item", FORMATS, ids=lambda item: item.id)
def test_files_hold_no_money(item: object) -> None:
    whole = make_report(by=("month",))
    amount = str(whole.rows[0].figures[METRICS.index(METRIC["payg_total"])])
    content = export(whole.seen_by(VIEWER), item.id)  # type: ignore[attr-defined]
    if item.id == "xlsx":  # type: ignore[attr-defined]
        import zipfile

        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            content = b"".join(packed.read(name) for name in packed.namelist())
    assert b"Balance Pos" not in content
    assert b"payg" not in content
    assert amount.encode() not in content


def test_the_table_shows_counts_under_their_own_headers() -> None:
    whole = make_report(by=("month",))
    seen = whole.seen_by(VIEWER)
    shown = sheet(seen, numerals("en"), order=range(len(seen.rows)), hidden=())
    assert [column["id"] for column in shown.table["columns"]] == ["month", *COUNTS]
    place = METRICS.index(METRIC["packages_renew_qty"])
    first = shown.table["data"][0]
    assert first["packages_renew_qty"] == numerals("en").write(whole.rows[0].figures[place], 2)


def test_what_is_compared_has_no_money_on_either_side() -> None:
    seen = make_report(by=("month",)).seen_by(VIEWER)
    comparison = compare(seen, seen)
    assert comparison.same
    then, now = compared_sheets(seen, seen, comparison, numerals("en"), hidden=())
    for side in (then, now):
        assert [column["id"] for column in side.table["columns"]] == ["month", *COUNTS]


def test_charts_of_money_are_not_drawn_from_it() -> None:
    seen = make_report(by=("month",)).seen_by(VIEWER)
    for preset in PRESETS:
        figure = draw(preset.make(seen), seen).to_plotly_json()
        assert bool(figure["data"]) is not preset.shows_money
    across = ChartSpec(kind="scatter", x="payg_total", series=(Series("clients_all_qty"),))
    assert not draw(across, seen).to_plotly_json()["data"]
    mixed = ChartSpec(kind="table", series=(Series("clients_all_qty"), Series("payg_total")))
    assert "Pay As You Go" not in json.dumps(draw(mixed, seen).to_plotly_json()["data"])


def test_a_view_loses_columns_sorting_and_charts_of_money() -> None:
    charts = (
        {"preset": "payg_total", "series": []},
        {"preset": None, "kind": "bar", "series": [{"metric": "payg_active_avg"}]},
        {"preset": None, "kind": "scatter", "x": "clients_all_balance", "series": [{"metric": "clients_all_qty"}]},
        {"preset": "clients_active_qty", "series": []},
    )
    view = View(columns=("payg_total", "clients_all_qty"), sort=Sort("payg_total", "asc"), charts=charts)
    assert view.seen_by(VIEWER) == View(columns=("clients_all_qty",), sort=None, charts=charts[3:])
    assert view.seen_by(OPERATOR) is view
