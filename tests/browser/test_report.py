"""The report in a real browser: figures, headers, sorting, columns, long and empty reports, progress and cancelling."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Locator, Page, expect

from data.report import reports
from data.report.catalog import METRICS
from data.report.result import ReportResult
from data.words.names import row_labels
from data.words.numerals import numerals
from data.words.totals import total_of, totals_note
from tests.browser.acts import LAST, ask, engine_says, fill_form, question, table, texts
from tests.browser.conftest import Site, assert_accessible

ENGLISH = numerals("en-GB")


def written(result: ReportResult, language: str = "en-GB") -> list[list[str]]:
    """The rows and the totals as the page should write them."""
    write = numerals(language).write
    rows = [
        [*labels, *(write(f, 2) for f in row.figures)]
        for labels, row in zip(row_labels(result.query, result.rows, language), result.rows, strict=True)
    ]
    assert result.totals is not None
    gaps = [""] * (len(result.query.group_by) - 1)
    return [*rows, ["Total", *gaps, *(write(f, 2) for f in result.totals)]]


def test_the_page_shows_the_engines_figures(page: Page, site: Site) -> None:
    ask(page, ("month", "package"))
    expected = engine_says(site.settings, question(("month", "package")))
    assert texts(page) == written(expected)
    expect(page.locator("#report-facts")).to_contain_text(f"{len(expected.rows)} rows")
    expect(page.locator("#report-facts")).to_contain_text("Jan–Jun 2024")
    expect(page.locator("#report-facts")).to_contain_text("EUR")
    # Merged upper headers over their columns, in the catalog's order.
    groups = table(page).evaluate("(t) => Array.from(t.rows[0].cells, (cell) => [cell.textContent, cell.colSpan])")
    assert [group for group, _ in groups][2:] == list(dict.fromkeys(metric.group for metric in METRICS))
    assert [span for _, span in groups] == [1, 1, 4, 4, 4, 3, 2, 4]
    assert_accessible(page)
    # The same question again comes from the cache, and says so.
    page.get_by_role("button", name="Edit", exact=True).click()
    page.get_by_role("button", name="Query", exact=True).click()
    expect(page.locator("#report-facts")).to_contain_text("answered before, at ")


def test_figures_are_written_in_the_persons_locale(new_page: Callable[..., Page], site: Site) -> None:
    page = new_page(locale="de-DE")
    ask(page)
    assert texts(page) == written(engine_says(site.settings, question()), "de-DE")


def test_sorting_is_exact_and_leaves_totals_in_place(page: Page, site: Site) -> None:
    ask(page, ("date",))
    rows = engine_says(site.settings, question(("date",))).rows
    place = [metric.id for metric in METRICS].index("balance_refill_avg")
    known = [row for row in rows if row.figures[place] is not None]
    empty = [row.labels[0] for row in rows if row.figures[place] is None]
    assert known
    assert empty, "the case with empty averages must be among the rows"
    ascending = sorted(known, key=lambda row: Decimal(str(row.figures[place])))
    head = table(page).get_by_role("button", name="Avg", exact=True)
    labels = lambda: [row[0] for row in texts(page)]  # noqa: E731 - asked again after every act
    shown = len(labels()) - 1

    # Of figures the largest come first; equal ones keep the report's order, empty ones come last.
    descending = sorted(known, key=lambda row: Decimal(str(row.figures[place])), reverse=True)
    head.click()
    expect(table(page).locator("th[data-dash-column=balance_refill_avg][aria-sort]")).to_have_attribute(
        "aria-sort", "descending"
    )
    page.wait_for_function(
        "(day) => document.querySelector('#report-table td').textContent === day", arg=descending[0].labels[0]
    )
    assert labels()[:shown] == [row.labels[0] for row in descending][:shown]
    assert labels()[-1] == "Total"

    # The second time by keyboard: upwards, empty ones last again.
    head.focus()
    page.keyboard.press("Enter")
    page.wait_for_function(
        "(day) => document.querySelector('#report-table td').textContent === day", arg=ascending[0].labels[0]
    )
    assert labels()[:shown] == [row.labels[0] for row in ascending][:shown]

    page.keyboard.press("Enter")
    page.wait_for_function(
        "(day) => document.querySelector('#report-table td').textContent === day", arg=rows[0].labels[0]
    )
    assert labels()[-1] == "Total"


def test_every_header_explains_itself(page: Page) -> None:
    ask(page)
    tip = page.get_by_role("tooltip")
    for metric in (METRICS[0], METRICS[-1]):
        head = table(page).locator(f"tr:nth-child(2) th[data-dash-column={metric.id}]")
        head.scroll_into_view_if_needed()
        head.hover()
        expect(tip).to_have_text(f"{metric.description} {total_of(metric)}")
        page.mouse.move(0, 0)
        expect(tip).to_be_hidden()
        button = head.get_by_role("button")
        button.focus()
        expect(tip).to_have_text(f"{metric.description} {total_of(metric)}")
        expect(button).to_have_accessible_description(f"{metric.description} {total_of(metric)}")
        page.keyboard.press("Escape")
        expect(tip).to_be_hidden()
    for metric in METRICS:
        head = table(page).locator(f"tr:nth-child(2) th[data-dash-column={metric.id}] [role=button]")
        expect(head).to_have_accessible_description(f"{metric.description} {total_of(metric)}")


def test_totals_say_what_they_are(page: Page, site: Site) -> None:
    ask(page)
    told = totals_note(engine_says(site.settings, question()), "en-GB")
    assert told is not None
    note = page.locator("#report-notes")
    expect(note).to_have_text(told)
    total = table(page).get_by_role("rowheader", name="Total", exact=True)
    expect(total).to_have_accessible_description(told)
    total.hover()
    expect(page.get_by_role("tooltip")).to_have_text(told)
    page.mouse.move(0, 0)
    total.focus()
    expect(page.get_by_role("tooltip")).to_have_text(told)
    # Rows that are not whole say so, and what that means stands below.
    button = page.get_by_role("button", name="Edit", exact=True)
    button.click()
    ask(page, ("year", "month"), start=date(2024, 1, 10), end=date(2024, 2, 29))
    assert [row[:2] for row in texts(page)] == [
        ["2024", "Jan 2024 \u00b7 from 10 Jan"],
        ["2024", "Feb 2024"],
        ["Total", ""],
    ]
    expect(note).to_contain_text("Marked rows do not hold their whole month")


def test_columns_are_chosen_by_group_and_one_by_one_and_remembered(page: Page) -> None:
    ask(page)
    heads = lambda: table(page).locator("tr:nth-child(2) th").all_inner_texts()  # noqa: E731 - asked again
    page.get_by_role("button", name="Columns", exact=True).click()
    page.get_by_role("checkbox", name="Clients - Overall Active", exact=True).uncheck()
    page.get_by_role("checkbox", name="Balance Refill: Avg", exact=True).uncheck()
    expect(table(page).locator("tr:nth-child(2) th")).to_have_count(1 + len(METRICS) - 5)
    assert heads().count("Balance Pos") == 2
    whole = page.get_by_role("checkbox", name="Balance Refill", exact=True)
    assert whole.evaluate("(box) => box.indeterminate")
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("group", name="Columns", exact=True)).to_be_hidden()
    expect(page.get_by_role("button", name="Columns", exact=True)).to_be_focused()
    page.wait_for_load_state("networkidle")
    page.goto("/")
    ask(page)
    expect(table(page).locator("tr:nth-child(2) th")).to_have_count(1 + len(METRICS) - 5)
    page.get_by_role("button", name="Columns", exact=True).click()
    page.get_by_role("button", name="All", exact=True).click()
    expect(table(page).locator("tr:nth-child(2) th")).to_have_count(1 + len(METRICS))


def test_info_tells_what_goes_with_the_report(page: Page) -> None:
    ask(page)
    info = page.get_by_role("button", name="Info", exact=True)
    told = page.locator("#report-info-text")
    expect(told).to_be_hidden()
    info.hover()
    for words in (
        "Data Period (set)",
        "1 Jan 2024, 00:00 – 1 Jul 2024, 00:00",
        "Actual data interval",
        "Time zone",
        "UTC",
        "Generated by",
        "Administrator",
        "Duration",
        "Currency",
        "EUR, Euro",
        "rates of",
        "Active Duration",
        "1 month",
    ):
        expect(told).to_contain_text(words)
    page.mouse.move(0, 0)
    expect(told).to_be_hidden()
    info.focus()
    page.keyboard.press("Enter")
    expect(told).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(told).to_be_hidden()


def test_a_report_without_grouping_is_one_row_and_its_total(page: Page, site: Site) -> None:
    ask(page, ())
    result = engine_says(site.settings, question(()))
    figures = [ENGLISH.write(figure, 2) for figure in result.rows[0].figures]
    assert texts(page) == [["Jan–Jun 2024", *figures], ["Total", *figures]]


_FILLED = """() => {
    const grid = document.getElementById("report-grid");
    const head = grid.querySelector("tr:nth-child(2) th").getBoundingClientRect().bottom;
    const foot = grid.querySelector("tr:last-child td").getBoundingClientRect().top;
    const rows = Array.from(grid.querySelectorAll("tr:not(.is-pinned)")).slice(2);
    const boxes = rows.map((row) => row.getBoundingClientRect());
    return boxes[0].top <= head + 1 && boxes[boxes.length - 1].bottom >= foot - 1;
}"""
"""Whether rows fill the table from its headers to its totals."""


_IN_VIEW = """(grid) => {
    const box = grid.getBoundingClientRect();
    const head = grid.querySelector("tr:nth-child(2) th").getBoundingClientRect().bottom;
    const foot = grid.querySelector("tr:last-child td").getBoundingClientRect();
    const rows = Array.from(grid.querySelectorAll("tr:not(.is-pinned)")).slice(2).filter((row) => {
        const { top, bottom } = row.getBoundingClientRect();
        return top >= head - 1 && bottom <= foot.top + 1;
    });
    return {
        headInView: head > box.top && head < box.top + 80,
        footInView: Math.abs(foot.bottom - box.bottom) < 3,
        rows: rows.map((row) => [
            Number(row.getAttribute("aria-rowindex")) - 3,
            Array.from(row.cells, (cell) => cell.textContent),
        ]),
    };
}"""
"""Where the pinned rows are, and which rows can be read between them."""


def _once(place: Locator, script: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """What ``script`` finds as soon as it ``holds``, or what it last found: a page lays itself out in its own time."""
    for _ in range(100):
        seen: dict[str, Any] = place.evaluate(script)
        if holds(seen):
            break
        place.page.wait_for_timeout(50)
    return seen


def test_a_long_report_scrolls_with_headers_labels_and_totals_in_view(page: Page, site: Site) -> None:
    last = date(2025, 6, 30)
    ask(page, ("date", "package"), end=last)
    result = engine_says(site.settings, question(("date", "package"), end=last))
    expected = written(result)
    assert len(result.rows) > 1000
    grid = page.locator("#report-grid")
    # Only a window of the rows is on the page, whatever the length.
    assert len(texts(page)) < 100
    # On a very tall screen more rows are needed than the table was drawn with.
    for height, share in ((2600, 0.61), (900, 0.37), (900, 1.0)):
        page.set_viewport_size({"width": 1280, "height": height})
        grid.evaluate("(grid, share) => { grid.scrollTop = (grid.scrollHeight - grid.clientHeight) * share; }", share)
        page.wait_for_function(_FILLED)
        seen = _once(grid, _IN_VIEW, lambda seen: seen["headInView"] and seen["footInView"])
        assert seen["headInView"]
        assert seen["footInView"]
        assert len(seen["rows"]) > height / 60
        for place, row in seen["rows"]:
            assert row == expected[place]
    assert seen["rows"][-1][0] == len(result.rows) - 1
    assert texts(page)[-1] == expected[-1]
    # Whatever the renderer draws anew, every cell on the page says what its row says.
    page.get_by_role("button", name="Columns", exact=True).click()
    page.get_by_role("checkbox", name="Clients - Active", exact=True).uncheck()
    expect(table(page).locator("tr:nth-child(2) th")).to_have_count(2 + len(METRICS) - 4)
    page.get_by_role("checkbox", name="Clients - Active", exact=True).check()
    expect(table(page).locator("tr:nth-child(2) th")).to_have_count(2 + len(METRICS))
    page.keyboard.press("Escape")
    assert texts(page)[:-1] == expected[-1 - (len(texts(page)) - 1) : -1]
    # The labels stay when the figures are scrolled sideways.
    grid.evaluate("(grid) => { grid.scrollLeft = 900; }")
    left = "(grid) => grid.querySelector('tr:nth-child(5) td').getBoundingClientRect().left"
    assert abs(grid.evaluate(left) - grid.evaluate("(grid) => grid.getBoundingClientRect().left")) < 2
    # A shorter report after it takes nothing over from the window that was shown.
    page.get_by_role("button", name="Edit", exact=True).click()
    ask(page, ("date", "package"), end=date(2024, 1, 9))
    assert texts(page) == written(engine_says(site.settings, question(("date", "package"), end=date(2024, 1, 9))))
    assert_accessible(page)


def test_a_report_without_rows_says_why(page: Page) -> None:
    fill_form(page, ("month",), date(1990, 1, 1), date(1990, 12, 31))
    page.get_by_role("button", name="Query", exact=True).click()
    expect(page.locator("#report-stage")).to_have_class("report is-empty")
    expect(page.locator("#report-notice")).to_contain_text("choose a later period")
    expect(table(page)).to_be_hidden()
    assert_accessible(page)
    # It offers the period that has data, and asks for it.
    with page.expect_response("**/_dash-update-component*"):
        page.get_by_role("button", name=re.compile(r"^Query \d")).click()
    expect(page.locator("#period-from")).to_have_value("2023-09-23")
    expect(page.locator("#period-to")).to_have_value("2025-08-05")
    # Of the golden data set no rate reaches back so far: that this is said shows that it was asked.
    expect(page.locator("#problem-currency")).to_contain_text("No exchange rate for KWD on or before 2023-11-10")


@pytest.fixture
def endless_reports(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Reports whose query would take the engine years; the list tells how each of them ended."""
    ended: list[str] = []

    def run_forever(warehouse: Any, query: Any, user: Any, *, watch: Any, **options: Any) -> ReportResult:
        watch.stage("Counting to a very large number")
        with warehouse.read() as reading:
            watch.watch(reading)
            try:
                reading.connection.execute(
                    sa.text(
                        "SELECT count(*) FROM range(100000000) AS a(x), range(100000000) AS b(y) WHERE x * y % 7 = 3"
                    )
                ).all()
            except Exception as fault:
                ended.append(type(fault).__name__)
                raise
            finally:
                watch.watch(None)
        raise AssertionError("the query came to an end")

    monkeypatch.setattr(reports, "run_report", run_forever)
    return ended


def test_a_running_query_shows_progress_and_is_really_stopped(page: Page, endless_reports: list[str]) -> None:
    fill_form(page)
    query = page.get_by_role("button", name="Query", exact=True)
    query.click()
    expect(page.get_by_text("Counting to a very large number")).to_be_visible()
    expect(query).to_be_disabled()
    assert_accessible(page)
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.get_by_text("The query was cancelled")).to_be_visible()
    expect(query).to_be_enabled()
    expect(page.get_by_role("button", name="Cancel", exact=True)).to_be_hidden()
    # The statement failed inside the engine: nothing goes on behind the person's back.
    assert len(endless_reports) == 1


def test_a_second_click_does_not_run_it_twice(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[str] = []
    go_on = threading.Event()
    real = reports.run_report

    def slow(*arguments: Any, **options: Any) -> ReportResult:
        runs.append("run")
        go_on.wait(10)
        return real(*arguments, **options)

    monkeypatch.setattr(reports, "run_report", slow)
    fill_form(page)
    query = page.get_by_role("button", name="Query", exact=True)
    query.dblclick()
    query.evaluate("(button) => button.click()")
    expect(page.get_by_role("button", name="Cancel", exact=True)).to_be_visible()
    go_on.set()
    expect(page.locator("#report-stage")).to_have_class("report is-shown")
    page.wait_for_load_state("networkidle")
    assert runs == ["run"]


def test_a_click_right_after_an_answer_asks_again(page: Page) -> None:
    ask(page)  # from now on answers come from the cache, and at once
    links = page.evaluate(
        """async () => {
            const query = document.getElementById("form-query");
            const links = [location.search];
            for (let press = 0; press < 5; press += 1) {
                while (query.disabled) await new Promise((later) => setTimeout(later, 1));
                query.click();
                while (links.includes(location.search)) await new Promise((later) => setTimeout(later, 1));
                links.push(location.search);
            }
            return links;
        }"""
    )
    assert len(set(links)) == 6


def test_a_missing_rate_is_said_in_a_sentence_and_the_page_lives_on(page: Page) -> None:
    ask(page)
    before = texts(page)
    page.get_by_role("button", name="Edit", exact=True).click()
    page.evaluate("dash_clientside.set_props('output-currency', { value: 'XAU' })")
    page.get_by_role("button", name="Query", exact=True).click()
    expect(page.get_by_text("No exchange rate for XAU")).to_be_visible()
    expect(page.get_by_role("button", name="Query", exact=True)).to_be_enabled()
    assert texts(page) == before
    page.evaluate("dash_clientside.set_props('output-currency', { value: 'EUR' })")
    ask(page, ("year",))
    assert len(texts(page)) == LAST.year - 2024 + 2


def test_print_gives_the_whole_report_dark_on_white_and_one_page_wide(
    new_page: Callable[..., Page], site: Site
) -> None:
    page = new_page(color_scheme="dark")
    ask(page, ("date",))
    page.get_by_role("button", name="Show Chart").click()
    page.get_by_role("button", name="Pay As You Go: Total", exact=True).click()
    bars = page.locator(".chart-plot .area, .chart-plot .fills path, .chart-plot .point path").first
    expect(bars).to_be_attached()
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 980, "height": 700})  # between the margins of a Letter page on its side
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    printed = page.locator(".printed tbody tr")
    result = engine_says(site.settings, question(("date",)))
    expect(printed).to_have_count(len(result.rows) + 1)
    assert [row.split("\t") for row in printed.all_inner_texts()[-1:]] == written(result)[-1:]
    for name in ("Columns", "Copy link", "Export to CSV"):
        expect(page.get_by_role("button", name=name, exact=True)).to_be_hidden()
    table_width, page_width = page.evaluate(
        "[document.querySelector('.printed').offsetWidth, document.documentElement.scrollWidth]"
    )
    assert table_width <= page_width <= 980
    # Paper is white: what is on it is as dark as in the light theme, charts too.
    assert page.locator(".printed td").first.evaluate("(cell) => getComputedStyle(cell).color") == "rgb(27, 31, 36)"
    title = page.locator(".chart-plot .ytitle").first
    assert title.evaluate("(text) => getComputedStyle(text).fill") == "rgb(84, 92, 103)"
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    expect(page.locator(".printed")).to_have_count(0)
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    expect(title).to_have_css("fill", "rgb(174, 182, 193)")


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark")])
def test_the_report_is_whole_on_a_phone_and_in_the_dark(new_page: Callable[..., Page], width: int, scheme: str) -> None:
    page = new_page(viewport={"width": width, "height": 780}, color_scheme=scheme, has_touch=width < 640)
    ask(page, ("month", "package"))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    grid = page.locator("#report-grid")
    grid.evaluate("(grid) => { grid.scrollLeft = 400; }")
    edges = grid.evaluate(
        "(grid) => Array.from(grid.querySelectorAll('tr:nth-child(4) td'), (cell) => cell.getBoundingClientRect().left)"
    )
    # On a phone only the first column stays: the second would leave no room for figures.
    assert edges[0] >= 0
    assert (edges[1] < 0) == (width < 640)
    if width < 640:
        info = page.get_by_role("button", name="Info", exact=True)
        info.tap()
        expect(page.locator("#report-info-text")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert_accessible(page)
        info.tap()
        expect(page.locator("#report-info-text")).to_be_hidden()
    assert_accessible(page)
