"""Who is let in: by host, by origin, by size; and what browsers and proxies may keep."""

from __future__ import annotations

from collections.abc import Callable

import flask
import flask.testing
import pytest

from app import create_app
from callbacks.gate import public
from callbacks.trust import BODY_BYTES, trusted_hosts
from data.settings import Settings

POST = "/_dash-update-component"


@pytest.fixture(scope="module")
def client(golden_warehouse: str, tmp_path_factory: pytest.TempPathFactory) -> flask.testing.FlaskClient:
    """One application for all tests of this file: nothing that is refused leaves anything behind."""
    var = tmp_path_factory.mktemp("trust") / "var"
    settings = Settings(warehouse_url=golden_warehouse, var_dir=str(var), log_level="ERROR", sign_in="none")
    return create_app(settings).server.test_client()


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:8050", "LOCALHOST", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:8050", "localhost."],
)
def test_the_machine_itself_is_answered(host: str, client: flask.testing.FlaskClient) -> None:
    assert client.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "evil-localhost",
        "localhost@evil.example",
        "evil.example@localhost",
        "localhost, evil.example",
        "localhost/",
        "localhost:x",
        "[::1",
        "192.168.0.7:8050",
        "",
    ],
)
@pytest.mark.parametrize("address", ["/", "/_dash-layout", "/-/theme.js", "/nowhere"])
def test_a_rebound_name_is_not_answered(host: str, address: str, client: flask.testing.FlaskClient) -> None:
    answer = client.get(address, headers={"Host": host})
    assert answer.status_code == 400
    assert answer.get_data(as_text=True) == (
        "This name is not one of this server's: its administrator adds it to TRUSTED_HOSTS, if it should be.\n"
    )
    assert answer.mimetype == "text/plain"


def test_probes_are_answered_whoever_is_asked(client: flask.testing.FlaskClient) -> None:
    for address in ("/healthz", "/readyz"):
        assert client.get(address, headers={"Host": "10.0.0.8"}).status_code == 200


def test_hosts_are_a_matter_of_settings(client_with: Callable[..., flask.testing.FlaskClient]) -> None:
    client = client_with(trusted_hosts="reports.example.com, .example.org")
    seen = {
        host: client.get("/-/theme.js", headers={"Host": host}).status_code
        for host in ("reports.example.com:443", "a.b.example.org", "example.org", "example.com", "badexample.org")
    }
    assert seen == {
        "reports.example.com:443": 200,
        "a.b.example.org": 200,
        "example.org": 200,
        "example.com": 400,
        "badexample.org": 400,
    }
    assert client_with(trusted_hosts="*").get("/-/theme.js", headers={"Host": "any.example"}).status_code == 200
    own = trusted_hosts(Settings(host="10.0.0.7", public_url="https://Reports.example.com:8443/x"))
    assert own == ("localhost", "127.0.0.1", "::1", "10.0.0.7", "reports.example.com")
    assert trusted_hosts(Settings(host="0.0.0.0")) == ("localhost", "127.0.0.1", "::1")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "http://localhost:9999"},
        {"Origin": "http://127.0.0.1"},
        {"Origin": "null"},
        {"Origin": "file://localhost"},
        {"Origin": "http://[localhost"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
@pytest.mark.parametrize("address", [POST, "/", "/healthz/no", "/view"])
def test_a_page_of_another_origin_cannot_post(
    headers: dict[str, str], address: str, client: flask.testing.FlaskClient
) -> None:
    answer = client.post(address, json={}, headers=headers)
    assert answer.status_code == 403
    assert answer.get_data(as_text=True).startswith("This request came from a page of another address.")
    assert client.get("/-/theme.js", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost"},
        {"Origin": "http://localhost:80"},
        {"Origin": "https://localhost"},
        {"Origin": "http://LOCALHOST:8050", "Host": "localhost:8050"},
        {"Sec-Fetch-Site": "same-origin"},
    ],
    ids=str,
)
def test_our_own_page_can_post(headers: dict[str, str], client: flask.testing.FlaskClient) -> None:
    assert client.post(POST, json={}, headers=headers).status_code != 403


def test_a_body_has_a_largest_size(client: flask.testing.FlaskClient) -> None:
    answer = client.post(POST, data=b"[" + b" " * BODY_BYTES, content_type="application/json")
    assert answer.status_code == 413
    assert answer.get_data(as_text=True) == "The request is larger than anything this page sends.\n"


@pytest.mark.parametrize("address", ["/", "/_dash-layout", "/_dash-dependencies", "/view?id=none", "/healthz", "/none"])
def test_nobody_keeps_what_one_person_got(address: str, client: flask.testing.FlaskClient) -> None:
    assert client.get(address).headers["Cache-Control"] == "no-store, private"
    assert client.post(POST, json={}).headers["Cache-Control"] == "no-store, private"


def test_files_of_the_program_are_kept(client: flask.testing.FlaskClient) -> None:
    document = client.get("/").get_data(as_text=True)
    scripts = [part.partition('"')[0] for part in document.split('src="')[1:]]
    assert scripts
    for address in scripts:
        assert "no-store" not in client.get(address).headers.get("Cache-Control", "")


def test_a_proxy_is_believed_if_there_is_one(client_with: Callable[..., flask.testing.FlaskClient]) -> None:
    """Behind it the visitor's own host, scheme and address count; without one nobody may claim to be any."""
    told = {"X-Forwarded-Host": "reports.example.com", "X-Forwarded-Proto": "https", "X-Forwarded-For": "9.9.9.9"}
    seen: list[tuple[str, str, str | None]] = []

    def look() -> str:
        seen.append((flask.request.host, flask.request.scheme, flask.request.remote_addr))
        return ""

    for proxies in (0, 1):
        client = client_with(trusted_hosts="reports.example.com", trusted_proxies=proxies, sign_in="password")
        client.application.add_url_rule("/look", "look", public(look))
        assert client.get("/look", headers=told).status_code == 200
    assert seen == [("localhost", "http", "127.0.0.1"), ("reports.example.com", "https", "9.9.9.9")]
    assert client_with(trusted_proxies=1).get("/", headers=told).status_code == 400
