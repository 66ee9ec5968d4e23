"""A visitor without a browser: the real layout and the real callbacks, over Flask's test client."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import flask.testing
import pytest

from app import create_app
from data.settings import Settings
from tests.conftest import load_folder

GOLDEN = Path(__file__).parents[1] / "golden" / "dataset"


class Visitor:
    """Somebody who has the page open: its properties by id, which callbacks change as they would in the browser.

    Only callbacks of the server run; what happens in the browser alone is told in tests/browser.
    """

    def __init__(self, client: flask.testing.FlaskClient) -> None:
        self.client = client
        self.client.get("/", headers={"Accept": "text/html"})  # brings the cookie with the CSRF token
        self.props: dict[str, dict[str, Any]] = {}
        self._collect(self._json("/_dash-layout"))
        self.dependencies = self._json("/_dash-dependencies")

    def __getitem__(self, place: tuple[str, str]) -> Any:
        """The property of a component: ``visitor[Form.SUMMARY, "children"]``."""
        id_, prop = place
        return self.props[id_].get(prop)

    def change(self, id_: str, prop: str, value: Any) -> None:
        """Change a property as a person does: every callback that listens answers, and those that listen to it."""
        self.props[id_][prop] = value
        for dependency in self.dependencies:
            listens = any((item["id"], item["property"]) == (id_, prop) for item in dependency["inputs"])
            if listens and dependency["clientside_function"] is None:
                for changed in self._answer(dependency, f"{id_}.{prop}"):
                    self.change(*changed)

    def put(self, values: dict[tuple[str, str], Any]) -> None:
        """Set properties without anyone listening, as when the browser alone changes them."""
        for (id_, prop), value in values.items():
            self.props[id_][prop] = value

    def press(self, id_: str) -> None:
        """Press a button."""
        self.change(id_, "n_clicks", (self.props[id_].get("n_clicks") or 0) + 1)

    def _answer(self, dependency: dict[str, Any], changed: str) -> list[tuple[str, str, Any]]:
        """Let one callback answer; what it changed, as id, property and value."""
        response = self.post(self.body(dependency, changed))
        if response.status_code == 204:
            return []
        assert response.status_code == 200, response.get_data(as_text=True)
        answer = response.get_json()
        found = []
        for changes in (answer.get("response") or {}, answer.get("sideUpdate") or {}):
            for id_, props in changes.items():
                known = self.props.setdefault(id_, {})
                found += [(id_, prop, value) for prop, value in props.items() if known.get(prop) != value]
                known.update(props)
                for value in props.values():
                    self._collect(value)
        return found

    def body(self, dependency: dict[str, Any], changed: str) -> dict[str, Any]:
        """What the browser sends to one callback when the property ``changed`` has changed."""
        output = dependency["output"]
        places = [place for place in output.strip(".").split("...") if place]
        return {
            "output": output,
            "outputs": [self._output(place) for place in places]
            if output.startswith("..")
            else (self._output(places[0]) if places else []),
            "inputs": [self._value(item) for item in dependency["inputs"]],
            "state": [self._value(item) for item in dependency["state"]],
            "changedPropIds": [changed],
        }

    def post(self, body: dict[str, Any]) -> Any:
        """Ask for a callback's answer as the browser does."""
        cookie = self.client.get_cookie("csrf")
        headers = {} if cookie is None else {"X-CSRFToken": cookie.value}
        return self.client.post("/_dash-update-component", json=body, headers=headers, buffered=True)

    def _output(self, place: str) -> dict[str, str]:
        id_, _, prop = place.rpartition(".")
        return {"id": id_, "property": prop}

    def _value(self, item: dict[str, Any]) -> Any:
        if '["ALL"]' in item["id"]:
            pattern = json.loads(item["id"])
            known = [(json.loads(key), props) for key, props in self.props.items() if key.startswith("{")]
            return [
                {"id": id_, "property": item["property"], "value": props.get(item["property"])}
                for id_, props in known
                if id_.keys() == pattern.keys() and all(pattern[key] in (["ALL"], id_[key]) for key in pattern)
            ]
        return item | {"value": self.props.get(item["id"], {}).get(item["property"])}

    def _collect(self, node: Any) -> None:
        """Remember the properties of every component below ``node``."""
        if isinstance(node, list):
            for child in node:
                self._collect(child)
        elif isinstance(node, dict) and isinstance(node.get("props"), dict):
            props = node["props"]
            if "id" in props:
                key = props["id"] if isinstance(props["id"], str) else json.dumps(props["id"], sort_keys=True)
                self.props[key] = dict(props)
            self._collect(props.get("children"))

    def _json(self, address: str) -> Any:
        response = self.client.get(address)
        assert response.status_code == 200, response.get_data(as_text=True)
        return json.loads(response.get_data())


@pytest.fixture(scope="session")
def golden_warehouse(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of an embedded warehouse with the golden data set, loaded once."""
    url = f"duckdb:///{tmp_path_factory.mktemp('golden') / 'warehouse.duckdb'}"
    load_folder(url, GOLDEN)
    return url


@pytest.fixture
def client_with(tmp_path: Path, golden_warehouse: str) -> Callable[..., flask.testing.FlaskClient]:
    """A function that makes a test client of a fresh application over the golden data set, with other settings."""

    def make(**settings: str | int) -> flask.testing.FlaskClient:
        common = {"warehouse_url": golden_warehouse, "var_dir": str(tmp_path / "var")}
        chosen = common | {"log_level": "ERROR", "sign_in": "none"} | settings
        return create_app(Settings(**chosen)).server.test_client()

    return make


@pytest.fixture
def client(client_with: Callable[..., flask.testing.FlaskClient]) -> Iterator[flask.testing.FlaskClient]:
    """A test client of an application with nothing remembered yet."""
    with client_with() as made:
        yield made


@pytest.fixture
def visitor(client: flask.testing.FlaskClient) -> Visitor:
    """Somebody at their first visit."""
    return Visitor(client)
