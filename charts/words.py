"""Figures and labels as text: exact, with separators, and never through a binary fraction."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from charts.spec import ChartSpec
from data.report.catalog import METRIC, Metric, Stock
from data.report.period import labelled_unit
from data.report.result import Figure, ReportResult
from data.words.dates import DASH
from data.words.numerals import EMPTY, MINUS, numerals

_COUNTED = {
    "refill": "Refills",
    "usage": "Charges",
    "package_activation": "Activations",
    "package_renewal": "Renewals",
}


def exact(figure: Figure, locale: str = "en") -> str:
    """Every digit of a figure, with thousands separated: "−1,234.50"; a dash for an empty one."""
    places = -int(figure.as_tuple().exponent) if isinstance(figure, Decimal) else 0
    return numerals(locale).write(figure, max(places, 0))


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
            return (MINUS if figure < 0 else "") + text.replace(".", numerals(locale).decimal) + letter
    return exact(figure, locale)


def share_text(figure: Figure, whole: Figure, locale: str = "en") -> str:
    """How much of the ``whole`` a figure is, to a tenth of a percent: "12.5 %"."""
    if not whole:
        return EMPTY
    share = Decimal(figure or 0) / Decimal(whole) * 100
    return f"{exact(share.quantize(Decimal('0.1'), ROUND_HALF_UP), locale)} %"


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
    """A bucket's label as people read it: "2024", "Q1 2024", "Mar 2024", "Week of 11 Mar 2024", "15 Mar 2024"."""
    return labelled_unit(label).text(label)


def time_position(label: str) -> str:
    """Where a bucket begins on a time axis, as an ISO date."""
    return labelled_unit(label).read(label).isoformat()


def plain(text: str) -> str:
    """Text that Plotly shows as it is, since it reads some tags and entities in labels."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def distinct(labels: Iterable[str]) -> list[str]:
    """The labels, no two of them equal: one that is there already gets characters that nobody sees."""
    found: dict[str, None] = {}
    for label in labels:
        unique = label
        while unique in found:
            unique += "\u200b"
        found[unique] = None
    return list(found)


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
