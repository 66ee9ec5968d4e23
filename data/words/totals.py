"""What the totals of a report are, in words. They are never made by adding rows up (semantics, section 3)."""

from __future__ import annotations

from data.report.catalog import METRIC, METRICS, Metric, Ratio, main_of
from data.report.result import ReportResult
from data.words.dates import moment_words, period_words
from data.words.numerals import numerals


def total_words(result: ReportResult, language: str = "en") -> str:
    """The label of the totals row: "Total of Jan–Mar 2024"."""
    return f"Total of {period_words(result.query.start, result.query.end, language)}"


def totals_note(result: ReportResult, language: str = "en") -> str | None:
    """What each kind of total is, in one paragraph; None for a report without totals."""
    if result.totals is None:
        return None
    end = min(result.info.period_end, result.info.as_of)
    at = moment_words(end, result.info.timezone, language, seconds=False)
    averages = "; Active Avg divides by the clients that were active at the end" if result.money else ""
    return (
        "The total is the whole report without grouping, not the sum of its rows: clients and balances are those at "
        f"the end, {at}; refills, usage and packages are those of the whole period{averages}."
    )


def main_totals(result: ReportResult, language: str = "en") -> tuple[tuple[str, str], ...]:
    """The main figure of each group of the totals, its name and its words: ("Balance Refill: Total", "1,250.00 EUR").

    None of money for a report without it, and none at all for one without totals.
    """
    if result.totals is None:
        return ()
    shown = tuple(metric for metric in result.shown(METRICS) if metric.id not in result.absent)
    figures = dict(zip((metric.id for metric in METRICS), result.totals, strict=True))
    write = numerals(language).write
    return tuple(
        (
            metric.name,
            write(figures[metric.id], result.decimals) + (f" {result.query.currency}" if metric.is_money else ""),
        )
        for group in dict.fromkeys(metric.group for metric in shown)
        if (metric := main_of(group, shown)) is not None and figures[metric.id] is not None
    )


def total_of(metric: Metric) -> str:
    """What the total of a metric is, in a sentence."""
    if metric.nature == "stock":
        return "Its total is taken at the end of the period: rows do not add up to it."
    if not isinstance(metric.measure, Ratio):
        return "Its total is that of the whole period."
    numerator, denominator = METRIC[metric.measure.numerator], METRIC[metric.measure.denominator]
    by = f"the {denominator.name} at its end" if denominator.nature == "stock" else f"the {denominator.name} of it"
    return f"Its total divides the {numerator.name} of the whole period by {by}."
