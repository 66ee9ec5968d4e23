"""The page opens: everything of it is there, nothing comes from elsewhere, and the first visit is small."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Response, expect

from tests.browser.conftest import Site, assert_accessible, settled
from tests.browser.test_form import ask, set_dates

FIRST_VISIT_BYTES = 1_200_000

_COUNT_SHIFTS = """window.shifted = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => { window.shifted += entry.value; }))
        .observe({ type: "layout-shift", buffered: true });"""


def test_the_three_panels_are_there(page: Page) -> None:
    for heading in ("Filters", "Group by", "Output"):
        expect(page.get_by_role("region", name=heading, exact=True)).to_be_visible()
    for label in ("Period", "From", "To", "Time zone", "Type", "Send to", "Currency", "Active Duration"):
        expect(page.get_by_label(label, exact=True)).to_be_visible()
    for button in ("Add filter", "Query", "Reset", "Save Query"):
        expect(page.get_by_role("button", name=button, exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Load Query")).to_have_count(0)
    assert_accessible(page)


def test_a_first_visit_is_small_and_all_from_here(new_page: Callable[..., Page], site: Site) -> None:
    page = new_page("/healthz")
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - Playwright marks what it is given
    page.goto("/")
    settled(page)
    assert {answer.url for answer in answers if not answer.url.startswith((site.url, "data:"))} == set()
    sizes = [answer.request.sizes() for answer in answers if not answer.url.startswith("data:")]
    assert sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes) < FIRST_VISIT_BYTES


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_follows_the_system_before_the_first_paint(new_page: Callable[..., Page], scheme: str) -> None:
    page = new_page("/healthz", color_scheme=scheme)
    page.add_init_script(
        """// The body's first element exists before anything of it can be painted.
        new MutationObserver((_, observer) => {
            if (!document.body) return;
            observer.disconnect();
            window.themeAtBody = document.documentElement.dataset.bsTheme || "none";
        }).observe(document, { childList: true, subtree: true });"""
    )
    page.goto("/")
    assert page.evaluate("window.themeAtBody") == scheme


def test_a_chosen_theme_stays(page: Page) -> None:
    root = page.locator("html")
    page.get_by_label("Theme").select_option("dark")
    expect(root).to_have_attribute("data-bs-theme", "dark")
    assert_accessible(page)
    page.reload()
    expect(root).to_have_attribute("data-bs-theme", "dark")
    expect(page.get_by_label("Theme")).to_have_value("dark")


@pytest.mark.parametrize("width", [360, 768, 1024, 3840])
def test_nothing_is_cut_off_and_nothing_jumps_on_any_screen(new_page: Callable[..., Page], width: int) -> None:
    page = new_page("/healthz", viewport={"width": width, "height": 740})
    page.add_init_script(_COUNT_SHIFTS)
    page.goto("/")
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("window.shifted") < 0.01
    assert_accessible(page)


def test_motion_is_spared_to_those_who_ask(new_page: Callable[..., Page]) -> None:
    page = new_page(reduced_motion="reduce")
    duration = page.locator("#form-query").evaluate("(button) => getComputedStyle(button).transitionDuration")
    assert max(float(part.strip().removesuffix("s")) for part in duration.split(",")) < 0.001


def test_a_link_opens_without_a_jump_and_without_taking_the_focus(page: Page, new_page: Callable[..., Page]) -> None:
    set_dates(page, "2024-01-01", "2024-03-31")
    ask(page)
    other = new_page("/healthz")
    other.add_init_script(_COUNT_SHIFTS)
    other.goto(page.url)
    expect(other.get_by_role("button", name="Edit", exact=True)).to_be_visible()
    expect(other.locator("#form-summary")).to_contain_text("Jan–Mar 2024")
    settled(other)
    assert other.evaluate("window.shifted") < 0.1
    assert other.evaluate("document.activeElement === document.body")
    assert_accessible(other)
