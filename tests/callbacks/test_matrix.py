"""Who reaches what: every route and callback there is, for each role and place, with objects of their own and others'.

A route or callback that is new fails here until it is said whom it is for.
"""

from __future__ import annotations

import json
import os
import random
from typing import Any

import dash
import flask
import pytest

from app import create_app
from data.access import OPERATOR, Right, User
from data.delivery.asked import Asked
from data.settings import Settings
from layouts.ids import Again, Chart, Page, Report, Stores, Templates
from tests.callbacks.conftest import Visitor
from tests.callbacks.people import PASSWORD, Browser, add_people, services_of
from tests.callbacks.test_payload import strange
from tests.callbacks.test_report import ask

FUZZ = int(os.environ.get("FUZZ", "200"))
"""How many callback payloads of other people's are sent: FUZZ=5000 pytest tests/callbacks/test_matrix.py."""
SECRET = "Nobody else's title"

PUBLIC, ACCOUNT, VIEW, USERS, API = "everybody", "who is signed in", "who may view", "who manages users", "tokens"
DELIVER = "who may deliver"
ROUTES: dict[str, str] = {
    **dict.fromkeys(("sign_in", "try_sign_in", "sign_in_demo", "forgot", "ask_reset", "welcome"), PUBLIC),
    **dict.fromkeys(("set_first_password", "healthz", "readyz"), PUBLIC),
    **{f"file {name}": PUBLIC for name in ("bootstrap.css", "favicon.svg", "icons.css", "plain.css", "theme.js")},
    **{f"file {name}": PUBLIC for name in ("files.js", "welcome.js")},
    **dict.fromkeys(("account", "sign_out"), ACCOUNT),
    **dict.fromkeys(("/", "/<path:path>", "/_dash-layout", "/_dash-dependencies", "/_dash-update-component"), VIEW),
    "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>": VIEW,
    **dict.fromkeys(("/_favicon.ico", "/_reload-hash", "_dash_assets.static", "static", "plotly"), VIEW),
    **dict.fromkeys(("run_progress", "change_account", "manage_tokens", "my_files", "my_files_list", "my_file"), VIEW),
    **dict.fromkeys(("cancel_file", "delete_file", "download_file", "repeat_file", "file_state"), VIEW),
    **dict.fromkeys(("my_outbox", "outbox_mail", "download_mail"), VIEW),
    **dict.fromkeys(("my_schedules", "make_schedule", "change_schedule"), DELIVER),
    **dict.fromkeys(("ask_unsubscribe", "unsubscribe"), PUBLIC),
    **dict.fromkeys(("users", "create_user", "user", "change_user", "all_links", "manage_link"), USERS),
    **dict.fromkeys(("audit", "audit_csv"), USERS),
    **{f"api.{name}": API for name in ("Files", "OneFile", "Content", "Links", "OneLink", "Reports", "Templates")},
    **dict.fromkeys(("api.OneTemplate", "api-docs.openapi_json"), API),
}
_OTHERWISE = {"try_sign_in", "download_file"}
"""Answer 401 without a password, and 403 without the right to export, to whoever may reach them."""
CALLBACKS: dict[str, Right] = {
    **dict.fromkeys(("run_report", "cancel_report", "hand_over_report", "sort_rows", "remember_columns"), Right.VIEW),
    **dict.fromkeys(
        ("open_link", "run_again", "close_again", "draw_charts", "keep_preset", "forget_preset"), Right.VIEW
    ),
    **dict.fromkeys(("reset_form", "check_addresses", "forget_message", "start_template", "use_template"), Right.VIEW),
    "export_report": Right.EXPORT,
    **dict.fromkeys(("copy_link", "manage_links"), Right.SHARE),
    **dict.fromkeys(("save_template", "undo_delete"), Right.TEMPLATES),
}
"""Callbacks of the server, and what they need; tests/callbacks/test_rights.py tries each without it."""
PEOPLE = (
    ("manager", "Manager", None),
    ("analyst", "Analyst", None),
    ("viewer", "Viewer", None),
    ("dealer", "Manager", 2),
    ("clerk", "Viewer", 2),
    ("other", "Manager", 3),
)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, golden_warehouse: str) -> dash.Dash:
    """One application for the module, with an account for each role and place, and one without the right to view."""
    folder = tmp_path_factory.mktemp("matrix")
    made = create_app(Settings(warehouse_url=golden_warehouse, var_dir=str(folder / "var"), log_level="CRITICAL"))
    add_people(made.server, *PEOPLE)
    records = services_of(made.server).records
    records.roles.keep("Guest", frozenset({Right.SHARE}), OPERATOR)
    records.users.create(OPERATOR, "guest@example.com", "Guest", "Guest", password=PASSWORD)
    return made


@pytest.fixture(scope="module")
def browsers(app: dash.Dash) -> dict[str, Browser]:
    """A signed-in browser for each person, and one of nobody."""
    found = {"nobody": Browser(app.server, "198.51.100.1")}
    for place, name in enumerate(("boss", "guest", *(name for name, _, _ in PEOPLE)), 2):
        found[name] = Browser(app.server, f"198.51.100.{place}")
        found[name].sign_in(f"{name}@example.com")
    return found


@pytest.fixture(scope="module")
def foreign(app: dash.Dash, browsers: dict[str, Browser]) -> Visitor:
    """What the operator's manager has: a report for their company, a template, a chart preset, a job."""
    manager = Visitor(browsers["manager"].client)
    ask(manager)
    manager.put({(Templates.TITLE, "value"): SECRET, (Templates.VISIBILITY, "value"): "company"})
    manager.press(Templates.SUBMIT)
    link = manager[Stores.REPORT, "data"]["link"]
    (template,) = (item["id"] for item in manager[Templates.LIST, "items"] if item["title"] == SECRET)
    services = services_of(app.server)
    owner = person(app.server, "manager")
    services.records.snapshots.address(link, owner, "company")
    preset = services.records.chart_presets.create(owner, SECRET, {"kind": "bar", "series": []})
    chart = {"id": "c1", "kind": "line", "preset": f"own:{preset.id}"}
    manager.put(
        {
            (Stores.RUN, "data"): {"id": "r9", "rows": 30},
            (Again.ASK, "data"): {"id": "r8"},
            (Report.SORT, "data"): [{"column_id": "clients_all_qty", "direction": "desc"}],
            (Report.CHOSEN, "data"): ["payg_total"],
            (Stores.CHARTS, "data"): [chart],
            (Chart.ASKED, "data"): {"link": link, "charts": [chart], "dark": False, "narrow": False},
            (Templates.LIST, "act"): {"id": template, "act": "load", "at": 1},
            (Templates.EDITED, "data"): {"id": template, "version": 1},
            (Page.LOCATION, "pathname"): "/view",
            (Page.LOCATION, "search"): f"?id={link}",
        }
    )
    return manager


def person(server: flask.Flask, name: str) -> User:
    found = services_of(server).records.users.by_email(f"{name}@example.com")
    assert found
    return found


def test_every_route_and_callback_is_in_the_matrix(app: dash.Dash, browsers: dict[str, Browser]) -> None:
    browsers["boss"].see("/")
    assert {rule.endpoint for rule in app.server.url_map.iter_rules()} == set(ROUTES)
    found = set()
    for entry in app.callback_map.values():
        function = entry.get("callback")
        while hasattr(function, "__wrapped__"):
            function = function.__wrapped__
        if function is not None:
            found.add(function.__name__)
    assert found == set(CALLBACKS)


def test_routes_open_to_whom_they_are_for(app: dash.Dash, browsers: dict[str, Browser], foreign: Visitor) -> None:
    server, services = app.server, services_of(app.server)
    owner = person(server, "manager")
    job = services.records.jobs.add(owner, Asked(services.records.templates.visible_to(owner)[0].query, "csv"), SECRET)
    ids = {
        "user_id": person(server, "boss").id,
        "job_id": job.id,
        "file_id": job.id,
        "mail_id": "m" * 16,
        "schedule_id": "s" * 16,
        "token": "u" * 32,
    }
    ids |= {"run_id": "r1", "path": "view", "filename": "base.js", "package_name": "dash"}
    ids |= {
        "link_id": foreign[Stores.REPORT, "data"]["link"],
        "template_id": "t" * 16,
        "fingerprinted_path": "dash-renderer/build/dash_renderer.min.js",
    }
    wrong: list[str] = []
    for rule in server.url_map.iter_rules():
        if rule.endpoint in {"sign_out", "sign_in_demo", "/_dash-update-component"}:
            continue
        with server.test_request_context():
            address = flask.url_for(rule.endpoint, **{name: ids[name] for name in rule.arguments})
        kind = ROUTES[rule.endpoint]
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            for name, browser in browsers.items():
                cookie = browser.client.get_cookie("csrf")
                headers = {"Accept": "text/html"} | ({} if cookie is None else {"X-CSRFToken": cookie.value})
                answer = browser.client.open(address, method=method, headers=headers, buffered=True)
                shut = answer.status_code in (401, 403) or answer.headers.get("Location", "").startswith("/sign-in")
                user = None if name == "nobody" else person(server, name)
                may = (
                    kind == PUBLIC
                    or (user is not None and kind == ACCOUNT)
                    or (user is not None and kind == VIEW and user.may(Right.VIEW))
                    or (user is not None and kind == USERS and user.may(Right.USERS))
                    or (user is not None and kind == DELIVER and user.may(Right.DELIVER))
                )
                told = f"{method} {address} ({rule.endpoint}) for {name}: {answer.status_code}"
                refused = shut or (kind == USERS and answer.status_code >= 400)
                if answer.status_code >= 500 or (kind == API and user is None and not shut):
                    wrong.append(told)
                if kind != API and not may and not refused:
                    wrong.append(told)
                if kind in (PUBLIC, VIEW, ACCOUNT, DELIVER) and may and shut and rule.endpoint not in _OTHERWISE:
                    wrong.append(told)
                if name in ("dealer", "clerk", "other", "guest", "nobody") and SECRET.encode() in answer.get_data():
                    wrong.append(f"{told} tells what is not theirs")
    assert not wrong, "\n".join(wrong)


def bodies_of(visitor: Visitor) -> list[dict[str, Any]]:
    """What the page of ``visitor`` sends to each callback."""
    return [
        visitor.body(each, f"{each['inputs'][0]['id']}.{each['inputs'][0]['property']}" if each["inputs"] else "")
        for each in visitor.dependencies
        if each["clientside_function"] is None
    ]


@pytest.mark.parametrize(("name", "status"), [("nobody", 401), ("guest", 403)])
def test_callbacks_answer_nobody_without_the_right_to_view(
    name: str, status: int, browsers: dict[str, Browser], foreign: Visitor
) -> None:
    browsers[name].see("/sign-in")
    found = {browsers[name].post_json("/_dash-update-component", body).status_code for body in bodies_of(foreign)}
    assert found == {status}


def test_payloads_of_others_bring_no_foreign_figure(
    app: dash.Dash, browsers: dict[str, Browser], foreign: Visitor
) -> None:
    """Bodies that the operator's manager would send, broken too, sent by people of resellers with their own cookies."""
    chance = random.Random(20261125)
    # Large figures of everybody's clients, which no reseller's report of that question holds.
    rows = foreign[Report.TABLE, "data"]
    theirs = {value for row in rows for id_, value in row.items() if id_.startswith("payg") and len(value) >= 6}
    assert len(theirs) >= 3
    bodies, answered = bodies_of(foreign), set()
    link = foreign[Stores.REPORT, "data"]["link"]
    for number in range(FUZZ):
        whole = bodies[number % len(bodies)]
        body = whole if number < len(bodies) else strange(whole, chance)
        name = ("dealer", "other", "clerk")[number % 3]
        answer = browsers[name].post_json("/_dash-update-component", body)
        text = answer.get_data(as_text=True)
        answered.add(answer.status_code)
        assert answer.status_code in {200, 204, 400}, json.dumps(body)
        assert not [value for value in theirs if f'"{value}"' in text], json.dumps(body)
        # A title that the sender wrote into the dialog is told back to them; one that was only kept is not.
        if SECRET not in json.dumps(body):
            assert SECRET not in text, json.dumps(body)
    assert {200, 400} <= answered or FUZZ < 100
    services = services_of(app.server)
    owner = person(app.server, "manager")
    (kept,) = (item for item in services.records.snapshots.mine(owner) if item.id == link)
    assert (kept.state, kept.expires_at, kept.audience) == ("live", None, "company:none")
    assert services.records.templates.visible_to(owner)[0].title == SECRET


def test_a_session_that_ended_answers_nothing(app: dash.Dash, foreign: Visitor) -> None:
    browser = Browser(app.server, "198.51.100.77")
    browser.sign_in("clerk@example.com")
    body = bodies_of(foreign)[0]
    assert browser.post_json("/_dash-update-component", body).status_code in {200, 204, 400}
    services = services_of(app.server)
    services.records.sessions.end_all(person(app.server, "clerk"))
    assert browser.post_json("/_dash-update-component", body).status_code == 401
