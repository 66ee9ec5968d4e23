"""The file formats of a report: a table. A further format is one entry here and one function that writes it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from data.delivery import xls_file, xlsx_file
from data.delivery.csv_file import write_csv
from data.delivery.table import Document, document
from data.report.query import ReportQuery
from data.report.result import ReportResult


@dataclass(frozen=True, slots=True)
class Format:
    """A file format. ``write`` makes the whole file, or raises :class:`UserError` when the report does not fit.

    ``rows`` and ``columns`` are the most that a file holds, headers and totals included; None where there is no limit.
    """

    id: str
    label: str
    extension: str
    mime: str
    write: Callable[[Document], bytes]
    rows: int | None = None
    columns: int | None = None


def write_json(document: Document) -> bytes:
    """The report's JSON (semantics, section 7) in UTF-8: the columns and rows displayed, a row to a line."""
    whole = document.result.to_json()
    columns = {column["id"]: column for column in whole["columns"]}
    shown = {heading.id for heading in document.table.headings}
    hidden = columns.keys() - shown
    if "package" in hidden:
        hidden |= {"package_id"}

    def text(value: object) -> str:
        return json.dumps(value, ensure_ascii=False)

    def visible(row: Mapping[str, object]) -> str:
        return text({id_: value for id_, value in row.items() if id_ not in hidden})

    heads = [columns[heading.id] for heading in document.table.headings if heading.id in columns]
    rows = ",\n".join(visible(whole["rows"][place]) for place in document.order)
    totals = "null" if whole["totals"] is None else visible(whole["totals"])
    lines = (
        f'{{"query": {text(whole["query"])},',
        f'"info": {text(whole["info"])},',
        f'"columns": {text(heads)},',
        f'"rows": [\n{rows}\n],' if rows else '"rows": [],',
        f'"totals": {totals}}}',
        "",
    )
    # Half a character (a lone surrogate) has no UTF-8; backslashreplace writes it as JSON's own escape.
    return "\n".join(lines).encode("utf-8", "backslashreplace")


FORMATS: tuple[Format, ...] = (
    Format("json", "JSON", "json", "application/json", write_json),
    Format("csv", "CSV", "csv", "text/csv; charset=utf-8", write_csv),
    Format(
        "xls",
        "Excel XLS",
        "xls",
        "application/vnd.ms-excel",
        xls_file.write_xls,
        rows=xls_file.LIMITS.rows,
        columns=xls_file.LIMITS.columns,
    ),
    Format(
        "xlsx",
        "Excel XLSx",
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        xlsx_file.write_xlsx,
        rows=xlsx_file.LIMITS.rows,
        columns=xlsx_file.LIMITS.columns,
    ),
)
FORMAT = {item.id: item for item in FORMATS}


def export(
    result: ReportResult,
    format_id: str,
    *,
    columns: Sequence[str] | None = None,
    order: Sequence[int] | None = None,
    names: Mapping[tuple[str, Any], str] | None = None,
) -> bytes:
    """The report as a file of a format of :data:`FORMATS`.

    ``columns`` are the column ids displayed and ``order`` the places of the rows displayed, both in the order shown;
    all of the report unless given. ``names`` gives owners' and packages' names to the facts, as for
    :meth:`ReportQuery.describe`. Raises :class:`UserError` when the report is too large for the format.
    """
    return FORMAT[format_id].write(document(result, columns, order, names))


def filename(query: ReportQuery, format_id: str) -> str:
    """A name for the file, safe on every system: ``customer-dynamics_2024-01-01_2024-03-31.xlsx``."""
    start, end = (str(bound).replace(":", "") for bound in (query.start, query.end))
    return f"customer-dynamics_{start}_{end}.{FORMAT[format_id].extension}"
