"""What is sent to callbacks and has not their shape: refused in one sentence, never a fault of ours."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import flask.testing
import pytest

from callbacks.payload import read_json
from charts.spec import ChartSpec, Series
from layouts.ids import Again, Chart, Delivery, Page, Report, Stores, Templates
from tests.callbacks.conftest import Visitor
from tests.callbacks.test_report import ask

SENTENCE = "This is not a request that the page makes: reload it and try again.\n"
STRANGE: tuple[Any, ...] = (
    None, 0, -1, 1e308, float("inf"), float("nan"), 2**70, "", "x" * 300, "\0", "2024-02-30", True, [], {}, [None],
    [[]], {"a": 1}, {"type": "Div", "namespace": "dash_html_components", "props": {}}, "9007199254740993", "\ud800",
)  # fmt: skip


def places(node: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a body but the whole of it."""
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield (*above, key)
        yield from places(child, (*above, key))


def broken(body: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """The body with something in it replaced, removed, or there twice."""
    body = deepcopy(body)
    for _ in range(chance.choice([1, 1, 2])):
        *above, last = chance.choice(list(places(body)))
        node: Any = body
        for key in above:
            node = node[key]
        how = chance.random()
        if how < 0.6:
            node[last] = deepcopy(chance.choice(STRANGE))
        elif how < 0.85:
            del node[last]
        elif isinstance(node, list):
            node.append(deepcopy(node[last]))
        if not body:
            break
    return body


def test_broken_payloads_are_never_a_fault_of_ours(visitor: Visitor, caplog: pytest.LogCaptureFixture) -> None:
    chance = random.Random(20261125)
    callbacks = [each for each in visitor.dependencies if each["clientside_function"] is None]
    bodies = [
        visitor.body(each, f"{each['inputs'][0]['id']}.{each['inputs'][0]['property']}" if each["inputs"] else "")
        for each in callbacks
    ]
    assert {visitor.post(body).status_code for body in bodies} <= {200, 204}
    seen: Counter[int] = Counter()
    for _ in range(250):
        body = broken(chance.choice(bodies), chance)
        answer = visitor.post(body)
        seen[answer.status_code] += 1
        assert answer.status_code in {200, 204, 400}, json.dumps(body)
        if answer.status_code == 400:
            assert answer.get_data(as_text=True) == SENTENCE
    assert seen[400] > 100


@pytest.fixture
def busy(visitor: Visitor) -> Visitor:
    """Somebody whose page holds all that it can: a report, charts, a template that was edited and one deleted."""
    ask(visitor)
    link = visitor[Stores.REPORT, "data"]["link"]
    for title in ("Kept", "Gone"):
        visitor.press(Templates.SAVE)
        visitor.put({(Templates.TITLE, "value"): title, (Templates.ALONG, "value"): ["columns", "charts"]})
        visitor.press(Templates.SUBMIT)
    kept, gone = sorted(visitor[Templates.LIST, "items"], key=lambda item: item["title"] == "Gone")
    visitor.change(Templates.LIST, "act", {"id": gone["id"], "act": "delete", "at": 1})
    chart = ChartSpec(id="c9", kind="bar", title="Mine", series=(Series("payg_total", None, "red"),)).to_json()
    preset = {"id": "c1", "kind": "line", "preset": "payg_total"}
    sort = [{"column_id": "clients_all_qty", "direction": "desc"}]
    visitor.put(
        {
            (Stores.VIEW, "data"): {"columns": ["clients_all_qty"], "sort": sort},
            (Stores.CHARTS, "data"): [chart, preset],
            (Stores.RUN, "data"): {"id": "r9", "rows": 30},
            (Again.ASK, "data"): {"id": "r8"},
            (Report.SORT, "data"): sort,
            (Report.CHOSEN, "data"): ["payg_total"],
            (Chart.ASKED, "data"): {"link": link, "charts": [chart, preset], "dark": False, "narrow": False},
            (Chart.KEEP, "data"): {"chart": chart, "at": 1},
            (Templates.LIST, "act"): {"id": kept["id"], "act": "load", "at": 1},
            (Templates.EDITED, "data"): {"id": kept["id"], "version": 1},
            (Delivery.SEND_TO, "value"): ["anna@example.org"],
            (Page.LOCATION, "pathname"): "/view",
            (Page.LOCATION, "search"): f"?id={link}",
        }
    )
    return visitor


def strange(body: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """A body of the page's shape, with a value in it that is not of its kind."""
    body = deepcopy(body)
    slots = [
        each for item in (*body["inputs"], *body["state"]) for each in (item if isinstance(item, list) else [item])
    ]
    if slots:
        slot = chance.choice(slots)
        *above, last = chance.choice([("value",), *(("value", *place) for place in places(slot["value"]))])
        node: Any = slot
        for key in above:
            node = node[key]
        if above and chance.random() < 0.2:
            del node[last]
        else:
            node[last] = deepcopy(chance.choice(STRANGE))
    return body


def test_values_of_a_wrong_kind_are_never_a_fault_of_ours(busy: Visitor, caplog: pytest.LogCaptureFixture) -> None:
    chance = random.Random(20261125)
    bodies = [
        busy.body(each, f"{each['inputs'][0]['id']}.{each['inputs'][0]['property']}" if each["inputs"] else "")
        for each in busy.dependencies
        if each["clientside_function"] is None
    ]
    caplog.set_level("ERROR")
    for body in (*bodies, *(strange(chance.choice(bodies), chance) for _ in range(300))):
        caplog.clear()
        assert busy.post(body).status_code in {200, 204, 400}, json.dumps(body)
        assert not caplog.records, json.dumps(body)


@pytest.mark.parametrize(
    "text", ['"\\u0000"', '"\\ud800"', '"\\udfff x"', "NaN", "Infinity", "-Infinity", "1e999", '{"\\ud83d": 1}', '"\0"']
)
def test_json_that_no_browser_sends_and_no_database_keeps(text: str) -> None:
    raw = b'{"a": [' + text.encode() + b"]}"
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says, the person gets one sentence
        read_json(raw)


def test_json_of_whole_characters_is_read() -> None:
    said = {"a": ["\U0001f600", "\\u0000", "\\ud800", 1.5, 2**70, None]}
    assert read_json(json.dumps(said).encode()) == said
    assert read_json(json.dumps(said, ensure_ascii=False).encode()) == said


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"null", b"[]", b"1", b"[" * 50_000, b'{"output":' * 2000, b"\xff\xfe", b"9" * 5000]
)
def test_what_is_no_payload_at_all(raw: bytes, client: flask.testing.FlaskClient) -> None:
    client.application.config["WTF_CSRF_ENABLED"] = False
    for kind in ("application/json", "text/plain"):
        answer = client.post("/_dash-update-component", data=raw, content_type=kind)
        assert (answer.status_code, answer.get_data(as_text=True)) == (400, SENTENCE)
