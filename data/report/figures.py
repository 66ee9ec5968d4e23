"""From the engine's lines to rows of figures: running sums, exact conversion, totals, and one rounding at the end.

Works on whole columns: for everyone, and for each package, there is an array with a place for each bucket. A large
report has hundreds of thousands of figures, too many to look at each of them on its way more often than once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from data.currencies import minor_unit
from data.errors import MissingRate
from data.report import sql
from data.report.catalog import METRIC, METRICS, Flow, Metric, Ratio, Stock
from data.report.money import UNCHANGED, Factor, Numbers, Rates, Sums
from data.report.period import Bucket
from data.report.query import ReportQuery
from data.report.result import Figure, Row

Columns = Sequence[Numbers]
"""Lines of the engine, column by column, as :meth:`data.warehouse.engines.Reading.columns` gives them."""

_Series = tuple[sql.Scope, int | None]
"""Whose figures stand side by side, bucket by bucket: a scope, and in scope "package" the package's id."""
_EVERYONE: _Series = ("total", None)
_HOLDERS: _Series = ("held", None)

_LEVELS = tuple(f"{population}_{part}" for population, part in sql.LEVELS)
"""What a line of stocks carries, in its order. Balances are made of the other two when they are shown."""
_QTY = tuple(name for name in _LEVELS if name.endswith("_qty"))
_MONEY = tuple(name for name in _LEVELS if name not in _QTY)
_COUNTS = ("not_below", "not_above")
"""How many transactions of a kind have an amount of zero or more, and of zero or less: a reversal is in one only."""
_SHOWN = tuple(
    metric
    for metric in METRICS
    if isinstance(metric.measure, Flow) or (isinstance(metric.measure, Stock) and metric.measure.of != "balance")
)
"""Metrics of which one is not zero wherever any is: balances and averages are made of them."""


@dataclass(frozen=True)
class _Measured:
    """The exact figures of some rows before rounding, side by side, by the names of what the engine counts and adds.

    These are ``_LEVELS``, and the kinds of transactions; their counts have the names of ``_COUNTS`` appended.
    """

    length: int
    counts: Mapping[str, Numbers]
    sums: Mapping[str, Sums]

    def rounded(self, decimals: int) -> list[Sequence[Figure]]:
        """A column of figures for each metric of the catalog."""
        return [self._column(metric, decimals) for metric in METRICS]

    def _column(self, metric: Metric, decimals: int) -> Sequence[Figure]:
        measure = metric.measure
        if isinstance(measure, Ratio):
            divisors = self._count(METRIC[measure.denominator]).tolist()
            return self._sum(METRIC[measure.numerator]).rounded(decimals, divisors)
        if metric.kind == "count":
            found: list[Figure] = self._count(metric).tolist()
            return found
        return self._sum(metric).rounded(decimals)

    def _count(self, metric: Metric) -> Numbers:
        measure = metric.measure
        assert not isinstance(measure, Ratio)
        if isinstance(measure, Stock):
            name = f"{measure.population}_qty"
        else:
            # A reversal has the sign opposite to its kind's; a fee of zero is an ordinary row.
            name = f"{measure.transactions}_{_COUNTS[measure.sign < 0]}"
        found = self.counts.get(name)
        return np.zeros(self.length, np.int64) if found is None else found

    def _sum(self, metric: Metric) -> Sums:
        measure = metric.measure
        assert not isinstance(measure, Ratio)
        if isinstance(measure, Flow):
            found = self._named(measure.transactions)
            return found if measure.sign > 0 else -found
        if measure.of == "balance":
            return self._named(f"{measure.population}_pos") + self._named(f"{measure.population}_neg")
        return self._named(f"{measure.population}_{measure.of}")

    def _named(self, name: str) -> Sums:
        found = self.sums.get(name)
        return Sums.zero(self.length) if found is None else found

    def not_zero(self) -> list[int]:
        """The places at which any figure, exact and unrounded, is not zero."""
        found = np.zeros(self.length, bool)
        for metric in _SHOWN:
            found |= self._count(metric) != 0 if metric.kind == "count" else ~self._sum(metric).are_zero()
        return np.flatnonzero(found).tolist()

    def at(self, places: Sequence[int]) -> _Measured:
        """The figures at some places, in that order."""
        chosen = np.asarray(places, np.intp)
        return _Measured(
            len(places),
            {name: numbers[chosen] for name, numbers in self.counts.items()},
            {name: sums.at(places) for name, sums in self.sums.items()},
        )

    def totals(self) -> _Measured:
        """Flows of all places; counts and balances at the last one."""
        last = [self.length - 1]
        return _Measured(
            1,
            {name: n[last] if name in _QTY else n.sum(keepdims=True) for name, n in self.counts.items()},
            {name: sums.at(last) if name in _MONEY else sums.total() for name, sums in self.sums.items()},
        )

    def less(self, other: _Measured, names: Iterable[str]) -> _Measured:
        """What is left of some figures when those of another are taken away."""
        names = set(names)
        nothing = np.zeros(self.length, np.int64)
        return _Measured(
            self.length,
            {name: n - other.counts.get(name, nothing) for name, n in self.counts.items() if name in names},
            {name: sums + -other._named(name) for name, sums in self.sums.items() if name in names},
        )


_HELD = (*_LEVELS, *(name for kind in sql.HELD_KINDS for name in (kind, *(f"{kind}_{count}" for count in _COUNTS))))
"""What is measured of clients by what they hold. The figures of packages are none of those that hold none."""


class Figures:
    """Collects the engine's lines for the shown buckets and freezes them into rows and totals.

    ``last_at`` is the last transaction of the whole warehouse, which marks rows that end after it. Lines come in the
    clients' own currencies and in scopes (:data:`data.report.sql.Scope`). Rates that are missing are
    remembered, so that the same one is named whatever order an engine answers in.
    """

    def __init__(
        self,
        query: ReportQuery,
        shown: Sequence[Bucket],
        currencies: Sequence[str],
        rates: Rates,
        *,
        last_at: datetime | None,
    ) -> None:
        self._query = query
        self._shown = shown
        self._last_at = last_at
        self._currencies = currencies
        self._rates = rates
        self._counts: dict[_Series, dict[str, Numbers]] = defaultdict(dict)
        self._sums: dict[_Series, dict[str, Sums]] = defaultdict(dict)
        self._missing: list[MissingRate] = []

    def add_stocks(self, columns: Columns) -> None:
        """Take the lines of :func:`data.report.sql.stocks`: changes, which running sums make levels at each T."""
        scopes, packages, currencies, buckets, *changes = columns
        length = len(self._shown)
        by_name = dict(zip(_LEVELS, changes, strict=True))
        counts = np.stack([by_name[name] for name in _QTY], axis=1)
        money = np.array([_integers(by_name[name]) for name in _MONEY], object).T
        series, series_at = _series(scopes, packages)
        closing = _Closing(self._shown, self._factor)
        lines_of: dict[int, dict[str, Numbers]] = defaultdict(dict)
        for place, lines in _lines_by(series_at * len(self._currencies) + currencies):
            s, c = divmod(place, len(self._currencies))
            lines_of[s][self._currencies[c]] = lines
        for s, key in enumerate(series):
            quantities = np.zeros((length, len(_QTY)), np.int64)
            levels = {}
            for currency, lines in lines_of[s].items():
                quantities[buckets[lines]] += counts[lines]
                changed = np.zeros((length, len(_MONEY)), object)
                changed[buckets[lines]] = money[lines]
                levels[currency] = changed.cumsum(axis=0)
            self._counts[key].update(zip(_QTY, quantities.cumsum(axis=0).T, strict=True))
            self._sums[key].update(zip(_MONEY, closing.converted(levels), strict=True))

    def add_flows(self, columns: Columns, stretches: Sequence[sql.Place]) -> None:
        """Take the lines of :func:`data.report.sql.flows` for the given stretches of time."""
        # To leave out a handful of lines here is cheaper than to look at every transaction's kind there.
        shown = np.flatnonzero(columns[4] >= 0)
        if not len(shown):
            return
        scopes, packages, currencies, places, kind_at, numbers, not_below, not_above, texts = (
            column[shown] for column in columns
        )
        series, series_at = _series(scopes, packages)
        bucket_at = np.array([stretch.bucket for stretch in stretches], np.intp)[places]
        # Where all amounts are zero no rate is needed.
        moved = np.flatnonzero(2 * numbers != not_below + not_above)
        pairs, pair_at = np.unique(currencies[moved] * len(stretches) + places[moved], return_inverse=True)
        factors = [
            self._factor(self._currencies[pair // len(stretches)], stretches[pair % len(stretches)].date)
            for pair in pairs.tolist()
        ]
        amounts = np.array(_integers(texts[moved]), object)
        scaled = np.array([factor.scaled for factor in factors], object)[pair_at]
        lossy = np.array([not factor.is_whole for factor in factors], bool)[pair_at]
        shape = (len(series), len(sql.FLOW_KINDS), len(self._shown))
        at = (series_at, kind_at, bucket_at)
        s_at, k_at, b_at = (codes[moved] for codes in at)
        values, inexact = np.zeros(shape, object), np.zeros(shape, bool)
        np.add.at(values, (s_at, k_at, b_at), amounts * scaled)
        inexact[s_at[lossy], k_at[lossy], b_at[lossy]] = True
        slack = sum(map(abs, amounts[lossy].tolist()))

        def exactly(s: int, k: int, bucket: int) -> Fraction:
            lines = np.flatnonzero((s_at == s) & (k_at == k) & (b_at == bucket))
            return sum((amounts[line] * factors[pair_at[line]].fraction for line in lines), Fraction())

        counts = [np.zeros(shape, np.int64) for _ in _COUNTS]
        for found, column in zip(counts, (not_below, not_above), strict=True):
            np.add.at(found, at, column)
        for s, key in enumerate(series):
            for k, kind in enumerate(sql.FLOW_KINDS):
                self._sums[key][kind] = Sums(values[s, k], ~inexact[s, k], slack, partial(exactly, s, k))
                for name, found in zip(_COUNTS, counts, strict=True):
                    self._counts[key][f"{kind}_{name}"] = found[s, k]

    def freeze(self, names: Mapping[int, str]) -> tuple[tuple[Row, ...], tuple[Figure, ...] | None]:
        """Rows in order and totals (None without rows), rounded; ``names`` are those of packages.

        Raises :class:`MissingRate` for the earliest amount that has no rate, then by currency.
        """
        if self._missing:
            raise min(self._missing, key=lambda fault: (fault.date, fault.currency))
        decimals = minor_unit(self._query.currency)
        rows = []
        for package, measured, places in self._parts():
            columns = measured.at(places).rounded(decimals)
            rows += [(place, package, line) for place, line in zip(places, zip(*columns, strict=True), strict=True)]
        totals = self._measured(_EVERYONE).totals().rounded(decimals) if rows else None
        return self._in_order(rows, names), None if totals is None else tuple(column[0] for column in totals)

    def _parts(self) -> list[tuple[int | None, _Measured, Sequence[int]]]:
        """Whose rows there are: package, figures for each bucket, and the buckets that have a row."""
        everyone = self._measured(_EVERYONE)
        if not self._query.by_package:
            return [(None, everyone, range(len(self._shown)))]
        packages = {key[1] for key in (*self._sums, *self._counts) if key[0] == "package"}
        parts = [(package, self._measured(("package", package))) for package in packages]
        if not self._query.packages:
            parts.append((None, everyone.less(self._measured(_HOLDERS), _HELD)))
        return [(package, part, part.not_zero()) for package, part in parts]

    def _measured(self, series: _Series) -> _Measured:
        return _Measured(len(self._shown), self._counts.get(series, {}), self._sums.get(series, {}))

    def _factor(self, currency: str, day: date | None) -> Factor:
        if day is None or currency == self._query.currency:
            return UNCHANGED
        try:
            return self._rates.factor(currency, self._query.currency, day)
        except MissingRate as fault:
            self._missing.append(fault)
            return UNCHANGED

    def _in_order(self, rows: Sequence[tuple[int, int | None, Any]], names: Mapping[int, str]) -> tuple[Row, ...]:
        """Rows by the grouping in the order chosen; packages by name, then id, No package last."""
        units = [item for item in self._query.group_by if item != "package"]
        labels = {unit: [_label(unit, bucket.first) for bucket in self._shown] for unit in units}

        def label(item: str, place: int, package: int | None) -> str | None:
            if item != "package":
                return labels[item][place]
            return None if package is None else names[package]

        def order(row: tuple[int, int | None, Any]) -> tuple[Any, ...]:
            place, package, _ = row
            return tuple(
                (package is None, label(item, place, package) or "", package or 0)
                if item == "package"
                else labels[item][place]
                for item in self._query.group_by
            )

        marks = [(bucket.partial, bucket.data_until(self._last_at, self._query.timezone)) for bucket in self._shown]
        return tuple(
            Row(tuple(label(item, place, package) for item in self._query.group_by), package, figures, *marks[place])
            for place, package, figures in sorted(rows, key=order)
        )


class _Closing:
    """Converts levels at the closing rates of the shown buckets."""

    def __init__(self, shown: Sequence[Bucket], factor: Callable[[str, date], Factor]) -> None:
        self._shown = shown
        self._factor = factor
        self._known: dict[str, list[Factor | None]] = defaultdict(lambda: [None] * len(shown))

    def converted(self, levels: Mapping[str, Numbers]) -> list[Sums]:
        """The sums of each of ``_MONEY`` at each T, of levels in their own currencies (buckets x ``_MONEY``)."""
        shape = (len(self._shown), len(_MONEY))
        values, inexact = np.zeros(shape, object), np.zeros(shape, bool)
        slack = 0
        for currency, amounts in levels.items():
            moved = np.not_equal(amounts, 0).astype(bool)
            factors = self._factors(currency, np.flatnonzero(moved.any(axis=1)).tolist())
            scaled = np.array([factor.scaled for factor in factors], object)
            lossy = np.array([not factor.is_whole for factor in factors], bool)
            values += amounts * scaled[:, None]
            inexact |= moved & lossy[:, None]
            if lossy.any():
                slack += int(np.abs(amounts[lossy]).max(initial=0))

        def exactly(column: int, bucket: int) -> Fraction:
            parts = ((amounts[bucket, column], self._known[currency][bucket]) for currency, amounts in levels.items())
            return sum((amount * factor.fraction for amount, factor in parts if factor is not None), Fraction())

        return [Sums(values[:, n], ~inexact[:, n], slack, partial(exactly, n)) for n in range(len(_MONEY))]

    def _factors(self, currency: str, needed: Iterable[int]) -> list[Factor]:
        known = self._known[currency]
        for bucket in needed:
            if known[bucket] is None:
                known[bucket] = self._factor(currency, self._shown[bucket].closing)
        return [UNCHANGED if factor is None else factor for factor in known]


def _series(scopes: Numbers, packages: Numbers) -> tuple[list[_Series], Numbers]:
    """The different series of some lines, and for each line the place of its own among them."""
    ids, id_at = np.unique(packages, return_inverse=True)
    found, places = np.unique(scopes * len(ids) + id_at, return_inverse=True)
    series: list[_Series] = []
    for scope, package in (divmod(key, len(ids)) for key in found.tolist()):
        name = sql.SCOPES[scope]
        series.append((name, int(ids[package]) if name == "package" else None))
    return series, places


def _lines_by(keys: Numbers) -> Iterator[tuple[int, Numbers]]:
    """Each different key, with the places at which it stands."""
    order = np.argsort(keys, kind="stable")
    found, starts = np.unique(keys[order], return_index=True)
    if len(found):  # nothing split is one piece all the same
        yield from zip(found.tolist(), np.split(order, starts[1:]), strict=True)


def _integers(texts: Numbers) -> list[int]:
    return [int(text) for text in texts.tolist()]


def _label(unit: str, day: date) -> str:
    return day.isoformat()[: {"year": 4, "month": 7, "date": 10}[unit]]
