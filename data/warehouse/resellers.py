"""The resellers' tree, for whoever needs names or who is below whom and asks for no figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from data.errors import NoData, Unreachable
from data.warehouse.engines import Warehouse
from data.warehouse.schema import resellers


@dataclass(frozen=True, slots=True)
class Tree:
    """Each reseller's name and parent (None at the top), by id."""

    names: Mapping[int, str] = field(default_factory=dict)
    parents: Mapping[int, int | None] = field(default_factory=dict)


def read_tree(warehouse: Warehouse) -> Tree:
    """The tree of the live data; empty while there is none, or it cannot be reached."""
    try:
        with warehouse.read() as reading:
            rows = reading.connection.execute(sa.select(resellers)).all()
    except (NoData, Unreachable):
        return Tree()
    return Tree({row.id: row.name for row in rows}, {row.id: row.parent_id for row in rows})
