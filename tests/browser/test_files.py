"""My files in a real browser: what is being made is followed without loading the page again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from playwright.sync_api import Page, expect

from app import create_app
from data.access import OPERATOR
from data.acts import files
from data.delivery.asked import Asked
from data.delivery.worker import Worker
from data.report.period import Bound
from data.report.query import ReportQuery
from data.services import Services
from data.store.jobs import Job
from tests.browser.conftest import Site, assert_accessible

QUERY = ReportQuery(start=Bound(date(2024, 1, 1)), end=Bound(date(2024, 3, 31)), group_by=("month",))


@pytest.fixture
def services(site: Site) -> Services:
    """Another process of the same installation, whose jobs nobody takes before the story says so."""
    found = create_app(site.settings).server.extensions["customer_dynamics"]
    assert isinstance(found, Services)
    return found


def order(services: Services) -> Job:
    return files.order(services, OPERATOR, Asked(QUERY, "csv"))


def test_a_file_is_followed_and_downloaded(services: Services, new_page: Callable[..., Page]) -> None:
    job = order(services)
    page = new_page("/files")
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    assert_accessible(page)
    page.evaluate("window.same = true")
    Worker(services).make(job.id)
    link = page.get_by_role("link", name="Download")
    expect(link).to_be_visible()
    assert page.evaluate("window.same"), "the page was not loaded again"
    with page.expect_download() as downloading:
        link.click()
    assert downloading.value.suggested_filename.endswith(".csv")
    assert downloading.value.path().read_bytes() == services.records.jobs.file(job.id, OPERATOR).content
    assert_accessible(page)


def test_what_waits_is_cancelled_repeated_and_deleted(services: Services, new_page: Callable[..., Page]) -> None:
    order(services)
    page = new_page("/files", viewport={"width": 390, "height": 844})
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Cancelled", exact=True)).to_be_visible()
    page.get_by_role("button", name="Repeat").click()  # the worker of the site takes it
    expect(page.get_by_role("link", name="Download")).to_be_visible()
    page.get_by_role("listitem").filter(has_text="Cancelled").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Cancelled", exact=True)).to_have_count(0)
    expect(page.get_by_role("link", name="Download")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_form_cancels_what_a_worker_makes(services: Services, page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Worker, "make", lambda *_: None)  # nobody takes it
    page.get_by_label("Type", exact=True).select_option("csv")
    page.get_by_role("button", name="Query", exact=True).click()
    line = page.locator("#report-job")
    expect(line).to_contain_text("Waiting for a worker")
    line.get_by_role("button", name="Cancel").click()
    expect(line).to_contain_text("Cancelled: nothing was made.")
    assert [job.state for job in services.records.jobs.of(OPERATOR)] == ["cancelled"]
    line.get_by_role("button", name="Close").click()
    expect(line).to_be_hidden()
