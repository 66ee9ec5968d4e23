"""How the page feels in a real browser: nothing jumps, waiting shows itself, the keyboard does everything."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from data.report import reports
from data.report.result import ReportResult
from tests.browser.acts import LINK, ask, fill_form, table
from tests.browser.conftest import assert_accessible, settled

_WATCH_SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
        if (!entry.hadRecentInput) window.shifts.push([entry.value, entry.sources.map((s) => s.node && s.node.id)]);
    }
}).observe({ type: "layout-shift", buffered: true });
"""


def test_nothing_jumps_while_page_and_report_load(new_page: Callable[..., Page]) -> None:
    page = new_page("/healthz")
    page.add_init_script(_WATCH_SHIFTS)
    page.goto("/")
    expect(page.get_by_role("button", name="Query", exact=True)).to_be_visible()
    settled(page)
    shifts = page.evaluate("window.shifts")
    assert sum(value for value, _ in shifts) < 0.05, shifts
    # The form folds when the report comes, as the person asked; from then on everything stays where it is.
    ask(page)
    expect(page.get_by_role("button", name="Edit", exact=True)).to_be_visible()
    page.evaluate("new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))")
    page.evaluate("window.shifts = []")
    settled(page)
    assert page.evaluate("window.shifts") == []


def test_waiting_is_shown_where_the_result_will_be_and_covers_nothing_before(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(page)
    go_on = threading.Event()
    real = reports.run_report

    def slow(*arguments: Any, watch: Any, **options: Any) -> ReportResult:
        watch.stage("Adding up the sea")
        go_on.wait(10)
        return real(*arguments, watch=watch, **options)

    monkeypatch.setattr(reports, "run_report", slow)
    page.get_by_role("button", name="Edit", exact=True).click()
    fill_form(page, ("year",))
    opened = page.locator("#report-grid").bounding_box()
    page.get_by_role("button", name="Query", exact=True).click()
    expect(page.get_by_text("Adding up the sea")).to_be_visible()
    # The earlier report stays where it was under the news of the new one.
    assert page.locator("#report-grid").bounding_box() == opened
    assert_accessible(page)
    go_on.set()
    expect(page.get_by_text("Adding up the sea")).to_be_hidden()


def test_the_whole_way_by_keyboard(new_page: Callable[..., Page]) -> None:
    page = new_page(reduced_motion="reduce")
    fill_form(page)
    page.get_by_role("button", name="Query", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(LINK)
    expect(table(page)).to_be_visible()

    def walk_to(name: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            here = page.evaluate(
                "(document.activeElement.getAttribute('aria-label') || document.activeElement.textContent).trim()"
            )
            if here == name:
                return
        raise AssertionError(f"Tab never came to {name}")

    # From the tools into the table's headers and through them, in the order in which they stand.
    page.get_by_role("button", name="Info", exact=True).focus()
    walk_to("Columns")
    page.keyboard.press("Enter")
    walk_to("Clients - Active")
    page.keyboard.press("Space")
    expect(table(page).get_by_text("Clients - Active", exact=True)).to_have_count(0)
    page.keyboard.press("Space")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Columns", exact=True)).to_be_focused()
    for name in ("Export to CSV", "Copy link", "Report table"):
        walk_to(name)
    # The table is one stop: arrows go through it, upwards into its headers.
    for key in ("ArrowUp", "ArrowRight"):
        page.keyboard.press(key)
    expect(page.get_by_role("tooltip")).to_contain_text("Number of clients that exist")
    page.keyboard.press("Enter")
    expect(table(page).locator("th[data-dash-column=clients_active_qty][aria-sort]")).to_have_attribute(
        "aria-sort", "descending"
    )
    expect(page.get_by_role("tooltip")).to_be_hidden()
    walk_to("Keys")
    # No motion for those who asked for none.
    assert page.evaluate("getComputedStyle(document.querySelector('.spinner')).animationName") == "none"


def test_notices_undo_and_notes_never_cover_each_other(page: Page) -> None:
    page.evaluate(
        """() => {
            const item = (text) => ({
                namespace: "dash_bootstrap_components",
                type: "Alert",
                props: { children: text, className: "message", fade: false },
            });
            dash_clientside.set_props("page-messages", { children: [item("One. ".repeat(60)), item("Another one")] });
            dash_clientside.set_props("templates-undo-bar", { hidden: false });
            window.customerDynamics.say("A note");
        }"""
    )
    expect(page.get_by_text("A note")).to_be_visible()
    page.evaluate("new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))")
    boxes = [page.locator(place).bounding_box() for place in (".toast-note", "#templates-undo-bar", "#page-messages")]
    note, undo, messages = (box for box in boxes if box is not None)
    assert note["y"] + note["height"] <= undo["y"]
    assert undo["y"] + undo["height"] <= messages["y"]
