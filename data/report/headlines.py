"""The figures that a page begins with: how the last whole bucket of a report stands, and against the one before."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from data.report.catalog import METRICS, Metric, main_of
from data.report.dimensions import TIME_DIMENSIONS
from data.report.result import ReportResult

_CHOSEN = ("Clients - Active", "Balance Refill", "Pay As You Go", "Packages")
"""The groups whose main figures these are. Whoever may not see money sees how many there were."""

_PLACE = {metric.id: place for place, metric in enumerate(METRICS)}


@dataclass(frozen=True, slots=True)
class Headline:
    """One figure. ``row`` and ``before`` are places of rows in the report; ``before`` is None without a whole one.

    ``line`` are the figures of all whole rows up to this one, from first to last.
    """

    metric: Metric
    row: int
    figure: int | Decimal
    before: int | None
    earlier: int | Decimal | None
    line: tuple[int | Decimal, ...]

    @property
    def change(self) -> Decimal | None:
        """By how much of the earlier figure it has changed: 0.05 is five per cent more; None where nothing was."""
        return None if not self.earlier else (Decimal(self.figure) - self.earlier) / abs(Decimal(self.earlier))


def headlines(result: ReportResult) -> tuple[Headline, ...]:
    """The figures on top of ``result``; none unless its rows are buckets of time, of which one at least is whole.

    A bucket that is still running, that the period clips, or that ends after the data would look like a fall.
    """
    if not result.query.group_by or not set(result.query.group_by) <= set(TIME_DIMENSIONS):
        return ()
    whole = [place for place, row in enumerate(result.rows) if row.partial is None and row.data_until is None]
    if not whole:
        return ()
    last = whole[-1]
    before = last - 1 if last - 1 in whole else None
    has = {column.id for column in result.columns} - result.absent
    found = []
    shown = [metric for metric in METRICS if metric.id in has]
    for group in _CHOSEN:
        metric = main_of(group, shown)
        if metric is None:
            continue
        at = _PLACE[metric.id]
        figure = result.rows[last].figures[at]
        if figure is None:
            continue
        line = tuple(known for place in whole if (known := result.rows[place].figures[at]) is not None)
        earlier = None if before is None else result.rows[before].figures[at]
        found.append(Headline(metric, last, figure, before, earlier, line))
    return tuple(found)
