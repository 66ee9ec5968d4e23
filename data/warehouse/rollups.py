"""The tables that every publication derives from the dataset, as statements that are the same for every engine.

* ``client_months``: a client's whole history before an instant is a handful of lines instead of thousands.
* ``holdings`` and ``package_sets``: at any instant a client holds one *set* of packages, or none. Who holds what is
  found by one look, and a client with two packages never doubles a row.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import BigInteger, Date, DateTime, String, case, func, literal, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from data.warehouse.schema import (
    PAID_KINDS,
    client_months,
    holdings,
    package_sets,
    subscriptions,
    transactions,
)

FOREVER = datetime(9999, 12, 31)
"""After everything that can be loaded: where what still runs is taken to end."""


def until(ended_at: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The end of something, or after everything while it runs."""
    return func.coalesce(ended_at, literal(FOREVER, DateTime))


def is_paid_service() -> sa.ColumnElement[bool]:
    """Whether a transaction is paid service (semantics, section 3)."""
    return transactions.c.kind.in_(PAID_KINDS) & (transactions.c.amount_micros < 0)


def last_paid() -> sa.ColumnElement[Any]:
    """When the last paid service among some transactions was."""
    return func.max(case((is_paid_service(), transactions.c.at)))


def months_of(*where: sa.ColumnElement[bool]) -> sa.Insert:
    """Fills ``client_months``, from those transactions for which all of ``where`` holds."""
    t = transactions.c
    month = sa.cast(func.date_trunc("month", t.at), Date)
    lines = (
        select(t.client_id, month, func.sum(t.amount_micros), last_paid(), func.min(t.at), func.max(t.at))
        .where(*where)
        .group_by(t.client_id, month)
        .order_by(month, t.client_id)
    )
    return sa.insert(client_months).from_select([column.name for column in client_months.columns], lines)


def all_holdings() -> Iterator[sa.Insert]:
    """Fills ``holdings`` and ``package_sets`` from the subscriptions."""
    s = subscriptions.c
    ended = until(s.ended_at)
    # A client's time is cut wherever a subscription begins or ends; between two cuts nothing changes.
    cuts = sa.union(select(s.client_id.label("client_id"), s.started_at.label("low")), select(s.client_id, ended)).cte(
        "cuts"
    )
    high = func.lead(cuts.c.low).over(partition_by=cuts.c.client_id, order_by=cuts.c.low)
    stretches = select(cuts.c.client_id, cuts.c.low, high.label("high")).cte("stretches")
    held = (
        select(stretches.c.client_id, stretches.c.low, stretches.c.high, s.package_id)
        .distinct()
        .select_from(stretches.join(subscriptions, s.client_id == stretches.c.client_id))
        .where(s.started_at <= stretches.c.low, ended >= stretches.c.high)
        .cte("held")
    )
    every = func.string_agg(
        sa.cast(held.c.package_id, String), aggregate_order_by(sa.literal_column("','"), held.c.package_id)
    )
    sets = (
        select(held.c.client_id, held.c.low, held.c.high, every.label("every"))
        .group_by(held.c.client_id, held.c.low, held.c.high)
        .cte("sets")
    )
    number = sa.cast(func.dense_rank().over(order_by=sets.c.every), BigInteger)
    lines = select(sets.c.client_id, sets.c.low, func.nullif(sets.c.high, literal(FOREVER, DateTime)), number).order_by(
        sets.c.client_id, sets.c.low
    )
    yield sa.insert(holdings).from_select([column.name for column in holdings.columns], lines)
    h = holdings.c
    of_sets = (
        select(h.package_set, s.package_id)
        .distinct()
        .select_from(holdings.join(subscriptions, s.client_id == h.client_id))
        .where(s.started_at <= h.started_at, ended >= until(h.ended_at))
    )
    yield sa.insert(package_sets).from_select([column.name for column in package_sets.columns], of_sets)


def everything() -> Iterator[sa.Insert]:
    """Fills all derived tables, which are empty."""
    yield months_of()
    yield from all_holdings()


def as_text(statement: sa.Executable, dialect: sa.Dialect) -> str:
    """A statement of this file, or of ``lines.py``, with its values written out: for a driver beside SQLAlchemy."""
    options: dict[str, Any] = {"literal_binds": True}
    clause: Any = statement
    return str(clause.compile(dialect=dialect, compile_kwargs=options))
