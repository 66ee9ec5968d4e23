"""The page that answers first: what somebody sees before they have touched anything."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.acts import table
from tests.browser.conftest import Site, assert_accessible, settled
from tests.conftest import load_folder


@pytest.fixture(scope="module")
def living_company(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a warehouse of one client who refills and pays on the first and the second of each month, till now."""
    folder = tmp_path_factory.mktemp("living")
    months, day = [], datetime.now(UTC).replace(day=1, hour=12, minute=0, second=0, microsecond=0)
    for _ in range(15):
        months.append(day)
        day = (day - timedelta(days=1)).replace(day=1)
    rows = []
    for place, first in enumerate(reversed(months)):
        rows.append(f"{len(rows) + 1},1,{first.isoformat()},refill,{10 * (place + 1)},")
        rows.append(f"{len(rows) + 1},1,{(first + timedelta(minutes=1)).isoformat()},usage,-4,")
    files = {
        "resellers": "id,name,parent_id\n1,Acme,\n",
        "clients": "id,name,type,owner_id,currency,created_at,closed_at\n1,Ann,client,1,EUR,2020-01-01T00:00:00Z,\n",
        "packages": "id,name\n",
        "transactions": "id,client_id,at,kind,amount,package_id\n" + "\n".join(rows) + "\n",
    }
    for name, text in files.items():
        (Path(folder) / f"{name}.csv").write_text(text)
    url = f"duckdb:///{tmp_path_factory.mktemp('living-warehouse') / 'warehouse.duckdb'}"
    load_folder(url, folder)
    return url


@pytest.fixture
def site(serve: Callable[..., Site], living_company: str) -> Iterator[Site]:
    """An application that answers first."""
    return serve(warehouse_url=living_company, answer_first=1)


def figures(page: Page) -> list[str]:
    return page.locator(".headline-figure").all_inner_texts()


def test_a_first_visit_shows_an_answer(new_page: Callable[..., Page]) -> None:
    page = new_page("/healthz")
    page.goto("/")
    expect(page.locator("#report-stage")).to_have_class("report is-shown")
    expect(page.locator("#form-summary")).to_contain_text("Last 12 months, Europe/Kyiv, by Month")
    # Fifteen months of refills of 10, 20, … 150: the last one is still running, so the last whole one had 140.
    assert figures(page) == ["1", "140.00 EUR", "4.00 EUR", "0.00 EUR"]
    expect(page.locator(".headline-change").nth(1)).to_have_text(re.compile(r"^\+7\.7\s% against "))
    assert page.locator(".headline-line polyline").count() == 4
    assert table(page).locator("tbody tr").count() == 2 + 12 + 1
    assert_accessible(page)
    # Nobody asked: the page is still at its own address, opened anew it answers anew, and nothing has the focus.
    assert page.evaluate("location.pathname") == "/"
    assert page.evaluate("document.activeElement.tagName") == "BODY"
    page.reload()
    expect(page.locator("#report-stage")).to_have_class("report is-shown")
    # What somebody asks themselves has an address, and no figures on top that would push it down.
    page.get_by_role("button", name="Edit", exact=True).click()
    page.get_by_role("button", name="Query", exact=True).click()
    expect(page).to_have_url(re.compile(r"/view\?id="))
    expect(page.locator(".headlines-list")).to_have_count(0)
    settled(page)
    # Their last question is answered at the next visit.
    page.goto("/")
    expect(page.locator(".headlines-list")).to_be_visible()


def first_press(route: Route) -> bool:
    """Whether a request asks for the answer that the page begins with."""
    return '"first":true' in (route.request.post_data or "")


def test_from_the_first_paint_words_stand_where_the_answer_will_be(new_page: Callable[..., Page]) -> None:
    page = new_page("/healthz")
    layouts: list[Route] = []
    presses: list[Route] = []

    def hold_layout(route: Route) -> None:
        layouts.append(route)

    def hold_press(route: Route) -> None:
        if first_press(route):
            presses.append(route)
        else:
            route.continue_()

    page.route("**/_dash-layout", hold_layout)
    page.route("**/_dash-update-component*", hold_press)
    page.goto("/", wait_until="domcontentloaded")
    expect(page.get_by_text("The page is on its way")).to_be_visible()
    while not layouts:
        page.wait_for_timeout(20)
    layouts[0].continue_()
    expect(page.get_by_text("The page is on its way")).to_be_hidden()
    expect(page.locator("#report-progress")).to_contain_text("Asking")
    expect(page.locator("#report-progress .skeleton-figures")).to_be_visible()
    expect(page.get_by_role("button", name="Query", exact=True)).to_be_hidden()
    while not presses:
        page.wait_for_timeout(20)
    presses[0].continue_()
    expect(page.locator("#report-stage")).to_have_class("report is-shown")


def test_a_first_answer_that_does_not_come_gives_the_form_back(new_page: Callable[..., Page]) -> None:
    page = new_page("/healthz")

    def lose_press(route: Route) -> None:
        if first_press(route):
            route.fulfill(status=204)
        else:
            route.continue_()

    page.route("**/_dash-update-component*", lose_press)
    page.goto("/")
    expect(page.get_by_role("button", name="Query", exact=True)).to_be_visible()
    expect(page.get_by_text("Set a period and press Query.")).to_be_visible()
