"""Time (semantics, section 2): bounds, every kind of clock change, local dates, buckets, quick ranges."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import UserError
from data.report.period import (
    DATES,
    MONTHS,
    QUICK_RANGES,
    YEARS,
    Bound,
    Unit,
    buckets,
    check_zone,
    first_instant,
    instant_of,
    local_date,
    months_before,
    parse_instant,
    quick_range_dates,
    resolve,
    today_in,
    zone_names,
)
from tests import oracle

DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
ZONES = (
    "Africa/Cairo",
    "America/Havana",
    "America/Sao_Paulo",
    "America/Scoresbysund",
    "America/St_Johns",
    "Antarctica/Troll",
    "Asia/Gaza",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    "Europe/Dublin",
    "Europe/Kyiv",
    "Pacific/Apia",
    "Pacific/Kwajalein",
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def changes(zone: str) -> list[datetime]:
    """The instants from 1985 to 2030 at which the zone's clocks are put, found by looking at the clock."""

    def offset(moment: datetime) -> timedelta:
        return oracle.wall(moment, zone) - moment

    found, step = [], timedelta(hours=12)
    moment = at("1985-01-01")
    while moment < at("2030-01-01"):
        if offset(moment) != offset(moment + step):
            low, high = moment, moment + step
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
                low, high = (middle, high) if offset(middle) == offset(low) else (low, middle)
            found.append(high)
        moment += step
    return found


# --- bounds -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-03-31", Bound(date(2024, 3, 31))),
        ("2024-03-31T03:30", Bound(date(2024, 3, 31), time(3, 30))),
        ("2024-03-31 03:30", Bound(date(2024, 3, 31), time(3, 30))),
        ("2024-03-31T03:30:15", Bound(date(2024, 3, 31), time(3, 30, 15))),
        ("2024-02-29T00:00", Bound(date(2024, 2, 29), time(0, 0))),
    ],
)
def test_bound_is_a_date_or_a_local_time(text: str, expected: Bound) -> None:
    assert Bound.parse(text, field="from") == expected
    assert Bound.parse(str(expected), field="from") == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2024-02-30",
        "2023-02-29",
        "2024-3-1",
        "20240301",
        "2024-W09-5",
        "2024-03-01T24:00",
        "2024-03-01T3:30",
        "2024-03-01T03",
        "2024-03-01T03:30:15.5",
        "2024-03-01T03:30Z",
        "2024-03-01T03:30+02:00",
        "2024-03-01Z",
        "2024-03-01t03:30",
        "2024-03-01  03:30",
        "٢٠٢٤-03-01",
        "today",
        "0001-01-01",
        "9999-12-31",
    ],
)
def test_anything_else_is_a_bad_bound_and_names_its_field(text: str) -> None:
    with pytest.raises(UserError) as caught:
        Bound.parse(text, field="to")
    assert caught.value.field == "to"
    assert repr(text) in caught.value.message


def test_from_date_is_its_first_instant_and_to_date_is_inclusive() -> None:
    span = resolve(Bound(date(2024, 3, 1)), Bound(date(2024, 3, 31)), "Europe/Kyiv")
    assert span.start == at("2024-02-29T22:00")  # UTC+2
    assert span.end == at("2024-03-31T21:00")  # UTC+3 from that very day on


def test_to_with_a_time_of_day_is_exclusive() -> None:
    span = resolve(Bound(date(2024, 3, 1)), Bound(date(2024, 3, 1), time(12)), "UTC")
    assert (span.start, span.end) == (at("2024-03-01"), at("2024-03-01T12:00"))


def test_a_to_at_midnight_leaves_its_date_out_and_a_to_date_does_not() -> None:
    start = Bound(date(2024, 3, 1))
    assert resolve(start, Bound(date(2024, 3, 5), time(0)), "UTC").end == at("2024-03-05")
    assert resolve(start, Bound(date(2024, 3, 5)), "UTC").end == at("2024-03-06")


@pytest.mark.parametrize(
    ("start", "end", "zone"),
    [
        ("2024-03-02", "2024-03-01", "UTC"),
        ("2024-03-01T12:00", "2024-03-01T12:00", "UTC"),
        ("2024-03-01T00:00", "2024-03-01T00:00", "UTC"),
        ("2024-03-31T03:10", "2024-03-31T03:50", "Europe/Kyiv"),  # Both mean 04:00, the first instant after the gap.
        ("2011-12-30", "2011-12-30", "Pacific/Apia"),  # The date was skipped.
    ],
)
def test_a_period_that_is_empty_once_resolved_is_a_bad_argument(start: str, end: str, zone: str) -> None:
    with pytest.raises(UserError) as caught:
        resolve(Bound.parse(start, field="from"), Bound.parse(end, field="to"), zone)
    assert caught.value.field == "from"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-07-15T10:20:30Z", "2024-07-15T10:20:30"),
        ("2024-07-15 10:20:30", "2024-07-15T10:20:30"),
        ("2024-07-15T10:20:30.000001+05:45", "2024-07-15T04:35:30.000001"),
        ("2024-07-15T00:30+02:00", "2024-07-14T22:30"),
    ],
)
def test_an_instant_without_an_offset_is_utc(text: str, expected: str) -> None:
    assert parse_instant(text, field="as-of") == at(expected)


@pytest.mark.parametrize("text", ["2024-07-15", "now", "", "2024-07-15T25:00Z", "1721038830"])
def test_anything_else_is_a_bad_instant(text: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_instant(text, field="as-of")
    assert caught.value.field == "as-of"


def test_a_zone_is_an_iana_name_and_a_near_miss_is_named() -> None:
    assert check_zone("Europe/Kyiv") == "Europe/Kyiv"
    assert {"UTC", "Asia/Kolkata", "America/Argentina/Buenos_Aires"} <= set(zone_names())
    with pytest.raises(UserError, match="Did you mean Europe/Kyiv") as caught:
        check_zone("Europe/Kyyv")
    assert caught.value.field == "timezone"
    for name in ("", "utc", "UTC+2", "../UTC", "localtime", "/etc/passwd"):
        with pytest.raises(UserError):
            check_zone(name)


# --- clocks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("local", "zone", "expected"),
    [
        # Kyiv, 31 March 2024: 03:00 becomes 04:00 at 01:00 UTC.
        ("2024-03-31T02:59:59", "Europe/Kyiv", "2024-03-31T00:59:59"),
        ("2024-03-31T03:00", "Europe/Kyiv", "2024-03-31T01:00"),
        ("2024-03-31T03:30", "Europe/Kyiv", "2024-03-31T01:00"),
        ("2024-03-31T03:59:59", "Europe/Kyiv", "2024-03-31T01:00"),
        ("2024-03-31T04:00", "Europe/Kyiv", "2024-03-31T01:00"),
        # Kyiv, 27 October 2024: 04:00 becomes 03:00 at 01:00 UTC; 03:30 exists twice.
        ("2024-10-27T03:30", "Europe/Kyiv", "2024-10-27T00:30"),
        ("2024-10-27T04:00", "Europe/Kyiv", "2024-10-27T02:00"),
        # Lord Howe puts its clocks by half an hour.
        ("2024-10-06T02:15", "Australia/Lord_Howe", "2024-10-05T15:30"),
        ("2024-04-07T01:45", "Australia/Lord_Howe", "2024-04-06T14:45"),
        ("2024-01-01T00:00", "Asia/Kathmandu", "2023-12-31T18:15"),
    ],
)
def test_a_time_that_is_not_means_after_the_gap_and_one_that_is_twice_the_first(
    local: str, zone: str, expected: str
) -> None:
    assert instant_of(at(local), zone) == at(expected)


@pytest.mark.parametrize(
    ("day", "zone", "expected"),
    [
        ("2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00"),  # The date begins at 01:00.
        ("2024-04-26", "Africa/Cairo", "2024-04-25T22:00"),  # So does this one.
        ("2024-03-10", "America/Havana", "2024-03-10T05:00"),
        ("2024-11-03", "America/Havana", "2024-11-03T04:00"),  # Midnight exists twice: the first.
        ("2009-11-01", "America/St_Johns", "2009-11-01T02:30"),  # A minute before the clocks go back to 23:01.
        ("2011-12-29", "Pacific/Apia", "2011-12-29T10:00"),
        ("2011-12-30", "Pacific/Apia", "2011-12-30T10:00"),  # Skipped: it has the first instant of the next one.
        ("2011-12-31", "Pacific/Apia", "2011-12-30T10:00"),
    ],
)
def test_first_instant_of_dates_whose_midnight_is_odd(day: str, zone: str, expected: str) -> None:
    assert first_instant(date.fromisoformat(day), zone) == at(expected)


def test_clocks_put_back_over_midnight_do_not_bring_the_old_date_back() -> None:
    # St John's, 1 November 2009: at 00:01 (02:31 UTC) clocks went back to 23:01 of 31 October.
    zone = "America/St_Johns"
    assert local_date(at("2009-11-01T02:29:59.999999"), zone) == date(2009, 10, 31)
    assert local_date(at("2009-11-01T02:30"), zone) == date(2009, 11, 1)
    assert oracle.wall(at("2009-11-01T03:00"), zone) == at("2009-10-31T23:30")
    assert local_date(at("2009-11-01T03:00"), zone) == date(2009, 11, 1)


def test_no_instant_is_on_a_skipped_date() -> None:
    assert local_date(at("2011-12-30T09:59:59.999999"), "Pacific/Apia") == date(2011, 12, 29)
    assert local_date(at("2011-12-30T10:00"), "Pacific/Apia") == date(2011, 12, 31)


def test_today_is_the_local_date_of_now() -> None:
    now = at("2024-03-31T22:30")
    assert today_in("UTC", now) == date(2024, 3, 31)
    assert today_in("Europe/Kyiv", now) == date(2024, 4, 1)
    assert today_in("America/New_York", now) == date(2024, 3, 31)


@pytest.mark.parametrize("zone", ZONES)
def test_instants_about_every_clock_change_agree_with_watching_the_clock(zone: str) -> None:
    found = changes(zone)
    assert len(found) >= (1 if zone in ("Asia/Kathmandu", "Pacific/Kwajalein") else 4)
    for change in found:
        before, after = oracle.wall(change - timedelta(seconds=1), zone), oracle.wall(change, zone)
        edge = before + timedelta(seconds=1)
        # What the clock shows where the gap or the doubled time begins and ends, in its middle, and just beside it.
        middle = min(edge, after) + (max(edge, after) - min(edge, after)) / 2
        second = timedelta(seconds=1)
        for local in {edge, after, middle, edge - second, after - second, edge + second, after + second}:
            whole = local.replace(microsecond=0)
            assert instant_of(whole, zone) == oracle.when_wall_shows(whole, zone), (zone, whole)
        for day in {before.date(), after.date(), after.date() + DAY}:
            assert first_instant(day, zone) == oracle.first_instant(day, zone), (zone, day)
        for moment in (change - TICK, change, change + TICK, change + timedelta(minutes=59)):
            assert local_date(moment, zone) == oracle.local_date(moment, zone), (zone, moment)


@given(
    st.sampled_from(ZONES),
    st.datetimes(at("1990-01-01"), at("2035-01-01")),
)
@settings(max_examples=300, deadline=None)
def test_every_instant_is_on_exactly_one_date(zone: str, moment: datetime) -> None:
    day = local_date(moment, zone)
    assert first_instant(day, zone) <= moment < first_instant(day + DAY, zone)
    assert first_instant(day, zone) < first_instant(day + DAY, zone)


@given(st.sampled_from(ZONES), st.datetimes(at("1990-01-01"), at("2035-01-01")))
@settings(max_examples=300, deadline=None)
def test_a_later_local_time_is_never_an_earlier_instant(zone: str, local: datetime) -> None:
    local = local.replace(microsecond=0)
    found = instant_of(local, zone)
    assert found <= instant_of(local + timedelta(minutes=17), zone)
    # Either the clock shows just that, or it jumped over it at that very instant.
    shown = found.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    assert shown == local or oracle.wall(found - timedelta(seconds=1), zone) < local < shown


# --- months -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        ("2024-05-31", 3, "2024-02-29"),
        ("2023-05-31", 3, "2023-02-28"),
        ("2024-03-31", 1, "2024-02-29"),
        ("2024-07-31", 1, "2024-06-30"),
        ("2024-01-15", 1, "2023-12-15"),
        ("2024-02-29", 12, "2023-02-28"),
        ("2024-02-29", 48, "2020-02-29"),
        ("2024-06-01", 120, "2014-06-01"),
        ("2024-11-30", -3, "2025-02-28"),
        ("2024-12-31", 0, "2024-12-31"),
    ],
)
def test_months_back_clamp_the_day_of_the_month(day: str, months: int, expected: str) -> None:
    assert months_before(date.fromisoformat(day), months) == date.fromisoformat(expected)


# --- buckets ----------------------------------------------------------------------------------------------------------

AGES_AGO = at("1990-01-01")
FAR_AHEAD = at("2100-01-01")


def cut(start: str, end: str, zone: str, unit: Unit | None, **rest: datetime) -> list[tuple[str, datetime, datetime]]:
    """First local date, start and T of each bucket."""
    span = resolve(Bound.parse(start, field="from"), Bound.parse(end, field="to"), zone)
    chosen = {"as_of": FAR_AHEAD, "first_data": AGES_AGO} | rest
    found = buckets(span, zone, unit, active_duration=1, **chosen)
    return [(bucket.first.isoformat(), bucket.start, bucket.at) for bucket in found]


def test_buckets_are_local_months_clipped_to_the_period() -> None:
    assert cut("2024-02-15", "2024-04-10T06:00", "UTC", MONTHS) == [
        ("2024-02-15", at("2024-02-15"), at("2024-03-01")),
        ("2024-03-01", at("2024-03-01"), at("2024-04-01")),
        ("2024-04-01", at("2024-04-01"), at("2024-04-10T06:00")),
    ]


def test_buckets_are_local_years() -> None:
    assert cut("2023-12-31", "2024-01-01", "Asia/Kolkata", YEARS) == [
        ("2023-12-31", at("2023-12-30T18:30"), at("2023-12-31T18:30")),
        ("2024-01-01", at("2023-12-31T18:30"), at("2024-01-01T18:30")),
    ]


def test_the_day_of_a_clock_change_is_shorter_or_longer() -> None:
    [(_, start, end)] = cut("2024-03-31", "2024-03-31", "Europe/Kyiv", DATES)
    assert end - start == timedelta(hours=23)
    [(_, start, end)] = cut("2024-10-27", "2024-10-27", "Europe/Kyiv", DATES)
    assert end - start == timedelta(hours=25)
    [(_, start, end)] = cut("2024-04-07", "2024-04-07", "Australia/Lord_Howe", DATES)
    assert end - start == timedelta(hours=24, minutes=30)


def test_a_skipped_date_is_no_bucket() -> None:
    found = cut("2011-12-28", "2012-01-01", "Pacific/Apia", DATES)
    assert [label for label, _, _ in found] == ["2011-12-28", "2011-12-29", "2011-12-31", "2012-01-01"]


def test_without_time_in_the_grouping_the_whole_period_is_one_bucket() -> None:
    assert cut("2024-02-15", "2024-04-10", "UTC", None) == [("2024-02-15", at("2024-02-15"), at("2024-04-11"))]


def test_t_is_the_least_of_bucket_end_period_end_and_as_of() -> None:
    assert cut("2024-02-15", "2024-04-10", "UTC", MONTHS, as_of=at("2024-03-05T10:00")) == [
        ("2024-02-15", at("2024-02-15"), at("2024-03-01")),
        ("2024-03-01", at("2024-03-01"), at("2024-03-05T10:00")),
    ]


def test_a_bucket_that_starts_at_as_of_is_not_shown() -> None:
    assert len(cut("2024-02-01", "2024-04-30", "UTC", MONTHS, as_of=at("2024-03-01"))) == 1
    assert len(cut("2024-02-01", "2024-04-30", "UTC", MONTHS, as_of=at("2024-03-01") + TICK)) == 2
    assert cut("2024-02-01", "2024-04-30", "UTC", None, as_of=at("2024-02-01")) == []


def test_a_bucket_whose_t_is_not_after_the_first_data_is_not_shown() -> None:
    assert len(cut("2024-02-01", "2024-03-31", "UTC", MONTHS, first_data=at("2024-03-01"))) == 1
    assert len(cut("2024-02-01", "2024-03-31", "UTC", MONTHS, first_data=at("2024-03-01") - TICK)) == 2
    assert cut("2024-02-01", "2024-03-31", "UTC", None, first_data=at("2024-04-01")) == []


def test_active_duration_counts_whole_local_days_back_from_the_day_that_ends_the_bucket() -> None:
    span = resolve(Bound(date(2024, 5, 1)), Bound(date(2024, 5, 30)), "Europe/Kyiv")
    [bucket] = buckets(span, "Europe/Kyiv", None, as_of=FAR_AHEAD, first_data=AGES_AGO, active_duration=3)
    assert bucket.closing == date(2024, 5, 30)
    assert bucket.active_from == at("2024-02-28T22:00")  # 31 May - 3 months = 29 February, UTC+2
    [bucket] = buckets(span, "Europe/Kyiv", None, as_of=at("2024-05-20T21:00"), first_data=AGES_AGO, active_duration=1)
    assert bucket.closing == date(
        2024, 5, 20
    )  # T is the first instant of 21 May: the last instant before is on the 20th.
    assert bucket.active_from == at("2024-04-20T21:00")


def test_a_hundred_years_by_date_begin_at_the_first_data() -> None:
    found = cut("1924-01-01", "2024-03-31", "America/Havana", DATES, first_data=at("2024-03-30T12:00"))
    assert [label for label, _, _ in found] == ["2024-03-30", "2024-03-31"]


def partial(start: str, end: str, zone: str, unit: Unit | None, as_of: datetime = FAR_AHEAD) -> list[str | None]:
    """What each bucket covers if it is not whole: "first..last"."""
    span = resolve(Bound.parse(start, field="from"), Bound.parse(end, field="to"), zone)
    found = buckets(span, zone, unit, active_duration=1, as_of=as_of, first_data=AGES_AGO)
    return [None if bucket.partial is None else "..".join(map(str, bucket.partial)) for bucket in found]


def test_buckets_that_the_period_clips_are_partial() -> None:
    assert partial("2024-02-15", "2024-04-10", "UTC", MONTHS) == [
        "2024-02-15..2024-02-29",
        None,
        "2024-04-01..2024-04-10",
    ]
    assert partial("2024-02-10", "2024-02-20", "UTC", YEARS) == ["2024-02-10..2024-02-20"]
    assert partial("2024-01-01", "2024-12-31", "Europe/Kyiv", YEARS) == [None]


def test_a_bound_with_a_time_of_day_makes_the_date_partial_unless_it_is_the_edge_of_the_date() -> None:
    assert partial("2024-02-01T08:00", "2024-02-03T12:00", "Asia/Kolkata", DATES) == [
        "2024-02-01..2024-02-01",
        None,
        "2024-02-03..2024-02-03",
    ]
    assert partial("2024-02-01T00:00", "2024-02-03T00:00", "Asia/Kolkata", DATES) == [None, None]
    # Midnight does not exist there: the date begins at 01:00, and half past midnight means the same instant.
    assert partial("2024-04-26T00:30", "2024-04-26", "Africa/Cairo", DATES) == [None]


def test_a_bucket_that_still_runs_is_partial_up_to_the_moment_of_the_report() -> None:
    assert partial("2024-02-01", "2024-03-31", "UTC", MONTHS, at("2024-03-05T10:00")) == [
        None,
        "2024-03-01..2024-03-05",
    ]
    # At the first instant of 6 March nothing of it is seen.
    assert partial("2024-03-01", "2024-03-31", "UTC", MONTHS, at("2024-03-06")) == ["2024-03-01..2024-03-05"]
    assert partial("2024-03-01", "2024-03-31", "UTC", MONTHS, at("2024-04-01")) == [None]


def test_a_whole_period_is_partial_only_while_it_runs() -> None:
    assert partial("2024-02-10", "2024-03-20", "UTC", None) == [None]
    assert partial("2024-02-10T08:00", "2024-03-20", "UTC", None, at("2024-03-05")) == ["2024-02-10..2024-03-04"]


def test_a_skipped_date_does_not_make_its_month_partial() -> None:
    """Samoa had no 30 December 2011: what ends with the 29th holds all of it but the 31st."""
    assert partial("2011-12-01", "2011-12-31", "Pacific/Apia", MONTHS) == [None]
    assert partial("2011-12-01", "2011-12-29", "Pacific/Apia", MONTHS) == ["2011-12-01..2011-12-29"]


def test_data_ends_with_the_local_date_of_the_last_transaction() -> None:
    span = resolve(Bound(date(2024, 2, 1)), Bound(date(2024, 4, 30)), "Europe/Kyiv")
    found = buckets(span, "Europe/Kyiv", MONTHS, active_duration=1, as_of=FAR_AHEAD, first_data=AGES_AGO)

    def until(last: datetime | None) -> list[str | None]:
        days = [bucket.data_until(last, "Europe/Kyiv") for bucket in found]
        return [None if day is None else str(day) for day in days]

    assert until(at("2024-03-10T23:00")) == [None, "2024-03-11", "2024-03-11"]
    # The last instant of February, and the first of March, in Kyiv.
    assert until(at("2024-02-29T22:00") - TICK) == ["2024-02-29", "2024-02-29", "2024-02-29"]
    assert until(at("2024-02-29T22:00")) == [None, "2024-03-01", "2024-03-01"]
    assert until(at("2024-04-30T21:00")) == [None, None, None]
    assert until(None) == [None, None, None]


# --- quick ranges -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("today", "2024-02-29", "2024-02-29"),  # a Thursday
        ("yesterday", "2024-02-28", "2024-02-28"),
        ("this_week", "2024-02-26", "2024-03-03"),
        ("last_7_days", "2024-02-23", "2024-02-29"),
        ("this_month", "2024-02-01", "2024-02-29"),
        ("last_month", "2024-01-01", "2024-01-31"),
        ("this_quarter", "2024-01-01", "2024-03-31"),
        ("last_quarter", "2023-10-01", "2023-12-31"),
        ("this_year", "2024-01-01", "2024-12-31"),
        ("last_year", "2023-01-01", "2023-12-31"),
        ("last_12_months", "2023-03-01", "2024-02-29"),
    ],
)
def test_quick_ranges_as_seen_on_leap_day(name: str, first: str, last: str) -> None:
    found = quick_range_dates(name, date(2024, 2, 29))
    assert found == (date.fromisoformat(first), date.fromisoformat(last))


@given(st.dates(date(1990, 1, 1), date(2100, 12, 31)), st.sampled_from(sorted(QUICK_RANGES)))
def test_every_quick_range_is_in_order_on_every_day(today: date, name: str) -> None:
    first, last = quick_range_dates(name, today)
    assert first <= last
    if name.startswith("this") or name in ("today", "last_7_days", "last_12_months"):
        assert first <= today <= last
    elif not name.startswith("last_7"):
        assert last < today


def test_an_unknown_quick_range_is_a_bad_argument() -> None:
    with pytest.raises(UserError, match="last_month"):
        quick_range_dates("lst_month", date(2024, 1, 1))
