"""The form's panels as they are built: every choice there is, filled from the question."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, time
from typing import Any

import pytest
from dash.development.base_component import Component

from data.access import OPERATOR, User
from data.report.choices import Choices
from data.report.dimensions import DIMENSIONS
from data.report.filters import FILTER, Choice
from data.report.period import QUICK_RANGES, Bound, quick_range_dates
from data.report.query import ReportQuery
from data.settings import Settings
from data.warehouse.schema import CLIENT_TYPES
from data.words.question import tell
from layouts import filters, form
from layouts.filters import options
from layouts.ids import Delivery, Filters, Form, GroupBy, Period

TODAY = date(2024, 5, 15)
CHOICES = Choices(
    of={
        "client_types": tuple(Choice(value, label) for value, label in CLIENT_TYPES.items()),
        "tags": (Choice("trial", "trial"), Choice("vip", "vip")),
        "owners": (
            Choice("1", "Operator"),
            Choice("2", "North", ("Operator",)),
            Choice("5", "North-East", ("Operator", "North")),
        ),
        "packages": (Choice("9007199254740992", "Gold"), Choice("9007199254740993", "Gold")),
    },
    currencies=("EUR", "USD"),
)
QUERY = ReportQuery(
    start=Bound(date(2024, 1, 1), time(8, 30)),
    end=Bound(date(2024, 1, 31)),
    tags=("vip",),
    owners=(5,),
    group_by=("package", "month"),
    currency="USD",
    active_duration=3,
)


def parts(component: Any) -> Iterator[Component]:
    """A component and everything below it."""
    if isinstance(component, Component):
        yield component
        component = getattr(component, "children", None)
    if isinstance(component, Component):
        yield from parts(component)
    elif isinstance(component, list | tuple):
        for child in component:
            yield from parts(child)


@pytest.fixture
def by_id() -> dict[str, Component]:
    built = form.panel(
        QUERY, CHOICES, OPERATOR, Settings(), today=TODAY, output_type="csv", send_to=("anna@example.org",)
    )
    return {part.id: part for part in parts(built) if hasattr(part, "id")}


def test_fields_are_filled_from_the_question(by_id: dict[str, Component]) -> None:
    assert by_id[Period.RANGE].value == filters.CUSTOM
    assert (by_id[Period.FROM].value, by_id[Period.FROM_TIME].value) == ("2024-01-01", "08:30")
    assert by_id[Period.TO].value == "2024-01-31"
    assert by_id[filters.IDS["tags"].field].value == ["vip"]
    assert by_id[GroupBy.CHOSEN].value == ["package", "month"]
    assert by_id[Delivery.CURRENCY].value == "USD"
    assert by_id[Delivery.SEND_TO].value == ["anna@example.org"]
    assert by_id[Delivery.SEND_TO].disabled is False
    assert by_id[Form.SUMMARY].children == tell(QUERY, CHOICES.names).line


def test_every_filter_has_its_row_and_only_those_in_use_are_seen(by_id: dict[str, Component]) -> None:
    hidden = {id_: by_id[ids.row].hidden for id_, ids in filters.IDS.items()}
    assert [id_ for id_ in hidden if not hidden[id_]] == ["tags", "owners"]
    assert (
        hidden.items()
        >= {
            "client_types": True,
            "tags": False,
            "owners": False,
            "client_currencies": True,
            "packages": True,
        }.items()
    )
    assert by_id[Filters.ADD].hidden == ["tags", "owners"]
    assert [group["label"] for group in by_id[Filters.ADD].groups] == ["By clients", "Extras"]


def test_values_have_names_and_owners_their_place_in_the_tree(by_id: dict[str, Component]) -> None:
    assert {option["value"] for option in by_id[filters.IDS["client_types"].field].options} == set(CLIENT_TYPES)
    assert by_id[filters.IDS["owners"].field].options[2] == {
        "value": "5",
        "label": "North-East",
        "path": "Operator › North",
    }
    # As text: both ids are the same number to JavaScript.
    offered = [option["value"] for option in by_id[filters.IDS["packages"].field].options]
    assert offered == ["9007199254740992", "9007199254740993"]
    assert by_id[filters.IDS["owners"].field].value == ["5"]


def test_the_menus_come_from_the_catalog(by_id: dict[str, Component]) -> None:
    offered = [item["value"] for group in by_id[GroupBy.ADD].groups for item in group["items"]]
    assert offered == [dimension.id for dimension in DIMENSIONS]
    assert [group["label"] for group in by_id[GroupBy.ADD].groups] == ["Time", "Clients", "Extras"]
    assert {option["value"] for option in by_id[Period.RANGE].options} == {*QUICK_RANGES, filters.CUSTOM}


def test_currencies_that_the_data_knows_come_first(by_id: dict[str, Component]) -> None:
    offered = by_id[Delivery.CURRENCY].options
    assert offered[:2] == [{"value": "EUR", "label": "EUR – Euro"}, {"value": "USD", "label": "USD – US Dollar"}]
    assert len({option["value"] for option in offered}) == len(offered) > 150


def test_the_browser_knows_what_quick_ranges_mean_around_today(by_id: dict[str, Component]) -> None:
    known = by_id[Period.CALENDAR].data
    # Yesterday, since zones differ; and a week on, since a page may stay open.
    assert min(known) == "2024-05-14"
    assert max(known) >= "2024-05-22"
    assert known["2024-05-16"]["last_month"] == [str(day) for day in quick_range_dates("last_month", date(2024, 5, 16))]


def test_no_field_is_without_a_label(by_id: dict[str, Component]) -> None:
    built = form.panel(replace(QUERY, tags=()), CHOICES, OPERATOR, Settings(), today=TODAY)
    labelled = {part.htmlFor if hasattr(part, "htmlFor") else getattr(part, "html_for", None) for part in parts(built)}
    fields = {part.id for part in parts(built) if type(part).__name__ in ("Input", "Select", "Picker", "Chips")}
    assert fields - labelled == set()


def test_packages_of_one_name_are_offered_with_their_ids() -> None:
    offered = options(FILTER["packages"], CHOICES)
    assert [choice["label"] for choice in offered] == ["Gold (#9007199254740992)", "Gold (#9007199254740993)"]
    assert [choice["value"] for choice in offered] == ["9007199254740992", "9007199254740993"]
    assert options(FILTER["owners"], CHOICES)[1] == {"value": "2", "label": "North", "path": "Operator"}


def below(part: Any) -> list[Any]:
    children = getattr(part, "children", None)
    return children if isinstance(children, list) else []


@pytest.mark.parametrize(("role", "may"), [("Manager", True), ("Analyst", False), ("Viewer", False)])
def test_files_and_mail_are_for_those_who_may_have_them(role: str, may: bool) -> None:
    user = User(id="anna", name="Anna", role=role)
    built = form.panel(QUERY, CHOICES, user, Settings(), today=TODAY, output_type="csv")
    by_id = {part.id: part for part in parts(built) if hasattr(part, "id")}
    assert ({"csv", "xlsx"} <= {item["value"] for item in by_id[Delivery.TYPE].options}) is may
    assert by_id[Delivery.TYPE].value == ("csv" if may else "web")
    field = next(part for part in parts(built) if by_id[Delivery.SEND_TO] in below(part))
    assert field.hidden is not may


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (Settings(), "this server's outbox"),
        (Settings(smtp_host="mail.example.com"), "sent to each address"),
        (Settings(mail_domains="Example.com, partner.org"), "Allowed: addresses of example.com, partner.org."),
    ],
)
def test_the_form_says_where_mail_goes(settings: Settings, said: str) -> None:
    built = form.panel(QUERY, CHOICES, OPERATOR, settings, today=TODAY, output_type="csv")
    by_id = {part.id: part for part in parts(built) if hasattr(part, "id")}
    assert said in by_id[Delivery.SEND_TO_NOTE].children
    assert by_id[Delivery.NOTES].data["file"] == by_id[Delivery.SEND_TO_NOTE].children
