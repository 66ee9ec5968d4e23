"""Addresses beside the page: local files, health, headers, and where answers are kept."""

from __future__ import annotations

import re
import stat
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import flask.testing
import pytest
from cachelib import FileSystemCache

from app import create_app
from callbacks import routes
from data import events
from data.errors import UserError
from data.settings import Settings
from data.version import VERSION
from layouts.controls import ICONS, icon


def test_the_style_sheets_are_served_from_here(client: flask.testing.FlaskClient) -> None:
    document = client.get("/").get_data(as_text=True)
    for name, kind in (
        ("bootstrap.css", "text/css"),
        ("icons.css", "text/css"),
        ("theme.js", "text/javascript"),
        ("favicon.svg", "image/svg+xml"),
    ):
        assert f"/-/{name}?v=" in document
        answer = client.get(routes.addressed(name))
        assert answer.status_code == 200
        assert answer.mimetype == kind
        assert "immutable" in answer.headers["Cache-Control"]
        again = client.get(f"/-/{name}", headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304
        assert again.headers["Cache-Control"] == "no-cache"


def test_no_document_names_another_host(client: flask.testing.FlaskClient) -> None:
    document = client.get("/").get_data(as_text=True)
    assert "//" not in document.replace("://www.w3.org", "").replace("http://localhost", "").replace("/* ", "")


def test_only_the_icons_in_use_are_sent(client: flask.testing.FlaskClient) -> None:
    sheet = client.get("/-/icons.css").get_data(as_text=True)
    assert sheet.count("--icon:url(") == len(ICONS)
    assert len(sheet) < 40_000
    with pytest.raises(ValueError, match="not sent to the browser"):
        icon("0-circle")


def test_health(
    client: flask.testing.FlaskClient, client_with: Callable[..., flask.testing.FlaskClient], tmp_path: Path
) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json["status"] == "ok"
    empty = client_with(warehouse_url=f"duckdb:///{tmp_path / 'none.duckdb'}").get("/healthz")
    assert (empty.status_code, empty.json["status"]) == (503, "no data")


def test_readiness_tells_what_is_missing_to_the_log_alone(
    client_with: Callable[..., flask.testing.FlaskClient],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ready = client_with().get("/readyz")
    assert (ready.status_code, ready.json) == (200, {"status": "ready"})
    (tmp_path / "file").touch()
    empty = client_with(
        warehouse_url=f"duckdb:///{tmp_path / 'none.duckdb'}",
        database_url=f"sqlite:///{tmp_path / 'file' / 'r'}",
        secret_key="s" * 32,
        redis_url="redis://127.0.0.1:1/0",
    )
    monkeypatch.setattr(FileSystemCache, "set", lambda *_, **__: False)
    missing = empty.get("/readyz")
    assert (missing.status_code, missing.json) == (503, {"status": "not ready"})
    told = [record.getMessage() for record in caplog.records if record.getMessage().startswith("Not ready: ")]
    parts = [["There", "is"], ["The", "records'"], ["The", "task"], ["The", "cache"]]
    assert [text.split()[2:4] for text in told] == parts


@pytest.mark.parametrize("address", ["/", "/healthz", "/_dash-layout", "/-/theme.js", "/nowhere"])
def test_every_answer_carries_the_headers_of_safety(client: flask.testing.FlaskClient, address: str) -> None:
    headers = client.get(address).headers
    policy = headers["Content-Security-Policy"]
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert "'sha256-" in scripts
    assert "unsafe" not in scripts
    assert "http" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_the_folder_of_the_cache_is_private(tmp_path: Path) -> None:
    config = routes.cache_config(Settings(var_dir=str(tmp_path / "var")))
    assert config["CACHE_TYPE"] == "FileSystemCache"
    assert stat.S_IMODE(Path(config["CACHE_DIR"]).stat().st_mode) == 0o700


def test_the_other_caches_are_a_matter_of_settings(tmp_path: Path) -> None:
    var = str(tmp_path / "var")
    assert routes.cache_config(Settings(var_dir=var, cache_type="SimpleCache"))["CACHE_TYPE"] == "SimpleCache"
    redis = routes.cache_config(Settings(var_dir=var, cache_type="RedisCache", redis_url="redis://cache:6379/0"))
    assert redis["CACHE_REDIS_URL"] == "redis://cache:6379/0"
    with pytest.raises(UserError, match="REDIS_URL"):
        routes.cache_config(Settings(var_dir=var, cache_type="RedisCache"))
    with pytest.raises(UserError, match="MemcachedCache"):
        routes.cache_config(Settings(var_dir=var, cache_type="MemcachedCache"))
    assert not (tmp_path / "var").exists()


def test_scripts_asked_for_while_a_fresh_process_sets_itself_up_are_served(
    tmp_path: Path, golden_warehouse: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second server process meets a dozen requests at once, none of them for the document."""
    settings = Settings(warehouse_url=golden_warehouse, var_dir=str(tmp_path), log_level="ERROR", sign_in="none")
    app = create_app(settings)
    setting_up, going_on = threading.Event(), threading.Event()
    generate = app._generate_scripts_html

    def slowly() -> str:
        setting_up.set()
        going_on.wait(timeout=10)
        return str(generate())

    document = create_app(settings).server.test_client().get("/").get_data(as_text=True)
    script = re.search(r'src="(/_dash-component-suites/dash/deps/[^"]+)"', document)
    assert script
    monkeypatch.setattr(app, "_generate_scripts_html", slowly)
    with ThreadPoolExecutor(max_workers=2) as pool:
        first = pool.submit(app.server.test_client().get, "/_dash-dependencies")
        assert setting_up.wait(timeout=10)
        second = pool.submit(app.server.test_client().get, script[1])
        assert not wait([second], timeout=0.3).done, "it did not wait for the set-up"
        going_on.set()
        assert (first.result().status_code, second.result().status_code) == (200, 200)


def test_figures_for_prometheus_are_there_only_when_a_setting_opens_them(
    client: flask.testing.FlaskClient, tmp_path: Path
) -> None:
    assert client.get("/metrics").mimetype == "text/html", "the page, as at any address that is none"
    opened = create_app(Settings(var_dir=str(tmp_path), metrics_path="/metrics")).server.test_client()
    events.tell("export", format="csv")
    answer = opened.get("/metrics")
    assert answer.mimetype == "text/plain"
    assert 'customer_dynamics_exports_total{format="csv"}' in answer.get_data(as_text=True)


def test_the_page_and_health_name_the_version(client: flask.testing.FlaskClient) -> None:
    assert client.get("/healthz").get_json()["version"] == VERSION
    assert f"Customer Dynamics {VERSION}" in client.get("/_dash-layout").get_data(as_text=True)
