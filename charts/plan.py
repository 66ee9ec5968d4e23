"""From a spec and a report to what is drawn: which strands, with which points, on what axis.

Nothing is added up here. Every figure on a chart is a figure of the report; what the report leaves out because all its
figures are zero (a package in a bucket) is the zero it stands for, and what it does not speak of is a gap. Figures that
make no sum are not stacked and not shared out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal

from charts.cells import INDEX, Category, Cells, Doubt, cells_of, colour_at, following
from charts.spec import Axis, ChartSpec, Series, SeriesKind, Stacking
from charts.sums import why_no_sum
from charts.words import time_position, time_text
from data.report.catalog import METRIC, Metric
from data.report.dimensions import DIMENSION, TIME_DIMENSIONS
from data.report.dimensions import Key as Part
from data.report.result import Figure, ReportResult

XAxis = Literal["time", "category", "metric", "whole"]
_SIDES: tuple[Axis, ...] = ("left", "right")


@dataclass(frozen=True, slots=True)
class Point:
    """One figure at one place. ``x`` is an ISO date on a time axis, a figure against a metric, else the place's key.

    ``label`` is the place in words. ``colour`` is its own where places are what differs (the slices of a pie), as in
    :class:`Strand`. ``doubt`` tells why the figure is not one of a whole bucket.
    """

    x: str | Figure
    label: str
    figure: Figure
    colour: str | None = None
    doubt: Doubt | None = None


@dataclass(frozen=True, slots=True)
class Strand:
    """One series as it is drawn. ``colour`` is a name of :data:`charts.spec.COLOURS`, None the colour of No package.

    ``repeat`` counts how many strands before it have the same colour.
    """

    name: str
    metric: Metric
    kind: SeriesKind
    axis: Axis
    colour: str | None
    repeat: int
    points: tuple[Point, ...]

    @property
    def whole(self) -> Figure:
        """What the points of a pie share out."""
        return sum((point.figure for point in self.points if point.figure is not None), 0)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is drawn, or in ``message`` why there is nothing to draw.

    ``unit`` is the report's unit of time, ``along`` the dimension whose categories are along x. ``stack`` tells how
    strands stand on one another, which is not at all where they make no sum. ``where`` says what part of the report a
    pie shows, when it cannot show all of it; ``cut`` are the axes that do not begin at zero; ``notes`` are what a
    reader must know to read the chart right.
    """

    x: XAxis = "whole"
    unit: str | None = None
    along: str | None = None
    strands: tuple[Strand, ...] = ()
    stack: Stacking = "none"
    message: str | None = None
    where: str | None = None
    cut: tuple[Axis, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Axes:
    """What is along x (with ``along``, the dimension whose categories are), and what tells strands apart."""

    x: XAxis
    along: str | None
    kinds: tuple[str, ...]
    unit: str | None

    @property
    def apart(self) -> tuple[str, ...]:
        """The dimensions that tell strands apart."""
        return (*self.kinds, *((self.unit,) if self.unit else ()))


def plan(spec: ChartSpec, result: ReportResult) -> Plan:
    """What ``spec`` draws of ``result``."""
    if not spec.series:
        return Plan(message="Add a series to see the chart.")
    if not result.rows:
        return Plan(message=result.info.notice or "The report has no rows, so there is nothing to draw.")
    if spec.shows_money and not result.money:
        return Plan(message="This chart shows money, which the report is without: remove it, or choose a count.")
    x = x_axis(spec, result)
    if x is None:
        return Plan(
            message=f"This chart is by {DIMENSION[str(spec.x)].label}: add it to Group by, or choose another x axis."
        )
    cells = cells_of(result)
    if spec.kind == "pie":
        return _pie(spec, cells, x)
    axes = _axes(spec, cells, x)
    if axes.apart and not spec.split and x != "metric" and spec.kind != "table":
        return Plan(message=_why_split(axes, cells))
    strands = _strands(spec, cells, axes)
    stack, note = _stacking(spec, strands, axes)
    if spec.stacked and stack == "none":
        # Areas before one another hide what is behind them.
        strands = tuple(replace(each, kind="line") if each.kind == "area" else each for each in strands)
    elif stack != "none" and len(strands) > 1:
        # A part that is zero throughout has no height to be seen by: it would only fill the legend.
        strands = tuple(each for each in strands if any(point.figure for point in each.points)) or strands
    cut = () if x == "metric" else tuple(axis for axis in _SIDES if _is_cut(strands, axis))
    notes = (*note, *(_cut_note(cut, strands) if cut else ()), *cells.footnotes)
    return Plan(x=x, unit=cells.unit, along=axes.along, strands=strands, stack=stack, cut=cut, notes=notes)


def x_axis(spec: ChartSpec, result: ReportResult) -> XAxis | None:
    """What runs along x; None when the spec asks for what the report is not grouped by."""
    by_time = result.query.time_unit is not None
    by_category = any(item not in TIME_DIMENSIONS for item in result.query.group_by)
    if spec.x in METRIC:
        return "metric"
    if spec.x is None:
        return "time" if by_time else "category" if by_category else "whole"
    if spec.x in TIME_DIMENSIONS:
        return "time" if by_time else None
    return "category" if spec.x in result.query.group_by else None


def _axes(spec: ChartSpec, cells: Cells, x: XAxis) -> _Axes:
    along = None
    if x == "category":
        along = spec.x if spec.x in cells.kinds else cells.kinds[0]
    kinds = tuple(kind for kind in cells.kinds if kind != along)
    return _Axes(x, along, kinds, cells.unit if x == "category" else None)


def _why_split(axes: _Axes, cells: Cells) -> str:
    along = DIMENSION[str(axes.along or cells.unit)].label
    apart = [DIMENSION[item].label for item in axes.apart]
    return (
        f"The report has a row for each {' and '.join(apart)} in each {along}, which cannot be added up: split the "
        f"chart into series, or query without {' and '.join(apart)}."
    )


def _stacking(spec: ChartSpec, strands: tuple[Strand, ...], axes: _Axes) -> tuple[Stacking, tuple[str, ...]]:
    """How the strands stand on one another, and what must be said if it is not as the spec has it."""
    standing = [strand for strand in strands if strand.kind in ("bar", "area")]
    if not spec.stacked or axes.x == "metric" or not standing:
        return "none", ()
    for axis in _SIDES:
        mine = [strand for strand in standing if strand.axis == axis]
        metrics = [METRIC[series.metric] for series in spec.series if series.axis == axis]
        several = len(mine) > len({strand.metric.id for strand in mine})
        if len(mine) > 1 and (why := why_no_sum(metrics, axes.apart if several else ())):
            return "none", (f"Not stacked: {why}.",)
    if spec.stack == "percent" and any(point.figure and point.figure < 0 for each in standing for point in each.points):
        return "stack", ("Not stacked to 100 %: some figures are below zero.",)
    return ("percent" if spec.stack == "percent" else "stack"), ()


def _is_cut(strands: tuple[Strand, ...], axis: Axis) -> bool:
    """Whether an axis is better without its zero: lines that stay far from it would look flat."""
    mine = [strand for strand in strands if strand.axis == axis]
    figures = [point.figure for strand in mine for point in strand.points if point.figure is not None]
    if not figures or any(strand.kind in ("bar", "area") for strand in mine):
        return False
    low, high = min(figures), max(figures)
    return low < high and (0 < high <= 2 * low or 2 * high <= low < 0)


def _cut_note(cut: tuple[Axis, ...], strands: tuple[Strand, ...]) -> tuple[str, ...]:
    sides = {strand.axis for strand in strands}
    name = "axes do" if len(cut) > 1 else "axis does" if len(sides) == 1 else f"{cut[0]} axis does"
    return (f"The {name} not begin at zero.",)


def _kind(spec: ChartSpec, series: Series) -> SeriesKind:
    if spec.kind == "scatter":
        return "scatter"
    if series.kind is not None:
        return series.kind
    if spec.kind in ("bar", "stacked_bar"):
        return "bar"
    return "area" if spec.kind == "area" else "line"


def _strands(spec: ChartSpec, cells: Cells, axes: _Axes) -> tuple[Strand, ...]:
    found: list[Strand] = []
    used: Counter[str | None] = Counter()
    categories = cells.categories(axes.kinds) if axes.kinds and spec.split else (None,)
    times = cells.times if axes.unit else (None,)
    for series in spec.series:
        metric = METRIC[series.metric]
        for place, (category, time) in enumerate(product(categories, times)):
            words = [category.label] if category else []
            words += [time_text(time)] if time else []
            if len(spec.series) > 1 or not words:
                words.append(metric.name)
            colour: str | None = series.colour or metric.colour
            if category and not time:
                colour = category.colour
            elif time:
                colour = colour_at(place)
            points = _points(spec, cells, axes, metric, category, time)
            kind = _kind(spec, series)
            if kind != "bar" and axes.x == "time":
                # A line stops where the data stops: it does not fall to zero.
                points = tuple(
                    replace(point, figure=None) if point.doubt and point.doubt.lost else point for point in points
                )
            found.append(Strand(" · ".join(words), metric, kind, series.axis, colour, used[colour], points))
            used[colour] += 1
    return tuple(found)


def _points(
    spec: ChartSpec, cells: Cells, axes: _Axes, metric: Metric, category: Category | None, time: str | None
) -> tuple[Point, ...]:
    """The points of one strand: those of a ``category`` or a bucket of ``time``, if given."""
    parts = dict(zip(axes.kinds, category.key, strict=True)) if category else {}
    if axes.x == "metric":
        across = INDEX[str(spec.x)]
        return tuple(
            Point(
                row.figures[across],
                " · ".join(cells.labels(bucket, key)),
                row.figures[INDEX[metric.id]],
                doubt=cells.doubts.get(bucket) if bucket else None,
            )
            for (bucket, key), row in cells.rows.items()
            if parts.items() <= dict(zip(cells.kinds, key, strict=True)).items()
        )
    if axes.x == "whole":
        return (Point(metric.name, metric.name, cells.figure(metric, None, {})),)
    if axes.along:
        ranked = list(cells.categories((axes.along,)))
        if not axes.apart:
            first = METRIC[spec.series[0].metric]
            size = {each.key: cells.figure(first, None, {axes.along: each.key[0]}) or 0 for each in ranked}
            ranked.sort(key=lambda each: (-size[each.key], each.place is None))
        doubt = cells.doubts.get(time) if time else None
        return tuple(
            Point(
                each.position,
                each.label,
                cells.figure(metric, time, {**parts, axes.along: each.key[0]}),
                each.colour,
                doubt,
            )
            for each in ranked
        )
    return tuple(_over_time(cells, metric, parts))


def _over_time(cells: Cells, metric: Metric, parts: dict[str, Part]) -> Iterator[Point]:
    previous: str | None = None
    for time in cells.times:
        if previous is not None and (expected := following(previous)) != time:
            yield Point(time_position(expected), time_text(expected), None)
        yield Point(
            time_position(time), time_text(time), cells.figure(metric, time, parts), doubt=cells.doubts.get(time)
        )
        previous = time


def _pie(spec: ChartSpec, cells: Cells, x: XAxis) -> Plan:
    """A pie shares out one figure that adds up; anything else says why it cannot be one."""
    if x == "metric":
        return Plan(message="A pie has no metric on its x axis: choose Scatter, or another x axis.")
    if len(spec.series) > 1:
        return Plan(message="A pie shares out one figure: remove the other series, or choose Bar.")
    if x == "whole":
        return Plan(message="A pie needs parts to share out: add something to Group by, or choose Table of figures.")
    series = spec.series[0]
    metric = METRIC[series.metric]
    apart = cells.kinds or (str(cells.unit),)
    if why := why_no_sum((metric,), apart):
        return Plan(message=f"This cannot be a pie, for {why}: choose {'Bar' if cells.kinds else 'Line'}.")
    where, notes = None, cells.footnotes
    if cells.kinds:
        # Slices are of one bucket: the last one stands for itself.
        time = cells.times[-1] if cells.times else None
        if time is not None:
            where, notes = time_text(time), cells.footnotes_of((time,))
        points = tuple(
            Point(
                each.position,
                each.label,
                cells.figure(metric, time, dict(zip(cells.kinds, each.key, strict=True))),
                each.colour,
            )
            for each in cells.categories(cells.kinds)
        )
    else:
        points = tuple(
            replace(point, colour=colour_at(place)) for place, point in enumerate(_over_time(cells, metric, {}))
        )
    if any(point.figure is not None and point.figure < 0 for point in points):
        return Plan(message="A pie cannot show amounts below zero: choose Bar.")
    if not any(point.figure for point in points):
        return Plan(message="There is nothing to share out: every value is zero or empty.")
    strand = Strand(metric.name, metric, "bar", "left", series.colour or metric.colour, 0, points)
    return Plan(x="category" if cells.kinds else "time", unit=cells.unit, strands=(strand,), where=where, notes=notes)
