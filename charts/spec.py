"""What a chart is: :class:`ChartSpec`, a small frozen description that is kept, shared and edited as JSON.

A spec names what to draw, never a figure: the same spec drawn from another report shows that report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, Self, cast, get_args

from data.errors import UserError, did_you_mean
from data.report.catalog import METRIC, MONEY, Colour
from data.report.dimensions import DIMENSION

ChartKind = Literal["line", "bar", "stacked_bar", "area", "pie", "scatter", "table"]
SeriesKind = Literal["line", "bar", "area", "scatter"]
Axis = Literal["left", "right"]
Stacking = Literal["none", "stack", "percent"]

KINDS: dict[str, str] = {
    "line": "Line",
    "bar": "Bar",
    "stacked_bar": "Stacked bar",
    "area": "Area",
    "pie": "Pie",
    "scatter": "Scatter",
    "table": "Table of figures",
}
"""Every kind of chart and what people call it. A table of one row is shown as large figures."""

SERIES_KINDS: dict[str, str] = {kind: KINDS[kind] for kind in get_args(SeriesKind)}
"""Kinds a single series may have on its own, on a chart with two axes of its own kind."""

STACKINGS: dict[str, str] = {"none": "None", "stack": "Stacked", "percent": "Stacked to 100 %"}

COLOURS: tuple[str, ...] = get_args(Colour)
"""Names of the colours a series may be given: each has a shade that is readable in light and one in dark."""

MAX_SERIES = 12
MAX_TITLE = 200


@dataclass(frozen=True, slots=True)
class Series:
    """One metric of the chart. Without ``kind`` it has the chart's; without ``colour`` the metric's own."""

    metric: str
    kind: SeriesKind | None = None
    colour: str | None = None
    axis: Axis = "left"

    def check(self) -> Self:
        """The series itself, or a :class:`UserError` naming what is wrong with it."""
        _check_choice(self.metric, METRIC, "series", "Metric")
        if self.kind is not None:
            _check_choice(self.kind, SERIES_KINDS, "series", "Kind of series")
        if self.colour is not None:
            _check_choice(self.colour, COLOURS, "series", "Colour")
        _check_choice(self.axis, get_args(Axis), "series", "Axis")
        return self

    def to_json(self) -> dict[str, Any]:
        """Plain JSON that :meth:`from_json` reads back to an equal series."""
        return {"metric": self.metric, "kind": self.kind, "colour": self.colour, "axis": self.axis}

    @classmethod
    def from_json(cls, data: object) -> Self:
        """A series from :meth:`to_json`'s form; raises :class:`UserError` for anything else."""
        given = _mapping(data, {field.name for field in fields(cls)}, "series")
        return cls(
            metric=_text(given, "metric"),
            kind=cast("SeriesKind | None", _text_or_none(given, "kind")),
            colour=_text_or_none(given, "colour"),
            axis=cast("Axis", _text(given, "axis", "left")),
        ).check()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartSpec:
    """What to draw.

    ``x`` is a dimension or, on a scatter chart, a metric; None takes what the report is grouped by: time, else
    package, else the report as a whole. Any time dimension means the report's buckets. ``split`` draws a series for
    each package (or, with packages along x, for each bucket of time) when the report has both. ``preset`` remembers
    which preset made the chart, so that it can choose its form anew for another grouping. ``id`` tells the charts of
    one page apart.
    """

    kind: ChartKind = "line"
    x: str | None = None
    series: tuple[Series, ...] = ()
    split: bool = True
    stack: Stacking = "none"
    title: str = ""
    preset: str | None = None
    id: str = ""

    def check(self) -> Self:
        """The spec itself if it can be drawn from some report; a :class:`UserError` naming the field otherwise."""
        _check_choice(self.kind, KINDS, "kind", "Kind of chart")
        _check_choice(self.stack, STACKINGS, "stack", "Stacking")
        if self.x is not None:
            _check_choice(self.x, (*DIMENSION, *METRIC), "x", "X axis")
            if self.x in METRIC and self.kind != "scatter":
                raise UserError("A metric can be on the x axis of a scatter chart only: choose Scatter.", field="x")
        if len(self.series) > MAX_SERIES:
            raise UserError(f"A chart can have {MAX_SERIES} series: remove some.", field="series")
        if len(self.title) > MAX_TITLE:
            raise UserError(f"The title is too long: use {MAX_TITLE} characters at most.", field="title")
        for series in self.series:
            series.check()
        return self

    @property
    def shows_money(self) -> bool:
        """Whether any of its figures is money."""
        return any(item in MONEY for item in (self.x, *(series.metric for series in self.series)))

    @property
    def stacked(self) -> bool:
        """Whether series of bars or areas stand on one another."""
        return self.kind == "stacked_bar" or self.stack != "none"

    def to_json(self) -> dict[str, Any]:
        """Plain JSON that :meth:`from_json` reads back to an equal spec."""
        return {
            "id": self.id,
            "preset": self.preset,
            "kind": self.kind,
            "title": self.title,
            "x": self.x,
            "series": [series.to_json() for series in self.series],
            "split": self.split,
            "stack": self.stack,
        }

    @classmethod
    def from_json(cls, data: object) -> Self:
        """A spec from :meth:`to_json`'s form; raises :class:`UserError` for anything else."""
        given = _mapping(data, {field.name for field in fields(cls)}, "chart")
        series, split = given.get("series", ()), given.get("split", True)
        if not isinstance(series, list | tuple):
            raise UserError("The chart cannot be read: its series are not a list.", field="series")
        if not isinstance(split, bool):
            raise UserError("The chart cannot be read: split is neither true nor false.", field="split")
        return cls(
            kind=cast("ChartKind", _text(given, "kind")),
            x=_text_or_none(given, "x"),
            series=tuple(Series.from_json(item) for item in series),
            split=split,
            stack=cast("Stacking", _text(given, "stack", "none")),
            title=_text(given, "title", ""),
            preset=_text_or_none(given, "preset"),
            id=_text(given, "id", ""),
        ).check()


def _check_choice(value: object, choices: Mapping[str, Any] | tuple[str, ...], field: str, title: str) -> None:
    if value not in choices:
        hint = did_you_mean(str(value), choices) or f" Choose from {', '.join(choices)}."
        raise UserError(f"{title} {value!r} is unknown.{hint}", field=field)


def _mapping(data: object, known: set[str], what: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise UserError(f"The {what} cannot be read: it is not an object.", field=what)
    unknown = sorted(map(str, set(data) - known))
    if unknown:
        raise UserError(f"The {what} cannot be read: {', '.join(unknown)} is not a part of it.", field=what)
    return data


def _text_or_none(data: Mapping[str, Any], name: str) -> str | None:
    value = data.get(name)
    if value is not None and not isinstance(value, str):
        raise UserError(f"The chart cannot be read: {name} is not a text.", field=name)
    return value


def _text(data: Mapping[str, Any], name: str, default: str | None = None) -> str:
    value = _text_or_none(data, name)
    if value is None:
        if default is None or name in data:
            raise UserError(f"The chart cannot be read: {name} is missing.", field=name)
        return default
    return value
