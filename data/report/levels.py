"""Levels: clients and their balances at the T of each bucket, from the dataset, as SQL.

Nothing here grows with clients x rows. Each client's history is cut where something changes (a transaction, the end of
its activity, of its life, of a package) and only the changes are added up; the figures at each T follow by running
sums over at most (rows x currencies) results. Whole UTC months of history come from ``client_months``, and who holds
what from ``holdings`` (``data/warehouse/rollups.py``); transactions are read where a report needs them one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import Any

import sqlalchemy as sa
from sqlalchemy import BigInteger, ColumnElement, Date, DateTime, Integer, case, func, literal, null, select

from data.report.instants import Ranks, by_day, lies_in, midnight, whole_months, within
from data.report.lines import LEVELS, Scope
from data.report.period import Bucket, months_before
from data.report.query import ReportQuery
from data.report.scopes import exact, members_of, place_of, wanted, whose
from data.report.selection import Selection, keys_of, selected_clients
from data.warehouse.engines import relation
from data.warehouse.rollups import last_paid
from data.warehouse.schema import client_months, holdings, package_sets, transactions


def levels(
    query: ReportQuery, selection: Selection, buckets: Sequence[Bucket], currencies: Sequence[str]
) -> sa.CompoundSelect[Any]:
    """Changes of clients and balances from bucket to bucket: the columns of :class:`data.report.lines.LevelLines`."""
    end = buckets[-1].at
    ranks = Ranks("bucket_ends", [bucket.at for bucket in buckets])
    active = Ranks("active_from", [bucket.active_from for bucket in buckets])
    keys = [key.name for key in keys_of(query.attributes)]
    selected = selected_clients(selection, query.attributes)
    many = ranks.count > 1

    born, source = ranks.of(selected.c.created_at, selected)
    gone, source = ranks.of(selected.c.closed_at, source)
    lives = (
        select(
            selected.c.id,
            selected.c.currency,
            *(selected.c[key] for key in keys),
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
            *(lives.c[key] for key in keys),
            low.label("low"),
            high.label("high"),
            steps.c.balance,
            steps.c.active_until,
        )
        .select_from(steps.join(lives, lives.c.id == steps.c.client_id))
        .where(low < high)
        .cte("pieces")
    )

    return sa.union_all(*_by_scope(query, pieces, ranks, currencies, keys))


def _moves(selection: Selection, lives: sa.CTE, edges: Sequence[datetime]) -> list[sa.Select[Any]]:
    """What moved each client's balance, and when it last paid for service, by the bucket in which it is first seen.

    Columns: client_id, bucket, amount, paid_at; several lines for one client and bucket. Months that lie between two
    edges as a whole come from ``client_months``, and transactions are read for the rest.
    """
    history = edges[0].date().replace(day=1)
    months: list[tuple[date, int]] = []
    rest = [(midnight(history), edges[0], 0)]
    for bucket, (low, high) in enumerate(pairwise(edges), start=1):
        whole = whole_months(low, high)
        if whole is None:
            rest.append((low, high, bucket))
            continue
        month, after = whole
        rest += [(low, midnight(month), bucket), (midnight(after), high, bucket)]
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
        table = by_day("stretches", stretches, "bucket")
        bucket = table.c.bucket
        source = source.join(table, lies_in(t.at, table))
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
        .where(within(t.at, [(low, high) for low, high, _ in stretches]))
        .group_by(*([t.client_id, bucket] if len(stretches) > 1 else [t.client_id]))
    )


def _by_scope(
    query: ReportQuery, pieces: sa.CTE, ranks: Ranks, currencies: Sequence[str], keys: Sequence[str]
) -> list[sa.Select[Any]]:
    def lines(scope: Scope, changes: sa.CTE, source: sa.FromClause | None = None) -> sa.Select[Any]:
        return _lines(scope, changes, currencies, keys, source)

    def by_bucket(pieces: sa.CTE, name: str, *more: str) -> sa.CTE:
        return _changes_by_bucket(pieces, ranks.count, name, *more, *keys)

    if not query.by_package and not query.packages:
        return [lines("total", by_bucket(pieces, "whole"))]
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
        .where(*wanted(query, holdings.c.package_set))
        .cte("held")
    )
    low, high = func.greatest(pieces.c.low, held.c.low), func.least(pieces.c.high, held.c.high)
    while_held = (
        select(
            held.c.package_set,
            pieces.c.currency,
            *(pieces.c[key] for key in keys),
            low.label("low"),
            high.label("high"),
            pieces.c.balance,
            pieces.c.active_until,
        )
        .select_from(pieces.join(held, held.c.client_id == pieces.c.client_id))
        .where(low < high)
        .cte("while_held")
    )
    by_set = by_bucket(while_held, "by_set", "package_set")
    # A client holds one set at a time: of those that hold any wanted package, nobody counts twice.
    if query.packages:
        found = [lines("total", by_set)]
    else:
        found = [lines("total", by_bucket(pieces, "whole"))]
        if query.by_package:
            found.append(lines("held", by_set))
    if query.by_package:
        found.append(lines("package", by_set, members_of(query, by_set)))
    return found


def _changes_by_bucket(pieces: sa.CTE, last: int, name: str, *keys: str) -> sa.CTE:
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
            *(pieces.c[key] for key in keys),
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
    groups = [event.c[name] for name in (*keys, "currency", "bucket")]

    def change(population: str, part: str) -> ColumnElement[Any]:
        weight = event.c[population]
        if part == "qty":
            return func.sum(weight)
        # Cheaper than to multiply numbers of 128 bits.
        return func.sum(case((weight == 1, event.c[part]), (weight == -1, -event.c[part]), else_=0))

    sums = [change(population, part).label(f"{population}_{part}") for population, part in LEVELS]
    return select(*groups, *sums).group_by(*groups).cte(name)


def _lines(
    scope: Scope,
    changes: sa.CTE,
    currencies: Sequence[str],
    keys: Sequence[str],
    source: sa.FromClause | None = None,
) -> sa.Select[Any]:
    """The changes of one scope; with a ``source`` that joins them with packages, by package."""
    package = None if source is None else package_sets.c.package_id
    groups = [changes.c[name] for name in ("currency", "bucket", *keys)]
    sums = []
    for population, part in LEVELS:
        total = func.sum(changes.c[f"{population}_{part}"])
        sums.append((sa.cast(total, BigInteger) if part == "qty" else exact(total)).label(f"{population}_{part}"))
    return (
        select(
            *whose(scope, package),
            place_of(changes.c.currency, currencies).label("currency"),
            *groups[1:],
            *sums,
        )
        .select_from(changes if source is None else source)
        .group_by(*(() if package is None else (package,)), *groups)
    )
