"""Answers to people: what the cache may be asked for again, and what it must never serve."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import flask
import pytest
from flask_caching import Cache

from data.access import OPERATOR, User
from data.report import reports
from data.report.period import Bound
from data.report.query import ReportQuery
from data.report.reports import Reports
from data.report.result import ReportResult
from data.report.run import run_report
from data.settings import Settings
from data.warehouse.engines import Warehouse, open_warehouse
from tests.conftest import load_folder

GOLDEN = Path(__file__).parents[2] / "golden" / "dataset"
QUERY = ReportQuery(start=Bound(date(2024, 3, 1)), end=Bound(date(2024, 3, 31)), tags=("edge",), currency="USD")


@pytest.fixture
def settings(duckdb_url: str) -> Settings:
    load_folder(duckdb_url, GOLDEN)
    return Settings(warehouse_url=duckdb_url)


@pytest.fixture
def cache() -> Cache:
    return Cache(flask.Flask("test"), config={"CACHE_TYPE": "SimpleCache"})


def test_the_same_question_is_answered_from_the_cache(settings: Settings, cache: Cache) -> None:
    ours = Reports(open_warehouse(settings), cache, settings)
    first, second = ours.ask(QUERY, OPERATOR), ours.ask(QUERY, OPERATOR)
    assert (first.from_cache, second.from_cache) == (False, True)
    assert second.result == first.result


def test_another_restriction_is_another_question(settings: Settings, cache: Cache) -> None:
    ours = Reports(open_warehouse(settings), cache, settings)
    everything = ours.ask(QUERY, OPERATOR)
    nothing = ours.ask(replace(QUERY, tags=()), User("dealer", "Dealer", OPERATOR.role, reseller_id=5))
    within = ours.ask(replace(QUERY, tags=()), OPERATOR)
    assert not (everything.from_cache or nothing.from_cache or within.from_cache)
    assert within.result.totals != nothing.result.totals


def test_another_base_currency_is_another_answer_although_the_cache_outlives_a_restart(
    settings: Settings, cache: Cache
) -> None:
    euro = Reports(open_warehouse(settings), cache, settings).ask(QUERY, OPERATOR)
    dollar_settings = replace(settings, base_currency="USD")
    dollar = Reports(open_warehouse(dollar_settings), cache, dollar_settings).ask(QUERY, OPERATOR)
    assert not dollar.from_cache
    assert dollar.result.totals != euro.result.totals


def test_warming_up_runs_reports_and_keeps_nothing_of_them(
    settings: Settings, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[ReportQuery] = []

    def run(warehouse: Warehouse, query: ReportQuery, *rest: Any, **options: Any) -> ReportResult:
        asked.append(query)
        return run_report(warehouse, query, *rest, **options)

    monkeypatch.setattr(reports, "run_report", run)
    mine = Reports(open_warehouse(settings), cache, settings)
    mine.warm_up()
    assert [query.group_by for query in asked] == [(), ("month",), ("date",), ("month", "package")]
    assert not mine.ask(asked[1], OPERATOR).from_cache


def test_warming_up_without_data_waits_for_whoever_asks(duckdb_url: str, cache: Cache) -> None:
    nothing = Settings(warehouse_url=duckdb_url)
    Reports(open_warehouse(nothing), cache, nothing).warm_up()
