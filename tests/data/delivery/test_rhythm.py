"""When schedules run: both changes of the clocks, ends of months, leap days, and cron."""

from __future__ import annotations

from datetime import datetime

import pytest

from data.delivery.rhythm import Rhythm
from data.errors import UserError


def times(rhythm: Rhythm, after: datetime, count: int) -> list[str]:
    return [f"{moment:%m-%d %H:%M}" for moment in rhythm.check().following(after, count)]


def test_daily_keeps_its_local_time_over_both_changes_of_the_clocks() -> None:
    rhythm = Rhythm(every="daily", zone="Europe/Kyiv", at="08:00")
    assert times(rhythm, datetime(2026, 3, 27, 12), 3) == ["03-28 06:00", "03-29 05:00", "03-30 05:00"]
    assert times(rhythm, datetime(2026, 10, 23, 12), 3) == ["10-24 05:00", "10-25 06:00", "10-26 06:00"]


def test_a_time_that_the_clocks_skip_is_not_lost_and_one_that_comes_twice_runs_once() -> None:
    skipped = Rhythm(every="daily", zone="Europe/Berlin", at="02:30")
    # On 29 March there is no 02:30: it is 03:30 summer time, 01:30 UTC.
    assert times(skipped, datetime(2026, 3, 27, 12), 3) == ["03-28 01:30", "03-29 01:30", "03-30 00:30"]
    # On 25 October 02:30 comes at 00:30 and at 01:30 UTC: the first counts.
    assert times(skipped, datetime(2026, 10, 23, 12), 3) == ["10-24 00:30", "10-25 00:30", "10-26 01:30"]
    assert times(skipped, datetime(2026, 10, 25, 0, 30), 1) == ["10-26 01:30"]


def test_monthly_on_the_31st_runs_on_the_last_day_of_shorter_months() -> None:
    rhythm = Rhythm(every="monthly", zone="UTC", at="06:00", day=31)
    found = ["01-31 06:00", "02-28 06:00", "03-31 06:00", "04-30 06:00"]
    assert times(rhythm, datetime(2026, 1, 1), 4) == found
    assert times(rhythm, datetime(2028, 2, 1), 1) == ["02-29 06:00"], "a leap day"


def test_a_cron_of_the_leap_day_waits_for_it() -> None:
    rhythm = Rhythm(every="cron", zone="UTC", cron="0 6 29 2 *")
    assert rhythm.check().following(datetime(2026, 3, 1), 2) == (datetime(2028, 2, 29, 6), datetime(2032, 2, 29, 6))


def test_weekly_and_cron() -> None:
    assert times(Rhythm(every="weekly", zone="UTC", at="09:00", day=0), datetime(2026, 3, 2, 9), 2) == [
        "03-09 09:00",
        "03-16 09:00",
    ]
    work = Rhythm(every="cron", zone="America/New_York", cron="30 17 * * 1-5")
    assert times(work, datetime(2026, 3, 5, 23), 3) == ["03-06 22:30", "03-09 21:30", "03-10 21:30"]


def test_hourly_cron_runs_each_hour_once_where_the_clocks_skip_one() -> None:
    hourly = Rhythm(every="cron", zone="Europe/Berlin", cron="0 * * * *")
    assert times(hourly, datetime(2026, 3, 28, 23, 30), 3) == ["03-29 00:00", "03-29 01:00", "03-29 02:00"]


@pytest.mark.parametrize(
    ("rhythm", "field"),
    [
        (Rhythm(every="daily", zone="Europe/Kiew"), "zone"),
        (Rhythm(every="daily", zone="UTC", at="8"), "at"),
        (Rhythm(every="daily", zone="UTC", at="25:00"), "at"),
        (Rhythm(every="weekly", zone="UTC", day=7), "day"),
        (Rhythm(every="monthly", zone="UTC", day=0), "day"),
        (Rhythm(every="monthly", zone="UTC", day=32), "day"),
        (Rhythm(every="yearly", zone="UTC"), "every"),  # type: ignore[arg-type]
        (Rhythm(every="cron", zone="UTC", cron="* * * * *"), "cron"),
        (Rhythm(every="cron", zone="UTC", cron="0 0 30 2 *"), "cron"),
        (Rhythm(every="cron", zone="UTC", cron="0 8 * *"), "cron"),
        (Rhythm(every="cron", zone="UTC", cron="0 8 * * * *"), "cron"),
        (Rhythm(every="cron", zone="UTC", cron="a b c d e"), "cron"),
        (Rhythm(every="cron", zone="UTC", cron=""), "cron"),
    ],
)
def test_what_cannot_be_meant_names_its_field(rhythm: Rhythm, field: str) -> None:
    with pytest.raises(UserError) as fault:
        rhythm.check()
    assert fault.value.field == field
