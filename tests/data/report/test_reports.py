"""Answers to people: what the cache may be asked for again, and what it must never serve."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import flask
import pytest
from flask_caching import Cache

from data.access import OPERATOR, User
from data.report.period import Bound
from data.report.query import ReportQuery
from data.report.reports import Reports
from data.settings import Settings
from data.warehouse.engines import open_warehouse
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
    reports = Reports(open_warehouse(settings), cache, settings)
    first, second = reports.ask(QUERY, OPERATOR), reports.ask(QUERY, OPERATOR)
    assert (first.from_cache, second.from_cache) == (False, True)
    assert second.result == first.result


def test_another_restriction_is_another_question(settings: Settings, cache: Cache) -> None:
    reports = Reports(open_warehouse(settings), cache, settings)
    everything = reports.ask(QUERY, OPERATOR)
    nothing = reports.ask(replace(QUERY, tags=()), User("dealer", "Dealer", OPERATOR.role, reseller_id=5))
    within = reports.ask(replace(QUERY, tags=()), OPERATOR)
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
