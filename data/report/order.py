"""The order of a report's rows as a person sorts them: on exact figures, never on their text; totals take no part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from data.report.result import ReportResult

Direction = Literal["asc", "desc"]


@dataclass(frozen=True, slots=True)
class Sort:
    """The column that rows are sorted by, and which way."""

    column: str
    direction: Direction


def read_sort(data: Sequence[Mapping[str, Any]]) -> Sort | None:
    """The first usable of a table's own sort records (``column_id``, ``direction``); None means the report's order."""
    for item in data:
        if isinstance(item.get("column_id"), str) and item.get("direction") in ("asc", "desc"):
            return Sort(item["column_id"], "asc" if item["direction"] == "asc" else "desc")
    return None


def row_order(result: ReportResult, sort: Sort | None) -> tuple[int, ...]:
    """Places in ``result.rows`` in the order to show them.

    Rows of equal value keep the report's order. What is empty (an average of none, No package) comes last either way.
    A column that the report does not have leaves the report's order.
    """
    places = range(len(result.rows))
    known = [column.id for column in result.columns]
    if sort is None or sort.column not in known:
        return tuple(places)
    place = known.index(sort.column)
    grouping = len(result.query.group_by)

    def value(row: int) -> str | int | Decimal | None:
        found = result.rows[row]
        return found.labels[place] if place < grouping else result.shown(found.figures)[place - grouping]

    filled = [row for row in places if value(row) is not None]
    filled.sort(key=value, reverse=sort.direction == "desc")  # type: ignore[arg-type]  # one column is of one kind
    return (*filled, *(row for row in places if value(row) is None))
