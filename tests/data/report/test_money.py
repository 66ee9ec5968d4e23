"""Exact money (semantics, section 5): sums of fractions, rates by date, one rounding at the end."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from data.errors import MissingRate
from data.report.money import SCALE, UNCHANGED, Factor, Rates, Sums
from tests import oracle

MICROS = 10**6


def total(*parts: tuple[int, int]) -> Sums:
    """One sum of fractions of micros, as a report adds them up."""
    factors = [Factor(1, denominator) for _, denominator in parts]
    return Sums(
        np.array(
            [sum(numerator * factor.scaled for (numerator, _), factor in zip(parts, factors, strict=True))], object
        ),
        np.array([all(factor.is_whole for factor in factors)]),
        sum(abs(numerator) for numerator, _ in parts),
        lambda _: sum((Fraction(*part) for part in parts), Fraction()),
    )


def shown(sums: Sums, decimals: int, divisor: int = 1) -> str:
    [found] = sums.rounded(decimals, [divisor])
    return str(found)


def is_zero(sums: Sums) -> bool:
    [found] = sums.are_zero().tolist()
    return found


@pytest.mark.parametrize(
    ("micros", "decimals", "expected"),
    [
        (5_000, 2, "0.01"),
        (4_999, 2, "0.00"),
        (-5_000, 2, "-0.01"),
        (-4_999, 2, "0.00"),
        (0, 2, "0.00"),
        (0, 0, "0"),
        (500_000, 0, "1"),
        (-500_000, 0, "-1"),
        (499_999, 0, "0"),
        (500, 3, "0.001"),
        (1_005_000, 2, "1.01"),
        (2_675_000, 2, "2.68"),
        (123, 4, "0.0001"),
        (10**9 * 10**12 * MICROS, 2, "1000000000000000000000.00"),
        (-(10**9) * 10**12 * MICROS - 5_000, 2, "-1000000000000000000000.01"),
    ],
)
def test_rounds_half_up_away_from_zero_and_zero_has_no_sign(micros: int, decimals: int, expected: str) -> None:
    assert shown(total((micros, 1)), decimals) == expected


def test_an_average_is_rounded_from_the_unrounded_sum() -> None:
    assert shown(total((15_000, 1), (3_000, 1)), 2, 4) == "0.00"  # 0.0045, not 0.02 / 4
    assert shown(total((10_130_000, 1)), 2, 2) == "5.07"  # a tie: 5.065
    assert shown(total((-10_130_000, 1)), 2, 2) == "-5.07"


def test_a_tie_of_parts_without_a_finite_decimal_form_is_seen() -> None:
    # 0.01/3 + 0.01/6 = 0.005
    assert shown(total((10_000, 3), (10_000, 6)), 2) == "0.01"
    assert shown(total((-10_000, 3), (-10_000, 6)), 2) == "-0.01"
    # One part in 10^40 less is not a tie.
    assert shown(total((10_000, 3), (10_000, 6), (-1, 10**40)), 2) == "0.00"


def test_zero_is_exact() -> None:
    assert is_zero(total())
    assert is_zero(total((0, 7)))
    assert is_zero(total((1, 3), (-1, 3)))
    assert is_zero(total((1, 3), (-2, 6)))
    assert is_zero(total((1, 3), (1, 6), (-1, 2)))
    assert not is_zero(total((1, 10**60)))
    assert not is_zero(total((1, 3), (1, 6), (-1, 2), (1, 10**60)))


def test_nothing_is_divided_by_zero() -> None:
    assert total((1, 1)).rounded(2, [0]) == [None]


def test_sums_are_added_taken_away_chosen_and_added_up() -> None:
    some = Sums(
        np.array([SCALE // 3, 5 * SCALE], object),
        np.array([False, True]),
        1,
        [Fraction(1, 3), Fraction(5)].__getitem__,
    )
    other = Sums(
        np.array([SCALE // 6, 0], object), np.array([False, True]), 1, [Fraction(1, 6), Fraction(0)].__getitem__
    )
    both = some + other
    assert [both.exactly(0), both.exactly(1)] == [Fraction(1, 2), 5]
    assert both.is_exact.tolist() == [False, True]
    assert (some + -some).are_zero().tolist() == [True, True]
    assert (some + -other).are_zero().tolist() == [False, False]
    assert both.at([1, 0]).exactly(1) == Fraction(1, 2)
    assert both.at([1]).rounded(6) == [Decimal("0.000005")]
    assert both.total().exactly(0) == Fraction(11, 2)
    assert both.total().rounded(6) == [Decimal("0.000006")]  # a tie: 0.0000055
    assert Sums.zero(2).rounded(2) == [Decimal("0.00")] * 2


def test_a_factor_knows_whether_its_digits_end() -> None:
    assert UNCHANGED.is_whole and UNCHANGED.scaled == SCALE
    assert Factor(1, 8).is_whole and Factor(1, 8).scaled == 125 * 10**37
    assert not Factor(2, 3).is_whole and Factor(2, 3).scaled == 6 * (SCALE - 1) // 9
    assert Factor(2, 3).fraction == Fraction(2, 3)


parts = st.lists(
    st.tuples(st.integers(-(10**19), 10**19), st.sampled_from((1, 2, 3, 6, 7, 10**6, 10821, 1574868, 10**18 + 9)))
)


@given(parts, st.sampled_from((0, 2, 3)), st.integers(1, 7))
@example([(10_000, 3), (10_000, 6)], 2, 1)
def test_any_sum_rounds_as_the_fraction_does(amounts: list[tuple[int, int]], decimals: int, divisor: int) -> None:
    exact = sum((Fraction(numerator, denominator) for numerator, denominator in amounts), Fraction(0))
    currency = {0: "JPY", 2: "EUR", 3: "KWD"}[decimals]
    assert shown(total(*amounts), decimals, divisor) == oracle.money(exact / MICROS / divisor, currency)
    assert is_zero(total(*amounts)) == (exact == 0)


# --- rates ------------------------------------------------------------------------------------------------------------

PUBLISHED = (
    ("USD", date(2024, 3, 8), Decimal("1.10")),
    ("USD", date(2024, 3, 1), Decimal("1.25")),
    ("UAH", date(2024, 3, 4), Decimal("40.123456789012345678")),
    ("EUR", date(2024, 3, 1), Decimal(9)),
)


def test_the_rate_is_the_one_published_last_on_or_before() -> None:
    rates = Rates("EUR", PUBLISHED)
    assert rates.factor("USD", "EUR", date(2024, 3, 1)).fraction == Fraction(100, 125)
    assert rates.factor("USD", "EUR", date(2024, 3, 7)).fraction == Fraction(100, 125)
    assert rates.factor("USD", "EUR", date(2024, 3, 8)).fraction == Fraction(100, 110)
    assert rates.factor("USD", "EUR", date(2030, 1, 1)).fraction == Fraction(100, 110)


def test_a_conversion_between_two_currencies_is_exact() -> None:
    found = Rates("EUR", PUBLISHED).factor("USD", "UAH", date(2024, 3, 4))
    assert found.fraction == Fraction("40.123456789012345678") / Fraction("1.25")


def test_the_base_currency_is_1_with_or_without_rows() -> None:
    assert Rates("EUR", PUBLISHED).factor("EUR", "USD", date(2024, 3, 1)).fraction == Fraction(125, 100)
    assert Rates("USD", PUBLISHED).factor("EUR", "USD", date(2024, 3, 1)).fraction == Fraction(1, 9)


def test_the_same_currency_needs_no_rate_and_uses_none() -> None:
    rates = Rates("EUR", ())
    assert rates.factor("USD", "USD", date(2024, 3, 1)) == UNCHANGED
    assert rates.oldest is rates.newest is None


@pytest.mark.parametrize(("source", "target"), [("USD", "EUR"), ("EUR", "USD"), ("USD", "UAH")])
def test_no_rate_on_or_before_the_date_is_an_error_that_names_both(source: str, target: str) -> None:
    with pytest.raises(MissingRate, match="USD on or before 2024-02-29") as caught:
        Rates("EUR", [row for row in PUBLISHED if row[0] == "USD"] + [("UAH", date(2020, 1, 1), Decimal(40))]).factor(
            source, target, date(2024, 2, 29)
        )
    assert (caught.value.currency, caught.value.date) == ("USD", date(2024, 2, 29))


def test_the_dates_of_the_rates_used_are_remembered() -> None:
    rates = Rates("EUR", PUBLISHED)
    rates.factor("USD", "EUR", date(2024, 3, 9))
    assert (rates.oldest, rates.newest) == (date(2024, 3, 8), date(2024, 3, 8))
    rates.factor("USD", "UAH", date(2024, 3, 5))
    assert (rates.oldest, rates.newest) == (date(2024, 3, 1), date(2024, 3, 8))


def test_where_both_rates_are_missing_the_first_of_the_alphabet_is_named() -> None:
    for source, target in (("USD", "UAH"), ("UAH", "USD")):
        with pytest.raises(MissingRate) as caught:
            Rates("EUR", ()).factor(source, target, date(2024, 3, 1))
        assert caught.value.currency == "UAH"
