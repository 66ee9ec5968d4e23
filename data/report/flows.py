"""Flows: what happened in each bucket, from the transactions, as SQL."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import BigInteger, ColumnElement, case, func, select

from data.report.instants import by_day, lies_in
from data.report.lines import FLOW_KINDS, HELD_KINDS, Place, Scope
from data.report.period import Bucket, first_instant, local_date
from data.report.query import ReportQuery
from data.report.scopes import exact, members_of, place_of, wanted, whose
from data.report.selection import Selection, keys_of, selected_clients
from data.warehouse.engines import one_of
from data.warehouse.rollups import until
from data.warehouse.schema import PACKAGE_KINDS, clients, holdings, package_sets, transactions


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
    """What happened in each stretch of time: the columns of :class:`data.report.lines.FlowLines`.

    Amounts that need no conversion stand at the first stretch of their bucket.
    """
    keys = [key.name for key in keys_of(query.attributes)]
    happened = _sums_of_flows(query, selection, stretches)

    def lines(
        scope: Scope, package: ColumnElement[Any] | None = None, source: sa.FromClause | None = None
    ) -> sa.Select[Any]:
        return _flow_lines(scope, happened, currencies, keys, package, source)

    if not query.by_package and not query.packages:
        return sa.union_all(lines("total"))
    own: ColumnElement[bool] = happened.c.kind.in_(PACKAGE_KINDS)
    holds: ColumnElement[bool] = happened.c.kind.in_(HELD_KINDS) & happened.c.package_set.is_not(None)
    # Rows of package kinds carry their package, and only they do; the others count for what the client held then.
    if query.packages:
        holds &= sa.and_(*wanted(query, happened.c.package_set))
        own &= one_of(happened.c.package_id, query.packages)
        found = [lines("total").where(sa.or_(own, holds))]
    else:
        found = [lines("total")]
        if query.by_package:
            found.append(lines("held").where(holds))
    if query.by_package:
        found.append(lines("package", happened.c.package_id).where(own))
        members = members_of(query, happened)
        by_holding = lines("package", package_sets.c.package_id, members)
        found.append(by_holding.where(happened.c.kind.in_(HELD_KINDS)))
    return sa.union_all(*found)


def _sums_of_flows(query: ReportQuery, selection: Selection, stretches: Sequence[Place]) -> sa.CTE:
    """The one pass over transactions; by package, and the set of packages held at the time, where either matters."""
    firsts = {place.bucket: n for n, place in reversed([*enumerate(stretches)])}
    numbered = [(place.low, place.high, n, firsts[place.bucket]) for n, place in enumerate(stretches)]
    place = by_day("places", numbered, "place", "first")
    t = transactions.c
    # Every transaction has its place and its client. Outer joins say so to engines, which would else guess that few
    # have, and begin with looking up clients among transactions.
    source: sa.FromClause = transactions
    currency: ColumnElement[str] = clients.c.currency
    attributes = keys_of(query.attributes)
    if selection.everyone:
        source = source.outerjoin(clients, clients.c.id == t.client_id)
    else:
        selected = selected_clients(selection, query.attributes)
        source = source.join(selected, selected.c.id == t.client_id)
        currency = selected.c.currency
        attributes = [selected.c[key.name].label(key.name) for key in attributes]
    source = source.outerjoin(place, lies_in(t.at, place))
    at_rates = case((currency == query.currency, place.c.first), else_=place.c.place)
    keys = [currency.label("currency"), at_rates.label("place"), t.kind, *attributes]
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
    keys: Sequence[str],
    package: ColumnElement[Any] | None,
    source: sa.FromClause | None,
) -> sa.Select[Any]:
    groups = [happened.c[name] for name in ("currency", "place", "kind", *keys)]
    counts = [happened.c[name] for name in ("number", "not_below", "not_above")]
    return (
        select(
            *whose(scope, package),
            place_of(happened.c.currency, currencies).label("currency"),
            happened.c.place,
            place_of(happened.c.kind, FLOW_KINDS).label("kind"),
            *(happened.c[key] for key in keys),
            *(sa.cast(func.sum(count), BigInteger).label(count.name) for count in counts),
            exact(func.sum(happened.c.amount)).label("amount"),
        )
        .select_from(happened if source is None else source)
        .group_by(*(groups if package is None else (package, *groups)))
    )
