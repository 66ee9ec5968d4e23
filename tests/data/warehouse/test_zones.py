"""Zones that nobody used before: exact at once, and answered from lines once a process of its own has made them."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from data.access import OPERATOR
from data.report.period import Bound
from data.report.query import ReportQuery
from data.report.result import ReportResult
from data.report.run import run_report
from data.settings import Settings
from data.warehouse.engines import Warehouse, embedded_path, open_warehouse
from data.warehouse.load import load_folder
from data.warehouse.versions import Versions
from data.warehouse.zones import Preparing
from tests.data.warehouse.company import COMPANY, rows, write

TOKYO = ReportQuery(
    start=Bound(date(2024, 1, 1)), end=Bound(date(2024, 3, 31)), timezone="Asia/Tokyo", group_by=("month",)
)


def ask(warehouse: Warehouse, query: ReportQuery = TOKYO) -> ReportResult:
    return run_report(warehouse, query, OPERATOR, as_of=datetime(2025, 1, 1))


@pytest.fixture
def settings(warehouse_url: str, tmp_path: Path) -> Settings:
    settings = Settings(warehouse_url=warehouse_url)
    load_folder(settings, write(tmp_path / "company", COMPANY))
    return settings


def test_a_zone_is_exact_at_once_and_answered_from_lines_later(settings: Settings, tmp_path: Path) -> None:
    warehouse = open_warehouse(settings)
    preparing = Preparing(settings, warehouse)
    missed: list[str] = []
    warehouse.on_missing = missed.append
    first = ask(warehouse)
    assert (first.info.source, missed) == ("transactions", ["Asia/Tokyo"])
    making = preparing.want("Asia/Tokyo")
    assert making is not None
    assert preparing.want("Asia/Tokyo") is None
    making.join(60)
    # The same process, which has the version open, and those of all zones that tell the days alike.
    for name in ("Asia/Tokyo", "Asia/Seoul"):
        later = ask(warehouse, ReportQuery(**{**_fields(TOKYO), "timezone": name}))
        assert later.info.source == "change lines"
        assert (later.rows, later.totals) == (first.rows, first.totals)
    # The next load brings it along, and the version's own lines are used then.
    more = rows("transactions", "200,1,2024-02-01T00:00:00Z,usage,-1,")
    load_folder(settings, write(tmp_path / "more", more))
    assert ask(open_warehouse(settings)).info.source == "change lines"
    if settings.warehouse_url.startswith("duckdb"):
        versions = Versions(embedded_path(sa.make_url(settings.warehouse_url)))
        assert not versions.beside(str(versions.live())).exists()
        with versions.locked():
            dropped = versions.prune(0)
        assert len(dropped) == 1
        assert not versions.beside(dropped[0]).exists()


def test_what_cannot_be_made_is_told_in_the_log_and_reports_stay_exact(
    settings: Settings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = open_warehouse(settings)
    monkeypatch.setattr(Warehouse, "version", lambda self: "1")
    preparing = Preparing(Settings(warehouse_url="duckdb:////nowhere/at/all.duckdb"), warehouse)
    making = preparing.want("Asia/Tokyo")
    assert making is not None
    making.join(60)
    assert "No lines could be made for Asia/Tokyo" in caplog.text
    assert ask(warehouse).info.source == "transactions"


def _fields(query: ReportQuery) -> dict[str, object]:
    return {"start": query.start, "end": query.end, "group_by": query.group_by}
