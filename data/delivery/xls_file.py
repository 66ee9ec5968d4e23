"""Excel XLS (Excel 97 to 2003), for the programs that still ask for it."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from typing import Any

from data.delivery.format import Format
from data.delivery.spreadsheet import (
    HEADER_ROWS,
    Limits,
    exact_cell,
    fact_widths,
    number_format,
    print_footer,
    print_header,
    told,
    widths,
)
from data.delivery.table import Document

LIMITS = Limits("Excel XLS", rows=65_536, columns=256, instead="Excel XLSx or CSV")

_WIDTH_UNIT = 256
_A4 = 9


@cache
def _style(
    number: str = "General",
    *,
    bold: bool = False,
    align: str = "general",
    border: str | None = None,
    wrap: bool = False,
) -> Any:
    import xlwt

    # One object for each look: a workbook holds 4,094 of them and no more.
    side = {"below": "borders: bottom thin;", "above": "borders: top thin;", None: ""}[border]
    return xlwt.easyxf(
        f"font: bold {'on' if bold else 'off'}; align: horiz {align}, vert top, wrap {'on' if wrap else 'off'}; {side}",
        num_format_str=number,
    )


def write_xls(document: Document) -> bytes:
    """A workbook of two sheets, Report and Info; raises :class:`UserError` when something would be cut."""
    import xlwt

    LIMITS.check(document)
    book = xlwt.Workbook(encoding="utf-8")
    book.set_owner("Customer Dynamics")
    _write_table(book, document)
    _write_facts(book, told(document))
    target = BytesIO()
    book.save(target)
    return target.getvalue()


def _write_table(book: Any, document: Document) -> None:
    table = document.table
    sheet = book.add_sheet(table.title)
    sheet.portrait = False
    sheet.paper_size_code = _A4
    sheet.fit_num_pages = 1
    sheet.fit_width_to_pages = 1
    sheet.fit_height_to_pages = 0  # as many as it takes
    # xlwt's own setters take bytes alone, and then only ASCII.
    sheet._Worksheet__header_str = f"&L{print_header(document)}"
    sheet._Worksheet__footer_str = f"&L{print_footer(document)}&RPage &P of &N"
    sheet.set_panes_frozen(True)
    sheet.set_remove_splits(True)
    sheet.set_horz_split_pos(HEADER_ROWS)
    sheet.set_vert_split_pos(table.fixed)
    for place, width in enumerate(widths(table)):
        sheet.col(place).width = width * _WIDTH_UNIT

    for group, start, count in table.groups:
        if group and count > 1:
            sheet.write_merge(0, 0, start, start + count - 1, group, _style(bold=True, align="center"))
        elif group:
            sheet.write(0, start, group, _style(bold=True, align="center"))
    for place, heading in enumerate(table.headings):
        align = "left" if place < table.fixed else "right"
        sheet.write(1, place, heading.title or None, _style(bold=True, align=align, border="below"))

    looks = [(heading.kind, number_format(heading.kind, table.decimals)) for heading in table.headings]
    for number, row in enumerate(table.body):
        is_totals = number == len(table.rows)
        line = sheet.row(HEADER_ROWS + number)
        for place, (cell, (kind, look)) in enumerate(zip(row, looks, strict=True)):
            value = exact_cell(cell, kind)
            # xlwt writes any str as a string cell; the Text format keeps it one when a person edits it.
            line.write(
                place,
                value,
                _style(
                    "@" if isinstance(value, str) else look,
                    bold=is_totals,
                    align="left" if place < table.fixed else "right",
                    border="above" if is_totals else None,
                ),
            )
        if number % 1000 == 999:
            sheet.flush_row_data()
    for number, words in enumerate(LIMITS.footer(document), start=HEADER_ROWS + len(table.body)):
        sheet.write(number, 0, words or None, _style("@"))


def _write_facts(book: Any, facts: tuple[tuple[str, str], ...]) -> None:
    sheet = book.add_sheet("Info")
    for place, width in enumerate(fact_widths(facts)):
        sheet.col(place).width = width * _WIDTH_UNIT
    for number, (label, words) in enumerate(facts):
        sheet.write(number, 0, label, _style("@", bold=True))
        sheet.write(number, 1, words, _style("@", wrap=True))


FORMAT = Format(
    "xls",
    LIMITS.label,
    "xls",
    "application/vnd.ms-excel",
    "programs that know nothing newer (Excel 97 to 2003)",
    write_xls,
    rows=LIMITS.rows,
    columns=LIMITS.columns,
)
