"""What is stored is shown as it was frozen, or not at all."""

from __future__ import annotations

import json
import logging
import random
import shutil
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from data.errors import UserError
from data.report.view import View
from data.settings import Settings
from data.store.contents import LinkDamaged, report_bytes
from data.store.records import Records, open_records
from data.store.schema import contents, links
from data.store.snapshots import Snapshots
from tests.data.store.conftest import ANNA, BORIS, Clock, make_report, other_report

TABLE_ONLY = View(columns=("balance_refill_total",), charts=())
WITH_CHART = View(columns=("balance_refill_total",), charts=({"kind": "line", "title": "Поповнення"},))


def flipped(value: Any) -> Any:
    """A stored value with one bit of it turned over, as a failing disk would."""
    if isinstance(value, bytes):
        middle = len(value) // 2
        return value[:middle] + bytes([value[middle] ^ 1]) + value[middle + 1 :]
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value ^ 1
    if isinstance(value, str):
        return value[:-2] + chr(ord(value[-2]) ^ 1) + value[-1:]
    return value + timedelta(microseconds=1)


@pytest.mark.parametrize("column", ["seal", "role", "from_cache", "created_at", "view"])
def test_a_link_that_is_not_what_it_was_is_not_shown(
    records: Records, column: str, caplog: pytest.LogCaptureFixture
) -> None:
    link = records.snapshots.freeze(make_report(), ANNA, view=WITH_CHART)
    with records.database.writing() as connection:
        value = connection.execute(sa.select(links.c[column])).scalar_one()
        connection.execute(links.update().values({column: flipped(value)}))
    for act in (records.snapshots.open, records.snapshots.peek):
        with caplog.at_level(logging.ERROR), pytest.raises(LinkDamaged):
            act(link.id, BORIS)
    assert link.id[:6] in caplog.text
    assert link.id not in caplog.text
    assert records.snapshots.mine(ANNA)[0].state == "damaged"
    assert records.snapshots.mine(ANNA)[0].open_count == 0
    assert records.upkeep.check().damaged == (link.id,)


@pytest.mark.parametrize("column", ["query", "row_count", "generated_at"])
def test_what_lists_tell_about_a_report_is_checked_too(records: Records, column: str) -> None:
    link = records.snapshots.freeze(make_report(), ANNA)
    copy = records.snapshots.copy(link.id, BORIS, WITH_CHART)
    with records.database.writing() as connection:
        value = connection.execute(sa.select(contents.c[column])).scalar_one()
        connection.execute(contents.update().values({column: flipped(value)}))
    for user, id_ in ((ANNA, link.id), (BORIS, copy.id)):
        with pytest.raises(LinkDamaged):
            records.snapshots.open(id_, user)
        assert [(found.state, found.query) for found in records.snapshots.mine(user)] == [("damaged", None)]


@pytest.mark.parametrize("column", ["body", "codec"])
def test_a_report_that_is_not_what_it_was_is_not_shown(
    records: Records, reopened: Callable[[], Snapshots], column: str
) -> None:
    link = records.snapshots.freeze(make_report(), ANNA)
    sound = records.snapshots.freeze(other_report(), ANNA)
    with records.database.writing() as connection:
        damaged = sa.select(links.c.digest).where(links.c.id == link.id).scalar_subquery()
        value = connection.execute(sa.select(contents.c[column]).where(contents.c.digest == damaged)).scalar_one()
        connection.execute(contents.update().where(contents.c.digest == damaged).values({column: flipped(value)}))
    for snapshots in (records.snapshots, reopened()):
        with pytest.raises(LinkDamaged):
            snapshots.open(link.id, BORIS)
        with pytest.raises(LinkDamaged):
            snapshots.peek(link.id, BORIS, verify=True)
        assert records.upkeep.check().damaged == (link.id,)
        assert snapshots.open(sound.id, BORIS).result == other_report()


def test_a_sound_but_different_report_in_the_same_place_is_not_shown(records: Records) -> None:
    link = records.snapshots.freeze(make_report(), ANNA)
    data = json.loads(report_bytes(make_report()))
    data["totals"]["clients_all_qty"] += 1
    with records.database.writing() as connection:
        connection.execute(contents.update().values(body=zlib.compress(json.dumps(data).encode())))
    with pytest.raises(LinkDamaged):
        records.snapshots.open(link.id, BORIS)


def test_one_byte_anywhere_in_the_file_never_gives_other_figures(tmp_path: Path, clock: Clock) -> None:
    """Each of 150 places in turn: the report comes whole, or not at all."""
    source = tmp_path / "source.sqlite"
    records = open_records(Settings(database_url=f"sqlite:///{source}"), now=clock)
    link = records.snapshots.freeze(make_report(40), ANNA, view=WITH_CHART)
    records.database.close()  # the last connection moves everything from the log into the file
    whole, numbers = source.read_bytes(), random.Random(3)
    start = whole.index(zlib.compress(report_bytes(make_report(40)), 5)[:64])
    places = [numbers.randrange(len(whole)) for _ in range(100)] + [start + numbers.randrange(64) for _ in range(50)]
    damaged = 0
    for place in places:
        copy = tmp_path / "copy.sqlite"
        for old in tmp_path.glob("copy.sqlite*"):
            old.unlink()
        shutil.copyfile(source, copy)
        with copy.open("r+b") as file:
            file.seek(place)
            file.write(bytes([whole[place] ^ (1 << numbers.randrange(8))]))
        found = open_records(Settings(database_url=f"sqlite:///{copy}"), now=clock)
        try:
            snapshot = found.snapshots.open(link.id, BORIS)
        except (UserError, sa.exc.DatabaseError):
            damaged += 1
        else:
            assert snapshot.result == make_report(40)
            assert snapshot.view == WITH_CHART
        finally:
            found.database.close()
    assert damaged >= 50


# ---------------------------------------------------------------- thawed reports


def test_only_so_many_reports_stay_in_memory(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshots = records.snapshots
    made = [
        snapshots.freeze(replace(make_report(), info=replace(make_report().info, duration=float(n))), ANNA)
        for n in range(5)
    ]
    thawed = snapshots._reports._thawed
    limit = 2 * len(report_bytes(make_report())) + 100
    monkeypatch.setattr(thawed, "_limit", limit)
    for number, link in enumerate(made):
        assert snapshots.peek(link.id, ANNA).result.info.duration == number
        snapshots.open(link.id, ANNA)
    snapshots.freeze(other_report(), ANNA)
    assert thawed._size <= limit
    assert 0 < len(thawed._kept) <= 2
