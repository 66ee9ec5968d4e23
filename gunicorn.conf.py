"""How the application is served. Gunicorn reads this by itself when it is started in this folder."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from dotenv import load_dotenv
from gunicorn.workers.base import Worker
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer, create_server
from waitress.task import ErrorTask

from callbacks.trust import BODY_BYTES, trusted_hosts
from data import events
from data.disk import check_writable
from data.errors import DiskRefuses
from data.report.reports import utc_now
from data.report.warm_up import warm_up
from data.settings import Settings

# The `flask` command reads this file too: both must mean the same warehouse.
load_dotenv(Path(__file__).with_name(".env"))
settings = Settings.from_environment()

_log = logging.getLogger("customer_dynamics.serving")
_LOOK_SECONDS = 0.5
_TELL_SECONDS = 10


class _Malformed(ErrorTask):  # type: ignore[misc]  # waitress carries no types
    """Answers what is no request; tells of it in one line, and of many in one line now and then."""

    _count = 0
    _told_at = -float(_TELL_SECONDS)
    _lock = threading.Lock()

    def execute(self) -> None:
        with _Malformed._lock:
            _Malformed._count += 1
            told = time.monotonic() - _Malformed._told_at >= _TELL_SECONDS
            if told:
                _Malformed._told_at = time.monotonic()
        if told:
            fault = self.request.error
            # What is quoted of a request is not to be taken for lines of ours.
            said = f"{fault.reason}: {fault.body}".encode("unicode_escape").decode()[:200]
            _log.warning("Refused request %d from %s: %s", _Malformed._count, self.channel.addr[0], said)
        super().execute()


class _Channel(HTTPChannel):  # type: ignore[misc]
    error_task_class = _Malformed


class PatientWorker(Worker):  # type: ignore[misc]
    """Gives a thread to a request when all of it has come: whoever is silent or slow waits without one.

    Gunicorn's own threads wait for a connection's first byte, and for the last of a body: twenty silent ones stop it.
    It ends with the process that started it, also if that was killed: the next start finds the port free.
    """

    def run(self) -> None:
        connections: dict[int, Any] = {}
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # that a request waits for a thread is no news
        create_server(
            self.wsgi,
            connections,
            sockets=[each.sock for each in self.sockets],
            threads=self.cfg.threads,
            max_request_body_size=BODY_BYTES + 1,
            connection_limit=2000,
            channel_timeout=60,
            cleanup_interval=10,
            asyncore_use_poll=True,
            log_socket_errors=False,
            ident=None,
            clear_untrusted_proxy_headers=not settings.trusted_proxies,
        )
        doors = [each for each in connections.values() if isinstance(each, BaseWSGIServer)]
        for door in doors:
            door.channel_class = _Channel
        while self.alive:
            self._turn(connections, _LOOK_SECONDS)
        for door in doors:
            door.del_channel()
        deadline = time.monotonic() + self.cfg.graceful_timeout
        while time.monotonic() < deadline and any(
            each.requests or each.total_outbufs_len for each in connections.values() if isinstance(each, _Channel)
        ):
            self._turn(connections, _LOOK_SECONDS / 5)

    def _turn(self, connections: dict[int, Any], seconds: float) -> None:
        wasyncore.loop(timeout=seconds, use_poll=True, map=connections, count=1)
        self.notify()
        if os.getppid() != self.ppid:
            os._exit(1)  # nobody is left to tell


bind = f"{settings.host}:{settings.port}"
# Two processes of eight threads: a report waits on the engine most of its time. Each process opens the warehouse for
# itself after the fork, which is why the application is not preloaded.
worker_class = PatientWorker
workers = 2
threads = 8
preload_app = False
if settings.metrics_path:
    events.share_figures(settings.folder / "figures")
accesslog = None
loglevel = "warning"


def _keep_working() -> None:
    """Let there be somebody who makes files while this process serves; elsewhere `worker:` in the Procfile does."""
    while True:
        command = [sys.executable, "-m", "flask", "worker", "--parent", str(os.getpid())]
        subprocess.run(command, check=False)  # noqa: S603 - this program itself
        time.sleep(5)


def post_worker_init(worker: Any) -> None:
    """Let each process get ready for reports while the first visitors are still looking at the form."""
    events.write_to(settings.events or events.STANDARD_ERROR)
    services = worker.wsgi.extensions["customer_dynamics"]
    asking = (services.warehouse, settings.base_currency, utc_now())
    threading.Thread(target=warm_up, args=asking, name="warm-up", daemon=True).start()


def on_starting(server: Any) -> None:  # noqa: ARG001 - the name is gunicorn's
    """End with one sentence where nothing can be kept: each process would say it again, at every report."""
    try:
        check_writable(settings.folder)
    except DiskRefuses as fault:
        sys.stderr.write(f"{fault.message}\n")
        raise SystemExit(1) from None


def child_exit(server: Any, worker: Any) -> None:  # noqa: ARG001 - the name is gunicorn's
    """Let nobody be told of a process that is gone."""
    if settings.metrics_path:
        events.forget_process(worker.pid)


def when_ready(server: Any) -> None:  # noqa: ARG001 - the name is gunicorn's
    """Say where to look, once the port is open."""
    host = "localhost" if settings.host in {"0.0.0.0", "::", "[::]"} else settings.host  # noqa: S104 # nosec B104 - shown
    print(f"Customer Dynamics is at http://{host}:{settings.port} (Ctrl+C stops it)", flush=True)  # noqa: T201
    if host != settings.host and not (settings.trusted_hosts or settings.public_url):
        print(  # noqa: T201
            f"It answers to {', '.join(trusted_hosts(settings))} only: name others in TRUSTED_HOSTS.", flush=True
        )
    if not settings.database_url:
        threading.Thread(target=_keep_working, name="worker", daemon=True).start()
