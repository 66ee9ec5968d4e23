"""Draws a spec of a report as a Plotly figure. Pure: the same report gives the same figure, to the byte."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import plotly.graph_objects as go

from charts.cells import INDEX
from charts.plan import Plan, Point, Strand, plan
from charts.reading import FigureTable, note_of, shown_metrics, table_of
from charts.spec import ChartSpec
from charts.theme import (
    BASELINE,
    DASHES,
    HAIRLINE,
    HATCH,
    MARKERS,
    MUTED,
    OTHER,
    PATTERNS,
    SHADES,
    SURFACE,
    TEXT,
    Mode,
    mode_of,
    template,
)
from charts.words import (
    distinct,
    exact,
    plain,
    share_text,
    short,
    span_text,
    title_of,
    unit_of,
    with_unit,
)
from data.report.catalog import METRIC, Metric
from data.report.dimensions import unit_named
from data.report.result import Figure, ReportResult
from data.words.names import cut
from data.words.numerals import numerals

_DAY = 86_400_000
"""Milliseconds, in which an axis of time reckons."""

UNIFIED_HOVER_UP_TO = 12
"""With more series one tooltip for all of them would be taller than the chart."""

LEGEND_ABOVE_UP_TO = 6
"""With more series the legend stands at the side and scrolls; it would push the chart out of its card above it."""

SIDE_LEGEND = {"orientation": "v", "x": 1.01, "xanchor": "left", "y": 1, "yanchor": "top", "maxheight": 1}

NARROW_LEGEND = {"orientation": "h", "x": 0, "y": -0.22, "yanchor": "top", "maxheight": 0.35}

BAR_HEIGHT, HEIGHT = 24, 320
"""Pixels that a horizontal bar with its label needs, and that a chart has unless it needs more."""

MARKERS_UP_TO = 40
"""With more points on a line its markers would touch."""


Trace = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Canvas:
    """What every part of a drawing needs to know."""

    spec: ChartSpec
    result: ReportResult
    drawn: Plan
    mode: Mode
    locale: str
    narrow: bool

    @property
    def currency(self) -> str:
        """The report's currency."""
        return self.result.query.currency

    @property
    def lies_flat(self) -> bool:
        """Whether bars run from left to right: so that names can be read without turning one's head."""
        return self.drawn.x == "category" and all(s.kind == "bar" and s.axis == "left" for s in self.drawn.strands)

    @property
    def is_unified(self) -> bool:
        """Whether one tooltip speaks for all series."""
        count = len(self.drawn.strands)
        # Its title is what the axis says, where long names are cut: with one series there is no need for that.
        return count <= UNIFIED_HOVER_UP_TO and (self.drawn.x == "time" or (self.drawn.x == "category" and count > 1))

    @property
    def stacked(self) -> bool:
        """Whether strands stand on one another."""
        return self.drawn.stack != "none"

    def shade(self, colour: str | None) -> str:
        """The named colour on this background; that of No package for None."""
        return OTHER[self.mode] if colour is None else SHADES[self.mode][colour]

    def text(self, metric: Metric, figure: Figure) -> str:
        """A figure in full, as tooltips show it."""
        return with_unit(metric, figure, self.currency, self.locale)


def draw(
    spec: ChartSpec, result: ReportResult, *, dark: bool = False, narrow: bool = False, locale: str = "en"
) -> go.Figure:
    """The figure of ``spec`` for ``result``; when there is nothing to draw it says why.

    ``narrow`` suits a chart less than about 520 pixels wide. ``layout.meta`` carries the title, the note and the span
    of time, for images that stand alone, and the height in pixels that the chart needs: ``height`` on a page, where a
    table scrolls, and ``whole`` in an image.
    """
    canvas = Canvas(spec, result, plan(spec, result), mode_of(dark), locale, narrow)
    traces: list[Trace] = []
    if canvas.drawn.message:
        layout = _message(canvas.drawn.message, canvas.mode)
    elif spec.kind == "table" and len(result.rows) == 1:
        layout = _figures(canvas)
    elif spec.kind == "table":
        traces, layout = _table(canvas)
    elif spec.kind == "pie":
        traces, layout = _pie(canvas)
    else:
        traces, layout = _cartesian(canvas)
    signs = numerals(locale)
    layout |= {
        "template": template(canvas.mode),
        "separators": signs.decimal + signs.group,
        "meta": {
            "title": title_of(spec),
            "note": note_of(spec, result),
            "span": span_text(result),
            "height": _height(canvas),
            "whole": _whole_height(canvas),
        },
    }
    return go.Figure({"data": traces, "layout": layout})


def _height(canvas: Canvas) -> int:
    strands, rows = canvas.drawn.strands, len(canvas.result.rows)
    if canvas.spec.kind == "table" and strands:
        if rows == 1:
            return max(HEIGHT // 2, 90 * -(-len(shown_metrics(canvas.spec)) // 2))
        return min(48 + 26 * rows, 2 * HEIGHT)
    if canvas.spec.kind != "pie" and strands and canvas.lies_flat:
        side_by_side = 1 if canvas.stacked else len(strands)
        thickness = BAR_HEIGHT if side_by_side == 1 else BAR_HEIGHT // 2
        return max(HEIGHT, 64 + len(strands[0].points) * side_by_side * thickness)
    if canvas.narrow and len(strands) > LEGEND_ABOVE_UP_TO:
        return HEIGHT + HEIGHT // 3
    return HEIGHT


def _whole_height(canvas: Canvas) -> int:
    rows = len(canvas.result.rows)
    # Names that take two lines make rows higher; what is left over is blank.
    return 64 + 30 * rows if canvas.spec.kind == "table" and rows > 1 else _height(canvas)


def _message(text: str, mode: Mode) -> dict[str, Any]:
    """A layout that has nothing but a sentence in its middle."""
    lines = _wrapped(text, 44)
    return {
        "xaxis": {"visible": False},
        "yaxis": {"visible": False},
        "annotations": [
            {
                "text": "<br>".join(map(plain, lines)),
                "showarrow": False,
                "xref": "paper",
                "yref": "paper",
                "x": 0.5,
                "y": 0.5,
                "font": {"size": 14, "color": MUTED[mode]},
            }
        ],
    }


def _wrapped(text: str, width: int) -> list[str]:
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _faded(colour: str, opacity: float) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def _number(figure: Figure) -> float | int | None:
    """A position on an axis. Positions may be rounded to what a screen can show; texts never are."""
    return figure if figure is None or isinstance(figure, int) else float(figure)


def _pattern(shape: str, mode: Mode) -> dict[str, Any]:
    return {"shape": shape, "fillmode": "overlay", "fgcolor": SURFACE[mode], "size": 6, "solidity": 0.3}


# Charts with two axes


def _cartesian(canvas: Canvas) -> tuple[list[Trace], dict[str, Any]]:
    drawn, strands = canvas.drawn, canvas.drawn.strands
    flat = canvas.lies_flat
    traces = [trace for place, strand in enumerate(strands) for trace in _traces(canvas, strand, place)]
    right = any(strand.axis == "right" for strand in strands)
    layout: dict[str, Any] = {
        "barmode": "relative" if canvas.stacked else "overlay" if drawn.x == "whole" else "group",
        "showlegend": len(strands) > 1 and drawn.x != "whole",
        "hovermode": ("y unified" if flat else "x unified") if canvas.is_unified else "closest",
    }
    if drawn.stack == "percent" and any(strand.kind == "bar" for strand in strands):
        layout["barnorm"] = "percent"
    if len(strands) > LEGEND_ABOVE_UP_TO:
        order = "reversed" if canvas.stacked and not flat else "normal"
        side = NARROW_LEGEND if canvas.narrow else SIDE_LEGEND | {"x": 1.12 if right else 1.01}
        layout["legend"] = side | {"traceorder": order}
    across, along = ("yaxis", "xaxis") if flat else ("xaxis", "yaxis")
    layout[across] = _x_axis(canvas)
    layout[along] = _value_axis(canvas, "left")
    if flat:
        layout[along] |= {"showgrid": True, "ticks": "", "showline": False, "nticks": 6}
        if len(strands) == 1:
            layout[along] |= {"range": _room_for_labels(strands[0])}
    if right:
        layout["yaxis2"] = _value_axis(canvas, "right") | {
            "overlaying": "y",
            "side": "right",
            "tickmode": "auto",
            "showgrid": False,
            "anchor": "x",
        }
    layout["shapes"] = [*_veils(canvas), *(shape for side in drawn.cut for shape in _break(side, canvas.mode))]
    return traces, layout


def _break(side: str, mode: Mode) -> list[dict[str, Any]]:
    """Where the foot of an axis would be, a zigzag: the way down to zero is left out."""
    place = {
        "type": "path",
        "xref": "paper",
        "yref": "paper",
        "xsizemode": "pixel",
        "ysizemode": "pixel",
        "xanchor": 0 if side == "left" else 1,
        "yanchor": 0,
        "layer": "above",
    }
    zigzag = "M0,3 L-4,6 L4,11 L0,14"
    return [
        place | {"path": "M-1,3 L1,3 L1,14 L-1,14 Z", "fillcolor": SURFACE[mode], "line": {"width": 0}},
        place | {"path": zigzag, "line": {"color": MUTED[mode], "width": 1.5}},
    ]


def _veils(canvas: Canvas) -> list[dict[str, Any]]:
    """Over stacked areas, which cannot be dashed one by one, a veil where buckets are not whole."""
    drawn = canvas.drawn
    if drawn.x != "time" or not canvas.stacked or not any(strand.kind == "area" for strand in drawn.strands):
        return []
    points = [point for point in drawn.strands[0].points if point.doubt is None or not point.doubt.lost]
    veils = []
    for place, point in enumerate(points):
        if point.doubt is None:
            continue
        edges = points[max(place - 1, 0)], points[min(place + 1, len(points) - 1)]
        veils.append(
            {
                "type": "rect",
                "yref": "paper",
                "y0": 0,
                "y1": 1,
                "x0": _middle(drawn.unit, str(edges[0].x)),
                "x1": _middle(drawn.unit, str(edges[1].x)),
                "fillcolor": _faded(SURFACE[canvas.mode], 0.5),
                "line": {"width": 0},
                "layer": "above",
            }
        )
    return veils


def _middle(unit: str | None, day: str) -> str:
    """Where a bucket that begins on ``day`` is drawn: in the middle of its week, month ..."""
    start = datetime.fromisoformat(day)
    kind = unit_named(str(unit))
    if kind.days == 1:
        return day
    end = datetime.combine(kind.following(start.date()), start.time())
    return (start + (end - start) / 2).isoformat()


def _room_for_labels(strand: Strand) -> list[float] | None:
    """The range of an axis whose bars have their figures written at their ends."""
    known = [float(point.figure) for point in strand.points if point.figure is not None]
    low, high = min([0.0, *known]), max([0.0, *known])
    room = (high - low) * 0.16
    return [low - (room if low < 0 else 0), high + (room if high > 0 else 0)] if room else None


def _traces(canvas: Canvas, strand: Strand, place: int) -> list[Trace]:
    """A strand as Plotly draws it. One with buckets that are not whole is two: whole ones, and those marked."""
    doubted = [point.doubt is not None for point in strand.points]
    if canvas.drawn.x != "time" or strand.kind == "scatter" or not any(doubted):
        return [_trace(canvas, strand, place, strand.points)]
    if strand.kind == "area" and canvas.stacked:
        # Where the data stops the whole stack does: a gap in one part of it would be drawn as a zero.
        return [_trace(canvas, strand, place, tuple(p for p in strand.points if not (p.doubt and p.doubt.lost)))]

    def only(wanted: Sequence[bool]) -> Trace:
        points = (
            point if want else replace(point, figure=None) for point, want in zip(strand.points, wanted, strict=True)
        )
        return _trace(canvas, strand, place, tuple(points)) | {"legendgroup": str(place)}

    whole = only([not doubt for doubt in doubted])
    marked = only(doubted) | {"showlegend": False}
    if strand.kind == "bar":
        return [whole, marked]
    # The way to and from such a bucket says nothing under the pointer: its ends speak for themselves.
    dashed = only([any(doubted[max(at - 1, 0) : at + 2]) for at in range(len(doubted))])
    dashed |= {"mode": "lines", "showlegend": False, "hoverinfo": "skip", "line": dashed["line"] | {"dash": "dot"}}
    del dashed["hovertemplate"]
    if strand.kind == "area":
        dashed["fillcolor"] = _faded(canvas.shade(strand.colour), 0.08)
        del marked["fill"], marked["fillcolor"]
    open_marker = marked["marker"] | {"symbol": f"{marked['marker']['symbol']}-open"}
    return [whole, dashed, marked | {"mode": "markers", "marker": open_marker}]


def _trace(canvas: Canvas, strand: Strand, place: int, points: tuple[Point, ...]) -> Trace:
    drawn = canvas.drawn
    places = [_place(point.x) for point in points]
    values = [_number(point.figure) for point in points]
    name = plain(cut(strand.name, 40 if len(drawn.strands) <= LEGEND_ABOVE_UP_TO else 22))
    trace: Trace = {
        "name": name + (" (right)" if strand.axis == "right" else ""),
        "x": values if canvas.lies_flat else places,
        "y": places if canvas.lies_flat else values,
        "customdata": [
            [canvas.text(strand.metric, point.figure), plain(point.label), _reason(canvas, strand, point)]
            for point in points
        ],
        "hovertemplate": "%{fullData.name}: <b>%{customdata[0]}</b>%{customdata[2]}<extra></extra>"
        if canvas.is_unified
        else "%{fullData.name}<br>%{customdata[1]}: <b>%{customdata[0]}</b>%{customdata[2]}<extra></extra>",
    }
    if strand.axis == "right":
        trace["yaxis"] = "y2"
    if drawn.x == "metric":
        trace |= _pair_hover(canvas, strand)
    if drawn.x == "time" and drawn.unit:
        unit = unit_named(drawn.unit)
        trace["xhoverformat"] = unit.ticks
        if unit.days != 1:
            # What happened in a month stands in the middle of its month.
            trace |= {"xperiod": f"M{unit.months}" if unit.months else unit.days * _DAY, "xperiodalignment": "middle"}
    return trace | (_bars(canvas, strand, place, points) if strand.kind == "bar" else _lines(canvas, strand))


def _reason(canvas: Canvas, strand: Strand, point: Point) -> str:
    """Why a figure is not one of a whole bucket, for its tooltip: once where one speaks for all series."""
    if point.doubt is None or (canvas.is_unified and strand is not canvas.drawn.strands[-1]):
        return ""
    return f"<br>Not whole: {plain(point.doubt.text)}"


def _place(x: str | Figure) -> str | float | int | None:
    return plain(x) if isinstance(x, str) else _number(x)


def _pair_hover(canvas: Canvas, strand: Strand) -> Trace:
    """The tooltip of a point that has a metric on either axis."""
    across = METRIC[str(canvas.spec.x)]
    return {
        "customdata": [
            [
                canvas.text(strand.metric, point.figure),
                plain(point.label),
                canvas.text(across, None if isinstance(point.x, str) else point.x),
            ]
            for point in strand.points
        ],
        "hovertemplate": f"<b>%{{customdata[1]}}</b><br>{plain(across.name)}: %{{customdata[2]}}<br>"
        f"{plain(strand.metric.name)}: %{{customdata[0]}}<extra></extra>",
    }


def _bars(canvas: Canvas, strand: Strand, place: int, points: tuple[Point, ...]) -> Trace:
    mode = canvas.mode
    pattern = PATTERNS[strand.repeat % len(PATTERNS)]
    # Between the parts of a stacked bar runs a hairline of the background.
    edge = {"width": 0.75, "color": SURFACE[mode]} if canvas.stacked else {"width": 0}
    trace: Trace = {
        "type": "bar",
        "marker": {"color": canvas.shade(strand.colour), "line": edge},
        "offsetgroup": strand.axis if canvas.stacked else str(place),
    }
    if any(point.doubt and point.figure is not None for point in points):
        trace["marker"]["pattern"] = _pattern(HATCH, mode)
    elif pattern:
        trace["marker"]["pattern"] = _pattern(pattern, mode)
    if canvas.lies_flat:
        trace["orientation"] = "h"
        if len(canvas.drawn.strands) == 1:
            trace |= {
                "text": [short(point.figure, canvas.locale) for point in strand.points],
                "textposition": "outside",
                "cliponaxis": False,
                "textfont": {"color": TEXT[mode]},
            }
    return trace


def _lines(canvas: Canvas, strand: Strand) -> Trace:
    shade, count = canvas.shade(strand.colour), len(strand.points)
    # Between two gaps a point is no line: it needs a marker. Where the data stops there is nothing between.
    has_gaps = any(point.figure is None and not (point.doubt and point.doubt.lost) for point in strand.points)
    trace: Trace = {
        "type": "scatter",
        "connectgaps": False,
        "mode": "lines+markers" if count <= MARKERS_UP_TO or has_gaps else "lines",
        "line": {"color": shade, "width": 2, "dash": DASHES[strand.repeat % len(DASHES)]},
        "marker": {"color": shade, "size": 6, "symbol": MARKERS[strand.repeat % len(MARKERS)]},
    }
    if strand.kind == "scatter":
        trace["mode"] = "markers"
        trace["marker"] |= {"size": 9, "opacity": 0.85, "line": {"width": 1, "color": SURFACE[canvas.mode]}}
    elif strand.kind == "area":
        trace["mode"] = "lines+markers" if count == 1 else "lines"
        if canvas.stacked:
            share = "percent" if canvas.drawn.stack == "percent" else ""
            trace |= {"stackgroup": strand.axis, "groupnorm": share, "fillcolor": _faded(shade, 0.55)}
            trace["line"]["width"] = 1
        else:
            trace |= {"fill": "tozeroy", "fillcolor": _faded(shade, 0.18)}
    return trace


def _x_axis(canvas: Canvas) -> dict[str, Any]:
    drawn = canvas.drawn
    if drawn.x == "metric":
        across = METRIC[str(canvas.spec.x)]
        return {
            "title": {"text": f"{plain(across.name)}, {unit_of(across, canvas.currency)}"},
            "showgrid": True,
            "nticks": 8,
        }
    if drawn.x == "time" and drawn.unit:
        return {"type": "date", "tickangle": 0, **_time_ticks(drawn, _tick_room(canvas))}
    names = {str(point.x): point.label for strand in drawn.strands for point in strand.points}
    axis: dict[str, Any] = {
        "type": "category",
        "categoryorder": "array",
        "categoryarray": [plain(place) for place in names],
        "tickmode": "array",
        "tickvals": [plain(place) for place in names],
        "ticktext": [plain(cut(label, 24)) for label in names.values()],
        "linecolor": BASELINE[canvas.mode],
    }
    if canvas.lies_flat:
        axis |= {"autorange": "reversed", "showgrid": False, "showline": True, "ticks": "", "ticklabelstandoff": 6}
    return axis


def _tick_room(canvas: Canvas) -> int:
    """How many labels of time have room side by side."""
    if canvas.narrow:
        return 6
    return 12 if len(canvas.drawn.strands) <= LEGEND_ABOVE_UP_TO else 8


def _time_ticks(drawn: Plan, room: int) -> dict[str, Any]:
    """Ticks on whole years, months or days, ``room`` of them at most, never between two buckets."""
    days = sorted({str(point.x) for strand in drawn.strands for point in strand.points})
    first, last = date.fromisoformat(days[0]), date.fromisoformat(days[-1])
    if drawn.unit == "year":
        years = last.year - first.year + 1
        step = next(step for step in (1, 2, 5, 10, 20, 50, 100) if years <= room * step)
        return {"dtick": f"M{12 * step}", "tickformat": "%Y", "ticklabelmode": "period"}
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    of_months = unit_named(str(drawn.unit)).months
    if of_months or months > 4:
        steps = (step for step in (1, 2, 3, 6, 12, 24, 60, 120) if step >= of_months)
        step = next((step for step in steps if months <= room * step), 240)
        ticks: dict[str, Any] = {
            "dtick": f"M{step}",
            "tickformat": "%Y" if step >= 12 else "Q%q\n%Y" if of_months == 3 else "%b\n%Y",
            "tick0": f"{first.year}-01-01",
        }
        return ticks | ({"ticklabelmode": "period"} if of_months else {})
    span = (last - first).days + 1
    room = room * 2 // 3  # "14 Sep" is longer than "Sep"
    least = unit_named(str(drawn.unit)).days
    step = next((step for step in (1, 2, 7, 14, 28) if step >= least and span <= (room - 1) * step), 28)
    # Weeks begin on Monday: 5 January 1970 was one.
    return {"dtick": step * _DAY, "tick0": "1970-01-05" if step >= 7 else days[0], "tickformat": "%-d %b\n%Y"}


def _value_axis(canvas: Canvas, side: str) -> dict[str, Any]:
    strands = canvas.drawn.strands
    mine = [strand for strand in strands if strand.axis == side]
    units = list(dict.fromkeys(unit_of(strand.metric, canvas.currency) for strand in mine))
    share = canvas.drawn.stack == "percent" and any(strand.kind in ("bar", "area") for strand in mine)
    figures = [point.figure for strand in mine for point in strand.points if point.figure is not None]
    low, high = min(figures, default=0), max(figures, default=0)
    is_cut = side in canvas.drawn.cut
    axis: dict[str, Any] = {
        "title": {"text": "Share, %" if share else " / ".join(units)},
        "rangemode": "normal" if is_cut else "tozero",
        "nticks": 7,
    }
    if is_cut:
        axis |= {"showline": True, "linecolor": BASELINE[canvas.mode]}
    if low < 0:
        axis |= {"zeroline": True, "zerolinecolor": BASELINE[canvas.mode], "zerolinewidth": 1}
    if units and all(strand.metric.kind == "count" for strand in mine) and not share and 0 <= high - min(low, 0) <= 6:
        axis["dtick"] = 1  # half a client is no client
    return axis


# Pies, figures and tables


def _pie(canvas: Canvas) -> tuple[list[Trace], dict[str, Any]]:
    mode, strand = canvas.mode, canvas.drawn.strands[0]
    points = [point for point in strand.points if point.figure]
    shares = [share_text(point.figure, strand.whole, canvas.locale) for point in points]
    seen: dict[str | None, int] = {}
    shapes = []
    for point in points:
        shapes.append(PATTERNS[seen.setdefault(point.colour, 0) % len(PATTERNS)])
        seen[point.colour] += 1
    trace: Trace = {
        "type": "pie",
        # Slices of one label would be drawn as one.
        "labels": distinct(
            f"{plain(cut(point.label, 28))} \u00b7 {share}" for point, share in zip(points, shares, strict=True)
        ),
        "values": [_number(point.figure) for point in points],
        "customdata": [
            [canvas.text(strand.metric, point.figure), plain(point.label), share]
            for point, share in zip(points, shares, strict=True)
        ],
        "text": shares,
        "marker": {
            "colors": [canvas.shade(point.colour) for point in points],
            "line": {"color": SURFACE[mode], "width": 2},
            "pattern": {
                "shape": shapes,
                "bgcolor": [canvas.shade(point.colour) for point in points],
                "fgcolor": [SURFACE[mode]] * len(points),
                "size": 6,
                "solidity": 0.3,
            }
            if any(shapes)
            else None,
        },
        "sort": False,
        "direction": "clockwise",
        "hole": 0.55,
        "textinfo": "none" if any(shapes) else "text",  # digits on a pattern cannot be read
        "textposition": "inside",
        "insidetextorientation": "horizontal",
        "insidetextfont": {"color": SURFACE[mode]},
        "hovertemplate": "%{customdata[0][1]}: <b>%{customdata[0][0]}</b> (%{customdata[0][2]})<extra></extra>",
    }
    unit = unit_of(strand.metric, canvas.currency)
    layout = {
        "showlegend": True,
        "legend": NARROW_LEGEND | {"y": -0.05} if canvas.narrow else SIDE_LEGEND,
        "uniformtext": {"minsize": 10, "mode": "hide"},
        "margin": {"l": 12, "r": 12, "t": 12, "b": 12},
        "annotations": [
            {
                "text": unit,
                "showarrow": False,
                "x": 0.5,
                "y": 0.5,
                "font": {"size": 14, "color": MUTED[mode]},
            }
        ],
    }
    return [trace], layout


def _table(canvas: Canvas) -> tuple[list[Trace], dict[str, Any]]:
    mode = canvas.mode
    table = table_of(canvas.spec, canvas.result, locale=canvas.locale)
    align = ["left"] * table.labels + ["right"] * (len(table.header) - table.labels)
    cells = {"align": align, "line": {"color": HAIRLINE[mode], "width": 0}, "fill": {"color": SURFACE[mode]}}
    trace: Trace = {
        "type": "table",
        "columnwidth": _column_widths(table),
        "header": cells
        | {
            "values": [plain(name) for name in table.header],
            "font": {"color": MUTED[mode], "size": 12},
            "height": 30,
        },
        "cells": cells
        | {
            "values": [[plain(row[column]) for row in table.rows] for column in range(len(table.header))],
            "font": {"color": TEXT[mode], "size": 13},
            "height": 26,
        },
    }
    return [trace], {"margin": {"l": 8, "r": 8, "t": 8, "b": 8}}


def _column_widths(table: FigureTable) -> list[int]:
    """Shares of the width by the longest text of a column; a header may take two lines."""
    columns = zip(table.header, *table.rows, strict=True)
    return [2 + min(30, max(len(head) // 2 + 2, *map(len, texts))) for head, *texts in columns]


def _figures(canvas: Canvas) -> dict[str, Any]:
    """One large figure for each metric of a report of one row."""
    mode, row = canvas.mode, canvas.result.rows[0]
    metrics = shown_metrics(canvas.spec)
    columns = 1 if len(metrics) == 1 else 2
    lines = -(-len(metrics) // columns)
    annotations = []
    for place, metric in enumerate(metrics):
        line, column = divmod(place, columns)
        x, y = (column + 0.5) / columns, 1 - (line + 0.5) / lines
        text = exact(row.figures[INDEX[metric.id]], canvas.locale)
        common = {"xref": "paper", "yref": "paper", "x": x, "y": y, "showarrow": False}
        common |= {"xanchor": "center", "yanchor": "middle"}
        size = 40 if columns == 1 and len(text) <= 14 else 24 if len(text) <= 14 else 18
        annotations += [
            common | {"text": text, "yshift": 10, "font": {"size": size, "color": TEXT[mode]}},
            common
            | {
                "text": plain(f"{metric.name}, {unit_of(metric, canvas.currency)}"),
                "yshift": -size * 0.5 - 8,
                "font": {"size": 13, "color": MUTED[mode]},
            },
        ]
    axis = {"visible": False, "range": [0, 1]}
    return {"xaxis": axis, "yaxis": axis, "annotations": annotations, "margin": {"l": 0, "r": 0, "t": 0, "b": 0}}
