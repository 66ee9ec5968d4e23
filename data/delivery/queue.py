"""The task queue that wakes workers up: the package Huey, on SQLite by default and on Redis by setting.

It carries no more than the ids of jobs and mails: all that must not be lost is in our records (data/store/jobs.py), and
what the queue loses is found there again within a minute.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any, Protocol

from huey import Huey, RedisHuey, SqliteHuey, crontab

from data.settings import Settings

_NAME = "customer-dynamics"


class Serving(Protocol):
    """What a worker does with what the queue carries."""

    def make(self, job_id: str) -> None:
        """Make a job's report."""

    def send(self, delivery_id: str) -> None:
        """Send a mail."""

    def look_after(self) -> None:
        """Do what is to be done every minute."""


class Queue:
    """Puts jobs before workers. A process that is a worker itself gives what it does with :meth:`serve`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._tasks: dict[str, Callable[[str], object]] = {}
        self._worker: Serving | None = None

    def put(self, job_id: str) -> None:
        """Let a worker make a job's report."""
        self._opened()["make"](job_id)

    def send(self, delivery_id: str) -> None:
        """Let a worker send a mail."""
        self._opened()["send"](delivery_id)

    def is_reachable(self) -> bool:
        """Whether tasks can be put in and taken out now."""
        try:
            self._opened()
            self._huey.pending_count()
        except Exception:  # noqa: BLE001 - whatever its kind of storage raises
            return False
        return True

    def serve(self, worker: Serving) -> Huey:
        """The queue itself, for the process that works on it."""
        self._worker = worker
        self._opened()
        return self._huey

    def _opened(self) -> dict[str, Callable[[str], object]]:
        with self._lock:
            if not self._tasks:
                self._huey = _open(self._settings)
                self._tasks = {
                    "make": self._huey.task(name="make")(self._make),
                    "send": self._huey.task(name="send")(self._send),
                }
                if self._worker is not None:
                    self._huey.periodic_task(crontab(minute="*"), name="look_after")(self._worker.look_after)
            return self._tasks

    def _make(self, job_id: str) -> None:
        if self._worker is not None:
            self._worker.make(job_id)

    def _send(self, delivery_id: str) -> None:
        if self._worker is not None:
            self._worker.send(delivery_id)


def _open(settings: Settings) -> Huey:
    options: dict[str, Any] = {"results": False, "utc": True}
    if settings.redis_url:
        return RedisHuey(_NAME, url=settings.redis_url, **options)
    file = settings.folder / "queue.sqlite"
    settings.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))  # ours alone from the first moment on
    return SqliteHuey(_NAME, filename=str(file), **options)
