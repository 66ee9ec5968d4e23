"""Small reports for chart tests: figures that can be told apart by eye."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from data.report.catalog import METRICS
from data.report.period import Bound
from data.report.query import ReportQuery
from data.report.result import Figure, ReportInfo, ReportResult, Row, columns_for

Cells = Mapping[str, Figure | str]


def figures(**given: Figure | str) -> tuple[Figure, ...]:
    """All figures of a row: the given ones, texts as exact amounts; zero, and no averages, for the rest."""

    def value(metric_id: str, kind: str) -> Figure:
        known = given.get(metric_id, None if kind == "average" else 0 if kind == "count" else Decimal("0.00"))
        return Decimal(known) if isinstance(known, str) else known

    return tuple(value(metric.id, metric.kind) for metric in METRICS)


def report(
    group_by: Sequence[str],
    rows: Sequence[tuple[tuple[str | None, ...], int | None, Cells]],
    *,
    start: str = "2024-01-01",
    end: str = "2024-12-31",
    currency: str = "EUR",
    notice: str | None = None,
) -> ReportResult:
    """A report with the given rows: labels, package id and the figures that matter."""
    query = ReportQuery(
        start=Bound.parse(start, field="from"),
        end=Bound.parse(end, field="to"),
        group_by=tuple(group_by),
        currency=currency,
    )
    made = tuple(
        Row(
            labels,
            tuple(package if item == "package" else label for item, label in zip(group_by, labels, strict=True)),
            figures(**cells),
        )
        for labels, package, cells in rows
    )
    info = ReportInfo(
        period_start=datetime.fromisoformat(start),
        period_end=datetime.fromisoformat(end),
        data_first=None,
        data_last=None,
        timezone="UTC",
        generated_by="Administrator",
        generated_at=datetime(2025, 1, 1),
        as_of=datetime(2025, 1, 1),
        duration=0.01,
        currency=currency,
        active_duration=1,
        rates_oldest=None,
        rates_newest=None,
        data_version="1",
        notice=notice,
    )
    return ReportResult(query, columns_for(query), made, figures() if made else None, info)


def by_month(values: Mapping[str, Cells]) -> ReportResult:
    """A report by month."""
    return report(["month"], [((month,), None, cells) for month, cells in values.items()])


def by_month_and_package(values: Mapping[tuple[str, int | None, str | None], Cells]) -> ReportResult:
    """A report by month and package; keys are month, package id and package name."""
    return report(["month", "package"], [((month, name), key, cells) for (month, key, name), cells in values.items()])


def by_package(values: Mapping[tuple[int | None, str | None], Cells]) -> ReportResult:
    """A report by package; keys are package id and name."""
    return report(["package"], [((name,), key, cells) for (key, name), cells in values.items()])


def marked(result: ReportResult, marks: Mapping[str, tuple[tuple[date, date] | None, date | None]]) -> ReportResult:
    """The report with the marks of buckets that are not whole: what they cover, and until when there is data."""
    rows = []
    for row in result.rows:
        partial, until = marks.get(str(row.labels[0]), (None, None))
        rows.append(replace(row, partial=partial, data_until=until))
    return replace(result, rows=tuple(rows))
