"""Excel XLSx, written row by row so that a million rows need little memory."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import get_column_letter

from data.delivery.spreadsheet import HEADER_ROWS, Limits, exact_cell, fact_widths, number_format, widths
from data.delivery.table import Document, Table, runs_as_formula

LIMITS = Limits("Excel XLSx", rows=1_048_576, columns=16_384, instead="CSV")

_THIN = Side(style="thin")
# Excel reads _x0041_ in a string as the letter A; such text is told from an escape by escaping its first underscore.
_ESCAPE_LIKE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


def write_xlsx(document: Document) -> bytes:
    """A workbook of two sheets, Report and Info; raises :class:`UserError` when something would be cut."""
    LIMITS.check(document)
    book = Workbook(write_only=True)
    book.properties.creator = "Customer Dynamics"
    book.properties.title = "Customer Dynamics"
    book.properties.created = book.properties.modified = document.result.info.generated_at.replace(microsecond=0)
    _write_table(book, document.table)
    _write_facts(book, document.facts)
    target = BytesIO()
    book.save(target)
    return target.getvalue()


class _Styles:
    """Cells of one sheet. Each look is registered with the workbook once and shared: there are many cells."""

    def __init__(self, sheet: Any) -> None:
        self._sheet = sheet
        self._looks: dict[tuple[Any, ...], Any] = {}

    def cell(
        self,
        value: object,
        number: str = "General",
        *,
        bold: bool = False,
        align: str | None = None,
        border: str | None = None,
        wrap: bool = False,
    ) -> Any:
        text = isinstance(value, str)
        quoted = isinstance(value, str) and runs_as_formula(value)
        key = (number, bold, align, border, wrap, quoted)
        cell: Any = WriteOnlyCell(self._sheet)
        if key not in self._looks:
            cell.number_format = number
            cell.font = Font(bold=bold)
            cell.alignment = Alignment(horizontal=align, vertical="top", wrap_text=wrap or None)
            if border == "below":
                cell.border = Border(bottom=_THIN)
            elif border == "above":
                cell.border = Border(top=_THIN)
            # Keeps the text a text when a person edits the cell, as an apostrophe typed in front of it would.
            cell.quotePrefix = quoted
            self._looks[key] = cell._style
        cell._style = self._looks[key]
        if text:
            cell.value = _ESCAPE_LIKE.sub("_x005F_", str(value))
            # Whatever it looks like, it is text: never a formula, a number or an error code.
            cell.data_type = "s"
        else:
            cell.value = value
        return cell


def _write_table(book: Workbook, table: Table) -> None:
    sheet: Any = book.create_sheet(table.title)
    for place, width in enumerate(widths(table), start=1):
        sheet.column_dimensions[get_column_letter(place)].width = width
    sheet.freeze_panes = f"{get_column_letter(table.fixed + 1)}{HEADER_ROWS + 1}"
    last = get_column_letter(len(table.headings))
    sheet.auto_filter.ref = f"A{HEADER_ROWS}:{last}{HEADER_ROWS + len(table.rows)}"
    sheet.print_title_rows = f"1:{HEADER_ROWS}"
    sheet.print_title_cols = f"A:{get_column_letter(table.fixed)}"
    sheet.page_setup.orientation = "landscape"
    for _, start, count in table.groups:
        if count > 1 and start >= table.fixed:
            sheet.merged_cells.add(f"{get_column_letter(start + 1)}1:{get_column_letter(start + count)}1")

    styles = _Styles(sheet)
    groups: list[Any] = [None] * len(table.headings)
    for group, start, _ in table.groups:
        groups[start] = styles.cell(group or None, bold=True, align="center")
    sheet.append(groups)
    sheet.append(
        [
            styles.cell(
                heading.title or None, bold=True, align="left" if place < table.fixed else "right", border="below"
            )
            for place, heading in enumerate(table.headings)
        ]
    )
    looks = [(heading.kind, number_format(heading.kind, table.decimals)) for heading in table.headings]
    for number, row in enumerate(table.body):
        is_totals = number == len(table.rows)
        cells: list[Any] = []
        for place, (cell, (kind, look)) in enumerate(zip(row, looks, strict=True)):
            value = exact_cell(cell, kind)
            cells.append(
                styles.cell(
                    value,
                    "@" if isinstance(value, str) else look,
                    bold=is_totals,
                    align="left" if place < table.fixed else "right",
                    border="above" if is_totals else None,
                )
            )
        sheet.append(cells)


def _write_facts(book: Workbook, facts: tuple[tuple[str, str], ...]) -> None:
    sheet: Any = book.create_sheet("Info")
    for letter, width in zip("AB", fact_widths(facts), strict=True):
        sheet.column_dimensions[letter].width = width
    styles = _Styles(sheet)
    for label, words in facts:
        sheet.append([styles.cell(label, "@", bold=True), styles.cell(words, "@", wrap=True)])
