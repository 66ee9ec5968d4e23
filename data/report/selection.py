"""Which clients a report is about, as SQL, and what is to be known of them before anything is counted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, DateTime, String, case, func, literal, null, select

from data.report.dimensions import Dimension
from data.report.filters import FILTER
from data.report.instants import during, midnight, whole_months
from data.warehouse.engines import one_of
from data.warehouse.schema import client_months, clients, rates, transactions


@dataclass(frozen=True, slots=True)
class Selection:
    """Which clients a report is about: those that every condition keeps.

    A condition is the id of a filter and the values that clients are compared with (of owners, the chosen ones and all
    below them). ``seen`` are the owners whose clients the person sees; None means all. With ``touched``, only those to
    whom anything happened from one instant to before another.
    """

    conditions: tuple[tuple[str, frozenset[Any]], ...] = ()
    seen: frozenset[int] | None = None
    touched: tuple[datetime, datetime] | None = None

    @property
    def everyone(self) -> bool:
        """Whether no client is left out."""
        return self == Selection()

    @property
    def by_attributes(self) -> bool:
        """Whether clients of the same owner, type and currency are all selected, or none of them."""
        return self.touched is None and all(FILTER[id_].attribute for id_, _ in self.conditions)

    def where(self, table: sa.Table = clients) -> list[ColumnElement[bool]]:
        """The conditions over the table of clients, or over another one with the attributes that they are about."""
        found = [condition for id_, values in self.conditions for condition in FILTER[id_].conditions(values, table)]
        if self.seen is not None:
            found.append(one_of(table.c.owner_id, self.seen))
        if self.touched is not None:
            moved = select(transactions.c.client_id).where(during(transactions.c.at, *self.touched))
            came_or_went = (during(instant, *self.touched) for instant in (clients.c.created_at, clients.c.closed_at))
            found.append(sa.or_(clients.c.id.in_(moved), *came_or_went))
        return found


def keys_of(attributes: Sequence[Dimension], table: sa.Table = clients) -> list[sa.Label[Any]]:
    """The attributes of clients that are grouped by, as columns key_0, key_1 ... over a table that has them."""
    return [
        table.c[attribute.attribute.key].label(f"key_{place}")
        for place, attribute in enumerate(attributes)
        if attribute.attribute is not None and attribute.attribute.key is not None
    ]


def selected_clients(selection: Selection, attributes: Sequence[Dimension] = ()) -> sa.CTE:
    """Every selected client: id, currency, created_at, closed_at, and the attributes that are grouped by."""
    statement = select(
        clients.c.id, clients.c.currency, clients.c.created_at, clients.c.closed_at, *keys_of(attributes)
    ).where(*selection.where())
    return statement.cte("selected")


def selected_currencies(selection: Selection) -> sa.Select[Any]:
    """A line for each currency of the selected clients: currency, first created_at."""
    selected = selected_clients(selection)
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
    beside = [(start, end)] if whole is None else [(start, midnight(whole[0])), (midnight(whole[1]), end)]
    rest = select(sa.cast(null(), DateTime), func.min(at), func.max(at)).where(
        sa.or_(sa.false(), *(during(at, low, high) for low, high in beside if low < high))
    )
    if not selection.everyone:
        selected = selected_clients(selection)
        by_month = by_month.select_from(client_months.join(selected, selected.c.id == m.client_id))
        rest = rest.select_from(transactions.join(selected, selected.c.id == transactions.c.client_id))
    found = sa.union_all(by_month, rest).cte("found")
    return select(func.min(found.c.first_ever), func.min(found.c.first), func.max(found.c.last))


def anything_between(low: datetime, high: datetime) -> sa.Select[Any]:
    """No line if nothing happened to any client in [low, high), else one."""
    instants = (transactions.c.at, clients.c.created_at, clients.c.closed_at)
    return select(literal(1)).where(sa.or_(*(sa.exists().where(during(instant, low, high)) for instant in instants)))


def transactions_between(selection: Selection, low: datetime, high: datetime) -> sa.Select[Any]:
    """One line: the first and the last transaction of the selected clients in [low, high)."""
    at = transactions.c.at
    statement = select(func.min(at), func.max(at)).where(during(at, low, high))
    if not selection.everyone:
        selected = selected_clients(selection)
        statement = statement.join(selected, selected.c.id == transactions.c.client_id)
    return statement


def last_transaction() -> sa.Select[Any]:
    """One line: the last transaction instant of the whole warehouse, whoever asks (semantics, section 8)."""
    return select(func.max(transactions.c.at))


def published_rates(currencies: Collection[str], since: date, until: date) -> sa.Select[Any]:
    """Currency, date and rate (as text) of what the currencies' rates were from ``since`` to ``until``.

    The first of each is the one that held on ``since``, published on or before it.
    """
    asked = one_of(rates.c.currency, currencies)
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
