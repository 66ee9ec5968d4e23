"""Stories of templates: a question saved once and asked often."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import assert_accessible, settled
from tests.browser.test_form import add_filter, ask, choose, set_dates


def save(page: Page, title: str, *options: str) -> None:
    page.get_by_role("button", name="Save Query").click()
    dialog = page.get_by_role("dialog", name="New Template")
    expect(dialog.get_by_label("Title")).to_be_focused()
    dialog.get_by_label("Title").fill(title)
    for option in options:
        dialog.get_by_label(option).check()
    dialog.get_by_role("button", name="Save Template").click()
    expect(dialog).to_be_hidden()


def menu(page: Page) -> Locator:
    """The open Load Query menu."""
    page.get_by_role("button", name="Load Query", exact=True).click()
    return page.get_by_role("dialog", name="Load Query")


def test_saved_found_loaded(page: Page, new_page: Callable[..., Page]) -> None:
    expect(page.get_by_role("button", name="Load Query", exact=True)).to_have_count(0)
    add_filter(page, "Package")
    choose(page, "Package", "Gold")
    page.get_by_label("Period", exact=True).select_option("Last month")
    page.get_by_role("button", name="Save Query").click()
    dialog = page.get_by_role("dialog", name="New Template")
    expect(dialog).to_contain_text("The period moves with the day it is run on.")
    assert_accessible(page)
    dialog.get_by_label("Title").fill("Gold")
    dialog.get_by_label("Description").fill("What gold brings")
    dialog.get_by_label("Everyone").check()
    dialog.get_by_role("button", name="Save Template").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Remove Package", exact=True).click()
    set_dates(page, "2024-01-01", "2024-03-31")
    save(page, "First quarter")

    other = new_page()
    listed = menu(other)
    expect(listed.get_by_role("listitem")).to_have_count(2)
    expect(listed).to_contain_text("Fixed period: 2024-01-01 to 2024-03-31")
    expect(listed).to_contain_text("Last month, moves with the day")
    assert_accessible(other)
    listed.get_by_label("Search templates").fill("brings")
    expect(listed.get_by_role("listitem")).to_have_count(1)
    listed.get_by_role("button", name="Gold What gold brings").click()
    expect(other.get_by_role("button", name="Remove Gold")).to_be_visible()
    expect(other.get_by_label("Period", exact=True)).to_have_value("last_month")
    expect(other.get_by_text("Loaded “Gold”.")).to_be_visible()


def test_one_that_runs_at_once_shows_its_report(page: Page) -> None:
    set_dates(page, "2024-01-01", "2024-03-31")
    save(page, "Now", "Run at once when loaded")
    page.get_by_role("button", name="Reset").click()
    expect(page.get_by_label("Period", exact=True)).to_have_value("last_12_months")
    menu(page).get_by_label("Search templates").press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Edit", exact=True)).to_be_visible()
    expect(page.locator("#form-summary")).to_contain_text("Jan–Mar 2024")


def test_columns_go_along(page: Page) -> None:
    set_dates(page, "2024-01-01", "2024-03-31")
    ask(page)
    table = page.get_by_role("region", name="Report table")
    expect(table.get_by_text("Activation Qty", exact=True).first).to_be_visible()
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("group", name="Columns", exact=True).get_by_label("Activation Qty").uncheck()
    page.keyboard.press("Escape")
    expect(table.get_by_text("Activation Qty", exact=True)).to_have_count(0)
    save(page, "Fewer columns", "The columns shown now go along")
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("group", name="Columns", exact=True).get_by_label("Activation Qty").check()
    page.keyboard.press("Escape")
    expect(table.get_by_text("Activation Qty", exact=True).first).to_be_visible()
    menu(page).get_by_role("button", name="Fewer columns Fixed").click()
    expect(table.get_by_text("Activation Qty", exact=True)).to_have_count(0)


def test_edited_copied_deleted_and_brought_back(page: Page) -> None:
    save(page, "Daily")
    menu(page).get_by_role("button", name="Edit Daily").click()
    dialog = page.get_by_role("dialog", name="Edit Template")
    dialog.get_by_label("Title").fill("")
    dialog.get_by_role("button", name="Save Template").click()
    expect(dialog.get_by_text("The title is empty")).to_be_visible()
    assert_accessible(page)
    dialog.get_by_label("Title").fill("Weekly")
    dialog.get_by_label("Title").press("Enter")
    expect(dialog).to_be_hidden()
    listed = menu(page)
    listed.get_by_role("button", name="Duplicate Weekly").click()
    expect(listed.get_by_role("listitem")).to_have_count(2)
    listed.get_by_role("button", name="Delete Weekly (copy)").click()
    expect(listed.get_by_role("listitem")).to_have_count(1)
    expect(page.get_by_text("“Weekly (copy)” is deleted.")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Undo").click()
    expect(menu(page).get_by_role("listitem")).to_have_count(2)
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Load Query", exact=True)).to_be_focused()


def test_my_default_opens_the_form(page: Page) -> None:
    set_dates(page, "2024-01-01", "2024-03-31")
    save(page, "Mine")
    listed = menu(page)
    listed.get_by_role("button", name="Set Mine as my default").click()
    expect(listed.get_by_role("button", name="Stop Mine being my default")).to_be_visible()
    page.keyboard.press("Escape")
    page.reload()
    settled(page)
    expect(page.get_by_label("From", exact=True)).to_have_value("2024-01-01")
    page.get_by_label("Period", exact=True).select_option("Today")
    page.get_by_role("button", name="Reset").click()
    expect(page.get_by_label("From", exact=True)).to_have_value("2024-01-01")


def test_my_default_brings_its_columns_and_charts(page: Page) -> None:
    set_dates(page, "2024-01-01", "2024-03-31")
    ask(page)
    table = page.get_by_role("region", name="Report table")
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("group", name="Columns", exact=True).get_by_label("Activation Qty").uncheck()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Show Chart").click()
    page.get_by_text("Balance Refill: Total", exact=True).last.click()
    chart = page.locator("#chart-panel").get_by_text("Balance Refill: Total").first
    expect(chart).to_be_visible()
    save(page, "Mine", "The columns shown now go along", "The charts shown now go along")
    menu(page).get_by_role("button", name="Set Mine as my default").click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("group", name="Columns", exact=True).get_by_label("Activation Qty").check()
    settled(page)
    page.goto("/")
    ask(page)
    expect(chart).to_be_visible()
    expect(table.get_by_text("Activation Qty", exact=True)).to_have_count(0)
    expect(table.get_by_text("Renew Qty", exact=True).first).to_be_visible()


def test_the_dialog_by_keyboard(page: Page) -> None:
    button = page.get_by_role("button", name="Save Query")
    button.press("Enter")
    dialog = page.get_by_role("dialog", name="New Template")
    expect(dialog.get_by_label("Title")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(button).to_be_focused()
