"""The audit log and what slows down who tries too often."""

from __future__ import annotations

import csv
import io
from datetime import datetime

import pytest
import sqlalchemy as sa

from data.access import User
from data.errors import UserError
from data.settings import Settings
from data.store.audit import Act, Search
from data.store.records import Records, open_records
from data.store.schema import audit
from data.store.throttle import TooOften
from tests.data.store.conftest import ANNA, CLARA, ROOT, Clock


def test_entries_are_found_by_act_words_and_time_the_newest_first(records: Records, clock: Clock) -> None:
    records.audit.write(Act.SIGN_IN, ANNA, address="10.0.0.1")
    clock.pass_days(1)
    records.audit.write(Act.EXPORT, ANNA, "report.csv", address="10.0.0.1", rows=12)
    records.audit.write(Act.SIGN_IN_FAILED, None, person="ghost@example.com", address="10.0.0.9")

    def found(**search: object) -> list[str]:
        return [entry.act for entry in records.audit.read(ROOT, Search(**search))]

    assert found() == ["sign-in failed", "export", "signed in"]
    assert found(act="export") == ["export"]
    assert found(words="REPORT 10.0.0.1") == ["export"]
    assert found(words="%") == []
    assert found(since=datetime(2026, 3, 2)) == ["sign-in failed", "export"]
    assert found(until=datetime(2026, 3, 2)) == ["signed in"]
    [entry] = records.audit.read(ROOT, Search(act="export"))
    assert (entry.person, entry.role, entry.reseller_id, entry.detail) == ("Anna", "Manager", 7, {"rows": 12})


def test_a_company_sees_its_own_entries(records: Records) -> None:
    for user in (ANNA, CLARA, ROOT):
        records.audit.write(Act.SIGN_IN, user)
    records.audit.write(Act.SIGN_IN_FAILED, None, person="ghost@example.com")
    assert [entry.person for entry in records.audit.read(ANNA, Search())] == ["Anna"]
    assert len(records.audit.read(ROOT, Search())) == 4
    with pytest.raises(UserError, match="manage users"):
        records.audit.read(User("v", "V", "Viewer"), Search())


def test_pages_follow_each_other_without_a_gap(records: Records) -> None:
    for number in range(7):
        records.audit.write(Act.EXPORT, ROOT, f"file {number}")
    first = records.audit.read(ROOT, Search(), limit=4)
    rest = records.audit.read(ROOT, Search(), before=first[-1].id, limit=4)
    assert [entry.subject for entry in (*first, *rest)] == [f"file {number}" for number in range(6, -1, -1)]


def test_the_database_refuses_to_change_what_was_written_down(records: Records) -> None:
    records.audit.write(Act.SIGN_IN, ANNA)
    with pytest.raises(sa.exc.DatabaseError), records.database.writing() as connection:
        connection.execute(audit.update().values(person="Somebody else"))
    assert [entry.person for entry in records.audit.read(ROOT, Search())] == ["Anna"]


def test_the_database_refuses_to_delete_what_is_fresh(settings: Settings) -> None:
    now = open_records(settings)
    now.audit.write(Act.SIGN_IN, ANNA)
    with pytest.raises(sa.exc.DatabaseError), now.database.writing() as connection:
        connection.execute(audit.delete())
    assert len(now.audit.read(ROOT, Search())) == 1
    now.database.close()


def test_old_entries_go_after_the_set_time(records: Records, clock: Clock) -> None:
    records.audit.write(Act.SIGN_IN, ANNA)
    clock.pass_days(399)
    records.audit.write(Act.SIGN_OUT, ANNA)
    assert len(records.audit.read(ROOT, Search())) == 2
    clock.pass_days(2)
    records.audit.write(Act.SIGN_IN, ANNA)
    assert [entry.act for entry in records.audit.read(ROOT, Search())] == ["signed in", "signed out"]
    with pytest.raises(UserError, match="AUDIT_KEEP_DAYS must be 31 or more"):
        open_records(Settings(database_url="sqlite:///x.sqlite", audit_keep_days=30))


def test_the_export_is_csv_that_a_spreadsheet_opens_safely(records: Records) -> None:
    records.audit.write(Act.EXPORT, ANNA, "=cmd|' /C calc'!A0", rows=3)
    lines = list(csv.reader(io.StringIO("".join(records.audit.as_csv(ROOT, Search())))))
    assert lines[0][:3] == ["at (UTC)", "act", "person"]
    assert lines[1][1:] == ["export", "Anna", "Manager", "7", "", "'=cmd|' /C calc'!A0", '{"rows": 3}']


def test_who_tries_too_often_waits_and_nobody_else(records: Records) -> None:
    for _ in range(3):
        records.throttle.check("3 per 15 minutes", "sign-in", "anna", "net 1", what="Too many attempts")
        records.throttle.count("3 per 15 minutes", "sign-in", "anna", "net 1")
    with pytest.raises(TooOften, match="Too many attempts: wait 15 minutes, then try again") as found:
        records.throttle.check("3 per 15 minutes", "sign-in", "anna", "net 1", what="Too many attempts")
    assert 890 <= found.value.seconds <= 900
    records.throttle.check("3 per 15 minutes", "sign-in", "anna", "net 2", what="Too many attempts")
    records.throttle.forgive("3 per 15 minutes", "sign-in", "anna", "net 1")
    records.throttle.check("3 per 15 minutes", "sign-in", "anna", "net 1", what="Too many attempts")


def test_attempts_are_counted_over_processes(settings: Settings, records: Records) -> None:
    other = open_records(settings)
    records.throttle.take("2 per hour", "reset", "anna", what="Too many")
    other.throttle.take("2 per hour", "reset", "anna", what="Too many")
    with pytest.raises(TooOften):
        records.throttle.take("2 per hour", "reset", "anna", what="Too many")
    other.database.close()
