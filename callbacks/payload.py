"""The shape of what the page sends to a callback. Dash takes it as given, and stumbles over anything else.

A page that was opened before the program was brought up to date sends such things, and so does whoever tries.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

import dash
import flask

_ADDRESS = "/_dash-update-component"
_SENTENCE = "This is not a request that the page makes: reload it and try again."
_SEVERAL = (["ALL"], ["ALLSMALLER"])
_ONE = ["MATCH"]
_ESCAPED = re.compile(rb"\\u(0000|[dD][89a-fA-F])")  # may stand for what cannot be kept; seldom seen at all
_UNKEEPABLE = re.compile("[\0\ud800-\udfff]")


def register(app: dash.Dash) -> None:
    """Answer 400 and one sentence to requests for callbacks that have not the shape of any."""
    server: flask.Flask = app.server

    @server.before_request
    def refuse_what_fits_nothing() -> None:
        if flask.request.path != _ADDRESS or flask.request.method != "POST":
            return
        try:
            body = read_json(flask.request.get_data())
            fits = _fits(body, app.callback_map)
        except (ValueError, RecursionError):
            fits = False
        if not fits or not flask.request.is_json:
            flask.abort(400, _SENTENCE)


def read_json(raw: bytes) -> Any:
    """What ``raw`` says as JSON. Raises :class:`ValueError` also for what browsers never send and databases refuse.

    These are numbers without end, the character of number zero, and halves of characters.
    """
    read = json.loads(raw.decode(), parse_constant=_finite, parse_float=_finite)
    if _ESCAPED.search(raw) and any(map(_UNKEEPABLE.search, _texts(read))):
        raise ValueError
    return read


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for key, value in node.items():
            yield key
            yield from _texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value)


def _finite(number: str) -> float:
    found = float(number)
    if not math.isfinite(found):
        raise ValueError(number)
    return found


def _fits(body: Any, callbacks: dict[str, Any]) -> bool:
    if not isinstance(body, dict) or not isinstance(body.get("output"), str):
        return False
    known = callbacks.get(body["output"])
    changed = body.get("changedPropIds", [])
    if known is None or not isinstance(changed, list) or not all(isinstance(each, str) for each in changed):
        return False
    return (
        _all_fit(known["inputs"], body.get("inputs", []))
        and _all_fit(known["state"], body.get("state", []))
        and (bool(known.get("no_output")) or _outputs_fit(body["output"], body.get("outputs")))
    )


def _outputs_fit(output: str, sent: Any) -> bool:
    several = output.startswith("..")
    places = output.strip(".").split("...") if several else [output]
    expected = [dict(zip(("id", "property"), place.rpartition(".")[::2], strict=True)) for place in places]
    return _all_fit(expected, sent if several else [sent])


def _all_fit(expected: list[dict[str, str]], sent: Any) -> bool:
    return (
        isinstance(sent, list)
        and len(sent) == len(expected)
        and all(_place_fits(one, each) for one, each in zip(expected, sent, strict=True))
    )


def _place_fits(expected: dict[str, str], sent: Any) -> bool:
    id_: Any = json.loads(expected["id"]) if expected["id"].startswith("{") else expected["id"]
    if isinstance(id_, dict) and any(value in _SEVERAL for value in id_.values()):
        return isinstance(sent, list) and all(_is_place(id_, expected["property"], each) for each in sent)
    return _is_place(id_, expected["property"], sent)


def _is_place(id_: Any, prop: str, sent: Any) -> bool:
    # What follows an @ tells several callbacks with the same output apart.
    return (
        isinstance(sent, dict)
        and isinstance(sent.get("property"), str)
        and sent["property"].partition("@")[0] == prop.partition("@")[0]
        and _is_id(id_, sent.get("id"))
    )


def _is_id(id_: Any, sent: Any) -> bool:
    if not isinstance(id_, dict):
        return bool(sent == id_)
    return (
        isinstance(sent, dict)
        and sent.keys() == id_.keys()
        and all(
            isinstance(sent[key], str | int | float) if value in (*_SEVERAL, _ONE) else sent[key] == value
            for key, value in id_.items()
        )
    )
