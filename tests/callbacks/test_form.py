"""The form's acts, without a browser: Reset, remembering, problems at their fields, folding words."""

from __future__ import annotations

import logging

import flask.testing
import pytest

from data.access import OPERATOR
from data.acts.form import REMEMBERED
from data.errors import UserError
from data.report.reports import Reports
from data.settings import Settings
from data.store.records import open_records
from layouts.filters import IDS
from layouts.ids import Delivery, Filters, Form, GroupBy, Page, Period, Problem, Stores
from tests.callbacks.conftest import Visitor

QUESTION = {
    (Period.RANGE, "value"): "custom",
    (Period.FROM, "value"): "2024-01-01",
    (Period.TO, "value"): "2024-03-31",
    (Period.ZONE, "value"): "Europe/Kyiv",
    (IDS["client_types"].field, "value"): ["client"],
    (IDS["owners"].field, "value"): ["2"],
    (GroupBy.CHOSEN, "value"): ["package", "month"],
    (Delivery.CURRENCY, "value"): "USD",
    (Delivery.ACTIVE_DURATION, "value"): 3,
}


def test_the_form_opens_with_the_defaults_and_lets_the_browser_choose_the_zone(visitor: Visitor) -> None:
    assert visitor[Period.RANGE, "value"] == "last_12_months"
    assert visitor[Period.FIRST_VISIT, "data"] is True
    assert visitor[GroupBy.CHOSEN, "value"] == ["month"]
    assert visitor[Delivery.CURRENCY, "value"] == "EUR"
    assert visitor[Delivery.ACTIVE_DURATION, "value"] == 1
    assert visitor[Filters.SHOWN, "data"] == []


def test_what_was_asked_is_there_at_the_next_visit(visitor: Visitor, client: flask.testing.FlaskClient) -> None:
    visitor.put(QUESTION)
    visitor.change(Stores.RUN, "data", {"id": "one"})
    again = Visitor(client)
    assert {place: again[place] for place in QUESTION} == QUESTION
    assert again[Period.FIRST_VISIT, "data"] is False
    assert again[Filters.SHOWN, "data"] == ["client_types", "owners"]
    assert again[IDS["owners"].row, "hidden"] is False
    assert again[IDS["tags"].row, "hidden"] is True


def test_a_question_that_cannot_be_asked_is_not_remembered(visitor: Visitor, client: flask.testing.FlaskClient) -> None:
    visitor.put(QUESTION | {(Delivery.ACTIVE_DURATION, "value"): 0})
    visitor.change(Stores.RUN, "data", {"id": "one"})
    assert Visitor(client)[Period.RANGE, "value"] == "last_12_months"


def test_a_question_for_a_file_is_remembered_as_well(visitor: Visitor, client: flask.testing.FlaskClient) -> None:
    visitor.put(QUESTION | {(Delivery.TYPE, "value"): "csv", (Delivery.SEND_TO, "value"): ["anna@example.org"]})
    visitor.change(Stores.RUN, "data", {"id": "one"})
    again = Visitor(client)
    assert (again[Delivery.TYPE, "value"], again[Delivery.SEND_TO, "value"]) == ("csv", ["anna@example.org"])
    assert again[Form.SUMMARY, "children"].startswith("Jan–Mar 2024")


def test_a_link_of_somebody_is_not_ones_own_settings(visitor: Visitor, client: flask.testing.FlaskClient) -> None:
    visitor.put(QUESTION)
    visitor.change(Stores.RUN, "data", {"id": "one"})
    visitor.put({(Period.RANGE, "value"): "last_year"})
    visitor.change(Stores.RUN, "data", {"id": "two"})
    guest = Visitor(client)
    guest.put({(Page.LOCATION, "pathname"): "/view"})
    guest.change(Page.LOCATION, "search", f"?id={visitor[Stores.REPORT, 'data']['link']}")
    assert guest[Period.FROM, "value"]
    assert Visitor(client)[Period.RANGE, "value"] == "last_year"


def test_reset_returns_to_the_defaults(visitor: Visitor) -> None:
    visitor.put(QUESTION | {(Filters.SHOWN, "data"): ["client_types", "owners"]})
    visitor.press(Form.RESET)
    assert visitor[Period.RANGE, "value"] == "last_12_months"
    assert visitor[IDS["owners"].field, "value"] == []
    assert visitor[Filters.SHOWN, "data"] == []
    assert visitor[GroupBy.CHOSEN, "value"] == ["month"]
    assert visitor[Delivery.ACTIVE_DURATION, "value"] == 1


def test_addresses_are_checked_as_they_come(visitor: Visitor) -> None:
    visitor.change(Delivery.SEND_TO, "value", ["anna@example.org", "nobody"])
    assert list(visitor[Delivery.SEND_TO, "problems"]) == ["nobody"]
    assert "nobody is not an e-mail address" in visitor[Problem.SEND_TO, "children"]
    visitor.change(Delivery.SEND_TO, "value", ["anna@example.org"])
    assert visitor[Delivery.SEND_TO, "problems"] == {}
    assert visitor[Problem.SEND_TO, "children"] == ""


@pytest.mark.parametrize(
    ("place", "value", "problem", "said"),
    [
        ((Period.FROM, "value"), "", Problem.PERIOD, "From needs a whole date"),
        ((Period.TO, "value"), "2023-12-31", Problem.PERIOD, "The period is empty"),
        ((Period.ZONE, "value"), "Europe/Kiyv", Problem.ZONE, "Did you mean"),
        ((Delivery.ACTIVE_DURATION, "value"), 121, Problem.ACTIVE_DURATION, "choose 1 to 120"),
        ((Delivery.ACTIVE_DURATION, "value"), None, Problem.ACTIVE_DURATION, "whole number"),
        ((IDS["owners"].field, "value"), ["999"], IDS["owners"].problem, "999"),
        ((Delivery.CURRENCY, "value"), "XXQ", Problem.CURRENCY, "XXQ"),
    ],
)
def test_a_problem_is_said_at_its_field(visitor: Visitor, place: tuple, value: object, problem: str, said: str) -> None:
    visitor.put(QUESTION | {place: value, (Form.PANEL, "className"): "form folded"})
    visitor.change(Stores.RUN, "data", {"id": "one"})
    assert said in visitor[problem, "children"]
    assert visitor[Form.PANEL, "className"] == "form"


def test_a_fault_of_ours_gives_an_incident_and_leaves_the_page_alive(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    with monkeypatch.context() as patch:
        patch.setattr(Reports, "ask", fail)
        with caplog.at_level(logging.ERROR):
            visitor.put(QUESTION)
            visitor.change(Stores.RUN, "data", {"id": "one"})
    said = str(visitor[Page.MESSAGES, "children"])
    incident = caplog.records[-1].message.split()[1].rstrip(":")
    assert incident in said
    assert "secret detail" not in said
    assert "secret detail" in caplog.text
    visitor.change(Stores.RUN, "data", {"id": "two"})
    assert visitor[Stores.REPORT, "data"]["link"]


def test_the_folded_form_says_the_question_in_words(visitor: Visitor) -> None:
    visitor.put(QUESTION)
    visitor.change(Stores.RUN, "data", {"id": "one"})
    assert visitor[Form.SUMMARY, "children"] == (
        'Jan–Mar 2024, Europe/Kyiv, Client Type Client, Owner North, "Ltd", by Package Name, Month, USD, '
        "active 3 months"
    )


def test_remembered_values_that_are_gone_are_left_out_with_a_notice(
    visitor: Visitor, client: flask.testing.FlaskClient, tmp_path
) -> None:
    records = open_records(Settings(var_dir=str(tmp_path / "var")))
    visitor.put(QUESTION)
    visitor.change(Stores.RUN, "data", {"id": "one"})
    kept = records.preferences.get(OPERATOR, REMEMBERED)
    kept["query"] |= {"owners": [2, 4711], "timezone": "Atlantis/Capital"}
    records.preferences.set(OPERATOR, REMEMBERED, kept)
    again = Visitor(client)
    assert again[IDS["owners"].field, "value"] == ["2"]
    assert again[Period.ZONE, "value"] == "UTC"
    said = str(again[Page.MESSAGES, "children"])
    assert "owner 4711" in said
    assert "time zone Atlantis/Capital" in said


@pytest.mark.parametrize("kept", [{}, {"query": {"from": "?"}}, "rubbish", {"query": None, "output": "pdf"}])
def test_settings_that_cannot_be_read_are_left_aside(client: flask.testing.FlaskClient, tmp_path, kept: object) -> None:
    open_records(Settings(var_dir=str(tmp_path / "var"))).preferences.set(OPERATOR, REMEMBERED, kept)
    assert Visitor(client)[Period.RANGE, "value"] == "last_12_months"


def test_a_page_that_cannot_be_built_says_why(
    client: flask.testing.FlaskClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise UserError("The records are of an older program: run `flask records upgrade`.")

    def fail(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(Reports, "choices", refuse)
    assert "run `flask records upgrade`" in client.get("/_dash-layout").get_data(as_text=True)
    monkeypatch.setattr(Reports, "choices", fail)
    said = client.get("/_dash-layout").get_data(as_text=True)
    assert "incident" in said
    assert "secret detail" not in said
    assert "secret detail" in caplog.text


def test_every_fault_of_a_form_is_told_at_once(visitor: Visitor) -> None:
    visitor.put(
        {
            (Period.RANGE, "value"): "custom",
            (Period.FROM, "value"): "",
            (Period.TO, "value"): None,
            (Period.ZONE, "value"): "Europe/Kiyv",
            (Delivery.ACTIVE_DURATION, "value"): 121,
        }
    )
    visitor.change(Stores.RUN, "data", {"id": "0123456789ab"})
    assert visitor[Problem.PERIOD, "children"].startswith("From needs a whole date")
    assert "To needs a whole date" in visitor[Problem.PERIOD, "children"]
    assert "Did you mean" in visitor[Problem.ZONE, "children"]
    assert "choose 1 to 120" in visitor[Problem.ACTIVE_DURATION, "children"]
    assert visitor[Form.PANEL, "className"] == "form"
