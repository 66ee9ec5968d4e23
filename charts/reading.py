"""A chart in words: the table and the summary that screen readers read, and what must be said beside it."""

from __future__ import annotations

from dataclasses import dataclass

from charts.cells import INDEX, Cells, Key, cells_of
from charts.plan import plan
from charts.spec import KINDS, ChartSpec
from charts.words import exact, share_text, span_text, title_of, with_unit
from data.report.catalog import METRIC, Metric
from data.report.dimensions import DIMENSION
from data.report.result import ReportResult


@dataclass(frozen=True, slots=True)
class FigureTable:
    """A chart's figures as text: ``labels`` of the ``header`` are row headers, the rest are right-aligned figures."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    labels: int


def table_of(spec: ChartSpec, result: ReportResult, *, locale: str = "en") -> FigureTable:
    """Every figure the chart shows, exact, row by row of the report; of a pie its slices with their shares."""
    cells = cells_of(result)
    metrics = [metric for metric in shown_metrics(spec) if result.money or not metric.is_money]
    drawn = plan(spec, result)
    figures = [
        metric.name if metric.kind == "count" else f"{metric.name}, {result.query.currency}" for metric in metrics
    ]
    if spec.kind == "pie" and drawn.strands:
        [strand] = drawn.strands
        return FigureTable(
            (" · ".join(DIMENSION[kind].label for kind in cells.kinds or (str(cells.unit),)), *figures, "Share"),
            tuple(
                (point.label, exact(point.figure, locale), share_text(point.figure, strand.whole, locale))
                for point in strand.points
            ),
            1,
        )
    header = [DIMENSION[kind].label for kind in ((cells.unit,) if cells.unit else ()) + cells.kinds]
    labels = len(header)
    rows = tuple(
        (*_labels(cells, time, key), *(exact(row.figures[INDEX[each.id]], locale) for each in metrics))
        for (time, key), row in cells.rows.items()
    )
    return FigureTable((*header, *figures), rows, labels)


def _labels(cells: Cells, time: str | None, key: Key) -> list[str]:
    """A row's labels; a bucket that is not whole says so."""
    labels = cells.labels(time, key)
    if time is not None and time in cells.doubts:
        labels[0] += f" \u00b7 {cells.doubts[time].text}"
    return labels


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
        "category": f" by {DIMENSION[drawn.along].label.lower()}" if drawn.along else "",
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
    notes = [f"Shows {drawn.where} only."] if drawn.where else []
    return " ".join((*notes, *drawn.notes)) or None
