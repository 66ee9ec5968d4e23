"""The border between fields and types: what values mean, and that the form is filled with what it was read from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

import pytest

from callbacks import read
from data.acts.templates import Edited, Said
from data.delivery.asked import Asked
from data.errors import UserError
from data.report.order import Sort
from data.report.period import Bound
from data.report.query import ReportQuery
from data.report.view import View

FORM: dict[str, Any] = {
    "range": "custom",
    "from": "2024-01-01",
    "from_time": "",
    "to": "2024-01-31",
    "to_time": None,
    "timezone": "UTC",
    "client_types": [],
    "tags": [],
    "owners": [],
    "client_currencies": [],
    "packages": [],
    "group_by": [],
    "output": "web",
    "send_to": [],
    "currency": "EUR",
    "active_duration": 1,
}


def test_dates_and_optional_times() -> None:
    query = read.read_form(FORM | {"from_time": "08:30", "to_time": "17:00:05"}).query
    assert query.start == Bound(date(2024, 1, 1), time(8, 30))
    assert query.end == Bound(date(2024, 1, 31), time(17, 0, 5))
    assert query.quick_range is None


def test_a_quick_range_counts_whatever_the_date_fields_show(monkeypatch: pytest.MonkeyPatch) -> None:
    # 22:30 in London is already the next day in Kyiv.
    monkeypatch.setattr(read, "utc_now", lambda: datetime(2024, 1, 31, 22, 30))
    query = read.read_form(FORM | {"range": "today", "timezone": "Europe/Kyiv", "from": "1999-01-01", "to": ""}).query
    assert (query.quick_range, query.start, query.end) == ("today", Bound(date(2024, 2, 1)), Bound(date(2024, 2, 1)))


def test_addresses_go_only_with_files() -> None:
    assert read.read_form(FORM | {"send_to": ["anna@example.org"]}).send_to == ()
    assert read.read_form(FORM | {"output": "csv", "send_to": ["anna@example.org"]}).send_to == ("anna@example.org",)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"from": ""}, "from"),
        ({"to": None}, "to"),
        ({"from": "2024-02-30"}, "from"),
        ({"from": "0024-02-01"}, "from"),
        ({"to_time": "25:00"}, "to"),
        ({"from_time": "08:00+02:00"}, "from"),
        ({"from": "2024-02-01"}, "from"),
        ({"range": "last_decade"}, "period"),
        ({"timezone": None}, "timezone"),
        ({"timezone": "Kyiv"}, "timezone"),
        ({"currency": None}, "currency"),
        ({"output": "pdf"}, "output"),
        ({"output": "csv", "send_to": ["anna@example.org", "@"]}, "send-to"),
        ({"owners": ["two"]}, "owner"),
        ({"owners": ["1_0"]}, "owner"),
        ({"packages": ["9223372036854775808"]}, "package"),
        ({"client_currencies": ["XX"]}, "client-currency"),
        ({"group_by": ["fortnight"]}, "group-by"),
        ({"client_types": ["robot"]}, "client-type"),
        ({"active_duration": None}, "active-duration"),
        ({"active_duration": 1.5}, "active-duration"),
        ({"active_duration": "many"}, "active-duration"),
        ({"active_duration": float("inf")}, "active-duration"),
        ({"active_duration": float("nan")}, "active-duration"),
        ({"active_duration": "Infinity"}, "active-duration"),
        ({"owners": [float("inf")]}, "owner"),
        ({"active_duration": 121}, "active-duration"),
    ],
)
def test_what_cannot_be_meant_names_its_field(values: dict[str, Any], field: str) -> None:
    with pytest.raises(UserError) as caught:
        read.read_form(FORM | values)
    assert caught.value.field == field


@pytest.mark.parametrize("quick_range", [None, "last_quarter"])
def test_the_form_is_filled_with_what_it_is_read_as(quick_range: str | None) -> None:
    query = ReportQuery(
        start=Bound(date(2024, 1, 1), time(8, 30)),
        end=Bound(date(2024, 3, 31)),
        timezone="America/New_York",
        quick_range=quick_range,
        client_types=("client", "reseller"),
        tags=("a", "b"),
        owners=(1, 2),
        packages=(3,),
        group_by=("package", "year"),
        currency="JPY",
        active_duration=120,
    )
    filled = read.fill(Asked(query, "xls", ("anna@example.org",)))
    again = read.read_form(filled)
    now = read.utc_now()
    assert again == Asked(query.on_day(now), "xls", ("anna@example.org",))
    assert filled["shown"] == ["client_types", "tags", "owners", "packages"]


def test_every_field_of_the_form_is_read_and_filled() -> None:
    assert set(read.states()) >= set(FORM)
    assert set(read.outputs()) == {*read.states(), "shown"}


def test_the_stores_of_the_page_are_read_into_types() -> None:
    sort = [{"column_id": "payg_total", "direction": "asc"}]
    assert read.read_view({"columns": ["payg_total"], "sort": sort}, [{"kind": "line"}]) == View(
        columns=("payg_total",), sort=Sort("payg_total", "asc"), charts=({"kind": "line"},)
    )
    assert read.read_view(None) == View()
    assert read.read_press({"id": "one", "rows": 40}) == read.Press("one", 40)
    assert read.read_press({"id": "one", "rows": "many"}) == read.Press("one")
    assert read.read_shown({"link": "abc", "opened": True}) == "abc"
    assert read.read_shown(None) is None


@pytest.mark.parametrize("data", ["x", ["x"], {"link": 1}, {"id": None}, 7])
def test_a_store_that_is_not_the_pages_own_is_refused_in_one_sentence(data: Any) -> None:
    for reader in (read.read_shown, read.read_press):
        with pytest.raises(UserError, match="load the page again"):
            reader(data)


@pytest.mark.parametrize(
    ("reader", "data"),
    [
        (reader, data)
        for reader, several in {
            read.read_view: [[], "x", {"columns": "payg_total"}, {"columns": [1]}, {"sort": 1}],
            read.read_columns: ["payg_total", 1, [None]],
            read.read_shown: ["x", {"link": 1}, {"a": 1}],
            read.read_press: [None, [], {"id": 1}],
            read.read_sight: [None, [], {"link": "a"}, {"charts": []}, {"link": "a", "charts": {}}],
            read.read_kept: [None, "x", []],
            read.read_use: [[None], {"id": "a"}, {"act": "load"}, {"id": 1, "act": "load"}, {"id": "a", "act": []}],
            read.read_edited: [0, {"id": "a"}, {"version": 1}, {"id": "a", "version": "1"}],
            read.read_said: [{"title": [1]}, {"along": 1}, {"visibility": ["me"]}, {"along": "columns"}],
            read.read_addresses: ["anna@example.org", [1], True],
            read.read_part: [1, ["x"]],
        }.items()
        for data in several
    ],
)
def test_what_the_page_never_holds_is_said_in_one_sentence(reader: Callable[[Any], object], data: Any) -> None:
    with pytest.raises(UserError, match=r"cannot be read.*: load the page again\.$"):
        reader(data)


def test_what_the_page_holds_is_read() -> None:
    charts = [{"id": "c1"}, "no chart"]
    sight = read.read_sight({"link": "a", "charts": charts, "dark": True, "narrow": False})
    assert sight == read.Sight("a", tuple(charts), dark=True, narrow=False)
    assert read.read_kept({"chart": {"id": "c1"}, "at": 1}) == {"id": "c1"}
    assert read.read_use({"id": "a", "act": "load", "at": 1}) == read.Use("a", "load")
    assert read.read_edited({"id": "a", "version": 2}) == Edited("a", 2)
    assert read.read_edited(None) is None
    fields = {
        "title": "T",
        "description": None,
        "visibility": None,
        "along": ["charts", "rows"],
        "runs": [],
        "query": 0,
    }
    said = Said(title="T", description="", visibility="me", along=("charts",), runs_at_once=False)
    assert read.read_said(fields) == said
    assert read.read_addresses(None) == read.read_columns([]) == ()
    assert (read.read_part(None), read.read_part("?id=a")) == ("", "?id=a")
