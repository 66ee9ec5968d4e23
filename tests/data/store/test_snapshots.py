"""What is shared stays what it was, or says that it did not."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from data.access import Right, User
from data.errors import UserError
from data.report.view import ChartJson, View
from data.store.contents import report_bytes, report_from
from data.store.links import LinkGone
from data.store.records import Records
from data.store.schema import contents, links
from data.store.snapshots import Snapshots
from data.store.views import MAX_VIEW_BYTES
from tests.data.store.conftest import ANNA, BORIS, CLARA, Clock, make_report, other_report

TABLE_ONLY = View(columns=("balance_refill_total",), charts=())
WITH_CHART = View(columns=("balance_refill_total",), charts=({"kind": "line", "title": "Поповнення"},))


def count(records: Records, table: sa.Table) -> int:
    with records.database.reading() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


# ---------------------------------------------------------------- frozen


@pytest.mark.parametrize("rows", [0, 1, 40])
@pytest.mark.parametrize("by", [(), ("month",), ("package", "month")])
def test_a_thawed_report_equals_the_frozen_one_in_every_figure(rows: int, by: tuple[str, ...]) -> None:
    report = make_report(rows, by=by)
    assert report_from(report_bytes(report)) == report
    assert report_from(report_bytes(report)).to_json() == report.to_json()


def test_another_process_opens_what_this_one_froze(snapshots: Snapshots, reopened: Callable[[], Snapshots]) -> None:
    report = make_report()
    link = snapshots.freeze(report, ANNA)
    snapshot = reopened().open(link.id, BORIS)
    assert snapshot.result == report
    assert snapshot.result.to_json() == report.to_json()
    assert (link.owner_id, link.role, link.row_count, link.query) == ("anna", "Manager", 3, report.query)
    assert link.generated_at == report.info.generated_at
    assert link.view is None


def test_ids_cannot_be_guessed_and_equal_reports_are_stored_once(records: Records) -> None:
    first, second = (records.snapshots.freeze(make_report(), ANNA, from_cache=cached) for cached in (False, True))
    records.snapshots.freeze(other_report(), ANNA)
    assert first.id != second.id
    assert len(first.id) >= 22
    assert (first.from_cache, second.from_cache) == (False, True)
    assert (count(records, links), count(records, contents)) == (3, 2)


def test_opening_is_counted_and_peeking_is_not(snapshots: Snapshots, clock: Clock) -> None:
    link = snapshots.freeze(make_report(), ANNA)
    snapshots.peek(link.id, ANNA)
    assert snapshots.mine(ANNA)[0].open_count == 0
    assert snapshots.mine(ANNA)[0].last_opened_at is None
    clock.pass_days(1)
    snapshots.open(link.id, BORIS)
    opened = snapshots.open(link.id, CLARA).link
    assert (opened.open_count, opened.last_opened_at) == (2, clock.now)


# ---------------------------------------------------------------- nothing shared ever changes


def test_copying_keeps_the_id_and_remembers_the_view(snapshots: Snapshots, reopened: Callable[[], Snapshots]) -> None:
    link = snapshots.freeze(make_report(), ANNA)
    copied = snapshots.copy(link.id, ANNA, WITH_CHART)
    assert copied.id == link.id
    assert copied.copied_at is not None
    assert reopened().open(link.id, BORIS).view == WITH_CHART


def test_copying_again_with_another_view_gives_a_new_link_and_leaves_the_first(snapshots: Snapshots) -> None:
    first = snapshots.freeze(make_report(), ANNA)
    snapshots.copy(first.id, ANNA, TABLE_ONLY)
    second = snapshots.copy(first.id, ANNA, WITH_CHART)
    assert second.id != first.id
    assert snapshots.open(first.id, BORIS).view == TABLE_ONLY
    assert snapshots.open(second.id, BORIS).view == WITH_CHART
    assert snapshots.open(second.id, BORIS).result == snapshots.open(first.id, BORIS).result


def test_the_same_view_gives_the_same_link(snapshots: Snapshots) -> None:
    first = snapshots.freeze(make_report(), ANNA)
    assert snapshots.copy(first.id, ANNA, TABLE_ONLY).id == first.id
    second = snapshots.copy(first.id, ANNA, WITH_CHART)
    assert snapshots.copy(first.id, ANNA, View.from_json(dict(reversed(TABLE_ONLY.to_json().items())))).id == first.id
    assert snapshots.copy(first.id, ANNA, WITH_CHART).id == second.id
    assert snapshots.copy(second.id, ANNA, WITH_CHART).id == second.id
    assert len(snapshots.mine(ANNA)) == 2


def test_a_link_that_was_opened_keeps_the_view_it_was_opened_with(snapshots: Snapshots) -> None:
    link = snapshots.freeze(make_report(), ANNA)
    assert snapshots.open(link.id, BORIS).view is None
    copied = snapshots.copy(link.id, ANNA, WITH_CHART)
    assert copied.id != link.id
    assert snapshots.open(link.id, BORIS).view is None


def test_a_view_that_was_fixed_in_the_first_moment_stays(snapshots: Snapshots) -> None:
    link = snapshots.freeze(make_report(), ANNA, view=TABLE_ONLY)
    assert snapshots.open(link.id, BORIS).view == TABLE_ONLY


def test_somebody_elses_copy_is_a_link_of_their_own(snapshots: Snapshots) -> None:
    link = snapshots.freeze(make_report(), ANNA)
    snapshots.copy(link.id, ANNA, TABLE_ONLY)
    assert snapshots.copy(link.id, BORIS, TABLE_ONLY).id == link.id
    other = snapshots.copy(link.id, BORIS, WITH_CHART)
    assert other.owner_id == "boris"
    assert snapshots.copy(link.id, BORIS, WITH_CHART).id == other.id
    assert snapshots.copy(link.id, CLARA, WITH_CHART).id not in {link.id, other.id}
    assert [found.id for found in snapshots.mine(ANNA)] == [link.id]


def test_a_copy_of_somebody_elses_link_lives_no_longer_than_that(snapshots: Snapshots) -> None:
    link = snapshots.freeze(make_report(), ANNA)
    theirs = snapshots.copy(link.id, BORIS, WITH_CHART)
    third = snapshots.copy(theirs.id, CLARA, TABLE_ONLY)
    again = snapshots.copy(theirs.id, BORIS, TABLE_ONLY)
    snapshots.revoke(link.id, ANNA)
    for gone in (link, theirs, third, again):
        with pytest.raises(LinkGone):
            snapshots.open(gone.id, BORIS)
    snapshots.restore(link.id, ANNA)
    assert snapshots.open(third.id, BORIS).view == TABLE_ONLY


def test_the_bytes_behind_a_link_stay_the_same_whatever_is_done_with_it(records: Records) -> None:
    def stored() -> list[tuple[Any, ...]]:
        with records.database.reading() as connection:
            return [tuple(row) for row in connection.execute(sa.select(contents))]

    link = records.snapshots.freeze(make_report(), ANNA)
    before = stored()
    records.snapshots.copy(link.id, ANNA, WITH_CHART)
    records.snapshots.open(link.id, BORIS)
    records.snapshots.freeze(make_report(), CLARA)
    records.snapshots.revoke(link.id, ANNA)
    records.snapshots.restore(link.id, ANNA)
    records.upkeep.clean_up()
    assert stored() == before
    assert zlib.decompress(before[0][1]) == report_bytes(make_report())


def test_a_view_that_is_too_large_is_refused(snapshots: Snapshots) -> None:
    link = snapshots.freeze(make_report(), ANNA)
    with pytest.raises(UserError, match="too large"):
        snapshots.copy(link.id, ANNA, View(columns=("x" * MAX_VIEW_BYTES,)))
    assert snapshots.mine(ANNA)[0].copied_at is None


# ---------------------------------------------------------------- gone


def test_unknown_expired_and_revoked_cannot_be_told_apart(snapshots: Snapshots, clock: Clock) -> None:
    expired, revoked = snapshots.freeze(make_report(), ANNA), snapshots.freeze(make_report(), ANNA)
    snapshots.expire(expired.id, ANNA, clock.now + timedelta(hours=1))
    snapshots.revoke(revoked.id, ANNA)
    assert snapshots.open(expired.id, BORIS).result == make_report()
    clock.pass_days(1)
    sentences = set()
    for link_id in (expired.id, revoked.id, "A" * 24, "", "../../etc/passwd", "\x00" * 24, "é" * 24, "x" * 5000):
        for act in (snapshots.open, snapshots.peek):
            with pytest.raises(LinkGone) as caught:
                act(link_id, BORIS)
            sentences.add((str(caught.value), caught.value.field))
        with pytest.raises(LinkGone):
            snapshots.copy(link_id, ANNA, None)
    assert len(sentences) == 1


def test_the_owner_sees_the_state_and_restores(snapshots: Snapshots, clock: Clock) -> None:
    link = snapshots.freeze(make_report(), ANNA)
    snapshots.expire(link.id, ANNA, clock.now + timedelta(hours=1))
    assert snapshots.mine(ANNA)[0].state == "live"
    clock.pass_days(1)
    assert snapshots.mine(ANNA)[0].state == "expired"
    assert snapshots.restore(link.id, ANNA).expires_at is None
    assert snapshots.revoke(link.id, ANNA).state == "revoked"
    later = clock.now + timedelta(days=9)
    snapshots.expire(link.id, ANNA, later)
    restored = snapshots.restore(link.id, ANNA)
    assert (restored.state, restored.expires_at) == ("live", later)
    assert snapshots.expire(link.id, ANNA, None).expires_at is None
    assert snapshots.open(link.id, BORIS).result == make_report()


def test_an_expiry_in_the_past_is_refused(snapshots: Snapshots, clock: Clock) -> None:
    link = snapshots.freeze(make_report(), ANNA)
    with pytest.raises(UserError, match="past"):
        snapshots.expire(link.id, ANNA, clock.now)


def test_nobody_but_the_owner_manages_a_link(snapshots: Snapshots, clock: Clock) -> None:
    link = snapshots.freeze(make_report(), ANNA)
    for act in (
        lambda: snapshots.revoke(link.id, BORIS),
        lambda: snapshots.restore(link.id, BORIS),
        lambda: snapshots.expire(link.id, BORIS, clock.now + timedelta(days=1)),
    ):
        with pytest.raises(LinkGone):
            act()
    assert snapshots.mine(ANNA)[0].state == "live"
    assert snapshots.mine(BORIS) == ()


def test_my_links_are_newest_first(snapshots: Snapshots, clock: Clock) -> None:
    made = []
    for _ in range(3):
        made.append(snapshots.freeze(make_report(), ANNA).id)
        clock.pass_days(0.1)
    assert [link.id for link in snapshots.mine(ANNA)] == made[::-1]
    assert [link.id for link in snapshots.mine(ANNA, limit=1)] == made[-1:]


def test_whoever_may_not_see_money_opens_a_link_without_it_and_gives_none_away(snapshots: Snapshots) -> None:
    charts: tuple[ChartJson, ...] = ({"preset": "payg_total"}, {"preset": "clients_active_qty"})
    link = snapshots.freeze(make_report(), ANNA)
    snapshots.copy(link.id, ANNA, View(columns=("payg_total", "clients_all_qty"), charts=charts))
    viewer = User(id="vera", name="Vera", role="Blind", rights=frozenset({Right.VIEW, Right.SHARE}))
    for seen in (snapshots.open(link.id, viewer), snapshots.peek(link.id, viewer)):
        assert seen.result == make_report().without_money
        assert seen.view == View(columns=("clients_all_qty",), charts=charts[1:])
    copied = snapshots.copy(link.id, viewer, seen.view)
    assert copied.id != link.id
    assert snapshots.peek(copied.id, ANNA, verify=True).result == make_report().without_money
    assert snapshots.copy(link.id, viewer, seen.view).id == copied.id
    assert snapshots.peek(link.id, ANNA).result == make_report()
    # What such a person froze themselves has none for anybody.
    own = snapshots.freeze(make_report(), viewer)
    assert snapshots.open(own.id, ANNA).result == make_report().without_money
