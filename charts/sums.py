"""What adds up. Parts that stand on one another, or share out a circle, say that together they are a whole."""

from __future__ import annotations

from collections.abc import Sequence

from data.report.catalog import Flow, Metric, Stock
from data.report.dimensions import DIMENSION, TIME_DIMENSIONS


def why_no_sum(metrics: Sequence[Metric], apart: Sequence[str]) -> str | None:
    """Why figures of ``metrics`` for each value of the dimensions in ``apart`` make no sum, as the end of a sentence.

    None when they do: then what they add up to is true of all of them together.
    """
    if any(metric.kind == "average" for metric in metrics):
        return "averages do not add up"
    if any(DIMENSION[item].of_packages for item in apart) and not all(_names_its_package(metric) for metric in metrics):
        return "a client with several packages counts in each of them"
    over_time = [item for item in apart if item in TIME_DIMENSIONS]
    if over_time and any(metric.nature == "stock" for metric in metrics):
        return f"the same clients count in every {DIMENSION[over_time[0]].label.lower()}"
    return _why_not_together(metrics) if len(metrics) > 1 else None


def _why_not_together(metrics: Sequence[Metric]) -> str | None:
    """Why different metrics of the same clients make no sum."""
    if len({metric.kind for metric in metrics}) > 1:
        return "amounts and quantities do not add up"
    if len({metric.id for metric in metrics}) < len(metrics):
        return "one figure is there twice"
    measures = [metric.measure for metric in metrics]
    flows = [measure for measure in measures if isinstance(measure, Flow)]
    stocks = [measure for measure in measures if isinstance(measure, Stock)]
    if flows and stocks:
        return "what clients have and what they do are not parts of one sum"
    if len({flow.sign for flow in flows}) > 1:
        return "what is paid in and what is charged are not parts of one sum"
    if len({stock.population for stock in stocks}) > 1:
        return "active clients are among all clients, so they would count twice"
    if stocks and {stock.of for stock in stocks} != {"pos", "neg"}:
        return "one figure holds the other, so it would count twice"
    return None


def _names_its_package(metric: Metric) -> bool:
    """Whether each of the metric's figures belongs to one package: its own transactions name it."""
    return isinstance(metric.measure, Flow) and metric.measure.transactions in ("package_activation", "package_renewal")
