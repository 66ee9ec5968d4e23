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

from tests.callbacks.conftest import Visitor

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


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"null", b"[]", b"1", b"[" * 50_000, b'{"output":' * 2000, b"\xff\xfe", b"9" * 5000]
)
def test_what_is_no_payload_at_all(raw: bytes, client: flask.testing.FlaskClient) -> None:
    client.application.config["WTF_CSRF_ENABLED"] = False
    for kind in ("application/json", "text/plain"):
        answer = client.post("/_dash-update-component", data=raw, content_type=kind)
        assert (answer.status_code, answer.get_data(as_text=True)) == (400, SENTENCE)
