"""A figure shows the report's figures, all of them and no others."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from charts.draw import draw
from charts.presets import PRESETS
from charts.reading import note_of, summary_of, table_of
from charts.spec import KINDS, ChartSpec, Series
from charts.theme import OTHER, SHADES
from data.report.catalog import METRIC
from data.report.result import ReportResult
from tests.charts.reports import by_month, by_month_and_package, by_package, report

REFILL, QTY, AVG = Series("balance_refill_total"), Series("clients_active_qty"), Series("balance_refill_avg")

MONTHS = by_month(
    {
        "2024-01": {"balance_refill_total": "1234.50", "clients_active_qty": 3, "balance_refill_avg": "617.25"},
        "2024-02": {"balance_refill_total": "-0.10", "clients_active_qty": 0},
        "2024-03": {
            "balance_refill_total": "9007199254740993.01",
            "clients_active_qty": 5,
            "balance_refill_avg": "1.00",
        },
    }
)
BOTH = by_month_and_package(
    {
        ("2024-01", 2, "Basic"): {"packages_renew_total": "10.00", "clients_active_qty": 1},
        ("2024-01", 1, "World"): {"packages_renew_total": "20.00", "clients_active_qty": 2},
        ("2024-02", 1, "World"): {"packages_renew_total": "30.00", "clients_active_qty": 2},
        ("2024-02", None, None): {"clients_active_qty": 4},
    }
)
PACKAGES = by_package(
    {
        (1, "Basic"): {"packages_renew_total": "10.00"},
        (2, "World"): {"packages_renew_total": "30.00"},
        (None, None): {"clients_active_qty": 4},
    }
)


def line(*series: Series, kind: str = "line", **rest: object) -> ChartSpec:
    return ChartSpec(kind=kind, series=series, **rest)  # type: ignore[arg-type]


def test_time_is_a_time_axis() -> None:
    figure = draw(line(QTY), MONTHS)
    assert figure.layout.xaxis.type == "date"
    assert list(figure.data[0].x) == ["2024-01-01", "2024-02-01", "2024-03-01"]
    assert list(figure.data[0].y) == [3, 0, 5]
    assert (figure.layout.xaxis.dtick, figure.layout.xaxis.tickformat) == ("M1", "%b\n%Y")


def test_a_narrow_chart_has_fewer_ticks_and_its_legend_below() -> None:
    year = by_month_and_package(
        {(f"2024-{month:02}", key, f"P{key}"): {"clients_all_qty": 1} for month in range(1, 13) for key in range(1, 9)}
    )
    wide, narrow = (draw(line(Series("clients_all_qty")), year, narrow=narrow).layout for narrow in (False, True))
    assert (wide.xaxis.dtick, narrow.xaxis.dtick) == ("M2", "M2")
    few = by_month({f"2024-{month:02}": {} for month in range(1, 13)})
    assert [draw(line(QTY), few, narrow=narrow).layout.xaxis.dtick for narrow in (False, True)] == ["M1", "M2"]
    assert (wide.legend.orientation, narrow.legend.orientation) == ("v", "h")
    assert narrow.legend.y < 0
    assert narrow.meta["height"] > wide.meta["height"]


def test_tooltips_hold_every_digit_though_positions_may_not() -> None:
    figure = draw(line(REFILL), MONTHS)
    assert [text for text, _ in figure.data[0].customdata] == [
        "1,234.50 EUR",
        "−0.10 EUR",
        "9,007,199,254,740,993.01 EUR",
    ]
    assert "customdata[0]" in figure.data[0].hovertemplate


def test_yen_have_no_decimals() -> None:
    yen = report(["year"], [(("2024",), None, {"payg_total": "1234"})], currency="JPY")
    figure = draw(line(Series("payg_total")), yen)
    assert figure.data[0].customdata[0][0] == "1,234 JPY"
    assert figure.layout.yaxis.title.text == "JPY"


def test_an_empty_average_is_a_gap_and_not_zero() -> None:
    figure = draw(line(AVG), MONTHS)
    assert list(figure.data[0].y) == [617.25, None, 1.0]
    assert figure.data[0].connectgaps is False
    assert figure.data[0].customdata[1][0] == "–"


def test_a_bucket_that_the_report_leaves_out_is_a_gap() -> None:
    figure = draw(line(QTY), by_month({"2024-01": {"clients_active_qty": 1}, "2024-04": {"clients_active_qty": 2}}))
    assert list(zip(figure.data[0].x, figure.data[0].y, strict=True)) == [
        ("2024-01-01", 1),
        ("2024-02-01", None),
        ("2024-04-01", 2),
    ]


def test_packages_are_series_and_a_row_left_out_is_zero() -> None:
    figure = draw(line(Series("packages_renew_total"), kind="stacked_bar"), BOTH)
    assert [(trace.name, list(trace.y)) for trace in figure.data] == [
        ("Basic", [10.0, 0]),
        ("World", [20.0, 30.0]),
    ], "No package has nothing but zeros, and no height to be seen by"
    assert figure.layout.barmode == "relative"
    assert figure.layout.yaxis.rangemode == "tozero"


def test_a_package_left_out_of_a_bucket_has_no_average() -> None:
    figure = draw(line(AVG), BOTH)
    assert list(figure.data[0].y) == [None, None]


def test_the_same_series_has_the_same_colour_everywhere() -> None:
    for kind in ("line", "bar", "area", "scatter"):
        trace = draw(line(REFILL, kind=kind), MONTHS).data[0]
        assert (trace.line.color if kind in ("line", "area") else trace.marker.color) == SHADES["light"][
            METRIC["balance_refill_total"].colour
        ]
    stacked = draw(line(Series("packages_renew_total"), kind="stacked_bar"), BOTH)
    pie = draw(line(QTY, kind="pie"), BOTH)
    by_name = {trace.name: trace.marker.color for trace in stacked.data}
    assert dict(zip(pie.data[0].labels, pie.data[0].marker.colors, strict=True)) == {
        "World": by_name["World"],
        "No package": OTHER["light"],
    }


def test_a_colour_chosen_by_hand_has_a_shade_for_either_theme() -> None:
    spec = line(Series("payg_total", colour="red"))
    assert [draw(spec, MONTHS, dark=dark).data[0].line.color for dark in (False, True)] == [
        SHADES["light"]["red"],
        SHADES["dark"]["red"],
    ]


def test_more_packages_than_colours_differ_in_pattern_and_dash() -> None:
    many = by_month_and_package(
        {
            (month, key, f"P{key:02}"): {"clients_all_qty": key}
            for month in ("2024-01", "2024-02")
            for key in range(1, 51)
        }
    )
    bars = draw(line(Series("clients_all_qty"), kind="stacked_bar"), many).data
    assert len({(trace.marker.color, trace.marker.pattern.shape or "") for trace in bars[:48]}) == 48
    lines = draw(line(Series("clients_all_qty")), many)
    assert len({(trace.line.color, trace.line.dash) for trace in lines.data[:48]}) == 48
    assert len(lines.data) == 50
    assert lines.layout.legend.orientation == "v"


def test_two_axes_have_their_own_units() -> None:
    figure = draw(line(REFILL, Series("clients_active_qty", "line", None, "right"), kind="bar"), MONTHS)
    assert (figure.data[0].type, figure.data[1].type) == ("bar", "scatter")
    assert (figure.layout.yaxis.title.text, figure.layout.yaxis2.title.text) == ("EUR", "Clients")
    assert (figure.data[1].yaxis, figure.layout.yaxis2.side) == ("y2", "right")


def test_packages_alone_are_bars_from_the_largest_on() -> None:
    figure = draw(line(Series("packages_renew_total"), kind="bar"), PACKAGES)
    assert list(figure.data[0].y) == ["World", "Basic", "No package"]
    assert list(figure.data[0].x) == [30.0, 10.0, 0.0]
    assert figure.data[0].orientation == "h"


def test_two_packages_of_one_name_stay_two() -> None:
    figure = draw(
        line(QTY, kind="bar"),
        by_package({(1, "Same"): {"clients_active_qty": 2}, (2, "Same"): {"clients_active_qty": 1}}),
    )
    assert list(figure.data[0].y) == ["Same (#1)", "Same (#2)"]


def test_a_scatter_chart_sets_one_metric_against_another() -> None:
    figure = draw(line(REFILL, kind="scatter", x="clients_active_qty"), MONTHS)
    assert list(figure.data[0].x) == [3, 0, 5]
    assert list(figure.data[0].customdata[0]) == ["1,234.50 EUR", "Jan 2024", "3"]
    assert figure.layout.xaxis.title.text == "Clients - Active: Qty, Clients"


def test_a_single_row_is_a_large_exact_figure() -> None:
    result = report([], [((), None, {"payg_total": "9007199254740993.01"})])
    figure = draw(line(Series("payg_total"), kind="table"), result)
    assert [note.text for note in figure.layout.annotations] == [
        "9,007,199,254,740,993.01",
        "Pay As You Go: Total, EUR",
    ]


def test_a_table_of_figures_is_a_table() -> None:
    figure = draw(line(REFILL, AVG, kind="table"), MONTHS)
    assert figure.data[0].type == "table"
    assert list(figure.data[0].cells["values"][2]) == ["617.25", "–", "1.00"]
    many = report(["date"], [((f"2024-01-{day:02}",), None, {}) for day in range(1, 32)])
    told = draw(line(REFILL, kind="table"), many).layout.meta
    assert told["whole"] > told["height"], "on a page a table scrolls, in an image nothing may be cut"


@pytest.mark.parametrize(
    ("spec", "result", "says"),
    [
        (ChartSpec(), MONTHS, "Add a series"),
        (line(QTY), report(["month"], []), "The report has no rows"),
        (line(QTY), report(["month"], [], notice="There are no clients yet."), "There are no clients yet."),
        (line(REFILL, kind="pie"), MONTHS, "below zero"),
        (line(Series("payg_total"), kind="pie"), MONTHS, "every value is zero"),
        (line(QTY, x="package"), MONTHS, "Package Name"),
        (line(QTY, x="month"), PACKAGES, "Month"),
        (line(QTY, split=False), BOTH, "split the chart by package"),
        (line(REFILL, QTY, kind="pie"), report([], [((), None, {})]), "amounts and quantities"),
    ],
)
def test_when_there_is_nothing_to_draw_the_figure_says_why(spec: ChartSpec, result: ReportResult, says: str) -> None:
    figure = draw(spec, result)
    assert not figure.data
    assert says in figure.layout.annotations[0].text.replace("<br>", " ")
    assert says in summary_of(spec, result)


def test_names_with_markup_are_shown_as_text() -> None:
    figure = draw(line(QTY, kind="bar"), by_package({(1, "<b>Bold</b> & co"): {"clients_active_qty": 2}}))
    assert figure.data[0].y[0] == "&lt;b&gt;Bold&lt;/b&gt; &amp; co"


def test_the_same_report_gives_the_same_figure() -> None:
    spec = line(Series("packages_renew_total"), kind="stacked_bar")
    assert draw(spec, BOTH).to_json() == draw(spec, BOTH).to_json()


def test_the_table_for_screen_readers_has_every_figure() -> None:
    table = table_of(line(Series("packages_renew_total"), QTY, kind="stacked_bar"), BOTH)
    assert table.header == ("Month", "Package Name", "Packages: Renew Total, EUR", "Clients - Active: Qty")
    assert table.labels == 2
    assert table.rows == (
        ("Jan 2024", "Basic", "10.00", "1"),
        ("Jan 2024", "World", "20.00", "2"),
        ("Feb 2024", "World", "30.00", "2"),
        ("Feb 2024", "No package", "0.00", "4"),
    )


def test_the_summary_says_what_the_chart_shows() -> None:
    summary = summary_of(line(QTY, title="Our clients"), MONTHS)
    assert summary == (
        "Our clients. Line chart by month, 1 Jan 2024 – 31 Dec 2024, 1 series. "
        "Clients - Active: Qty: lowest 0 (Feb 2024), highest 5 (Mar 2024)."
    )


def test_parts_that_overlap_are_said_to() -> None:
    assert "several packages counts in each" in str(note_of(line(QTY, kind="area", stack="stack"), BOTH))
    assert note_of(line(Series("packages_renew_total"), kind="stacked_bar"), BOTH) is None
    assert note_of(line(QTY, kind="pie"), BOTH) == (
        "Shows Feb 2024 only. A client with several packages counts in each, so the parts may exceed the total."
    )


def test_every_kind_of_chart_can_be_drawn_of_any_report() -> None:
    """Shapes of reports as they really come: each kind, split or not, shows something or says why not."""
    shapes = [
        MONTHS,
        BOTH,
        PACKAGES,
        report([], [((), None, {})]),
        report(["package", "year"], [(("A", "2024"), 1, {"payg_total": "1.00"}), ((None, "2025"), None, {})]),
        report(
            ["year", "month"], [(("2024", "2024-12"), None, {}), (("2025", "2025-01"), None, {"payg_total": "2.00"})]
        ),
        report(["date"], [((f"2024-01-{day:02}",), None, {"clients_all_qty": day}) for day in range(1, 32)]),
    ]
    for result in shapes:
        for kind in KINDS:
            for spec in (
                line(REFILL, QTY, kind=kind),
                line(AVG, kind=kind, stack="percent"),
                line(Series("clients_all_qty", None, "gold", "right"), kind=kind, x="package"),
            ):
                figure = draw(spec, result, dark=True)
                assert figure.data or figure.layout.annotations
                json.loads(figure.to_json())
        for preset in PRESETS:
            assert draw(preset.make(result), result).layout.meta["title"] == preset.label


def test_positions_carry_no_float_noise() -> None:
    figure = json.loads(draw(line(REFILL), by_month({"2024-01": {"balance_refill_total": Decimal("0.30")}})).to_json())
    assert figure["data"][0]["y"] == [0.3]
