"""Columns: groups that fold to their main figure, and sets to be looked at together."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from data.report.catalog import METRICS, Stock
from tests.browser.acts import ask, table
from tests.browser.conftest import assert_accessible, settled

EVERY = [metric.id for metric in METRICS]


def shown(page: Page) -> list[str]:
    """Ids of the columns of figures in the table."""
    found: list[str] = table(page).evaluate(
        "(t) => Array.from(t.rows[1].cells, (head) => head.dataset.dashColumn).slice(1)"
    )
    return found


def test_a_group_folds_to_its_main_figure_and_everything_honours_it(
    page: Page, new_page: Callable[..., Page], tmp_path: Path
) -> None:
    ask(page)
    count = page.locator("#report-columns-count")
    expect(count).to_have_text(f"{len(EVERY)} of {len(EVERY)}")
    caret = page.get_by_role("button", name="Fold Balance Refill")
    caret.scroll_into_view_if_needed()
    before = caret.evaluate("(caret) => caret.closest('th').getBoundingClientRect().left")
    caret.click()
    left = [id_ for id_ in EVERY if not id_.startswith("balance_refill") or id_ == "balance_refill_total"]
    expect(count).to_have_text(f"{len(left)} of {len(EVERY)}")
    unfold = page.get_by_role("button", name="Unfold Balance Refill")
    expect(unfold).to_have_attribute("aria-expanded", "false")
    assert shown(page) == left
    # What one looked at is still under the pointer, but for where the table ends.
    after = unfold.evaluate("(caret) => caret.closest('th').getBoundingClientRect().left")
    end = page.evaluate("(g => g.scrollWidth - g.clientWidth - g.scrollLeft)(document.querySelector('#report-grid'))")
    assert abs(after - before) < 2 or end < 2
    assert_accessible(page)
    # In files, behind the link, and at the next visit.
    with page.expect_download() as started:
        page.get_by_role("button", name="Export to CSV", exact=True).click()
    started.value.save_as(tmp_path / "report.csv")
    with (tmp_path / "report.csv").open(encoding="utf-8-sig") as file:
        assert len(next(csv.reader(file))) == 1 + len(left)
    page.get_by_role("button", name="Copy link", exact=True).click()
    expect(page.get_by_text("Link copied")).to_be_visible()
    other = new_page(page.evaluate("navigator.clipboard.readText()"))
    expect(table(other)).to_be_visible()
    settled(other)
    assert shown(other) == left
    # By keyboard it unfolds to what it was.
    unfold.focus()
    page.keyboard.press("Enter")
    expect(count).to_have_text(f"{len(EVERY)} of {len(EVERY)}")
    assert shown(page) == EVERY


def test_ready_sets_show_what_belongs_together(page: Page) -> None:
    ask(page)
    page.get_by_role("button", name="Columns", exact=True).click()
    panel = page.get_by_role("group", name="Columns", exact=True)
    expect(panel.get_by_role("button", name="All", exact=True)).to_have_attribute("aria-pressed", "true")
    panel.get_by_role("button", name="Balances", exact=True).click()
    expect(page.locator("#report-columns-count")).to_have_text(f"9 of {len(EVERY)}")
    assert shown(page) == [m.id for m in METRICS if isinstance(m.measure, Stock) and m.is_money]
    panel.get_by_role("button", name="Clients", exact=True).click()
    expect(page.locator("#report-columns-count")).to_have_text(f"3 of {len(EVERY)}")
    # A group of which one column is left is folded: its caret brings all of it.
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Unfold Clients - All").click()
    expect(page.locator("#report-columns-count")).to_have_text(f"6 of {len(EVERY)}")


def test_red_is_for_what_deserves_a_look(page: Page) -> None:
    ask(page)
    below = [m.id for m in METRICS if m.is_below_zero]
    assert [id_.rpartition("_")[2] for id_ in below] == ["neg"] * 3
    marked = set(
        page.evaluate("Array.from(document.querySelectorAll('td[data-negative]'), (cell) => cell.dataset.dashColumn)")
    )
    assert not marked & set(below)
    minus = set(
        page.evaluate(
            """Array.from(document.querySelectorAll('#report-table td[data-dash-column]'))
                .filter((cell) => cell.textContent.startsWith('\\u2212')).map((cell) => cell.dataset.dashColumn)"""
        )
    )
    assert marked == minus - set(below)
    assert minus & set(below)
