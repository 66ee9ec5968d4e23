"""A report from change lines (``data/warehouse/lines.py``): what a group of clients changed by on each local day.

Its cost follows from days and groups of clients, however many clients and transactions there are. Lines are of whole
local days. Where a period begins or ends within one, what lies beyond the bound is put right from the transactions of
that day and of the clients to whom something happened on the rest of it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy import BigInteger, ColumnElement, Date, Integer, String, case, func, literal, select

from data.report.dimensions import Dimension
from data.report.levels import levels as plain_levels
from data.report.lines import FLOW_KINDS, LEVELS, POPULATIONS, SCOPES, Place
from data.report.period import Bucket, first_instant, local_date, months_before
from data.report.query import ReportQuery
from data.report.scopes import place_of
from data.report.selection import Selection, anything_between, keys_of, transactions_between
from data.report.sources import Columns, Reader, Source, Transactions
from data.warehouse.engines import relation
from data.warehouse.lines import everyone_in, lapse
from data.warehouse.schema import client_groups, day_flows, lapse_changes, level_changes

_DAY = timedelta(days=1)
_TICK = timedelta(microseconds=1)


def groups(
    selection: Selection, currencies: Sequence[str], attributes: Sequence[Dimension] = (), target: str | None = None
) -> sa.CTE:
    """The groups of clients that are selected, by type, owner and currency, which is what they are told apart by.

    Columns: group_id, currency (place in ``currencies``), whether it is the ``target`` of conversion, and the
    attributes that are grouped by (key_0, key_1 ...). A look at text here is one for a group; on a line it would be
    one for each of millions.
    """
    g = client_groups.c
    together = are_together(selection, attributes)
    statement = select(
        everyone_in(g.currency).label("group_id") if together else g.group_id,
        place_of(g.currency, currencies).label("currency"),
        (g.currency == target).label("is_target") if target is not None else sa.false().label("is_target"),
        *keys_of(attributes, client_groups),
    ).where(*selection.where(client_groups))
    return (statement.distinct() if together else statement).cte("groups")


def are_together(selection: Selection, attributes: Sequence[Dimension]) -> bool:
    """Whether the lines of everyone by currency answer, which stand under the zone's negative number."""
    by_currency = all(
        item.attribute is not None and item.attribute.key == client_groups.c.currency.key for item in attributes
    )
    return selection.everyone and by_currency


def group_currencies(selection: Selection) -> sa.Select[Any]:
    """A line for each currency of the selected clients: currency, first created_at."""
    g = client_groups.c
    return select(g.currency, func.min(g.created_at)).where(*selection.where(client_groups)).group_by(g.currency)


def days_with_transactions(zone_id: int, selection: Selection, first: date, last: date) -> sa.Select[Any]:
    """One line: the first day on which the selected clients have transactions, and the first and last of some days."""
    f = day_flows.c
    source: sa.FromClause = day_flows
    if not selection.everyone:
        selected = groups(selection, ("",))
        source = source.join(selected, selected.c.group_id == f.group_id)
    # Lines that take others away may leave nothing of a day.
    day = (
        select(f.day)
        .select_from(source)
        .where(f.zone_id == zone_id)
        .group_by(f.day)
        .having(func.sum(f.number) > 0)
        .cte("days")
        .c.day
    )
    within = day.between(first, last)
    return select(func.min(day), func.min(case((within, day))), func.max(case((within, day))))


def levels(
    zone_id: int,
    selection: Selection,
    ends: Sequence[date],
    currencies: Sequence[str],
    attributes: Sequence[Dimension] = (),
) -> sa.Select[Any]:
    """Changes of Overall Active and All from bucket to bucket, each bucket seen at the end of its day of ``ends``.

    Lines: currency (place in ``currencies``), bucket, attributes, and the changes of qty, pos and neg (money as text)
    of both.
    """
    v = level_changes.c
    parts = [v[f"{population}_{part}"] for population in _LINED for part in ("qty", "pos", "neg")]
    return _by_bucket(level_changes, selection, v.day, ends, parts, currencies, attributes).where(
        v.zone_id == zone_id, v.day <= ends[-1]
    )


def lapses(
    zone_id: int,
    selection: Selection,
    ends: Sequence[date],
    months: int,
    currencies: Sequence[str],
    attributes: Sequence[Dimension] = (),
) -> sa.Select[Any]:
    """The same of those that are overall active, but paid for nothing in so many months."""
    p = lapse_changes.c
    # Whatever changed before a client lapsed for so long is part of the lapse.
    day = func.greatest(p.day, lapse(p.paid_day, months))
    return _by_bucket(lapse_changes, selection, day, ends, (p.qty, p.pos, p.neg), currencies, attributes).where(
        p.zone_id == zone_id, p.day <= ends[-1], p.paid_day < months_before(ends[-1] + _DAY, months)
    )


def _by_bucket(
    table: sa.Table,
    selection: Selection,
    day: ColumnElement[date],
    ends: Sequence[date],
    parts: Sequence[ColumnElement[Any]],
    currencies: Sequence[str],
    attributes: Sequence[Dimension],
) -> sa.Select[Any]:
    selected = groups(selection, currencies, attributes)
    by = [selected.c[f"key_{n}"] for n in range(len(attributes))]
    source: sa.FromClause = table.join(selected, selected.c.group_id == table.c.group_id)
    bucket: ColumnElement[int] = literal(0, Integer)
    keys: list[ColumnElement[Any]] = [selected.c.currency, *by]
    if len(ends) > 1:
        days = [ends[0] + _DAY * n for n in range(1, (ends[-1] - ends[0]).days + 1)]
        buckets = relation(
            "buckets", [("day", Date(), days), ("bucket", Integer(), [bisect_left(ends, day) for day in days])]
        )
        source = source.outerjoin(buckets, buckets.c.day == day)
        bucket = func.coalesce(buckets.c.bucket, 0)
        keys.append(bucket)
    return (
        select(
            selected.c.currency,
            bucket.label("bucket"),
            *by,
            *(_total(part) for part in parts),
        )
        .select_from(source)
        .group_by(*keys)
    )


def _total(part: ColumnElement[Any]) -> ColumnElement[Any]:
    total = func.sum(part)
    # Beyond 64 bits, as text: drivers hand that over faster.
    return sa.cast(total, BigInteger if part.name.endswith("qty") else String).label(part.name)


def flows(
    zone_id: int,
    selection: Selection,
    currency: str,
    days: Sequence[tuple[date, int, int]],
    currencies: Sequence[str],
    attributes: Sequence[Dimension] = (),
) -> sa.Select[Any]:
    """What happened on some whole local days: each with its place, and that of amounts that need no conversion.

    Lines are as those of :class:`data.report.lines.FlowLines`.
    """
    f, selected = day_flows.c, groups(selection, currencies, attributes, currency)
    by = [selected.c[f"key_{n}"] for n in range(len(attributes))]
    places = relation(
        "places",
        [
            ("day", Date(), [day for day, _, _ in days]),
            ("place", Integer(), [place for _, place, _ in days]),
            ("first", Integer(), [first for _, _, first in days]),
        ],
    )
    place = case((selected.c.is_target, places.c.first), else_=places.c.place)
    counts = (f.number, f.not_below, f.not_above)
    return (
        select(
            literal(SCOPES.index("total"), Integer).label("scope"),
            literal(0, BigInteger).label("package_id"),
            selected.c.currency,
            place.label("place"),
            place_of(f.kind, FLOW_KINDS).label("kind"),
            *by,
            *(sa.cast(func.sum(count), BigInteger).label(count.name) for count in counts),
            sa.cast(func.sum(f.amount_micros), String).label("amount"),
        )
        # Every day has its place. An outer join says so to engines, which would else begin with days among lines.
        .select_from(
            day_flows.join(selected, selected.c.group_id == f.group_id).outerjoin(places, places.c.day == f.day)
        )
        .where(f.zone_id == zone_id, f.day.between(days[0][0], days[-1][0]))
        .group_by(selected.c.currency, place, f.kind, *by)
    )


_LINED = ("overall_active", "all")
"""The populations whose changes stand in lines; Active is Overall Active less those that lapsed."""


@dataclass(frozen=True, slots=True)
class _Whole:
    """The whole local days of [start, end), and what of it lies beside them."""

    first: date
    last: date
    beside: tuple[tuple[datetime, datetime], ...]

    @classmethod
    def of(cls, start: datetime, end: datetime, zone: str) -> _Whole | None:
        """None if there is no whole day."""
        first, last = local_date(start, zone), local_date(end - _TICK, zone)
        if start > first_instant(first, zone):
            first += _DAY
        if end < first_instant(last + _DAY, zone):
            last -= _DAY
        if first > last:
            return None
        beside = ((start, first_instant(first, zone)), (first_instant(last + _DAY, zone), end))
        return cls(first, last, tuple((low, high) for low, high in beside if low < high))


class ChangeLines(Source):
    """Figures added up by local day and group of clients."""

    name = "change lines"

    def __init__(self, lines: Reader, zone_id: int, reader: Reader, query: ReportQuery, selection: Selection) -> None:
        self._lines = lines
        self._zone_id = -zone_id if are_together(selection, query.attributes) else zone_id
        self._reader = reader
        self._query = query
        self._selection = selection
        self._quiet: dict[datetime, bool] = {}
        self._rest: Columns | None = None

    def created(self) -> dict[str, datetime]:
        return {row[0]: row[1] for row in self._lines.lines(group_currencies(self._selection))}

    def interval(self, start: datetime, end: datetime) -> tuple[datetime | None, datetime | None, datetime | None]:
        whole = _Whole.of(start, self._seen_until(end), self._query.timezone) if start < end else None
        # Between two days that are the wrong way round there is none.
        days = (date.max, date.min) if whole is None else (whole.first, whole.last)
        [(ever, early, late)] = self._lines.lines(days_with_transactions(self._zone_id, self._selection, *days))
        at = {day: self._on(day) for day in {ever, early, late} - {None}}
        first, last = at[early][0] if early else None, at[late][1] if late else None
        for low, high in ((start, end),) if whole is None else whole.beside:
            if low < high:
                sooner, later = self._between(low, high)
                first = min(filter(None, (first, sooner)), default=None)
                last = max(filter(None, (last, later)), default=None)
        return at[ever][0] if ever else None, first, last

    def _on(self, day: date) -> tuple[datetime | None, datetime | None]:
        """The first and the last transaction of the selected clients on a local day."""
        zone = self._query.timezone
        # The days on which the data begins and ends are asked for with nearly every question.
        return self._reader.reading.memory.find(
            ("a day's first and last transaction", self._selection, zone, day),
            lambda: self._between(first_instant(day, zone), first_instant(day + _DAY, zone)),
        )

    def _between(self, low: datetime, high: datetime) -> tuple[datetime | None, datetime | None]:
        [(first, last)] = self._reader.lines(transactions_between(self._selection, low, high))
        return first, last

    def _seen_until(self, at: datetime) -> datetime:
        """The end of the local day in which what is seen at ``at`` ends, if nothing happens on the rest of it."""
        end = first_instant(local_date(at - _TICK, self._query.timezone) + _DAY, self._query.timezone)
        if at not in self._quiet:
            self._quiet[at] = at == end or not self._reader.lines(anything_between(at, end))
        return end if self._quiet[at] else at

    def levels(self, shown: Sequence[Bucket], currencies: Sequence[str]) -> Columns:
        ends = [bucket.closing for bucket in shown]
        keys = len(self._query.attributes)
        found: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0] * len(LEVELS))

        def add(columns: Columns, population: str, sign: int = 1) -> None:
            """Add lines (currency, bucket, attributes, and changes of qty, pos and neg) to what was found."""
            first = LEVELS.index((population, "qty"))
            for line in zip(*(column.tolist() for column in columns), strict=True):
                sums = found[line[: 2 + keys]]
                for n, part in enumerate(line[2 + keys :], start=first):
                    sums[n] += sign * int(part)

        asked = (self._query.attributes,)
        both = self._lines.columns(levels(self._zone_id, self._selection, ends, currencies, *asked))
        head, (overall, everyone) = both[: 2 + keys], (both[2 + keys : 5 + keys], both[5 + keys :])
        add([*head, *everyone], "all")
        add([*head, *overall], "overall_active")
        # Whoever is overall active is active, but for those that lapsed.
        add([*head, *overall], "active")
        gone = lapses(self._zone_id, self._selection, ends, self._query.active_duration, currencies, *asked)
        add(self._lines.columns(gone), "active", -1)
        last = shown[-1]
        end = self._seen_until(last.at)
        if end == last.at != first_instant(last.closing + _DAY, self._query.timezone):
            for n, population in enumerate(POPULATIONS):
                add(self._unseen(last, currencies, len(shown) - 1, 3 * n), population, -1)
        lines = [(*key, *sums) for key, sums in found.items()]
        zeros = np.zeros(len(lines), np.int64)
        columns = [*zip(*lines, strict=True)] or [()] * (2 + keys + len(LEVELS))
        numbers = [np.array(column, np.int64) for column in columns[:2]]
        return [zeros, zeros, *numbers, *(np.array(column, object) for column in columns[2:])]

    def _unseen(self, last: Bucket, currencies: Sequence[str], bucket: int, first: int) -> Columns:
        """What changes from T to the end of its local day, for the clients to whom anything happens in between.

        Of one population, whose parts begin at ``first``.
        """
        end = first_instant(last.closing + _DAY, self._query.timezone)
        if self._rest is None:
            touched = replace(self._selection, touched=(last.at, end))
            both = (last, replace(last, at=end, end=end))
            query = replace(self._query, group_by=tuple(item.id for item in self._query.attributes))
            self._rest = self._reader.columns(plain_levels(query, touched, both, currencies))
        _, _, currency, turn, *rest = self._rest
        keys, parts = rest[: len(self._query.attributes)], rest[len(self._query.attributes) :]
        later = np.flatnonzero(turn == 1)
        return [
            currency[later],
            np.full(len(later), bucket),
            *(column[later] for column in (*keys, *parts[first : first + 3])),
        ]

    def flows(self, shown: Sequence[Bucket], stretches: Sequence[Place], currencies: Sequence[str]) -> Columns:
        zone = self._query.timezone
        start, end = stretches[0].low, stretches[-1].high
        whole = _Whole.of(start, self._seen_until(end), zone)
        found = []
        if whole is not None:
            firsts: dict[int, int] = {}
            days = []
            for place, stretch in enumerate(stretches):
                first = firsts.setdefault(stretch.bucket, place)
                day = max(local_date(stretch.low, zone), whole.first)
                while day <= min(local_date(stretch.high - _TICK, zone), whole.last):
                    days.append((day, place, first))
                    day += _DAY
            found.append(
                self._lines.columns(
                    flows(
                        self._zone_id,
                        self._selection,
                        self._query.currency,
                        days,
                        currencies,
                        self._query.attributes,
                    )
                )
            )
        for low, high in ((start, end),) if whole is None else whole.beside:
            places = [
                (n, replace(place, low=max(place.low, low), high=min(place.high, high)))
                for n, place in enumerate(stretches)
                if place.low < high and low < place.high
            ]
            plain = Transactions(self._reader, self._query, self._selection)
            columns = [*plain.flows(shown, [place for _, place in places], currencies)]
            columns[3] = np.array([n for n, _ in places], np.int64)[columns[3]]
            found.append(columns)
        return [np.concatenate(column) for column in zip(*found, strict=True)]
