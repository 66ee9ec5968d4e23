"""Lines kept by what a load touches: what its clients gave them is taken out before the load, and put in after it.

What stands on a day follows from what happened up to then. So for each client nothing changes before the first instant
at which the load changes anything for it, and what is older is read as one sum (``client_months``). Lines that take
away stand beside those that they take from: whoever reads lines adds them up.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import DateTime, case, func, literal, select
from sqlalchemy.schema import CreateTable, DropTable

from data.warehouse.lines import (
    Execute,
    LineZone,
    add_zone,
    are_narrow,
    begin_gathering,
    distinct,
    gather,
    gather_flows,
    marked,
    note,
    renewed_groups,
    settle,
)
from data.warehouse.rollups import months_of
from data.warehouse.schema import (
    changed_transactions,
    client_months,
    clients,
    line_zones,
    touched_clients,
    transactions,
)

_BEFORE_ALL = datetime(1800, 1, 1)
_SMALL = 10
"""Loads that touch more than one in so many of all transactions, or clients, are quicker made anew."""


def incoming(table: sa.Table) -> sa.TableClause:
    """The rows that a load brings for a table, as a relation that both engines make by this name."""
    return sa.table(f"incoming_{table.name}", *(sa.column(c.name, c.type) for c in table.columns))


def differs(new: sa.TableClause, old: sa.Table) -> sa.ColumnElement[bool]:
    """Whether a row is not there yet or is there with other values."""
    keys = [c.name for c in old.columns if c.primary_key]
    rest = [c.name for c in old.columns if not c.primary_key]
    return sa.or_(old.c[keys[0]].is_(None), *(new.c[name].is_distinct_from(old.c[name]) for name in rest))


class Renewal:
    """One load's change of the lines. ``tables`` are those that it brings rows for, ``new`` zones without lines yet."""

    def __init__(
        self, execute: Execute, zones: Sequence[LineZone], tables: Collection[str], new: Sequence[str]
    ) -> None:
        self._execute = execute
        self._zones = zones
        self._tables = tables
        self._new = new

    def take_out(self) -> None:
        """Before the load: find what it touches, and gather what that gave to the lines."""
        self._all(self._find_touched())
        self._all(begin_gathering())
        for zone in self._zones:
            self._all(gather(zone, None, away=True))
            self._execute(gather_flows(zone, changed=True, away=True))

    def put_in(self) -> None:
        """After the load: renew the months of the touched clients and the groups, and the lines with both."""
        self._all(_renewed_months())
        self._all(renewed_groups())
        for zone in self._zones:
            self._all(gather(zone, None))
            self._execute(gather_flows(zone, changed=True))
        self._all(settle())
        self._execute(sa.delete(line_zones))
        self._all(map(note, self._zones))
        self._all(map(DropTable, (changed_transactions, touched_clients)))
        zones = [*self._zones]
        for name in self._new:
            zones.append(add_zone(self._execute, name, zones))

    def _all(self, statements: Any) -> None:
        for statement in statements:
            self._execute(statement)

    def _find_touched(self) -> Iterator[sa.Executable]:
        yield CreateTable(changed_transactions)
        yield CreateTable(touched_clients)
        found: list[sa.Select[Any]] = []
        if "transactions" in self._tables:
            new, t, changed = incoming(transactions), transactions.c, changed_transactions.c
            lines = select(new.c.id).select_from(new.outerjoin(transactions, t.id == new.c.id))
            yield sa.insert(changed_transactions).from_select(["id"], lines.where(differs(new, transactions)))
            # Also whose they were, and when: a row may come again with another client or instant.
            for at_once in (new.c, t):
                among = at_once.id.in_(select(changed.id))
                found.append(
                    select(at_once.client_id, at_once.at.label("since"), sa.false().label("moves")).where(among)
                )
        if "clients" in self._tables:
            new, c = incoming(clients), clients.c
            new_group = sa.or_(*(new.c[name] != c[name] for name in ("type", "owner_id", "currency")))
            # A client that closes, or does not after all, changes nothing before the first of the two instants.
            since = case(
                (sa.or_(c.id.is_(None), new_group, new.c.created_at != c.created_at), literal(_BEFORE_ALL, DateTime)),
                else_=func.least(new.c.closed_at, c.closed_at),
            )
            matter = ("type", "owner_id", "currency", "created_at", "closed_at")
            other = sa.or_(c.id.is_(None), *(new.c[name].is_distinct_from(c[name]) for name in matter))
            moves = func.coalesce(new_group, sa.false())
            found.append(
                select(new.c.id, since, moves).select_from(new.outerjoin(clients, c.id == new.c.id)).where(other)
            )
        if found:
            each = sa.union_all(*found).cte("each")
            client, instant, leaves = each.columns
            lines = select(client, func.min(instant), func.max(case((leaves, 1), else_=0)) == 1).group_by(client)
            yield sa.insert(touched_clients).from_select([c.name for c in touched_clients.columns], lines)


def _renewed_months() -> Iterator[sa.Executable]:
    """Makes ``client_months`` anew for the touched clients, from the month on from which anything changes."""
    m, t, touched = client_months.c, transactions.c, touched_clients.c
    month = func.date_trunc("month", touched.since)
    yield sa.delete(client_months).where(
        sa.exists().where(touched.client_id == m.client_id, m.month >= month).correlate(client_months)
    )
    yield months_of(sa.exists().where(touched.client_id == t.client_id, t.at >= month).correlate(transactions))


def renewal(
    execute: Execute, tables: Collection[str], names: Collection[str], noted: Sequence[LineZone]
) -> Renewal | None:
    """How a load changes the lines of the zones of these names; None if all are better made anew.

    ``noted`` are the zones of the live lines: with other rules of zones, sums that no longer fit, or a load that
    touches a good part of the data, lines are made anew. The rows that the load brings must be there as
    :func:`incoming`.
    """
    if not noted or any(not zone.tells_days_like(zone.name) for zone in noted):
        return None
    first, last = noted[0].first, noted[0].last
    for table, instants in ((clients, ("created_at", "closed_at")), (transactions, ("at",))):
        if table.name not in tables:
            continue
        new = incoming(table)
        for name in instants:
            [(count, earliest, latest)] = execute(select(func.count(), func.min(new.c[name]), func.max(new.c[name])))
            [(rows,)] = execute(select(func.count()).select_from(table))
            if count * _SMALL > rows:
                return None
            first, last = min(first, earliest or first), max(last, latest or last)
    zones = [replace(zone, first=first, last=last, mark=marked(zone.name, first, last)) for zone in noted]
    there = {zone.mark for zone in zones}
    missing = [zone.name for zone in distinct(names, first, last) if zone.mark not in there]
    if "transactions" in tables:
        total = func.sum(func.abs(incoming(transactions).c.amount_micros))
        if are_narrow(execute) != are_narrow(execute, beside=total):
            return None
    return Renewal(execute, zones, tables, missing)
