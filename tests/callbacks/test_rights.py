"""What each right opens and its absence shuts, over the real layout and callbacks."""

from __future__ import annotations

from typing import Any

import flask
import pytest

from app import create_app
from data.access import User
from data.report.catalog import MONEY
from data.services import Services
from data.settings import Settings
from data.store.audit import Search
from data.store.links import LinkGone
from layouts import ids
from layouts.ids import Again, Delivery, Links, Page, Report, Stores, Templates
from tests.callbacks.conftest import Visitor
from tests.callbacks.people import Browser, add_people, services_of
from tests.callbacks.test_report import ask, words

PEOPLE = (
    ("manager", "Manager", None),
    ("analyst", "Analyst", None),
    ("viewer", "Viewer", None),
    ("dealer", "Manager", 2),
    ("clerk", "Viewer", 2),
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, golden_warehouse: str) -> flask.Flask:
    """One application for the module, with an account for each role and place."""
    folder = tmp_path_factory.mktemp("rights")
    made = create_app(Settings(warehouse_url=golden_warehouse, var_dir=str(folder / "var"), log_level="ERROR")).server
    add_people(made, *PEOPLE)
    return made


@pytest.fixture(scope="module")
def services(server: flask.Flask) -> Services:
    return services_of(server)


def visit(server: flask.Flask, name: str) -> Visitor:
    """Somebody signed in, with the page open."""
    browser = Browser(server, "192.0.2.7")
    browser.sign_in(f"{name}@example.com")
    return Visitor(browser.client)


def person(services: Services, name: str) -> User:
    found = services.records.users.by_email(f"{name}@example.com")
    assert found
    return found


def acts(services: Services) -> list[tuple[str, str]]:
    """The newest entries of the audit log: act and person."""
    boss = person(services, "boss")
    return [(entry.act, entry.person.partition("@")[0]) for entry in services.records.audit.read(boss, Search())]


def shown_text(visitor: Visitor) -> str:
    return str(visitor.props)


def test_without_money_the_page_holds_none(server: flask.Flask) -> None:
    seen = visit(server, "viewer")
    ask(seen)
    assert seen[Report.TABLE, "data"]
    columns = {column["id"] for column in seen[Report.TABLE, "columns"]}
    assert "clients_all_qty" in columns
    everything = shown_text(seen)
    told = {metric: [id_ for id_, props in seen.props.items() if metric in str(props)] for metric in MONEY}
    assert not {metric: places for metric, places in told.items() if places}
    assert "Balance Pos" not in everything
    assert "Active Avg" not in everything


def test_a_viewer_right_after_a_manager_with_the_same_question_gets_no_money(server: flask.Flask) -> None:
    rich, poor = visit(server, "manager"), visit(server, "viewer")
    ask(rich)
    assert "payg_total" in rich[Report.TABLE, "data"][0]
    ask(poor)
    assert not MONEY & poor[Report.TABLE, "data"][0].keys()
    # And the other way round.
    ask(rich)
    assert "payg_total" in rich[Report.TABLE, "data"][0]


def test_a_dealer_right_after_the_operator_gets_their_own_clients(server: flask.Flask, services: Services) -> None:
    all_, own = visit(server, "manager"), visit(server, "dealer")
    ask(all_)
    ask(own)
    place = "clients_all_qty"
    assert all_[Report.TABLE, "data"][-1][place] != own[Report.TABLE, "data"][-1][place]
    assert {choice.value for choice in services.reports.choices(person(services, "dealer")).of["owners"]} == {
        "2",
        "4",
        "5",
    }


@pytest.mark.parametrize("name", ["analyst", "viewer"])
def test_without_export_there_are_no_buttons_and_no_files(name: str, server: flask.Flask, services: Services) -> None:
    seen = visit(server, name)
    for format_id in ("csv", "xlsx", "xls", "json", "parquet"):
        assert seen[ids.export(format_id), "hidden"] is True
    assert [option["value"] for option in seen[Delivery.TYPE, "options"]] == ["web"]
    ask(seen)
    seen.press(ids.export("csv"))
    assert seen[Report.DOWNLOAD, "data"] is None
    assert "does not let you export reports" in words(seen[Page.MESSAGES, "children"])
    assert acts(services)[0] == ("refused", name)
    seen.put({(Delivery.TYPE, "value"): "csv"})
    ask(seen)
    assert seen[Report.DOWNLOAD, "data"] is None
    assert acts(services)[0] == ("refused", name)


def test_without_share_nothing_is_given_away(server: flask.Flask, services: Services) -> None:
    seen = visit(server, "viewer")
    assert seen[Report.COPY, "hidden"] is True
    assert seen[Links.OPEN, "hidden"] is True
    ask(seen)
    seen.press(Report.COPY)
    assert seen[Report.COPIED, "data"] is None
    assert acts(services)[0] == ("refused", "viewer")
    # Its address is for nobody else, who would find it in the bar of the viewer's browser.
    link = seen[Stores.REPORT, "data"]["link"]
    services.records.snapshots.peek(link, person(services, "viewer"))
    with pytest.raises(LinkGone):
        services.records.snapshots.peek(link, person(services, "manager"))
    for act in ("revoke", "copy"):
        answer = touch(seen, {"type": Links.ACT, "act": act, "link": link}, "n_clicks", 1)
        assert "does not let you share links" in str(answer)
    touch(seen, {"type": Links.EXPIRY, "link": link}, "value", "7")
    (kept,) = (item for item in services.records.snapshots.mine(person(services, "viewer")) if item.id == link)
    assert (kept.state, kept.expires_at) == ("live", None)


def test_without_templates_nothing_is_saved(server: flask.Flask, services: Services) -> None:
    boss = visit(server, "manager")
    save(boss, "For everyone", "everyone")
    seen = visit(server, "viewer")
    assert seen[Templates.SAVE, "hidden"] is True
    save(seen, "Mine", "me")
    assert [item["title"] for item in seen[Templates.LIST, "items"]] == ["For everyone"]
    assert acts(services)[0] == ("refused", "viewer")
    template = seen[Templates.LIST, "items"][0]["id"]
    seen.change(Templates.LIST, "act", {"act": "duplicate", "id": template, "at": 1})
    assert "does not let you save templates" in words(seen[Page.MESSAGES, "children"])
    seen.change(Templates.LIST, "act", {"act": "load", "id": template, "at": 2})
    assert "Loaded" in words(seen[Page.MESSAGES, "children"])


def test_a_template_of_a_company_reaches_its_people_alone(server: flask.Flask) -> None:
    save(visit(server, "dealer"), "Of our company", "company")
    assert "Of our company" in titles(visit(server, "clerk"))
    assert "Of our company" not in titles(visit(server, "manager"))
    foreign = visit(server, "dealer")
    (template,) = (item["id"] for item in foreign[Templates.LIST, "items"] if item["title"] == "Of our company")
    stranger = visit(server, "manager")
    for act in ("load", "edit", "duplicate", "delete", "standard"):
        stranger.change(Templates.LIST, "act", {"act": act, "id": template, "at": act})
        assert "does not exist any more, or is not shared" in words(stranger[Page.MESSAGES, "children"])


def test_the_owner_of_a_link_says_whom_it_is_for(server: flask.Flask, services: Services) -> None:
    owner, store = visit(server, "dealer"), services.records.snapshots
    ask(owner)
    owner.press(Report.COPY)
    link = owner[Stores.REPORT, "data"]["link"]

    def who_may() -> set[str]:
        found = set()
        for name in ("manager", "viewer", "clerk", "dealer"):
            try:
                store.peek(link, person(services, name))
                found.add(name)
            except LinkGone:
                answer = visit(server, name).client.get(f"/view?id={link}")
                assert answer.status_code == 404
        return found

    assert who_may() == {"manager", "viewer", "clerk", "dealer"}
    audience, people = ({"type": type_, "link": link} for type_ in (Links.AUDIENCE, Links.PEOPLE))
    touch(owner, audience, "value", "company")
    assert who_may() == {"clerk", "dealer"}
    copy = store.copy(link, person(services, "clerk"), None)  # the clerk's own, of the same report
    touch(owner, audience, "value", "people")
    assert who_may() == {"dealer"}
    assert "nobody@example.com has no account here" in touch(owner, people, "value", "nobody@example.com")
    touch(owner, people, "value", "Viewer@example.com; manager@example.com")
    assert who_may() == {"dealer", "viewer", "manager"}
    with pytest.raises(LinkGone):  # what was copied from it reaches no further than the link itself
        store.peek(copy.id, person(services, "clerk"))
    # Nobody else says whom it is for, and what is not a choice is none.
    for stranger in ("manager", "viewer"):
        assert "leads to no report" in (said := touch(visit(server, stranger), audience, "value", "everyone")) or (
            "does not let you share" in said
        )
    assert "choose one of them" in touch(owner, audience, "value", "me")
    assert who_may() == {"dealer", "viewer", "manager"}
    assert [entry for entry in acts(services) if entry == ("link changed", "dealer")]
    touch(owner, audience, "value", "everyone")
    assert who_may() == {"manager", "viewer", "clerk", "dealer"}


def test_asked_again_a_link_uses_the_scope_of_who_asks_and_says_so(server: flask.Flask, services: Services) -> None:
    owner = visit(server, "manager")
    ask(owner)
    owner.press(Report.COPY)
    link = owner[Stores.REPORT, "data"]["link"]
    guest = visit(server, "clerk")
    guest.put({(Page.LOCATION, "pathname"): "/view"})
    guest.change(Page.LOCATION, "search", f"?id={link}")
    guest.change(Again.ASK, "data", {"id": "again-1"})
    assert "not what the link's author may see" in guest[Again.SUMMARY, "children"]
    assert not MONEY & {column["id"] for column in guest[Again.TABLE, "columns"]}
    fresh = guest[Again.OPEN, "href"].removeprefix("/view?id=")
    found = services.records.snapshots.peek(fresh, person(services, "clerk")).result
    own = services.reports.ask(found.query, person(services, "clerk")).result
    assert [row.figures for row in found.rows] == [row.figures for row in own.rows]
    peer = visit(server, "manager")
    peer.put({(Stores.REPORT, "data"): {"link": link}})
    peer.change(Again.ASK, "data", {"id": "again-2"})
    assert peer[Again.SUMMARY, "children"] == "Nothing differs between then and now."


def test_everything_that_is_done_is_written_down(server: flask.Flask, services: Services) -> None:
    seen = visit(server, "manager")
    ask(seen)
    seen.press(Report.COPY)
    link = seen[Stores.REPORT, "data"]["link"]
    seen.press(ids.export("csv"))
    touch(seen, {"type": Links.EXPIRY, "link": link}, "value", "7")
    touch(seen, {"type": Links.ACT, "act": "revoke", "link": link}, "n_clicks", 1)
    touch(seen, {"type": Links.ACT, "act": "restore", "link": link}, "n_clicks", 1)
    visit(server, "viewer")
    guest = visit(server, "dealer")
    guest.put({(Page.LOCATION, "pathname"): "/view"})
    guest.change(Page.LOCATION, "search", f"?id={link}")
    wanted = ["link opened", "link restored", "link revoked", "link changed", "export", "link made", "report run"]
    done = [act for act, who in acts(services) if who in ("manager", "dealer") and act != "signed in"]
    assert done[: len(wanted)] == wanted
    entries = services.records.audit.read(person(services, "boss"), Search(act="report run"))
    assert entries[0].address == "192.0.2.7"
    assert entries[0].detail["question"]["from"].startswith("20")
    assert not [entry for entry in entries if link in str(entry)]


def test_a_run_is_told_to_and_stopped_by_its_own_person_only(server: flask.Flask, services: Services) -> None:
    manager, viewer = visit(server, "manager"), visit(server, "viewer")
    owner = person(services, "manager")
    services.reports.shelf.put(f"progress:{owner.id}:run-1", "Counting", 60)
    assert manager.client.get("/-/run/run-1").get_json() == {"stage": "Counting"}
    assert viewer.client.get("/-/run/run-1").get_json() == {"stage": None}
    viewer.put({(Stores.RUN, "data"): {"id": "run-1"}})
    viewer.press(Report.CANCEL)
    assert services.reports.shelf.get(f"cancel:{owner.id}:run-1") is None
    manager.put({(Stores.RUN, "data"): {"id": "run-1"}})
    manager.press(Report.CANCEL)
    assert services.reports.shelf.get(f"cancel:{owner.id}:run-1") is True


def titles(visitor: Visitor) -> list[str]:
    return [item["title"] for item in visitor[Templates.LIST, "items"]]


def save(visitor: Visitor, title: str, visibility: str) -> None:
    visitor.put({(Templates.TITLE, "value"): title, (Templates.VISIBILITY, "value"): visibility})
    visitor.press(Templates.SUBMIT)


def touch(visitor: Visitor, id_: dict[str, str], prop: str, value: Any) -> Any:
    """Touch something in the list of links; the answer."""
    from tests.callbacks.test_links import _touch

    return _touch(visitor, id_, prop, value)


def test_a_refused_page_is_written_down(server: flask.Flask, services: Services) -> None:
    assert visit(server, "viewer").client.get("/audit").status_code == 403
    newest = services.records.audit.read(person(services, "boss"), Search(act="refused"))[0]
    assert (newest.person, newest.subject, newest.detail) == ("viewer@example.com", "/audit", {"right": "users"})
