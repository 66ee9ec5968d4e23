"""Templates, without a browser: saved, loaded, edited, copied, deleted and brought back."""

from __future__ import annotations

from typing import Any

import flask.testing
import pytest

from data.access import OPERATOR
from data.delivery.asked import Asked
from data.report.query import ReportQuery
from data.settings import Settings
from data.store.records import open_records
from data.store.templates import Draft, Template
from layouts.filters import IDS
from layouts.ids import Delivery, Filters, Form, GroupBy, Page, Period, Problem, Stores, Templates
from tests.callbacks.conftest import Visitor

QUESTION = {
    (Period.RANGE, "value"): "last_month",
    (Period.ZONE, "value"): "Europe/Kyiv",
    (IDS["tags"].field, "value"): ["vip"],
    (GroupBy.CHOSEN, "value"): ["date"],
    (Delivery.TYPE, "value"): "xlsx",
    (Delivery.SEND_TO, "value"): ["anna@example.org"],
    (Delivery.ACTIVE_DURATION, "value"): 6,
}


def _save(visitor: Visitor, title: str, **said: Any) -> None:
    visitor.press(Templates.SAVE)
    fields = {"description": Templates.DESCRIPTION, "visibility": Templates.VISIBILITY}
    fields |= {"along": Templates.ALONG, "runs": Templates.RUNS, "query": Templates.QUERY}
    visitor.put({(Templates.TITLE, "value"): title} | {(fields[name], "value"): value for name, value in said.items()})
    visitor.press(Templates.SUBMIT)


def _listed(visitor: Visitor) -> dict[str, dict[str, Any]]:
    return {item["title"]: item for item in visitor[Templates.LIST, "items"]}


def _act(visitor: Visitor, title: str, act: str) -> None:
    visitor.change(Templates.LIST, "act", {"id": _listed(visitor)[title]["id"], "act": act, "at": 1})


def _kept(tmp_path: Any) -> tuple[Template, ...]:
    return open_records(Settings(var_dir=str(tmp_path / "var"))).templates.visible_to(OPERATOR)


def test_a_saved_query_comes_back_as_it_was(visitor: Visitor, client: flask.testing.FlaskClient) -> None:
    visitor.put(QUESTION)
    _save(visitor, "VIP, monthly", description="For the board")
    assert visitor[Templates.OPENED, "data"]["open"] is False
    other = Visitor(client)
    assert {place: other[place] for place in QUESTION} != QUESTION
    _act(other, "VIP, monthly", "load")
    assert {place: other[place] for place in QUESTION} == QUESTION
    assert other[Filters.SHOWN, "data"] == ["tags"]
    assert other[Templates.RUN_NOW, "data"] is None


def test_a_quick_range_stays_relative_and_a_fixed_period_says_so(visitor: Visitor) -> None:
    visitor.put(QUESTION)
    _save(visitor, "Moving")
    dates = {
        (Period.RANGE, "value"): "custom",
        (Period.FROM, "value"): "2024-01-01",
        (Period.TO, "value"): "2024-01-31",
    }
    visitor.put(dates)
    _save(visitor, "Standing")
    listed = _listed(visitor)
    assert listed["Moving"]["note"] == "Last month, moves with the day"
    assert listed["Standing"]["note"] == "Fixed period: 2024-01-01 to 2024-01-31"


def test_columns_and_charts_go_along_when_asked(visitor: Visitor) -> None:
    visitor.put(
        {(Stores.VIEW, "data"): {"columns": ["payg_total"], "sort": []}, (Stores.CHARTS, "data"): [{"id": "a"}]}
    )
    _save(visitor, "With", along=["columns", "charts"])
    _save(visitor, "Without")
    visitor.put({(Stores.VIEW, "data"): {"columns": ["clients_all_qty"], "sort": []}, (Stores.CHARTS, "data"): []})
    _act(visitor, "Without", "load")
    assert visitor[Stores.VIEW, "data"]["columns"] == ["clients_all_qty"]
    _act(visitor, "With", "load")
    assert visitor[Stores.VIEW, "data"]["columns"] == ["payg_total"]
    assert visitor[Stores.CHARTS, "data"] == [{"id": "a"}]


def test_one_that_runs_at_once_is_asked_when_loaded(visitor: Visitor) -> None:
    _save(visitor, "Daily", runs=True)
    _act(visitor, "Daily", "load")
    assert visitor[Templates.RUN_NOW, "data"] is not None


@pytest.mark.parametrize("title", ["", "   "])
def test_a_title_is_needed(visitor: Visitor, title: str) -> None:
    _save(visitor, title)
    assert "title is empty" in visitor[Problem.TEMPLATE, "children"]
    assert visitor[Templates.OPENED, "data"]["open"] is True


def test_titles_are_unique(visitor: Visitor) -> None:
    _save(visitor, "Daily")
    _save(visitor, "Daily")
    assert "already have one called" in visitor[Problem.TEMPLATE, "children"]
    assert list(_listed(visitor)) == ["Daily"]


def test_a_form_that_cannot_be_asked_cannot_be_saved(visitor: Visitor) -> None:
    visitor.put({(Delivery.ACTIVE_DURATION, "value"): 0})
    visitor.press(Templates.SAVE)
    assert visitor[Templates.OPENED, "data"] is None
    assert "1 to 120" in visitor[Problem.ACTIVE_DURATION, "children"]


def test_editing_keeps_the_query_unless_it_is_replaced(visitor: Visitor, tmp_path: Any) -> None:
    visitor.put(QUESTION)
    _save(visitor, "Daily")
    visitor.put({(Delivery.ACTIVE_DURATION, "value"): 12})
    _act(visitor, "Daily", "edit")
    assert visitor[Templates.HEADING, "children"] == "Edit Template"
    visitor.put({(Templates.TITLE, "value"): "Weekly"})
    visitor.press(Templates.SUBMIT)
    assert [(item.title, item.query.active_duration) for item in _kept(tmp_path)] == [("Weekly", 6)]
    _act(visitor, "Weekly", "edit")
    visitor.put({(Templates.QUERY, "value"): True})
    visitor.press(Templates.SUBMIT)
    assert [(item.title, item.query.active_duration) for item in _kept(tmp_path)] == [("Weekly", 12)]


def test_an_edit_does_not_overwrite_another_windows(visitor: Visitor, client: flask.testing.FlaskClient) -> None:
    _save(visitor, "Daily")
    other = Visitor(client)
    for window in (visitor, other):
        _act(window, "Daily", "edit")
    other.put({(Templates.TITLE, "value"): "Theirs"})
    other.press(Templates.SUBMIT)
    visitor.put({(Templates.TITLE, "value"): "Mine"})
    visitor.press(Templates.SUBMIT)
    assert "changed in another window" in visitor[Problem.TEMPLATE, "children"]
    assert list(_listed(Visitor(client))) == ["Theirs"]


def test_copying_deleting_and_undo(visitor: Visitor, tmp_path: Any) -> None:
    visitor.put(QUESTION)
    _save(visitor, "Daily", description="For the board", visibility="everyone", along=["columns"], runs=True)
    before = _kept(tmp_path)[0]
    _act(visitor, "Daily", "standard")
    _act(visitor, "Daily", "duplicate")
    assert list(_listed(visitor)) == ["Daily", "Daily (copy)"]
    _act(visitor, "Daily", "delete")
    assert list(_listed(visitor)) == ["Daily (copy)"]
    assert visitor[Templates.UNDO_BAR, "hidden"] is False
    visitor.press(Templates.UNDO)
    assert _listed(visitor)["Daily"]["standard"] is True
    after = next(item for item in _kept(tmp_path) if item.title == "Daily")
    said = Draft.__dataclass_fields__
    assert {name: getattr(after, name) for name in said} == {name: getattr(before, name) for name in said}


def test_the_default_opens_the_form_and_reset_returns_to_it(
    visitor: Visitor, client: flask.testing.FlaskClient
) -> None:
    visitor.put(QUESTION)
    _save(visitor, "Mine")
    _act(visitor, "Mine", "standard")
    visitor.put({(Delivery.ACTIVE_DURATION, "value"): 1})
    visitor.change(Stores.RUN, "data", {"id": "one"})
    again = Visitor(client)
    assert {place: again[place] for place in QUESTION} == QUESTION
    again.put({(Delivery.ACTIVE_DURATION, "value"): 1, (IDS["tags"].field, "value"): []})
    again.press(Form.RESET)
    assert {place: again[place] for place in QUESTION} == QUESTION
    _act(again, "Mine", "standard")
    assert Visitor(client)[Delivery.ACTIVE_DURATION, "value"] == 1


def test_values_that_are_gone_are_left_out_with_a_notice(visitor: Visitor, tmp_path: Any) -> None:
    visitor.put(QUESTION)
    _save(visitor, "Old", runs=True)
    records = open_records(Settings(var_dir=str(tmp_path / "var"))).templates
    known = _kept(tmp_path)[0]
    query = ReportQuery.from_json(known.query.to_json() | {"tags": ["vip", "gone"], "owners": [2, 4711]})
    records.update(known.id, Draft(title="Old", asked=Asked(query), runs_at_once=True), OPERATOR, version=known.version)
    _act(visitor, "Old", "load")
    assert visitor[IDS["tags"].field, "value"] == ["vip"]
    assert visitor[IDS["owners"].field, "value"] == ["2"]
    said = str(visitor[Page.MESSAGES, "children"])
    assert "tag gone" in said
    assert "owner 4711" in said
    # It does not run by itself: the question is no longer the one that was saved.
    assert visitor[Templates.RUN_NOW, "data"] is None


def test_a_template_that_is_gone_says_so(visitor: Visitor) -> None:
    _save(visitor, "Daily")
    visitor.change(Templates.LIST, "act", {"id": "nothing", "act": "load", "at": 1})
    assert "does not exist any more" in str(visitor[Page.MESSAGES, "children"])
