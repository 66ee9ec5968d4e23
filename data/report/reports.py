"""Answers to people: from the cache or the warehouse, with progress, cancelling, and one run for one question."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic

from flask_caching import Cache

from data.access import OPERATOR, User
from data.errors import Cancelled
from data.report.catalog import METRICS
from data.report.choices import Choices, read_choices
from data.report.period import Bound, months_before, resolve, today_in
from data.report.query import ReportQuery
from data.report.result import ReportResult
from data.report.run import Stopwatch, run_report
from data.settings import Settings
from data.warehouse.engines import Warehouse

_log = logging.getLogger(__name__)

_ASKED_FIRST: tuple[tuple[str, ...], ...] = ((), ("month",), ("date",), ("month", "package"))
_POLL_SECONDS = 0.05
_QUIET_SECONDS = 0.25
"""A run tells what it does from then on: before that nobody asks (assets/report/run.js)."""
_RUN_SECONDS = 600
_OPEN_PERIOD_SECONDS = 60
"""A period that has not ended yet is answered from the cache for a minute only: its T moves with the clock."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A report and whether it was served from the cache (its info then tells when it was made)."""

    result: ReportResult
    from_cache: bool


def utc_now() -> datetime:
    """Now, as a naive UTC instant."""
    return datetime.now(UTC).replace(tzinfo=None)


class Reports:
    """The one place that runs reports for people and owns their cache.

    The key of an answer is the normalised question, what the person may see, their role, and the version of the data.
    Progress and cancelling go through the cache too, so that they work whichever server process takes the click.
    """

    def __init__(self, warehouse: Warehouse, cache: Cache, settings: Settings) -> None:
        self._warehouse = warehouse
        self._cache = cache
        self._settings = settings
        self._locks: dict[str, threading.Lock] = {}
        self._locks_lock = threading.Lock()

    def ask(self, query: ReportQuery, user: User, *, run_id: str | None = None) -> Answer:
        """Answer ``query`` as asked now.

        ``run_id`` names this run for :meth:`progress` and :meth:`cancel`. Raises :class:`UserError` for a bad question
        and :class:`Cancelled` when the run was cancelled.
        """
        now = utc_now()
        query = query.on_day(now).check()
        version = self._warehouse.version()
        open_period = resolve(query.start, query.end, query.timezone).end > now
        key = self._key(query, user, version, str(today_in(query.timezone, now)) if open_period else "")
        with self._one_run_for(key):
            known = self._cache.get(key)
            if isinstance(known, ReportResult):
                return Answer(known, from_cache=True)
            result = self._run(query, user, now, run_id)
            seconds = self._settings.cache_seconds
            if open_period:
                seconds = min(seconds, _OPEN_PERIOD_SECONDS)
            # A load may have been published between asking for the version and reading: file it under what was read.
            if result.info.data_version == version:
                self._cache.set(key, result, timeout=seconds)
            return Answer(result, from_cache=False)

    def progress(self, run_id: str) -> str | None:
        """What the run is doing right now, in words; None when it is not known (finished, or not started)."""
        stage = self._cache.get(f"progress:{run_id}")
        return None if stage is None else str(stage)

    def cancel(self, run_id: str) -> None:
        """Withdraw the question: the statement that runs is stopped in the engine."""
        self._cache.set(f"cancel:{run_id}", True, timeout=_RUN_SECONDS)

    def choices(self, user: User) -> Choices:
        """The filter values that ``user`` may choose from, of the live version of the data."""
        key = f"choices:{user.scope_key}:{self._warehouse.version()}"
        known = self._cache.get(key)
        if isinstance(known, Choices):
            return known
        with self._warehouse.read() as reading:
            found = read_choices(reading, user)
        self._cache.set(key, found, timeout=self._settings.cache_seconds)
        return found

    def warm_up(self) -> None:
        """Ask what people ask first, of the last months, so that they need not wait while all is got ready for it.

        Data is opened, statements are put into words, and nothing of the answers is kept. What goes wrong will be told
        to whoever asks.
        """
        now = utc_now()
        today = now.date()
        start, end = Bound(months_before(today.replace(day=1), 2)), Bound(today)
        try:
            for group_by in _ASKED_FIRST:
                query = ReportQuery(start=start, end=end, group_by=group_by, currency=self._settings.base_currency)
                run_report(self._warehouse, query, OPERATOR, base_currency=self._settings.base_currency, as_of=now)
        except Exception:  # noqa: BLE001 - nobody has asked for anything yet
            _log.debug("Warming up failed", exc_info=True)

    def _run(self, query: ReportQuery, user: User, now: datetime, run_id: str | None) -> ReportResult:
        base = self._settings.base_currency
        if run_id is None:
            return run_report(self._warehouse, query, user, base_currency=base, as_of=now)
        stages: list[str] = []
        watch = Stopwatch(stages.append)
        # The query runs in a thread of its own so that this one can watch for a cancelled run and stop the engine.
        with ThreadPoolExecutor(max_workers=1) as pool:
            future = pool.submit(run_report, self._warehouse, query, user, base_currency=base, as_of=now, watch=watch)
            started, told = monotonic(), 0
            while not future.done():
                if self._cache.get(f"cancel:{run_id}"):
                    watch.cancel()
                try:
                    future.exception(timeout=_POLL_SECONDS)
                except TimeoutError:
                    # Not at once: writing it takes longer than many a stage does, and the run would wait for it.
                    if len(stages) > told and monotonic() - started > _QUIET_SECONDS:
                        told = len(stages)
                        self._cache.set(f"progress:{run_id}", stages[-1], timeout=_RUN_SECONDS)
            if told:
                self._cache.delete(f"progress:{run_id}")
            if watch.cancelled:
                raise Cancelled
            return future.result()

    @contextmanager
    def _one_run_for(self, key: str) -> Iterator[None]:
        """A second, equal question waits for the first one's answer and finds it in the cache."""
        with self._locks_lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            yield
        with self._locks_lock:
            if len(self._locks) > 1000:
                self._locks = {name: held for name, held in self._locks.items() if held.locked()}

    def _key(self, query: ReportQuery, user: User, version: str, day: str) -> str:
        # A cache outlives a restart: with another base currency, or another catalog, it would hold other answers.
        made_with = [self._settings.base_currency, [metric.id for metric in METRICS]]
        question = json.dumps([query.to_json(), user.scope_key, user.role, version, day, made_with], sort_keys=True)
        return "report:" + hashlib.sha256(question.encode()).hexdigest()
