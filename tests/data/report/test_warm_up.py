"""Getting a server process ready: what is asked, and that nothing goes wrong in front of anybody."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from data.report import warm_up as room
from data.report.query import ReportQuery
from data.report.run import run_report
from data.report.warm_up import warm_up
from data.settings import Settings
from data.warehouse.engines import open_warehouse
from tests.conftest import load_folder

GOLDEN = Path(__file__).parents[2] / "golden" / "dataset"


def test_it_runs_reports_of_the_last_months(duckdb_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    load_folder(duckdb_url, GOLDEN)
    asked: list[ReportQuery] = []
    answers: list[Any] = []

    def run(warehouse: Any, query: ReportQuery, *rest: Any, **options: Any) -> None:
        asked.append(query)
        answers.append(run_report(warehouse, query, *rest, **options))

    monkeypatch.setattr(room, "run_report", run)
    warm_up(open_warehouse(Settings(warehouse_url=duckdb_url)), "EUR", datetime(2024, 5, 20))
    assert [query.group_by for query in asked] == [(), ("month",), ("date",), ("month", "package")]
    assert {(str(query.start), str(query.end)) for query in asked} == {("2024-03-01", "2024-05-20")}
    assert len(answers) == 4


def test_without_data_it_waits_for_whoever_asks(duckdb_url: str) -> None:
    warm_up(open_warehouse(Settings(warehouse_url=duckdb_url)), "EUR", datetime(2024, 5, 20))
