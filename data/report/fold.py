"""From lines of sums to rows of figures: running sums, exact conversion, totals, and one rounding at the end.

Generic over keys: a *series* is what one key has in all buckets, and all figures of all series stand in one column,
series by series, bucket by bucket (a *cell* is ``series * buckets + bucket``). A large report has hundreds of thousands
of figures, too many to look at each of them on its way more often than once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from functools import partial
from itertools import chain
from typing import Any

import numpy as np

from data.currencies import minor_unit
from data.errors import MissingRate
from data.report.catalog import METRIC, METRICS, Flow, Metric, Ratio, Stock
from data.report.dimensions import Dimension, Key, Names
from data.report.lines import FLOW_KINDS, HELD_KINDS, LEVELS, SCOPES, Column, FlowLines, LevelLines, Place
from data.report.money import UNCHANGED, Factor, Numbers, Rates, Sums
from data.report.period import Bucket
from data.report.query import ReportQuery
from data.report.result import Figure, Row

_LEVELS = tuple(f"{population}_{part}" for population, part in LEVELS)
"""What a line of levels carries, in its order. Balances are made of the other two when they are shown."""
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
_HELD = frozenset((*_LEVELS, *(name for kind in HELD_KINDS for name in (kind, *(f"{kind}_{n}" for n in _COUNTS)))))
"""What is measured of clients by what they hold. The figures of packages are none of those that hold none."""
_TOTAL, _HOLDERS, _PACKAGE = (SCOPES.index(scope) for scope in ("total", "held", "package"))
_SMALL = 2**62
"""Sums of amounts up to this cannot leave 64 bits on their way."""


@dataclass(frozen=True)
class _Measured:
    """Exact figures before rounding, side by side, by the names of what sources count and add.

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
        """Of one series: flows of all buckets; counts and balances at the last one."""
        last = [self.length - 1]
        return _Measured(
            1,
            {name: n[last] if name in _QTY else n.sum(keepdims=True) for name, n in self.counts.items()},
            {name: sums.at(last) if name in _MONEY else sums.total() for name, sums in self.sums.items()},
        )

    def less(self, other: _Measured) -> _Measured:
        """Of those that hold no package: what is left when the figures of holders are taken away."""
        return _Measured(
            self.length,
            {name: n - other.counts[name] for name, n in self.counts.items() if name in _HELD},
            {name: sums + -other.sums[name] for name, sums in self.sums.items() if name in _HELD},
        )


@dataclass(frozen=True)
class _Series:
    """The series of some lines: first those of everyone by attributes, then those of holders, then of packages.

    ``combinations`` are the different values of the attributes; ``packages`` and ``members`` tell the package and the
    combination (an index) of each series of a package. ``levels`` and ``flows`` tell the series of each line.
    """

    combinations: Sequence[tuple[Key, ...]]
    packages: Sequence[int]
    members: Sequence[int]
    levels: Column
    flows: Column

    @property
    def count(self) -> int:
        """How many there are."""
        return 2 * len(self.combinations) + len(self.packages)

    @classmethod
    def of(cls, levels: LevelLines, flows: FlowLines) -> _Series:
        """The series of both facts together."""
        scope = np.concatenate((levels.scope, flows.scope))
        together, values = np.zeros(len(scope), np.int64), []
        for first, second in zip(levels.keys, flows.keys, strict=True):
            known, codes = _codes(np.concatenate((first, second)))
            values.append(known)
            together = together * len(known) + codes
        found, combination = np.unique(together, return_inverse=True)
        combinations = [_parted(code, values) for code in found.tolist()]
        if not values:
            # Without attributes everyone is one series, also where no line tells of them.
            combinations, combination = [()], together
        count = len(combinations)

        ids, package = _codes(np.concatenate((levels.package, flows.package)))
        pairs, pair = np.unique((package * count + combination)[scope == _PACKAGE], return_inverse=True)
        series = np.where(scope == _HOLDERS, count + combination, combination)
        series[scope == _PACKAGE] = 2 * count + pair
        of_pairs = [divmod(code, count) for code in pairs.tolist()]
        return cls(
            combinations,
            [ids[place] for place, _ in of_pairs],
            [member for _, member in of_pairs],
            series[: len(levels.scope)],
            series[len(levels.scope) :],
        )


class Fold:
    """Makes rows and totals of the lines of the shown buckets.

    Rates that are missing are remembered, so that the same one is named whatever order an engine answers in.
    """

    def __init__(
        self,
        query: ReportQuery,
        shown: Sequence[Bucket],
        currencies: Sequence[str],
        rates: Rates,
        stretches: Sequence[Place],
    ) -> None:
        self._query = query
        self._shown = shown
        self._currencies = currencies
        self._rates = rates
        self._stretches = stretches
        self._missing: list[MissingRate] = []

    def rows(
        self, levels: LevelLines, flows: FlowLines, names: Mapping[str, Names], *, last_at: datetime | None
    ) -> tuple[tuple[Row, ...], tuple[Figure, ...] | None]:
        """Rows in order and totals (None without rows), rounded.

        ``names`` are those of the groupings that have names, by their id; ``last_at`` is the last transaction of the
        whole warehouse, which marks rows that end after it. Raises :class:`MissingRate` for the earliest amount that
        has no rate, then by currency.
        """
        flows = flows.shown()
        length = len(self._shown)
        series = _Series.of(levels, flows)
        measured = self._measured(levels, series.levels, flows, series.flows, series.count)
        everyone = self._everyone(levels, flows) if levels.keys else measured.at(range(length))
        if self._missing:
            raise min(self._missing, key=lambda fault: (fault.date, fault.currency))

        decimals = minor_unit(self._query.currency)
        rows: list[tuple[int, tuple[Key, ...], int | None, tuple[Figure, ...]]] = []
        for part, places, of in self._parts(series, measured):
            columns = part.at(places).rounded(decimals)
            for place, figures in zip(places, zip(*columns, strict=True), strict=True):
                combination, package = of(place // length)
                rows.append((place % length, series.combinations[combination], package, figures))
        totals = everyone.totals().rounded(decimals) if rows else None
        frozen = self._in_order(rows, names, last_at)
        return frozen, None if totals is None else tuple(column[0] for column in totals)

    def _everyone(self, levels: LevelLines, flows: FlowLines) -> _Measured:
        """The figures without grouping by attributes. A client is in one series of each, so these are not added up."""
        at_levels, at_flows = levels.scope == _TOTAL, flows.scope == _TOTAL
        levels, flows = levels.at(at_levels), flows.at(at_flows)
        return self._measured(levels, np.zeros_like(levels.scope), flows, np.zeros_like(flows.scope), 1)

    def _parts(self, series: _Series, measured: _Measured) -> list[tuple[_Measured, Sequence[int], Any]]:
        """What rows there are: figures, the cells that are shown, and what a series there is about."""
        length, count = len(self._shown), len(series.combinations)

        def everyone(number: int) -> tuple[int, int | None]:
            return number, None

        def of_package(number: int) -> tuple[int, int | None]:
            return series.members[number], series.packages[number]

        total = measured.at(range(count * length))
        if not self._query.by_package:
            return [(total, total.not_zero() if self._query.attributes else range(length), everyone)]
        packages = measured.at(range(2 * count * length, measured.length))
        parts: list[tuple[_Measured, Sequence[int], Any]] = [(packages, packages.not_zero(), of_package)]
        if not self._query.packages:
            none = total.less(measured.at(range(count * length, 2 * count * length)))
            parts.append((none, none.not_zero(), everyone))
        return parts

    def _in_order(
        self,
        rows: Sequence[tuple[int, tuple[Key, ...], int | None, tuple[Figure, ...]]],
        names: Mapping[str, Names],
        last_at: datetime | None,
    ) -> tuple[Row, ...]:
        """Rows by the grouping in the order chosen."""
        zone, dimensions = self._query.timezone, self._query.dimensions
        marks = [(bucket.partial, bucket.data_until(last_at, zone)) for bucket in self._shown]
        place_of = {dimension.id: place for place, dimension in enumerate(self._query.attributes)}
        labels = {
            dimension.id: [dimension.unit.label(bucket.first) for bucket in self._shown]
            for dimension in dimensions
            if dimension.unit
        }

        def key(dimension: Dimension, bucket: int, combination: tuple[Key, ...], package: int | None) -> Key:
            if dimension.unit:
                return labels[dimension.id][bucket]
            return package if dimension.of_packages else combination[place_of[dimension.id]]

        known: dict[tuple[str, Key], tuple[str | None, tuple[object, ...]]] = {}

        def named(dimension: Dimension, key: Key) -> tuple[str | None, tuple[object, ...]]:
            found = known.get((dimension.id, key))
            if found is None:
                label = dimension.name_of(key, names.get(dimension.id, {}))
                found = known[dimension.id, key] = label, dimension.order(key, label)
            return found

        found = []
        for bucket, combination, package, figures in rows:
            keys = tuple(key(dimension, bucket, combination, package) for dimension in dimensions)
            named_keys = [named(dimension, key) for dimension, key in zip(dimensions, keys, strict=True)]
            row = Row(tuple(label for label, _ in named_keys), keys, figures, *marks[bucket])
            found.append((tuple(order for _, order in named_keys), row))
        found.sort(key=lambda pair: pair[0])
        return tuple(row for _, row in found)

    # --- measuring ----------------------------------------------------------------------------------------------------

    def _measured(
        self, levels: LevelLines, level_series: Column, flows: FlowLines, flow_series: Column, count: int
    ) -> _Measured:
        counts: dict[str, Numbers] = {}
        sums: dict[str, Sums] = {}
        self._add_levels(levels, level_series, count, counts, sums)
        self._add_flows(flows, flow_series, count, counts, sums)
        return _Measured(count * len(self._shown), counts, sums)

    def _add_levels(
        self, lines: LevelLines, series: Column, count: int, counts: dict[str, Numbers], sums: dict[str, Sums]
    ) -> None:
        """Running sums of the changes are the levels at each T; those convert at its closing rates."""
        length, currencies = len(self._shown), len(self._currencies)
        by_name = dict(zip(_LEVELS, lines.changes, strict=True))
        quantities = np.zeros((count, length, len(_QTY)), np.int64)
        np.add.at(quantities, (series, lines.bucket), np.stack([by_name[name] for name in _QTY], axis=1))
        for place, name in enumerate(_QTY):
            counts[name] = quantities[:, :, place].cumsum(axis=1).ravel()

        # In the clients' own currencies first: few series have clients of every currency.
        changes = _whole([by_name[name] for name in _MONEY])
        pairs, pair_at = np.unique(series * currencies + lines.currency, return_inverse=True)
        own = np.zeros((len(pairs), length, len(_MONEY)), changes.dtype)
        np.add.at(own, (pair_at, lines.bucket), changes.T)
        own = own.cumsum(axis=1)
        pair, bucket = np.nonzero(np.not_equal(own, 0).astype(bool).any(axis=2))
        amounts = own[pair, bucket].astype(object)
        cells = pairs[pair] // currencies * length + bucket
        factors, factor_at = self._factors(
            pairs[pair] % currencies * length + bucket,
            lambda code: (self._currencies[code // length], self._shown[code % length].closing),
        )
        values = np.zeros((count * length, len(_MONEY)), object)
        inexact = np.zeros(values.shape, bool)
        np.add.at(values, cells, amounts * _scaled(factors)[factor_at][:, None])
        lossy = _lossy(factors)[factor_at]
        np.logical_or.at(inexact, cells, np.not_equal(amounts, 0).astype(bool) & lossy[:, None])
        slack = currencies * int(np.abs(amounts[lossy]).max(initial=0))

        def exactly(column: int, cell: int) -> Fraction:
            found = np.flatnonzero(cells == cell).tolist()
            return sum((amounts[n, column] * factors[factor_at[n]].fraction for n in found), Fraction())

        for column, name in enumerate(_MONEY):
            sums[name] = Sums(values[:, column], ~inexact[:, column], slack, partial(exactly, column))

    def _add_flows(
        self, lines: FlowLines, series: Column, count: int, counts: dict[str, Numbers], sums: dict[str, Sums]
    ) -> None:
        """Flows convert at the rates of their stretch of time, before they are added up by bucket."""
        length = len(self._shown)
        bucket_at = np.array([stretch.bucket for stretch in self._stretches], np.intp)[lines.place]
        cell_at = series * length + bucket_at
        # Where all amounts are zero no rate is needed.
        moved = np.flatnonzero(2 * lines.number != lines.not_below + lines.not_above)
        factors, factor_at = self._factors(
            lines.currency[moved] * len(self._stretches) + lines.place[moved],
            lambda code: (
                self._currencies[code // len(self._stretches)],
                self._stretches[code % len(self._stretches)].date,
            ),
        )
        amounts = _whole([lines.amount[moved]])[0].astype(object)
        lossy = _lossy(factors)[factor_at]
        shape = (len(FLOW_KINDS), count * length)
        k_at, c_at = lines.kind[moved], cell_at[moved]
        values, inexact = np.zeros(shape, object), np.zeros(shape, bool)
        np.add.at(values, (k_at, c_at), amounts * _scaled(factors)[factor_at])
        inexact[k_at[lossy], c_at[lossy]] = True
        slack = sum(map(abs, amounts[lossy].tolist()))

        def exactly(kind: int, cell: int) -> Fraction:
            found = np.flatnonzero((k_at == kind) & (c_at == cell)).tolist()
            return sum((amounts[n] * factors[factor_at[n]].fraction for n in found), Fraction())

        for name, column in zip(_COUNTS, (lines.not_below, lines.not_above), strict=True):
            numbers = np.zeros(shape, np.int64)
            np.add.at(numbers, (lines.kind, cell_at), column)
            counts.update((f"{kind}_{name}", numbers[k]) for k, kind in enumerate(FLOW_KINDS))
        for k, kind in enumerate(FLOW_KINDS):
            sums[kind] = Sums(values[k], ~inexact[k], slack, partial(exactly, k))

    def _factors(self, codes: Column, meaning: Any) -> tuple[list[Factor], Column]:
        """The different factors of some lines, and for each line the place of its own among them."""
        found, places = np.unique(codes, return_inverse=True)
        return [self._factor(*meaning(code)) for code in found.tolist()], places

    def _factor(self, currency: str, day: date | None) -> Factor:
        if day is None or currency == self._query.currency:
            return UNCHANGED
        try:
            return self._rates.factor(currency, self._query.currency, day)
        except MissingRate as fault:
            self._missing.append(fault)
            return UNCHANGED


def _codes(column: Column) -> tuple[list[Any], Column]:
    """The different values of a column, and for each line the place of its own among them."""
    if column.dtype != object:
        found, places = np.unique(column, return_inverse=True)
        return found.tolist(), places
    known: dict[Any, int] = {}
    codes = [known.setdefault(value, len(known)) for value in column.tolist()]
    return list(known), np.array(codes, np.int64)


def _parted(code: int, values: Sequence[Sequence[Key]]) -> tuple[Key, ...]:
    """The values whose places among those of each column ``code`` holds, the last one's lowest."""
    found = []
    for known in reversed(values):
        code, place = divmod(code, len(known))
        found.append(known[place])
    return tuple(reversed(found))


def _whole(columns: Sequence[Column]) -> Numbers:
    """Columns of whole numbers, which may be text: of 64 bits where no sum of them can be longer, else Python's."""
    numbers = [list(map(int, column.tolist())) for column in columns]
    small = sum(map(abs, chain.from_iterable(numbers))) < _SMALL
    return np.array(numbers, np.int64 if small else object)


def _scaled(factors: Iterable[Factor]) -> Numbers:
    return np.array([factor.scaled for factor in factors], object)


def _lossy(factors: Iterable[Factor]) -> Numbers:
    return np.array([not factor.is_whole for factor in factors], bool)
