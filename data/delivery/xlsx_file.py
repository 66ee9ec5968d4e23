"""Excel XLSx, written row by row so that a million rows need little memory."""

from __future__ import annotations

from datetime import date
from io import BytesIO

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from data.delivery.spreadsheet import HEADER_ROWS, Limits, exact_cell, fact_widths, number_format, widths
from data.delivery.table import Document, Table, runs_as_formula

LIMITS = Limits("Excel XLSx", rows=1_048_576, columns=16_384, instead="CSV")


def write_xlsx(document: Document) -> bytes:
    """A workbook of two sheets, Report and Info; raises :class:`UserError` when something would be cut."""
    LIMITS.check(document)
    target = BytesIO()
    with Workbook(target, {"constant_memory": True}) as book:
        book.set_properties(
            {
                "title": "Customer Dynamics",
                "author": "Customer Dynamics",
                "created": document.result.info.generated_at.replace(microsecond=0),
            }
        )
        styles = _Styles(book)
        _write_table(book.add_worksheet(document.table.title), styles, document.table)
        _write_facts(book.add_worksheet("Info"), styles, document.facts)
    return target.getvalue()


class _Styles:
    """The looks of the workbook's cells; each is registered once, however many cells have it."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._looks: dict[tuple[object, ...], Format] = {}

    def look(
        self,
        number: str = "@",
        *,
        bold: bool = False,
        align: str = "left",
        line: str = "",
        wrap: bool = False,
        quoted: bool = False,
    ) -> Format:
        """A look; ``line`` is the side with a thin line ("top", "bottom"), ``quoted`` marks text that is text."""
        key = (number, bold, align, line, wrap, quoted)
        if key not in self._looks:
            looks = {"num_format": number, "bold": bold, "align": align, "valign": "top", "text_wrap": wrap}
            if line:
                looks[line] = 1
            # As an apostrophe typed in front of it would: the text stays one when a person edits the cell.
            looks["quote_prefix"] = quoted
            self._looks[key] = self._book.add_format(looks)
        return self._looks[key]


def _write_table(sheet: Worksheet, styles: _Styles, table: Table) -> None:
    for place, width in enumerate(widths(table)):
        sheet.set_column(place, place, width)
    sheet.freeze_panes(HEADER_ROWS, table.fixed)
    # The totals row is outside of the filter: sorting by hand leaves it where it is.
    sheet.autofilter(HEADER_ROWS - 1, 0, HEADER_ROWS - 1 + len(table.rows), len(table.headings) - 1)
    sheet.repeat_rows(0, HEADER_ROWS - 1)
    sheet.repeat_columns(0, table.fixed - 1)
    sheet.set_landscape()

    group_look = styles.look(bold=True, align="center")
    for group, start, count in table.groups:
        if group and count > 1:
            sheet.merge_range(0, start, 0, start + count - 1, group, group_look)
        elif group:
            sheet.write_string(0, start, group, group_look)
    sides = ["left" if place < table.fixed else "right" for place in range(len(table.headings))]
    for place, heading in enumerate(table.headings):
        sheet.write_string(1, place, heading.title, styles.look(bold=True, align=sides[place], line="bottom"))

    columns = [
        (place, heading.kind, number_format(heading.kind, table.decimals), sides[place])
        for place, heading in enumerate(table.headings)
    ]
    # Each column has one look in all rows; only the totals row and text among figures differ.
    usual = [styles.look(number, align=side) for _, _, number, side in columns]
    totals = [styles.look(number, align=side, bold=True, line="top") for _, _, number, side in columns]
    for line, row in enumerate(table.body):
        is_totals = line == len(table.rows)
        looks = totals if is_totals else usual
        for cell, look, (place, kind, _, side) in zip(row, looks, columns, strict=True):
            value = exact_cell(cell, kind)
            if value is None:
                sheet.write_blank(HEADER_ROWS + line, place, None, look)
            elif isinstance(value, str):
                # Whatever it looks like, it is written as text: never as a formula, a number or a link.
                text_look = styles.look(
                    align=side, bold=is_totals, line="top" if is_totals else "", quoted=runs_as_formula(value)
                )
                sheet.write_string(HEADER_ROWS + line, place, value, text_look)
            elif isinstance(value, date):
                sheet.write_datetime(HEADER_ROWS + line, place, value, look)
            else:
                sheet.write_number(HEADER_ROWS + line, place, value, look)


def _write_facts(sheet: Worksheet, styles: _Styles, facts: tuple[tuple[str, str], ...]) -> None:
    for place, width in enumerate(fact_widths(facts)):
        sheet.set_column(place, place, width)
    for line, (label, words) in enumerate(facts):
        sheet.write_string(line, 0, label, styles.look(bold=True))
        sheet.write_string(line, 1, words, styles.look(wrap=True, quoted=runs_as_formula(words)))
