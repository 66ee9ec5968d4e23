"""Sharing in real browsers: two people, data that changes meanwhile, damage, My links, and what differs now."""

from __future__ import annotations

import csv
import re
import shutil
import sqlite3
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from data.report.catalog import METRICS
from data.words.dates import month_words
from data.words.numerals import numerals
from tests.browser.acts import LINK, ask, engine_says, question, table, texts
from tests.browser.conftest import GOLDEN, Site, Watch, assert_accessible
from tests.conftest import load_folder

CLIENT, REFILL = 900_001, 900_001


@pytest.fixture
def golden_warehouse(golden_warehouse: str, tmp_path: Path) -> str:
    """A copy of the warehouse of this story's own, since its data changes."""
    live = Path(golden_warehouse.removeprefix("duckdb:///"))
    shutil.copytree(live.parent, tmp_path / "own", symlinks=True)
    return f"duckdb:///{tmp_path / 'own' / live.name}"


def change_data(site: Site, folder: Path) -> None:
    """Load a new client who refilled 1,000 EUR in March 2024."""
    folder.mkdir()
    with (GOLDEN / "clients.csv").open(encoding="utf-8", newline="") as file:
        clients = list(csv.DictReader(file))
    owner = clients[0]["owner_id"]
    with (folder / "clients.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, clients[0].keys())
        writer.writeheader()
        writer.writerow(
            dict.fromkeys(clients[0], "")
            | {"id": CLIENT, "name": "New", "type": "client", "owner_id": owner, "currency": "EUR"}
            | {"created_at": "2024-03-05T00:00:00Z", "closed_at": ""}
        )
    (folder / "transactions.csv").write_text(
        f"id,client_id,at,kind,amount,package_id\n{REFILL},{CLIENT},2024-03-06T00:00:00Z,refill,1000.00,\n"
    )
    load_folder(site.settings.warehouse, folder)


def copied(page: Page) -> str:
    """Press Copy link; the path that is on the clipboard then."""
    page.evaluate("navigator.clipboard.writeText('nothing')")
    page.get_by_role("button", name="Copy link", exact=True).click()
    expect(page.get_by_text("Link copied", exact=True)).to_be_visible()
    text: str = page.evaluate("navigator.clipboard.readText()")
    assert text == page.url
    assert LINK.search(text)
    return text[text.index("/view") :]


def test_what_is_shared_never_changes(new_page: Callable[..., Page], site: Site, tmp_path: Path) -> None:
    first = new_page()
    ask(first)
    first.get_by_role("button", name="Columns", exact=True).click()
    first.get_by_role("checkbox", name="Pay As You Go", exact=True).uncheck()
    first.keyboard.press("Escape")
    head = table(first).locator("th[data-dash-column=balance_refill_total][aria-sort]")
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "descending")
    first.wait_for_load_state("networkidle")
    shown = texts(first)
    link = copied(first)
    assert_accessible(first)

    then = engine_says(site.settings, question())
    change_data(site, tmp_path / "change")
    assert engine_says(site.settings, question()).totals != then.totals
    second = new_page(link)
    expect(second.locator("#report-stage")).to_have_class("report is-shown is-opened")
    assert texts(second) == shown
    assert table(second).locator("tr:nth-child(2) th").count() == len(METRICS) + 1 - 2
    expect(table(second).locator("th[data-dash-column=balance_refill_total][aria-sort]")).to_have_attribute(
        "aria-sort", "descending"
    )
    expect(second.locator("#page-banner")).to_contain_text(
        re.compile(r"Data as of \d+ \w+ \d{4}, \d\d:\d\d.* UTC · shared by Operator")
    )
    expect(second.get_by_role("button", name="Edit", exact=True)).to_be_visible()
    expect(second.locator("#form-summary")).to_have_text("Jan–Jun 2024, UTC, by Month, EUR, active 1 month")
    expect(second).to_have_title("By Month, Jan–Jun 2024 · Customer Dynamics")
    expect(second.get_by_role("list", name="Question").get_by_role("listitem")).to_have_text(
        ["by Month", "UTC", "active 1 month"]
    )
    second.get_by_role("button", name="Info", exact=True).hover()
    expect(second.locator("#report-info-text")).to_contain_text("Administrator")
    assert_accessible(second)
    # Paper tells the question, the moment and the link.
    second.emulate_media(media="print")
    told = second.locator("#report-told > span")
    expect(told.first).to_be_visible()
    expect(told).to_have_text(
        [re.compile("^Jan–Jun 2024, UTC, by Month"), re.compile("^Data as of"), f"{site.url}{link}"]
    )
    second.emulate_media(media="screen")

    # Even with the warehouse gone the frozen report is shown, and exported.
    shutil.rmtree(Path(site.settings.warehouse.removeprefix("duckdb:///")).parent)
    third = new_page(link)
    expect(third.locator("#report-stage")).to_have_class("report is-shown is-opened")
    assert texts(third) == shown
    with third.expect_download() as downloading:
        third.get_by_role("button", name="Export to CSV", exact=True).click()
    lines = downloading.value.path().read_text("utf-8-sig").splitlines()
    labels = [line.split(",")[0].removesuffix(" of Jan–Jun 2024") for line in lines[2:]]
    # The page writes months as people do, files as machines read them.
    months = {month_words(date.fromisoformat(f"2024-0{month}-01"), "en-GB"): f"2024-0{month}" for month in range(1, 7)}
    assert labels[: len(shown)] == [months.get(row[0], row[0]) for row in shown]


def test_run_again_marks_what_differs(new_page: Callable[..., Page], site: Site, tmp_path: Path) -> None:
    first = new_page()
    ask(first)
    then = engine_says(site.settings, question())
    link = copied(first)
    change_data(site, tmp_path / "change")
    now = engine_says(site.settings, question())

    page = new_page(link)
    page.get_by_role("button", name="Run again now", exact=True).click()
    fresh = table(page, "Fresh report table")
    expect(fresh).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="Different:")).to_be_visible()
    place = [metric.id for metric in METRICS].index("balance_refill_total")
    assert then.totals is not None
    assert now.totals is not None
    was, is_ = then.totals[place], now.totals[place]
    assert is_ - was == Decimal("1000.00")  # type: ignore[operator]
    english = numerals("en-GB")
    after = {row[0].split("\n")[0]: row for row in texts(page, "Fresh report table")}
    before = {row[0].split("\n")[0]: row for row in texts(page)}
    # In rows, in sums of rows and in totals the difference stands in words beside the figure.
    for row in ("Mar 2024", "Sum of rows", "Total"):
        assert after[row][place + 1].endswith("\n+1,000.00")
        assert "now" in before[row][place + 1]
    assert after["Total"][place + 1] == f"{english.write(is_, 2)}\n+1,000.00"
    assert before["Total"][place + 1].startswith(english.write(was, 2))
    # What did not change is not marked.
    assert all("\n" not in cell for cell in after["Jan 2024"])
    march = fresh.locator("tr", has=page.get_by_role("rowheader", name="Mar 2024"))
    assert march.locator("td[data-changed]").count() == sum(
        1 for old, new in zip(then.rows[2].figures, now.rows[2].figures, strict=True) if old != new
    )
    assert_accessible(page)
    # The fresh report has a link of its own, and closing it leaves the frozen one as it was.
    own = page.get_by_role("link", name="Open", exact=True).get_attribute("href")
    assert own is not None
    assert own != link
    page.get_by_role("button", name="Close the fresh report", exact=True).click()
    expect(fresh).to_be_hidden()
    assert texts(page) == texts(first)


def test_links_that_lead_nowhere_get_one_plain_page(new_page: Callable[..., Page], site: Site, console: Watch) -> None:
    page = new_page()
    ask(page)
    link = copied(page)
    page.get_by_role("button", name="My links", exact=True).click()
    dialog = page.get_by_role("dialog")
    row = dialog.get_by_role("row").filter(has_text="Jan–Jun 2024")
    expect(row).to_contain_text("Live")
    expect(row).to_contain_text("Never")
    assert_accessible(page)
    row.get_by_role("button", name="Revoke").click()
    expect(row).to_contain_text("Revoked")

    console.forgive("404 (NOT FOUND)")
    bodies = set()
    for path in (link, "/view?id=unknown-unknown-unknown", "/view?id=", "/view"):
        answer = page.request.get(path)
        assert answer.status == 404
        bodies.add(answer.text())
    assert len(bodies) == 1
    visitor = new_page(link)
    expect(visitor.get_by_role("heading", name="No report here")).to_be_visible()
    assert_accessible(visitor)

    row.get_by_role("button", name="Restore").click()
    expect(row).to_contain_text("Live")
    assert page.request.get(link).status == 200
    row.get_by_label("Set expiry").select_option(label="In a week")
    expect(row).to_contain_text("until")
    row.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("Link copied", exact=True)).to_be_visible()
    visitor.goto(link)
    expect(visitor.locator("#report-stage")).to_have_class("report is-shown is-opened")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="My links", exact=True).click()
    expect(row).to_contain_text("once")


def test_a_damaged_report_says_so_instead_of_showing_figures(
    new_page: Callable[..., Page], site: Site, console: Watch
) -> None:
    page = new_page()
    ask(page)
    link = copied(page)
    path = site.settings.database.removeprefix("sqlite:///")
    with sqlite3.connect(path) as records:
        (body,) = records.execute("SELECT body FROM contents").fetchone()
        records.execute("UPDATE contents SET body = ?", (body[:-20] + bytes(20),))
    console.forgive("500 (INTERNAL SERVER ERROR)")
    visitor = new_page(link)
    expect(visitor.get_by_role("heading", name="This report is damaged")).to_be_visible()
    expect(visitor.get_by_role("table")).to_have_count(0)


def test_going_back_shows_the_earlier_report(page: Page) -> None:
    ask(page)
    first, address = texts(page), page.url
    page.get_by_role("button", name="Edit", exact=True).click()
    ask(page, ("year",))
    assert texts(page) != first
    page.go_back()
    expect(page).to_have_url(address)
    expect(page.locator("#report-stage")).to_have_class("report is-shown is-opened")
    assert texts(page) == first
