"""The 60 reports of the examples, asked as `flask report` asks and loaded as `flask load` loads, on both engines."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from data.commands.report import report
from data.report.catalog import METRICS
from tests import oracle
from tests.conftest import load_folder

GOLDEN = Path(__file__).parents[2] / "golden"
REPORTS: list[dict[str, Any]] = json.loads((GOLDEN / "reports.json").read_text(encoding="utf-8"))


def name_of(number: int) -> str:
    arguments = REPORTS[number]["arguments"]
    given = dict(zip(arguments[::2], arguments[1::2], strict=True))
    return f"{number}-{given['--from']}-{given['--to']}-{given['--timezone']}-{given['--currency']}"


@pytest.fixture(scope="module", params=["DuckDB", "PostgreSQL"])
def loaded_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, new_postgresql_url: Callable[[], str]
) -> str:
    """A warehouse of each engine with the examples' dataset in it."""
    if request.param == "DuckDB":
        url = f"duckdb:///{tmp_path_factory.mktemp('golden')}/warehouse.duckdb"
    else:
        url = new_postgresql_url()
    load_folder(url, GOLDEN / "dataset")
    return url


def flask_report(url: str, arguments: list[str], **settings: str) -> Result:
    """What `flask report` prints; every setting that could be in the environment has its default or is given."""
    return CliRunner(env={"WAREHOUSE_URL": url, "BASE_CURRENCY": None, **settings}).invoke(report, arguments)


def only_known(rows: list[dict[str, Any]], expected: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with the columns that an example knows: what was added since is none of its business."""
    known = {column for row in expected for column in row}
    return [{column: value for column, value in row.items() if column in known} for row in rows]


def test_there_are_60_examples_and_three_are_errors() -> None:
    assert len(REPORTS) == 60
    assert sum("error" in expected for expected in REPORTS) == 3


@pytest.mark.parametrize("number", range(len(REPORTS)), ids=name_of)
def test_report_agrees_with_the_example(number: int, loaded_url: str) -> None:
    expected = REPORTS[number]
    result = flask_report(loaded_url, expected["arguments"])
    if "error" in expected:
        assert result.exit_code == 1
        assert result.stdout == ""
        assert expected["error"]["currency"] in result.stderr
        assert len(result.stderr.splitlines()) == 1
        return
    assert result.exit_code == 0, result.stderr
    answer = json.loads(result.stdout)
    assert only_known(answer["rows"], expected["rows"]) == expected["rows"]
    assert only_known([answer["totals"] or {}], [expected["totals"] or {}]) == [expected["totals"] or {}]
    assert (answer["info"]["notice"] is None) == bool(expected["rows"])
    assert bool(result.stderr) != bool(expected["rows"])


@pytest.fixture(scope="module")
def dataset() -> oracle.Dataset:
    """The examples' dataset as the oracle reads it."""
    return oracle.read_dataset(GOLDEN / "dataset")


@pytest.mark.parametrize("number", range(len(REPORTS)), ids=name_of)
def test_oracle_agrees_with_the_example(number: int, dataset: oracle.Dataset) -> None:
    expected = REPORTS[number]
    answer = oracle.report(dataset, oracle.Question.from_arguments(expected["arguments"]))
    if "error" in expected:
        assert expected["error"]["currency"] in {currency for currency, _ in answer.missing}
        return
    assert not answer.missing
    assert only_known(answer.rows, expected["rows"]) == expected["rows"]
    assert answer.totals == expected["totals"]


def test_columns_are_the_grouping_in_the_order_chosen_and_then_the_catalog(loaded_url: str) -> None:
    arguments = ["--from", "2024-01-01", "--to", "2024-03-31", "--as-of", "2024-07-15T10:20:30Z", "--currency", "USD"]
    grouping = ["--group-by", "package", "--group-by", "month", "--owner", "9"]
    answer = json.loads(flask_report(loaded_url, arguments + grouping).stdout)
    metrics = [metric.id for metric in METRICS]
    assert [column["id"] for column in answer["columns"]] == ["package", "month", *metrics]
    assert [(column["group"], column["title"]) for column in answer["columns"][:3]] == [
        ("", "Package Name"),
        ("", "Month"),
        ("Clients - Active", "Qty"),
    ]
    for row in answer["rows"]:
        assert list(row) == ["package", "month", "package_id", "partial", "data_until", *metrics]
    assert list(answer["totals"]) == metrics
