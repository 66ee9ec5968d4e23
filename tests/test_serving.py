"""How the application is started: by the `flask` command and by gunicorn, in a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

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
