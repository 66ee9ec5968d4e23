"""Charts in a real browser: beside the table, several at once, edited, downloaded, full screen, read as a table."""

from __future__ import annotations

import re
import struct
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import date
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from charts.words import exact
from data.report.catalog import METRICS
from tests.browser.acts import ask, engine_says, question
from tests.browser.conftest import Site, assert_accessible

PLACE = {metric.id: place for place, metric in enumerate(METRICS)}


def show(page: Page, label: str) -> None:
    """Choose an entry of the Show Chart menu and wait for its chart."""
    before = cards(page).count()
    page.get_by_role("button", name="Show Chart").click()
    page.locator(".chart-menu .dropdown-item", has_text=re.compile(f"^{re.escape(label)}$")).first.click()
    expect(cards(page)).to_have_count(before + 1, timeout=15_000)
    expect(cards(page).last.locator(".main-svg").first).to_be_visible(timeout=15_000)


def cards(page: Page) -> Locator:
    return page.locator("#chart-panel > .chart-card")


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def traces(card: Locator) -> list[dict]:
    """What Plotly draws on a card."""
    found: list[dict] = card.locator(".chart-plot").evaluate(
        """(plot) => plot.data.map(({ type, name, x, y, customdata }) => (
            { type, name, x, y, texts: (customdata || []).map((texts) => texts[0]) }
        ))"""
    )
    return found


def boxes(page: Page) -> list[dict[str, float]]:
    """Where the table and the first chart are, at one moment."""
    found: list[dict[str, float]] = page.evaluate(
        """() => ["#report-grid", "#chart-panel > .chart-card"].map((place) =>
            document.querySelector(place).getBoundingClientRect().toJSON())"""
    )
    return found


def test_a_chart_shows_the_engines_figures_beside_the_table(page: Page, site: Site) -> None:
    ask(page)
    # Nothing of the chart library is sent until a chart is asked for.
    fetched = "() => performance.getEntriesByType('resource').filter((entry) => entry.name.includes('plotly')).length"
    assert page.evaluate(fetched) == 0
    show(page, "Balance Refill: Total")
    assert page.evaluate(fetched) == 1
    show(page, "Clients - Active: Qty")
    rows = engine_says(site.settings, question()).rows
    [refills] = traces(cards(page).nth(0))
    assert refills["x"] == [f"{row.labels[0]}-01" for row in rows]
    assert refills["texts"] == [f"{exact(row.figures[PLACE['balance_refill_total']], 'en-GB')} EUR" for row in rows]
    [clients] = traces(cards(page).nth(1))
    assert clients["y"] == [row.figures[PLACE["clients_active_qty"]] for row in rows]
    # Beside the table on a wide screen, both in view together.
    table, chart = boxes(page)
    assert chart["left"] >= table["right"]
    assert_accessible(page)
    # The same figures as a table, for those who do not see the picture.
    button(page, "Show as table Balance Refill: Total").click()
    region = page.get_by_role("region", name="Figures of Balance Refill: Total")
    assert region.locator("tbody td").all_inner_texts() == [
        exact(row.figures[PLACE["balance_refill_total"]], "en-GB") for row in rows
    ]
    assert_accessible(page)
    button(page, "Show as chart Balance Refill: Total").click()
    expect(
        cards(page).first.get_by_role("img", name=re.compile("^Balance Refill: Total. Bar chart by month"))
    ).to_be_visible()


def test_what_is_not_whole_says_why_under_the_pointer(page: Page) -> None:
    ask(page, start=date(2024, 1, 10), end=date(2024, 4, 30))
    show(page, "Clients - Active: Qty")
    card = cards(page).first
    plot = card.locator(".chart-plot")
    card.scroll_into_view_if_needed()
    known, dashed, marked = traces(card)
    assert known["y"][0] is None
    assert dashed["y"][2:] == marked["y"][2:] == [None, None]
    told = {}
    for month in (1, 2):
        left, top, width = plot.evaluate(
            """(plot, month) => {
                const { xaxis, yaxis } = plot._fullLayout;
                const box = plot.getBoundingClientRect();
                const at = xaxis.d2p(new Date(Date.UTC(2024, month - 1, 16)).toISOString().slice(0, 10));
                return [box.left + xaxis._offset + at, box.top + yaxis._offset + yaxis._length / 2, xaxis._length];
            }""",
            month,
        )
        assert width > 100
        page.mouse.move(left - 2, top)
        page.mouse.move(left, top)
        hover = card.locator(".hoverlayer")
        expect(hover).to_contain_text("January" if month == 1 else "February")
        told[month] = hover.text_content()
    # A month that is whole speaks once, though both lines pass through it.
    assert told[1].endswith("Not whole: from 10 Jan")
    assert told[2].count("Clients - Active: Qty") == 1
    assert "Not whole" not in told[2]
    expect(card.locator(".chart-note")).to_contain_text("Jan 2024 \u00b7 from 10 Jan")


def test_a_blank_chart_is_built_live_by_keyboard(page: Page, site: Site) -> None:
    ask(page)
    page.get_by_role("button", name="Show Chart").focus()
    page.keyboard.press("Enter")
    for _ in range(20):
        page.keyboard.press("ArrowDown")
        if page.evaluate("() => document.activeElement.textContent") == "Blank Chart":
            break
    page.keyboard.press("Enter")
    title = page.get_by_role("textbox", name="Title", exact=True)
    expect(title).to_be_focused()
    page.keyboard.type("Refills against clients")
    page.keyboard.press("Enter")
    expect(cards(page).first.locator(".chart-name")).to_have_text("Refills against clients")
    expect(page.get_by_text("Add a series to see the chart.")).to_be_visible()
    button(page, "Add series").press("Enter")
    expect(page.get_by_label("Metric", exact=True)).to_have_value("balance_refill_total")
    card = cards(page).first
    page.get_by_label("Kind", exact=True).first.select_option("Bar")
    button(page, "Add series").press("Enter")
    page.get_by_label("Metric 2").select_option("Clients - Active: Qty")
    second = page.get_by_role("group", name="Series 2")
    second.get_by_label("Kind").select_option("Line")
    second.get_by_label("Axis").select_option("Right")
    second.get_by_label("Colour").select_option("Red")
    expect(card.locator(".scatterlayer .trace")).to_have_count(1)
    expect(card.locator(".y2tick").first).to_be_visible()
    drawn = traces(card)
    assert [trace["type"] for trace in drawn] == ["bar", "scatter"]
    rows = engine_says(site.settings, question()).rows
    assert drawn[1]["y"] == [row.figures[PLACE["clients_active_qty"]] for row in rows]
    assert_accessible(page)
    button(page, "Done").press("Enter")
    expect(button(page, "Edit Refills against clients")).to_be_focused()
    # Kept as a preset of one's own, it is there at the next visit too.
    button(page, "Save as preset Refills against clients").press("Enter")
    expect(page.get_by_text("Saved as preset")).to_be_visible()
    page.reload()
    expect(page.locator("#report-facts")).to_contain_text("6 rows")
    show(page, "Refills against clients")
    assert [trace["type"] for trace in traces(cards(page).first)] == ["bar", "scatter"]
    page.get_by_role("button", name="Show Chart").click()
    button(page, "Delete preset Refills against clients").click()
    expect(page.locator(".chart-menu .dropdown-item", has_text="Refills against clients")).to_have_count(0)


def test_charts_follow_the_next_report_in_every_kind(page: Page) -> None:
    ask(page)
    show(page, "Packages: Renew Total")
    assert len(traces(cards(page).first)) == 1
    button(page, "Edit").click()
    ask(page, ("month", "package"))
    expect(cards(page).first.locator(".legend .traces").first).to_be_visible()
    stacked = traces(cards(page).first)
    assert len(stacked) > 1
    assert {trace["type"] for trace in stacked} == {"bar"}
    button(page, "Edit Packages: Renew Total").click()
    for kind, shape in (
        ("Line", ".scatterlayer .trace"),
        ("Bar", ".barlayer .point"),
        ("Pie", ".pielayer .slice"),
        ("Stacked bar", ".barlayer .point"),
        ("Area", ".scatterlayer .fills path"),
        ("Table of figures", ".table .column-cell"),
        ("Scatter", ".scatterlayer .points path"),
    ):
        page.get_by_label("Kind", exact=True).first.select_option(kind)
        expect(cards(page).first.locator(shape).first).to_be_visible()
    expect(page.locator(".message-bad")).to_have_count(0)


def test_several_charts_come_go_and_change_their_theme(page: Page) -> None:
    ask(page)
    # Asked for one right after the other, all of them come.
    names = ["Clients - Active: Qty", "Pay As You Go: Total", "Blank Chart"]
    for label in names:
        page.get_by_role("button", name="Show Chart").click()
        page.locator(".chart-menu .dropdown-item", has_text=re.compile(f"^{re.escape(label)}$")).first.click()
    expect(cards(page)).to_have_count(3, timeout=15_000)
    expect(cards(page).locator(".chart-name")).to_have_text(names)
    button(page, "Duplicate Pay As You Go: Total").click()
    expect(cards(page).locator(".chart-name")).to_have_text([*names[:2], "Pay As You Go: Total 2", names[2]])
    # A chart that stays is not drawn anew when another goes, and the focus stays on the page.
    plot = cards(page).nth(1).locator(".chart-plot").element_handle()
    for name in ("Pay As You Go: Total 2", "Blank Chart"):
        button(page, f"Remove {name}").press("Enter")
    expect(cards(page)).to_have_count(2)
    assert plot.evaluate("(plot) => plot.isConnected")
    expect(button(page, "Remove Pay As You Go: Total")).to_be_focused()
    bar = cards(page).nth(1).locator(".barlayer .point path").first
    light = bar.evaluate("(path) => path.style.fill")
    page.get_by_label("Theme").select_option("Dark")
    expect(bar).not_to_have_css("fill", light)
    drawn_on = cards(page).first.locator(".chart-plot").evaluate("(plot) => plot.layout.template.layout.paper_bgcolor")
    surface = "() => getComputedStyle(document.documentElement).getPropertyValue('--surface').trim()"
    assert drawn_on == page.evaluate(surface)
    assert_accessible(page)
    for name in ("Pay As You Go: Total", "Clients - Active: Qty"):
        button(page, f"Remove {name}").press("Enter")
    expect(cards(page)).to_have_count(0)
    expect(page.get_by_role("button", name="Show Chart")).to_be_focused()


def test_files_and_full_screen_hold_the_whole_chart(page: Page, tmp_path: Path) -> None:
    ask(page)
    show(page, "Pay As You Go: Total")
    saved = {}
    for kind in ("PNG", "SVG"):
        with page.expect_download() as download:
            button(page, f"Download {kind} Pay As You Go: Total").click()
        assert download.value.suggested_filename == f"pay-as-you-go-total.{kind.lower()}"
        saved[kind] = tmp_path / kind
        download.value.save_as(saved[kind])
    png = saved["PNG"].read_bytes()
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", png[16:24])
    assert width >= 1600
    assert height >= 900
    assert len(png) > 10_000
    drawing = ET.parse(saved["SVG"]).getroot()
    texts = ["".join(node.itertext()) for node in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert "Pay As You Go: Total" in texts
    assert "Jan–Jun 2024, UTC, by Month, EUR, active 1 month" in texts
    assert "EUR" in texts
    assert any("Jan" in text for text in texts)
    # Full screen, and left with Escape.
    button(page, "Full screen Pay As You Go: Total").click()
    expect(button(page, "Exit full screen Pay As You Go: Total")).to_be_visible()
    expect(cards(page).first.locator(".main-svg").first).to_have_css("width", re.compile(r"1[12]\d\d"))
    # There it can be zoomed by dragging; back beside the table it is whole again.
    ranges = "(plot) => plot._fullLayout.xaxis.range.map((end) => end.slice(0, 7))"
    plot = cards(page).first.locator(".chart-plot")
    whole = plot.evaluate(ranges)
    page.mouse.move(400, 400)
    page.mouse.down()
    page.mouse.move(800, 400, steps=5)
    page.mouse.up()
    assert plot.evaluate(ranges) != whole
    page.keyboard.press("Escape")
    expect(button(page, "Full screen Pay As You Go: Total")).to_be_visible()
    expect(cards(page).first.locator(".main-svg").first).to_have_css("width", re.compile(r"[45]\d\d"))
    assert plot.evaluate(ranges) == whole


def test_on_a_phone_charts_come_below_and_nothing_overflows(new_page: Callable[..., Page]) -> None:
    page = new_page(viewport={"width": 360, "height": 740})
    ask(page, ("month", "package"))
    button(page, "Tools").click()
    show(page, "Packages: Renew Total")
    table, chart = boxes(page)
    assert chart["top"] >= table["bottom"]
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    plot = cards(page).first.locator(".chart-plot").bounding_box()
    assert plot
    assert plot["width"] <= 340


def test_a_copied_link_brings_the_charts_back(new_page: Callable[..., Page], page: Page) -> None:
    ask(page)
    show(page, "Clients - Active: Qty")
    show(page, "Pay As You Go: Total")
    button(page, "Copy link").click()
    expect(page.get_by_text("Link copied", exact=True)).to_be_visible()
    address = page.evaluate("() => navigator.clipboard.readText()")
    other = new_page(address)
    expect(cards(other)).to_have_count(2)
    expect(cards(other).last.locator(".main-svg").first).to_be_visible()
    for place in (0, 1):
        assert traces(cards(other).nth(place)) == traces(cards(page).nth(place))


def test_the_split_between_table_and_charts_is_moved_and_remembered(new_page: Callable[..., Page]) -> None:
    page = new_page(viewport={"width": 1600, "height": 900})
    ask(page)
    show(page, "Clients - Active: Qty")
    split = page.get_by_role("separator", name="Width of the table")
    before, chart = boxes(page)
    assert 0 <= chart["left"] - before["right"] <= 32
    box = split.bounding_box()
    assert box
    page.mouse.move(box["x"] + 4, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] - 296, box["y"] + 40, steps=4)
    page.mouse.up()
    after, chart = boxes(page)
    assert -320 < after["right"] - before["right"] < -280
    assert 0 <= chart["left"] - after["right"] <= 32
    split.focus()
    page.keyboard.press("ArrowRight")
    expect(split).to_have_attribute("aria-valuenow", re.compile(r"4[4-7]"))
    share = split.get_attribute("aria-valuenow")
    page.reload()
    expect(page.locator("#report-stage")).to_have_class(re.compile("is-shown"))
    expect(split).to_have_attribute("aria-valuenow", str(share))
    # Below the table charts stand in a row of two or three.
    show(page, "Clients - Active: Qty")
    show(page, "Pay As You Go: Total")
    button(page, "Charts below the table").click()
    one, other = (cards(page).nth(place).bounding_box() for place in (0, 1))
    assert one
    assert other
    assert one["y"] == other["y"]
    assert one["y"] >= boxes(page)[0]["bottom"]
    assert_accessible(page)


def test_on_a_very_wide_screen_table_and_charts_keep_together(new_page: Callable[..., Page]) -> None:
    page = new_page(viewport={"width": 3840, "height": 2160})
    ask(page)
    show(page, "Clients - Active: Qty")
    table, chart = boxes(page)
    assert 0 <= chart["left"] - table["right"] <= 32
