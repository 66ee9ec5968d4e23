"""Schedules: each time runs once, whatever was missed and however many workers there are."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from data.delivery.rhythm import Rhythm
from data.errors import UserError
from data.report.catalog import METRICS
from data.store.records import Records
from data.store.schedules import Schedule, ScheduleGone, SchedulePlan, Threshold
from tests.data.store.conftest import ANNA, BORIS, Clock, make_report

DAILY = SchedulePlan(
    rhythm=Rhythm(every="daily", zone="UTC", at="08:00"), output="csv", send_to=("a@example.com", "B@x.org")
)


@pytest.fixture
def schedule(records: Records) -> Schedule:
    return records.schedules.create(ANNA, "template", "Month", DAILY)


def test_a_schedule_is_its_owners(records: Records, schedule: Schedule) -> None:
    assert (schedule.plan, schedule.next_at, schedule.paused) == (DAILY, datetime(2026, 3, 2, 8), None)
    assert records.schedules.of((ANNA.id,)) == (schedule,)
    assert records.schedules.of((BORIS.id,)) == ()
    with pytest.raises(ScheduleGone):
        records.schedules.get(schedule.id, (BORIS.id,))


def test_it_runs_when_it_is_due_and_once(records: Records, schedule: Schedule, clock: Clock) -> None:
    clock.now = datetime(2026, 3, 2, 7, 59)
    assert records.schedules.take_due() == ()
    clock.now = datetime(2026, 3, 2, 8, 0, 30)
    [(taken, run)] = records.schedules.take_due()
    assert (taken.id, run.due_at, run.late) == (schedule.id, datetime(2026, 3, 2, 8), False)
    assert records.schedules.take_due() == (), "another worker comes too late"
    assert records.schedules.known(schedule.id).next_at == datetime(2026, 3, 3, 8)


def test_a_week_of_downtime_is_one_run_marked_late(records: Records, schedule: Schedule, clock: Clock) -> None:
    clock.now = datetime(2026, 3, 9, 12)
    [(_, run)] = records.schedules.take_due()
    assert (run.due_at, run.late) == (datetime(2026, 3, 2, 8), True)
    assert records.schedules.take_due() == ()
    known = records.schedules.known(schedule.id)
    assert (known.next_at, len(known.runs)) == (datetime(2026, 3, 10, 8), 1)


def test_a_run_whose_process_died_before_its_job_was_there_is_taken_up(
    records: Records, schedule: Schedule, clock: Clock
) -> None:
    clock.now = datetime(2026, 3, 2, 8)
    [(_, run)] = records.schedules.take_due()
    assert records.schedules.unordered() == ()
    clock.now += timedelta(seconds=61)
    assert [item for _, item in records.schedules.unordered()] == [run]
    records.schedules.note(schedule.id, run.due_at, "Done")
    assert records.schedules.unordered() == ()


def test_paused_it_does_not_run_and_resumed_it_does_not_catch_up(
    records: Records, schedule: Schedule, clock: Clock
) -> None:
    assert records.schedules.pause(schedule.id, "Holidays.")
    assert not records.schedules.pause(schedule.id, "Again.")
    clock.now = datetime(2026, 3, 5, 12)
    assert records.schedules.take_due() == ()
    records.schedules.resume(records.schedules.known(schedule.id))
    assert records.schedules.take_due() == ()
    known = records.schedules.known(schedule.id)
    assert (known.paused, known.next_at) == (None, datetime(2026, 3, 6, 8))


def test_an_unsubscribed_address_is_left_out_of_this_schedule_alone(records: Records, schedule: Schedule) -> None:
    other = records.schedules.create(ANNA, "template", "Other", DAILY)
    for _ in range(2):
        records.schedules.unsubscribe(schedule.id, "b@X.org")
    assert records.schedules.known(schedule.id).recipients == ("a@example.com",)
    assert records.schedules.known(other.id).recipients == DAILY.send_to


def test_a_deleted_schedule_leaves_nothing(records: Records, schedule: Schedule, clock: Clock) -> None:
    clock.now = datetime(2026, 3, 2, 8)
    records.schedules.take_due()
    records.schedules.unsubscribe(schedule.id, "a@example.com")
    records.schedules.delete(schedule.id)
    with records.database.reading() as connection:
        for table in ("schedules", "schedule_runs", "unsubscribes"):
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 0, table


@pytest.mark.parametrize(
    ("comparison", "value", "holds"),
    [(">", "10", False), (">=", "10", True), ("<", "10.5", True), ("<=", "9.99", False), (">", "-1", True)],
)
@pytest.mark.parametrize("place", ["totals", "rows"])
def test_a_threshold_looks_at_totals_or_any_row(comparison: str, value: str, holds: bool, place: str) -> None:
    report = make_report()
    at = next(place for place, metric in enumerate(METRICS) if metric.id == "payg_total")
    figures = [(Decimal(10) if place == at else None) for place in range(len(METRICS))]
    others = tuple(None for _ in METRICS)
    rows = tuple(replace(row, figures=others) for row in report.rows)
    if place == "rows":
        report = replace(report, rows=(*rows[1:], replace(rows[0], figures=tuple(figures))), totals=others)
    else:
        report = replace(report, rows=rows, totals=tuple(figures))
    threshold = Threshold(metric="payg_total", comparison=comparison, value=value, place=place)
    assert threshold.check().holds(report) is holds


def test_a_threshold_of_money_tells_nothing_to_whoever_may_not_see_it() -> None:
    threshold = Threshold(metric="payg_total", comparison=">", value="0")
    with pytest.raises(UserError, match="not in the report"):
        threshold.holds(make_report().without_money)


@pytest.mark.parametrize(
    ("plan", "field"),
    [
        (replace(DAILY, output="web"), "output"),
        (replace(DAILY, range="some_day"), "range"),
        (replace(DAILY, threshold=Threshold(metric="nothing", comparison=">", value="1")), "threshold"),
        (replace(DAILY, threshold=Threshold(metric="payg_total", comparison=">", value="much")), "value"),
        (replace(DAILY, threshold=Threshold(metric="payg_total", comparison=">", value="NaN")), "value"),
        (replace(DAILY, send_to=tuple(f"{n}@example.com" for n in range(51))), "send-to"),
    ],
)
def test_a_plan_that_cannot_be_meant_names_its_field(plan: SchedulePlan, field: str) -> None:
    with pytest.raises(UserError) as fault:
        plan.check()
    assert fault.value.field == field
