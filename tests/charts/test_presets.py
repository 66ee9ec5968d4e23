"""The Show Chart menu: its four presets choose the form that suits the grouping."""

from __future__ import annotations

import pytest

from charts.draw import draw
from charts.presets import PRESET, PRESETS, refit
from charts.spec import ChartSpec, Series
from tests.charts.reports import by_month, by_month_and_package, by_package, report

MONTHS = by_month({"2024-01": {}, "2024-02": {}})
BOTH = by_month_and_package({("2024-01", 1, "Basic"): {}, ("2024-02", 1, "Basic"): {}})
PACKAGES = by_package({(1, "Basic"): {}, (None, None): {}})
WHOLE = report([], [((), None, {})])
DATES = report(["date"], [((f"2024-{month:02}-{day:02}",), None, {}) for month in (1, 2, 3) for day in range(1, 29)])


def test_the_menu_begins_with_the_four_charts_of_the_product() -> None:
    assert [preset.label for preset in PRESETS][:4] == [
        "Clients - Active: Qty",
        "Balance Refill: Total",
        "Pay As You Go: Total",
        "Packages: Renew Total",
    ]


@pytest.mark.parametrize(
    ("preset", "metric"),
    [
        ("clients_active_qty", "clients_active_qty"),
        ("balance_refill_total", "balance_refill_total"),
        ("payg_total", "payg_total"),
        ("packages_renew_total", "packages_renew_total"),
    ],
)
def test_a_preset_draws_the_metric_it_is_named_after(preset: str, metric: str) -> None:
    spec = PRESET[preset].make(MONTHS, chart_id="c7")
    assert [series.metric for series in spec.series] == [metric]
    assert (spec.title, spec.preset, spec.id) == (PRESET[preset].label, preset, "c7")


def test_quantities_over_time_are_a_line_and_amounts_are_bars() -> None:
    assert (PRESET["clients_active_qty"].make(MONTHS).kind, PRESET["payg_total"].make(MONTHS).kind) == ("line", "bar")


def test_amounts_over_many_dates_are_an_area() -> None:
    assert PRESET["payg_total"].make(DATES).kind == "area"


def test_time_and_package_make_a_series_for_each_package_stacked_where_it_adds_up() -> None:
    for preset in PRESETS:
        spec = preset.make(BOTH)
        assert (spec.kind, spec.x, spec.split) == (
            "stacked_bar" if preset.id == "packages_renew_total" else "line",
            "month",
            True,
        )


def test_packages_alone_are_bars() -> None:
    for preset in PRESETS:
        assert (preset.make(PACKAGES).kind, preset.make(PACKAGES).x) == ("bar", "package")


@pytest.mark.parametrize("result", [WHOLE, by_month({"2024-01": {}})])
def test_a_single_row_is_a_figure(result: object) -> None:
    for preset in PRESETS:
        spec = preset.make(result)  # type: ignore[arg-type]
        assert spec.kind == "table"
        assert not draw(spec, result).data  # type: ignore[arg-type]


def test_a_preset_takes_another_form_for_another_report_and_keeps_its_name() -> None:
    renamed = ChartSpec.from_json(
        {**PRESET["packages_renew_total"].make(MONTHS, chart_id="c1").to_json(), "title": "Mine"}
    )
    refitted = refit(renamed, BOTH)
    assert (refitted.kind, refitted.title, refitted.id) == ("stacked_bar", "Mine", "c1")


def test_a_preset_without_a_name_yet_gets_its_label() -> None:
    assert refit(ChartSpec(preset="payg_total", id="c1"), MONTHS).title == "Pay As You Go: Total"


def test_a_chart_of_ones_own_keeps_all_but_an_x_that_is_gone() -> None:
    own = ChartSpec(kind="bar", x="package", series=(Series("payg_total"),), title="Mine")
    assert refit(own, BOTH) == own
    assert refit(own, MONTHS).x is None
