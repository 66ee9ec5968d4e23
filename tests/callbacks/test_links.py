"""Sharing over the real callback graph: opening, copying, asking again, and the addresses of links."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import flask.testing
import pytest

from data.report import reports
from layouts import ids
from layouts.ids import Again, Links, Page, Report, Stores
from tests.callbacks.conftest import Visitor
from tests.callbacks.test_report import RUN, ask, words


def opened(client: flask.testing.FlaskClient, link: str) -> Visitor:
    """Somebody who follows a link."""
    visitor = Visitor(client)
    visitor.put({(Page.LOCATION, "pathname"): "/view"})
    visitor.change(Page.LOCATION, "search", f"?id={link}")
    return visitor


def shared(visitor: Visitor) -> str:
    """Run a report, copy its link; its id."""
    ask(visitor)
    visitor.press(Report.COPY)
    path: str = visitor[Report.COPIED, "data"]["path"]
    return path.removeprefix("/view?id=")


def test_an_opened_link_shows_what_was_copied_and_asks_nothing(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(visitor)
    view = {"columns": ["payg_total"], "sort": [{"column_id": "payg_total", "direction": "asc"}]}
    visitor.change(Report.SORT, "data", view["sort"])
    visitor.put({(Stores.VIEW, "data"): view})
    visitor.press(Report.COPY)
    link = visitor[Report.COPIED, "data"]["path"].removeprefix("/view?id=")
    monkeypatch.setattr(reports.Reports, "ask", lambda *_, **__: pytest.fail("a link asked the warehouse"))
    guest = opened(visitor.client, link)
    assert guest[Report.STAGE, "className"] == "report is-shown is-opened"
    assert guest[Report.TABLE, "data"] == visitor[Report.TABLE, "data"]
    assert guest[Stores.VIEW, "data"] == view
    assert [column["id"] for column in guest[Report.TABLE, "columns"]] == ["month", "payg_total"]
    assert "UTC · shared by Operator" in words(guest[Page.BANNER, "children"])
    assert guest["period-from", "value"] == "2024-01-01"
    assert guest["group-by-chosen", "value"] == ["month"]


def test_copying_another_view_of_a_shared_link_makes_another_link(visitor: Visitor) -> None:
    link = shared(visitor)
    visitor.press(Report.COPY)
    assert visitor[Report.COPIED, "data"]["path"].endswith(link)
    visitor.put({(Stores.VIEW, "data"): {"columns": ["payg_total"], "sort": []}})
    visitor.press(Report.COPY)
    other = visitor[Stores.REPORT, "data"]["link"]
    assert other != link
    assert visitor[Report.ADDRESS, "data"] == {"link": other}


def test_addresses_of_links_that_lead_nowhere_are_one_page(visitor: Visitor) -> None:
    link = shared(visitor)
    answers = [
        visitor.client.get(path) for path in ("/view", "/view?id=", "/view?id=unknown-unknown-0000", "/view/?id=x")
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.get_data() for answer in answers}) == 1
    assert visitor.client.get(f"/view?id={link}").status_code == 200
    act = {"type": Links.ACT, "act": "revoke", "link": link}
    _touch(visitor, act, "n_clicks", 1)
    gone = visitor.client.get(f"/view?id={link}")
    assert (gone.status_code, gone.get_data()) == (404, answers[0].get_data())
    # A page that is open already hears of it too, and keeps what it shows.
    late = opened(visitor.client, link)
    assert "leads to no report" in words(late[Page.MESSAGES, "children"])
    _touch(visitor, act | {"act": "restore"}, "n_clicks", 1)
    assert visitor.client.get(f"/view?id={link}").status_code == 200


def test_my_links_lists_and_manages_them(visitor: Visitor) -> None:
    link = shared(visitor)
    opened(visitor.client, link)
    visitor.press(Links.OPEN)
    assert visitor[Links.DIALOG, "is_open"] is True
    listed = words(visitor[Links.LIST, "children"])
    assert "Jan–Jun 2024, UTC, by Month, EUR" in listed
    assert "once" in listed
    assert "Live" in listed
    expiry = {"type": Links.EXPIRY, "link": link}
    _touch(visitor, expiry, "value", "7")
    assert visitor[Links.MESSAGE, "children"] == "The link expires in 7 days."
    assert "until" in words(visitor[Links.LIST, "children"])
    _touch(visitor, expiry, "value", "never")
    assert visitor[Links.MESSAGE, "children"] == "The link does not expire any more."
    _touch(visitor, {"type": Links.ACT, "act": "copy", "link": link}, "n_clicks", 1)
    assert visitor[Report.COPIED, "data"]["path"] == f"/view?id={link}"
    _touch(visitor, {"type": Links.ACT, "act": "revoke", "link": "somebody-elses-link0"}, "n_clicks", 1)
    assert "leads to no report" in visitor[Links.MESSAGE, "children"]


def test_asking_again_shows_the_fresh_report_beside_it(visitor: Visitor) -> None:
    guest = opened(visitor.client, shared(visitor))
    before = guest[Report.TABLE, "data"]
    guest.change(Again.ASK, "data", RUN)
    assert guest[Again.PANEL, "className"] == "again"
    assert guest[Again.SUMMARY, "children"] == "Nothing differs between then and now."
    assert [row["month"] for row in guest[Again.TABLE, "data"]][-2:] == ["Sum of rows", "Total"]
    assert guest[Again.OPEN, "href"] != f"/view?id={guest[Stores.REPORT, 'data']['link']}"
    guest.press(Again.CLOSE)
    assert guest[Again.PANEL, "className"] == "again is-closed"
    assert guest[Report.TABLE, "data"] == before


def test_a_link_needs_no_warehouse(client_with: Callable[..., flask.testing.FlaskClient]) -> None:
    link = shared(Visitor(client_with()))
    client = client_with(warehouse_url="duckdb:////nowhere/at/all/warehouse.duckdb")
    guest = opened(client, link)
    assert guest[Report.STAGE, "className"] == "report is-shown is-opened"
    guest.press(ids.export("csv"))
    assert guest[Report.DOWNLOAD, "data"]["filename"].endswith(".csv")
    guest.press(Links.OPEN)
    assert "by Month" in words(guest[Links.LIST, "children"])


def _touch(visitor: Visitor, id_: dict[str, str], prop: str, value: Any) -> str:
    """Touch something in the list of links, whose ids are patterns; what was answered."""
    dependency = next(item for item in visitor.dependencies if "links-dialog.is_open" in item["output"])
    key = json.dumps(id_, sort_keys=True, separators=(",", ":"))
    inputs: list[Any] = []
    for item in dependency["inputs"]:
        pattern = json.loads(item["id"]) if item["id"].startswith("{") else None
        if pattern is None:
            inputs.append({"id": item["id"], "property": item["property"], "value": None})
        elif pattern["type"] == id_["type"]:
            inputs.append([{"id": id_, "property": item["property"], "value": value}])
        else:
            inputs.append([])
    answer = visitor.post(
        {
            "output": dependency["output"],
            "outputs": [visitor._output(place) for place in dependency["output"].strip(".").split("...")],
            "inputs": inputs,
            "state": [],
            "changedPropIds": [f"{key}.{prop}"],
        }
    )
    text: str = answer.get_data(as_text=True)
    assert answer.status_code in (200, 204), text
    if answer.status_code == 200:
        for changed, props in answer.get_json()["response"].items():
            visitor.props.setdefault(changed, {}).update(props)
    return text
