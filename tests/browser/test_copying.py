"""Cells are selected by mouse, keyboard and touch, and copied so that spreadsheets take them for numbers."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from playwright.sync_api import Locator, Page, expect

from data.report.result import Figure, ReportResult
from data.words.names import row_labels
from tests.browser.acts import ask, engine_says, question, table
from tests.browser.conftest import Site, assert_accessible


class Copied(NamedTuple):
    """What is on the clipboard: the text by cells, and the table of its HTML."""

    text: list[list[str]]
    html: list[list[ET.Element]]


def clipboard(page: Page) -> Copied:
    """What a spreadsheet would be given when somebody pastes."""
    page.evaluate(
        """() => {
            const field = document.createElement("textarea");
            field.id = "pasted";
            document.body.append(field);
            field.addEventListener("paste", (event) => {
                window.pasted = ["text/plain", "text/html"].map((kind) => event.clipboardData.getData(kind));
                event.preventDefault();
            });
            field.focus();
        }"""
    )
    page.keyboard.press("Control+V")
    text, html = page.evaluate(
        """() => {
            document.getElementById("pasted").remove();
            document.getElementById("report-grid").focus();
            return window.pasted;
        }"""
    )
    rows = html[html.index("<tbody>") : html.index("</tbody>") + len("</tbody>")].replace(" x:", " x-")
    rows = rows.replace("x-str style", 'x-str="" style')
    return Copied([line.split("\t") for line in text.split("\n")], [list(row) for row in ET.fromstring(rows)])


def number(figure: Figure) -> str:
    """A figure as every spreadsheet reads it."""
    return "" if figure is None else str(figure)


def cell(page: Page, row: int, column: str) -> Locator:
    return table(page).locator(f"tr[aria-rowindex='{row + 3}'] td[data-dash-column={column}]")


def drag(page: Page, start: Locator, end: Locator) -> None:
    start.scroll_into_view_if_needed()
    start.hover()
    page.mouse.down()
    end.hover()
    page.mouse.up()


def test_a_rectangle_is_copied_as_numbers_for_every_spreadsheet(new_page: Callable[..., Page], site: Site) -> None:
    page = new_page(locale="de-DE")
    ask(page, ("month", "package"))
    result = engine_says(site.settings, question(("month", "package")))
    drag(page, cell(page, 1, "package"), cell(page, 3, "clients_active_balance_neg"))
    assert table(page).locator("td[data-selected]").count() == 12
    assert_accessible(page)
    page.keyboard.press("Control+C")
    expect(page.get_by_text("12 cells copied")).to_be_visible()
    text, html = clipboard(page)
    # Labels are copied as they stand: what they say is told elsewhere.
    names = [cell(page, place, "package").inner_text() for place in (1, 2, 3)]
    expected = [[name, *map(number, row.figures[:3])] for name, row in zip(names, result.rows[1:4], strict=True)]
    assert text == expected
    assert any(figure.startswith("-") for row in expected for figure in row), "a figure below zero must be among them"
    for row, cells in zip(expected, html, strict=True):
        label, *figures = cells
        assert json.loads(label.attrib["data-sheets-value"]) == {"1": 2, "2": row[0]}
        assert label.attrib["style"] == "mso-number-format:'\\@'"
        for figure, found in zip(row[1:], figures, strict=True):
            assert (found.text, found.attrib["x-num"], found.attrib["sdval"]) == (figure, figure, figure)
            assert found.attrib["data-sheets-value"] == f'{{"1":3,"3":{figure}}}'
    # By keyboard: one column to the left and two rows up to where it was begun, then on from there.
    page.keyboard.press("ArrowLeft")
    for key in ("Shift+ArrowLeft", "Shift+ArrowUp", "Shift+ArrowUp"):
        page.keyboard.press(key)
    page.keyboard.press("Control+C")
    assert clipboard(page).text == [[number(figure) for figure in row.figures[:2]] for row in result.rows[1:4]]
    page.keyboard.press("Escape")
    expect(table(page).locator("td[data-selected]")).to_have_count(0)


def whole(result: ReportResult, first: int, last: int) -> list[list[str]]:
    assert result.totals is not None
    return [
        [number(figure) for figure in figures[first:last]]
        for figures in (*(r.figures for r in result.rows), result.totals)
    ]


def test_whole_columns_of_a_long_report_are_copied_with_their_headers(page: Page, site: Site) -> None:
    last = date(2024, 12, 31)
    ask(page, ("date",), end=last)
    result = engine_says(site.settings, question(("date",), end=last))
    # A heading stands for the columns under it.
    table(page).locator("th", has_text="Clients - Active").first.click()
    page.keyboard.press("Control+C")
    text, html = clipboard(page)
    assert text[:2] == [["Clients - Active", "", "", ""], ["Qty", "Balance Pos", "Balance Neg", "Balance"]]
    assert text[2:] == whole(result, 0, 4)
    assert [(head.text, head.attrib["colspan"]) for head in html[0]] == [("Clients - Active", "4")]
    # One column, by Ctrl and a click, is not sorted by it; Shift takes those up to another.
    heads = table(page).locator("tr:nth-child(2) th")
    heads.nth(1).click(modifiers=["Control"])
    heads.nth(2).click(modifiers=["Shift"])
    page.keyboard.press("Control+C")
    assert clipboard(page).text == [["Clients - Active", ""], ["Qty", "Balance Pos"], *whole(result, 0, 2)]
    expect(heads.nth(1)).to_have_attribute("aria-sort", "none")
    # Averages of nothing are empty cells; the tool copies everything when nothing is selected.
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Copy table", exact=True).click()
    everything = clipboard(page).text
    assert len(everything) == 2 + len(result.rows) + 1
    assert everything[2] == [row_labels(result.query, result.rows, "en-GB")[0][0], *map(number, result.rows[0].figures)]
    # Shift and arrows go on where the window of rows has to move along.
    page.locator("#report-grid").focus()
    page.keyboard.press("Control+Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Control+C")
    labels = [first for first, *_ in row_labels(result.query, result.rows, "en-GB")]
    assert [row[0] for row in clipboard(page).text[2:]] == [*labels, "Total"]


def test_touch_selects_by_tap_and_long_press(new_page: Callable[..., Page], site: Site) -> None:
    page = new_page(viewport={"width": 390, "height": 800}, has_touch=True)
    ask(page)
    cell(page, 0, "clients_active_qty").tap()
    expect(table(page).locator("td[data-selected]")).to_have_count(1)
    cell(page, 2, "clients_active_qty").dispatch_event("pointerdown", {"pointerType": "touch", "bubbles": True})
    cell(page, 2, "clients_active_qty").dispatch_event("contextmenu", {"bubbles": True, "cancelable": True})
    expect(table(page).locator("td[data-selected]")).to_have_count(3)
    page.get_by_role("button", name="Tools", exact=True).tap()
    page.get_by_role("button", name="Copy table", exact=True).tap()
    expect(page.get_by_text("3 cells copied")).to_be_visible()
    rows = engine_says(site.settings, question()).rows
    assert clipboard(page).text == [[str(row.figures[0])] for row in rows[:3]]
    # A name that a spreadsheet would run stays a name.
    page.evaluate(
        """() => {
            const [first, ...rest] = dash_component_api.getLayout("report-table").props.data;
            dash_clientside.set_props("report-table", { data: [{ ...first, month: "=1+1" }, ...rest] });
        }"""
    )
    cell(page, 0, "month").tap()
    page.keyboard.press("Control+C")
    text, html = clipboard(page)
    assert text == [["'=1+1"]]
    assert (html[0][0].text, html[0][0].attrib["style"]) == ("=1+1", "mso-number-format:'\\@'")
