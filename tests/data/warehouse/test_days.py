"""Local days as SQL: both engines put every instant on the local date that the report's own clock puts it on."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise

import duckdb
import pytest
import sqlalchemy as sa
from duckdb_engine import Dialect

from data.report.period import first_instant, local_date
from data.warehouse.days import fingerprint, local_day, runs_of

TICK = timedelta(microseconds=1)
ZONES = (
    ("UTC", date(2024, 1, 1)),
    ("Europe/Kyiv", date(2024, 3, 1)),
    ("Pacific/Apia", date(2011, 12, 1)),  # has no 30 December 2011
    ("America/St_Johns", date(2009, 10, 20)),  # 00:01 back to 23:01 of the day before
    ("Australia/Lord_Howe", date(2024, 3, 20)),  # half an hour
    ("Africa/Cairo", date(2024, 10, 20)),  # midnight back to 23:00
    ("America/Havana", date(2024, 10, 25)),  # midnight exists twice
    ("Africa/Monrovia", date(1971, 12, 20)),  # an offset with seconds
)


@pytest.mark.parametrize(("zone", "since"), ZONES, ids=[zone for zone, _ in ZONES])
def test_every_instant_lies_on_its_local_date(zone: str, since: date) -> None:
    edges = [first_instant(since + timedelta(days=n), zone) for n in range(230)]
    instants = [at for low, high in pairwise(edges) if low < high for at in (low, low + (high - low) / 3, high - TICK)]
    runs = runs_of(zone, instants[0], instants[-1])
    assert len(runs) < 8
    day = local_day(sa.column("instant", sa.DateTime), runs)
    compiled = day.compile(dialect=Dialect(), compile_kwargs={"literal_binds": True})
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE i AS SELECT unnest(?) AS instant", [instants])
        found = connection.execute(f"SELECT instant, {compiled} FROM i").fetchall()
    assert [(at, day) for at, day in found if day != local_date(at, zone)] == []
    assert len(found) == len(instants)


def test_no_instant_has_no_date() -> None:
    runs = runs_of("Europe/Kyiv", datetime(2024, 1, 1), datetime(2025, 1, 1))
    day = local_day(sa.cast(sa.null(), sa.DateTime), runs)
    compiled = day.compile(dialect=Dialect(), compile_kwargs={"literal_binds": True})
    assert duckdb.sql(f"SELECT {compiled}").fetchall() == [(None,)]


def test_zones_are_alike_as_long_as_they_tell_all_days_alike() -> None:
    # Kyiv and Athens go together; Moscow stopped to change its clocks in 2011.
    summer = datetime(2024, 5, 1), datetime(2024, 9, 1)
    year = datetime(2024, 1, 1), datetime(2025, 1, 1)
    assert fingerprint("Europe/Kyiv", *year) == fingerprint("Europe/Athens", *year)
    assert fingerprint("Europe/Kyiv", *summer) == fingerprint("Europe/Moscow", *summer)
    assert fingerprint("Europe/Kyiv", *year) != fingerprint("Europe/Moscow", *year)
    assert fingerprint("Europe/Kyiv", *year) != fingerprint("UTC", *year)
