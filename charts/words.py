"""Figures and labels as text: exact, with separators, and never through a binary fraction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from babel import Locale, UnknownLocaleError

from charts.spec import ChartSpec
from data.report.catalog import METRIC, NO_PACKAGE, Metric, Stock
from data.report.result import Figure, ReportResult

MINUS = "\u2212"
DASH = "\u2013"
EMPTY = "\u2013"
"""How an empty value reads."""

_COUNTED = {
    "refill": "Refills",
    "usage": "Charges",
    "package_activation": "Activations",
    "package_renewal": "Renewals",
}


@dataclass(frozen=True, slots=True)
class Separators:
    """How a locale writes numbers: its signs, and how many digits its groups have from the decimal point on."""

    point: str
    group: str
    first: int
    then: int


@cache
def separators(locale: str) -> Separators:
    """The separators of a locale ("en", "de", "fr-CH"); English ones if it is unknown. Digits are Latin ones."""
    try:
        known = Locale.parse(locale, sep="-" if "-" in locale else "_")
    except (ValueError, UnknownLocaleError, TypeError):
        known = Locale.parse("en")
    symbols = known.number_symbols.get("latn") or Locale.parse("en").number_symbols["latn"]
    first, then = known.decimal_formats[None].grouping
    if first > 9:  # the locale's pattern does not group at all
        first = then = 3
    return Separators(str(symbols["decimal"]), str(symbols["group"]), first, then)


def exact(figure: Figure, locale: str = "en") -> str:
    """Every digit of a figure, with thousands separated: "−1,234.50"; a dash for an empty one."""
    if figure is None:
        return EMPTY
    known = separators(locale)
    whole, _, rest = format(abs(figure), "f" if isinstance(figure, Decimal) else "d").partition(".")
    groups = [whole[-known.first :]]
    whole = whole[: -known.first]
    while whole:
        groups.append(whole[-known.then :])
        whole = whole[: -known.then]
    return (MINUS if figure < 0 else "") + known.group.join(reversed(groups)) + (known.point + rest if rest else "")


def short(figure: Figure, locale: str = "en") -> str:
    """A figure in three or four digits for labels on a chart: "1.2M"; small ones as they are."""
    if figure is None:
        return EMPTY
    size = abs(Decimal(figure))
    for power, letter in ((12, "T"), (9, "B"), (6, "M"), (3, "k")):
        # 999,950 would round to 1,000k: it is 1M.
        if size >= Decimal(10) ** power * (1 if letter == "k" else Decimal("0.99995")):
            scaled = size / Decimal(10) ** power
            step = Decimal(1) if scaled >= 100 else Decimal("0.1")
            text = format(scaled.quantize(step, ROUND_HALF_UP), "f").removesuffix(".0")
            return (MINUS if figure < 0 else "") + text.replace(".", separators(locale).point) + letter
    return exact(figure, locale)


def with_unit(metric: Metric, figure: Figure, currency: str, locale: str = "en") -> str:
    """A figure in full with its currency, as tooltips show it: "1,234.50 EUR"; counts stand alone."""
    text = exact(figure, locale)
    return text if metric.kind == "count" or figure is None else f"{text} {currency}"


def unit_of(metric: Metric, currency: str) -> str:
    """What the figures of a metric are counted in: the currency, or what is counted."""
    if metric.kind != "count":
        return currency
    return (
        "Clients"
        if isinstance(metric.measure, Stock)
        else _COUNTED.get(getattr(metric.measure, "transactions", ""), "")
    )


def time_text(label: str) -> str:
    """A bucket's label as people read it: "2024", "Mar 2024", "15 Mar 2024"."""
    if len(label) == 4:
        return label
    day = date.fromisoformat(label if len(label) == 10 else f"{label}-01")
    return f"{day:%b} {day.year}" if len(label) == 7 else f"{day.day} {day:%b} {day.year}"


def time_position(label: str) -> str:
    """Where a bucket begins on a time axis, as an ISO date."""
    return label + "-01-01"[3 * (len(label) // 5) :] if len(label) < 10 else label


def clip(text: str, length: int = 28) -> str:
    """The text, cut with an ellipsis when it is longer than fits a label."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def plain(text: str) -> str:
    """Text that Plotly shows as it is, since it reads some tags and entities in labels."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def package_text(name: str | None) -> str:
    """A package as people read it."""
    return NO_PACKAGE if name is None else name


def title_of(spec: ChartSpec) -> str:
    """What to call a chart: its title, or the metrics it shows when it has none."""
    return spec.title.strip() or ", ".join(METRIC[series.metric].name for series in spec.series) or "Chart"


def span_text(result: ReportResult) -> str:
    """The period of a report in a few words: its first and last local date."""
    start, end = result.query.start, result.query.end
    first, last = (
        time_text(bound.date.isoformat()) + (f" {bound.time:%H:%M}" if bound.time else "") for bound in (start, end)
    )
    return first if first == last else f"{first} {DASH} {last}"
