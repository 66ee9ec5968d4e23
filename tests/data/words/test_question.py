"""The question in words: title, line, chips, facts, and the names of files."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time

import pytest

from data.report.period import Bound
from data.report.query import ReportQuery
from data.words.question import tell

PLAIN = ReportQuery(start=Bound(date(2024, 3, 1)), end=Bound(date(2024, 3, 31)))
FULL = replace(
    PLAIN,
    quick_range="last_month",
    timezone="Europe/Kyiv",
    client_types=("call_shop", "client"),
    tags=("vip",),
    owners=(2, 3),
    packages=(10,),
    group_by=("month", "package"),
    currency="USD",
    active_duration=3,
)
TIMED = replace(PLAIN, end=Bound(date(2024, 3, 31), time(8, 30)))
NAMES = {("owner", 2): "North", ("package", 10): "Gold"}


def test_the_line_tells_every_filter_and_all_of_its_values() -> None:
    assert tell(PLAIN).line == "Mar 2024, UTC, EUR, active 1 month"
    assert tell(FULL, NAMES).line == (
        "Last month, Europe/Kyiv, Client Type Call Shop or Client, Client Tags vip, Owner North or #3, Package Gold, "
        "by Month, Package Name, USD, active 3 months"
    )


def test_what_goes_with_an_answer_has_its_dates_and_its_name() -> None:
    assert tell(FULL, NAMES, name="Churn").told.startswith("Churn: Mar 2024, Europe/Kyiv, Client Type")
    assert tell(PLAIN).told == "Mar 2024, UTC, EUR, active 1 month"


def test_a_title_is_the_given_name_or_made_of_the_question() -> None:
    assert tell(PLAIN).title == "Totals, Mar 2024"
    assert tell(PLAIN, name="Churn").title == "Churn"
    assert tell(replace(FULL, client_types=()), NAMES).title == (
        "By Month, Package Name, Mar 2024, Client Tags vip, Owner North or #3, Package Gold"
    )
    assert tell(replace(PLAIN, tags=("a", "b", "c", "d"))).title == "Totals, Mar 2024, Client Tags a and 3 more"
    assert len(tell(replace(PLAIN, tags=("x" * 90, "y" * 90))).title) == 100


def test_chips_say_what_period_and_currency_leave_open() -> None:
    assert tell(FULL, NAMES).chips == (
        "Client Type Call Shop or Client",
        "Client Tags vip",
        "Owner North or #3",
        "Package Gold",
        "by Month, Package Name",
        "Europe/Kyiv",
        "active 3 months",
    )


def test_facts_say_so_when_nothing_is_filtered() -> None:
    told = dict(tell(PLAIN).facts)
    assert told["Filters"] == "none: all clients"
    assert "Filters" not in dict(tell(FULL).facts)
    assert dict(tell(FULL).facts)["Period"] == "Mar 2024 (Last month)"


@pytest.mark.parametrize(
    ("query", "name", "stem"),
    [
        (PLAIN, None, "customer-dynamics_2024-03-01_2024-03-31"),
        (
            replace(PLAIN, tags=("a/B",), group_by=("month",)),
            None,
            "customer-dynamics_by-month_a-b_2024-03-01_2024-03-31",
        ),
        (PLAIN, "Відтік: ../2024?", "відтік-2024_2024-03-01_2024-03-31"),
        (PLAIN, "???", "customer-dynamics_2024-03-01_2024-03-31"),
        (TIMED, None, "customer-dynamics_2024-03-01_2024-03-31T0830"),
    ],
)
def test_files_are_named_for_the_question(query: ReportQuery, name: str | None, stem: str) -> None:
    assert tell(query, name=name).file_stem == stem


def test_a_long_file_name_is_cut_before_its_dates() -> None:
    stem = tell(replace(PLAIN, tags=("x" * 200,))).file_stem
    assert len(stem.encode()) < 120
    assert stem.endswith("_2024-03-01_2024-03-31")


def test_months_are_those_of_the_readers_language() -> None:
    assert tell(PLAIN, language="de").line == "März 2024, UTC, EUR, active 1 month"
