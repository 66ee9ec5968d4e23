"""How the application is served. Gunicorn reads this by itself when it is started in this folder."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from dotenv import load_dotenv

from data.report.reports import utc_now
from data.report.warm_up import warm_up
from data.settings import Settings

# The `flask` command reads this file too: both must mean the same warehouse.
load_dotenv(Path(__file__).with_name(".env"))
settings = Settings.from_environment()

bind = f"{settings.host}:{settings.port}"
# Two processes of eight threads: a report waits on the engine most of its time. Each process opens the warehouse for
# itself after the fork, which is why the application is not preloaded.
worker_class = "gthread"
workers = 2
threads = 8
preload_app = False
accesslog = None
loglevel = "warning"


def post_worker_init(worker: Any) -> None:
    """Let each process get ready for reports while the first visitors are still looking at the form."""
    services = worker.wsgi.extensions["customer_dynamics"]
    asking = (services.warehouse, settings.base_currency, utc_now())
    threading.Thread(target=warm_up, args=asking, name="warm-up", daemon=True).start()


def when_ready(server: Any) -> None:  # noqa: ARG001 - the name is gunicorn's
    """Say where to look, once the port is open."""
    host = "localhost" if settings.host in {"0.0.0.0", "::", "[::]"} else settings.host  # noqa: S104 - shown, not bound
    print(f"Customer Dynamics is at http://{host}:{settings.port} (Ctrl+C stops it)", flush=True)  # noqa: T201
