"""The question: how it is normalised, checked, put in words, moved with the day and written as JSON."""

from __future__ import annotations

import json
from datetime import date, datetime, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import UserError
from data.report.dimensions import DIMENSION
from data.report.period import QUICK_RANGES, Bound
from data.report.query import ReportQuery
from data.warehouse.schema import CLIENT_TYPES


def question(**asked: Any) -> ReportQuery:
    period: dict[str, Any] = {"start": Bound(date(2024, 3, 1)), "end": Bound(date(2024, 3, 31))}
    return ReportQuery(**period | asked)


def test_defaults_are_those_of_the_command_line() -> None:
    asked = question()
    assert (asked.timezone, asked.currency, asked.active_duration) == ("UTC", "EUR", 1)
    assert asked.group_by == asked.client_types == asked.tags == asked.owners == asked.packages == ()


def test_filters_are_sets_and_grouping_keeps_its_order() -> None:
    asked = question(tags=("b", "a", "b"), owners=(3, 1, 3), group_by=("package", "month", "package"))
    assert asked.tags == ("a", "b")
    assert asked.owners == (1, 3)
    assert asked.group_by == ("package", "month")
    assert asked == question(tags=("a", "b"), owners=(1, 3), group_by=("package", "month"))
    assert asked != question(tags=("a", "b"), owners=(1, 3), group_by=("month", "package"))


@pytest.mark.parametrize(
    ("group_by", "unit", "by_package"),
    [
        ((), None, False),
        (("package",), None, True),
        (("year",), "year", False),
        (("month", "year"), "month", False),
        (("date", "package", "year"), "date", True),
    ],
)
def test_the_finest_time_sets_the_unit(group_by: tuple[str, ...], unit: str | None, by_package: bool) -> None:
    asked = question(group_by=group_by)
    assert (asked.time_unit, asked.by_package) == (unit, by_package)


@pytest.mark.parametrize(
    ("asked", "field", "says"),
    [
        ({"timezone": "Europe/Kyjiv"}, "timezone", "Did you mean Europe/Kyiv?"),
        ({"currency": "uah"}, "currency", "Did you mean UAH?"),
        ({"client_types": ("clients",)}, "client-type", "Did you mean client?"),
        ({"client_types": ("person",)}, "client-type", "Choose from client, reseller, calling_card, call_shop."),
        ({"group_by": ("months",)}, "group-by", "Did you mean month?"),
        ({"quick_range": "last_mont"}, "period", "Did you mean last_month?"),
        ({"active_duration": 0}, "active-duration", "choose 1 to 120 months"),
        ({"active_duration": 121}, "active-duration", "choose 1 to 120 months"),
        ({"end": Bound(date(2024, 2, 29))}, "from", "from 2024-03-01 is not before to 2024-02-29"),
        ({"end": Bound(date(2024, 3, 1), time(0))}, "from", "empty"),
    ],
)
def test_a_bad_question_is_refused_with_its_field_and_the_remedy(asked: dict[str, Any], field: str, says: str) -> None:
    with pytest.raises(UserError) as caught:
        question(**asked).check()
    assert caught.value.field == field
    assert says in caught.value.message


def test_a_good_question_checks_to_itself() -> None:
    asked = question(timezone="Asia/Kathmandu", currency="DEM", active_duration=120, group_by=tuple(DIMENSION))
    assert asked.check() is asked


def test_a_quick_range_moves_with_the_day_and_the_zone() -> None:
    asked = question(quick_range="yesterday", timezone="Europe/Kyiv")
    late_in_march = datetime(2024, 3, 31, 21, 30)  # 1 April in Kyiv
    moved = asked.on_day(late_in_march)
    assert (moved.start, moved.end) == (Bound(date(2024, 3, 31)), Bound(date(2024, 3, 31)))
    assert moved.quick_range == "yesterday"
    assert question().on_day(late_in_march) == question()


bounds = st.builds(
    Bound,
    st.dates(date(1900, 1, 1), date(2199, 12, 31)),
    st.none() | st.times().map(lambda t: t.replace(microsecond=0)),
)
questions = st.builds(
    ReportQuery,
    start=bounds,
    end=bounds,
    timezone=st.sampled_from(("UTC", "Europe/Kyiv")),
    quick_range=st.none() | st.sampled_from(sorted(QUICK_RANGES)),
    client_types=st.lists(st.sampled_from(sorted(CLIENT_TYPES))).map(tuple),
    tags=st.lists(st.text(max_size=8), max_size=4).map(tuple),
    owners=st.lists(st.integers(-(2**63), 2**63 - 1), max_size=4).map(tuple),
    packages=st.lists(st.integers(0, 50), max_size=4).map(tuple),
    group_by=st.lists(st.sampled_from(sorted(DIMENSION))).map(tuple),
    currency=st.sampled_from(("EUR", "JPY")),
    active_duration=st.integers(1, 120),
)


@given(questions)
def test_json_reads_back_to_an_equal_question(asked: ReportQuery) -> None:
    assert ReportQuery.from_json(json.loads(json.dumps(asked.to_json()))) == asked


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("from", "yesterday"),
        ("to", None),
        ("owners", ["one"]),
        ("packages", 7),
        ("active_duration", "many"),
        ("currency", ...),
        ("timezone", ...),
    ],
)
def test_a_saved_question_that_cannot_be_read_is_a_user_error(key: str, value: Any) -> None:
    saved = question().to_json()
    if value is ...:
        del saved[key]
    else:
        saved[key] = value
    with pytest.raises(UserError):
        ReportQuery.from_json(saved)
