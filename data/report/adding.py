"""Whether figures of several rows may be added, and why not where they may not."""

from __future__ import annotations

from data.report.catalog import METRICS, Flow, Metric, Stock
from data.report.query import ReportQuery

_BY_OWN_PACKAGE = ("package_activation", "package_renewal")
"""Transactions that belong to one package alone, whatever their client holds."""


def why_not_added(metric: Metric, query: ReportQuery) -> str | None:
    """Why rows of ``metric`` do not add up in a report of ``query``; None where they do."""
    if metric.kind == "average" or not isinstance(metric.measure, Flow | Stock):
        return "averages do not add up"
    if isinstance(metric.measure, Stock) and query.time_unit:
        return "clients and balances of different times do not add up"
    own = isinstance(metric.measure, Flow) and metric.measure.transactions in _BY_OWN_PACKAGE
    if any(item.of_packages for item in query.dimensions) and not own:
        return "a client with two packages is in two rows"
    return None


def not_added(query: ReportQuery) -> dict[str, str]:
    """The reason for each metric whose rows do not add up."""
    return {metric.id: why for metric in METRICS if (why := why_not_added(metric, query))}
