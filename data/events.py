"""What happens, told to whoever runs the program: one line of JSON for each event, and figures for Prometheus.

Neither holds what a person asked or saw: a question is told by its hash, which is the same for equal questions.
"""

from __future__ import annotations

import hashlib
import json
import logging
import logging.handlers
import os
import sys
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from data.report.query import ReportQuery

STANDARD_ERROR = "-"
_log = logging.getLogger("customer_dynamics.events")
_log.propagate = False
_log.setLevel(logging.INFO)
_opened: list[Callable[[str, Mapping[str, Any]], None]] = []


def tell(event: str, **facts: object) -> None:
    """Something has happened. Facts that are None are left out."""
    known = {name: value for name, value in facts.items() if value is not None}
    for count in _opened:
        count(event, known)
    if _log.handlers:
        _log.info(event, extra=known)


def question_hash(query: ReportQuery) -> str:
    """A short name of a question: the same for equal ones, and nothing of it can be read."""
    return hashlib.sha256(json.dumps(query.to_json(), sort_keys=True).encode()).hexdigest()[:12]


def write_to(place: str) -> None:
    """Write a line for each event from now on to a file, or to :data:`STANDARD_ERROR`. Others no longer get any."""
    from pythonjsonlogger.json import JsonFormatter

    handler: logging.Handler
    if place == STANDARD_ERROR:
        handler = logging.StreamHandler(sys.stderr)
    else:
        # It begins a new file when somebody has moved the old one away, as logrotate does.
        handler = logging.handlers.WatchedFileHandler(place, encoding="utf-8", delay=True)
    formatter = JsonFormatter(
        "{asctime}{message}",
        style="{",
        datefmt="%Y-%m-%dT%H:%M:%SZ",
        rename_fields={"asctime": "at", "message": "event"},
        json_default=str,
    )
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    stop_writing()
    _log.addHandler(handler)


def stop_writing() -> None:
    """Write no lines any more."""
    for former in [*_log.handlers]:
        _log.removeHandler(former)
        former.close()


# --- Prometheus -------------------------------------------------------------------------------------------------------

_SECONDS = (0.05, 0.1, 0.2, 0.5, 1, 2, 3, 5, 10, 30, 60)


@cache
def open_figures() -> Callable[[], tuple[bytes, str]]:
    """Count events from now on. Returns what makes the text for Prometheus, and its type.

    With several server processes PROMETHEUS_MULTIPROC_DIR names the folder that they share (gunicorn.conf.py).
    """
    import prometheus_client as prometheus
    from prometheus_client import multiprocess

    def counter(what: str, about: str, *labels: str) -> prometheus.Counter:
        return prometheus.Counter(f"customer_dynamics_{what}", about, labels)

    reports = counter("reports", "Reports asked for.", "outcome", "source", "cache")
    seconds = prometheus.Histogram(
        "customer_dynamics_report_seconds", "From a question to its answer.", ["cache"], buckets=_SECONDS
    )
    stages = counter("report_stage_seconds", "What the runs of reports spent in each stage.", "stage")
    rows = counter("report_rows", "Rows of answers.")
    exports = counter("exports", "Files of reports.", "format")
    loads = counter("loads", "Loads that were run.", "outcome")
    incidents = counter("incidents", "Faults of the program.", "where")

    def count(event: str, facts: Mapping[str, Any]) -> None:
        match event:
            case "report":
                kept = facts.get("cache", "none")
                reports.labels(facts["outcome"], facts["source"], kept).inc()
                seconds.labels(kept).observe(facts["seconds"])
                rows.inc(facts.get("rows", 0))
                for stage, took in facts.get("stages", {}).items():
                    stages.labels(stage).inc(took)
            case "export":
                exports.labels(facts["format"]).inc()
            case "load":
                loads.labels(facts["outcome"]).inc()
            case "incident":
                incidents.labels(facts["where"]).inc()

    _opened.append(count)

    def exposition() -> tuple[bytes, str]:
        registry = prometheus.REGISTRY
        if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            registry = prometheus.CollectorRegistry()
            multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return prometheus.generate_latest(registry), prometheus.CONTENT_TYPE_LATEST

    return exposition


def share_figures(folder: Path) -> None:
    """Let all server processes that start from here on keep their figures in ``folder``, which begins empty."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in folder.glob("*.db"):
        left.unlink()
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def forget_process(process: int) -> None:
    """A server process is gone: what it alone could tell is told no more."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(process)  # type: ignore[no-untyped-call]
