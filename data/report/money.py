"""Exact money: sums of converted amounts, rounded once at the very end (semantics, section 5).

A converted amount is a fraction that mostly has no finite decimal form, and a report adds up many of them. So sums are
kept as whole numbers of ``1 / SCALE`` millionths, each amount rounded down to that, together with a bound of what was
lost on the way. It is so small that it matters only to a sum that lies on a tie, or at zero, to some forty digits:
there the fractions themselves are added up and decide.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from data.errors import MissingRate
from data.warehouse.schema import MICROS

RATE_SCALE = 18
"""Decimals of a stored exchange rate."""

SCALE = 10**40
"""Parts of a millionth of a unit in which sums are kept."""

Numbers = NDArray[Any]
"""An array of Python's own integers, which know no limit (dtype object), or of truth values."""

# Wide enough for 10^9 amounts of 10^12 units.
_WIDE = Context(prec=80)


class Factor:
    """What takes an amount into another currency: ``numerator / denominator``.

    ``scaled`` is the same in parts of ``SCALE``, rounded down; ``is_whole`` tells that nothing was rounded away.
    """

    __slots__ = ("denominator", "is_whole", "numerator", "scaled")

    def __init__(self, numerator: int, denominator: int) -> None:
        self.numerator = numerator
        self.denominator = denominator
        self.scaled, rest = divmod(numerator * SCALE, denominator)
        self.is_whole = not rest

    @property
    def fraction(self) -> Fraction:
        """The factor itself."""
        return Fraction(self.numerator, self.denominator)


UNCHANGED = Factor(1, 1)


@dataclass(frozen=True)
class Sums:
    """Sums of money side by side, such as one metric's in every row.

    ``values`` are in parts of ``SCALE`` of a millionth. Where ``is_exact`` does not hold, a value lies less than
    ``slack`` below or above the sum, and ``exactly(n)`` adds up the n-th sum in millionths without any loss.
    """

    values: Numbers
    is_exact: Numbers
    slack: int
    exactly: Callable[[int], Fraction]

    @classmethod
    def zero(cls, count: int) -> Self:
        """So many sums of nothing."""
        return cls(np.zeros(count, object), np.ones(count, bool), 0, lambda _: Fraction())

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.values + other.values,
            self.is_exact & other.is_exact,
            self.slack + other.slack,
            lambda n: self.exactly(n) + other.exactly(n),
        )

    def __neg__(self) -> Sums:
        return Sums(-self.values, self.is_exact, self.slack, lambda n: -self.exactly(n))

    def at(self, places: Sequence[int]) -> Sums:
        """Those at some places, in that order."""
        chosen = np.asarray(places, np.intp)
        return Sums(self.values[chosen], self.is_exact[chosen], self.slack, lambda n: self.exactly(places[n]))

    def total(self) -> Sums:
        """All of them added up: one sum."""
        count = len(self.values)
        return Sums(
            np.array([sum(self.values.tolist())], object),
            np.array([bool(self.is_exact.all())]),
            self.slack * count,
            lambda _: sum(map(self.exactly, range(count)), Fraction()),
        )

    def are_zero(self) -> Numbers:
        """Which of the sums, exact and unrounded, are zero."""
        found = np.equal(self.values, 0).astype(bool)
        for n in np.flatnonzero(~self.is_exact):
            found[n] = abs(self.values[n]) <= self.slack and self.exactly(int(n)) == 0
        return found

    def rounded(self, decimals: int, divisors: Sequence[int] | None = None) -> list[Decimal | None]:
        """In units of money, rounded half up (away from zero) to ``decimals``; zero has no sign.

        Each is divided by its divisor first, if there are divisors; None where that is 0.
        """
        unit = MICROS * SCALE // 10**decimals
        zero = _decimal(0, decimals)
        found: list[Decimal | None] = []
        for n, (value, exact) in enumerate(zip(self.values.tolist(), self.is_exact.tolist(), strict=True)):
            divisor = 1 if divisors is None else divisors[n]
            if not divisor:
                found.append(None)
            elif not value and exact:
                found.append(zero)
            else:
                step = unit * divisor
                whole, rest = divmod(2 * abs(value) + step, 2 * step)
                if not exact and not 2 * self.slack < rest < 2 * (step - self.slack):
                    sum_ = self.exactly(n) * SCALE
                    negative = sum_ < 0
                    whole = (2 * abs(sum_) + step) // (2 * step)
                else:
                    negative = value < 0
                found.append(_decimal(-whole if negative else whole, decimals))
        return found


def _decimal(whole: int, decimals: int) -> Decimal:
    # An integer has no negative zero.
    return Decimal(whole).scaleb(-decimals, _WIDE)


class Rates:
    """Published exchange rates, and which of them a report has used.

    A rate is units of a currency for one unit of the base currency, whose own rate is always 1.
    """

    def __init__(self, base: str, published: Iterable[tuple[str, date, Decimal | str]]) -> None:
        self._base = base
        self._days: dict[str, list[date]] = {}
        self._values: dict[str, list[int]] = {}
        self._factors: dict[tuple[str, str, date], Factor] = {}
        self.oldest: date | None = None
        self.newest: date | None = None
        for currency, day, rate in sorted(published, key=lambda item: (item[0], item[1])):
            self._days.setdefault(currency, []).append(day)
            self._values.setdefault(currency, []).append(int(Decimal(rate).scaleb(RATE_SCALE, _WIDE)))

    def unused(self) -> Rates:
        """The same rates, of which none has been used yet."""
        rates = Rates(self._base, ())
        rates._days, rates._values = self._days, self._values
        return rates

    def factor(self, source: str, target: str, day: date) -> Factor:
        """What takes an amount of ``source`` into ``target`` on a local date.

        Raises :class:`MissingRate` when either has no rate on or before ``day``.
        """
        if source == target:
            return UNCHANGED
        known = self._factors.get((source, target, day))
        if known is None:
            # In the order of their codes: where both are missing, it does not hang on the direction which is named.
            if source < target:
                denominator, numerator = self._on(source, day), self._on(target, day)
            else:
                numerator, denominator = self._on(target, day), self._on(source, day)
            known = self._factors[source, target, day] = Factor(numerator, denominator)
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
