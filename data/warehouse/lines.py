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
from typing import Any

import sqlalchemy as sa
from sqlalchemy import BigInteger, ColumnElement, Date, Interval, case, func, literal, literal_column, null, select
from sqlalchemy.schema import CreateTable, DropTable

from data.warehouse.days import Run, fingerprint, local_day, runs_of
from data.warehouse.rollups import is_paid_service
from data.warehouse.schema import (
    WIDE,
    changed_transactions,
    client_groups,
    client_months,
    client_states,
    clients,
    day_flows,
    lapse_changes,
    level_changes,
    line_zones,
    touched_clients,
    transactions,
)

_ONE_DAY, _SHORTEST_MONTH = (literal_column(days, sa.Integer) for days in ("1", "28"))
_MADE_BY = "2"
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

    @property
    def runs(self) -> tuple[Run, ...]:
        """The stretches of dates that these zones tell alike."""
        return runs_of(self.name, self.first, self.last)

    def tells_days_like(self, zone: str) -> bool:
        """Whether the lines are also those of a zone."""
        return self.mark == marked(zone, self.first, self.last)


def marked(zone: str, first: datetime, last: datetime) -> str:
    """What zones have in common that tell the days from ``first`` to ``last`` alike."""
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
    for statement in renewed_groups():
        execute(statement)
    [(first, last)] = execute(_life())
    if first is None:
        return ()
    zones = distinct(names, first, last)
    _make(execute, zones)
    return zones


def add_zone(execute: Execute, name: str, known: Sequence[LineZone]) -> LineZone:
    """Add the lines of a zone to those of the known ones, of which there is one at least."""
    first, last = known[0].first, known[0].last
    zone = LineZone(max(other.id for other in known) + 1, name, first, last, marked(name, first, last))
    _make(execute, [zone])
    return zone


def _make(execute: Execute, zones: Iterable[LineZone]) -> None:
    firsts = _ranges(execute)
    everyone = [Part(low, high) for low, high in zip(firsts, (*firsts[1:], None), strict=True)]
    for zone in zones:
        # One zone after another, which bounds the memory.
        for statement in begin_gathering():
            execute(statement)
        for part in everyone:
            for statement in gather(zone, part):
                execute(statement)
        execute(gather_flows(zone))
        for statement in settle():
            execute(statement)
        execute(note(zone))


@dataclass(frozen=True, slots=True)
class Part:
    """A range of client ids, up to the last one if ``high`` is None."""

    low: int
    high: int | None

    def holds(self, client: ColumnElement[int]) -> ColumnElement[bool]:
        """Whether a client is among them."""
        return client >= self.low if self.high is None else (client >= self.low) & (client < self.high)


def are_narrow(execute: Execute, *, beside: ColumnElement[Any] | None = None) -> bool:
    """Whether all sums in lines fit into 64 bits, which engines add up twice as fast, and lines that take away too.

    ``beside`` adds up the sizes of amounts that come to those that are there.
    """
    totals = [func.sum(func.abs(transactions.c.amount_micros)), *([] if beside is None else [beside])]
    return sum(int(execute(select(total))[0][0] or 0) for total in totals) < 2**61


def _life() -> sa.Select[Any]:
    """One line: the first and the last instant of anything in the data; nulls without clients."""
    c, t = clients.c, transactions.c
    instants = sa.union_all(
        select(func.min(c.created_at).label("first"), func.max(c.created_at).label("last")),
        select(func.min(c.closed_at), func.max(c.closed_at)),
        select(func.min(t.at), func.max(t.at)),
    ).cte("instants")
    return select(func.min(instants.c.first), func.max(instants.c.last))


def distinct(names: Iterable[str], first: datetime, last: datetime) -> tuple[LineZone, ...]:
    """One zone for all of these that tell the days of the data's life alike."""
    found: dict[str, LineZone] = {}
    for name in names:
        mark = marked(name, first, last)
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


def renewed_groups() -> Iterator[sa.Executable]:
    """Makes ``client_groups`` anew; a group that there was before keeps its number, for there are lines under it."""
    yield CreateTable(_FORMER_GROUPS)
    names = [column.name for column in client_groups.columns]
    yield sa.insert(_FORMER_GROUPS).from_select(names, select(client_groups))
    yield sa.delete(client_groups)
    c, f = clients.c, _FORMER_GROUPS.c
    now = (
        select(c.owner_id, c.type, c.currency, func.min(c.created_at).label("created_at"))
        .group_by(c.owner_id, c.type, c.currency)
        .cte("now")
    )
    n = now.c
    last = select(func.coalesce(func.max(f.group_id), 0)).scalar_subquery()
    # Every group is numbered, and the new ones take what lies beyond all numbers that were used.
    number = last + func.row_number().over(order_by=(n.owner_id, n.type, n.currency))
    same = (f.owner_id == n.owner_id) & (f.type == n.type) & (f.currency == n.currency)
    lines = select(
        sa.cast(func.coalesce(f.group_id, number), BigInteger), n.owner_id, n.type, n.currency, n.created_at
    ).select_from(now.outerjoin(_FORMER_GROUPS, same))
    yield sa.insert(client_groups).from_select(names, lines)
    yield DropTable(_FORMER_GROUPS)


_FORMER_GROUPS = sa.Table(
    "former_groups",
    sa.MetaData(),
    *(sa.Column(column.name, column.type) for column in client_groups.columns),
    prefixes=["TEMPORARY"],
)


def note(zone: LineZone) -> sa.Insert:
    """Says that there are lines for a zone."""
    return sa.insert(line_zones).values(
        zone_id=zone.id, name=zone.name, first_at=zone.first, last_at=zone.last, mark=zone.mark
    )


# --- gathering: lines side by side before they are added up -----------------------------------------------------------

_KEYS = ("zone_id", "day", "paid_day", "group_id", "cause", "kind")


def _to_gather(table: sa.Table) -> sa.Table:
    columns = (sa.Column(c.name, c.type, nullable=False) for c in table.columns)
    return sa.Table(f"gathered_{table.name}", sa.MetaData(), *columns, prefixes=["TEMPORARY"])


_GATHERED = {table: _to_gather(table) for table in (level_changes, lapse_changes, day_flows)}


def begin_gathering() -> Iterator[sa.Executable]:
    """Makes room for lines."""
    yield from map(CreateTable, _GATHERED.values())


def settle() -> Iterator[sa.Executable]:
    """Puts what was gathered among the lines, each line once; those that come to nothing are none."""
    for table, gathered in _GATHERED.items():
        keys = [c for c in gathered.columns if c.name in _KEYS]
        sums = [func.sum(c).label(c.name) for c in gathered.columns if c.name not in _KEYS]
        lines = select(*keys, *sums).group_by(*keys).having(sa.or_(*(total != 0 for total in sums))).order_by(*keys)
        yield sa.insert(table).from_select([c.name for c in table.columns], lines)
        yield DropTable(gathered)


def _gathering(table: sa.Table, zone: LineZone, lines: Any, *, away: bool) -> sa.Insert:
    """Adds lines (all columns but the zone) up, and gathers them; those to be taken ``away`` with the other sign.

    Beside those of the groups stand, under the zone's negative number, those of everyone by currency: there are so few
    of these that a report about everyone hardly reads anything.
    """
    names = [c.name for c in table.columns]
    found = lines.cte("found").c
    keys = [found[name] for name in names[1:] if name in _KEYS]
    sums = {name: func.sum(found[name]) for name in names if name not in _KEYS}
    summed = (
        select(
            literal(zone.id).label("zone_id"),
            *keys,
            *((-total if away else total).label(name) for name, total in sums.items()),
        )
        .group_by(*keys)
        .cte("summed")
    )
    s = summed.c
    together = {
        "zone_id": -s.zone_id,
        "group_id": everyone_in(client_groups.c.currency),
        **{name: func.sum(s[name]) for name in sums},
    }
    coarse = [together.get(name, s[name]) for name in names]
    by = [value for name, value in zip(names, coarse, strict=True) if name in _KEYS]
    everyone = select(*coarse).select_from(summed.join(client_groups, client_groups.c.group_id == s.group_id))
    both = sa.union_all(select(*(s[name] for name in names)), everyone.group_by(*by))
    return sa.insert(_GATHERED[table]).from_select(names, both)


def everyone_in(currency: ColumnElement[str]) -> ColumnElement[int]:
    """The number of the group of all clients of a currency: its code, letter by letter."""
    letters = [func.ascii(func.substr(currency, place, 1)) for place in (1, 2, 3)]
    return sa.cast(letters[0] * 10_000 + letters[1] * 100 + letters[2], BigInteger)


def gather(zone: LineZone, part: Part | None, *, away: bool = False) -> Iterator[sa.Executable]:
    """Gathers changes of levels and lapses: those of some clients, or of those that a load touches, if it is None."""
    yield CreateTable(client_states)
    states = _states(zone.runs, part)
    yield sa.insert(client_states).from_select([c.name for c in client_states.columns], states)
    yield _gathering(level_changes, zone, _levels(), away=away)
    yield _gathering(lapse_changes, zone, _lapses(), away=away)
    yield DropTable(client_states)


def _of_group() -> sa.Join:
    """Clients with their groups."""
    c, g = clients.c, client_groups.c
    return clients.join(client_groups, (g.owner_id == c.owner_id) & (g.type == c.type) & (g.currency == c.currency))


def _states(runs: tuple[Run, ...], part: Part | None) -> sa.Select[Any]:
    """The lines of ``client_states``: for each client, the days on which anything happened to it."""
    c = clients.c
    created, closed = local_day(c.created_at, runs), local_day(c.closed_at, runs)
    source: sa.FromClause = _of_group()
    since: ColumnElement[Any] = sa.cast(null(), Date)
    if part is None:
        source = source.join(touched_clients, touched_clients.c.client_id == c.id)
        since = local_day(touched_clients.c.since, runs)
    members = (
        select(
            c.id.label("client_id"),
            client_groups.c.group_id,
            created.label("born"),
            closed.label("gone"),
            since.label("since"),
        )
        .select_from(source)
        .where(sa.true() if part is None else part.holds(c.id))
        .cte("members")
    )
    m = members.c
    nothing, never = literal(0, BigInteger), sa.cast(null(), Date)
    moves = sa.union_all(
        *(_moves_since(members, runs) if part is None else (_moves_of(part, runs),)),
        select(m.client_id, _not_before(m.since, m.born), nothing, never),
        select(m.client_id, _not_before(m.since, m.gone), nothing, never).where(m.gone.is_not(None)),
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
            m.since,
            r.day,
            r.following,
            existed.label("existed"),
            exists_now.label("exists_now"),
            r.balance - r.amount,
            r.balance,
            r.paid_before,
            r.paid_day,
        )
        .select_from(running.join(members, m.client_id == r.client_id))
        .where(sa.or_(existed, exists_now))
    )


def _moves_of(part: Part, runs: tuple[Run, ...]) -> sa.Select[Any]:
    """Client, day, amount, and the day again if it was paid service, of some clients' transactions."""
    t = transactions.c
    day = local_day(t.at, runs)
    return select(
        t.client_id,
        day.label("day"),
        t.amount_micros.label("amount"),
        case((is_paid_service(), day)).label("paid_day"),
    ).where(part.holds(t.client_id))


def _moves_since(members: sa.CTE, runs: tuple[Run, ...]) -> Iterator[sa.Select[Any]]:
    """The same of touched clients: from the day on from which a load changes something, and all before it in one.

    What is older than the UTC month of two days before comes from ``client_months``.
    """
    m, n, t, touched = members.c, client_months.c, transactions.c, touched_clients.c
    cut = func.date_trunc("month", touched.since - literal_column("INTERVAL '2 days'", Interval))
    whose = members.join(touched_clients, touched.client_id == m.client_id)
    day = local_day(t.at, runs)
    yield (
        select(
            t.client_id,
            _not_before(m.since, day).label("day"),
            sa.cast(t.amount_micros, WIDE).label("amount"),
            case((is_paid_service(), day)).label("paid_day"),
        )
        .select_from(whose.join(transactions, t.client_id == m.client_id))
        .where(t.at >= cut)
    )
    yield (
        select(n.client_id, m.since - _ONE_DAY, n.amount_micros, local_day(n.paid_at, runs))
        .select_from(whose.join(client_months, n.client_id == m.client_id))
        .where(n.month < cut)
    )


def _not_before(since: ColumnElement[Any], day: ColumnElement[Any]) -> ColumnElement[Any]:
    """A day, but for those before ``since`` the one before it; lines stand from ``since`` on, if it is not null."""
    return func.greatest(day, since - _ONE_DAY)


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
    return select(s.day, s.group_id, cause.label("cause"), *_differences(names, now, then)).where(_counts(s.day))


def _counts(day: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether what a state gives to a day is asked for."""
    return sa.or_(client_states.c.since.is_(None), day >= client_states.c.since)


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
        .where(_counts(s.day), s.existed, s.day - s.paid_before > _SHORTEST_MONTH)
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
        .where(_counts(begins), s.exists_now, s.paid_day.is_not(None))
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


def gather_flows(zone: LineZone, *, changed: bool = False, away: bool = False) -> sa.Insert:
    """Gathers transactions by kind: all of them, or those that a load has changed or whose client changed its group."""
    c, t = clients.c, transactions.c
    of_client = select(c.id.label("client_id"), client_groups.c.group_id).select_from(_of_group()).cte("of_client")
    day = local_day(t.at, zone.runs)
    keys: tuple[ColumnElement[Any], ...] = (day, of_client.c.group_id, t.kind)
    names = ("day", "group_id", "kind", "number", "not_below", "not_above", "amount_micros")
    sums: tuple[ColumnElement[Any], ...] = (
        func.count(),
        func.count(case((t.amount_micros >= 0, 1))),
        func.count(case((t.amount_micros <= 0, 1))),
        func.sum(t.amount_micros),
    )
    lines = (
        select(*(value.label(name) for name, value in zip(names, (*keys, *sums), strict=True)))
        .select_from(transactions.join(of_client, of_client.c.client_id == t.client_id))
        .group_by(*keys)
    )
    if changed:
        ids = select(changed_transactions.c.id)
        moved = select(touched_clients.c.client_id).where(touched_clients.c.moves)
        lines = lines.where(sa.or_(t.id.in_(ids), t.client_id.in_(moved)))
    return _gathering(day_flows, zone, lines, away=away)
