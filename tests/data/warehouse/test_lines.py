"""Change lines of loaded data: a person can add them up by hand; which zones have some, and data that has none."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa
from duckdb_engine import Dialect

from data.access import OPERATOR
from data.errors import UserError
from data.report.period import Bound, months_before
from data.report.query import ReportQuery
from data.report.run import run_report
from data.settings import Settings
from data.warehouse.engines import embedded_path, open_warehouse
from data.warehouse.lines import Cause, lapse
from data.warehouse.load import load_folder, rebuild
from data.warehouse.schema import LINES, client_groups, day_flows, lapse_changes, level_changes
from data.warehouse.versions import Versions
from tests.data.warehouse.company import COMPANY, rows, write

HISTORY = COMPANY | rows(
    "transactions",
    "100,1,2024-01-30T23:30:00Z,usage,-2,",
    "101,1,2024-01-31T10:00:00Z,refill,5,",
    "102,1,2024-03-02T22:30:00Z,refill,1,",
    "103,1,2024-03-09T12:00:00Z,usage,-10,",
)


def made(url: str, folder: Path, zones: str = "UTC") -> Settings:
    settings = Settings(warehouse_url=url, zones=zones)
    load_folder(settings, write(folder / "company", HISTORY))
    return settings


def of(settings: Settings, table: sa.Table) -> list[Any]:
    with open_warehouse(settings).read() as reading:
        return list(reading.connection.execute(sa.select(table)))


def source_of(settings: Settings, zone: str) -> str:
    query = ReportQuery(start=Bound(date(2024, 1, 1)), end=Bound(date(2024, 12, 31)), timezone=zone)
    return run_report(open_warehouse(settings), query, OPERATOR, as_of=datetime(2025, 1, 1)).info.source


def test_levels_and_lapses_of_one_client_day_by_day(warehouse_url: str, tmp_path: Path) -> None:
    settings = made(warehouse_url, tmp_path)
    [(group, *_)] = [row for row in of(settings, client_groups) if row.currency == "EUR"]
    levels = sorted(row[1:2] + row[3:] for row in of(settings, level_changes) if row.group_id == group)
    micros = 1_000_000
    after = [line for line in levels if line[0] >= date(2024, 1, 30)]
    assert after == [
        (date(2024, 1, 30), Cause.FIRST_PAID, 0, 0, -2 * micros, 1, 0, -2 * micros),
        (date(2024, 1, 31), Cause.BALANCE, 0, 3 * micros, 2 * micros, 0, 3 * micros, 2 * micros),
        (date(2024, 3, 2), Cause.BALANCE, 0, micros, 0, 0, micros, 0),
        (date(2024, 3, 9), Cause.BALANCE, 0, -4 * micros, -6 * micros, 0, -4 * micros, -6 * micros),
    ]
    lapses = sorted(row[1:3] + row[4:] for row in of(settings, lapse_changes) if row.group_id == group)
    # A month before 1 March is 1 February: on 29 February the payment of 30 January is the first to be too old.
    assert lapses == [
        (date(2024, 2, 29), date(2024, 1, 30), Cause.LAPSED, 1, 3 * micros, 0),
        (date(2024, 3, 2), date(2024, 1, 30), Cause.BALANCE, 0, micros, 0),
        (date(2024, 3, 9), date(2024, 1, 30), Cause.RETURNED, -1, -4 * micros, 0),
        (date(2024, 4, 9), date(2024, 3, 9), Cause.LAPSED, 1, 0, -6 * micros),
    ]
    flows = sorted(row[1:2] + row[3:] for row in of(settings, day_flows) if row.group_id == group)
    assert flows[0] == (date(2024, 1, 30), "usage", 1, 0, 1, -2 * micros)
    assert [row[0] for row in flows] == [date(2024, 1, 30), date(2024, 1, 31), date(2024, 3, 2), date(2024, 3, 9)]


@pytest.mark.parametrize(
    ("paid", "months", "first"),
    [
        ("2024-01-15", 1, "2024-02-15"),
        ("2024-01-29", 1, "2024-02-29"),
        ("2024-01-30", 1, "2024-02-29"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2023-01-28", 1, "2023-02-28"),
        ("2024-02-28", 12, "2025-02-28"),
        ("2024-12-31", 120, "2034-12-31"),
    ],
)
def test_a_client_lapses_on_the_first_day_from_which_the_payment_is_too_old(paid: str, months: int, first: str) -> None:
    day = lapse(sa.cast(sa.literal(date.fromisoformat(paid), sa.Date), sa.Date), months).compile(
        dialect=Dialect(), compile_kwargs={"literal_binds": True}
    )
    assert duckdb.sql(f"SELECT {day}").fetchall() == [(date.fromisoformat(first),)]
    paid_day, lapsed = date.fromisoformat(paid), date.fromisoformat(first)
    assert months_before(lapsed, months) <= paid_day < months_before(date.fromordinal(lapsed.toordinal() + 1), months)


def test_zones_that_tell_all_days_alike_share_their_lines(warehouse_url: str, tmp_path: Path) -> None:
    settings = made(warehouse_url, tmp_path, " Europe/Kyiv, Europe/Athens,UTC ")
    with open_warehouse(settings).read() as reading:
        assert [zone.name for zone in reading.zones] == ["Europe/Kyiv", "UTC"]
    assert source_of(settings, "Europe/Bucharest") == "change lines"
    assert source_of(settings, "Asia/Tokyo") == "transactions"


def test_a_load_keeps_the_zones_that_the_live_data_has_lines_for(warehouse_url: str, tmp_path: Path) -> None:
    made(warehouse_url, tmp_path, "Asia/Tokyo")
    later = Settings(warehouse_url=warehouse_url, zones="UTC")
    load_folder(later, write(tmp_path / "more", rows("transactions", "104,1,2024-03-10T12:00:00Z,usage,-1,")))
    assert source_of(later, "Asia/Tokyo") == source_of(later, "UTC") == "change lines"


def test_a_zone_that_is_none_is_refused_by_name(warehouse_url: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Europe/Kiew"):
        made(warehouse_url, tmp_path, "Europe/Kiew")


def test_data_without_lines_is_answered_from_its_transactions(warehouse_url: str, tmp_path: Path) -> None:
    settings = made(warehouse_url, tmp_path)
    drops = [f"DROP TABLE {table.name}" for table in LINES]
    if warehouse_url.startswith("duckdb"):
        with duckdb.connect(str(Versions(embedded_path(sa.make_url(warehouse_url))).live_file())) as connection:
            connection.execute("; ".join(drops))
    else:
        engine = sa.create_engine(warehouse_url)
        with engine.begin() as connection:
            for drop in drops:
                connection.execute(sa.text(drop))
        engine.dispose()
    assert source_of(settings, "UTC") == "transactions"
    assert rebuild(settings) is not None
    assert source_of(settings, "UTC") == "change lines"
    assert rebuild(settings) is None
