"""People in a real browser: who is let in, where they arrive, and what their role and company let them see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import pytest
from playwright.sync_api import Page, expect

from data.access import OPERATOR
from data.report.period import Bound
from data.report.query import ReportQuery
from data.report.run import run_report
from data.store.records import open_records
from data.warehouse.engines import open_warehouse
from tests.browser.conftest import Site, assert_accessible

PASSWORD = "correct horse battery"
QUERY = ReportQuery(start=Bound(date(2024, 1, 1)), end=Bound(date(2024, 3, 31)), group_by=("month",))


@pytest.fixture
def site(serve: Callable[..., Site], golden_warehouse: str) -> Site:
    """An application with accounts, instead of one without."""
    found = serve(warehouse_url=golden_warehouse, sign_in="password", answer_first=1)
    records = open_records(found.settings)
    make = records.users.create
    make(OPERATOR, "boss@example.com", "Boss", "Administrator", password=PASSWORD)
    make(OPERATOR, "rita@example.com", "Rita", "Viewer", reseller_id=2, parents={2: None}, password=PASSWORD)
    records.database.close()
    return found


@pytest.fixture
def link(site: Site) -> str:
    """The address of a report that the operator's administrator shared."""
    records = open_records(site.settings)
    boss = records.users.by_email("boss@example.com")
    assert boss is not None
    result = run_report(open_warehouse(site.settings), QUERY, boss, as_of=datetime(2024, 7, 1))
    made = records.snapshots.copy(records.snapshots.freeze(result, boss).id, boss, None)
    records.database.close()
    return f"/view?id={made.id}"


def sign_in(page: Page, email: str) -> None:
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")


def test_a_link_followed_signed_out_is_arrived_at_and_shows_what_the_role_lets_see(
    new_page: Callable[..., Page], link: str
) -> None:
    page = new_page(link)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert_accessible(page)
    sign_in(page, "rita@example.com")
    page.wait_for_url(f"**{link}")
    expect(page.locator("#report-table")).to_contain_text("Clients - All")
    # The frozen report is the whole company's, for whoever may open it; its money is not for a Viewer.
    expect(page.locator("#report-table")).not_to_contain_text("Balance Pos")
    expect(page.locator("#report-table")).not_to_contain_text("Total of")
    for gone in ("Export to CSV", "Export to XLSx", "Copy link"):
        expect(page.get_by_role("button", name=gone)).to_have_count(0)


def test_a_person_sees_what_their_role_lets_them_and_leaves_by_keyboard(new_page: Callable[..., Page]) -> None:
    page = new_page("/account")
    sign_in(page, "rita@example.com")
    expect(page.get_by_text("Your role lets you view reports.")).to_be_visible()
    expect(page.get_by_role("link", name="Users")).to_have_count(0)
    page.get_by_role("button", name="Sign out", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto("/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
