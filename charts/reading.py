"""A chart in words: the table and the summary that screen readers read, and what must be said beside it."""

from __future__ import annotations

from dataclasses import dataclass

from charts.plan import INDEX, label_parts, plan, read
from charts.spec import KINDS, ChartSpec
from charts.words import exact, span_text, title_of, with_unit
from data.report.catalog import DIMENSION, METRIC, Flow, Metric
from data.report.result import ReportResult


@dataclass(frozen=True, slots=True)
class FigureTable:
    """A chart's figures as text: ``labels`` of the ``header`` are row headers, the rest are right-aligned figures."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    labels: int


def table_of(spec: ChartSpec, result: ReportResult, *, locale: str = "en") -> FigureTable:
    """Every figure the chart shows, exact, row by row of the report."""
    reading = read(result)
    metrics = shown_metrics(spec)
    header = [DIMENSION[reading.unit].label] if reading.unit else []
    if result.query.by_package:
        header.append(DIMENSION["package"].label)
    labels = len(header)
    header += [
        metric.name if metric.kind == "count" else f"{metric.name}, {result.query.currency}" for metric in metrics
    ]
    rows = tuple(
        (*label_parts(reading, time, package), *(exact(row.figures[INDEX[each.id]], locale) for each in metrics))
        for (time, package), row in reading.cells.items()
    )
    return FigureTable(tuple(header), rows, labels)


def shown_metrics(spec: ChartSpec) -> tuple[Metric, ...]:
    """The metrics of a chart, the one along x first, each once."""
    ids = [str(spec.x)] * (spec.x in METRIC) + [series.metric for series in spec.series]
    return tuple(METRIC[item] for item in dict.fromkeys(ids))


def summary_of(spec: ChartSpec, result: ReportResult, *, locale: str = "en") -> str:
    """The chart in two or three sentences, for its accessible name."""
    drawn = plan(spec, result)
    opening = f"{title_of(spec)}. {KINDS[spec.kind]} chart" if spec.kind != "table" else f"{title_of(spec)}. Figures"
    if drawn.message:
        return f"{title_of(spec)}. {drawn.message}"
    along = {
        "time": f" by {DIMENSION[drawn.unit].label.lower()}" if drawn.unit else "",
        "package": " by package",
        "metric": f" against {METRIC[spec.x].name}" if spec.x in METRIC else "",
        "whole": "",
    }[drawn.x]
    count = len(drawn.strands)
    sentences = [f"{opening}{along}, {drawn.where or span_text(result)}, {count} series."]
    for strand in drawn.strands[:3]:
        known = [point for point in strand.points if point.figure is not None]
        if not known:
            sentences.append(f"{strand.name}: no values.")
        elif len(known) == 1:
            text = with_unit(strand.metric, known[0].figure, result.query.currency, locale)
            sentences.append(f"{strand.name}: {text}.")
        else:
            low = min(known, key=lambda point: point.figure or 0)
            high = max(known, key=lambda point: point.figure or 0)
            lowest, highest = (
                f"{with_unit(strand.metric, point.figure, result.query.currency, locale)} ({point.label})"
                for point in (low, high)
            )
            sentences.append(f"{strand.name}: lowest {lowest}, highest {highest}.")
    if count > 3:
        sentences.append("The table has every figure.")
    return " ".join(sentences)


def note_of(spec: ChartSpec, result: ReportResult) -> str | None:
    """What a reader must know to read the chart right, or None."""
    drawn = plan(spec, result)
    if drawn.message:
        return None
    notes = []
    if drawn.where:
        notes.append(f"Shows {drawn.where} only.")
    parts_of_whole = spec.kind == "pie" or (spec.stacked and any(s.kind in ("bar", "area") for s in drawn.strands))
    if parts_of_whole and result.query.by_package and not all(_belongs_to_one(s.metric) for s in drawn.strands):
        notes.append("A client with several packages counts in each, so the parts may exceed the total.")
    return " ".join(notes) or None


def _belongs_to_one(metric: Metric) -> bool:
    """Whether each of the metric's figures belongs to one package: its own transactions name it."""
    return isinstance(metric.measure, Flow) and metric.measure.transactions in ("package_activation", "package_renewal")
