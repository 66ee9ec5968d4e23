"""Reports built by hand, for the tests of exports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from data.report.catalog import METRICS
from data.report.period import Bound
from data.report.query import ReportQuery
from data.report.result import Figure, ReportInfo, ReportResult, Row, columns_for


def query(*group_by: str, currency: str = "USD", **more: object) -> ReportQuery:
    """A question about the first quarter of 2024."""
    return ReportQuery(
        start=Bound(date(2024, 1, 1)),
        end=Bound(date(2024, 3, 31)),
        group_by=group_by,
        currency=currency,
        **more,  # type: ignore[arg-type]
    )


def figures(start: int, decimals: int = 2) -> tuple[Figure, ...]:
    """Figures that all differ: counts from ``start`` up, money below zero in every second column, no averages."""
    unit = Decimal(1).scaleb(-decimals)
    found: list[Figure] = []
    for place, metric in enumerate(METRICS, start=start):
        if metric.kind == "count":
            found.append(place)
        elif metric.kind == "average":
            found.append(None)
        else:
            found.append(((-1) ** place * place * Decimal("1234.567")).quantize(unit))
    return tuple(found)


def report(
    asked: ReportQuery,
    rows: Sequence[tuple[tuple[str | None, ...], tuple[Figure, ...]]],
    totals: tuple[Figure, ...] | None,
    notice: str | None = None,
) -> ReportResult:
    """A report of ``rows``, each its labels and figures."""
    info = ReportInfo(
        period_start=datetime(2024, 1, 1),
        period_end=datetime(2024, 4, 1),
        data_first=datetime(2024, 1, 5, 10, 20, 30),
        data_last=datetime(2024, 3, 30, 23, 59, 59, 250000),
        timezone=asked.timezone,
        generated_by="Administrator",
        generated_at=datetime(2024, 7, 1, 12, 0, 0, 1234),
        as_of=datetime(2024, 7, 1, 12, 0),
        duration=0.0421,
        currency=asked.currency,
        active_duration=asked.active_duration,
        rates_oldest=date(2023, 12, 29),
        rates_newest=date(2024, 3, 28),
        data_version="000007",
        notice=notice,
    )
    made = tuple(
        Row(
            labels,
            tuple(
                place if known == "package" and label is not None else label
                for known, label in zip(asked.group_by, labels, strict=True)
            ),
            values,
        )
        for place, (labels, values) in enumerate(rows, start=1)
    )
    return ReportResult(asked, columns_for(asked), made, totals, info)


def by_month_and_package(currency: str = "USD", decimals: int = 2) -> ReportResult:
    """Two months, with a package whose name is in three scripts, one that looks like a formula, and No package."""
    return report(
        query("month", "package", currency=currency),
        [
            (("2024-01", "Тариф «Ürün» 中文 📞"), figures(1, decimals)),
            (("2024-01", "=HYPERLINK(0)"), figures(2, decimals)),
            (("2024-03", None), figures(3, decimals)),
        ],
        figures(100, decimals),
    )
