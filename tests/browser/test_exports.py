"""Files in a real browser: downloaded, opened and read back, and compared with the engine's figures."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Download, Page, expect
from python_calamine import CalamineWorkbook

from data.report.catalog import METRICS
from data.report.reports import Reports
from data.report.result import ReportResult
from data.words.dates import month_words
from tests.browser.acts import ask, engine_says, fill_form, question, table, texts
from tests.browser.conftest import Site

HIDDEN = "balance_refill_avg"
SORTED_BY = "clients_all_balance"


def save(download: Download, folder: Path) -> Path:
    """The downloaded file."""
    path = folder / download.suggested_filename
    download.save_as(path)
    return path


def expected_rows(result: ReportResult) -> list[list[str | int | Decimal | None]]:
    """Labels and exact figures as displayed: sorted downwards by one column and without another, totals last."""
    ids = [metric.id for metric in METRICS]
    by, without = ids.index(SORTED_BY), ids.index(HIDDEN)
    rows = sorted(result.rows, key=lambda row: row.figures[by], reverse=True)  # type: ignore[arg-type, return-value]
    assert result.totals is not None
    lines = [[*row.labels, *row.figures] for row in rows] + [["Total", *result.totals]]
    return [[cell for place, cell in enumerate(line) if place != without + 1] for line in lines]


def display(page: Page) -> None:
    """Show the report by month, sorted and without a column."""
    ask(page)
    head = table(page).locator(f"th[data-dash-column={SORTED_BY}][aria-sort]")
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "descending")
    page.wait_for_load_state("networkidle")
    page.get_by_role("button", name="Columns", exact=True).click()
    page.get_by_role("checkbox", name="Balance Refill: Avg", exact=True).uncheck()
    page.keyboard.press("Escape")
    expect(table(page).locator("tr:nth-child(2) th")).to_have_count(len(METRICS))


def test_exports_hold_what_is_displayed_from_the_frozen_report(
    page: Page, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    display(page)
    expected = expected_rows(engine_says(site.settings, question()))
    # The page writes months as people do, files as machines read them.
    months = [month_words(date.fromisoformat(f"{row[0]}-01"), "en-GB") for row in expected[:-1]]
    assert [row[0] for row in texts(page)] == [*months, "Total"]
    # From here on any new query would fail.
    monkeypatch.setattr(Reports, "ask", lambda *_, **__: pytest.fail("an export asked the warehouse"))

    with page.expect_download() as downloading:
        page.get_by_role("button", name="Export to CSV", exact=True).click()
    with save(downloading.value, tmp_path).open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.reader(file))
    assert lines[1] == table(page).locator("tr:nth-child(2) th").evaluate_all(
        "(heads) => heads.map((head) => head.textContent.replaceAll('\\u200b', ''))"
    )
    shown = lines[2 : 2 + len(expected)]
    assert [line[0].removesuffix(" of Jan–Jun 2024") for line in shown] == [row[0] for row in expected]
    assert [[None if text == "" else Decimal(text) for text in line[1:]] for line in shown] == [
        row[1:] for row in expected
    ]
    assert lines[3 + len(expected)][0] == "Question: Jan–Jun 2024, UTC, by Month, EUR, active 1 month"

    with page.expect_download() as downloading:
        page.get_by_role("button", name="Export to XLSx", exact=True).click()
    sheet = CalamineWorkbook.from_path(save(downloading.value, tmp_path)).get_sheet_by_index(0).to_python()
    table_rows = sheet[2 : 2 + len(expected)]
    assert [row[1:] for row in table_rows] == [
        ["" if figure is None else float(str(figure)) for figure in row[1:]] for row in expected
    ]
    assert [str(row[0])[:5] for row in table_rows] == [str(row[0])[:5] for row in expected]


def test_file_types_are_made_in_the_background_and_download_by_themselves(
    page: Page, site: Site, tmp_path: Path
) -> None:
    result = engine_says(site.settings, question())
    assert result.totals is not None
    fill_form(page)
    for kind, extension in (("CSV", "csv"), ("Excel XLS", "xls"), ("Excel XLSx", "xlsx")):
        page.get_by_label("Type", exact=True).select_option(label=kind)
        page.evaluate("dash_clientside.set_props('output-send-to', { value: ['anna@example.com'] })")
        with page.expect_download() as downloading:
            page.get_by_role("button", name="Query", exact=True).click()
        path = save(downloading.value, tmp_path)
        assert path.suffix == f".{extension}"
        expect(page.locator("#report-job")).to_contain_text(f"{path.name} with {len(result.rows)} rows was downloaded.")
        if extension == "csv":
            with path.open(encoding="utf-8-sig", newline="") as file:
                (last,) = (row for row in csv.reader(file) if row[0].startswith("Total"))
            totals: list[object] = [None if text == "" else Decimal(text) for text in last[1:]]
            assert totals == list(result.totals)
        else:
            rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
            assert rows[2 + len(result.rows)][1:] == [float(str(figure)) for figure in result.totals]
            assert rows[3 + len(result.rows)][0] == ""
            assert rows[4 + len(result.rows)][0].startswith("Question: ")
    # A file leaves the page as it was: no report is shown, and the form stays open.
    expect(page.locator("#report-stage")).to_have_class("report is-none")
