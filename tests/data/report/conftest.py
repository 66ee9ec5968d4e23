"""Fixtures of the report's tests: both engines on a shelf, and a question put to them and to the oracle at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests import oracle
from tests.data.report.worlds import Shelf, World, answer_of, disagreement


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory, new_postgresql_url: Callable[[], str]) -> Shelf:
    """A warehouse of each engine that tests refill."""
    return Shelf(tmp_path_factory.mktemp("shelf"), new_postgresql_url())


@pytest.fixture
def ask(shelf: Shelf) -> Callable[..., dict[str, Any]]:
    """Ask a world for a report: ``ask(world, "2024-03-01", "2024-03-31", group_by=("month",), ...)``.

    DuckDB, PostgreSQL and the oracle must agree; returns the JSON of the report or ``{"missing": (currency, date)}``.
    """

    def put(world: World, start: str, end: str, **rest: Any) -> dict[str, Any]:
        question = oracle.Question(start, end, **rest)
        shelf.fill(world.data)
        expected = oracle.report(world.data, question)
        answers = {name: answer_of(warehouse, question) for name, warehouse in shelf.warehouses.items()}
        found = [disagreement(name, answer, expected) for name, answer in answers.items()]
        assert not any(found), "\n".join(filter(None, found))
        return answers["DuckDB"]

    return put
