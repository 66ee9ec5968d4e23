"""What people do on the report page, as steps of stories; and what the engine says to the same question."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from playwright.sync_api import Locator, Page, expect

from data.access import OPERATOR
from data.report.period import Bound
from data.report.query import ReportQuery
from data.report.result import ReportResult
from data.report.run import run_report
from data.settings import Settings
from data.warehouse.engines import open_warehouse

LINK = re.compile(r"/view\?id=[\w-]{16,}$")
"""The address of a report."""

FIRST, LAST = date(2024, 1, 1), date(2024, 6, 30)


def question(group_by: Iterable[str] = ("month",), start: date = FIRST, end: date = LAST) -> ReportQuery:
    """The question that :func:`ask` asks with the same arguments."""
    return ReportQuery(start=Bound(start), end=Bound(end), timezone="UTC", group_by=tuple(group_by), currency="EUR")


def engine_says(settings: Settings, query: ReportQuery) -> ReportResult:
    """The report as the engine makes it, without page or cache."""
    return run_report(open_warehouse(settings), query, OPERATOR)


def fill_form(page: Page, group_by: Iterable[str] = ("month",), start: date = FIRST, end: date = LAST) -> None:
    """Put a question into the form."""
    page.get_by_label("Period", exact=True).select_option("custom")
    page.get_by_label("From", exact=True).fill(start.isoformat())
    page.get_by_label("To", exact=True).fill(end.isoformat())
    # How fields of these kinds are filled by hand is told in the form's own stories.
    page.evaluate(
        """([zone, grouping]) => {
            dash_clientside.set_props("period-zone", { value: zone });
            dash_clientside.set_props("group-by-chosen", { value: grouping });
        }""",
        ["UTC", list(group_by)],
    )


def ask(page: Page, group_by: Iterable[str] = ("month",), start: date = FIRST, end: date = LAST) -> None:
    """Fill the form, press Query and wait for the report."""
    before = page.url
    fill_form(page, group_by, start, end)
    page.get_by_role("button", name="Query", exact=True).click()
    # Tests share the machine's two cores: a report may take its time.
    expect(page).not_to_have_url(before, timeout=20_000)
    expect(page).to_have_url(LINK)
    expect(page.locator("#report-stage")).to_have_class("report is-shown")


def table(page: Page, name: str = "Report table") -> Locator:
    """The report's table."""
    return page.get_by_role("table", name=name, exact=True)


def texts(page: Page, name: str = "Report table") -> list[list[str]]:
    """The text of every row under the headers that is on the page, pinned rows last."""
    rows: list[list[str]] = table(page, name).evaluate(
        "(table) => Array.from(table.rows).slice(2).map((row) => Array.from(row.cells, (cell) => cell.textContent))"
    )
    return rows
