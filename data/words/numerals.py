"""How figures are written in a person's locale."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from babel import Locale

from data.report.result import Figure
from data.words.dates import locale_of

MINUS = "\u2212"
"""The true minus sign: as wide as a digit, and not taken for a dash."""

EMPTY = "\u2013"
"""What an empty cell shows."""


@dataclass(frozen=True, slots=True)
class Numerals:
    """The locale's separators, and how many digits its groups have from the decimal point on (India: 3, then 2).

    ``language`` is its tag, for the dates beside the figures.
    """

    decimal: str
    group: str
    first: int
    then: int
    language: str = "en"

    def write(self, figure: Figure, decimals: int) -> str:
        """A count without decimals, an amount with the currency's; "–" for nothing."""
        if figure is None:
            return EMPTY
        # Formatting a Decimal is exact. It is done once for each cell of a report, so nothing slower stands here.
        text = f"{figure:,d}" if isinstance(figure, int) else f"{figure:,.{decimals}f}"
        sign = ""
        if text[0] == "-":
            sign, text = MINUS, text[1:]
        if self.group == "," and self.decimal == "." and self.then == 3:
            return sign + text
        whole, _, fraction = text.partition(".")
        if self.then != 3:
            whole = self._regroup(whole.replace(",", ""))
        elif self.group != ",":
            whole = whole.replace(",", self.group)
        return f"{sign}{whole}{self.decimal}{fraction}" if fraction else sign + whole

    def write_change(self, figure: Figure, decimals: int) -> str:
        """A difference with its sign, plus too."""
        text = self.write(figure, decimals)
        return text if figure is None or text.startswith(MINUS) else f"+{text}"

    def _regroup(self, digits: str) -> str:
        groups = [digits[-self.first :]]
        rest = digits[: -self.first]
        while rest:
            groups.append(rest[-self.then :])
            rest = rest[: -self.then]
        return self.group.join(reversed(groups))


@lru_cache(maxsize=256)
def numerals(language: str) -> Numerals:
    """The numerals of a language tag as browsers send it ("de-CH"); English ones for a tag that is not known.

    Digits are always the Latin ones, as in the files people export.
    """
    locale = locale_of(language)
    symbols = locale.number_symbols.get("latn") or Locale.parse("en").number_symbols["latn"]
    first, then = locale.decimal_formats[None].grouping
    if first > 9:  # the locale's pattern does not group at all
        first = then = 3
    return Numerals(str(symbols["decimal"]), str(symbols["group"]), first, then, language)


def counted(number: int, word: str) -> str:
    """How many there are of something, in a sentence: "1 row", "12,345 rows"."""
    return f"1 {word}" if number == 1 else f"{number:,} {word}s"
