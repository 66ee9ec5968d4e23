"""A figure shows the report's figures, all of them and no others."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import plotly.graph_objects as go
import pytest

from charts.draw import draw
from charts.presets import PRESETS
from charts.reading import note_of, summary_of, table_of
from charts.spec import KINDS, ChartSpec, Series
from charts.theme import OTHER, SHADES
from data.report.catalog import METRIC
from data.report.result import ReportResult
from tests.charts.reports import by_month, by_month_and_package, by_package, marked, report

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


def places(figure: go.Figure) -> list[str]:
    """What stands beside flat bars."""
    axis = figure.layout.yaxis
    words = dict(zip(axis.tickvals, axis.ticktext, strict=True))
    return [words[place] for place in figure.data[0].y]


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
    assert [text for text, *_ in figure.data[0].customdata] == [
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
    pie = draw(line(Series("packages_renew_total"), kind="pie"), BOTH)
    by_name = {trace.name: trace.marker.color for trace in stacked.data}
    assert list(pie.data[0].marker.colors) == [by_name["World"]]
    alone = draw(line(QTY), BOTH)
    assert {trace.name: trace.line.color for trace in alone.data} == {**by_name, "No package": OTHER["light"]}


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
    assert places(figure) == ["World", "Basic", "No package"]
    assert list(figure.data[0].x) == [30.0, 10.0, 0.0]
    assert figure.data[0].orientation == "h"


def test_two_packages_of_one_name_stay_two() -> None:
    figure = draw(
        line(QTY, kind="bar"),
        by_package({(1, "Same"): {"clients_active_qty": 2}, (2, "Same"): {"clients_active_qty": 1}}),
    )
    assert places(figure) == ["Same (#1)", "Same (#2)"]


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
        (line(QTY, split=False), BOTH, "split the chart into series"),
        (line(REFILL, QTY, kind="pie"), PACKAGES, "one figure: remove the other series"),
        (line(REFILL, kind="pie"), report([], [((), None, {})]), "needs parts to share out"),
        (line(QTY, kind="pie"), BOTH, "a client with several packages counts in each of them: choose Bar"),
        (line(QTY, kind="pie"), MONTHS, "the same clients count in every month: choose Line"),
        (line(AVG, kind="pie"), PACKAGES, "averages do not add up"),
    ],
)
def test_when_there_is_nothing_to_draw_the_figure_says_why(spec: ChartSpec, result: ReportResult, says: str) -> None:
    figure = draw(spec, result)
    assert not figure.data
    assert says in figure.layout.annotations[0].text.replace("<br>", " ")
    assert says in summary_of(spec, result)


def test_names_with_markup_are_shown_as_text() -> None:
    figure = draw(line(QTY, kind="bar"), by_package({(1, "<b>Bold</b> & co"): {"clients_active_qty": 2}}))
    assert places(figure) == ["&lt;b&gt;Bold&lt;/b&gt; &amp; co"]


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


def test_figures_that_make_no_sum_are_never_stacked() -> None:
    for kind, drawn in (("stacked_bar", "bar"), ("area", "scatter")):
        spec = line(QTY, kind=kind, stack="stack")
        figure = draw(spec, BOTH)
        assert {trace.type for trace in figure.data} == {drawn}
        assert {trace.stackgroup for trace in figure.data if drawn == "scatter"} <= {None}
        assert figure.layout.barmode == "group"
        assert note_of(spec, BOTH) == "Not stacked: a client with several packages counts in each of them."
    # A package's own transactions belong to it alone; and the clients of one month are not those of two.
    spec = line(Series("packages_renew_total"), kind="stacked_bar")
    assert draw(spec, BOTH).layout.barmode == "relative"
    assert note_of(spec, BOTH) is None
    by_bucket = line(Series("packages_renew_total"), kind="stacked_bar", x="package")
    assert draw(by_bucket, BOTH).layout.barmode == "relative"


def test_what_goes_below_zero_is_not_stacked_to_100_percent() -> None:
    values = {
        ("2024-01", 1, "A"): {"packages_renew_total": "-1.00"},
        ("2024-01", 2, "B"): {"packages_renew_total": "2"},
    }
    spec = line(Series("packages_renew_total"), kind="stacked_bar", stack="percent")
    figure = draw(spec, by_month_and_package(values))
    assert (figure.layout.barmode, figure.layout.barnorm, figure.layout.yaxis.title.text) == ("relative", None, "EUR")
    assert "below zero" in str(note_of(spec, by_month_and_package(values)))
    assert draw(spec, BOTH).layout.barnorm == "percent"


def test_packages_are_told_apart_by_what_they_are_and_not_by_their_names() -> None:
    """A real package called No package, and one with the very name that tells two others apart."""
    names = {1: "Basic", 2: "Basic", 3: "Basic (#1)", 4: "No package", 2**53 + 1: "Odd", 2**53: "Odd", None: None}
    owed = {key: f"{place}.00" for place, key in enumerate(names, start=1)}
    alone = by_package({(key, name): {"packages_renew_total": owed[key]} for key, name in names.items()})
    expected = sorted(float(amount) for amount in owed.values())
    renewals = Series("packages_renew_total")
    bars = draw(line(renewals, kind="bar"), alone)
    assert len(set(bars.data[0].y)) == 7
    assert sorted(bars.data[0].x) == expected
    assert dict(zip(bars.data[0].y, bars.data[0].x, strict=True)) == {
        "none" if key is None else f"#{key}": float(amount) for key, amount in owed.items()
    }
    slices = draw(line(renewals, kind="pie"), alone).data[0]
    assert sorted(slices.values) == expected
    assert len(set(slices.labels)) == 7
    both = by_month_and_package({("2024-01", key, name): {"clients_all_qty": 1} for key, name in names.items()})
    assert [list(trace.y) for trace in draw(line(Series("clients_all_qty")), both).data] == [[1]] * 7


def test_a_client_has_one_type_and_one_owner_so_these_are_stacked_and_shared_out() -> None:
    types = report(
        ["month", "client_type"],
        [
            (("2024-01", "call_shop"), None, {"clients_all_qty": 1}),
            (("2024-01", "client"), None, {"clients_all_qty": 3}),
        ],
    )
    spec = line(Series("clients_all_qty"), kind="stacked_bar")
    figure = draw(spec, types)
    # In the order of the types, by their own words.
    assert [(trace.name, list(trace.y)) for trace in figure.data] == [("Client", [3]), ("Call Shop", [1])]
    assert (figure.layout.barmode, note_of(spec, types)) == ("relative", None)
    assert list(draw(line(Series("clients_all_qty"), kind="pie"), types).data[0].text) == ["75.0 %", "25.0 %"]
    # With packages beside it there is a series for each pair, and no sum of them.
    pairs = report(
        ["month", "client_type", "package"],
        [
            (("2024-01", "client", "Gold"), 7, {"clients_all_qty": 2}),
            (("2024-01", "client", None), None, {"clients_all_qty": 1}),
        ],
    )
    figure = draw(spec, pairs)
    assert [trace.name for trace in figure.data] == ["Client \u00b7 Gold", "Client \u00b7 No package"]
    assert "Not stacked" in str(note_of(spec, pairs))
    along = line(Series("clients_all_qty"), kind="bar", x="package")
    assert "Client Type and Month" in draw(replace(along, split=False), pairs).layout.annotations[0].text.replace(
        "<br>", " "
    )
    assert [trace.name for trace in draw(along, pairs).data] == ["Client \u00b7 Jan 2024"]


def test_quarters_and_weeks_are_time() -> None:
    for unit, labels, starts in (
        ("quarter", ("2024-Q1", "2024-Q3"), ["2024-01-01", "2024-04-01", "2024-07-01"]),
        ("week", ("2024-W01", "2024-W02"), ["2024-01-01", "2024-01-08"]),
    ):
        result = report([unit], [((label,), None, {"clients_active_qty": 1}) for label in labels])
        trace = draw(line(QTY), result).data[0]
        assert list(trace.x) == starts
        assert trace.connectgaps is False


def test_a_pie_shows_shares() -> None:
    pie = draw(line(Series("packages_renew_total"), kind="pie"), PACKAGES).data[0]
    assert list(pie.labels) == ["Basic \u00b7 25.0 %", "World \u00b7 75.0 %"]
    assert list(pie.text) == ["25.0 %", "75.0 %"]
    table = table_of(line(Series("packages_renew_total"), kind="pie"), PACKAGES, locale="de")
    assert table.header == ("Package Name", "Packages: Renew Total, EUR", "Share")
    assert table.rows[1] == ("World", "30,00", "75,0 %")
    # What happened in months adds up to what happened in the year.
    flows = by_month({"2024-01": {"payg_total": "1.00"}, "2024-02": {"payg_total": "3.00"}})
    assert list(draw(line(Series("payg_total"), kind="pie"), flows).data[0].text) == ["25.0 %", "75.0 %"]
    last = line(Series("packages_renew_total"), kind="pie")
    assert note_of(last, BOTH) == "Shows Feb 2024 only."


def test_a_line_far_from_zero_shows_that_its_axis_is_cut() -> None:
    far = by_month({"2024-01": {"clients_active_qty": 900}, "2024-02": {"clients_active_qty": 1000}})
    figure = draw(line(QTY), far)
    assert figure.layout.yaxis.rangemode == "normal"
    assert [shape.type for shape in figure.layout.shapes] == ["path", "path"]
    assert note_of(line(QTY), far) == "The axis does not begin at zero."
    below = by_month(
        {"2024-01": {"clients_active_balance_neg": "-9.00"}, "2024-02": {"clients_active_balance_neg": "-8"}}
    )
    assert note_of(line(Series("clients_active_balance_neg")), below) == "The axis does not begin at zero."
    both = line(QTY, Series("balance_refill_total", None, None, "right"))
    assert note_of(both, far) == "The left axis does not begin at zero."
    for spec, result in ((line(QTY, kind="bar"), far), (line(QTY, kind="area"), far), (line(QTY), MONTHS)):
        assert draw(spec, result).layout.yaxis.rangemode == "tozero"
        assert not draw(spec, result).layout.shapes
        assert note_of(spec, result) is None


CUT = marked(
    by_month({f"2024-0{month}": {"payg_total": f"{month}.00", "clients_all_qty": month} for month in range(1, 7)}),
    {
        "2024-01": ((date(2024, 1, 10), date(2024, 1, 31)), date(2024, 4, 20)),
        "2024-04": (None, date(2024, 4, 20)),
        "2024-05": (None, date(2024, 4, 20)),
        "2024-06": ((date(2024, 6, 1), date(2024, 6, 3)), date(2024, 4, 20)),
    },
)


def test_bars_of_buckets_that_are_not_whole_are_hatched_and_say_why() -> None:
    whole, hatched = draw(line(Series("payg_total"), kind="bar"), CUT).data
    assert (whole.marker.pattern.shape, hatched.marker.pattern.shape) == (None, "/")
    assert list(whole.y) == [None, 2.0, 3.0, None, None, None]
    assert list(hatched.y) == [1.0, None, None, 4.0, 5.0, 6.0]
    assert whole.offsetgroup == hatched.offsetgroup, "side by side they stand in one place"
    assert [reason for *_, reason in hatched.customdata if reason] == [
        "<br>Not whole: from 10 Jan",
        "<br>Not whole: data to 20 Apr",
        "<br>Not whole: no data after 20 Apr 2024",
        "<br>Not whole: no data after 20 Apr 2024",
    ]
    assert "customdata[2]" in hatched.hovertemplate
    assert note_of(line(Series("payg_total"), kind="bar"), CUT) == (
        "Not whole \u2013 Jan 2024 \u00b7 from 10 Jan; Apr 2024 \u00b7 data to 20 Apr. No data after 20 Apr 2024."
    )
    assert "Jan 2024 \u00b7 from 10 Jan" in table_of(line(Series("payg_total")), CUT).rows[0]


def test_lines_and_areas_are_dashed_where_buckets_are_not_whole_and_stop_where_the_data_stops() -> None:
    for kind in ("line", "area"):
        known, dashed, marked_ = draw(line(Series("payg_total"), kind=kind), CUT).data
        assert list(known.y) == [None, 2.0, 3.0, None, None, None]
        assert list(dashed.y) == [1.0, 2.0, 3.0, 4.0, None, None]
        assert list(marked_.y) == [1.0, None, None, 4.0, None, None]
        assert (known.line.dash, dashed.line.dash) == ("solid", "dot")
        assert (dashed.mode, marked_.mode, marked_.marker.symbol) == ("lines", "markers", "circle-open")
        assert (dashed.showlegend, marked_.showlegend) == (False, False)
        assert {trace.legendgroup for trace in (known, dashed, marked_)} == {known.legendgroup}
        # Each bucket speaks once, the dashes between them not at all.
        assert (dashed.hoverinfo, dashed.hovertemplate) == ("skip", None)
        assert marked_.customdata[3][2] == "<br>Not whole: data to 20 Apr"
    # Clients there still are, but nothing is known of what they did: their line stops too.
    assert list(draw(line(Series("clients_all_qty")), CUT).data[1].y)[4:] == [None, None]


def test_a_long_line_that_stops_with_the_data_has_no_markers_and_room_for_its_dates() -> None:
    days = [(date(2024, 1, 1) + timedelta(place)).isoformat() for place in range(60)]
    result = report(["date"], [((day,), None, {"clients_all_qty": 5}) for day in days])
    until = date(2024, 2, 20)
    figure = draw(
        line(Series("clients_all_qty")), marked(result, {day: (None, until) for day in days if day > until.isoformat()})
    )
    assert (figure.data[0].mode, list(figure.data[0].y)[50:52]) == ("lines", [5, None])
    assert figure.layout.xaxis.dtick == 14 * 86_400_000


def test_stacked_areas_stop_together_where_the_data_stops() -> None:
    both = marked(
        by_month_and_package(
            {
                (month, key, f"P{key}"): {"packages_renew_total": "1.00"}
                for month in ("2024-01", "2024-02", "2024-03")
                for key in (1, 2)
            }
        ),
        {"2024-02": (None, date(2024, 2, 10)), "2024-03": (None, date(2024, 2, 10))},
    )
    figure = draw(line(Series("packages_renew_total"), kind="area", stack="stack"), both)
    assert [list(trace.x) for trace in figure.data] == [["2024-01-01", "2024-02-01"]] * 2
    [veil] = figure.layout.shapes
    assert (veil.x0, veil.x1) == ("2024-01-16T12:00:00", "2024-02-15T12:00:00")


def test_the_last_day_with_data_makes_no_doubt_about_a_month_that_ends_with_it() -> None:
    whole = marked(by_month({"2024-01": {"payg_total": "1.00"}}), {"2024-01": (None, date(2024, 1, 31))})
    assert note_of(line(Series("payg_total")), whole) is None


def test_one_tooltip_for_all_series_gives_the_reason_once() -> None:
    two = draw(line(Series("payg_total"), Series("clients_all_qty"), kind="bar"), CUT)
    assert [trace.customdata[0][2] for trace in two.data] == [
        *[""] * 2,
        *["<br>Not whole: from 10 Jan"] * 2,
    ]


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
