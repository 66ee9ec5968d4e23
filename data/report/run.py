"""Runs a report: resolves its time, reads the warehouse once in one consistent view, converts, rounds, and freezes."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from data.access import User, descendants, visible_owners
from data.currencies import minor_unit
from data.errors import Cancelled, MissingRate, UserError, did_you_mean
from data.report import sql
from data.report.catalog import METRICS, Flow, Ratio, Stock
from data.report.money import ExactSum, Rates
from data.report.period import Bucket, Span, buckets, resolve
from data.report.query import ReportQuery
from data.report.result import Figure, ReportInfo, ReportResult, Row, columns_for
from data.warehouse.engines import Reading, Warehouse
from data.warehouse.schema import client_tags, clients, packages, resellers

NO_CLIENTS = "No clients match the filters, so there is nothing to report: widen or remove a filter."
NO_DATA_YET = "Nothing is known of these clients before the end of the period: choose a later period."
NOT_BEGUN = "The period had not begun at the moment of the report: choose an earlier period."
NO_PACKAGE_ROWS = "No package has any figure in this period: choose another period or other packages."


@dataclass
class Stopwatch:
    """Tells what a run is doing, and lets another thread stop it."""

    tell: Callable[[str], object] = lambda stage: None
    cancelled: bool = False
    _reading: Reading | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def stage(self, words: str) -> None:
        """Begin the next stage; raises :class:`Cancelled` if the run was stopped meanwhile."""
        if self.cancelled:
            raise Cancelled
        self.tell(words)

    def watch(self, reading: Reading | None) -> None:
        """Remember what to stop; None when the reading is over."""
        with self._lock:
            self._reading = reading

    def cancel(self) -> None:
        """Stop the run, also in the middle of a statement."""
        with self._lock:
            self.cancelled = True
            if self._reading is not None:
                self._reading.cancel()


def run_report(
    warehouse: Warehouse,
    query: ReportQuery,
    user: User,
    *,
    base_currency: str = "EUR",
    as_of: datetime | None = None,
    watch: Stopwatch | None = None,
) -> ReportResult:
    """The report of ``query`` as ``user`` may see it, generated at ``as_of`` (naive UTC; now unless given).

    Raises :class:`UserError` for a bad question, :class:`MissingRate` when an amount cannot be converted, and
    :class:`Cancelled` when ``watch`` was cancelled.
    """
    began = time.perf_counter()
    generated_at = datetime.now(UTC).replace(tzinfo=None)
    as_of = as_of or generated_at
    watch = watch or Stopwatch()
    query = query.on_day(as_of).check()
    span = resolve(query.start, query.end, query.timezone)
    watch.stage("Opening the data")
    with warehouse.read() as reading:
        watch.watch(reading)
        try:
            found = _Run(reading, query, user, span, as_of, base_currency, watch).find()
        finally:
            watch.watch(None)
    info = ReportInfo(
        period_start=span.start,
        period_end=span.end,
        data_first=found.first,
        data_last=found.last,
        timezone=query.timezone,
        generated_by=user.role,
        generated_at=generated_at,
        as_of=as_of,
        duration=round(time.perf_counter() - began, 3),
        currency=query.currency,
        active_duration=query.active_duration,
        rates_oldest=found.rates.oldest,
        rates_newest=found.rates.newest,
        data_version=reading.version,
        notice=found.notice,
    )
    return ReportResult(query, columns_for(query), found.rows, found.totals, info)


@dataclass(frozen=True)
class _Found:
    rows: tuple[Row, ...]
    totals: tuple[Figure, ...] | None
    first: datetime | None
    last: datetime | None
    rates: Rates
    notice: str | None


class _Cell:
    """The exact figures of one row, or of the totals, before rounding; one entry for each base metric."""

    __slots__ = ("counts", "sums")

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.sums: dict[str, ExactSum] = {}

    def count(self, metric: str, number: int) -> None:
        if number:
            self.counts[metric] = self.counts.get(metric, 0) + number

    def sum(self, metric: str) -> ExactSum:
        found = self.sums.get(metric)
        if found is None:
            found = self.sums[metric] = ExactSum()
        return found

    def include(self, other: _Cell, sign: int = 1) -> None:
        for metric, number in other.counts.items():
            self.count(metric, sign * number)
        for metric, amount in other.sums.items():
            self.sum(metric).include(amount, sign)

    def is_zero(self) -> bool:
        # An average is not zero only where its total is not.
        return not any(self.counts.values()) and all(amount.is_zero() for amount in self.sums.values())

    def figures(self, decimals: int) -> tuple[Figure, ...]:
        return tuple(self._figure(metric.id, metric.measure, metric.kind, decimals) for metric in METRICS)

    def _figure(self, name: str, measure: Flow | Stock | Ratio, kind: str, decimals: int) -> Figure:
        if isinstance(measure, Ratio):
            divisor = self.counts.get(measure.denominator, 0)
            return self.sums.get(measure.numerator, _NOTHING).rounded(decimals, divisor) if divisor else None
        if kind == "count":
            return self.counts.get(name, 0)
        return self.sums.get(name, _NOTHING).rounded(decimals)


_NOTHING = ExactSum()
_STOCKS = tuple((metric.id, metric.measure) for metric in METRICS if isinstance(metric.measure, Stock))
_STOCK_PARTS = tuple((name, measure.of, 3 * sql.POPULATIONS.index(measure.population)) for name, measure in _STOCKS)
"""Each stock with its part (qty, pos, neg, balance) and where its population begins in a line of changes."""

# A row's key: its bucket, and its package, or None for No package, or the whole where rows are not by package.
_WHOLE = "whole"
_Key = tuple[int, int | str | None]


class _Run:
    def __init__(
        self,
        reading: Reading,
        query: ReportQuery,
        user: User,
        span: Span,
        as_of: datetime,
        base_currency: str,
        watch: Stopwatch,
    ) -> None:
        self.connection = reading.connection
        self.query = query
        self.user = user
        self.span = span
        self.as_of = as_of
        self.base = base_currency
        self.watch = watch
        self.decimals = minor_unit(query.currency)
        self.missing: list[MissingRate] = []

    def find(self) -> _Found:
        self.watch.stage("Finding the clients")
        selection = self._selection()
        names = self._package_names()
        nothing = Rates(self.base, ())
        created = {row[0]: row[1] for row in self._read(sql.selected_currencies(selection))}
        if not created:
            return _Found((), None, None, None, nothing, NO_CLIENTS)
        [(first_at, first, last)] = self._read(
            sql.data_interval(selection, self.span.start, min(self.span.end, self.as_of))
        )
        first_data = min([*created.values()] + ([first_at] if first_at is not None else []))
        shown = self._buckets(self.query.time_unit, first_data)
        if not shown:
            why = NOT_BEGUN if self.span.start >= self.as_of else NO_DATA_YET
            return _Found((), None, first, last, nothing, why)

        self.watch.stage("Counting clients and balances")
        stocks = self._read(sql.stocks(self.query, selection, shown))
        self.watch.stage("Adding up transactions")
        rates, rate_days = self._rates({*created, self.query.currency}, shown[-1].closing)
        stretches = sql.places(self.query.timezone, shown, rate_days=rate_days)
        flows = self._read(sql.flows(self.query, selection, stretches))

        self.watch.stage("Converting money")
        cells, totals = self._cells(shown, stocks, stretches, flows, rates)
        rows = self._rows(shown, cells, names)
        notice = None if rows else NO_PACKAGE_ROWS
        return _Found(rows, totals.figures(self.decimals) if rows else None, first, last, rates, notice)

    # --- what is asked ------------------------------------------------------------------------------------------------

    def _selection(self) -> sql.Selection:
        parents = {row.id: row.parent_id for row in self.connection.execute(sa.select(resellers))}
        seen = visible_owners(self.user, parents)
        known = parents if seen is None else seen
        for owner in self.query.owners:
            if owner not in known:
                raise UserError(f"Owner {owner} is unknown.{did_you_mean(str(owner), sorted(known))}", field="owner")
        owners = seen
        if self.query.owners:
            # Filters and what the person may see are ANDed; a filter can only name what is inside of it.
            owners = descendants(self.query.owners, parents)
            owners = owners if seen is None else owners & seen
        self._check_tags(seen)
        return sql.Selection(self.query.client_types, self.query.tags, owners)

    def _check_tags(self, seen: frozenset[int] | None) -> None:
        if not self.query.tags:
            return
        statement = sa.select(client_tags.c.tag).distinct()
        if seen is not None:
            statement = statement.join(clients, clients.c.id == client_tags.c.client_id).where(
                clients.c.owner_id.in_(sorted(seen))
            )
        known = set(self.connection.execute(statement).scalars())
        for tag in self.query.tags:
            if tag not in known:
                raise UserError(f"Tag {tag!r} is unknown.{did_you_mean(tag, sorted(known))}", field="tag")

    def _package_names(self) -> dict[int, str]:
        names = {row.id: row.name for row in self.connection.execute(sa.select(packages))}
        for package in self.query.packages:
            if package not in names:
                raise UserError(f"Package {package} is unknown.{did_you_mean(str(package), names)}", field="package")
        return names

    def _buckets(self, unit: str | None, first_data: datetime) -> tuple[Bucket, ...]:
        return buckets(
            self.span,
            self.query.timezone,
            unit,
            as_of=self.as_of,
            first_data=first_data,
            active_duration=self.query.active_duration,
        )

    def _read(self, statement: sa.Executable) -> Sequence[Any]:
        try:
            return self.connection.execute(statement).all()
        except sa.exc.DBAPIError:
            if self.watch.cancelled:
                raise Cancelled from None
            raise

    def _rates(self, currencies: set[str], until: date) -> tuple[Rates, list[date] | None]:
        """The rates that the report may need, and the days on which any of them changes; None if nothing converts."""
        if len(currencies) == 1:
            return Rates(self.base, ()), None
        lines = self._read(sql.published_rates(currencies - {self.base}, until))
        rates = Rates(self.base, ((line.currency, line.date, line.rate) for line in lines))
        return rates, rates.turning_days(currencies, self.span.start.date() - timedelta(days=2), until)

    # --- figures ------------------------------------------------------------------------------------------------------

    def _cells(
        self,
        shown: Sequence[Bucket],
        stocks: Iterable[Any],
        stretches: Sequence[sql.Place],
        flows: Iterable[Any],
        rates: Rates,
    ) -> tuple[dict[_Key, _Cell], _Cell]:
        """The exact cells of every row, and those of the totals."""
        by_scope: dict[tuple[str, _Key], _Cell] = defaultdict(_Cell)
        last = len(shown) - 1
        for (scope, package, currency), changes in _series(stocks).items():
            level = [0] * (3 * len(sql.POPULATIONS))
            for bucket in range(min(changes), len(shown)):
                if bucket in changes:
                    level = [have + change for have, change in zip(level, changes[bucket], strict=True)]
                self._add_stock(by_scope[scope, (bucket, package)], currency, shown[bucket], level, rates)
        for scope, package, currency, place, moved, *values in flows:
            stretch = stretches[place]
            factor = self._factor(rates, currency, stretch.date) if moved else (1, 1)
            _add_flow(by_scope[scope, (stretch.bucket, package)], values, factor)
        if self.missing:
            # Whatever order the engine answers in, the same rate is named: the earliest, then by currency.
            raise min(self.missing, key=lambda fault: (fault.date, fault.currency))

        totals = _Cell()
        for (scope, (bucket, _)), found in by_scope.items():
            if scope != "total":
                continue
            # Flows of the whole period; counts and balances at its T, which is the last bucket's.
            for name, measure in sql.FLOWS:
                if measure.of == "count":
                    totals.count(name, found.counts.get(name, 0))
                elif name in found.sums:
                    totals.sum(name).include(found.sums[name])
            if bucket == last:
                for name, stock in _STOCKS:
                    if stock.of == "qty":
                        totals.count(name, found.counts.get(name, 0))
                    elif name in found.sums:
                        totals.sum(name).include(found.sums[name])

        if not self.query.by_package:
            return {(n, _WHOLE): by_scope.get(("total", (n, None)), _Cell()) for n in range(len(shown))}, totals
        cells: dict[_Key, _Cell] = {key: found for (scope, key), found in by_scope.items() if scope == "package"}
        if not self.query.packages:
            package_flows = {name for name, measure in sql.FLOWS if measure.transactions not in sql.HELD_KINDS}
            for n in range(len(shown)):
                none = _Cell()
                whole = by_scope.get(("total", (n, None)))
                if whole is None:
                    continue
                none.include(whole)
                for name in package_flows:
                    none.counts.pop(name, None)
                    none.sums.pop(name, None)
                held = by_scope.get(("held", (n, None)))
                if held is not None:
                    none.include(held, -1)
                cells[n, None] = none
        return {key: found for key, found in cells.items() if not found.is_zero()}, totals

    def _add_stock(self, cell: _Cell, currency: str, bucket: Bucket, level: list[int], rates: Rates) -> None:
        everyone = 3 * sql.POPULATIONS.index("all")
        if not any(level):
            return
        has_money = level[everyone + 1] or level[everyone + 2]
        numerator, denominator = self._factor(rates, currency, bucket.closing) if has_money else (1, 1)
        for name, part, offset in _STOCK_PARTS:
            if part == "qty":
                cell.count(name, level[offset])
                continue
            amount = level[offset + 1] * (part != "neg") + level[offset + 2] * (part != "pos")
            if amount:
                cell.sum(name).add(amount * numerator, denominator)

    def _factor(self, rates: Rates, currency: str, day: date | None) -> tuple[int, int]:
        if day is None or currency == self.query.currency:
            return 1, 1
        try:
            return rates.factor(currency, self.query.currency, day)
        except MissingRate as fault:
            self.missing.append(fault)
            return 0, 1

    def _rows(self, shown: Sequence[Bucket], cells: dict[_Key, _Cell], names: dict[int, str]) -> tuple[Row, ...]:
        def order(key: _Key) -> tuple[Any, ...]:
            index, package = key
            parts: list[Any] = []
            for item in self.query.group_by:
                if item == "package":
                    parts.append((1, "", 0) if package is None else (0, names[int(package)], package))
                else:
                    parts.append(_label(item, shown[index]))
            return tuple(parts)

        rows = []
        for key in sorted(cells, key=order):
            index, package = key
            labels = tuple(
                (None if package is None else names[int(package)]) if item == "package" else _label(item, shown[index])
                for item in self.query.group_by
            )
            package_id = int(package) if self.query.by_package and package is not None else None
            rows.append(Row(labels, package_id, cells[key].figures(self.decimals)))
        return tuple(rows)


def _label(unit: str, bucket: Bucket) -> str:
    text = bucket.label.isoformat()
    return {"year": text[:4], "month": text[:7], "date": text}[unit]


def _series(lines: Iterable[Any]) -> dict[tuple[str, int | None, str], dict[int, list[int]]]:
    """The engine's lines by scope, package and currency: what changes in which bucket."""
    found: dict[tuple[str, int | None, str], dict[int, list[int]]] = defaultdict(dict)
    for scope, package, currency, bucket, *changes in lines:
        found[scope, package, currency][bucket] = [int(change) for change in changes]
    return found


def _add_flow(cell: _Cell, values: Sequence[int | str], factor: tuple[int, int]) -> None:
    numerator, denominator = factor
    for (name, measure), value in zip(sql.FLOWS, values, strict=True):
        number = int(value)
        if not number:
            continue
        if measure.of == "count":
            cell.count(name, number)
        else:
            cell.sum(name).add(number * numerator, denominator)
