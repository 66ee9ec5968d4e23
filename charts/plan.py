"""From a spec and a report to what is drawn: which strands, with which points, on what axis.

Nothing is added up here. Every figure on a chart is a figure of the report; what the report leaves out because all its
figures are zero (a package in a bucket) is the zero it stands for, and what it does not speak of is a gap.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from charts.spec import COLOURS, Axis, ChartSpec, Series, SeriesKind
from charts.words import package_text, time_position, time_text
from data.report.catalog import DIMENSION, METRIC, METRICS, TIME_DIMENSIONS, Metric
from data.report.period import months_before
from data.report.result import Figure, ReportResult, Row

XAxis = Literal["time", "package", "metric", "whole"]
INDEX = {metric.id: place for place, metric in enumerate(METRICS)}


@dataclass(frozen=True, slots=True)
class Point:
    """One figure at one place. ``x`` is an ISO date on a time axis, a category or a figure otherwise.

    ``colour`` is the place's own colour where places are what differs (the slices of a pie), as in :class:`Strand`.
    """

    x: str | Figure
    label: str
    figure: Figure
    colour: str | None = None


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


@dataclass(frozen=True, slots=True)
class Plan:
    """What is drawn, or in ``message`` why there is nothing to draw."""

    x: XAxis = "whole"
    unit: str | None = None
    strands: tuple[Strand, ...] = ()
    message: str | None = None
    where: str | None = None
    """What part of the report a pie shows, when it cannot show all of it."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package of the report: its name made unique, and its place in the order of colours (None: No package)."""

    id: int | None
    label: str
    place: int | None

    @property
    def colour(self) -> str | None:
        """The name of the package's colour, by its place in the order of names."""
        return None if self.place is None else colour_at(self.place)


def colour_at(place: int) -> str:
    """The colour of a place in an order; the ninth has the first one's again."""
    return COLOURS[place % len(COLOURS)]


@dataclass
class Reading:
    """The rows of a report by bucket and package."""

    result: ReportResult
    unit: str | None
    times: tuple[str, ...]
    packages: tuple[Package, ...]
    cells: dict[tuple[str | None, int | None], Row] = field(default_factory=dict)

    def figure(self, metric: Metric, time: str | None, package: int | None) -> Figure:
        """The figure of a bucket and a package. A row that is not shown has zeros only, and no averages."""
        row = self.cells.get((time, package))
        if row is not None:
            return row.figures[INDEX[metric.id]]
        return None if metric.kind == "average" else 0


def read(result: ReportResult) -> Reading:
    """The report's rows, ready to be looked up."""
    group_by, unit = result.query.group_by, result.query.time_unit
    time_at = group_by.index(unit) if unit else None
    package_at = group_by.index("package") if result.query.by_package else None
    times: dict[str, None] = {}
    names: dict[int | None, str | None] = {}
    reading = Reading(result, unit, (), ())
    for row in result.rows:
        time = None if time_at is None else row.labels[time_at]
        if time is not None:
            times[time] = None
        if package_at is not None:
            names[row.package_id] = row.labels[package_at]
        reading.cells[time, row.package_id] = row
    reading.times = tuple(sorted(times))
    ordered = sorted((package_text(name), key) for key, name in names.items() if key is not None)
    twice = Counter(name for name, _ in ordered)
    reading.packages = tuple(
        Package(key, f"{name} (#{key})" if twice[name] > 1 else name, place)
        for place, (name, key) in enumerate(ordered)
    ) + ((Package(None, package_text(None), None),) if None in names else ())
    return reading


def plan(spec: ChartSpec, result: ReportResult) -> Plan:
    """What ``spec`` draws of ``result``."""
    if not spec.series:
        return Plan(message="Add a series to see the chart.")
    if not result.rows:
        return Plan(message=result.info.notice or "The report has no rows, so there is nothing to draw.")
    x = x_axis(spec, result)
    if x is None:
        return Plan(
            message=f"This chart is by {DIMENSION[str(spec.x)].label}: add it to Group by, or choose another x axis."
        )
    reading = read(result)
    if reading.unit and result.query.by_package and not spec.split and spec.kind != "table":
        unit = DIMENSION[reading.unit].label.lower()
        return Plan(
            message=f"The report has a row for each package in each {unit}, which cannot be added up: "
            "split the chart by package, or query without Package Name."
        )
    if spec.kind == "pie":
        return _pie(spec, reading, x)
    return Plan(x=x, unit=reading.unit, strands=_strands(spec, reading, x))


def x_axis(spec: ChartSpec, result: ReportResult) -> XAxis | None:
    """What runs along x; None when the spec asks for what the report is not grouped by."""
    by_time, by_package = result.query.time_unit is not None, result.query.by_package
    if spec.x in METRIC:
        return "metric"
    if spec.x is None:
        return "time" if by_time else "package" if by_package else "whole"
    if spec.x in TIME_DIMENSIONS:
        return "time" if by_time else None
    return "package" if by_package else None


def _kind(spec: ChartSpec, series: Series) -> SeriesKind:
    if spec.kind == "scatter":
        return "scatter"
    if series.kind is not None:
        return series.kind
    if spec.kind in ("bar", "stacked_bar"):
        return "bar"
    return "area" if spec.kind == "area" else "line"


def _strands(spec: ChartSpec, reading: Reading, x: XAxis) -> tuple[Strand, ...]:
    found: list[Strand] = []
    used: Counter[str | None] = Counter()
    by_both = reading.unit is not None and reading.result.query.by_package

    def add(series: Series, name: str, colour: str | None, points: tuple[Point, ...]) -> None:
        found.append(
            Strand(name, METRIC[series.metric], _kind(spec, series), series.axis, colour, used[colour], points)
        )
        used[colour] += 1

    split_by_package = reading.result.query.by_package and (by_both or x == "metric") and x != "package"
    for series in spec.series:
        metric = METRIC[series.metric]
        own = series.colour or metric.colour
        if split_by_package and spec.split:
            for package in reading.packages:
                name = package.label if len(spec.series) == 1 else f"{package.label} · {metric.name}"
                add(series, name, package.colour, _points(spec, reading, x, metric, package))
        elif by_both and x == "package":
            for place, time in enumerate(reading.times):
                name = time_text(time) if len(spec.series) == 1 else f"{time_text(time)} · {metric.name}"
                points = tuple(
                    Point(each.label, each.label, reading.figure(metric, time, each.id), each.colour)
                    for each in reading.packages
                )
                add(series, name, colour_at(place), points)
        else:
            add(series, metric.name, own, _points(spec, reading, x, metric, None))
    if spec.stacked and len(found) > 1:
        # A part that is zero throughout has no height to be seen by: it would only fill the legend.
        return tuple(strand for strand in found if any(point.figure for point in strand.points)) or tuple(found)
    return tuple(found)


def _points(spec: ChartSpec, reading: Reading, x: XAxis, metric: Metric, package: Package | None) -> tuple[Point, ...]:
    """The points of one strand; with ``package`` only that package's."""
    key = package.id if package else None
    if x == "metric":
        across = METRIC[str(spec.x)]
        points = []
        for (time, each), row in reading.cells.items():
            if package is None or each == key:
                label = " · ".join(label_parts(reading, time, each))
                points.append(Point(row.figures[INDEX[across.id]], label, row.figures[INDEX[metric.id]]))
        return tuple(points)
    if x == "whole":
        return (Point(metric.name, metric.name, reading.figure(metric, None, None)),)
    if x == "package":
        first = METRIC[spec.series[0].metric]
        ranked = sorted(
            reading.packages, key=lambda each: (-(reading.figure(first, None, each.id) or 0), each.place is None)
        )
        return tuple(
            Point(each.label, each.label, reading.figure(metric, None, each.id), each.colour) for each in ranked
        )
    points = []
    previous: str | None = None
    for time in reading.times:
        if previous is not None and (expected := following(previous)) != time:
            points.append(Point(time_position(expected), time_text(expected), None))
        points.append(Point(time_position(time), time_text(time), reading.figure(metric, time, key)))
        previous = time
    return tuple(points)


def following(label: str) -> str:
    """The label of the next bucket of time."""
    if len(label) == 4:
        return f"{int(label) + 1:04}"
    if len(label) == 7:
        return months_before(date.fromisoformat(f"{label}-01"), -1).isoformat()[:7]
    return (date.fromisoformat(label) + timedelta(days=1)).isoformat()


def label_parts(reading: Reading, time: str | None, package: int | None) -> list[str]:
    """A row's labels as people read them: time, then package."""
    parts = [time_text(time)] if time is not None else []
    if reading.result.query.by_package:
        parts += [each.label for each in reading.packages if each.id == package]
    return parts


def _pie(spec: ChartSpec, reading: Reading, x: XAxis) -> Plan:
    where = None
    if x == "metric":
        return Plan(message="A pie has no metric on its x axis: choose Scatter, or another x axis.")
    if x == "whole" and len({METRIC[series.metric].kind == "count" for series in spec.series}) > 1:
        return Plan(message="A pie cannot put amounts and quantities together: keep the one or the other.")
    series = spec.series[0]
    metric = METRIC[series.metric]
    if x == "whole":
        points = tuple(
            Point(each.metric, METRIC[each.metric].name, figure, each.colour or METRIC[each.metric].colour)
            for each in spec.series
            for figure in (reading.figure(METRIC[each.metric], None, None),)
        )
    elif reading.result.query.by_package:
        # Slices cannot be added up over time: the last bucket stands for itself.
        time = reading.times[-1] if reading.times else None
        where = None if time is None else time_text(time)
        points = tuple(
            Point(each.label, each.label, reading.figure(metric, time, each.id), each.colour)
            for each in reading.packages
        )
        x = "package"
    else:
        points = tuple(
            Point(time, time_text(time), reading.figure(metric, time, None), colour_at(place))
            for place, time in enumerate(reading.times)
        )
    if any(point.figure is not None and point.figure < 0 for point in points):
        return Plan(message="A pie cannot show amounts below zero: choose Bar.")
    if not any(point.figure for point in points):
        return Plan(message="There is nothing to share out: every value is zero or empty.")
    strand = Strand(metric.name, metric, "bar", "left", series.colour or metric.colour, 0, points)
    return Plan(x=x, unit=reading.unit, strands=(strand,), where=where)
