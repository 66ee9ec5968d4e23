"""Builds the report's SQL: pure functions from the question to SQLAlchemy statements, the same for every engine.

Nothing here grows with clients x rows. Each client's history is cut where something changes (a transaction, the end of
its activity, of its life, of a package) and only the changes are added up; the figures at each T follow by running
sums over at most (rows x currencies) results. Whole UTC months of history come from ``client_months``, and who holds
what from ``holdings`` (``data/warehouse/rollups.py``); transactions are read where a report needs them one by one. Time
zones never reach the engine: local dates and buckets arrive as small relations of UTC instants, joined by UTC day so
that every engine can hash them.

Words used below: *edges* are ascending instants; the *rank* of an instant is how many edges lie at or before it. With
the rows' T as edges, what happened at ``x`` is seen by the rows from rank(x) on.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import BigInteger, ColumnElement, Date, DateTime, Integer, String, case, func, literal, null, select

from data.report.catalog import METRICS, Flow
from data.report.period import Bucket, first_instant, local_date, months_before
from data.report.query import ReportQuery
from data.warehouse.engines import relation
from data.warehouse.rollups import last_paid, until
from data.warehouse.schema import (
    PACKAGE_KINDS,
    client_months,
    client_tags,
    clients,
    holdings,
    package_sets,
    rates,
    transactions,
)

_DAY = timedelta(days=1)
_FEW = 12
"""Up to so many stretches of time are written out as conditions, with which an engine can skip what lies outside."""

Scope = Literal["total", "held", "package"]
"""Whose figures a line of results holds: everyone's, those of clients that hold any package, or one package's."""
SCOPES: tuple[Scope, ...] = ("total", "held", "package")
"""Lines name their scope by its place here, and their kind and currency likewise: numbers come faster than words."""

POPULATIONS = ("active", "overall_active", "all")
LEVELS = tuple((population, part) for population in POPULATIONS for part in ("qty", "pos", "neg"))
"""What a line of stocks carries, in its order; columns are named like "active_qty"."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which clients a report is about; ``owners`` None means all, else the owners after filter and restriction.

    With ``touched``, only those to whom anything happened from one instant to before another.
    """

    types: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    owners: frozenset[int] | None = None
    touched: tuple[datetime, datetime] | None = None

    @property
    def everyone(self) -> bool:
        """Whether no client is left out."""
        return self == Selection()


def _selected(selection: Selection) -> sa.CTE:
    statement = select(clients.c.id, clients.c.currency, clients.c.created_at, clients.c.closed_at)
    if selection.types:
        statement = statement.where(clients.c.type.in_(selection.types))
    if selection.tags:
        tagged = select(client_tags.c.client_id).where(client_tags.c.tag.in_(selection.tags))
        statement = statement.where(clients.c.id.in_(tagged))
    if selection.owners is not None:
        statement = statement.where(clients.c.owner_id.in_(sorted(selection.owners)))
    if selection.touched is not None:
        moved = select(transactions.c.client_id).where(_during(transactions.c.at, *selection.touched))
        came_or_went = (_during(instant, *selection.touched) for instant in (clients.c.created_at, clients.c.closed_at))
        statement = statement.where(sa.or_(clients.c.id.in_(moved), *came_or_went))
    return statement.cte("selected")


def tags_of(owners: frozenset[int] | None) -> sa.Select[Any]:
    """A line for each tag of the clients of these owners; None means everyone's."""
    statement = select(client_tags.c.tag).distinct()
    if owners is None:
        return statement
    theirs = clients.c.owner_id.in_(sorted(owners))
    return statement.join(clients, clients.c.id == client_tags.c.client_id).where(theirs)


def selected_currencies(selection: Selection) -> sa.Select[Any]:
    """A line for each currency of the selected clients: currency, first created_at."""
    selected = _selected(selection)
    return select(selected.c.currency, func.min(selected.c.created_at)).group_by(selected.c.currency)


def data_interval(selection: Selection, start: datetime, end: datetime) -> sa.Select[Any]:
    """One line: the first transaction of the selected clients at all, and the first and last in [start, end)."""
    m, at = client_months.c, transactions.c.at
    whole = whole_months(start, end)
    within = sa.false() if whole is None else (m.month >= whole[0]) & (m.month < whole[1])
    by_month = select(
        func.min(m.first_at).label("first_ever"),
        func.min(case((within, m.first_at))).label("first"),
        func.max(case((within, m.last_at))).label("last"),
    )
    beside = [(start, end)] if whole is None else [(start, _midnight(whole[0])), (_midnight(whole[1]), end)]
    rest = select(sa.cast(null(), DateTime), func.min(at), func.max(at)).where(
        sa.or_(sa.false(), *(_during(at, low, high) for low, high in beside if low < high))
    )
    if not selection.everyone:
        selected = _selected(selection)
        by_month = by_month.select_from(client_months.join(selected, selected.c.id == m.client_id))
        rest = rest.select_from(transactions.join(selected, selected.c.id == transactions.c.client_id))
    found = sa.union_all(by_month, rest).cte("found")
    return select(func.min(found.c.first_ever), func.min(found.c.first), func.max(found.c.last))


def anything_between(low: datetime, high: datetime) -> sa.Select[Any]:
    """No line if nothing happened to any client in [low, high), else one."""
    instants = (transactions.c.at, clients.c.created_at, clients.c.closed_at)
    return select(literal(1)).where(sa.or_(*(sa.exists().where(_during(instant, low, high)) for instant in instants)))


def transactions_between(selection: Selection, low: datetime, high: datetime) -> sa.Select[Any]:
    """One line: the first and the last transaction of the selected clients in [low, high)."""
    at = transactions.c.at
    statement = select(func.min(at), func.max(at)).where(_during(at, low, high))
    if not selection.everyone:
        selected = _selected(selection)
        statement = statement.join(selected, selected.c.id == transactions.c.client_id)
    return statement


def last_transaction() -> sa.Select[Any]:
    """One line: the last transaction instant of the whole warehouse, whoever asks (semantics, section 8)."""
    return select(func.max(transactions.c.at))


def published_rates(currencies: Collection[str], since: date, until: date) -> sa.Select[Any]:
    """Currency, date and rate (as text) of what the currencies' rates were from ``since`` to ``until``.

    The first of each is the one that held on ``since``, published on or before it.
    """
    asked = rates.c.currency.in_(sorted(currencies))
    before = (
        select(rates.c.currency, func.max(rates.c.date).label("date"))
        .where(asked, rates.c.date <= since)
        .group_by(rates.c.currency)
        .cte("before")
    )
    return (
        select(rates.c.currency, rates.c.date, sa.cast(rates.c.rate, String))
        .select_from(rates.outerjoin(before, before.c.currency == rates.c.currency))
        .where(asked, rates.c.date <= until, sa.or_(before.c.date.is_(None), rates.c.date >= before.c.date))
    )


# --- placing instants in time -----------------------------------------------------------------------------------------


def _days(low: datetime, high: datetime) -> list[date]:
    """The UTC dates that [low, high) touches."""
    last = (high - timedelta(microseconds=1)).date()
    return [low.date() + _DAY * n for n in range((last - low.date()).days + 1)]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def whole_months(low: datetime, high: datetime) -> tuple[date, date] | None:
    """The first UTC month that lies within [low, high) as a whole, and the first after it that does not."""
    first, after = low.date().replace(day=1), high.date().replace(day=1)
    if low > _midnight(first):
        first = months_before(first, -1)
    return (first, after) if first < after else None


def _during(instant: ColumnElement[Any], low: Any, high: Any) -> ColumnElement[bool]:
    return sa.and_(instant >= low, instant < high)


def _by_day(name: str, stretches: Sequence[tuple[Any, ...]], *labels: str) -> sa.CTE:
    """Stretches of time (low, high, and a number for each of ``labels``), a line for each UTC day that one touches."""
    lines = [(day, *stretch) for stretch in stretches for day in _days(stretch[0], stretch[1])]
    kinds: list[tuple[str, Any]] = [("day", Date()), ("low", DateTime()), ("high", DateTime())]
    kinds += [(label, Integer()) for label in labels]
    return relation(name, [(label, kind, [line[n] for line in lines]) for n, (label, kind) in enumerate(kinds)])


def _lies_in(instant: ColumnElement[Any], table: sa.FromClause) -> ColumnElement[bool]:
    """In which line of :func:`_by_day` an instant lies: one at most. The day is what engines can hash."""
    return (sa.cast(instant, Date) == table.c.day) & _during(instant, table.c.low, table.c.high)


class _Ranks:
    """Ranks of instants among fixed edges, as SQL."""

    def __init__(self, name: str, edges: Sequence[datetime]) -> None:
        self.count = len(edges)
        self._first, self._last = edges[0], edges[-1]
        steps = sorted(set(edges))
        stretches = [(low, high, bisect_right(edges, low)) for low, high in pairwise(steps)]
        self._table = _by_day(name, stretches, "rank") if stretches else None
        self._uses = 0

    def of(self, instant: ColumnElement[Any], source: sa.FromClause) -> tuple[ColumnElement[int], sa.FromClause]:
        """The rank of a column of ``source``, and the source joined with what is needed to tell it."""
        if self._table is None:
            return case((instant >= self._last, self.count), (instant.is_not(None), 0)), source
        self._uses += 1
        table = self._table.alias(f"{self._table.name}_{self._uses}")
        rank = case((instant >= self._last, self.count), (instant < self._first, 0), else_=table.c.rank)
        return rank, source.outerjoin(table, _lies_in(instant, table))


# --- stocks: clients and balances at T --------------------------------------------------------------------------------


def stocks(
    query: ReportQuery, selection: Selection, buckets: Sequence[Bucket], currencies: Sequence[str]
) -> sa.CompoundSelect[Any]:
    """Changes of clients and balances from bucket to bucket, in the clients' own currencies.

    Lines: scope (place in ``SCOPES``), package_id (0 where there is none), currency (place in ``currencies``), bucket
    (index), then for each population its change of qty, of the sum of balances above zero and of those below zero
    (micros, as text: see :func:`_exact`). Running sums over the bucket give the figures at its T.
    """
    end = buckets[-1].at
    ranks = _Ranks("bucket_ends", [bucket.at for bucket in buckets])
    active = _Ranks("active_from", [bucket.active_from for bucket in buckets])
    selected = _selected(selection)
    many = ranks.count > 1

    born, source = ranks.of(selected.c.created_at, selected)
    gone, source = ranks.of(selected.c.closed_at, source)
    lives = (
        select(
            selected.c.id,
            selected.c.currency,
            born.label("born"),
            func.coalesce(gone, ranks.count).label("gone"),
        )
        .select_from(source)
        .where(selected.c.created_at < end)
        .cte("lives")
    )

    # Everyone has a first step, with or without transactions.
    none = literal(0, BigInteger).label("amount")
    never = sa.cast(null(), DateTime).label("paid_at")
    nothing = select(lives.c.id.label("client_id"), literal(0, Integer).label("bucket"), none, never)
    moves = sa.union_all(*_moves(selection, lives, [bucket.at for bucket in buckets]), nothing).cte("moves")
    changes = (
        select(
            moves.c.client_id,
            moves.c.bucket,
            func.sum(moves.c.amount).label("amount"),
            func.max(moves.c.paid_at).label("paid_at"),
        )
        .group_by(moves.c.client_id, moves.c.bucket)
        .cte("changes")
    )
    active_until, source = active.of(changes.c.paid_at, changes)
    ranked = select(
        changes.c.client_id, changes.c.bucket, changes.c.amount, active_until.label("active_until")
    ).select_from(source)
    ranked_changes = ranked.cte("ranked_changes")
    by_client: dict[str, Any] = {"partition_by": ranked_changes.c.client_id, "order_by": ranked_changes.c.bucket}
    so_far = by_client | {"rows": (None, 0)}
    steps = select(
        ranked_changes.c.client_id,
        ranked_changes.c.bucket.label("low"),
        (func.lead(ranked_changes.c.bucket, 1, ranks.count).over(**by_client) if many else literal(1, Integer)).label(
            "high"
        ),
        (func.sum(ranked_changes.c.amount).over(**so_far) if many else ranked_changes.c.amount).label("balance"),
        # Null until the first paid service. Later payments keep a client active longer, never shorter.
        (func.max(ranked_changes.c.active_until).over(**so_far) if many else ranked_changes.c.active_until).label(
            "active_until"
        ),
    ).cte("steps")
    low, high = func.greatest(steps.c.low, lives.c.born), func.least(steps.c.high, lives.c.gone)
    pieces = (
        select(
            steps.c.client_id,
            lives.c.currency,
            low.label("low"),
            high.label("high"),
            steps.c.balance,
            steps.c.active_until,
        )
        .select_from(steps.join(lives, lives.c.id == steps.c.client_id))
        .where(low < high)
        .cte("pieces")
    )

    return sa.union_all(*_by_scope(query, pieces, ranks, currencies))


def _moves(selection: Selection, lives: sa.CTE, edges: Sequence[datetime]) -> list[sa.Select[Any]]:
    """What moved each client's balance, and when it last paid for service, by the bucket in which it is first seen.

    Columns: client_id, bucket, amount, paid_at; several lines for one client and bucket. Months that lie between two
    edges as a whole come from ``client_months``, and transactions are read for the rest.
    """
    history = edges[0].date().replace(day=1)
    months: list[tuple[date, int]] = []
    rest = [(_midnight(history), edges[0], 0)]
    for bucket, (low, high) in enumerate(pairwise(edges), start=1):
        whole = whole_months(low, high)
        if whole is None:
            rest.append((low, high, bucket))
            continue
        month, after = whole
        rest += [(low, _midnight(month), bucket), (_midnight(after), high, bucket)]
        while month < after:
            months.append((month, bucket))
            month = months_before(month, -1)
    rest = [stretch for stretch in rest if stretch[0] < stretch[1]]

    def by_month(bucket: ColumnElement[int], source: sa.FromClause, *where: ColumnElement[bool]) -> sa.Select[Any]:
        m = client_months.c
        if not selection.everyone:
            source = source.join(lives, lives.c.id == m.client_id)
        amount = m.amount_micros.label("amount")
        return select(m.client_id, bucket.label("bucket"), amount, m.paid_at).select_from(source).where(*where)

    found = [by_month(literal(0, Integer), client_months, client_months.c.month < history)]
    if months:
        table = relation(
            "whole_months",
            [("month", Date(), [month for month, _ in months]), ("bucket", Integer(), [n for _, n in months])],
        )
        found.append(by_month(table.c.bucket, client_months.join(table, table.c.month == client_months.c.month)))
    if rest:
        found.append(_moves_one_by_one(selection, lives, rest))
    return found


def _moves_one_by_one(
    selection: Selection, lives: sa.CTE, stretches: Sequence[tuple[datetime, datetime, int]]
) -> sa.Select[Any]:
    t = transactions.c
    source: sa.FromClause = transactions
    bucket: ColumnElement[int] = literal(stretches[0][2], Integer)
    if len(stretches) > 1:
        table = _by_day("stretches", stretches, "bucket")
        bucket = table.c.bucket
        source = source.join(table, _lies_in(t.at, table))
    if not selection.everyone:
        source = source.join(lives, lives.c.id == t.client_id)
    return (
        select(
            t.client_id,
            bucket.label("bucket"),
            func.sum(t.amount_micros).label("amount"),
            last_paid().label("paid_at"),
        )
        .select_from(source)
        .where(_within(t.at, [(low, high) for low, high, _ in stretches]))
        .group_by(*([t.client_id, bucket] if len(stretches) > 1 else [t.client_id]))
    )


def _within(instant: ColumnElement[datetime], stretches: Sequence[tuple[datetime, datetime]]) -> ColumnElement[bool]:
    """Whether an instant lies in one of ascending stretches of time; of many, only whether it lies between them."""
    runs = [list(stretches[0])]
    for low, high in stretches[1:]:
        if low == runs[-1][1]:
            runs[-1][1] = high
        else:
            runs.append([low, high])
    if len(runs) > _FEW:
        runs = [[runs[0][0], runs[-1][1]]]
    return sa.or_(*(_during(instant, low, high) for low, high in runs))


def _by_scope(query: ReportQuery, pieces: sa.CTE, ranks: _Ranks, currencies: Sequence[str]) -> list[sa.Select[Any]]:
    def lines(scope: Scope, changes: sa.CTE, source: sa.FromClause | None = None) -> sa.Select[Any]:
        return _lines(scope, changes, currencies, source)

    if not query.by_package and not query.packages:
        return [lines("total", _changes_by_bucket(pieces, ranks.count, "whole"))]
    started, source = ranks.of(holdings.c.started_at, holdings)
    ended, source = ranks.of(holdings.c.ended_at, source)
    held = (
        select(
            holdings.c.client_id,
            holdings.c.package_set,
            started.label("low"),
            func.coalesce(ended, ranks.count).label("high"),
        )
        .select_from(source)
        .where(*_wanted(query, holdings.c.package_set))
        .cte("held")
    )
    low, high = func.greatest(pieces.c.low, held.c.low), func.least(pieces.c.high, held.c.high)
    while_held = (
        select(
            held.c.package_set,
            pieces.c.currency,
            low.label("low"),
            high.label("high"),
            pieces.c.balance,
            pieces.c.active_until,
        )
        .select_from(pieces.join(held, held.c.client_id == pieces.c.client_id))
        .where(low < high)
        .cte("while_held")
    )
    by_set = _changes_by_bucket(while_held, ranks.count, "by_set", while_held.c.package_set)
    # A client holds one set at a time: of those that hold any wanted package, nobody counts twice.
    if query.packages:
        found = [lines("total", by_set)]
    else:
        found = [lines("total", _changes_by_bucket(pieces, ranks.count, "whole"))]
        if query.by_package:
            found.append(lines("held", by_set))
    if query.by_package:
        found.append(lines("package", by_set, _of_package(query, by_set)))
    return found


def _wanted(query: ReportQuery, package_set: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    """Keeps the sets that hold any of the packages of the filter."""
    if not query.packages:
        return []
    with_any = select(package_sets.c.package_set).where(package_sets.c.package_id.in_(query.packages))
    return [package_set.in_(with_any)]


def _of_package(query: ReportQuery, by_set: sa.CTE) -> sa.FromClause:
    """Lines of sets, once for each package in them that has a row of its own."""
    belongs = package_sets.c.package_set == by_set.c.package_set
    if query.packages:
        belongs &= package_sets.c.package_id.in_(query.packages)
    return by_set.join(package_sets, belongs)


def _changes_by_bucket(pieces: sa.CTE, last: int, name: str, *keys: ColumnElement[Any]) -> sa.CTE:
    """What each piece adds where it begins and takes away where it, or its activity, ends, added up by bucket.

    Columns: ``keys``, currency, bucket, and for each population the change of qty, pos and neg.
    """
    paid = case((pieces.c.active_until.is_not(None), 1), else_=0)
    is_active = case((func.coalesce(pieces.c.active_until, 0) > pieces.c.low, 1), else_=0)
    source: sa.FromClause = pieces
    bucket: ColumnElement[int] = pieces.c.low
    everyone: ColumnElement[int] = literal(1, Integer)
    active: ColumnElement[int] = is_active
    if last > 1:
        # Each piece comes three times: as it begins, as it ends, and as its activity ends.
        turns = relation(f"{name}_turns", [("turn", Integer(), [0, 1, 2])])
        source = pieces.join(turns, sa.true())
        turn = turns.c.turn
        active_end = func.least(pieces.c.high, func.greatest(pieces.c.low, pieces.c.active_until))
        bucket = case((turn == 0, pieces.c.low), (turn == 1, pieces.c.high), else_=active_end)
        everyone = case((turn == 0, 1), (turn == 1, -1), else_=0)
        active = is_active * case((turn == 0, 1), (turn == 1, 0), else_=-1)
    event = (
        select(
            *keys,
            pieces.c.currency,
            bucket.label("bucket"),
            func.greatest(pieces.c.balance, 0).label("pos"),
            func.least(pieces.c.balance, 0).label("neg"),
            active.label("active"),
            (paid * everyone).label("overall_active"),
            everyone.label("all"),
        )
        .select_from(source)
        .where(bucket < last)
        .cte(f"{name}_events")
    )
    groups = [event.c[column.name] for column in (*keys, event.c.currency, event.c.bucket)]

    def change(population: str, part: str) -> ColumnElement[Any]:
        weight = event.c[population]
        if part == "qty":
            return func.sum(weight)
        # Cheaper than to multiply numbers of 128 bits.
        return func.sum(case((weight == 1, event.c[part]), (weight == -1, -event.c[part]), else_=0))

    sums = [change(population, part).label(f"{population}_{part}") for population, part in LEVELS]
    return select(*groups, *sums).group_by(*groups).cte(name)


def _lines(
    scope: Scope, changes: sa.CTE, currencies: Sequence[str], source: sa.FromClause | None = None
) -> sa.Select[Any]:
    """The changes of one scope; with a ``source`` that joins them with packages, by package."""
    package = None if source is None else package_sets.c.package_id
    keys = (*(() if package is None else (package,)), changes.c.currency, changes.c.bucket)
    sums = []
    for population, part in LEVELS:
        total = func.sum(changes.c[f"{population}_{part}"])
        sums.append((sa.cast(total, BigInteger) if part == "qty" else _exact(total)).label(f"{population}_{part}"))
    return (
        select(
            *_whose(scope, package),
            place_of(changes.c.currency, currencies).label("currency"),
            changes.c.bucket,
            *sums,
        )
        .select_from(changes if source is None else source)
        .group_by(*keys)
    )


def _whose(scope: Scope, package: ColumnElement[Any] | None) -> tuple[ColumnElement[Any], ...]:
    none = literal(0, BigInteger) if package is None else package
    return literal(SCOPES.index(scope), Integer).label("scope"), none.label("package_id")


def place_of(name: ColumnElement[str], names: Sequence[str]) -> ColumnElement[int]:
    """The place of a name among some names; -1 for others."""
    return case({known: place for place, known in enumerate(names)}, value=name, else_=-1)


# --- flows: what happened in a bucket ---------------------------------------------------------------------------------

FLOWS = tuple((metric.id, metric.measure) for metric in METRICS if isinstance(metric.measure, Flow))
FLOW_KINDS = tuple(dict.fromkeys(measure.transactions for _, measure in FLOWS))
HELD_KINDS = tuple(kind for kind in FLOW_KINDS if kind not in PACKAGE_KINDS)
"""Kinds that count for a package when the client held it at the instant, not by a package of their own."""


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of time whose transactions are added up together: of one bucket, converted at the same rates.

    ``date`` is a local date of the stretch; None where nothing is converted.
    """

    bucket: int
    date: date | None
    low: datetime
    high: datetime


def places(zone: str, buckets: Sequence[Bucket], *, rate_days: Collection[date] | None) -> tuple[Place, ...]:
    """The stretches that a report's flows fall into.

    ``rate_days`` are the local dates from which other rates hold than the day before; None when nothing is converted.
    """
    found = []
    turns = sorted(rate_days or ())
    for index, bucket in enumerate(buckets):
        low = bucket.start
        while low < bucket.at:
            day, high = None, bucket.at
            if rate_days is not None:
                day = local_date(low, zone)
                following = bisect_right(turns, day)
                if following < len(turns):
                    high = min(high, first_instant(turns[following], zone))
            found.append(Place(index, day, low, high))
            low = high
    return tuple(found)


def flows(
    query: ReportQuery, selection: Selection, stretches: Sequence[Place], currencies: Sequence[str]
) -> sa.CompoundSelect[Any]:
    """What happened in each stretch of time, in the clients' own currencies.

    Lines: scope (place in ``SCOPES``), package_id (0 where there is none), currency (place in ``currencies``), place
    (index into ``stretches``), kind (place in ``FLOW_KINDS``, -1 for kinds that are in no figure), ``number`` of
    transactions, how many of them are ``not_below`` zero and ``not_above`` zero, and the sum of their amounts (micros,
    as text: see :func:`_exact`). Amounts that need no conversion stand at the first stretch of their bucket.
    """
    happened = _sums_of_flows(query, selection, stretches)

    def lines(
        scope: Scope, package: ColumnElement[Any] | None = None, source: sa.FromClause | None = None
    ) -> sa.Select[Any]:
        return _flow_lines(scope, happened, currencies, package, source)

    if not query.by_package and not query.packages:
        return sa.union_all(lines("total"))
    own: ColumnElement[bool] = happened.c.kind.in_(PACKAGE_KINDS)
    holds: ColumnElement[bool] = happened.c.kind.in_(HELD_KINDS) & happened.c.package_set.is_not(None)
    # Rows of package kinds carry their package, and only they do; the others count for what the client held then.
    if query.packages:
        holds &= sa.and_(*_wanted(query, happened.c.package_set))
        own &= happened.c.package_id.in_(query.packages)
        found = [lines("total").where(sa.or_(own, holds))]
    else:
        found = [lines("total")]
        if query.by_package:
            found.append(lines("held").where(holds))
    if query.by_package:
        found.append(lines("package", happened.c.package_id).where(own))
        members = _of_package(query, happened)
        by_holding = lines("package", package_sets.c.package_id, members)
        found.append(by_holding.where(happened.c.kind.in_(HELD_KINDS)))
    return sa.union_all(*found)


def _sums_of_flows(query: ReportQuery, selection: Selection, stretches: Sequence[Place]) -> sa.CTE:
    """The one pass over transactions; by package, and the set of packages held at the time, where either matters."""
    firsts = {place.bucket: n for n, place in reversed([*enumerate(stretches)])}
    numbered = [(place.low, place.high, n, firsts[place.bucket]) for n, place in enumerate(stretches)]
    place = _by_day("places", numbered, "place", "first")
    t = transactions.c
    # Every transaction has its place and its client. Outer joins say so to engines, which would else guess that few
    # have, and begin with looking up clients among transactions.
    source: sa.FromClause = transactions
    currency: ColumnElement[str] = clients.c.currency
    if selection.everyone:
        source = source.outerjoin(clients, clients.c.id == t.client_id)
    else:
        selected = _selected(selection)
        source = source.join(selected, selected.c.id == t.client_id)
        currency = selected.c.currency
    source = source.outerjoin(place, _lies_in(t.at, place))
    at_rates = case((currency == query.currency, place.c.first), else_=place.c.place)
    keys = [currency.label("currency"), at_rates.label("place"), t.kind]
    if query.by_package or query.packages:
        then = (
            (holdings.c.client_id == t.client_id)
            & (holdings.c.started_at <= t.at)
            & (t.at < until(holdings.c.ended_at))
        )
        source = source.outerjoin(holdings, then)
        keys += [t.package_id, holdings.c.package_set]
    return (
        select(
            *keys,
            func.count().label("number"),
            func.count(case((t.amount_micros >= 0, 1))).label("not_below"),
            func.count(case((t.amount_micros <= 0, 1))).label("not_above"),
            func.sum(t.amount_micros).label("amount"),
        )
        .select_from(source)
        .where(t.at >= stretches[0].low, t.at < stretches[-1].high)
        .group_by(*(key.element if isinstance(key, sa.Label) else key for key in keys))
        .cte("happened")
    )


def _flow_lines(
    scope: Scope,
    happened: sa.CTE,
    currencies: Sequence[str],
    package: ColumnElement[Any] | None,
    source: sa.FromClause | None,
) -> sa.Select[Any]:
    keys = (happened.c.currency, happened.c.place, happened.c.kind)
    counts = [happened.c[name] for name in ("number", "not_below", "not_above")]
    return (
        select(
            *_whose(scope, package),
            place_of(happened.c.currency, currencies).label("currency"),
            happened.c.place,
            place_of(happened.c.kind, FLOW_KINDS).label("kind"),
            *(sa.cast(func.sum(count), BigInteger).label(count.name) for count in counts),
            _exact(func.sum(happened.c.amount)).label("amount"),
        )
        .select_from(happened if source is None else source)
        .group_by(*(keys if package is None else (package, *keys)))
    )


def _exact(total: ColumnElement[Any]) -> ColumnElement[str]:
    """A sum beyond 64 bits, as text: drivers hand that over five times faster than their own wide integers."""
    return sa.cast(total, String)
