"""The page and its addresses while a database server is away: a sentence that says what to do, and no incident."""

from __future__ import annotations

import json
import logging

import pytest

from layouts.ids import Form, Page, Stores
from tests.callbacks.conftest import Visitor

# Nobody listens on port 1.
AWAY = "postgresql://anna:geheim@127.0.0.1:1/company"


def words(node: object) -> str:
    return json.dumps(node)


@pytest.fixture(autouse=True)
def no_incident(caplog):
    """Nothing here is a fault of ours."""
    with caplog.at_level(logging.ERROR):
        yield
    assert not caplog.get_records("call")


def test_a_visitor_finds_the_page_with_the_reason_why_it_has_no_data(client_with):
    with client_with(warehouse_url=AWAY) as client:
        visitor = Visitor(client)
    assert Form.QUERY in visitor.props
    said = words(visitor[Page.MESSAGES, "children"])
    assert "The warehouse cannot be reached" in said
    assert "check WAREHOUSE_URL" in said
    assert "geheim" not in said


def test_a_question_gets_the_reason_for_an_answer(client_with):
    with client_with(warehouse_url=AWAY) as client:
        visitor = Visitor(client)
        visitor.put({(Page.MESSAGES, "children"): None})
        visitor.change(Stores.RUN, "data", {"id": "a-run", "act": "query"})
    assert "The warehouse cannot be reached" in words(visitor[Page.MESSAGES, "children"])


@pytest.mark.parametrize(
    ("address", "sign_in"),
    [("/", "none"), ("/view?id=abcdefghijklmnopqrstuvwx", "none"), ("/sign-in", "password")],
)
def test_without_our_own_records_the_page_is_one_sentence(client_with, address, sign_in):
    with client_with(database_url=AWAY, secret_key="s" * 32, sign_in=sign_in) as client:
        answer = client.get(address)
    assert answer.status_code == 503
    said = answer.get_data(as_text=True)
    assert "check DATABASE_URL" in said
    assert "geheim" not in said


def test_the_health_address_tells_monitors(client_with):
    with client_with(warehouse_url=AWAY) as client:
        answer = client.get("/healthz")
    assert (answer.status_code, answer.get_json()["status"]) == (503, "unreachable")
    assert "geheim" not in answer.get_data(as_text=True)
