"""Change lines: what reports add up by local day instead of clients and transactions, as statements for every engine.

For each zone in use and each group of clients (same owner, type and currency) stands what changed on each local day:

* ``level_changes``: clients and balances of All and of Overall Active, at the ends of days;
* ``lapse_changes``: the same of clients whose last paid service lies more than a month back, by the day of it. With it
  Active of any duration is Overall Active less those that lapsed for so long (:func:`lapse`);
* ``day_flows``: transactions by kind.

All of these are sums, and what stands on a day follows from what happened up to then. So a load takes out of the live
lines what the clients that it touches gave them, from the first day on that it changes for each, and puts in what they
give now. A day without a change has no line: lines are never clients x days.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from itertools import pairwise
from typing import Any

import sqlalchemy as sa
from sqlalchemy import BigInteger, ColumnElement, Date, Interval, case, func, literal, literal_column, null, select
from sqlalchemy.schema import CreateTable, DropTable

from data.warehouse.days import Run, fingerprint, local_day, runs_of
from data.warehouse.rollups import is_paid_service
from data.warehouse.schema import (
    client_groups,
    client_states,
    clients,
    day_flows,
    lapse_changes,
    level_changes,
    line_zones,
    transactions,
)

_ONE_DAY, _SHORTEST_MONTH = (literal_column(days, sa.Integer) for days in ("1", "28"))
_MADE_BY = "1"
"""Raised when lines come to mean something else: those made before are then not taken for these."""


class Cause(IntEnum):
    """Why figures changed; movements between two dates can be told from lines by it."""

    BALANCE = 0
    CREATED = 1
    FIRST_PAID = 2
    CLOSED = 3
    LAPSED = 4
    RETURNED = 5


@dataclass(frozen=True, slots=True)
class LineZone:
    """A zone with lines, which are also those of all zones that tell the days from ``first`` to ``last`` alike.

    ``mark`` is what these have in common, and what they share with no zone under other rules or of another program.
    """

    id: int
    name: str
    first: datetime
    last: datetime
    mark: str

    def tells_days_like(self, zone: str) -> bool:
        """Whether the lines are also those of a zone."""
        return self.mark == _mark(zone, self.first, self.last)


def _mark(zone: str, first: datetime, last: datetime) -> str:
    return f"{_MADE_BY}-{fingerprint(zone, first, last)}"


def zones_noted(connection: sa.Connection) -> tuple[LineZone, ...]:
    """The zones for which there are lines."""
    return tuple(LineZone(*row) for row in connection.execute(select(line_zones).order_by(line_zones.c.zone_id)))


Execute = Callable[[sa.Executable], Sequence[Any]]
"""Carries out a statement of this file on some engine, and gives the lines of its answer if it is a question."""

_TRANSACTIONS_AT_ONCE = 8_000_000
"""Clients are taken in ranges with about so many transactions, which bounds the memory."""


def make_lines(execute: Execute, names: Iterable[str]) -> tuple[LineZone, ...]:
    """Fill all lines, which are empty, for the zones of these names; those that tell all days alike share theirs."""
    execute(_groups())
    [(first, last)] = execute(_life())
    if first is None:
        return ()
    zones = _distinct(names, first, last)
    ranges = _ranges(execute)
    for zone in zones:
        for statement in _lines_of(zone, ranges):
            execute(statement)
        execute(_note(zone))
    return zones


def are_narrow(execute: Execute) -> bool:
    """Whether all sums in lines fit into 64 bits, which engines add up twice as fast, and lines that take away too."""
    [(total,)] = execute(select(func.sum(func.abs(transactions.c.amount_micros))))
    return int(total or 0) < 2**61


def _life() -> sa.Select[Any]:
    """One line: the first and the last instant of anything in the data; nulls without clients."""
    c, t = clients.c, transactions.c
    instants = sa.union_all(
        select(func.min(c.created_at).label("first"), func.max(c.created_at).label("last")),
        select(func.min(c.closed_at), func.max(c.closed_at)),
        select(func.min(t.at), func.max(t.at)),
    ).cte("instants")
    return select(func.min(instants.c.first), func.max(instants.c.last))


def _distinct(names: Iterable[str], first: datetime, last: datetime) -> tuple[LineZone, ...]:
    found: dict[str, LineZone] = {}
    for name in names:
        mark = _mark(name, first, last)
        found.setdefault(mark, LineZone(len(found) + 1, name, first, last, mark))
    return tuple(found.values())


def _ranges(execute: Execute) -> list[int]:
    """The first client ids of the ranges in which clients are taken."""
    [(count, rows)] = execute(
        select(
            select(func.count()).select_from(clients).scalar_subquery(),
            select(func.count()).select_from(transactions).scalar_subquery(),
        )
    )
    each = max(count // -(-rows // _TRANSACTIONS_AT_ONCE or -1), 1)
    number = func.row_number().over(order_by=clients.c.id).label("number")
    numbered = select(clients.c.id, number).cte("numbered")
    firsts = select(numbered.c.id).where(func.mod(numbered.c.number - 1, each) == 0).order_by(numbered.c.id)
    return [row[0] for row in execute(firsts)]


def _groups() -> sa.Insert:
    """Fills ``client_groups``, which is empty."""
    c = clients.c
    number = sa.cast(func.row_number().over(order_by=(c.owner_id, c.type, c.currency)), BigInteger)
    lines = select(number, c.owner_id, c.type, c.currency, func.min(c.created_at)).group_by(
        c.owner_id, c.type, c.currency
    )
    return sa.insert(client_groups).from_select([column.name for column in client_groups.columns], lines)


def _note(zone: LineZone) -> sa.Insert:
    """Says that there are lines for a zone."""
    return sa.insert(line_zones).values(
        zone_id=zone.id, name=zone.name, first_at=zone.first, last_at=zone.last, mark=zone.mark
    )


def _lines_of(zone: LineZone, firsts: Sequence[int]) -> Iterator[sa.Executable]:
    """Fills the lines of a zone, for ranges of clients one after another."""
    for table in GATHERED.values():
        yield CreateTable(table)
    for low, high in pairwise((*firsts, None)):
        ids = clients.c.id, transactions.c.client_id
        whose, whose_transactions = (id_ >= low if high is None else (id_ >= low) & (id_ < high) for id_ in ids)
        yield from _gather(runs_of(zone.name, zone.first, zone.last), whose, whose_transactions)
    for table in GATHERED:
        yield _settled(table, zone.id)
    for table in GATHERED.values():
        yield DropTable(table)
    yield _flows(zone)


_KEYS = ("day", "paid_day", "group_id", "cause")


def _to_gather(table: sa.Table) -> sa.Table:
    columns = (sa.Column(c.name, c.type, nullable=False) for c in table.columns if c.name != "zone_id")
    return sa.Table(f"gathered_{table.name}", sa.MetaData(), *columns, prefixes=["TEMPORARY"])


GATHERED = {table: _to_gather(table) for table in (level_changes, lapse_changes)}
"""Where lines of one zone are put side by side before they are added up."""


def _settled(table: sa.Table, zone_id: int) -> sa.Insert:
    """What was gathered, each line once; those that come to nothing are none."""
    keys = [c for c in GATHERED[table].columns if c.name in _KEYS]
    sums = [func.sum(c).label(c.name) for c in GATHERED[table].columns if c not in set(keys)]
    lines = (
        select(literal(zone_id), *keys, *sums).group_by(*keys).having(sa.or_(*(total != 0 for total in sums)))
    ).order_by(*keys)
    return sa.insert(table).from_select([c.name for c in table.columns], lines)


def _gather(
    runs: tuple[Run, ...], whose: ColumnElement[bool], whose_transactions: ColumnElement[bool]
) -> Iterator[sa.Executable]:
    yield CreateTable(client_states)
    yield sa.insert(client_states).from_select(
        [c.name for c in client_states.columns], _states(runs, whose, whose_transactions)
    )
    for table, events in ((level_changes, _levels()), (lapse_changes, _lapses())):
        into = GATHERED[table]
        names = [c.name for c in into.columns]
        e = events.cte("events").c
        keys, parts = [e[name] for name in names if name in _KEYS], [e[name] for name in names if name not in _KEYS]
        yield sa.insert(into).from_select(names, select(*keys, *map(func.sum, parts)).group_by(*keys))
    yield DropTable(client_states)


def _states(
    runs: tuple[Run, ...], whose: ColumnElement[bool], whose_transactions: ColumnElement[bool]
) -> sa.Select[Any]:
    """The lines of ``client_states``: for each client, the days on which anything happened to it."""
    c, g, t = clients.c, client_groups.c, transactions.c
    same = (g.owner_id == c.owner_id) & (g.type == c.type) & (g.currency == c.currency)
    members = (
        select(
            c.id.label("client_id"),
            g.group_id,
            local_day(c.created_at, runs).label("born"),
            local_day(c.closed_at, runs).label("gone"),
        )
        .select_from(clients.join(client_groups, same))
        .where(whose)
        .cte("members")
    )
    m = members.c
    day, nothing, never = local_day(t.at, runs), literal(0, BigInteger), sa.cast(null(), Date)
    moves = sa.union_all(
        select(
            t.client_id,
            day.label("day"),
            t.amount_micros.label("amount"),
            case((is_paid_service(), day)).label("paid_day"),
        ).where(whose_transactions),
        select(m.client_id, m.born, nothing, never),
        select(m.client_id, m.gone, nothing, never).where(m.gone.is_not(None)),
    ).cte("moves")
    steps = (
        select(
            moves.c.client_id,
            moves.c.day,
            func.sum(moves.c.amount).label("amount"),
            func.max(moves.c.paid_day).label("paid_day"),
        )
        .group_by(moves.c.client_id, moves.c.day)
        .cte("steps")
    )
    s = steps.c
    by_client: dict[str, Any] = {"partition_by": s.client_id, "order_by": s.day}
    running = select(
        s.client_id,
        s.day,
        s.amount,
        func.sum(s.amount).over(**by_client, rows=(None, 0)).label("balance"),
        func.max(s.paid_day).over(**by_client, rows=(None, -1)).label("paid_before"),
        func.max(s.paid_day).over(**by_client, rows=(None, 0)).label("paid_day"),
        func.lead(s.day).over(**by_client).label("following"),
    ).cte("running")
    r = running.c
    # A client exists at the end of a day from the one on which it was created to the last before it was closed.
    existed = (m.born < r.day) & sa.or_(m.gone.is_(None), r.day <= m.gone)
    exists_now = (m.born <= r.day) & sa.or_(m.gone.is_(None), r.day < m.gone)
    return (
        select(
            m.group_id,
            r.day,
            r.following,
            existed,
            exists_now,
            r.balance - r.amount,
            r.balance,
            r.paid_before,
            r.paid_day,
        )
        .select_from(running.join(members, m.client_id == r.client_id))
        .where(sa.or_(existed, exists_now))
    )


def _parts(holds: ColumnElement[bool], balance: ColumnElement[Any]) -> tuple[ColumnElement[Any], ...]:
    """What a client gives to qty, pos and neg while something holds for it."""
    return (
        case((holds, 1), else_=0),
        case((holds, func.greatest(balance, 0)), else_=0),
        case((holds, func.least(balance, 0)), else_=0),
    )


def _differences(
    names: Sequence[str], now: Sequence[ColumnElement[Any]], then: Sequence[ColumnElement[Any]]
) -> list[sa.Label[Any]]:
    return [(n - t).label(name) for name, n, t in zip(names, now, then, strict=True)]


def _levels() -> sa.Select[Any]:
    s = client_states.c
    cause = case(
        (sa.not_(s.existed), int(Cause.CREATED)),
        (sa.not_(s.exists_now), int(Cause.CLOSED)),
        (s.paid_before.is_(None) & s.paid_day.is_not(None), int(Cause.FIRST_PAID)),
        else_=int(Cause.BALANCE),
    )
    now = (*_parts(s.exists_now, s.balance), *_parts(s.exists_now & s.paid_day.is_not(None), s.balance))
    then = (*_parts(s.existed, s.before), *_parts(s.existed & s.paid_before.is_not(None), s.before))
    names = [c.name for c in level_changes.columns][4:]
    return select(s.day, s.group_id, cause.label("cause"), *_differences(names, now, then))


def _lapses() -> sa.CompoundSelect[Any]:
    s = client_states.c
    names = ("qty", "pos", "neg")
    # Who lapsed before a day comes back on it, or is closed, or has another balance.
    still = s.exists_now & (s.paid_day == s.paid_before)
    cause = case(
        (sa.not_(s.exists_now), int(Cause.CLOSED)),
        (s.paid_day != s.paid_before, int(Cause.RETURNED)),
        else_=int(Cause.BALANCE),
    )
    since = (
        select(
            s.day,
            s.paid_before.label("paid_day"),
            s.group_id,
            cause.label("cause"),
            *_differences(names, _parts(still, s.balance), _parts(sa.true(), s.before)),
        )
        .where(s.existed, s.day - s.paid_before > _SHORTEST_MONTH)
        .where(lapse(s.paid_before, 1) < s.day)
    )
    # A lapse begins while nothing happens, or with the client itself if all of its payments are older.
    lapsed = lapse(s.paid_day, 1)
    begins = case((s.existed & (s.paid_day == s.paid_before), lapsed), else_=func.greatest(lapsed, s.day))
    begun = (
        select(
            begins,
            s.paid_day,
            s.group_id,
            literal_column(str(int(Cause.LAPSED))),
            *_parts(sa.true(), s.balance),
        )
        .where(s.exists_now, s.paid_day.is_not(None))
        .where(sa.or_(s.following.is_(None), s.following - s.paid_day > _SHORTEST_MONTH))
        .where(begins >= s.day, sa.or_(s.following.is_(None), begins < s.following))
    )
    return sa.union_all(since, begun)


def lapse(paid: ColumnElement[Any], months: int) -> ColumnElement[Any]:
    """The first local date at whose end a client that last paid on ``paid`` is not active for that many months."""
    following = paid + _ONE_DAY
    found = sa.cast(following + literal_column(f"INTERVAL '{months:d} months'", Interval), Date)
    # Where the later month has no such day engines take its last one, and the lapse is at the end of the next day.
    return case((sa.extract("day", found) < sa.extract("day", following), found), else_=found - _ONE_DAY)


def _flows(zone: LineZone) -> sa.Insert:
    c, g, t = clients.c, client_groups.c, transactions.c
    same = (g.owner_id == c.owner_id) & (g.type == c.type) & (g.currency == c.currency)
    of_client = (
        select(c.id.label("client_id"), g.group_id).select_from(clients.join(client_groups, same)).cte("of_client")
    )
    day = local_day(t.at, runs_of(zone.name, zone.first, zone.last))
    keys = (day, of_client.c.group_id, t.kind)
    lines = (
        select(
            literal(zone.id),
            *keys,
            func.count(),
            func.count(case((t.amount_micros >= 0, 1))),
            func.count(case((t.amount_micros <= 0, 1))),
            func.sum(t.amount_micros),
            func.min(t.at),
            func.max(t.at),
        )
        .select_from(transactions.join(of_client, of_client.c.client_id == t.client_id))
        .group_by(*keys)
        .order_by(*keys)
    )
    return sa.insert(day_flows).from_select([c.name for c in day_flows.columns], lines)
