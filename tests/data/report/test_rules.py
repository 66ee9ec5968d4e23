"""Every rule of the semantics, sections 2 to 6, on data that a person can add up by hand.

Each question goes to DuckDB, to PostgreSQL and to the oracle; all three must agree (see the fixture ``ask``), and the
figures that the test is about are spelled out.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from data.access import OPERATOR, User
from data.errors import UserError
from data.report.period import Bound
from data.report.query import ReportQuery
from data.report.run import run_report
from data.report.selection import Selection, selected_currencies
from tests.data.report.worlds import Ask, Shelf, world

MARCH = ("2024-03-01", "2024-03-31")


def only(answer: dict[str, Any]) -> dict[str, Any]:
    """The one row of a report without grouping, whose figures must be the totals too."""
    [row] = answer["rows"]
    assert {name: row[name] for name in row if name not in ("partial", "data_until")} == answer["totals"]
    return row


def column(answer: dict[str, Any], *names: str) -> list[Any]:
    """One column of the rows, or tuples of several."""
    return [row[names[0]] if len(names) == 1 else tuple(row[name] for name in names) for row in answer["rows"]]


# ======================================================================================================================
# Section 2: points in time
# ======================================================================================================================


def test_from_is_the_first_instant_of_the_local_date_and_to_is_inclusive(ask: Ask) -> None:
    w = world().client(1)
    w.refill(1, "1", "2024-02-29T21:59:59.999999")  # 29 February in Kyiv
    w.refill(1, "2", "2024-02-29T22:00:00")  # 1 March
    w.refill(1, "4", "2024-03-31T20:59:59.999999")  # 31 March, three hours ahead since that morning
    w.refill(1, "8", "2024-03-31T21:00:00")  # 1 April
    assert only(ask(w, *MARCH, timezone="Europe/Kyiv"))["balance_refill_total"] == "6.00"


def test_to_with_a_time_of_day_is_exclusive(ask: Ask) -> None:
    w = world().client(1).refill(1, "1", "2024-03-05T11:59:59.999999").refill(1, "2", "2024-03-05T12:00")
    assert only(ask(w, "2024-03-05", "2024-03-05T12:00"))["balance_refill_total"] == "1.00"


def test_a_bound_that_does_not_exist_means_the_first_instant_after_the_gap(ask: Ask) -> None:
    # Kyiv, 31 March 2024: 03:00 becomes 04:00 at 01:00 UTC.
    w = world().client(1).refill(1, "1", "2024-03-31T00:59:59.999999").refill(1, "2", "2024-03-31T01:00")
    for bound in ("2024-03-31T03:00", "2024-03-31T03:30", "2024-03-31T04:00"):
        assert only(ask(w, bound, "2024-04-02", timezone="Europe/Kyiv"))["balance_refill_total"] == "2.00"
    assert only(ask(w, "2024-03-30", "2024-03-31T03:30", timezone="Europe/Kyiv"))["balance_refill_total"] == "1.00"


def test_a_bound_that_exists_twice_means_the_first_of_the_two(ask: Ask) -> None:
    # Kyiv, 27 October 2024: 04:00 becomes 03:00 at 01:00 UTC; 03:30 is 00:30 and 01:30 UTC.
    w = world().client(1).refill(1, "1", "2024-10-27T00:29:59.999999").refill(1, "2", "2024-10-27T00:30")
    w.refill(1, "4", "2024-10-27T01:30")
    asked = ask(w, "2024-10-27T03:30", "2024-10-27", timezone="Europe/Kyiv")
    assert only(asked)["balance_refill_total"] == "6.00"


def test_a_day_of_23_hours_and_one_of_25(ask: Ask) -> None:
    w = world().client(1).refill(1, "1", "2024-03-30T22:00").refill(1, "2", "2024-03-31T20:59:59")
    w.refill(1, "4", "2024-10-26T21:00").refill(1, "8", "2024-10-27T21:59:59")
    spring = ask(w, "2024-03-30", "2024-04-01", timezone="Europe/Kyiv", group_by=("date",))
    assert column(spring, "date", "balance_refill_total") == [
        ("2024-03-30", "0.00"),
        ("2024-03-31", "3.00"),
        ("2024-04-01", "0.00"),
    ]
    autumn = ask(w, "2024-10-26", "2024-10-28", timezone="Europe/Kyiv", group_by=("date",))
    assert column(autumn, "balance_refill_total") == ["0.00", "12.00", "0.00"]


def test_a_date_whose_midnight_does_not_exist_begins_after_the_gap(ask: Ask) -> None:
    # São Paulo, 4 November 2018: midnight (03:00 UTC) becomes 01:00.
    w = world().client(1, created="2018-01-01").usage(1, "-1", "2018-11-04T02:59:59.999999")
    w.usage(1, "-2", "2018-11-04T03:00")
    asked = ask(w, "2018-11-03", "2018-11-04", timezone="America/Sao_Paulo", group_by=("date",))
    assert column(asked, "date", "payg_total") == [("2018-11-03", "1.00"), ("2018-11-04", "2.00")]


def test_clocks_put_back_over_midnight_do_not_bring_the_old_date_back(ask: Ask) -> None:
    # St John's, 1 November 2009: at 00:01 (02:31 UTC) back to 23:01. The date began at 02:30 UTC all the same.
    w = world().client(1, created="2009-01-01").usage(1, "-1", "2009-11-01T02:29:59.999999")
    w.usage(1, "-2", "2009-11-01T02:30").usage(1, "-4", "2009-11-01T02:31").usage(1, "-8", "2009-11-01T03:29")
    asked = ask(w, "2009-10-31", "2009-11-01", timezone="America/St_Johns", group_by=("date",))
    assert column(asked, "payg_total") == ["1.00", "14.00"]


def test_a_midnight_that_exists_twice_is_the_first(ask: Ask) -> None:
    # Havana, 3 November 2024: 01:00 becomes 00:00 at 05:00 UTC; the date begins at 04:00 UTC.
    w = world().client(1).usage(1, "-1", "2024-11-03T03:59:59.999999").usage(1, "-2", "2024-11-03T04:00")
    w.usage(1, "-4", "2024-11-03T05:00")
    asked = ask(w, "2024-11-02", "2024-11-03", timezone="America/Havana", group_by=("date",))
    assert column(asked, "payg_total") == ["1.00", "6.00"]


def test_a_date_that_a_zone_skipped_is_no_bucket(ask: Ask) -> None:
    # Apia went from 29 to 31 December 2011.
    w = world().client(1, created="2011-01-01").usage(1, "-1", "2011-12-30T09:59:59.999999")
    w.usage(1, "-2", "2011-12-30T10:00")
    asked = ask(w, "2011-12-28", "2011-12-31", timezone="Pacific/Apia", group_by=("date",))
    assert column(asked, "date", "payg_total") == [
        ("2011-12-28", "0.00"),
        ("2011-12-29", "1.00"),
        ("2011-12-31", "2.00"),
    ]


def test_clocks_put_by_half_an_hour_and_offsets_of_45_minutes(ask: Ask) -> None:
    w = world().client(1).usage(1, "-1", "2024-04-06T12:59:59.999999").usage(1, "-2", "2024-04-06T13:00")
    w.usage(1, "-4", "2024-04-07T13:29:59.999999").usage(1, "-8", "2024-04-07T13:30")
    asked = ask(w, "2024-04-06", "2024-04-08", timezone="Australia/Lord_Howe", group_by=("date",))
    assert column(asked, "payg_total") == ["1.00", "6.00", "8.00"]
    w = world().client(1).usage(1, "-1", "2024-03-31T18:14:59.999999").usage(1, "-2", "2024-03-31T18:15")
    asked = ask(w, "2024-03-31", "2024-04-01", timezone="Asia/Kathmandu", group_by=("month",))
    assert column(asked, "payg_total") == ["1.00", "2.00"]


def test_buckets_are_clipped_to_the_period(ask: Ask) -> None:
    w = world().client(1).refill(1, "1", "2024-02-14").refill(1, "2", "2024-02-15").refill(1, "4", "2024-03-31")
    w.refill(1, "8", "2024-04-01T11:59").refill(1, "16", "2024-04-01T12:00")
    asked = ask(w, "2024-02-15", "2024-04-01T12:00", group_by=("month",))
    assert column(asked, "month", "balance_refill_total", "clients_all_balance") == [
        ("2024-02", "2.00", "3.00"),
        ("2024-03", "4.00", "7.00"),
        ("2024-04", "8.00", "15.00"),
    ]
    assert asked["totals"]["balance_refill_total"] == "14.00"


def test_the_finest_time_sets_the_buckets_and_the_others_are_labels(ask: Ask) -> None:
    w = world().client(1).refill(1, "1", "2023-12-31").refill(1, "2", "2024-01-01")
    asked = ask(w, "2023-12-31", "2024-01-01", group_by=("date", "year", "month"))
    assert column(asked, "date", "year", "month", "balance_refill_total") == [
        ("2023-12-31", "2023", "2023-12", "1.00"),
        ("2024-01-01", "2024", "2024-01", "2.00"),
    ]


def test_without_time_in_the_grouping_the_whole_period_is_one_bucket(ask: Ask) -> None:
    w = world().client(1).refill(1, "1", "2024-01-05").refill(1, "2", "2024-03-05")
    assert only(ask(w, "2024-01-01", "2024-03-31"))["balance_refill_qty"] == 2


@pytest.mark.parametrize(
    ("end", "as_of", "refilled"),
    [
        ("2024-03-31", "2100-01-01Z00:00", None),
        ("2024-03-31", "2024-03-20T00:00:00Z", "3.00"),  # as_of
        ("2024-03-15T00:00", "2024-03-20T00:00:00Z", "1.00"),  # period end
        ("2024-04-30", "2024-05-20T00:00:00Z", "7.00"),  # bucket end
    ],
    ids=["everything", "as_of", "period end", "bucket end"],
)
def test_t_is_the_least_of_bucket_end_period_end_and_as_of(
    ask: Ask, end: str, as_of: str, refilled: str | None
) -> None:
    w = world().client(1).refill(1, "1", "2024-03-10").refill(1, "2", "2024-03-15").refill(1, "4", "2024-03-25")
    w.refill(1, "8", "2024-04-01")
    chosen = {} if refilled is None else {"as_of": as_of}
    first = ask(w, "2024-03-01", end, group_by=("month",), **chosen)["rows"][0]
    assert first["balance_refill_total"] == first["clients_all_balance"] == (refilled or "7.00")


def test_what_happened_at_t_or_later_is_not_seen(ask: Ask) -> None:
    w = world().client(1).refill(1, "1", "2024-03-31T23:59:59.999999").refill(1, "2", "2024-04-01")
    w.refill(1, "4", "2024-04-01T00:00:00.000001")
    row = only(ask(w, *MARCH))
    assert (row["balance_refill_total"], row["clients_all_balance"]) == ("1.00", "1.00")
    later = only(ask(w, "2024-03-01", "2024-04-30", as_of="2024-04-01T00:00:00.000001Z"))
    assert (later["balance_refill_total"], later["clients_all_balance"]) == ("3.00", "3.00")


def test_a_bucket_is_shown_only_if_it_starts_before_as_of(ask: Ask) -> None:
    w = world().client(1)
    asked = ask(w, "2024-02-01", "2024-04-30", group_by=("month",), as_of="2024-03-01T00:00:00Z")
    assert column(asked, "month") == ["2024-02"]
    asked = ask(w, "2024-02-01", "2024-04-30", group_by=("month",), as_of="2024-03-01T00:00:00.000001Z")
    assert column(asked, "month") == ["2024-02", "2024-03"]


def test_a_bucket_is_shown_only_if_its_t_is_after_the_first_created_at(ask: Ask) -> None:
    w = world().client(1, created="2024-03-01")
    assert column(ask(w, "2024-01-01", "2024-04-30", group_by=("month",)), "month") == ["2024-03", "2024-04"]
    w = world().client(1, created="2024-02-29T23:59:59.999999")
    assert column(ask(w, "2024-01-01", "2024-03-31", group_by=("month",)), "month") == ["2024-02", "2024-03"]


def test_a_transaction_before_its_client_was_created_is_first_data_too(ask: Ask) -> None:
    w = world().client(1, created="2024-03-15").refill(1, "5", "2024-01-20")
    asked = ask(w, "2023-12-01", "2024-03-31", group_by=("month",))
    assert column(asked, "month", "balance_refill_qty", "clients_all_qty", "clients_all_balance") == [
        ("2024-01", 1, 0, "0.00"),
        ("2024-02", 0, 0, "0.00"),
        ("2024-03", 0, 1, "5.00"),
    ]


def test_first_data_is_of_the_clients_that_the_client_filters_select(ask: Ask) -> None:
    w = world().reseller(2).client(1, created="2024-01-10").client(2, created="2024-03-10", tags=("new",), owner=2)
    period = ("2024-01-01", "2024-03-31")
    assert len(ask(w, *period, group_by=("month",))["rows"]) == 3
    assert column(ask(w, *period, group_by=("month",), tags=("new",)), "month") == ["2024-03"]
    assert column(ask(w, *period, group_by=("month",), owners=(2,)), "month") == ["2024-03"]
    assert column(ask(w, *period, group_by=("month",), sees=2), "month") == ["2024-03"]


def test_the_package_filter_does_not_move_the_first_data(ask: Ask) -> None:
    w = world().package(10, "Gold").client(1, created="2024-01-10").client(2, created="2024-03-10")
    w.subscription(2, 10, "2024-03-10")
    asked = ask(w, "2024-01-01", "2024-03-31", group_by=("month",), packages=(10,))
    assert column(asked, "month", "clients_all_qty") == [("2024-01", 0), ("2024-02", 0), ("2024-03", 1)]


@pytest.mark.parametrize(
    "asked",
    [
        {"start": "2024-03-01", "end": "2024-03-31", "as_of": "2024-03-01T00:00:00Z"},
        {"start": "2019-01-01", "end": "2019-12-31"},
        {"start": "2024-03-01", "end": "2024-03-31", "client_types": ("reseller",)},
        {"start": "2024-03-01", "end": "2024-03-31", "group_by": ("package",), "packages": (10,)},
    ],
    ids=["the period has not begun", "no data yet", "no client matches", "no package has a figure"],
)
def test_if_nothing_is_shown_there_are_no_rows_and_null_totals_and_the_report_says_why(
    ask: Ask, asked: dict[str, Any]
) -> None:
    w = world().package(10, "Gold").client(1).refill(1, "1", "2024-03-05")
    answer = ask(w, asked.pop("start"), asked.pop("end"), **asked)
    assert answer["rows"] == []
    assert answer["totals"] is None
    assert answer["info"]["notice"].endswith(".")


def test_a_bucket_in_which_nothing_happened_is_shown_all_the_same(ask: Ask) -> None:
    w = world().client(1, created="2024-01-01", closed="2024-01-15")
    row = only(ask(w, *MARCH))
    assert set(row.values()) == {0, "0.00", None}


# ======================================================================================================================
# Section 8: what marks a row
# ======================================================================================================================


def test_rows_tell_what_they_cover_and_where_the_data_ends(ask: Ask) -> None:
    w = world().client(1).client(2, owner=2).reseller(2).refill(1, "1", "2024-02-10").refill(2, "1", "2024-03-20T22:30")
    by_month = ask(w, "2024-02-10", "2024-06-30", timezone="Europe/Kyiv", group_by=("month",), as_of="2024-05-03T10:00")
    assert column(by_month, "month", "partial", "data_until") == [
        ("2024-02", ["2024-02-10", "2024-02-29"], None),
        ("2024-03", None, "2024-03-21"),
        ("2024-04", None, "2024-03-21"),
        ("2024-05", ["2024-05-01", "2024-05-03"], "2024-03-21"),
    ]
    # The data of others counts too: what is chosen, or may be seen, does not say how far the data reaches.
    of_one = ask(w, "2024-02-01", "2024-03-31", timezone="Europe/Kyiv", owners=(2,), as_of="2024-03-21T10:00")
    assert (only(of_one)["partial"], only(of_one)["data_until"]) == (["2024-02-01", "2024-03-21"], "2024-03-21")
    restricted = ask(w, "2024-02-01", "2024-03-10", sees=2)
    assert (only(restricted)["partial"], only(restricted)["data_until"]) == (None, None)


def test_weeks_are_those_of_iso_and_stand_in_the_month_of_their_first_date_in_the_period(ask: Ask) -> None:
    w = world().client(1).refill(1, "1", "2025-12-30").refill(1, "2", "2026-01-02").refill(1, "4", "2026-01-05")
    # Tuesday to Thursday: 29 December 2025 to 4 January 2026 is the first week of 2026.
    answer = ask(w, "2025-12-30", "2026-01-08", group_by=("year", "quarter", "month", "week"))
    assert column(answer, "year", "quarter", "month", "week", "balance_refill_total", "partial") == [
        ("2025", "2025-Q4", "2025-12", "2026-W01", "3.00", ["2025-12-30", "2026-01-04"]),
        ("2026", "2026-Q1", "2026-01", "2026-W02", "4.00", ["2026-01-05", "2026-01-08"]),
    ]
    # Clipped to January, the same week is one of January.
    answer = ask(w, "2026-01-01", "2026-01-04", group_by=("month", "week"))
    assert column(answer, "month", "week", "balance_refill_total") == [("2026-01", "2026-W01", "2.00")]


def test_quarters(ask: Ask) -> None:
    w = world().client(1).refill(1, "1", "2024-03-31T23:59").refill(1, "2", "2024-04-01").refill(1, "4", "2024-12-31")
    answer = ask(w, "2024-02-01", "2024-12-31", group_by=("quarter",))
    assert column(answer, "quarter", "balance_refill_total", "partial") == [
        ("2024-Q1", "1.00", ["2024-02-01", "2024-03-31"]),
        ("2024-Q2", "2.00", None),
        ("2024-Q3", "0.00", None),
        ("2024-Q4", "4.00", None),
    ]


def test_rows_of_clients_by_type_owner_and_currency(ask: Ask) -> None:
    w = world().reseller(7, 1, "North").reseller(3, 7, "North").reseller(5, 1, "East").reseller(6, 1, "Nobody's")
    w.client(1, "USD", owner=7).client(2, owner=3, type="call_shop").client(3, owner=5, type="reseller")
    w.refill(1, "2.20", "2024-03-05").refill(2, "4", "2024-03-05").rate("USD", "2024-01-01", "1.1")
    by_type = ask(w, *MARCH, group_by=("client_type",))
    assert column(by_type, "client_type", "balance_refill_total", "clients_all_qty") == [
        ("client", "2.00", 1),
        ("reseller", "0.00", 1),
        ("call_shop", "4.00", 1),
    ]
    # By the client's own owner: names, then ids; an owner without any figure has no row.
    by_owner = ask(w, *MARCH, group_by=("owner",))
    assert column(by_owner, "owner", "owner_id", "balance_refill_total") == [
        ("East", 5, "0.00"),
        ("North", 3, "4.00"),
        ("North", 7, "2.00"),
    ]
    by_currency = ask(w, *MARCH, group_by=("client_currency",), currency="USD")
    assert column(by_currency, "client_currency", "balance_refill_total") == [("EUR", "4.40"), ("USD", "2.20")]
    for answer in (by_type, by_owner):
        assert (answer["totals"]["balance_refill_total"], answer["totals"]["clients_all_qty"]) == ("6.00", 3)


def test_packages_appear_within_each_row_of_clients(ask: Ask) -> None:
    w = world().package(10, "Gold").reseller(2).client(1).client(2, owner=2, created="2024-02-10")
    w.subscription(2, 10, "2024-02-20").refill(1, "1", "2024-02-05").refill(2, "2", "2024-02-15")
    answer = ask(w, "2024-01-01", "2024-03-31", group_by=("package", "owner", "quarter"))
    assert column(answer, "package", "owner", "quarter", "clients_all_qty", "balance_refill_total") == [
        ("Gold", "Reseller 2", "2024-Q1", 1, "0.00"),
        (None, "Reseller 1", "2024-Q1", 1, "1.00"),
        (None, "Reseller 2", "2024-Q1", 0, "2.00"),
    ]


def test_totals_are_not_rows_added_up_after_rounding(ask: Ask) -> None:
    w = world().rate("USD", "2024-01-01", "1").reseller(2).client(1, "USD").client(2, "USD", owner=2)
    w.refill(1, "0.004", "2024-03-05").refill(2, "0.004", "2024-03-05")
    answer = ask(w, *MARCH, group_by=("owner",))
    assert column(answer, "balance_refill_total") == ["0.00", "0.00"]
    assert answer["totals"]["balance_refill_total"] == "0.01"


def test_client_currency_filters_and_takes_part_in_first_data(ask: Ask) -> None:
    w = world().client(1, created="2020-01-01").client(2, "USD", created="2024-02-10").refill(2, "1", "2024-02-15")
    answer = ask(w, "2024-01-01", "2024-02-29", group_by=("month",), client_currencies=("USD", "JPY"), currency="USD")
    assert column(answer, "month", "clients_all_qty") == [("2024-02", 1)]
    nobody = ask(w, "2024-01-01", "2024-02-29", client_currencies=("JPY",))
    assert (nobody["rows"], nobody["totals"]) == ([], None)


def test_seventy_thousand_owners_break_no_statement(shelf: Shelf) -> None:
    """PostgreSQL takes 65,535 parameters at most."""
    shelf.fill(world().client(1).refill(1, "1", "2024-03-05").data)
    many = Selection((("owners", frozenset(range(70_000))),), seen=frozenset(range(70_000)))
    for warehouse in shelf.warehouses.values():
        with warehouse.read() as reading:
            assert [row[0] for row in reading.connection.execute(selected_currencies(many))] == ["EUR"]


# ======================================================================================================================
# Section 3: who is counted
# ======================================================================================================================


def test_filters_of_one_kind_are_any_of_and_of_different_kinds_all_of(ask: Ask) -> None:
    w = world().reseller(2)
    w.client(1, type="client", tags=("vip",))
    w.client(2, type="reseller", tags=("vip", "trial"), owner=2)
    w.client(4, type="call_shop", tags=("trial",))
    w.client(8, type="calling_card", owner=2)
    for client in (1, 2, 4, 8):
        w.refill(client, str(client), "2024-03-05")

    def of(**filters: Any) -> str:
        return only(ask(w, *MARCH, **filters))["balance_refill_total"]

    assert of() == "15.00"
    assert of(client_types=("client", "call_shop")) == "5.00"
    assert of(tags=("vip",)) == "3.00"
    assert of(tags=("vip", "trial")) == "7.00"  # Client 2 has both and counts once.
    assert of(tags=("vip", "trial"), client_types=("reseller", "calling_card")) == "2.00"
    assert of(owners=(2,), client_types=("calling_card",)) == "8.00"


def test_an_owner_stands_for_its_descendants_too(ask: Ask) -> None:
    w = world().reseller(2, 1).reseller(3, 2).reseller(4, 3).reseller(5, 1)
    for client, owner in ((1, 1), (2, 2), (4, 3), (8, 4), (16, 5)):
        w.client(client, owner=owner).refill(client, str(client), "2024-03-05")

    def of(*owners: int) -> str:
        return only(ask(w, *MARCH, owners=owners))["balance_refill_total"]

    assert of(1) == "31.00"
    assert of(2) == "14.00"
    assert of(3) == "12.00"
    assert of(4) == "8.00"
    assert of(4, 5) == "24.00"
    assert of(2, 4) == "14.00"


def test_what_a_user_may_see_is_a_further_owner_filter(ask: Ask) -> None:
    w = world().reseller(2, 1).reseller(3, 2).reseller(4, 1)
    for client, owner in ((1, 1), (2, 2), (4, 3), (8, 4)):
        w.client(client, owner=owner, tags=("all",)).refill(client, str(client), "2024-03-05")
    assert only(ask(w, *MARCH, sees=2))["balance_refill_total"] == "6.00"
    assert only(ask(w, *MARCH, sees=2, owners=(3,)))["balance_refill_total"] == "4.00"
    assert only(ask(w, *MARCH, sees=2, tags=("all",)))["balance_refill_total"] == "6.00"
    assert only(ask(w, *MARCH, sees=1))["balance_refill_total"] == "15.00"


def test_a_restricted_user_who_sees_nobody_gets_no_rows(ask: Ask) -> None:
    w = world().reseller(2).client(1).refill(1, "1", "2024-03-05")
    assert ask(w, *MARCH, sees=2)["rows"] == []


def test_filters_use_the_attributes_as_they_are_now(ask: Ask) -> None:
    # There is only one state of a client: its tag of today selects its whole past.
    w = world().client(1, tags=("vip",)).refill(1, "1", "2021-01-05")
    assert only(ask(w, "2021-01-01", "2021-01-31", tags=("vip",)))["balance_refill_total"] == "1.00"


@pytest.mark.parametrize(
    ("created", "closed", "exists"),
    [
        ("2024-03-31T23:59:59.999999", None, 1),
        ("2024-04-01T00:00:00", None, 0),  # created_at < T
        ("2024-01-01", "2024-04-01T00:00:00", 1),  # closed_at >= T
        ("2024-01-01", "2024-03-31T23:59:59.999999", 0),
    ],
)
def test_a_client_exists_from_after_its_creation_until_its_closing(
    ask: Ask, created: str, closed: str | None, exists: int
) -> None:
    w = world().client(1, created="2020-01-01").client(2, created=created, closed=closed)
    assert only(ask(w, *MARCH))["clients_all_qty"] == 1 + exists


@pytest.mark.parametrize(
    ("kind", "amount", "paid"),
    [
        ("usage", "-0.000001", 1),
        ("activation", "-1", 1),
        ("renewal", "-1", 1),
        ("usage", "0", 0),
        ("activation", "0", 0),
        ("renewal", "0", 0),
        ("usage", "1", 0),
        ("renewal", "1", 0),
        ("adjustment", "-1", 0),
        ("refill", "-1", 0),
        ("refill", "1", 0),
    ],
)
def test_paid_service_is_usage_or_a_package_charged_with_less_than_zero(
    ask: Ask, kind: str, amount: str, paid: int
) -> None:
    w = world().package(10, "Gold").client(1)
    if kind in ("activation", "renewal"):
        getattr(w, kind)(1, 10, amount, "2024-03-05")
    else:
        getattr(w, kind)(1, amount, "2024-03-05")
    row = only(ask(w, *MARCH))
    assert (row["clients_active_qty"], row["clients_overall_active_qty"], row["clients_all_qty"]) == (paid, paid, 1)


def test_active_duration_reaches_back_to_the_same_day_of_an_earlier_month(ask: Ask) -> None:
    # T is the first instant of 16 March; one month back begins with 16 February.
    w = world().client(1).usage(1, "-1", "2024-02-15T23:59:59.999999").client(2).usage(2, "-1", "2024-02-16")
    row = only(ask(w, "2024-03-01", "2024-03-15"))
    assert (row["clients_active_qty"], row["clients_overall_active_qty"]) == (1, 2)
    assert only(ask(w, "2024-03-01", "2024-03-15", active_duration=2))["clients_active_qty"] == 2


def test_active_duration_clamps_to_the_length_of_the_month(ask: Ask) -> None:
    # D is 30 May: 31 May - 3 months is 29 February in a leap year, 28 February in another.
    w = world().client(1).usage(1, "-1", "2024-02-28T23:59:59.999999").client(2).usage(2, "-1", "2024-02-29")
    assert only(ask(w, "2024-05-01", "2024-05-30", active_duration=3))["clients_active_qty"] == 1
    w = world().client(1).usage(1, "-1", "2023-02-27T23:59:59.999999").client(2).usage(2, "-1", "2023-02-28")
    assert only(ask(w, "2023-05-01", "2023-05-30", active_duration=3))["clients_active_qty"] == 1


def test_active_duration_of_a_whole_month_is_that_month(ask: Ask) -> None:
    # D is 31 March: 1 April - 1 month is 1 March, not 29 February.
    w = world().client(1).usage(1, "-1", "2024-02-29T23:59:59.999999").client(2).usage(2, "-1", "2024-03-01")
    assert only(ask(w, *MARCH))["clients_active_qty"] == 1


def test_active_duration_counts_whole_days_also_in_the_middle_of_one(ask: Ask) -> None:
    # T is noon of 15 March, D the 15th: 16 March - 1 month is the first instant of 16 February.
    w = world().client(1).usage(1, "-1", "2024-02-15T23:59:59").client(2).usage(2, "-1", "2024-02-16T00:00")
    assert only(ask(w, *MARCH, as_of="2024-03-15T12:00:00Z"))["clients_active_qty"] == 1
    # A microsecond after midnight the day that ends the bucket is the new one; at midnight it is still the old one.
    assert only(ask(w, *MARCH, as_of="2024-03-15T00:00:00Z"))["clients_active_qty"] == 2
    assert only(ask(w, *MARCH, as_of="2024-03-15T00:00:00.000001Z"))["clients_active_qty"] == 1


def test_active_duration_counts_local_days(ask: Ask) -> None:
    # 1 March in Kyiv begins at 22:00 UTC of 29 February.
    w = world().client(1).usage(1, "-1", "2024-02-29T21:59:59.999999").client(2).usage(2, "-1", "2024-02-29T22:00")
    assert only(ask(w, *MARCH, timezone="Europe/Kyiv"))["clients_active_qty"] == 1


def test_a_paid_service_at_t_makes_nobody_active_yet(ask: Ask) -> None:
    w = world().client(1).usage(1, "-1", "2024-04-01").client(2).usage(2, "-1", "2024-03-31T23:59:59.999999")
    row = only(ask(w, *MARCH))
    assert (row["clients_active_qty"], row["clients_overall_active_qty"]) == (1, 1)


def test_a_closed_client_is_not_active_however_much_it_paid(ask: Ask) -> None:
    w = world().client(1, closed="2024-03-20").usage(1, "-1", "2024-03-05").client(2)
    row = only(ask(w, *MARCH))
    assert (row["clients_active_qty"], row["clients_overall_active_qty"], row["clients_all_qty"]) == (0, 0, 1)


def test_overall_active_looks_at_all_time_before_t(ask: Ask) -> None:
    w = world().client(1, created="2010-01-01").usage(1, "-1", "2010-01-02").client(2, created="2010-01-01")
    row = only(ask(w, *MARCH, active_duration=120))
    assert (row["clients_active_qty"], row["clients_overall_active_qty"], row["clients_all_qty"]) == (0, 1, 2)


def test_a_client_stays_active_for_its_duration_and_comes_back(ask: Ask) -> None:
    w = world().client(1, created="2024-01-01").usage(1, "-1", "2024-01-20").usage(1, "-1", "2024-05-05")
    asked = ask(w, "2024-01-01", "2024-06-30", group_by=("month",), active_duration=2)
    assert column(asked, "clients_active_qty") == [1, 1, 0, 0, 1, 1]
    assert column(asked, "clients_overall_active_qty") == [1] * 6


def test_the_balance_is_the_sum_of_all_amounts_before_t(ask: Ask) -> None:
    w = world().package(10, "Gold").client(1, created="2024-02-01")
    w.refill(1, "100", "2024-01-05")  # before it was created
    w.usage(1, "-10", "2024-02-05").usage(1, "2", "2024-02-06").adjustment(1, "-0.5", "2024-02-07")
    w.activation(1, 10, "-20", "2024-02-08").renewal(1, 10, "-5", "2024-02-08").refill(1, "-1", "2024-02-09")
    w.usage(1, "-7", "2024-04-01")
    assert only(ask(w, *MARCH))["clients_all_balance"] == "65.50"


def test_a_transaction_counts_whether_or_not_its_client_still_exists(ask: Ask) -> None:
    w = world().client(1, created="2024-03-10", closed="2024-03-15").refill(1, "1", "2024-03-05")
    w.refill(1, "2", "2024-03-12").usage(1, "-4", "2024-03-20")
    row = only(ask(w, *MARCH))
    assert (row["balance_refill_total"], row["payg_total"], row["clients_all_qty"]) == ("3.00", "4.00", 0)
    assert row["clients_all_balance"] == "0.00"
    assert row["payg_active_avg"] is None


# --- packages ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "holds"),
    [
        ("2024-03-31T23:59:59.999999", None, 1),
        ("2024-04-01T00:00:00", None, 0),  # started_at < T
        ("2024-03-01", "2024-04-01T00:00:00", 1),  # ended_at >= T
        ("2024-03-01", "2024-03-31T23:59:59.999999", 0),
        ("2024-03-05", "2024-03-05", 0),  # of no length
    ],
)
def test_who_holds_a_package_at_t(ask: Ask, start: str, end: str | None, holds: int) -> None:
    w = world().package(10, "Gold").client(1).subscription(1, 10, start, end)
    assert only(ask(w, *MARCH, packages=(10,)))["clients_all_qty"] == holds
    asked = ask(w, *MARCH, group_by=("package",))
    assert column(asked, "package") == (["Gold"] if holds else [None])


@pytest.mark.parametrize(
    ("at", "held"),
    [
        ("2024-03-04T23:59:59.999999", False),
        ("2024-03-05T00:00:00", True),  # started_at <= t
        ("2024-03-19T23:59:59.999999", True),
        ("2024-03-20T00:00:00", False),  # t < ended_at
    ],
)
def test_who_holds_a_package_at_the_instant_of_a_transaction(ask: Ask, at: str, held: bool) -> None:
    w = world().package(10, "Gold").client(1, closed="2024-03-25").subscription(1, 10, "2024-03-05", "2024-03-20")
    w.usage(1, "-1", at).refill(1, "2", at)
    row = only(ask(w, *MARCH, packages=(10,)))
    assert (row["payg_total"], row["balance_refill_qty"]) == (("1.00", 1) if held else ("0.00", 0))
    asked = ask(w, *MARCH, group_by=("package",))
    assert column(asked, "package", "payg_total") == [("Gold" if held else None, "1.00")]


def test_a_subscription_of_no_length_holds_nothing_even_at_its_instant(ask: Ask) -> None:
    w = world().package(10, "Gold").client(1).subscription(1, 10, "2024-03-05", "2024-03-05")
    w.usage(1, "-1", "2024-03-05")
    assert column(ask(w, *MARCH, group_by=("package",)), "package", "payg_total") == [(None, "1.00")]


def test_package_fees_go_by_their_own_package_whatever_is_held(ask: Ask) -> None:
    w = world().package(10, "Gold").package(11, "Silver").client(1).subscription(1, 11, "2024-03-01")
    w.activation(1, 10, "-3", "2024-03-05").renewal(1, 10, "-4", "2024-03-05")
    fees = ("packages_activation_total", "packages_renew_total")
    asked = ask(w, *MARCH, group_by=("package",))
    assert column(asked, "package", "clients_all_qty", *fees) == [
        ("Gold", 0, "3.00", "4.00"),
        ("Silver", 1, "0.00", "0.00"),
    ]
    row = only(ask(w, *MARCH, packages=(11,)))
    assert (row["clients_all_qty"], row[fees[0]], row[fees[1]]) == (1, "0.00", "0.00")
    row = only(ask(w, *MARCH, packages=(10,)))
    assert (row["clients_all_qty"], row[fees[0]], row[fees[1]]) == (0, "3.00", "4.00")


def test_no_package_is_the_last_row_and_its_package_columns_are_zero(ask: Ask) -> None:
    w = world().package(10, "Gold").client(1).subscription(1, 10, "2024-03-10").client(2)
    w.refill(1, "1", "2024-03-05").refill(1, "2", "2024-03-15").refill(2, "4", "2024-03-15")
    w.activation(2, 10, "-8", "2024-03-15")  # a fee of Gold from a client who does not hold it
    asked = ask(w, *MARCH, group_by=("package",))
    shown = ("package", "package_id", "clients_all_qty", "balance_refill_total", "packages_activation_total")
    assert column(asked, *shown) == [("Gold", 10, 1, "2.00", "8.00"), (None, None, 1, "5.00", "0.00")]
    assert asked["rows"][1]["packages_activation_qty"] == asked["rows"][1]["packages_renew_qty"] == 0
    assert asked["totals"]["balance_refill_total"] == "7.00"


def test_a_client_with_two_packages_counts_in_both_rows_and_once_in_the_totals(ask: Ask) -> None:
    w = world().package(10, "Gold").package(11, "Silver").client(1)
    w.subscription(1, 10, "2024-01-01").subscription(1, 11, "2024-01-01")
    w.refill(1, "10", "2024-03-05").usage(1, "-3", "2024-03-06")
    asked = ask(w, *MARCH, group_by=("package",))
    shown = ("clients_active_qty", "clients_all_balance", "balance_refill_total", "payg_total")
    assert column(asked, *shown) == [(1, "7.00", "10.00", "3.00")] * 2
    assert [asked["totals"][name] for name in shown] == [1, "7.00", "10.00", "3.00"]


def test_overlapping_subscriptions_to_one_package_count_once(ask: Ask) -> None:
    w = world().package(10, "Gold").client(1)
    w.subscription(1, 10, "2024-01-01", "2024-03-20").subscription(1, 10, "2024-03-01").subscription(
        1, 10, "2024-02-01"
    )
    w.refill(1, "10", "2024-03-05")
    for chosen in ({"packages": (10,)}, {"group_by": ("package",)}):
        asked = ask(w, *MARCH, **chosen)
        assert column(asked, "clients_all_qty", "balance_refill_qty", "clients_all_balance") == [(1, 1, "10.00")]


def test_subscriptions_that_touch_leave_no_gap_and_no_double(ask: Ask) -> None:
    w = world().package(10, "Gold").client(1)
    w.subscription(1, 10, "2024-03-01", "2024-03-15").subscription(1, 10, "2024-03-15", "2024-04-01")
    w.refill(1, "10", "2024-03-15")
    asked = ask(w, *MARCH, group_by=("package",))
    assert column(asked, "package", "clients_all_qty", "balance_refill_qty") == [("Gold", 1, 1)]


def test_a_package_filter_takes_holders_of_any_of_the_packages(ask: Ask) -> None:
    w = world().package(10, "Gold").package(11, "Silver").package(12, "Tin")
    for client, packages in ((1, (10,)), (2, (11,)), (4, (12,)), (8, (10, 11)), (16, ())):
        w.client(client).refill(client, str(client), "2024-03-05")
        for package in packages:
            w.subscription(client, package, "2024-01-01")
    row = only(ask(w, *MARCH, packages=(10, 11)))
    assert (row["clients_all_qty"], row["clients_all_balance"], row["balance_refill_total"]) == (3, "11.00", "11.00")


def test_with_a_package_filter_only_the_filtered_packages_have_rows(ask: Ask) -> None:
    w = world().package(10, "Gold").package(11, "Silver").package(12, "Tin")
    for client, packages in ((1, (10,)), (2, (11,)), (4, (12,)), (8, (10, 11)), (16, ())):
        w.client(client).refill(client, str(client), "2024-03-05")
        for package in packages:
            w.subscription(client, package, "2024-01-01")
    asked = ask(w, *MARCH, packages=(10, 11), group_by=("package",))
    assert column(asked, "package", "balance_refill_total") == [("Gold", "9.00"), ("Silver", "10.00")]
    assert asked["totals"]["balance_refill_total"] == "11.00"


def test_a_package_row_is_shown_when_any_exact_figure_is_not_zero(ask: Ask) -> None:
    w = world()
    for number in range(10, 17):
        w.package(number, f"Package {number}")
    w.client(1).subscription(1, 10, "2024-01-01")  # only held, by a client without a cent
    w.client(2, closed="2024-03-02").usage(2, "-0.001", "2024-03-01").subscription(2, 11, "2024-03-01", "2024-03-02")
    w.activation(2, 12, "0", "2024-03-01")  # a free activation is one activation
    w.renewal(2, 13, "0.5", "2024-03-01")  # a fee given back
    w.usage(2, "-1", "2024-03-01T06:00").usage(2, "1", "2024-03-01T07:00")  # adds nothing to package 11
    w.subscription(2, 14, "2024-03-01T05:00", "2024-03-01T08:00")  # what happened to 14 comes to exactly zero
    w.subscription(1, 15, "2024-01-01", "2024-01-31")  # long over
    asked = ask(w, *MARCH, group_by=("package",))
    assert column(asked, "package_id", "payg_total") == [(10, "0.00"), (11, "0.00"), (12, "0.00"), (13, "0.00")]
    assert column(asked, "packages_renew_total") == ["0.00", "0.00", "0.00", "-0.50"]


def test_package_rows_are_shown_or_not_for_each_bucket(ask: Ask) -> None:
    w = world().package(10, "Gold").client(1, created="2024-01-01").subscription(1, 10, "2024-02-05", "2024-03-05")
    asked = ask(w, "2024-01-01", "2024-04-30", group_by=("month", "package"))
    assert column(asked, "month", "package") == [
        ("2024-01", None),
        ("2024-02", "Gold"),
        ("2024-03", None),
        ("2024-04", None),
    ]


def test_a_client_may_leave_no_package_within_a_bucket(ask: Ask) -> None:
    w = world().package(10, "Gold").client(1).subscription(1, 10, "2024-03-10")
    w.usage(1, "-1", "2024-03-05").usage(1, "-2", "2024-03-15")
    asked = ask(w, *MARCH, group_by=("package",))
    assert column(asked, "package", "clients_active_qty", "payg_total", "payg_active_avg") == [
        ("Gold", 1, "2.00", "2.00"),
        (None, 0, "1.00", None),
    ]
    assert asked["totals"]["payg_active_avg"] == "3.00"


# ======================================================================================================================
# Section 4: the columns
# ======================================================================================================================


def test_every_figure_of_a_small_month(ask: Ask) -> None:
    w = world().package(10, "Gold")
    w.client(1).refill(1, "10", "2024-03-02").refill(1, "5", "2024-03-03").usage(1, "-4", "2024-03-04")
    w.client(2).activation(2, 10, "-2", "2024-03-05").renewal(2, 10, "-6", "2024-03-05")
    w.client(3).usage(3, "-1", "2023-01-05")
    w.client(4).refill(4, "20", "2024-03-06")
    assert ask(w, *MARCH)["totals"] == {
        "clients_active_qty": 2,  # 1 and 2
        "clients_active_balance_pos": "11.00",
        "clients_active_balance_neg": "-8.00",
        "clients_active_balance": "3.00",
        "clients_overall_active_qty": 3,  # and 3
        "clients_overall_active_balance_pos": "11.00",
        "clients_overall_active_balance_neg": "-9.00",
        "clients_overall_active_balance": "2.00",
        "clients_all_qty": 4,
        "clients_all_balance_pos": "31.00",
        "clients_all_balance_neg": "-9.00",
        "clients_all_balance": "22.00",
        "balance_refill_qty": 3,
        "balance_refill_total": "35.00",
        "balance_refill_avg": "11.67",
        "payg_total": "4.00",
        "payg_active_avg": "2.00",
        "packages_activation_qty": 1,
        "packages_activation_total": "2.00",
        "packages_renew_qty": 1,
        "packages_renew_total": "6.00",
    }


def test_reversals_change_totals_and_balances_but_never_quantities(ask: Ask) -> None:
    w = world().package(10, "Gold").client(1)
    w.refill(1, "10", "2024-03-02").refill(1, "-4", "2024-03-03")
    w.activation(1, 10, "-5", "2024-03-04").activation(1, 10, "3", "2024-03-05")
    w.renewal(1, 10, "-7", "2024-03-04").renewal(1, 10, "7", "2024-03-05")
    row = only(ask(w, *MARCH))
    assert (row["balance_refill_qty"], row["balance_refill_total"], row["balance_refill_avg"]) == (1, "6.00", "6.00")
    assert (row["packages_activation_qty"], row["packages_activation_total"]) == (1, "2.00")
    assert (row["packages_renew_qty"], row["packages_renew_total"]) == (1, "0.00")
    assert row["clients_all_balance"] == "4.00"


def test_rows_of_amount_zero_are_no_reversals(ask: Ask) -> None:
    w = world().package(10, "Gold").client(1).refill(1, "0", "2024-03-02")
    w.activation(1, 10, "0", "2024-03-04").renewal(1, 10, "0", "2024-03-04")
    row = only(ask(w, *MARCH))
    assert [row[f"{name}_qty"] for name in ("balance_refill", "packages_activation", "packages_renew")] == [1, 1, 1]
    assert row["balance_refill_avg"] == "0.00"


def test_only_reversals_leave_no_average(ask: Ask) -> None:
    w = world().client(1).refill(1, "-4", "2024-03-03")
    row = only(ask(w, *MARCH))
    assert (row["balance_refill_qty"], row["balance_refill_total"], row["balance_refill_avg"]) == (0, "-4.00", None)


def test_a_correction_is_a_positive_usage_and_lowers_the_total(ask: Ask) -> None:
    w = world().client(1).usage(1, "-10", "2024-03-03").usage(1, "12.5", "2024-03-04")
    row = only(ask(w, *MARCH))
    assert (row["payg_total"], row["payg_active_avg"]) == ("-2.50", "-2.50")


def test_the_renewal_of_an_activation_counts_as_a_renewal(ask: Ask) -> None:
    w = world().package(10, "Gold").client(1)
    w.activation(1, 10, "-1", "2024-03-04").renewal(1, 10, "-9", "2024-03-04").renewal(1, 10, "-9", "2024-03-14")
    row = only(ask(w, *MARCH))
    assert (row["packages_activation_qty"], row["packages_renew_qty"], row["packages_renew_total"]) == (1, 2, "18.00")


def test_adjustments_change_balances_only(ask: Ask) -> None:
    w = world().client(1).adjustment(1, "-3", "2024-03-03").adjustment(1, "1", "2024-03-04")
    row = only(ask(w, *MARCH))
    assert row["clients_all_balance"] == "-2.00"
    flows = ("balance_refill_total", "payg_total", "packages_activation_total", "packages_renew_total")
    assert {row[name] for name in flows} == {"0.00"}


def test_a_transaction_is_in_a_bucket_from_its_start_until_t(ask: Ask) -> None:
    w = world().client(1).usage(1, "-1", "2024-02-29T23:59:59.999999").usage(1, "-2", "2024-03-01")
    w.usage(1, "-4", "2024-03-31T23:59:59.999999").usage(1, "-8", "2024-04-01")
    asked = ask(w, "2024-02-01", "2024-04-30", group_by=("month",))
    assert column(asked, "payg_total") == ["1.00", "6.00", "8.00"]


def test_totals_are_never_made_by_adding_rows_up(ask: Ask) -> None:
    w = world().client(1, created="2024-01-01")
    for month in ("01", "02", "03"):
        w.usage(1, "-0.335", f"2024-{month}-05")
    asked = ask(w, "2024-01-01", "2024-03-31", group_by=("month",))
    assert column(asked, "clients_active_qty", "payg_total") == [(1, "0.34")] * 3
    assert asked["totals"]["clients_active_qty"] == 1
    assert asked["totals"]["payg_total"] == "1.01"  # 1.005, not 3 x 0.34
    assert asked["totals"]["clients_all_balance"] == "-1.01"


def test_totals_take_counts_at_their_own_t(ask: Ask) -> None:
    w = world().client(1, created="2024-01-01", closed="2024-02-15").refill(1, "5", "2024-01-05")
    w.client(2, created="2024-01-01")
    asked = ask(w, "2024-01-01", "2024-03-31", group_by=("month",), as_of="2024-03-10T00:00:00Z")
    assert column(asked, "clients_all_qty", "clients_all_balance") == [(2, "5.00"), (1, "0.00"), (1, "0.00")]
    assert (asked["totals"]["clients_all_qty"], asked["totals"]["balance_refill_total"]) == (1, "5.00")


def test_rows_sort_by_code_points_then_id_and_no_package_last(ask: Ask) -> None:
    names = {14: "Äther", 13: "Безліміт", 9: "silver", 11: "Silver", 12: "Gold", 10: "Gold", 15: "10 free", 16: "😀"}
    w = world()
    for id_, name in names.items():
        w.package(id_, name).client(id_).subscription(id_, id_, "2024-01-01")
    w.client(1)
    asked = ask(w, *MARCH, group_by=("package",))
    assert column(asked, "package_id") == [15, 10, 12, 11, 9, 14, 13, 16, None]


@pytest.mark.parametrize("group_by", [("package", "month"), ("month", "package")])
def test_rows_sort_by_the_grouping_columns_in_the_order_chosen(ask: Ask, group_by: tuple[str, ...]) -> None:
    w = world().package(10, "Gold").package(2, "Silver").client(1).subscription(1, 10, "2024-01-01")
    w.client(2).subscription(2, 2, "2024-01-01").client(3)
    asked = ask(w, "2024-02-01", "2024-03-31", group_by=group_by)
    months, packages = ("2024-02", "2024-03"), ("Gold", "Silver", None)
    wanted = [(month, package) for month in months for package in packages]
    if group_by[0] == "package":
        wanted = [(month, package) for package in packages for month in months]
    assert column(asked, "month", "package") == wanted
    assert [entry["id"] for entry in asked["columns"][:2]] == list(group_by)


# ======================================================================================================================
# Section 5: money
# ======================================================================================================================


def test_the_sign_of_a_balance_is_decided_for_each_client_before_anything_is_added(ask: Ask) -> None:
    w = world().rate("USD", "2024-01-01", "2")
    w.client(1, "USD").refill(1, "10", "2024-02-01").client(2, "USD").usage(2, "-4", "2024-02-01")
    w.client(3, "EUR").refill(3, "1", "2024-02-01")
    row = only(ask(w, *MARCH))
    assert row["clients_all_balance_pos"] == "6.00"
    assert row["clients_all_balance_neg"] == "-2.00"
    assert row["clients_all_balance"] == "4.00"


def test_balances_convert_at_the_closing_rate_and_flows_at_the_rate_of_their_date(ask: Ask) -> None:
    w = world().client(1, "USD").refill(1, "10", "2024-03-05")
    w.rate("USD", "2024-03-05", "2").rate("USD", "2024-03-31", "4").rate("USD", "2024-04-01", "5")
    row = only(ask(w, *MARCH))
    assert (row["balance_refill_total"], row["clients_all_balance"]) == ("5.00", "2.50")


def test_the_closing_rate_is_that_of_the_last_local_date_before_t(ask: Ask) -> None:
    w = world().client(1, "USD").refill(1, "10", "2024-03-01")
    w.rate("USD", "2024-03-01", "1").rate("USD", "2024-03-14", "2").rate("USD", "2024-03-15", "4")
    assert only(ask(w, *MARCH, as_of="2024-03-15T00:00:00Z"))["clients_all_balance"] == "5.00"
    assert only(ask(w, *MARCH, as_of="2024-03-15T00:00:00.000001Z"))["clients_all_balance"] == "2.50"
    # 22:30 UTC is the 15th in Kyiv already.
    asked = ask(w, *MARCH, as_of="2024-03-14T22:30:00Z", timezone="Europe/Kyiv")
    assert only(asked)["clients_all_balance"] == "2.50"


def test_each_bucket_has_its_own_closing_rate_and_the_totals_have_theirs(ask: Ask) -> None:
    w = world().client(1, "USD", created="2024-01-01").refill(1, "12", "2024-01-01")
    for day, rate in (("2024-01-01", "1"), ("2024-01-31", "2"), ("2024-02-29", "3"), ("2024-03-31", "4")):
        w.rate("USD", day, rate)
    asked = ask(w, "2024-01-01", "2024-03-31", group_by=("month",))
    assert column(asked, "clients_all_balance") == ["6.00", "4.00", "3.00"]
    assert asked["totals"]["clients_all_balance"] == "3.00"


def test_flows_use_the_local_date_of_the_transaction(ask: Ask) -> None:
    w = world().client(1, "USD").refill(1, "10", "2024-03-04T23:30")
    w.rate("USD", "2024-03-04", "1").rate("USD", "2024-03-05", "2")
    assert only(ask(w, *MARCH))["balance_refill_total"] == "10.00"
    assert only(ask(w, *MARCH, timezone="Europe/Kyiv"))["balance_refill_total"] == "5.00"


def test_the_rate_is_the_one_published_last_on_or_before_the_date(ask: Ask) -> None:
    w = world().client(1, "USD").rate("USD", "2024-03-01", "1").rate("USD", "2024-03-08", "2")
    w.rate("USD", "2024-03-11", "4")
    w.refill(1, "8", "2024-03-07").refill(1, "8", "2024-03-08").refill(1, "8", "2024-03-10").refill(
        1, "8", "2024-03-11"
    )
    asked = ask(w, "2024-03-07", "2024-03-11", group_by=("date",))
    assert column(asked, "balance_refill_total") == ["8.00", "4.00", "0.00", "4.00", "2.00"]


def test_an_amount_goes_through_the_base_currency(ask: Ask) -> None:
    w = world().client(1, "USD").refill(1, "10", "2024-03-05").rate("USD", "2024-03-01", "1.25")
    w.rate("UAH", "2024-03-01", "40")
    assert only(ask(w, *MARCH, currency="UAH"))["balance_refill_total"] == "320.00"


def test_the_same_currency_needs_no_rate(ask: Ask) -> None:
    w = world().client(1, "USD").refill(1, "10.01", "2024-03-05")
    assert only(ask(w, *MARCH, currency="USD"))["balance_refill_total"] == "10.01"


def test_the_base_currency_s_rate_is_1_whatever_the_rows_say(ask: Ask) -> None:
    w = world().client(1, "EUR").refill(1, "10", "2024-03-05").rate("EUR", "2024-03-01", "9")
    w.rate("USD", "2024-03-01", "2")
    assert only(ask(w, *MARCH, currency="USD"))["balance_refill_total"] == "20.00"


def test_the_base_currency_is_a_setting(ask: Ask) -> None:
    w = world().client(1, "EUR").refill(1, "10", "2024-03-05").rate("EUR", "2024-03-01", "0.5")
    w.rate("USD", "2024-03-01", "9")
    assert only(ask(w, *MARCH, currency="USD", base_currency="USD"))["balance_refill_total"] == "20.00"


def test_a_missing_rate_is_an_error_that_names_currency_and_date(ask: Ask) -> None:
    w = world().client(1, "USD").refill(1, "10", "2024-03-05").rate("USD", "2024-03-06", "2")
    assert ask(w, *MARCH) == {"missing": ("USD", date(2024, 3, 5))}


def test_a_balance_without_a_closing_rate_is_an_error_too(ask: Ask) -> None:
    w = world().client(1, "USD").refill(1, "10", "2024-01-05").rate("USD", "2024-04-01", "2")
    assert ask(w, *MARCH) == {"missing": ("USD", date(2024, 3, 31))}


def test_a_missing_rate_of_the_report_currency_is_named(ask: Ask) -> None:
    w = world().client(1, "EUR").refill(1, "10", "2024-03-05").rate("KWD", "2024-03-06", "0.3")
    assert ask(w, *MARCH, currency="KWD") == {"missing": ("KWD", date(2024, 3, 5))}


def test_amounts_that_cancel_each_other_still_need_their_rate(ask: Ask) -> None:
    w = world().client(1, "USD").usage(1, "-10", "2024-03-05").usage(1, "10", "2024-03-05")
    assert ask(w, *MARCH) == {"missing": ("USD", date(2024, 3, 5))}


def test_zero_needs_no_rate(ask: Ask) -> None:
    w = world().client(1, "USD").usage(1, "0", "2024-03-05").client(2, "KWD")
    w.client(3, "JPY").refill(3, "5", "2024-01-05").usage(3, "-5", "2024-01-06")  # a balance of zero
    row = only(ask(w, *MARCH))
    assert (row["clients_all_qty"], row["clients_all_balance"], row["payg_total"]) == (3, "0.00", "0.00")


def test_a_missing_rate_outside_the_report_does_no_harm(ask: Ask) -> None:
    w = world().client(1).refill(1, "1", "2024-03-05")
    w.client(2, "USD", tags=("x",)).refill(2, "10", "2024-03-05")  # filtered out
    w.client(3, "KWD", closed="2024-02-01").refill(3, "10", "2024-01-05")  # closed, and nothing since
    w.client(4, "JPY", created="2024-05-01").refill(4, "10", "2024-05-01")  # later
    w.client(5, tags=("y",)).refill(5, "2", "2024-03-05")
    assert only(ask(w, *MARCH, tags=("y",)))["balance_refill_total"] == "2.00"
    assert ask(w, *MARCH) == {"missing": ("USD", date(2024, 3, 5))}


def test_a_missing_rate_in_a_bucket_that_is_shown_is_an_error_although_the_totals_do_well(ask: Ask) -> None:
    w = world().client(1, "USD", created="2024-01-01").refill(1, "10", "2023-12-01").rate("USD", "2024-03-01", "2")
    assert ask(w, "2024-01-01", "2024-03-31", group_by=("month",)) == {"missing": ("USD", date(2024, 1, 31))}
    assert only(ask(w, "2024-01-01", "2024-03-31"))["clients_all_balance"] == "5.00"


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("0.005", "0.01"),
        ("0.004999", "0.00"),
        ("2.675", "2.68"),
        ("1.015", "1.02"),
        ("-0.005", "-0.01"),
        ("-0.004999", "0.00"),
        ("-2.345", "-2.35"),
        ("0.125", "0.13"),
        ("-1000000000000.005", "-1000000000000.01"),
    ],
)
def test_money_rounds_half_up_away_from_zero_and_zero_has_no_sign(ask: Ask, amount: str, shown: str) -> None:
    w = world().client(1).refill(1, amount, "2024-03-05").adjustment(1, "1", "2024-03-05")
    row = only(ask(w, *MARCH))
    assert row["balance_refill_total"] == shown


def test_a_charge_too_small_to_show_is_zero_without_a_sign_in_every_column(ask: Ask) -> None:
    w = world().client(1).usage(1, "0.001", "2024-03-05").usage(1, "-0.003", "2024-03-05")
    row = only(ask(w, *MARCH))
    assert row["clients_active_balance_neg"] == row["clients_all_balance"] == "0.00"
    w = world().client(1).usage(1, "-0.001", "2024-03-05").usage(1, "0.003", "2024-03-05")
    row = only(ask(w, *MARCH))
    assert (row["payg_total"], row["payg_active_avg"]) == ("0.00", "0.00")


@pytest.mark.parametrize(
    ("currency", "shown"), [("JPY", "13"), ("USD", "12.50"), ("KWD", "12.500"), ("BIF", "13"), ("XBA", "12.50")]
)
def test_money_has_the_minor_unit_of_the_report_currency(ask: Ask, currency: str, shown: str) -> None:
    w = world().client(1, currency).refill(1, "12.5", "2024-03-05")
    assert only(ask(w, *MARCH, currency=currency))["balance_refill_total"] == shown


def test_everything_is_rounded_once_after_it_is_summed(ask: Ask) -> None:
    w = world().client(1)
    for _ in range(3):
        w.refill(1, "0.004", "2024-03-05")
    row = only(ask(w, *MARCH))
    assert (row["balance_refill_total"], row["balance_refill_avg"]) == ("0.01", "0.00")


def test_a_tie_that_conversion_brings_about_is_seen_exactly(ask: Ask) -> None:
    # 0.01/3 + 0.01/6 = 0.005: a tie, though neither has a finite decimal form.
    w = world().client(1, "USD").refill(1, "0.01", "2024-03-05").refill(1, "0.01", "2024-03-06")
    w.rate("USD", "2024-03-05", "3").rate("USD", "2024-03-06", "6")
    assert only(ask(w, *MARCH))["balance_refill_total"] == "0.01"


def test_a_tie_of_balances_at_closing_rates_is_seen_exactly(ask: Ask) -> None:
    w = (
        world()
        .client(1, "USD")
        .adjustment(1, "0.01", "2024-03-05")
        .client(2, "GBP")
        .adjustment(2, "0.01", "2024-03-05")
    )
    w.rate("USD", "2024-03-05", "3").rate("GBP", "2024-03-05", "6")
    assert only(ask(w, *MARCH))["clients_all_balance_pos"] == "0.01"
    assert only(ask(w, *MARCH))["clients_all_balance"] == "0.01"


def test_a_package_row_of_conversions_that_cancel_each_other_out_exactly_is_not_shown(ask: Ask) -> None:
    # Charged at a rate of 3, and twice that corrected at a rate of 6: exactly nothing.
    w = world().package(10, "Gold").client(1, "USD").subscription(1, 10, "2024-03-01", "2024-03-20")
    w.usage(1, "-0.000003", "2024-03-05").usage(1, "0.000006", "2024-03-06").rate("USD", "2024-03-05", "3")
    w.rate("USD", "2024-03-06", "6").rate("USD", "2024-03-31", "7")
    answer = ask(w, *MARCH, group_by=("package",))
    assert [row["package"] for row in answer["rows"]] == [None]


def test_averages_are_made_from_unrounded_totals(ask: Ask) -> None:
    # 0.018 / 4 = 0.0045; from a rounded 0.02 it would be 0.005 and show 0.01.
    w = world().client(1).refill(1, "0.015", "2024-03-05")
    for _ in range(3):
        w.refill(1, "0.001", "2024-03-05")
    row = only(ask(w, *MARCH))
    assert (row["balance_refill_total"], row["balance_refill_avg"]) == ("0.02", "0.00")


def test_balance_may_differ_from_its_two_parts_by_one_minor_unit(ask: Ask) -> None:
    w = world().client(1).adjustment(1, "0.015", "2024-03-05").client(2).adjustment(2, "-0.005", "2024-03-05")
    row = only(ask(w, *MARCH))
    assert row["clients_all_balance_pos"] == "0.02"
    assert row["clients_all_balance_neg"] == "-0.01"
    assert row["clients_all_balance"] == "0.01"
    w = world().client(1).adjustment(1, "0.014", "2024-03-05").client(2).adjustment(2, "-0.005", "2024-03-05")
    row = only(ask(w, *MARCH))
    assert [row[f"clients_all_balance{part}"] for part in ("_pos", "_neg", "")] == ["0.01", "-0.01", "0.01"]


def test_large_and_small_amounts_add_up_to_the_last_digit(ask: Ask) -> None:
    w = world().client(1)
    for _ in range(50):
        w.adjustment(1, "1000000000000.000001", "2024-03-05")
    w.adjustment(1, "0.00495", "2024-03-05")
    assert only(ask(w, *MARCH))["clients_all_balance"] == "50000000000000.01"


# ======================================================================================================================
# Section 6: what goes with a report
# ======================================================================================================================


def test_the_data_interval_is_of_the_selected_clients_inside_the_period_up_to_as_of(ask: Ask) -> None:
    w = world().client(1, tags=("a",)).client(2, tags=("b",))
    w.refill(1, "1", "2024-02-29").usage(1, "-1", "2024-03-05T10:00").adjustment(1, "1", "2024-03-20")
    w.refill(2, "1", "2024-03-02").refill(2, "1", "2024-03-31T23:59:59.999999").refill(2, "1", "2024-04-01")

    def interval(**asked: Any) -> dict[str, str] | None:
        return ask(w, *MARCH, **asked)["info"]["data_interval"]

    assert interval() == {"first": "2024-03-02T00:00:00Z", "last": "2024-03-31T23:59:59.999999Z"}
    assert interval(tags=("a",)) == {"first": "2024-03-05T10:00:00Z", "last": "2024-03-20T00:00:00Z"}
    assert interval(tags=("a",), as_of="2024-03-20T00:00:00Z") == {
        "first": "2024-03-05T10:00:00Z",
        "last": "2024-03-05T10:00:00Z",
    }
    assert interval(as_of="2024-03-02T00:00:00Z") is None


def test_the_oldest_and_newest_rate_dates_are_of_the_rates_used(ask: Ask) -> None:
    w = world().client(1, "USD").refill(1, "1", "2024-03-05")
    for day in ("2024-01-01", "2024-03-01", "2024-03-10", "2024-03-29", "2024-04-01"):
        w.rate("USD", day, "2")
    w.rate("JPY", "2023-01-01", "100")
    assert ask(w, *MARCH)["info"]["rate_dates"] == {"oldest": "2024-03-01", "newest": "2024-03-29"}
    assert ask(w, *MARCH, currency="USD")["info"]["rate_dates"] is None


def test_what_goes_with_a_report(ask: Ask) -> None:
    w = world().reseller(2).client(1, owner=2).refill(1, "1", "2024-03-05")
    info = ask(w, *MARCH, timezone="Europe/Kyiv", active_duration=3, as_of="2024-05-05T05:05:05Z", sees=2)["info"]
    assert info["period"] == {"from": "2024-02-29T22:00:00Z", "to": "2024-03-31T21:00:00Z"}
    assert (info["timezone"], info["currency"], info["active_duration"]) == ("Europe/Kyiv", "EUR", 3)
    assert (info["generated_by"], info["as_of"]) == ("Analyst", "2024-05-05T05:05:05Z")
    assert info["generated_at"].endswith("Z")
    assert info["duration_seconds"] >= 0
    assert info["notice"] is None


# ======================================================================================================================
# Bad questions
# ======================================================================================================================


@pytest.mark.parametrize("engine", ["DuckDB", "PostgreSQL"])
@pytest.mark.parametrize(
    ("asked", "field", "says"),
    [
        ({"owners": (1, 99)}, "owner", "99"),
        ({"packages": (99,)}, "package", "99"),
        ({"tags": ("vpi",)}, "tag", "Did you mean vip"),
        ({"tags": ("VIP",)}, "tag", "VIP"),
        ({"client_types": ("shop",)}, "client-type", "shop"),
        ({"timezone": "Europe/Kyv"}, "timezone", "Europe/Kyv"),
        ({"currency": "EURO"}, "currency", "EURO"),
        ({"currency": "eur"}, "currency", "EUR"),
        ({"group_by": ("fortnight",)}, "group-by", "fortnight"),
        ({"client_currencies": ("XX",)}, "client-currency", "XX"),
        ({"active_duration": 0}, "active-duration", "1 to 120"),
        ({"active_duration": 121}, "active-duration", "1 to 120"),
        ({"start": Bound(date(2024, 4, 1))}, "from", "empty"),
    ],
)
def test_a_bad_argument_is_one_clear_line_that_names_it(
    shelf: Shelf, engine: str, asked: dict[str, Any], field: str, says: str
) -> None:
    shelf.fill(BAD_QUESTIONS.data)
    period: dict[str, Any] = {"start": Bound(date(2024, 3, 1)), "end": Bound(date(2024, 3, 31))}
    with pytest.raises(UserError) as caught:
        run_report(shelf.warehouses[engine], ReportQuery(**period | asked), OPERATOR)
    assert caught.value.field == field
    assert says in caught.value.message
    assert "\n" not in caught.value.message


BAD_QUESTIONS = world().reseller(2).package(10, "Gold").client(1, tags=("vip",)).client(2, owner=2, tags=("own",))


def test_a_restricted_user_does_not_learn_of_owners_and_tags_beyond_them(shelf: Shelf) -> None:
    shelf.fill(BAD_QUESTIONS.data)
    user = User("u", "U", "Analyst", reseller_id=2)
    period: dict[str, Any] = {"start": Bound(date(2024, 3, 1)), "end": Bound(date(2024, 3, 31))}
    for asked, field in (({"owners": (1,)}, "owner"), ({"tags": ("vip",)}, "tag")):
        for warehouse in shelf.warehouses.values():
            with pytest.raises(UserError) as caught:
                run_report(warehouse, ReportQuery(**period | asked), user)
            assert caught.value.field == field
            assert "unknown" in caught.value.message


@pytest.mark.parametrize("months", [1, 120])
def test_active_duration_is_1_to_120_months(ask: Ask, months: int) -> None:
    w = world().client(1, created="2010-01-01").usage(1, "-1", "2014-04-01")
    assert only(ask(w, *MARCH, active_duration=months))["clients_active_qty"] == (months == 120)
