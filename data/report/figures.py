"""From the engine's lines to rows of figures: running sums, exact conversion, totals, and one rounding at the end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from data.currencies import minor_unit
from data.errors import MissingRate
from data.report import sql
from data.report.catalog import METRIC, METRICS, Flow, Ratio, Stock
from data.report.money import ExactSum, Rates
from data.report.period import Bucket
from data.report.query import ReportQuery
from data.report.result import Figure, Row

_LEVELS = tuple(f"{population}_{part}" for population in sql.POPULATIONS for part in ("qty", "pos", "neg"))
"""What a line of stocks carries, in its order. Balances are made of the other two when they are shown."""
_MONEY_LEVELS = tuple((place, name) for place, name in enumerate(_LEVELS) if not name.endswith("_qty"))
_COUNT_LEVELS = tuple((place, name) for place, name in enumerate(_LEVELS) if name.endswith("_qty"))

_FLOW_NAMES = tuple(name for name, _ in sql.FLOWS)
_HELD_FLOWS = tuple(name for name, measure in sql.FLOWS if measure.transactions in sql.HELD_KINDS)
_NOTHING = ExactSum()

_Key = tuple[int, int | None]
"""Of a row: the index of its bucket, and its package (None for No package, or where rows are not by package)."""


class _Cell:
    """The exact figures of one row, or of the totals, before rounding: an entry for each flow and each level."""

    __slots__ = ("counts", "sums")

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.sums: dict[str, ExactSum] = {}

    def count(self, metric: str, number: int) -> None:
        self.counts[metric] = self.counts.get(metric, 0) + number

    def sum(self, metric: str) -> ExactSum:
        found = self.sums.get(metric)
        if found is None:
            found = self.sums[metric] = ExactSum()
        return found

    def include(self, other: _Cell, metrics: Iterable[str], sign: int = 1) -> None:
        """Add some metrics of another cell, or take them away with ``sign=-1``."""
        for metric in metrics:
            if metric in other.counts:
                self.count(metric, sign * other.counts[metric])
            elif metric in other.sums:
                self.sum(metric).include(other.sums[metric], sign)

    def is_zero(self) -> bool:
        # An average is not zero only where its total is not.
        return not any(self.counts.values()) and all(amount.is_zero() for amount in self.sums.values())

    def rounded(self, decimals: int) -> tuple[Figure, ...]:
        return tuple(self._figure(metric.id, metric.measure, metric.kind, decimals) for metric in METRICS)

    def _figure(self, name: str, measure: Flow | Stock | Ratio, kind: str, decimals: int) -> Figure:
        if isinstance(measure, Ratio):
            divisor = self._count(measure.denominator)
            return self.sums.get(measure.numerator, _NOTHING).rounded(decimals, divisor) if divisor else None
        if kind == "count":
            return self._count(name)
        if isinstance(measure, Flow):
            return self.sums.get(name, _NOTHING).rounded(decimals)
        if measure.of != "balance":
            return self.sums.get(f"{measure.population}_{measure.of}", _NOTHING).rounded(decimals)
        balance = ExactSum()
        for part in ("pos", "neg"):
            balance.include(self.sums.get(f"{measure.population}_{part}", _NOTHING))
        return balance.rounded(decimals)

    def _count(self, metric: str) -> int:
        measure = METRIC[metric].measure
        return self.counts.get(f"{measure.population}_qty" if isinstance(measure, Stock) else metric, 0)


class Figures:
    """Collects the engine's lines for the shown buckets and freezes them into rows and totals.

    Lines come in the clients' own currencies and in scopes (:data:`data.report.sql.Scope`). Rates that are missing are
    remembered, so that the same one is named whatever order an engine answers in.
    """

    def __init__(self, query: ReportQuery, shown: Sequence[Bucket], rates: Rates) -> None:
        self._query = query
        self._shown = shown
        self._rates = rates
        self._cells: dict[str, dict[_Key, _Cell]] = defaultdict(lambda: defaultdict(_Cell))
        self._missing: list[MissingRate] = []

    def add_stocks(self, lines: Iterable[Any]) -> None:
        """Take the lines of :func:`data.report.sql.stocks`: changes, which running sums make levels at each T."""
        series: dict[tuple[str, int | None, str], dict[int, list[int]]] = defaultdict(dict)
        for scope, package, currency, bucket, *changes in lines:
            series[scope, package, currency][bucket] = [int(change) for change in changes]
        for (scope, package, currency), by_bucket in series.items():
            cells = self._cells[scope]
            level = [0] * len(_LEVELS)
            for bucket in range(min(by_bucket), len(self._shown)):
                if bucket in by_bucket:
                    level = [have + change for have, change in zip(level, by_bucket[bucket], strict=True)]
                if any(level):
                    self._add_level(cells[bucket, package], currency, self._shown[bucket].closing, level)

    def _add_level(self, cell: _Cell, currency: str, closing: date, level: list[int]) -> None:
        for place, name in _COUNT_LEVELS:
            if level[place]:
                cell.count(name, level[place])
        if not any(level[place] for place, _ in _MONEY_LEVELS):
            return
        numerator, denominator = self._factor(currency, closing)
        for place, name in _MONEY_LEVELS:
            if level[place]:
                cell.sum(name).add(level[place] * numerator, denominator)

    def add_flows(self, lines: Iterable[Any], stretches: Sequence[sql.Place]) -> None:
        """Take the lines of :func:`data.report.sql.flows` for the given stretches of time."""
        total, package_cells = self._cells["total"], self._cells["package"]
        for scope, package, currency, place, moved, *values in lines:
            stretch = stretches[place]
            factor = self._factor(currency, stretch.date) if moved else (1, 1)
            if scope != "own":
                _add_flows(self._cells[scope][stretch.bucket, package], values, factor)
                continue
            _add_flows(total[stretch.bucket, None], values, factor)
            if package is not None:
                _add_flows(package_cells[stretch.bucket, package], values, factor)

    def freeze(self, names: Mapping[int, str]) -> tuple[tuple[Row, ...], tuple[Figure, ...] | None]:
        """Rows in order and totals (None without rows), rounded; ``names`` are those of packages.

        Raises :class:`MissingRate` for the earliest amount that has no rate, then by currency.
        """
        if self._missing:
            raise min(self._missing, key=lambda fault: (fault.date, fault.currency))
        decimals = minor_unit(self._query.currency)
        cells = self._by_package() if self._query.by_package else self._by_bucket()
        rows = tuple(
            Row(
                tuple(self._label(item, key, names) for item in self._query.group_by),
                key[1],
                cells[key].rounded(decimals),
            )
            for key in sorted(cells, key=lambda key: self._order(key, names))
        )
        return rows, self._totals().rounded(decimals) if rows else None

    def _factor(self, currency: str, day: date | None) -> tuple[int, int]:
        if day is None or currency == self._query.currency:
            return 1, 1
        try:
            return self._rates.factor(currency, self._query.currency, day)
        except MissingRate as fault:
            self._missing.append(fault)
            return 0, 1

    def _by_bucket(self) -> dict[_Key, _Cell]:
        return {(bucket, None): self._cells["total"][bucket, None] for bucket in range(len(self._shown))}

    def _by_package(self) -> dict[_Key, _Cell]:
        cells = dict(self._cells["package"])
        if not self._query.packages:
            # Whoever holds none: everyone less those who hold any, and no figures of packages.
            for key, whole in self._cells["total"].items():
                none = cells[key] = _Cell()
                none.include(whole, [*_LEVELS, *_HELD_FLOWS])
                if key in self._cells["held"]:
                    none.include(self._cells["held"][key], [*_LEVELS, *_HELD_FLOWS], sign=-1)
        return {key: cell for key, cell in cells.items() if not cell.is_zero()}

    def _totals(self) -> _Cell:
        """Flows of the whole period; counts and balances at its T, which is the last bucket's."""
        totals = _Cell()
        whole = self._cells["total"]
        for cell in whole.values():
            totals.include(cell, _FLOW_NAMES)
        totals.include(whole[len(self._shown) - 1, None], _LEVELS)
        return totals

    def _label(self, dimension: str, key: _Key, names: Mapping[int, str]) -> str | None:
        bucket, package = key
        if dimension == "package":
            return None if package is None else names[package]
        text = self._shown[bucket].label.isoformat()
        return {"year": text[:4], "month": text[:7], "date": text}[dimension]

    def _order(self, key: _Key, names: Mapping[int, str]) -> tuple[Any, ...]:
        """Where a row stands: by the grouping in the order chosen; packages by name, then id, No package last."""
        package = key[1]
        return tuple(
            (package is None, self._label(item, key, names) or "", package or 0)
            if item == "package"
            else self._label(item, key, names)
            for item in self._query.group_by
        )


def _add_flows(cell: _Cell, values: Sequence[int | str], factor: tuple[int, int]) -> None:
    numerator, denominator = factor
    for (name, measure), value in zip(sql.FLOWS, values, strict=True):
        if value in {0, "0"}:
            continue
        if measure.of == "count":
            cell.count(name, int(value))
        else:
            cell.sum(name).add(int(value) * numerator, denominator)
