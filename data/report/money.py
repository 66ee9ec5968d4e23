"""Exact money: sums of converted amounts as fractions, rounded once at the very end (semantics, section 5)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from functools import lru_cache
from math import gcd, lcm
from operator import mul

from data.errors import MissingRate
from data.warehouse.schema import MICROS

RATE_SCALE = 18
"""Decimals of a stored exchange rate."""

_WIDE = Context(prec=80)
_FEW = 8
"""Up to so many denominators a sum is brought to a common one; more are added as decimals."""

_DOUBT = Decimal(1).scaleb(-30)
"""Closer than this to a tie or to zero, a decimal approximation is not trusted and the fractions decide."""


class ExactSum:
    """A sum of fractions of micros, exact: numerators are collected by denominator and never divided on the way."""

    __slots__ = ("_parts",)

    def __init__(self) -> None:
        self._parts: dict[int, int] = {}

    def add(self, numerator: int, denominator: int = 1) -> None:
        """Add ``numerator / denominator`` micros."""
        self._parts[denominator] = self._parts.get(denominator, 0) + numerator

    def include(self, other: ExactSum, sign: int = 1) -> None:
        """Add another sum, or take it away with ``sign=-1``."""
        for denominator, numerator in other._parts.items():
            self.add(sign * numerator, denominator)

    def is_zero(self) -> bool:
        """Whether the exact, unrounded sum is zero."""
        if len(self._parts) <= _FEW:
            return self._fraction()[0] == 0
        return abs(self._approximate()) < _DOUBT and self._exact() == 0

    def rounded(self, decimals: int, divisor: int = 1) -> Decimal:
        """The sum in units of money, divided by ``divisor``, rounded half up (away from zero) to ``decimals``."""
        if len(self._parts) <= _FEW:
            numerator, denominator = self._fraction()
            return _round_ratio(numerator, denominator * MICROS * divisor, decimals)
        with localcontext(_WIDE):
            scaled = self._approximate() / (MICROS * divisor) * 10**decimals
            whole = int(abs(scaled))
            rest = abs(scaled) - whole
            if abs(rest - Decimal("0.5")) < _DOUBT:
                exact = self._exact() / (MICROS * divisor)
                return _round_ratio(exact.numerator, exact.denominator, decimals)
            if rest > Decimal("0.5"):
                whole += 1
            return _scaled(whole if scaled > 0 else -whole, decimals)

    def _fraction(self) -> tuple[int, int]:
        parts = self._parts
        if len(parts) == 1:
            [(denominator, numerator)] = parts.items()
            return numerator, denominator
        common, factors = _common_denominator(tuple(parts))
        return sum(map(mul, parts.values(), factors)), common

    def _approximate(self) -> Decimal:
        with localcontext(_WIDE):
            return sum((Decimal(n) / d for d, n in self._parts.items()), Decimal(0))

    def _exact(self) -> Fraction:
        return sum((Fraction(n, d) for d, n in self._parts.items()), Fraction(0))


@lru_cache(maxsize=10_000)
def _common_denominator(denominators: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
    """The least common one, and by what each is multiplied to reach it: the rates of one day meet in many cells."""
    common = lcm(*denominators)
    return common, tuple(common // denominator for denominator in denominators)


def _round_ratio(numerator: int, denominator: int, decimals: int) -> Decimal:
    whole = (2 * abs(numerator) * 10**decimals + denominator) // (2 * denominator)
    return _scaled(whole if numerator > 0 else -whole, decimals)


def _scaled(whole: int, decimals: int) -> Decimal:
    # Wide enough for 10^9 amounts of 10^12 units; an integer has no negative zero.
    return Decimal(whole).scaleb(-decimals, _WIDE)


class Rates:
    """Published exchange rates, and which of them a report has used.

    A rate is units of a currency for one unit of the base currency, whose own rate is always 1.
    """

    def __init__(self, base: str, published: Iterable[tuple[str, date, Decimal]]) -> None:
        self._base = base
        self._days: dict[str, list[date]] = {}
        self._values: dict[str, list[int]] = {}
        self._factors: dict[tuple[str, str, date], tuple[int, int]] = {}
        self.oldest: date | None = None
        self.newest: date | None = None
        for currency, day, rate in sorted(published, key=lambda item: (item[0], item[1])):
            self._days.setdefault(currency, []).append(day)
            self._values.setdefault(currency, []).append(int(rate.scaleb(RATE_SCALE, _WIDE)))

    def factor(self, source: str, target: str, day: date) -> tuple[int, int]:
        """Numerator and denominator that take an amount of ``source`` into ``target`` on a local date.

        Raises :class:`MissingRate` when either has no rate on or before ``day``.
        """
        if source == target:
            return 1, 1
        known = self._factors.get((source, target, day))
        if known is None:
            # In the order of their codes: where both are missing, it does not hang on the direction which is named.
            rates = {currency: self._on(currency, day) for currency in sorted((source, target))}
            numerator, denominator = rates[target], rates[source]
            common = gcd(numerator, denominator)
            known = self._factors[source, target, day] = numerator // common, denominator // common
        return known

    def turning_days(self, currencies: Iterable[str], first: date, last: date) -> list[date]:
        """The days from ``first`` to ``last`` on which a rate of ``currencies`` may differ from the day before's.

        Where one of them has no rate yet every day counts, so that a missing rate is named with its own date.
        """
        turns = {first}
        complete = first
        for currency in set(currencies) - {self._base}:
            days = self._days.get(currency, [])
            turns.update(day for day in days if first <= day <= last)
            complete = max(complete, min(days[0], last) if days else last)
        turns.update(first + timedelta(days=n) for n in range((complete - first).days + 1))
        return sorted(turns)

    def _on(self, currency: str, day: date) -> int:
        if currency == self._base:
            return int(10**RATE_SCALE)
        days = self._days.get(currency, [])
        index = bisect_right(days, day) - 1
        if index < 0:
            raise MissingRate(currency, day)
        published = days[index]
        self.oldest = published if self.oldest is None else min(self.oldest, published)
        self.newest = published if self.newest is None else max(self.newest, published)
        return self._values[currency][index]
