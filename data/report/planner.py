"""Chooses where a report's figures come from: the cheapest source that answers the question exactly."""

from __future__ import annotations

from data.report.by_lines import ChangeLines
from data.report.query import ReportQuery
from data.report.selection import Selection
from data.report.sources import Reader, Source, Transactions
from data.warehouse.schema import client_groups


def choose(reader: Reader, query: ReportQuery, selection: Selection) -> Source:
    """The source for a question about the selected clients, after filters and what the person may see."""
    if _by_groups_of_clients(query, selection):
        lines = reader.reading.lines(query.timezone)
        if lines is not None:
            return ChangeLines(Reader(lines.reading, reader.watch), lines.zone_id, reader, query, selection)
    return Transactions(reader, query, selection)


def _by_groups_of_clients(query: ReportQuery, selection: Selection) -> bool:
    """Whether clients of the same owner, type and currency are all in the answer, in one row of it, or none of them."""
    grouped = (item.attribute.key for item in query.attributes if item.attribute is not None)
    known = all(key is not None and key in client_groups.c for key in grouped)
    return known and selection.by_attributes and not query.packages and not query.by_package
