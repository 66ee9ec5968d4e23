"""Records on both engines, a clock that only moves when told to, and reports to keep."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from data.access import User
from data.report.catalog import METRICS
from data.report.period import Bound
from data.report.query import ReportQuery
from data.report.result import Figure, ReportInfo, ReportResult, Row, columns_for
from data.settings import Settings
from data.store.database import Database
from data.store.records import Records, open_records
from data.store.schema import audit, metadata
from data.store.snapshots import Snapshots

ANNA = User(id="anna", name="Anna", role="Manager", reseller_id=7)
BORIS = User(id="boris", name="Boris", role="Analyst", reseller_id=7)
CLARA = User(id="clara", name="Clara", role="Manager", reseller_id=8)
ROOT = User(id="root", name="Root", role="Administrator", reseller_id=None)


class Clock:
    """The present, which a test moves by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12)

    def __call__(self) -> datetime:
        return self.now

    def pass_days(self, days: float) -> None:
        self.now += timedelta(days=days)


def make_report(rows: int = 3, *, seconds: float = 0.25, by: tuple[str, ...] = ("month", "package")) -> ReportResult:
    """A report with awkward values in every place: no package, empty averages, negative and huge money."""
    query = ReportQuery(
        start=Bound(date(2025, 1, 1)),
        end=Bound(date(2025, 12, 31)),
        timezone="Europe/Kyiv",
        owners=(3, 1),
        tags=("vip", "Ґанок 'x'"),
        group_by=by,
        currency="UAH",
        active_duration=3,
    )

    def figure(row: int, place: int) -> Figure:
        kind = METRICS[place].kind
        if kind == "average" and row % 2:
            return None
        if kind == "count":
            return row * 100 + place
        return Decimal(f"{(-1) ** place * (10**12 + row)}.{place:02}")

    lines = tuple(
        Row(
            tuple(
                f"2025-{row % 12 + 1:02}" if item == "month" else (None if row % 3 == 2 else f"Пакет {row}")
                for item in by
            ),
            tuple(f"2025-{row % 12 + 1:02}" if item == "month" else (None if row % 3 == 2 else row) for item in by),
            tuple(figure(row, place) for place in range(len(METRICS))),
        )
        for row in range(rows)
    )
    info = ReportInfo(
        period_start=datetime(2024, 12, 31, 22),
        period_end=datetime(2025, 12, 31, 22),
        data_first=datetime(2025, 1, 3, 4, 5, 6, 789) if rows else None,
        data_last=datetime(2025, 12, 30) if rows else None,
        timezone="Europe/Kyiv",
        generated_by="Manager",
        generated_at=datetime(2026, 3, 1, 11, 59, 59, 123456),
        as_of=datetime(2026, 3, 1, 11, 59, 59),
        duration=seconds,
        currency="UAH",
        active_duration=3,
        rates_oldest=date(2025, 1, 2) if rows else None,
        rates_newest=date(2025, 12, 30) if rows else None,
        data_version="v7",
        notice=None if rows else "Nothing happened in this period.",
    )
    return ReportResult(query, columns_for(query), lines, lines[0].figures if lines else None, info)


def other_report() -> ReportResult:
    """A report that differs from :func:`make_report` in how long it took, and so in its bytes."""
    report = make_report()
    return replace(report, info=replace(report.info, duration=0.5))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'records.sqlite'}"


@pytest.fixture(scope="session")
def migrated_postgresql_url(new_postgresql_url: Callable[[], str]) -> str:
    """One database for all tests of records, emptied after each."""
    url = new_postgresql_url()
    Database(url).upgrade()
    return url


@pytest.fixture
def emptied_postgresql_url(migrated_postgresql_url: str) -> Iterator[str]:
    yield migrated_postgresql_url
    database = Database(migrated_postgresql_url)
    with database.writing() as connection:
        for table in reversed(metadata.sorted_tables):  # quicker than TRUNCATE, which makes new files
            # The audit log lets nobody delete what is fresh.
            connection.execute(sa.text("TRUNCATE audit") if table is audit else table.delete())
    database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest) -> Settings:
    """Settings whose records are empty and ready, on each engine in turn."""
    name = "sqlite_url" if request.param == "sqlite" else "emptied_postgresql_url"
    return Settings(database_url=request.getfixturevalue(name), link_keep_days=30)


@pytest.fixture
def records(settings: Settings, clock: Clock) -> Iterator[Records]:
    found = open_records(settings, now=clock)
    yield found
    found.database.close()


@pytest.fixture
def snapshots(records: Records) -> Snapshots:
    return records.snapshots


@pytest.fixture
def reopened(settings: Settings, clock: Clock) -> Iterator[Callable[[], Snapshots]]:
    """The snapshots as another server process sees them: nothing in memory, a connection of its own."""
    opened: list[Records] = []

    def reopen() -> Snapshots:
        opened.append(open_records(settings, now=clock))
        return opened[-1].snapshots

    yield reopen
    for found in opened:
        found.database.close()
