"""What a report can be grouped by: each grouping is one entry that owns its key, order, labels and words.

There are three kinds. A grouping by *time* has a unit, which cuts the period into buckets. One by an *attribute* of
clients has a key, an expression over the table of clients: a client is in one row of each. The third is the package
that a client holds, which changes with time and of which there may be several.

A row carries the key of every grouping (what tells rows apart) and its label (what the JSON says); ``words`` make of a
label what people read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from data.report.period import DATES, MONTHS, QUARTERS, WEEKS, YEARS, Unit
from data.warehouse.schema import CLIENT_TYPES, clients, packages, resellers

Key = str | int | None
"""What tells rows apart: a label of time, a code, an id; None for what has none (No package)."""
Names = Mapping[Key, str]
"""Names of what keys identify, for groupings by things that have names."""
Cell = Literal["year", "month", "date", "text"]
"""How files hold a label: as a number, as the first day of a month, as a day, or as text."""

NO_PACKAGE = "No package"
"""How people read the row of clients that hold no package (null in JSON)."""


def _as_it_is(label: str | None) -> str:
    return str(label)


@dataclass(frozen=True, slots=True, eq=False)
class Dimension:
    """Something to group by. ``group`` is its heading in the form ("Time", "Clients" or "Extras").

    Of ``unit``, ``attribute`` and ``of_packages`` one says what it is. ``named`` tells where names of its keys stand,
    and then rows carry the key as ``id_column``. ``order`` sorts keys (with their labels).
    """

    id: str
    group: str
    label: str
    description: str
    cell: Cell = "text"
    unit: Unit | None = None
    attribute: sa.ColumnElement[str] | sa.ColumnElement[int] | None = None
    of_packages: bool = False
    named: sa.Table | None = None
    id_column: str | None = None
    order: Callable[[Key, str | None], tuple[object, ...]] = lambda _, label: (label,)
    words: Callable[[str | None], str] = _as_it_is

    def name_of(self, key: Key, names: Names) -> str | None:
        """The label of a key."""
        if self.named is None:
            return None if key is None else str(key)
        return None if key is None else names[key]

    def names_in(self, connection: sa.Connection) -> Names:
        """The names of all keys, of those that have names."""
        if self.named is None:
            return {}
        return {row.id: row.name for row in connection.execute(sa.select(self.named.c.id, self.named.c.name))}


def _time(id_: str, label: str, unit: Unit, what: str, cell: Cell = "text", more: str = "") -> Dimension:
    description = f"{what} of the report's time zone, clipped to the period.{more}"
    return Dimension(id_, "Time", label, description, cell, unit)


_TYPES = list(CLIENT_TYPES)

DIMENSIONS: tuple[Dimension, ...] = (
    # By time, from coarse to fine: the finest one chosen sets the buckets, the others are labels.
    _time("year", "Year", YEARS, "Local calendar years", "year"),
    _time("quarter", "Quarter", QUARTERS, "Local calendar quarters"),
    _time("month", "Month", MONTHS, "Local calendar months", "month"),
    _time(
        "week",
        "Week",
        WEEKS,
        "Local weeks, from Monday to Sunday and numbered as ISO 8601 does,",
        more=" Beside months, quarters or years a week stands in the one that holds its first date in the period.",
    ),
    _time("date", "Date", DATES, "Local dates", "date"),
    Dimension(
        "client_type",
        "Clients",
        "Client Type",
        "What kind of clients they are, now.",
        attribute=clients.c.type,
        order=lambda key, _: (_TYPES.index(str(key)),),
        words=lambda label: CLIENT_TYPES[str(label)],
    ),
    Dimension(
        "owner",
        "Clients",
        "Owner",
        "The reseller that a client belongs to, now: its own owner, not those above.",
        attribute=clients.c.owner_id,
        named=resellers,
        id_column="owner_id",
        order=lambda key, label: (label, key),
    ),
    Dimension(
        "client_currency",
        "Clients",
        "Client Currency",
        "The currency in which clients are charged, whatever the report's own.",
        attribute=clients.c.currency,
    ),
    Dimension(
        "package",
        "Extras",
        "Package Name",
        "A row for each package its clients hold, and No package for clients that hold none. "
        "A client with two packages counts in both rows, so rows may exceed the totals.",
        of_packages=True,
        named=packages,
        id_column="package_id",
        order=lambda key, label: (key is None, label or "", key or 0),
        words=lambda label: NO_PACKAGE if label is None else label,
    ),
)
DIMENSION = {dimension.id: dimension for dimension in DIMENSIONS}
TIME_DIMENSIONS = tuple(dimension.id for dimension in DIMENSIONS if dimension.unit)
"""From coarse to fine."""


def unit_named(dimension_id: str) -> Unit:
    """The unit of a grouping by time."""
    unit = DIMENSION[dimension_id].unit
    assert unit is not None
    return unit
