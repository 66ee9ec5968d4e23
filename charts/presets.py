"""The ready-made charts of the Show Chart menu. Adding one is adding an entry (and its test)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from charts.plan import x_axis
from charts.spec import ChartKind, ChartSpec, Series
from charts.sums import why_no_sum
from data.report.catalog import METRIC, MONEY
from data.report.dimensions import TIME_DIMENSIONS
from data.report.result import ReportResult

MANY_BUCKETS = 60
"""From so many buckets of time on, bars would be too thin to read: an area says the same."""


@dataclass(frozen=True, slots=True)
class ChartPreset:
    """An entry of the Show Chart menu. ``form`` makes the spec that suits a report, of ``metrics`` by their ids."""

    id: str
    label: str
    form: Callable[[ReportResult], ChartSpec]
    metrics: tuple[str, ...]

    @property
    def shows_money(self) -> bool:
        """Whether any of its figures is money."""
        return any(metric in MONEY for metric in self.metrics)

    def make(self, result: ReportResult, *, chart_id: str = "") -> ChartSpec:
        """The chart of this preset in the form that suits the grouping of ``result``."""
        return replace(self.form(result), title=self.label, preset=self.id, id=chart_id)


def one_metric(metric_id: str) -> Callable[[ReportResult], ChartSpec]:
    """A form for one metric: a figure for one row, a line or bars over time, bars for what is not time.

    Series stand on one another where they add up, and are lines where they do not.
    """
    flow = METRIC[metric_id].nature == "flow"
    series = (Series(metric_id),)

    def form(result: ReportResult) -> ChartSpec:
        unit = result.query.time_unit
        categories = [item for item in result.query.group_by if item not in TIME_DIMENSIONS]
        adds_up = why_no_sum((METRIC[metric_id],), categories) is None
        if len(result.rows) <= 1:
            return ChartSpec(kind="table", series=series)
        if unit is None:
            apart = categories[1:]
            stacks = apart and why_no_sum((METRIC[metric_id],), apart) is None
            return ChartSpec(kind="stacked_bar" if stacks else "bar", x=categories[0], series=series)
        buckets = len({row.labels[result.query.group_by.index(unit)] for row in result.rows})
        bars = flow and buckets <= MANY_BUCKETS
        if categories and adds_up:
            return ChartSpec(kind="stacked_bar" if bars else "area", x=unit, series=series, stack="stack")
        if categories:
            return ChartSpec(kind="line", x=unit, series=series)
        kind: ChartKind = "bar" if bars else "area" if flow else "line"
        return ChartSpec(kind=kind, x=unit, series=series)

    return form


def _of_metric(metric_id: str, label: str) -> ChartPreset:
    return ChartPreset(metric_id, label, one_metric(metric_id), (metric_id,))


PRESETS: tuple[ChartPreset, ...] = (
    _of_metric("clients_active_qty", "Clients - Active: Qty"),
    _of_metric("balance_refill_total", "Balance Refill: Total"),
    _of_metric("payg_total", "Pay As You Go: Total"),
    _of_metric("packages_renew_total", "Packages: Renew Total"),
)
PRESET = {preset.id: preset for preset in PRESETS}


def refit(spec: ChartSpec, result: ReportResult) -> ChartSpec:
    """The spec for another report: a preset chooses its form anew, an x that is not grouped by becomes automatic."""
    if spec.preset in PRESET:
        made = PRESET[spec.preset].make(result, chart_id=spec.id)
        return replace(made, title=spec.title or made.title)
    if spec.x is not None and x_axis(spec, result) is None:
        return replace(spec, x=None)
    return spec
