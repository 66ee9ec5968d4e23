"""What is on the page beside a report's figures: the columns that are displayed, the order of rows, the charts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from data.access import Right, User
from data.errors import UserError
from data.report.catalog import METRICS, MONEY
from data.report.order import Sort, read_sort

ChartJson = Mapping[str, object]
"""A chart as JSON of the charts' own making: ``charts/spec.py`` reads it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How a report is looked at. ``columns`` are ids of metrics, also of such that this catalog does not know.

    None says nothing: of columns that all are displayed, of rows that they keep the report's order, of charts that
    those on the page stay.
    """

    columns: tuple[str, ...] | None = None
    sort: Sort | None = None
    charts: tuple[ChartJson, ...] | None = None

    @property
    def shown(self) -> tuple[str, ...]:
        """Ids of the metrics that are displayed, in the order of the catalog."""
        return tuple(metric.id for metric in METRICS if self.columns is None or metric.id in self.columns)

    @property
    def hidden(self) -> tuple[str, ...]:
        """Ids of the metrics that are not displayed."""
        return tuple(metric.id for metric in METRICS if metric.id not in self.shown)

    def seen_by(self, user: User) -> View:
        """What ``user`` may see of it: without the right to see money no column, sorting or chart that shows any."""
        if user.may(Right.MONEY):
            return self
        return View(
            columns=None if self.columns is None else tuple(column for column in self.columns if column not in MONEY),
            sort=None if self.sort is not None and self.sort.column in MONEY else self.sort,
            charts=None if self.charts is None else tuple(chart for chart in self.charts if not shows_money(chart)),
        )

    def to_json(self) -> dict[str, object]:
        """Plain JSON that :meth:`from_json` reads back to an equal view; a link is sealed with its text."""
        sort = [] if self.sort is None else [{"column_id": self.sort.column, "direction": self.sort.direction}]
        return {
            "columns": None if self.columns is None else list(self.columns),
            "sort": sort,
            "charts": None if self.charts is None else [dict(chart) for chart in self.charts],
        }

    @classmethod
    def from_json(cls, data: object) -> Self:
        """A view from :meth:`to_json`'s form, or from the page; raises :class:`UserError` when it is of neither.

        What is missing says nothing. A sorting that cannot be meant is none.
        """
        if not isinstance(data, Mapping):
            raise _unreadable("it is not an object")
        columns, sort, charts = data.get("columns"), data.get("sort") or [], data.get("charts")
        if columns is not None and not _are(columns, str):
            raise _unreadable("columns are not a list of names")
        if not _are(sort, Mapping):
            raise _unreadable("the sorting is not a list of columns")
        if charts is not None and not _are(charts, Mapping):
            raise _unreadable("charts are not a list of objects")
        return cls(
            columns=None if columns is None else tuple(columns),
            sort=read_sort(sort),
            charts=None if charts is None else tuple(charts),
        )


def shows_money(chart: object) -> bool:
    """Whether a chart names a metric of money anywhere: as its preset, along an axis, or in a series."""
    if isinstance(chart, Mapping):
        return any(map(shows_money, chart.values()))
    if isinstance(chart, list | tuple):
        return any(map(shows_money, chart))
    return isinstance(chart, str) and chart in MONEY


def _are(values: object, kind: type) -> bool:
    return isinstance(values, list) and all(isinstance(value, kind) for value in values)


def _unreadable(why: str) -> UserError:
    return UserError(f"What the page shows cannot be read, because {why}: load the page again.", field="view")
