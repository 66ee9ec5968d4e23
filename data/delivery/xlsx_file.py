"""Excel XLSx: what it holds, and where it is written. The writer's package is imported with the first such file."""

from __future__ import annotations

from data.delivery.format import Format
from data.delivery.spreadsheet import Limits
from data.delivery.table import Document

LIMITS = Limits("Excel XLSx", rows=1_048_576, columns=16_384, instead="CSV")


def write_xlsx(document: Document) -> bytes:
    """A workbook of two sheets, Report and Info; raises :class:`UserError` when something would be cut."""
    LIMITS.check(document)
    from data.delivery.xlsx_sheets import workbook_of

    return workbook_of(document, LIMITS.footer(document))


FORMAT = Format(
    "xlsx",
    LIMITS.label,
    "xlsx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "Excel and everything like it",
    write_xlsx,
    rows=LIMITS.rows,
    columns=LIMITS.columns,
    button="XLSx",
)
