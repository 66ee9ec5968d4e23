"""The table works like a sheet: what is selected is told, rows are filtered, keys do everything."""

from __future__ import annotations

from decimal import Decimal

from playwright.sync_api import Locator, Page, expect

from data.report.catalog import METRICS
from data.words.numerals import numerals
from tests.browser.acts import LINK, ask, engine_says, question, table, texts
from tests.browser.conftest import Site, assert_accessible, settled

PLACE = {metric.id: place for place, metric in enumerate(METRICS)}


def cell(page: Page, row: int, column: str) -> Locator:
    return table(page).locator("tr").nth(2 + row).locator(f"td[data-dash-column={column}]")


def test_the_status_strip_adds_what_adds_up_and_says_what_does_not(page: Page, site: Site) -> None:
    ask(page)
    rows = engine_says(site.settings, question()).rows
    status = page.locator("#report-status")
    cell(page, 0, "payg_total").click()
    expect(status).to_have_text("1 cell")
    cell(page, 3, "payg_total").click(modifiers=["Shift"])
    sum_ = sum((Decimal(str(row.figures[PLACE["payg_total"]])) for row in rows[:4]), Decimal(0))
    mean = (sum_ / 4).quantize(Decimal("0.01"), rounding="ROUND_HALF_UP")
    write = numerals("en-GB").write
    expect(status).to_have_text(f"4 cells · sum {write(sum_, 2)} · average {write(mean, 2)}")
    cell(page, 3, "payg_active_avg").click(modifiers=["Shift"])
    expect(status).to_have_text("8 cells · no sum: averages do not add up")
    cell(page, 0, "clients_all_qty").click()
    cell(page, 1, "clients_all_qty").click(modifiers=["Shift"])
    expect(status).to_have_text("2 cells · no sum: clients and balances of different times do not add up")
    # The totals are no row: they are not added to what they are the total of.
    cell(page, 0, "packages_renew_qty").click()
    cell(page, 6, "packages_renew_qty").click(modifiers=["Shift"])
    count = sum(int(str(row.figures[PLACE["packages_renew_qty"]])) for row in rows)
    expect(status).to_contain_text(f"7 cells · sum {write(count, 0)} · ")
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(status).to_have_text("")


def test_rows_are_filtered_by_their_labels(page: Page, site: Site) -> None:
    ask(page, ("date",))
    rows = engine_says(site.settings, question(("date",))).rows
    page.locator("body").press("/")
    field = page.get_by_role("searchbox", name="Rows with")
    expect(field).to_be_focused()
    field.fill("-03-1")
    expect(page.locator(".find-told")).to_have_text(f"10 of {len(rows)} rows")
    expect(table(page).locator("tr")).to_have_count(2 + 10 + 1)
    assert [row[0] for row in texts(page)] == [*(f"2024-03-{day}" for day in range(10, 20)), "Total"]
    # Sorted they stay those.
    table(page).get_by_role("button", name="Date", exact=True).click()
    table(page).get_by_role("button", name="Date", exact=True).click()
    expect(table(page).locator("td").first).to_have_text("2024-03-19")
    assert len(texts(page)) == 11
    assert_accessible(page)
    field.press("Escape")
    expect(field).to_be_hidden()
    expect(table(page).locator("td").first).to_have_text(rows[-1].labels[0] or "")
    # The tool shows it too, for pointer and touch.
    page.get_by_role("button", name="Filter rows", exact=True).click()
    expect(field).to_be_focused()
    field.fill("nothing such")
    expect(table(page).locator("tr")).to_have_count(2 + 1)


def test_the_table_is_one_stop_for_tab_with_arrows_inside(page: Page) -> None:
    ask(page)
    grid = page.locator("#report-grid")
    assert grid.locator("[tabindex='0']:visible").count() == 0
    grid.focus()
    page.keyboard.press("ArrowDown")
    expect(table(page).locator("td[data-selected]")).to_have_count(1)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    head = table(page).locator("tr:nth-child(2) th[data-dash-column=clients_active_qty]")
    expect(head.locator(".column-header-name")).to_be_focused()
    # Of figures the largest come first.
    page.keyboard.press("Enter")
    expect(head).to_have_attribute("aria-sort", "descending")
    settled(page)
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Unfold Clients - Active")).to_be_visible()
    settled(page)
    page.keyboard.press("ArrowDown")
    expect(head).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(grid).to_be_focused()
    expect(table(page).locator("td[data-selected]")).to_have_count(1)


def test_keys_of_the_page(page: Page) -> None:
    page.locator("body").press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    ask(page)
    page.locator("body").press("e")
    expect(page.get_by_label("Period", exact=True)).to_be_focused()
    before = page.url
    page.keyboard.press("Control+Enter")
    expect(page).not_to_have_url(before)
    expect(page).to_have_url(LINK)
    expect(page.locator("#form-panel")).to_have_class("form folded")
    page.locator("body").press("f")
    expect(page.get_by_role("combobox", name="Search filters")).to_be_focused()
    # Typed into a field they are letters.
    page.keyboard.press("e")
    expect(page.get_by_role("combobox", name="Search filters")).to_have_value("e")
