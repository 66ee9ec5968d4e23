"""The report on a phone, and on a laptop at twice its size."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from data.report.catalog import GROUPS, METRICS
from tests.browser.acts import ask, table
from tests.browser.conftest import assert_accessible, settled

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
TWICE = {"viewport": {"width": 640, "height": 400}, "device_scale_factor": 2}


def link(page: Page) -> str:
    """Ask, and give the address of the report."""
    ask(page)
    return page.url


def rows_in_view(page: Page) -> int:
    """Whole rows of figures between the headers, the totals and the edge of the screen."""
    found: int = page.evaluate(
        """() => {
            const rows = Array.from(document.querySelectorAll("#report-table tr")).filter((row) => row.offsetHeight);
            const body = rows.filter((row) => row.querySelector("td") && !row.classList.contains("is-pinned"));
            const foot = rows[rows.length - 1].querySelector("td").getBoundingClientRect().top;
            const end = Math.min(foot, innerHeight);
            return body.filter((row) => row.getBoundingClientRect().bottom <= end + 1).length;
        }"""
    )
    return found


def columns_seen(page: Page) -> list[str]:
    """Ids of the columns that can be seen, in their order."""
    found: list[str] = page.evaluate(
        """() => Array.from(document.querySelectorAll("#report-table tr:nth-child(2) th"))
            .filter((head) => head.offsetWidth).map((head) => head.dataset.dashColumn)"""
    )
    return found


def test_on_a_phone_a_links_data_begins_in_the_first_200_pixels(page: Page, new_page: Callable[..., Page]) -> None:
    phone = new_page(link(page), **PHONE)
    expect(phone.locator("#report-stage")).to_have_class("report is-shown is-opened")
    settled(phone)
    first = phone.locator("#report-table tr:nth-child(3) td").first.bounding_box()
    assert first is not None
    assert first["y"] <= 200, first
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    # Whatever is there to be touched can be.
    small = phone.evaluate(
        """() => Array.from(document.querySelectorAll("button, select, a.brand ~ *, th[aria-sort]"))
            .filter((item) => item.offsetWidth > 1 && item.getClientRects().length)
            .filter((item) => item.getBoundingClientRect().height < 40)
            .map((item) => item.outerHTML.slice(0, 120))"""
    )
    assert small == []
    assert_accessible(phone)


@pytest.mark.parametrize("screen", [PHONE, TWICE], ids=["phone", "twice"])
def test_one_group_of_columns_at_a_time(new_page: Callable[..., Page], screen: dict[str, object]) -> None:
    page = new_page(**screen)
    ask(page)
    of = {group: [metric.id for metric in METRICS if metric.group == group] for group in GROUPS}
    assert columns_seen(page) == ["month", *of["Clients - Active"]]
    tab = page.get_by_role("group", name="Group of columns").get_by_role("button", name="Balance Refill")
    tab.tap() if screen is PHONE else tab.press("Enter")
    expect(tab).to_have_attribute("aria-pressed", "true")
    assert columns_seen(page) == ["month", *of["Balance Refill"]]
    # Arrows walk through what can be seen.
    page.locator("#report-table td[data-dash-column=month]").first.click()
    page.keyboard.press("ArrowRight")
    expect(table(page).locator("td[data-selected]")).to_have_attribute("data-dash-column", of["Balance Refill"][0])
    page.keyboard.press("ArrowLeft")
    expect(table(page).locator("td[data-selected]")).to_have_attribute("data-dash-column", "month")
    # On a wide screen all groups are there, under their names.
    page.set_viewport_size({"width": 1280, "height": 900})
    assert columns_seen(page) == ["month", *(metric.id for metric in METRICS)]


def test_at_twice_the_size_five_rows_show(new_page: Callable[..., Page]) -> None:
    page = new_page(**TWICE)
    ask(page)
    settled(page)
    page.evaluate("scrollTo(0, 0)")
    assert rows_in_view(page) >= 5
    assert_accessible(page)


def test_form_and_tools_are_behind_a_button_each(new_page: Callable[..., Page]) -> None:
    page = new_page(**PHONE)
    ask(page)
    columns = page.get_by_role("button", name="Columns", exact=True)
    expect(columns).to_be_hidden()
    page.get_by_role("button", name="Tools", exact=True).tap()
    columns.tap()
    expect(page.get_by_role("group", name="Columns", exact=True)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Edit", exact=True).tap()
    expect(page.get_by_label("Period", exact=True)).to_be_visible()
