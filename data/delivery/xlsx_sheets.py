"""The workbook of an Excel XLSx file, written row by row so that a million rows need little memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import Cell as SheetCell
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties

from data.delivery.formulas import runs_as_formula
from data.delivery.spreadsheet import (
    HEADER_ROWS,
    exact_cell,
    fact_widths,
    number_format,
    print_footer,
    print_header,
    told,
    widths,
)
from data.delivery.table import Cell, Document, Kind, Table, clean_text

_A4 = 9

# Excel reads _x0041_ in a text as the letter A; such text is told from an escape by escaping its first underscore.
_ESCAPE_LIKE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


def workbook_of(document: Document, footer: tuple[str, ...]) -> bytes:
    """A workbook of two sheets, Report and Info, of a document that fits; ``footer`` are the lines below its table."""
    book = Workbook(write_only=True)
    book.properties.creator = "Customer Dynamics"
    book.properties.title = clean_text(document.question.title)
    book.properties.description = clean_text(document.question.told)
    book.properties.created = book.properties.modified = document.result.info.generated_at.replace(microsecond=0)
    _write_table(book.create_sheet(document.table.title), document, footer)
    _write_facts(book.create_sheet("Info"), told(document))
    target = BytesIO()
    book.save(target)
    return target.getvalue()


class _TextCell(SheetCell):
    """A cell that takes any text of a document as it is."""

    __slots__ = ()

    def check_string(self, value: Any) -> Any:
        # What openpyxl does here is done: :meth:`Limits.check` refuses what it would cut, after the escapes have made
        # the text longer, and a document holds no characters that it would refuse.
        return _ESCAPE_LIKE.sub("_x005F_", value)


class _Pens:
    """The cells that a sheet is written with: one for each look, used again for every value of that look.

    A write-only sheet writes each cell of a generator as it comes, so that making new ones would only cost time.
    """

    def __init__(self, sheet: Any) -> None:
        self._sheet = sheet
        self._pens: dict[tuple[object, ...], SheetCell] = {}

    def pen(
        self,
        number: str = "@",
        *,
        bold: bool = False,
        align: str = "left",
        line: str = "",
        wrap: bool = False,
        quoted: bool = False,
    ) -> SheetCell:
        """The cell of a look. ``line`` is the side with a thin line ("top", "bottom"); ``quoted`` text stays text."""
        key = (number, bold, align, line, wrap, quoted)
        if key not in self._pens:
            cell: Any = _TextCell(self._sheet, row=1, column=1)
            cell.number_format = number
            cell.font = Font(name="Calibri", size=11, bold=bold)
            cell.alignment = Alignment(horizontal=align, vertical="top", wrap_text=wrap)
            thin, none = Side(style="thin"), Side()
            cell.border = Border(top=thin if line == "top" else none, bottom=thin if line == "bottom" else none)
            # As an apostrophe typed in front of it would: the text stays one when a person edits the cell.
            cell.quotePrefix = quoted
            self._pens[key] = cell
        return self._pens[key]

    def text(self, words: str, **look: Any) -> SheetCell:
        """A cell of ``words``: whatever they look like, never a formula, a number or an error code."""
        cell = self.pen(quoted=runs_as_formula(words), **look)
        cell.value = words or None
        if words:
            cell.data_type = "s"
        return cell


def _write_table(sheet: Any, document: Document, footer: tuple[str, ...]) -> None:
    table = document.table
    letters = [get_column_letter(place + 1) for place in range(len(table.headings))]
    for letter, width in zip(letters, widths(table), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = f"{get_column_letter(table.fixed + 1)}{HEADER_ROWS + 1}"
    # The totals row is outside of the filter: sorting by hand leaves it where it is.
    sheet.auto_filter.ref = f"A{HEADER_ROWS}:{letters[-1]}{HEADER_ROWS + len(table.rows)}"
    sheet.print_title_rows = f"1:{HEADER_ROWS}"
    sheet.print_title_cols = f"A:{letters[table.fixed - 1]}"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = _A4
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0  # as many pages high as it takes
    sheet.oddHeader.left.text = print_header(document)
    sheet.oddFooter.left.text = print_footer(document)
    sheet.oddFooter.right.text = "Page &P of &N"
    for group, start, count in table.groups:
        if group and count > 1:
            sheet.merged_cells.add(f"{letters[start]}1:{letters[start + count - 1]}1")

    pens = _Pens(sheet)
    sides = ["left" if place < table.fixed else "right" for place in range(len(table.headings))]
    sheet.append(_group_cells(pens, table))
    sheet.append(
        pens.text(heading.title, bold=True, align=side, line="bottom")
        for heading, side in zip(table.headings, sides, strict=True)
    )
    rows, totals = _columns(pens, table, sides), _columns(pens, table, sides, bold=True, line="top")
    for row in table.rows:
        sheet.append(_cells(pens, row, rows))
    if table.totals is not None:
        sheet.append(_cells(pens, table.totals, totals))
    for words in footer:
        sheet.append([pens.text(words)])


def _group_cells(pens: _Pens, table: Table) -> Iterator[SheetCell | None]:
    """The upper header row: each group at its first column, over which the others are merged."""
    for group, _, count in table.groups:
        yield pens.text(group, bold=True, align="center") if group else None
        yield from [None] * (count - 1)


_Column = tuple[Kind, SheetCell, dict[str, Any]]
"""What a column holds, the pen for its numbers and dates, and the look of a text among them."""


def _columns(pens: _Pens, table: Table, sides: list[str], **look: Any) -> list[_Column]:
    """The columns as they are in rows of a ``look``."""
    found = []
    for heading, side in zip(table.headings, sides, strict=True):
        pen = pens.pen(number_format(heading.kind, table.decimals), align=side, **look)
        found.append((heading.kind, pen, {"align": side, **look}))
    return found


def _cells(pens: _Pens, row: tuple[Cell, ...], columns: list[_Column]) -> Iterator[SheetCell]:
    for cell, (kind, pen, look) in zip(row, columns, strict=True):
        value = exact_cell(cell, kind)
        if isinstance(value, str):
            yield pens.text(value, **look)
        else:
            pen.value = value
            yield pen


def _write_facts(sheet: Any, facts: tuple[tuple[str, str], ...]) -> None:
    for letter, width in zip("AB", fact_widths(facts), strict=True):
        sheet.column_dimensions[letter].width = width
    pens = _Pens(sheet)
    for label, words in facts:
        sheet.append([pens.text(label, bold=True), pens.text(words, wrap=True)])
