"""Loads that change a copy: whatever came when, everything derived is what one load of all of it would have made."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from data.settings import Settings
from data.warehouse import publish, renewal
from data.warehouse.engines import open_warehouse
from data.warehouse.load import load_folder
from data.warehouse.schema import (
    client_groups,
    client_months,
    day_flows,
    holdings,
    lapse_changes,
    level_changes,
    line_zones,
    loads,
    package_sets,
)
from tests.data.report.chance import Chance
from tests.data.warehouse.company import COMPANY, content, rows, write
from tests.oracle import Dataset


@pytest.fixture(autouse=True)
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """However much a load touches of the little that there is."""
    monkeypatch.setattr(renewal, "_SMALL", 0)
    monkeypatch.setattr(publish, "_SCATTERED", 0)


def write_dataset(folder: Path, data: Dataset) -> Path:
    """The dataset as files."""
    folder.mkdir()

    def amount(value: Any) -> str:
        return f"{Decimal(value.numerator) / Decimal(value.denominator):f}"

    def maybe(value: Any) -> Any:
        return "" if value is None else value

    tables: dict[str, tuple[str, list[Any]]] = {
        "resellers": ("id,name,parent_id", [(n, f"R {n}", maybe(parent)) for n, parent in data.parents.items()]),
        "clients": (
            "id,name,type,owner_id,currency,created_at,closed_at",
            [
                (c.id, f"C {c.id}", c.type, c.owner_id, c.currency, c.created_at, maybe(c.closed_at))
                for c in data.clients
            ],
        ),
        "client_tags": ("client_id,tag", sorted(data.tags)),
        "packages": ("id,name", [*data.packages.items()]),
        "subscriptions": (
            "client_id,package_id,started_at,ended_at",
            [(s.client_id, s.package_id, s.started_at, maybe(s.ended_at)) for s in data.subscriptions],
        ),
        "transactions": (
            "id,client_id,at,kind,amount,package_id",
            [(t.id, t.client_id, t.at, t.kind, amount(t.amount), maybe(t.package_id)) for t in data.transactions],
        ),
    }
    for name, (header, lines) in tables.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([header.split(","), *lines])
    return folder


def derived(settings: Settings) -> dict[str, Any]:
    """All that is derived, added up and by names instead of numbers that depend on what came first."""
    with open_warehouse(settings).read() as reading:

        def of(table: sa.Table) -> list[Any]:
            return list(reading.connection.execute(sa.select(table)))

        group = {row.group_id: (row.owner_id, row.type, row.currency) for row in of(client_groups)}
        zone = {sign * row.zone_id: (sign, row.name) for row in of(line_zones) for sign in (1, -1)}
        found: dict[str, Any] = {
            "groups": {(*group[row.group_id], row.created_at) for row in of(client_groups)},
            "months": {tuple(row) for row in of(client_months)},
        }
        for table in (level_changes, lapse_changes, day_flows):
            sums: dict[Any, list[int]] = defaultdict(lambda: [0] * 6)
            for row in of(table):
                values = dict(row._mapping)
                keys = ("day", "paid_day", "cause", "kind")
                key = (
                    zone[row.zone_id],
                    group.get(row.group_id, row.group_id),
                    *(values.pop(k) for k in keys if k in values),
                )
                for n, name in enumerate(name for name in values if name not in ("zone_id", "group_id")):
                    sums[key][n] += int(values[name])
            found[table.name] = {key: parts for key, parts in sums.items() if any(parts)}
        members = defaultdict(set)
        for row in of(package_sets):
            members[row.package_set].add(row.package_id)
        found["holdings"] = {
            (row.client_id, row.started_at, row.ended_at, *sorted(members[row.package_set])) for row in of(holdings)
        }
    return found


def was_whole(settings: Settings) -> bool:
    """Whether the newest load built everything anew."""
    with open_warehouse(settings).read() as reading:
        newest = sa.select(loads.c.summary).order_by(loads.c.version.desc()).limit(1)
        return bool(json.loads(reading.connection.execute(newest).scalar_one())["whole"])


@pytest.mark.parametrize("seed", range(5000, 5008))
def test_loads_one_after_another_end_where_one_load_does(
    seed: int, warehouse_url: str, tmp_path: Path, new_postgresql_url: Callable[[], str]
) -> None:
    chance = Chance(seed)
    draw, data = chance.random, chance.data
    # So that sums have one width before and after.
    data.transactions = [replace(t, amount=t.amount % 1_000_000 - 500_000) for t in data.transactions]
    zones = f"{chance.zone},Asia/Kathmandu"
    settings = Settings(warehouse_url=warehouse_url, zones=zones)
    earlier = replace(
        data,
        clients=[
            # Someone moved since, was opened at another time, or has been closed, or opened again.
            replace(
                c,
                owner_id=draw.choice((c.owner_id, c.owner_id, 1)),
                closed_at=draw.choice((c.closed_at, c.closed_at, None, c.created_at)),
                created_at=draw.choice((c.created_at, c.created_at, chance.day_before(c.created_at))),
            )
            for c in data.clients
            if draw.random() < 0.8
        ],
    )
    known = {c.id for c in earlier.clients}
    earlier.tags = {(client, tag) for client, tag in data.tags if client in known}
    earlier.subscriptions = [s for s in data.subscriptions if s.client_id in known and draw.random() < 0.7]
    earlier.transactions = [
        draw.choice((t, t, t, replace(t, amount=t.amount + 1), replace(t, at=chance.instant())))
        for t in data.transactions
        if t.client_id in known and draw.random() < 0.7
    ]
    load_folder(settings, write_dataset(tmp_path / "earlier", earlier))
    load_folder(settings, write_dataset(tmp_path / "all", data))
    assert not was_whole(settings)
    at_once = Settings(warehouse_url=f"duckdb:///{tmp_path / 'once' / 'w.duckdb'}", zones=zones)
    load_folder(at_once, tmp_path / "all")
    found, expected = derived(settings), derived(at_once)
    for name in expected:
        assert found[name] == expected[name], name


def test_a_copy_holds_the_rows_of_both_loads(warehouse_url: str, tmp_path: Path) -> None:
    settings = Settings(warehouse_url=warehouse_url)
    load_folder(settings, write(tmp_path / "company", COMPANY))
    more = rows("transactions", "100,1,2024-01-06T00:00Z,refill,11,", "103,1,2024-02-01T00:00Z,usage,-1,")
    more |= rows("packages", "10,Silver", "11,Tin") | rows("client_tags", "2,vip")
    summary = load_folder(settings, write(tmp_path / "more", more))
    assert not was_whole(settings)
    assert {table.table: (table.new, table.replaced) for table in summary.tables} == {
        "transactions": (1, 1),
        "packages": (1, 1),
        "client_tags": (1, 0),
    }
    kept = content(warehouse_url)
    assert [(row[0], row[4]) for row in kept["transactions"]] == [
        (100, 11_000_000),
        (101, -5_000_000),
        (102, -1),
        (103, -1_000_000),
    ]
    assert kept["packages"] == [(10, "Silver"), (11, "Tin")]
    assert kept["client_tags"] == [(1, "vip"), (2, "vip")]


def test_a_zone_that_is_new_gets_lines_beside_the_others(warehouse_url: str, tmp_path: Path) -> None:
    load_folder(Settings(warehouse_url=warehouse_url), write(tmp_path / "company", COMPANY))
    tokyo = Settings(warehouse_url=warehouse_url, zones="Asia/Tokyo,Asia/Seoul,UTC")
    load_folder(tokyo, write(tmp_path / "more", rows("transactions", "200,1,2024-02-01T00:00Z,usage,-1,")))
    assert not was_whole(tokyo)
    at_once = Settings(warehouse_url=f"duckdb:///{tmp_path / 'once' / 'w.duckdb'}", zones="Asia/Tokyo,UTC")
    load_folder(at_once, write(tmp_path / "company", COMPANY))
    load_folder(at_once, tmp_path / "more")
    assert derived(tokyo) == derived(at_once)


def test_sums_beyond_64_bits_or_much_that_is_new_are_built_anew(
    warehouse_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(warehouse_url=warehouse_url)
    load_folder(settings, write(tmp_path / "company", COMPANY))
    large = (f"{300 + n},1,2024-02-02T00:00Z,refill,2000000000000," for n in range(4))
    load_folder(settings, write(tmp_path / "2", rows("transactions", *large)))
    assert was_whole(settings)
    load_folder(settings, write(tmp_path / "3", rows("transactions", "400,1,2024-02-03T00:00Z,usage,-1,")))
    assert not was_whole(settings)
    monkeypatch.setattr(renewal, "_SMALL", 10)
    load_folder(settings, write(tmp_path / "4", rows("transactions", "500,1,2024-02-04T00:00Z,usage,-1,")))
    assert was_whole(settings)
