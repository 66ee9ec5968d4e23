"""What every publication derives from the dataset: what a plain computation gives, after any load, on either engine."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from data.commands.demo import demo
from data.commands.warehouse import warehouse as warehouse_commands
from data.errors import NoData, Outdated
from data.warehouse.engines import embedded_path, open_warehouse
from data.warehouse.load import load_folder, rebuild
from data.warehouse.schema import DERIVED, client_months, holdings, package_sets, subscriptions, transactions
from data.warehouse.versions import Versions
from tests.data.warehouse.company import COMPANY, content, rows, settings, version, write

TICK = timedelta(microseconds=1)
FOREVER = datetime(9999, 12, 31)
MANY = COMPANY | {
    "packages": ["id,name", "10,Gold", "11,Silver", "-3,Old"],
    "subscriptions": [
        "client_id,package_id,started_at,ended_at",
        "1,10,2024-01-05T00:00:00Z,2024-03-01T00:00:00Z",
        "1,10,2024-02-01T00:00:00Z,2024-04-01T00:00:00Z",
        "1,11,2024-02-15T00:00:00Z,2024-02-20T12:00:00.000001Z",
        "1,-3,2024-05-01T00:00:00Z,2024-05-01T00:00:00Z",
        "2,11,2024-01-03T00:00:00Z,",
        "2,10,2024-01-03T00:00:00Z,",
    ],
    "transactions": [
        "id,client_id,at,kind,amount,package_id",
        "100,1,2024-01-31T23:59:59.999999Z,refill,9223372036854.775807,",
        "101,1,2024-01-01T00:00:00Z,refill,9223372036854.775807,",
        "102,1,2024-02-01T00:00:00Z,package_renewal,-5,10",
        "103,1,2024-02-02T00:00:00Z,package_renewal,5,10",
        "104,1,2024-02-03T00:00:00Z,adjustment,-5,",
        "105,2,2024-02-08T00:00:00Z,usage,-0.000001,",
    ],
}
LATER = {
    "late rows": rows("transactions", "200,2,2023-12-31T23:00:00Z,usage,-1,", "201,1,2024-02-29T00:00:00Z,usage,-1,"),
    "a row in another month": rows("transactions", "102,1,2024-07-01T00:00:00Z,package_renewal,-5,10"),
    "a row of another client": rows("transactions", "105,1,2024-02-08T00:00:00Z,usage,-0.000001,"),
    "a holding that ends": rows("subscriptions", "2,11,2024-01-03T00:00:00Z,2024-01-04T00:00:00Z"),
    "another package": rows("subscriptions", "2,-3,2024-06-01T00:00:00Z,"),
    "nothing that matters": rows("packages", "10,Silver"),
}


def of(url: str, table: sa.Table) -> list[Any]:
    with open_warehouse(settings(url)).read() as reading:
        return list(reading.connection.execute(sa.select(table)))


def assert_derived(url: str) -> None:
    months: dict[tuple[Any, ...], list[Any]] = defaultdict(list)
    for row in of(url, transactions):
        months[row.client_id, row.at.date().replace(day=1)].append(row)
    paying = ("usage", "package_activation", "package_renewal")
    expected = {
        key: (
            sum(row.amount_micros for row in lines),
            max((row.at for row in lines if row.kind in paying and row.amount_micros < 0), default=None),
            min(row.at for row in lines),
            max(row.at for row in lines),
        )
        for key, lines in months.items()
    }
    found = of(url, client_months)
    assert {(row.client_id, row.month): tuple(row[2:]) for row in found} == expected
    assert len(found) == len(expected)

    members = defaultdict(set)
    for row in of(url, package_sets):
        members[row.package_set].add(row.package_id)
    assert len(set(map(frozenset, members.values()))) == len(members)
    subscribed, held = of(url, subscriptions), of(url, holdings)
    assert {row.package_set for row in held} == set(members)
    edges = {edge for row in (*subscribed, *held) for edge in (row.started_at, row.ended_at) if edge is not None}
    for instant in (*edges, *(edge - TICK for edge in edges)):
        for client in (1, 2):
            at_once = [
                row.package_set
                for row in held
                if row.client_id == client and row.started_at <= instant < (row.ended_at or FOREVER)
            ]
            assert len(at_once) <= 1
            assert set().union(*(members[number] for number in at_once)) == {
                row.package_id
                for row in subscribed
                if row.client_id == client and row.started_at <= instant < (row.ended_at or FOREVER)
            }


def make_old(url: str) -> None:
    """Take away what an earlier program did not derive."""
    drops = [f"DROP TABLE {table.name}" for table in DERIVED]
    if url.startswith("duckdb"):
        with duckdb.connect(str(Versions(embedded_path(sa.make_url(url))).live_file())) as connection:
            connection.execute("; ".join(drops))
        return
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for drop in drops:
            connection.execute(sa.text(drop))
    engine.dispose()


@pytest.fixture
def url(warehouse_url: str, tmp_path: Path) -> str:
    load_folder(settings(warehouse_url), write(tmp_path / "company", MANY))
    return warehouse_url


def test_they_are_derived_by_a_first_load(url):
    assert_derived(url)
    assert {row.amount_micros for row in of(url, client_months)} >= {2 * (2**63 - 1)}


@pytest.mark.parametrize("change", LATER)
def test_they_follow_every_later_load(url, tmp_path, change):
    load_folder(settings(url), write(tmp_path / "change", LATER[change]))
    assert_derived(url)


def test_loads_one_after_another_end_where_one_load_would(url, tmp_path):
    for number, change in enumerate(LATER.values()):
        load_folder(settings(url), write(tmp_path / f"change-{number}", change))
        assert_derived(url)


def test_what_an_earlier_program_loaded_is_refused_with_the_remedy(url):
    make_old(url)
    with pytest.raises(Outdated, match="flask warehouse rebuild"), open_warehouse(settings(url)).read():
        pass


def test_a_rebuild_keeps_all_data_as_a_new_version(url):
    before = version(url)
    make_old(url)
    name = rebuild(settings(url))
    assert name == version(url) != before
    assert_derived(url)
    kept = content(url)
    assert len(kept["transactions"]) == len(MANY["transactions"]) - 1
    assert rebuild(settings(url)) is None
    assert version(url) == name


def test_any_load_rebuilds_too_even_one_that_changes_nothing(url, tmp_path):
    make_old(url)
    assert load_folder(settings(url), write(tmp_path / "same", {"packages": MANY["packages"]})).version is not None
    assert_derived(url)


def test_there_is_nothing_to_rebuild_before_the_first_load(warehouse_url):
    assert rebuild(settings(warehouse_url)) is None
    with pytest.raises(NoData, match="flask load"):
        version(warehouse_url)


def test_the_command_says_what_it_did(url):
    environment = {"WAREHOUSE_URL": url}
    make_old(url)
    done = CliRunner(env=environment).invoke(warehouse_commands, ["rebuild"])
    assert (done.exit_code, done.stdout) == (0, f"Live now: {version(url)}\n")
    again = CliRunner(env=environment).invoke(warehouse_commands, ["rebuild"])
    assert (again.exit_code, again.stdout, again.stderr) == (0, "", "There is nothing to rebuild.\n")


def test_the_demo_brings_data_that_is_there_up_to_date_and_never_adds_to_it(url):
    make_old(url)
    environment = {"WAREHOUSE_URL": url}
    refused = CliRunner(env=environment).invoke(demo, [])
    assert refused.exit_code != 0 and "has data already" in refused.stderr
    done = CliRunner(env=environment).invoke(demo, ["--if-empty"])
    assert (done.exit_code, done.output) == (0, "")
    assert_derived(url)
