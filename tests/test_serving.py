"""How the application is started: by the `flask` command and by gunicorn, in a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from data.version import VERSION
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


@dataclass
class Server:
    """A server of the tests' own, as `make run` starts it."""

    process: subprocess.Popen[str]
    port: int
    first_line: str
    log: Path

    def open(self, content: bytes = b"") -> socket.socket:
        """A connection on which ``content`` was sent."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        connection.sendall(content)
        return connection

    def answer(self, content: bytes) -> bytes:
        """The beginning of what comes back for ``content``."""
        with self.open(content) as connection:
            return connection.recv(4000)

    def get(self, address: str) -> int:
        """The status that a visitor gets, who has four seconds."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{address}", timeout=4) as response:
            response.read()
            return int(response.status)

    def workers(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children()


def start(folder: Path) -> Server:
    port = free_port()
    own = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    own |= {"VAR_DIR": str(folder / "var"), "PYTHONUNBUFFERED": "1", "PORT": str(port), "SIGN_IN": "none"}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "app:create_server()"],
            cwd=ROOT, env=own, stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
    assert process.stdout is not None
    made = Server(process, port, process.stdout.readline(), folder / "log")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=60) as response:
        assert "Customer Dynamics" in response.read().decode()
    return made


@pytest.fixture(scope="module")
def started() -> Iterator[list[Server]]:
    made: list[Server] = []
    yield made
    for each in made:
        each.process.send_signal(signal.SIGTERM)
        each.process.wait(30)


@pytest.fixture
def server(started, tmp_path_factory) -> Server:
    """One server for all tests of this file that only ask; another one after it was killed."""
    if not started or started[-1].process.poll() is not None:
        started.append(start(tmp_path_factory.mktemp("server")))
    return started[-1]


def test_gunicorn_says_in_one_line_where_to_look(server):
    assert server.first_line == f"Customer Dynamics is at http://127.0.0.1:{server.port} (Ctrl+C stops it)\n"


POST = (
    b"POST /_dash-update-component HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n"
)


def test_the_silent_and_the_slow_keep_nobody_waiting(server):
    """More of each than there are threads; the page comes within the seconds that a visitor has here."""
    opened = [server.open() for _ in range(40)]
    opened += [server.open(b"GET / HT") for _ in range(20)]
    opened += [server.open(POST % 100_000 + b'{"a":') for _ in range(20)]
    try:
        addresses = ("/", "/_dash-layout", "/_dash-dependencies", "/-/theme.js")
        assert [server.get(address) for address in addresses] == [200] * 4
    finally:
        for connection in opened:
            connection.close()


def test_a_body_without_bounds_is_refused_before_it_fills_the_memory(server):
    before = sum(worker.memory_info().rss for worker in server.workers())
    assert server.answer(POST % 100_000_000).startswith(b"HTTP/1.1 413")
    chunked = (POST % 0).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    block = b"%x\r\n" % 65536 + b"x" * 65536 + b"\r\n"
    with server.open(chunked) as connection, contextlib.suppress(ConnectionError):
        for _ in range(1600):
            connection.sendall(block)
        pytest.fail("all hundred megabytes were taken")
    assert sum(worker.memory_info().rss for worker in server.workers()) - before < 20_000_000


def test_what_is_no_request_takes_one_line_of_the_log(server):
    answers = {server.answer(b"GET / HTTP/1.1\r\nno header\r\n\r\n")[:12] for _ in range(20)}
    answers |= {server.answer(b"\x16\x03\x01\x02\r\n\r\n")[:12]}
    assert answers <= {b"HTTP/1.0 400", b"HTTP/1.1 400"}
    said = [line for line in server.log.read_text().splitlines() if "no header" in line or "Refused" in line]
    assert 1 <= len(said) <= len(server.workers())
    assert all("Refused request" in line and "from 127.0.0.1" in line for line in said)
    assert "Traceback" not in server.log.read_text()


def test_workers_end_with_a_server_that_was_killed(server):
    """Or the next start would find its port taken."""
    workers = server.workers()
    serving = [each for each in workers if "gunicorn" in each.cmdline()]
    assert (len(workers), len(serving)) == (3, 2), "the third makes files"
    server.process.kill()
    assert psutil.wait_procs(serving, timeout=5)[1] == []
    assert psutil.wait_procs(workers, timeout=30)[1] == [], "it may have been about to begin"
    with socket.socket() as next_one:
        next_one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        next_one.bind(("127.0.0.1", server.port))


def test_app_py_serves_as_make_run_does(environment):
    """Both steps: fill an empty warehouse, then serve; here with commands that only say what they are."""
    code = (
        "import os, runpy, subprocess\n"
        "subprocess.run = lambda command, **_: print(*command[1:]) or subprocess.CompletedProcess(command, 0)\n"
        "os.execv = lambda program, command: print(*command[1:], os.getcwd())\n"
        f"runpy.run_path({str(ROOT / 'app.py')!r}, run_name='__main__')\n"
    )
    outcome = subprocess.run(
        [sys.executable, "-c", code], cwd="/", env=environment | {"PYTHONPATH": str(ROOT)}, check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    run = (ROOT / "Makefile").read_text().partition("\nrun:")[2].partition("\n\n")[0]
    assert "flask demo --if-empty" in run
    assert "-m gunicorn 'app:create_server()'" in run
    assert outcome.stdout.splitlines() == [
        "-m flask demo --if-empty", f"-m gunicorn app:create_server() {ROOT}",
    ], outcome.stderr  # fmt: skip


def test_the_program_tells_its_version(environment):
    told = subprocess.run(
        [sys.executable, "app.py", "--version"], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert told.stdout == f"Customer Dynamics {VERSION}\n"
