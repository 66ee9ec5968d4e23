"""What nobody uses is deleted, and nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from data.report.view import View
from data.settings import Settings
from data.store.links import LinkGone
from data.store.records import Records, open_records
from data.store.schema import contents, links
from data.store.snapshots import Snapshots
from data.store.upkeep import Cleaned
from tests.data.store.conftest import ANNA, BORIS, Clock, make_report, other_report

TABLE_ONLY = View(columns=("balance_refill_total",), charts=())
WITH_CHART = View(columns=("balance_refill_total",), charts=({"kind": "line", "title": "Поповнення"},))


def count(records: Records, table: sa.Table) -> int:
    with records.database.reading() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def test_only_links_that_nobody_copied_or_opened_are_cleaned_up(records: Records, clock: Clock) -> None:
    snapshots = records.snapshots
    copied, opened, untouched = (snapshots.freeze(make_report(), ANNA) for _ in range(3))
    alone = snapshots.freeze(other_report(), ANNA)
    snapshots.copy(copied.id, ANNA, None)
    snapshots.open(opened.id, BORIS)
    clock.pass_days(30)
    assert records.upkeep.clean_up() == Cleaned(0, 0, 0, 0)
    clock.pass_days(1)
    assert records.upkeep.clean_up() == Cleaned(0, 0, 0, 2)
    clock.pass_days(0.999)
    assert records.upkeep.clean_up().links == 0
    clock.pass_days(0.001)
    done = records.upkeep.clean_up()
    assert (done.links, done.contents, done.waiting) == (2, 1, 0)
    assert done.size > 0
    assert {link.id for link in snapshots.mine(ANNA)} == {copied.id, opened.id}
    for gone in (untouched, alone):
        with pytest.raises(LinkGone):
            snapshots.open(gone.id, ANNA)
    assert snapshots.open(copied.id, ANNA).result == make_report()


def test_a_revoked_copied_link_survives_a_clean_up_and_can_be_restored(
    records: Records, snapshots: Snapshots, clock: Clock
) -> None:
    link = snapshots.freeze(make_report(), ANNA)
    snapshots.copy(link.id, ANNA, None)
    snapshots.revoke(link.id, ANNA)
    clock.pass_days(10_000)
    records.upkeep.clean_up()
    snapshots.restore(link.id, ANNA)
    assert snapshots.open(link.id, ANNA).result == make_report()


def test_what_a_copy_was_made_from_survives_too(records: Records, snapshots: Snapshots, clock: Clock) -> None:
    link = snapshots.freeze(make_report(), ANNA)
    theirs = snapshots.copy(link.id, BORIS, WITH_CHART)
    clock.pass_days(1000)
    assert records.upkeep.clean_up().links == 0
    assert snapshots.open(theirs.id, ANNA).result == make_report()


@pytest.mark.parametrize("days", [10_000, -10_000], ids=["fast", "slow"])
def test_a_clock_that_was_wrong_for_hours_deletes_nothing(days: int, settings: Settings, clock: Clock) -> None:
    """Whichever process looks at it, and however often; and what was made meanwhile is not gone when it is right."""
    made = open_records(settings, now=clock).snapshots.freeze(make_report(), ANNA)
    right = clock.now
    clock.pass_days(days)
    for _ in range(3):
        records = open_records(settings, now=clock)
        meanwhile = records.snapshots.freeze(make_report(), ANNA)
        records.upkeep.clean_up()
        clock.pass_days(0.3)
    clock.now = right + timedelta(days=1)
    records = open_records(settings, now=clock)
    records.upkeep.clean_up()
    assert records.snapshots.open(made.id, ANNA).result == make_report()
    assert records.snapshots.open(meanwhile.id, ANNA).result == make_report()


def test_freezing_cleans_up_once_a_day(records: Records, clock: Clock) -> None:
    first = records.snapshots.freeze(make_report(), ANNA)
    clock.pass_days(31)
    records.snapshots.freeze(make_report(), ANNA)
    assert count(records, links) == 2
    clock.pass_days(1)
    records.snapshots.freeze(other_report(), ANNA)
    assert first.id not in {link.id for link in records.snapshots.mine(ANNA)}
    assert (count(records, links), count(records, contents)) == (2, 2)
