"""The callback graph as the browser receives it: whole, and in step with the layout and the scripts."""

from __future__ import annotations

import re

import flask.testing

from app import create_app
from callbacks.routes import ASSETS
from data.delivery.formats import FORMATS
from data.settings import Settings
from layouts import ids
from layouts.filters import IDS
from tests.callbacks.conftest import Visitor


def _named(dependency: dict) -> set[str]:
    outputs = dependency["output"].strip(".").split("...") if dependency["output"] else []
    named = {place.rpartition(".")[0] for place in outputs if "." in place}
    return named | {item["id"] for item in (*dependency["inputs"], *dependency["state"])}


def test_no_callback_names_an_id_that_the_layout_lacks(visitor: Visitor) -> None:
    named = set().union(*map(_named, visitor.dependencies))
    fixed = {id_ for id_ in named if not id_.startswith("{")}
    assert fixed - set(visitor.props) == set()


def test_every_id_is_spelled_in_the_one_place(visitor: Visitor) -> None:
    known = {
        str(id_)
        for enum in vars(ids).values()
        if isinstance(enum, type)
        for id_ in getattr(enum, "__members__", {}).values()
    }
    known |= {ids.export(item.id) for item in FORMATS}
    known |= {id_ for own in IDS.values() for id_ in vars(own).values()}
    named = set().union(*map(_named, visitor.dependencies))
    assert {id_ for id_ in named if not id_.startswith("{")} - known == set()


def test_every_function_of_the_browser_exists(visitor: Visitor) -> None:
    scripts = {path.name: path.read_text("utf-8") for path in ASSETS.rglob("*.js")}
    wanted = {
        (item["clientside_function"]["namespace"], item["clientside_function"]["function_name"])
        for item in visitor.dependencies
        if item["clientside_function"]
    }
    missing = {
        f"{namespace}.{name}"
        for namespace, name in wanted
        if not any(
            re.search(rf"\b{name}\b\s*(\(|:|,|\}})", text) and re.search(rf"\b{namespace}\b", text)
            for text in scripts.values()
        )
    }
    assert wanted
    assert missing == set()


def test_nothing_is_written_into_the_document_that_a_policy_would_forbid(visitor: Visitor) -> None:
    inline = [
        item
        for item in visitor.dependencies
        if (item["clientside_function"] or {}).get("namespace") == "_dashprivate_clientside_funcs"
    ]
    assert inline == []


def test_two_applications_live_in_one_process(
    client: flask.testing.FlaskClient, golden_warehouse: str, tmp_path_factory
) -> None:
    other = create_app(
        Settings(warehouse_url=golden_warehouse, var_dir=str(tmp_path_factory.mktemp("other")), sign_in="none")
    )
    first, second = (Visitor(made).dependencies for made in (client, other.server.test_client()))
    assert [item["output"] for item in first] == [item["output"] for item in second]


def test_the_page_opens_without_data(client_with, tmp_path) -> None:
    visitor = Visitor(client_with(warehouse_url=f"duckdb:///{tmp_path / 'none.duckdb'}"))
    assert "There is no data yet" in str(visitor[ids.Page.MESSAGES, "children"])
