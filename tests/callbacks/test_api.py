"""The API: what the page does, for programs with a token, and nothing that the page would not."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import flask
import pytest

from app import create_app
from data.access import Right, User
from data.delivery.worker import Worker
from data.settings import Settings
from data.store.audit import Search
from tests import fuzz_api
from tests.callbacks.people import Browser, add_people, services_of

QUERY = {"from": "2024-01-01", "to": "2024-03-31", "group_by": ["month"], "currency": "EUR"}

Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, golden_warehouse: str) -> flask.Flask:
    var = tmp_path_factory.mktemp("api") / "var"
    settings = Settings(warehouse_url=golden_warehouse, var_dir=str(var), log_level="CRITICAL")
    return create_app(settings).server


@pytest.fixture(scope="module")
def people(server: flask.Flask) -> dict[str, User]:
    return add_people(server, ("anna", "Manager", None), ("rita", "Manager", 2), ("vera", "Viewer", None))


@pytest.fixture
def ask_as(server: flask.Flask, people: dict[str, User]) -> Callable[..., Ask]:
    def make(name: str, *rights: Right) -> Ask:
        user = people[name]
        chosen = rights or tuple(user.granted - {Right.USERS, Right.SYSTEM})
        _, text = services_of(server).records.tokens.create(user, f"of {name}", chosen, 1)
        client = server.test_client()

        def ask(method: str, path: str, **more: Any) -> Any:
            return client.open(f"/api/v1{path}", method=method, headers={"Authorization": f"Bearer {text}"}, **more)

        return ask

    return make


def test_a_report_is_that_of_the_page_whichever_way_it_is_asked(ask_as: Callable[..., Ask]) -> None:
    ask = ask_as("anna")
    posted = ask("POST", "/reports", json=QUERY)
    assert posted.status_code == 200, posted.get_data(as_text=True)
    report = posted.get_json()
    assert [row["month"] for row in report["rows"]] == ["2024-01", "2024-02", "2024-03"]
    assert report["info"]["generated_by"] == "Manager"
    got = ask("GET", "/reports?from=2024-01-01&to=2024-03-31&group_by=month&currency=EUR").get_json()
    assert (got["rows"], got["totals"]) == (report["rows"], report["totals"])
    assert ask("POST", "/reports", json={"quick_range": "last_12_months"}).status_code == 200


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"to": "2024-03-31"}, "from is missing"),
        ({**QUERY, "from": "yesterday"}, "yesterday"),
        ({**QUERY, "timezone": "Mars/Olympus"}, "Mars/Olympus"),
        ({**QUERY, "owners": ["99"]}, "Owner 99 is unknown"),
        ({**QUERY, "owners": ["many"]}, "many"),
        ({**QUERY, "quick_range": "last_12_months"}, "not both"),
        ({**QUERY, "currency": "XXB"}, "XXB"),
    ],
)
def test_a_bad_question_is_told_in_a_sentence(ask_as: Callable[..., Ask], body: dict[str, Any], said: str) -> None:
    answer = ask_as("anna")("POST", "/reports", json=body)
    assert answer.status_code == 400
    assert said in answer.get_json()["error"]


@pytest.mark.parametrize(
    "body", [{**QUERY, "group_by": ["fortnight"]}, {**QUERY, "colour": "red"}, {"active_duration": "x"}]
)
def test_what_the_document_does_not_allow_is_told_by_field(ask_as: Callable[..., Ask], body: dict[str, Any]) -> None:
    answer = ask_as("anna")("POST", "/reports", json=body)
    assert answer.status_code == 422
    assert answer.get_json()["errors"]["json"]


def test_nobody_gets_in_without_a_token_that_is_one(server: flask.Flask, people: dict[str, User]) -> None:
    client = server.test_client()
    for headers in ({}, {"Authorization": "Bearer cdt_guess"}, {"Authorization": "Basic YTpi"}):
        answer = client.get("/api/v1/templates", headers=headers)
        assert answer.status_code == 401, headers
        assert "token" in answer.get_json()["error"]
    signed_in = Browser(server)
    signed_in.sign_in("anna@example.com")
    assert signed_in.client.get("/api/v1/templates").status_code == 401, "a session is for the page, not for programs"
    assert signed_in.client.get("/api/v1/openapi.json").status_code == 200


def test_a_reseller_sees_their_own_and_a_viewer_no_money(ask_as: Callable[..., Ask]) -> None:
    everyone = ask_as("anna")("POST", "/reports", json=QUERY).get_json()["totals"]
    narrow = ask_as("rita")("POST", "/reports", json={**QUERY, "owners": ["2"]}).get_json()["totals"]
    theirs = ask_as("rita")("POST", "/reports", json=QUERY).get_json()["totals"]
    assert theirs == narrow
    assert theirs["clients_all_qty"] < everyone["clients_all_qty"]
    viewer = ask_as("vera")("POST", "/reports", json=QUERY).get_json()
    assert "clients_all_qty" in viewer["totals"]
    assert not any("balance_pos" in name or name.endswith(("_total", "_avg")) for name in viewer["totals"])
    scoped = ask_as("anna", Right.VIEW)("POST", "/reports", json=QUERY).get_json()
    assert scoped["totals"].keys() == viewer["totals"].keys(), "a token without the right shows no money either"


def test_links_are_made_opened_listed_and_revoked(ask_as: Callable[..., Ask]) -> None:
    anna, rita = ask_as("anna"), ask_as("rita")
    made = anna("POST", "/links", json={"query": QUERY, "title": "First quarter"})
    assert made.status_code == 201
    link = made.get_json()
    assert (link["title"], link["rows"], link["state"]) == ("First quarter", 3, "live")
    assert link["url"].endswith(f"/view?id={link['id']}")
    frozen = rita("GET", f"/links/{link['id']}").get_json()
    assert len(frozen["rows"]) == 3, "a colleague of any reseller opens it as it was frozen"
    assert rita("DELETE", f"/links/{link['id']}").status_code == 404
    assert anna("DELETE", f"/links/{link['id']}").status_code == 204
    assert rita("GET", f"/links/{link['id']}").status_code == 404
    assert [item["state"] for item in anna("GET", "/links").get_json()["links"] if item["id"] == link["id"]] == [
        "revoked"
    ]
    assert ask_as("vera")("POST", "/links", json={"query": QUERY}).status_code == 403


def test_templates_are_saved_loaded_and_deleted(ask_as: Callable[..., Ask]) -> None:
    anna = ask_as("anna")
    made = anna("POST", "/templates", json={"title": "Quarter", "query": QUERY})
    assert made.status_code == 201, made.get_data(as_text=True)
    template = made.get_json()
    assert anna("GET", f"/templates/{template['id']}").get_json()["query"]["group_by"] == ["month"]
    assert anna("POST", "/templates", json={"title": "Quarter", "query": QUERY}).status_code == 400
    assert ask_as("rita")("GET", f"/templates/{template['id']}").status_code == 404
    assert anna("DELETE", f"/templates/{template['id']}").status_code == 204
    assert anna("GET", f"/templates/{template['id']}").status_code == 404


def test_a_file_is_ordered_made_and_downloaded(server: flask.Flask, ask_as: Callable[..., Ask]) -> None:
    anna = ask_as("anna")
    ordered = anna("POST", "/files", json={"query": QUERY, "output": "csv"})
    assert ordered.status_code == 202
    file = ordered.get_json()
    assert (file["state"], file["content"]) == ("queued", None)
    assert anna("GET", f"/files/{file['id']}/content").status_code == 404
    Worker(services_of(server)).make(file["id"])
    done = anna("GET", f"/files/{file['id']}").get_json()
    assert (done["state"], done["rows"]) == ("done", 3)
    content = anna("GET", f"/files/{file['id']}/content")
    assert content.get_data().startswith(b"\xef\xbb\xbf") or b"Month" in content.get_data()
    assert done["name"] in content.headers["Content-Disposition"]
    assert ask_as("rita")("GET", f"/files/{file['id']}").status_code == 404
    assert anna("DELETE", f"/files/{file['id']}").status_code == 204
    assert anna("GET", f"/files/{file['id']}").status_code == 404
    assert ask_as("vera")("POST", "/files", json={"query": QUERY, "output": "csv"}).status_code == 403


def test_who_asks_too_often_waits(
    server: flask.Flask, ask_as: Callable[..., Ask], monkeypatch: pytest.MonkeyPatch
) -> None:
    from callbacks import api

    monkeypatch.setattr(api, "_PER_MINUTE", "3 per minute")
    ask = ask_as("anna")
    assert [ask("GET", "/templates").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert ask_as("rita")("GET", "/templates").status_code == 200


def test_the_document_names_every_address(server: flask.Flask, ask_as: Callable[..., Ask]) -> None:
    document = ask_as("anna")("GET", "/openapi.json").get_json()
    served = {
        (rule.rule.replace("<string:", "{").replace(">", "}"), method.lower())
        for rule in server.url_map.iter_rules()
        if rule.endpoint.startswith("api.")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert served == {
        (path, method) for path, item in document["paths"].items() for method in item if method != "parameters"
    }
    assert document["security"] == [{"token": []}]
    question = document["components"]["schemas"]["Question"]["properties"]
    assert {"from", "to", "group_by", "owners", "packages", "client_currencies"} <= question.keys()


def test_what_changes_something_is_in_the_log(
    server: flask.Flask, people: dict[str, User], ask_as: Callable[..., Ask]
) -> None:
    ask_as("anna")("POST", "/templates", json={"title": "Logged", "query": QUERY})
    entries = services_of(server).records.audit.read(people["boss"], Search(words="Logged"))
    assert [(entry.act, entry.person, entry.detail["how"]) for entry in entries] == [
        ("template saved", "anna@example.com", "api")
    ]


def test_tokens_are_made_and_revoked_on_the_account_page(server: flask.Flask, people: dict[str, User]) -> None:
    anna = Browser(server)
    anna.sign_in("anna@example.com")
    made = anna.send("/account", "/account/tokens", act="create", name="Nightly", days="7", rights="view")
    text = re.search(r'value="(cdt_[^"]+)"', made.get_data(as_text=True))
    assert text is not None
    client, headers = server.test_client(), {"Authorization": f"Bearer {text[1]}"}
    assert client.get("/api/v1/templates", headers=headers).status_code == 200
    page = anna.see("/account").get_data(as_text=True)
    assert "Nightly" in page
    assert text[1] not in page, "it is shown once"
    for fields in ({"days": "0"}, {"days": "x"}, {"rights": "users"}, {"name": ""}):
        whole = {"act": "create", "name": "Other", "days": "7", "rights": "view"} | fields
        assert anna.send("/account", "/account/tokens", **whole).status_code == 400, fields
    [token] = services_of(server).records.tokens.of(people["anna"])[:1]
    assert token.name == "Nightly"
    assert anna.send("/account", "/account/tokens", act="revoke", token=token.id).status_code == 200
    assert client.get("/api/v1/templates", headers=headers).status_code == 401


def test_broken_requests_made_of_the_document_are_no_incident(server: flask.Flask, ask_as: Callable[..., Ask]) -> None:
    """A slice of what `python -m tests.fuzz_api` asks more of."""
    assert fuzz_api.fuzz(server, ask_as("anna"), examples=4, seed=1) == []
