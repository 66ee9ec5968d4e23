"""`flask report --as`: with the rights and the clients of a person."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from data.access import OPERATOR
from data.commands.report import report
from data.report.catalog import MONEY
from data.settings import Settings
from data.store.audit import Search
from data.store.records import open_records
from tests.conftest import load_folder

DATASET = Path(__file__).parents[2] / "golden" / "dataset"


@pytest.fixture(scope="module")
def surroundings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A warehouse, and records with a person of a reseller's for each of two roles."""
    folder = tmp_path_factory.mktemp("as")
    env = {"WAREHOUSE_URL": f"duckdb:///{folder / 'warehouse.duckdb'}", "VAR_DIR": str(folder / "var")}
    load_folder(env["WAREHOUSE_URL"], DATASET)
    records = open_records(Settings(warehouse_url=env["WAREHOUSE_URL"], var_dir=env["VAR_DIR"]))
    records.users.create(OPERATOR, "boss@example.com", "Boss", "Administrator", password="correct horse battery")
    for name, role in (("dealer", "Manager"), ("clerk", "Viewer")):
        records.users.create(OPERATOR, f"{name}@example.com", name, role, reseller_id=2, parents={2: None})
    records.database.close()
    return env


def ask(env: dict[str, str], *more: str) -> Result:
    arguments = ["--from", "2024-01-01", "--to", "2024-03-31", "--group-by", "month", *more]
    return CliRunner(env=env).invoke(report, arguments)


def rows(result: Result) -> list[dict[str, object]]:
    assert result.exit_code == 0, result.stderr
    found: list[dict[str, object]] = json.loads(result.stdout)["rows"]
    return found


def test_it_is_about_the_clients_of_the_person(surroundings: dict[str, str]) -> None:
    theirs = rows(ask(surroundings, "--as", "dealer@example.com"))
    assert theirs == rows(ask(surroundings, "--owner", "2"))
    assert theirs != rows(ask(surroundings))


def test_it_has_no_money_for_who_may_not_see_it(surroundings: dict[str, str]) -> None:
    theirs = rows(ask(surroundings, "--as", "clerk@example.com"))
    whole = rows(ask(surroundings, "--as", "dealer@example.com"))
    assert theirs == [{key: value for key, value in row.items() if key not in MONEY} for row in whole]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--as", "clerk@example.com", "--format", "csv"), "does not let you export reports"),
        (("--as", "nobody@example.com"), "nobody with this address may sign in"),
        (("--as", "dealer@example.com", "--owner", "1"), "Owner 1 is unknown."),
    ],
)
def test_refusals_are_one_line_and_status_2(
    arguments: tuple[str, ...], said: str, surroundings: dict[str, str]
) -> None:
    result = ask(surroundings, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_it_is_written_down(surroundings: dict[str, str]) -> None:
    ask(surroundings, "--as", "clerk@example.com", "--format", "csv")
    records = open_records(Settings(warehouse_url=surroundings["WAREHOUSE_URL"], var_dir=surroundings["VAR_DIR"]))
    [newest, *_] = records.audit.read(OPERATOR, Search())
    assert (newest.act, newest.person, newest.address) == ("refused", "clerk@example.com", "command line")
    records.database.close()
