"""The answer: :class:`ReportResult`, frozen, complete, and the same for table, chart, export, share and mail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

from data.access import Right, User
from data.currencies import minor_unit
from data.report.catalog import METRIC, METRICS
from data.report.dimensions import DIMENSION, Key
from data.report.query import ReportQuery

if TYPE_CHECKING:
    import pandas as pd

Figure = int | Decimal | None
"""A count, an amount rounded to the currency's minor unit, or nothing (an average of none)."""

_Cell = TypeVar("_Cell")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the report. ``path`` is its grouped header, from the top: it is the header of every format."""

    id: str
    path: tuple[str, str]
    kind: Literal["dimension", "count", "money", "average"]
    description: str

    @property
    def group(self) -> str:
        """The upper header ("" over grouping columns)."""
        return self.path[0]

    @property
    def title(self) -> str:
        """The lower header."""
        return self.path[1]


def columns_for(query: ReportQuery, *, money: bool = True) -> tuple[Column, ...]:
    """The grouping columns in the order chosen, then every metric of the catalog, or without ``money`` the others."""
    dimensions = (
        Column(item, ("", DIMENSION[item].label), "dimension", DIMENSION[item].description) for item in query.group_by
    )
    figures = (
        Column(metric.id, (metric.group, metric.label), metric.kind, metric.description)
        for metric in METRICS
        if money or not metric.is_money
    )
    return (*dimensions, *figures)


@dataclass(frozen=True, slots=True)
class Row:
    """One row. ``labels`` follow the query's ``group_by`` ("2024-03"; None is No package); ``figures`` the catalog.

    ``keys`` follow ``group_by`` too and tell rows apart: two packages may have one name, so theirs is the id.

    ``partial`` holds the first and last local date that the row covers when its time is not whole: clipped by the
    period, or still running at the moment of the report. ``data_until`` is the last local date with data when the row's
    time ends after the last transaction of all (which may lie before the row's time begins).
    """

    labels: tuple[str | None, ...]
    keys: tuple[Key, ...]
    figures: tuple[Figure, ...]
    partial: tuple[date, date] | None = None
    data_until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportInfo:
    """What goes with a report (semantics, section 6). Instants are naive UTC; ``duration`` is in seconds.

    ``known`` are the first local date with data of the selected clients and the last with any data, where a report has
    no rows because its period ends before. ``title`` is what the person called the question when they asked it, such as
    its template's title.
    """

    period_start: datetime
    period_end: datetime
    data_first: datetime | None
    data_last: datetime | None
    timezone: str
    generated_by: str
    generated_at: datetime
    as_of: datetime
    duration: float
    currency: str
    active_duration: int
    rates_oldest: date | None
    rates_newest: date | None
    data_version: str
    notice: str | None = None
    title: str | None = None
    source: str = "transactions"
    known: tuple[date, date] | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON: instants as ISO 8601 with Z, dates as ISO."""
        return {
            "period": {"from": _iso(self.period_start), "to": _iso(self.period_end)},
            "data_interval": None
            if self.data_first is None
            else {"first": _iso(self.data_first), "last": _iso(self.data_last)},
            "timezone": self.timezone,
            "generated_by": self.generated_by,
            "generated_at": _iso(self.generated_at),
            "as_of": _iso(self.as_of),
            "duration_seconds": self.duration,
            "currency": self.currency,
            "active_duration": self.active_duration,
            "rate_dates": None
            if self.rates_oldest is None
            else {"oldest": self.rates_oldest.isoformat(), "newest": str(self.rates_newest)},
            "data_version": self.data_version,
            "notice": self.notice,
            "title": self.title,
            "source": self.source,
        } | ({} if self.known is None else {"known": [day.isoformat() for day in self.known]})

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The info that :meth:`to_json` wrote."""
        interval, rates = data["data_interval"] or {}, data["rate_dates"] or {}
        start, end, as_of = (_instant(data["period"]["from"]), _instant(data["period"]["to"]), _instant(data["as_of"]))
        generated = _instant(data["generated_at"])
        assert start and end and as_of and generated
        return cls(
            period_start=start,
            period_end=end,
            data_first=_instant(interval.get("first")),
            data_last=_instant(interval.get("last")),
            timezone=data["timezone"],
            generated_by=data["generated_by"],
            generated_at=generated,
            as_of=as_of,
            duration=data["duration_seconds"],
            currency=data["currency"],
            active_duration=data["active_duration"],
            rates_oldest=date.fromisoformat(rates["oldest"]) if rates else None,
            rates_newest=date.fromisoformat(rates["newest"]) if rates else None,
            data_version=data["data_version"],
            notice=data["notice"],
            title=data.get("title"),
            source=data.get("source", "transactions"),
            known=_partial(data.get("known")),
        )


@dataclass(frozen=True)
class ReportResult:
    """A report as it was at one moment. ``totals`` follow the catalog; None when no rows are shown.

    Without ``money`` it has no columns of money, and no amounts: their places among the figures are empty.
    """

    query: ReportQuery
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    totals: tuple[Figure, ...] | None
    info: ReportInfo
    absent: frozenset[str] = frozenset()
    """Metrics of the catalog that this report was frozen without. Their figures are None."""
    money: bool = True

    def seen_by(self, user: User) -> ReportResult:
        """What ``user`` may see of it: the one place that keeps money from whoever may not see it."""
        return self if user.may(Right.MONEY) else self.without_money

    @cached_property
    def without_money(self) -> ReportResult:
        """The same report as if there were no metrics of money."""
        if not self.money:
            return self
        return replace(
            self,
            columns=columns_for(self.query, money=False),
            rows=tuple(replace(row, figures=_without_money(row.figures)) for row in self.rows),
            totals=None if self.totals is None else _without_money(self.totals),
            info=replace(self.info, rates_oldest=None, rates_newest=None),
            money=False,
        )

    def shown(self, figures: Sequence[_Cell]) -> tuple[_Cell, ...]:
        """Of what follows the catalog what belongs to the report's columns."""
        if self.money:
            return tuple(figures)
        return tuple(figure for metric, figure in zip(METRICS, figures, strict=True) if not metric.is_money)

    @property
    def decimals(self) -> int:
        """Decimals of the report currency's minor unit."""
        return minor_unit(self.query.currency)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """Rows as a frame: a column for each column id, then ids of what has names; exact objects, never floats."""
        import pandas as pd

        names = [column.id for column in self.columns] + [name for _, name in self._ids()]
        ids = [place for place, _ in self._ids()]
        records = [(*row.labels, *self.shown(row.figures), *(row.keys[place] for place in ids)) for row in self.rows]
        return pd.DataFrame(records, columns=names, dtype=object)

    def _ids(self) -> list[tuple[int, str]]:
        """The groupings whose rows carry an id: place in the grouping, and the name of the id."""
        return [(n, item.id_column) for n, item in enumerate(self.query.dimensions) if item.id_column]

    def to_json(self) -> dict[str, Any]:
        """The JSON of semantics, section 7."""
        return {
            "query": self.query.to_json(),
            "info": self.info.to_json(),
            "columns": [
                {"id": column.id, "group": column.group, "title": column.title}
                for column in self.columns
                if column.id not in self.absent
            ],
            "rows": [self._row_json(row) for row in self.rows],
            "totals": None if self.totals is None else self._figures_json(self.totals),
            **({} if self.money else {"money": False}),
        }

    def _row_json(self, row: Row) -> dict[str, Any]:
        labels: dict[str, Any] = dict(zip(self.query.group_by, row.labels, strict=True))
        labels |= {name: row.keys[place] for place, name in self._ids()}
        marks = {
            "partial": None if row.partial is None else [day.isoformat() for day in row.partial],
            "data_until": None if row.data_until is None else row.data_until.isoformat(),
        }
        return labels | marks | self._figures_json(row.figures)

    def _figures_json(self, figures: tuple[Figure, ...]) -> dict[str, int | str | None]:
        return {
            metric.id: str(figure) if isinstance(figure, Decimal) else figure
            for metric, figure in zip(METRICS, figures, strict=True)
            if metric.id not in self.absent and (self.money or not metric.is_money)
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The report that :meth:`to_json` wrote, equal in every figure."""
        query = ReportQuery.from_json(data["query"])
        money = data.get("money", True)
        columns = columns_for(query, money=money)
        # A metric that has joined the catalog since is not in the report; one that has left it is not shown any more.
        absent = {column.id for column in columns} - {column["id"] for column in data["columns"]}

        def figures(row: Mapping[str, Any]) -> tuple[Figure, ...]:
            found = (row.get(metric.id) for metric in METRICS)
            return tuple(Decimal(figure) if isinstance(figure, str) else figure for figure in found)

        rows = tuple(
            Row(
                tuple(row[item] for item in query.group_by),
                tuple(row[item.id_column or item.id] for item in query.dimensions),
                figures(row),
                # Reports frozen before rows carried marks have none.
                _partial(row.get("partial")),
                None if row.get("data_until") is None else date.fromisoformat(row["data_until"]),
            )
            for row in data["rows"]
        )
        totals = None if data["totals"] is None else figures(data["totals"])
        return cls(
            query, columns, rows, totals, ReportInfo.from_json(data["info"]), frozenset(absent & METRIC.keys()), money
        )


def _without_money(figures: tuple[Figure, ...]) -> tuple[Figure, ...]:
    return tuple(None if metric.is_money else figure for metric, figure in zip(METRICS, figures, strict=True))


def _partial(days: Sequence[str] | None) -> tuple[date, date] | None:
    if days is None:
        return None
    first, last = map(date.fromisoformat, days)
    return first, last


def _iso(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat() + "Z"


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)
