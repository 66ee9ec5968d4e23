"""CSV: RFC 4180 in UTF-8 with a byte order mark, so that Excel shows every script as it is."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterable
from datetime import date

from data.delivery.format import Format
from data.delivery.formulas import csv_field
from data.delivery.table import Cell, Document, Kind


def write_csv(document: Document) -> bytes:
    """The table: two header rows, the rows, the totals row; after an empty line the question and notes in words."""
    table = document.table
    kinds = [heading.kind for heading in table.headings]
    lines = [
        _line(csv_field(heading.group) for heading in table.headings),
        _line(csv_field(heading.title) for heading in table.headings),
        *(_line(_field(cell, kind) for cell, kind in zip(row, kinds, strict=True)) for row in table.body),
    ]
    # Each line has all the fields, as RFC 4180 asks.
    rest = [""] * (len(kinds) - 1)
    lines += [_line([csv_field(words), *rest]) for words in ("", *document.footer)]
    return BOM_UTF8 + "".join(lines).encode()


def _line(fields: Iterable[str]) -> str:
    return ",".join(fields) + "\r\n"


def _field(cell: Cell, kind: Kind) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return csv_field(cell)
    if isinstance(cell, date):
        return cell.isoformat()[: len("2024-03")] if kind == "month" else cell.isoformat()
    # Decimals of the report have a fixed number of places and print as they are: -1234.50.
    return f"{cell:f}" if kind == "money" else str(cell)


FORMAT = Format("csv", "CSV", "csv", "text/csv; charset=utf-8", "any program; no limits", write_csv, button="CSV")
