"""How the application is started: by the `flask` command and by gunicorn, in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.conftest import load_folder

ROOT = Path(__file__).parent.parent


@pytest.fixture
def environment(tmp_path):
    """An environment of an installation of this test's own."""
    inherited = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    return inherited | {"VAR_DIR": str(tmp_path / "var"), "PYTHONUNBUFFERED": "1"}


@pytest.mark.parametrize("arguments", [["--app", "app"], []], ids=["by name", "by .flaskenv"])
def test_the_flask_command_finds_the_application(arguments, environment):
    outcome = subprocess.run(
        [sys.executable, "-m", "flask", *arguments, "--help"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert outcome.returncode == 0, outcome.stderr
    listed = {line.split()[0] for line in outcome.stdout.partition("Commands:")[2].splitlines() if line.strip()}
    assert {"load", "load-rates", "demo", "report", "warehouse", "records"} <= listed


def test_a_report_says_nothing_but_itself(environment, tmp_path):
    """Also at the very end, when the interpreter takes the engine apart: nothing on standard error."""
    url = f"duckdb:///{tmp_path / 'warehouse.duckdb'}"
    load_folder(url, ROOT / "tests" / "golden" / "dataset")
    outcome = subprocess.run(
        [sys.executable, "-m", "flask", "report", "--from", "2024-01-01", "--to", "2024-01-31", "--tag", "edge"],
        cwd=ROOT, env=environment | {"WAREHOUSE_URL": url}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (outcome.returncode, outcome.stderr) == (0, "")
    assert json.loads(outcome.stdout)["totals"]["clients_all_qty"] == 6


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_gunicorn_says_in_one_line_where_to_look(environment):
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "app:create_server()"],
        cwd=ROOT, env=environment | {"PORT": str(port)}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        assert server.stdout.readline() == f"Customer Dynamics is at http://127.0.0.1:{port} (Ctrl+C stops it)\n"
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=60) as response:
            assert response.status == 200
            assert "Customer Dynamics" in response.read().decode()
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)
