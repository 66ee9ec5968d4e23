"""Currencies: which codes there are, their names and minor units (ISO 4217)."""

from __future__ import annotations

from functools import cache

import iso4217
from babel import Locale

from data.errors import UserError, did_you_mean

# Codes in the locale data that were never in ISO 4217: market shorthands and local issues.
_NEVER_ISO = frozenset({"CNH", "LSM"})


@cache
def currency_codes() -> frozenset[str]:
    """Every ISO 4217 code, withdrawn ones included.

    Current codes come from the maintenance agency's table, withdrawn ones from Unicode's locale data.
    """
    current = {currency.code for currency in iso4217.Currency}
    return frozenset(current | set(Locale("en").currencies)) - _NEVER_ISO


@cache
def minor_unit(code: str) -> int:
    """Decimals of the currency's minor unit: JPY 0, USD 2, KWD 3; two where ISO 4217 gives none."""
    try:
        exponent = iso4217.Currency(code).exponent
    except ValueError:
        return 2
    return 2 if exponent is None else int(exponent)


@cache
def currency_name(code: str, locale: str = "en") -> str:
    """The currency's name for people, the code itself where there is none."""
    return str(Locale.parse(locale).currencies.get(code, code))


def check_currency(code: str, *, field: str = "currency") -> str:
    """The code if it is an ISO 4217 one, else a :class:`UserError` that says which was meant."""
    if code not in currency_codes():
        hint = did_you_mean(code.upper(), sorted(currency_codes()))
        raise UserError(f"Currency {code!r} is not an ISO 4217 code.{hint}", field=field)
    return code
