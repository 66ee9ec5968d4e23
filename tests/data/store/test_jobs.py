"""Jobs: nothing is lost when a worker dies, and nothing is made or sent twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from data.access import Right
from data.delivery.asked import Asked
from data.errors import UserError
from data.report.period import Bound
from data.report.query import ReportQuery
from data.store.jobs import WAITS, Job, JobGone, MadeFile
from data.store.records import Records
from tests.data.store.conftest import ANNA, BORIS, Clock

QUERY = ReportQuery(start=Bound(date(2026, 1, 1)), end=Bound(date(2026, 1, 31)), group_by=("date",))
FILE = MadeFile(name="report.csv", mime="text/csv", content=b"Date,Qty\r\n", totals=(("Qty", "3"),), note="To 24 Nov.")


@pytest.fixture
def job(records: Records) -> Job:
    asked = Asked(QUERY, "csv", ("a@example.com", "b@example.com", "a@example.com"))
    return records.jobs.add(ANNA, asked, "January")


def test_a_job_is_queued_made_and_downloaded_by_its_owner_alone(records: Records, job: Job) -> None:
    assert (job.state, job.attempts, job.asked.query) == ("queued", 0, QUERY)
    assert [delivery.address for delivery in job.deliveries] == ["a@example.com", "b@example.com"]
    taken = records.jobs.take(job.id, "worker 1")
    assert taken is not None and taken.state == "running"
    assert records.jobs.live(job.id, "worker 1", "Counting clients")
    assert records.jobs.get(job.id, ANNA).stage == "Counting clients"
    assert records.jobs.due() == ()
    assert records.jobs.finish(job.id, "worker 1", FILE, row_count=31)
    done = records.jobs.get(job.id, ANNA)
    assert (done.state, done.row_count, done.file_name, done.size, done.over) == ("done", 31, "report.csv", 10, True)
    assert records.jobs.file(job.id, ANNA) == FILE
    for asks in (records.jobs.file, records.jobs.get, records.jobs.withdraw, records.jobs.forget):
        with pytest.raises(JobGone):
            asks(job.id, BORIS)
    assert [item.id for item in records.jobs.of(ANNA)] == [job.id]
    assert records.jobs.of(BORIS) == ()


def test_one_worker_has_a_job(records: Records, job: Job) -> None:
    assert records.jobs.take(job.id, "worker 1") is not None
    assert records.jobs.take(job.id, "worker 2") is None
    assert not records.jobs.live(job.id, "worker 2", "Sneaking in")
    assert not records.jobs.finish(job.id, "worker 2", FILE, row_count=1)
    with pytest.raises(JobGone):
        records.jobs.file(job.id, ANNA)


def test_a_job_whose_worker_died_is_taken_up_once_more_and_the_dead_one_is_refused(
    records: Records, job: Job, clock: Clock
) -> None:
    records.jobs.take(job.id, "worker 1")
    clock.now += timedelta(seconds=29)
    assert records.jobs.reclaim() == ()
    clock.now += timedelta(seconds=2)
    assert records.jobs.reclaim() == (job.id,)
    assert records.jobs.take(job.id, "worker 2") is not None
    assert not records.jobs.finish(job.id, "worker 1", FILE, row_count=31), "it was only asleep, and is too late"
    clock.now += timedelta(seconds=31)
    assert records.jobs.reclaim() == ()
    failed = records.jobs.get(job.id, ANNA)
    assert failed.state == "failed"
    assert "ended twice in the middle" in (failed.fault or "")
    assert {delivery.state for delivery in failed.deliveries} == {"refused"}


def test_what_waits_is_put_before_workers_again_whatever_the_queue_lost(records: Records, job: Job) -> None:
    assert records.jobs.reclaim() == (job.id,)


def test_a_withdrawn_job_ends_whether_it_waits_or_runs(records: Records, job: Job) -> None:
    other = records.jobs.add(ANNA, Asked(QUERY, "csv"), "Other")
    assert records.jobs.withdraw(other.id, ANNA).state == "cancelled"
    assert records.jobs.take(other.id, "worker 1") is None
    records.jobs.take(job.id, "worker 1")
    with pytest.raises(UserError, match="still being made"):
        records.jobs.forget(job.id, ANNA)
    records.jobs.withdraw(job.id, ANNA)
    assert not records.jobs.live(job.id, "worker 1", "Counting")
    assert not records.jobs.finish(job.id, "worker 1", FILE, row_count=31), (
        "it ended just before the worker heard of it"
    )
    records.jobs.fail(job.id, "worker 1", None)
    assert records.jobs.get(job.id, ANNA).state == "cancelled"
    records.jobs.forget(job.id, ANNA)
    assert [item.title for item in records.jobs.of(ANNA)] == ["Other"]


def finished(records: Records, job: Job) -> None:
    records.jobs.take(job.id, "worker 1")
    records.jobs.finish(job.id, "worker 1", FILE, row_count=31)


def test_a_mail_is_begun_once(records: Records, job: Job) -> None:
    finished(records, job)
    first, second = records.jobs.due(job.id)
    begun = records.jobs.begin_delivery(first.id)
    assert begun is not None and (begun[0].attempts, begun[2]) == (1, FILE)
    assert records.jobs.begin_delivery(first.id) is None
    assert records.jobs.end_delivery(first.id, "sent") == "sent"
    assert [delivery.id for delivery in records.jobs.due()] == [second.id]
    assert records.jobs.begin_delivery(first.id) is None


def test_soft_failures_wait_longer_each_time_and_end(records: Records, job: Job, clock: Clock) -> None:
    finished(records, job)
    delivery = records.jobs.due(job.id)[0]
    for wait in WAITS:
        records.jobs.begin_delivery(delivery.id)
        assert records.jobs.end_delivery(delivery.id, "waiting", "451 come back later") == "waiting"
        clock.now += wait - timedelta(seconds=1)
        assert delivery.id not in {item.id for item in records.jobs.due()}
        clock.now += timedelta(seconds=1)
        assert delivery.id in {item.id for item in records.jobs.due()}
    records.jobs.begin_delivery(delivery.id)
    assert records.jobs.end_delivery(delivery.id, "waiting", "451 come back later") == "refused"
    ended = records.jobs.get(job.id, ANNA).deliveries[0]
    assert ended.said == "given up after 6 attempts: 451 come back later"


def test_a_mail_whose_end_nobody_knows_is_not_sent_again(records: Records, job: Job, clock: Clock) -> None:
    finished(records, job)
    delivery = records.jobs.due(job.id)[0]
    records.jobs.begin_delivery(delivery.id)
    assert records.jobs.settle_lost_deliveries() == 0
    clock.now += timedelta(minutes=6)
    assert records.jobs.settle_lost_deliveries() == 1
    assert delivery.id not in {item.id for item in records.jobs.due()}
    ended = records.jobs.get(job.id, ANNA).deliveries[0]
    assert (ended.state, "may have arrived" in ended.said) == ("unsure", True)


def test_old_files_go(records: Records, job: Job, clock: Clock) -> None:
    finished(records, job)
    records.outbox.put(ANNA.id, "a@example.com", "January", b"mail")
    clock.pass_days(13.9)
    assert records.jobs.clean_up() == 0
    assert len(records.outbox.of(ANNA)) == 1
    clock.pass_days(0.2)
    assert records.jobs.clean_up() == 1
    assert records.jobs.of(ANNA) == ()
    assert records.outbox.of(ANNA) == ()


def test_a_file_is_kept_from_whoever_sees_something_else_since(records: Records, job: Job) -> None:
    records.jobs.take(job.id, "worker 1")
    records.jobs.finish(job.id, "worker 1", replace(FILE, scope=ANNA.scope_key), row_count=31)
    assert records.jobs.file(job.id, ANNA).content == FILE.content
    poorer = replace(ANNA, rights=ANNA.granted - {Right.MONEY})
    for changed in (poorer, replace(ANNA, reseller_id=8), replace(ANNA, reseller_id=None)):
        with pytest.raises(UserError, match="What you may see has changed"):
            records.jobs.file(job.id, changed)
