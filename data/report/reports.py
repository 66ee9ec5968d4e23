"""Which answer a person gets: the key it is kept under, how long, and one run for all who ask the same at once.

This is the one file that decides it. What a run is doing and its end are told in ``runs.py``; whose turn it is among
several server processes, in ``turns.py``.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from time import monotonic
from typing import Literal

from flask_caching import Cache
from redis import RedisError

from data.access import User
from data.errors import Cancelled
from data.report.catalog import METRICS
from data.report.choices import Choices, read_choices
from data.report.period import resolve, today_in
from data.report.query import ReportQuery
from data.report.result import ReportInfo, ReportResult
from data.report.run import Stopwatch, run_report
from data.report.runs import Runs
from data.report.shelf import Shelf
from data.report.telling import telling
from data.report.turns import GiveBack, Turns, turns_beside
from data.settings import Settings
from data.warehouse.engines import Warehouse

_log = logging.getLogger(__name__)

_TURN_SECONDS = 0.02
"""How often a process that waits for another's run looks whether it is over."""
_OPEN_PERIOD_SECONDS = 60
"""A period that has not ended yet is answered from the cache for a minute only: its T moves with the clock."""

_SHAPE = "keys"
"""Named anew when the types of answers and choices change: what an earlier program has kept is of another shape."""

Origin = Literal["run", "shared", "cache"]


@dataclass(frozen=True, slots=True)
class Answer:
    """A report, and whether it was run for this question, for somebody else's equal one, or comes from the cache."""

    result: ReportResult
    origin: Origin
    stages: Mapping[str, float] = field(default_factory=dict)
    """Seconds that each stage of the run took; empty when there was none."""

    @property
    def from_cache(self) -> bool:
        """Whether it was made for an earlier question (its info then tells when)."""
        return self.origin != "run"


def utc_now() -> datetime:
    """Now, as a naive UTC instant."""
    return datetime.now(UTC).replace(tzinfo=None)


def answer_key(query: ReportQuery, user: User, *, version: str, day: str, base_currency: str) -> str:
    """What an answer is kept under: everything that it depends on.

    That is the question, what the person may see and their role, the data's version, the base currency, the catalog of
    metrics and what Info tells (a cache outlives a restart), and for a period that has not ended the day on which it
    was asked.
    """
    shape = [_SHAPE, *(item.name for item in fields(ReportInfo))]
    catalog = [*shape, *(metric.id for metric in METRICS)]
    question = [query.to_json(), user.scope_key, user.role, version, day, base_currency, catalog]
    return "report:" + hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()


@dataclass
class _Flight:
    """A run that is under way for ``people`` of this process."""

    future: Future[tuple[ReportResult, Origin]]
    watch: Stopwatch = field(default_factory=Stopwatch)
    people: int = 1


class Reports:
    """The one place that answers people's questions and owns the cache of answers."""

    def __init__(self, warehouse: Warehouse, cache: Cache, settings: Settings, turns: Turns | None = None) -> None:
        self.shelf = Shelf(cache)
        self.runs = Runs(self.shelf)
        self._warehouse = warehouse
        self._settings = settings
        self._turns = turns or turns_beside(cache)
        self._flights: dict[str, _Flight] = {}
        self._lock = threading.Lock()

    def ask(self, query: ReportQuery, user: User, *, run_id: str | None = None) -> Answer:
        """Answer ``query`` as asked now.

        ``run_id`` names this run for :attr:`runs`. Raises :class:`UserError` for a bad question and :class:`Cancelled`
        when the run was cancelled.
        """
        with telling(query, user, source="page") as told:
            answer = self._find(query, user, run_id)
            told.answered(answer.result, answer.origin, answer.stages)
            return answer

    def _find(self, query: ReportQuery, user: User, run_id: str | None) -> Answer:
        now = utc_now()
        query = query.on_day(now).check()
        key = self._key(query, user, now, self._warehouse.version())
        known = self._known(key)
        if known is not None:
            return Answer(known, "cache")
        with self._lock:
            flight = self._flights.get(key)
            leads = flight is None
            if flight is None:
                flight = self._flights[key] = _Flight(Future())
                threading.Thread(target=self._fly, args=(flight, key, query, user, now), daemon=True).start()
            else:
                flight.people += 1
        try:
            self.runs.wait(flight.future, flight.watch, run_id, user.id)
        except Cancelled:
            self._leave(flight, key)
            raise
        result, origin = flight.future.result()
        if not leads:
            return Answer(result, "shared")
        return Answer(result, origin, flight.watch.seconds() if origin == "run" else {})

    def choices(self, user: User) -> Choices:
        """The filter values that ``user`` may choose from, of the live version of the data."""
        key = f"choices:{_SHAPE}:{user.scope_key}:{self._warehouse.version()}"
        known = self.shelf.get(key)
        if isinstance(known, Choices):
            return known
        with self._warehouse.read() as reading:
            found = read_choices(reading, user)
        self.shelf.put(key, found, self._settings.cache_seconds)
        return found

    def _fly(self, flight: _Flight, key: str, query: ReportQuery, user: User, now: datetime) -> None:
        """Answer for everybody in ``flight``, in a thread of its own: whoever withdraws leaves the others their run."""
        try:
            flight.future.set_result(self._answer(flight.watch, key, query, user, now))
        except BaseException as fault:  # noqa: BLE001 - each who waits is told
            flight.future.set_exception(fault)
        finally:
            with self._lock:
                if self._flights.get(key) is flight:
                    del self._flights[key]

    def _answer(
        self, watch: Stopwatch, key: str, query: ReportQuery, user: User, now: datetime
    ) -> tuple[ReportResult, Origin]:
        waited, told = False, float("-inf")
        while (give_back := self._take_turn(key)) is None:
            if monotonic() - told > Runs.AWAITED_SECONDS / 3:
                self.runs.await_others(key)
                waited, told = True, monotonic()
            watch.pause(_TURN_SECONDS)
        try:
            if waited:
                # What the other process read may be newer than what was live when this question came.
                key = self._key(query, user, now, self._warehouse.version())
            known = self._known(key)
            if known is not None:
                return known, "shared" if waited else "cache"
            base = self._settings.base_currency
            checked = bool(self._settings.check_sources)
            result = run_report(
                self._warehouse, query, user, base_currency=base, as_of=now, watch=watch, check_source=checked
            )
            _log.info("Answered from %s in %.3f s", result.info.source, result.info.duration)
            # A load may have been published between asking for the version and reading: file it under what was read.
            key = self._key(query, user, now, result.info.data_version)
            self.shelf.put(key, result, self._seconds_for(query, now))
            return result, "run"
        finally:
            give_back()

    def _take_turn(self, key: str) -> GiveBack | None:
        try:
            return self._turns.take(key)
        except (OSError, RedisError):
            return lambda: None  # the cache has told of it: no answer is lost, and equal questions may run side by side

    def _leave(self, flight: _Flight, key: str) -> None:
        with self._lock:
            flight.people -= 1
            if flight.people or self.runs.are_others_waiting(key):
                return
            if self._flights.get(key) is flight:
                del self._flights[key]  # whoever asks from now on must not be told that it was cancelled
        flight.watch.cancel()

    def _key(self, query: ReportQuery, user: User, now: datetime, version: str) -> str:
        day = str(today_in(query.timezone, now)) if _is_open(query, now) else ""
        return answer_key(query, user, version=version, day=day, base_currency=self._settings.base_currency)

    def _seconds_for(self, query: ReportQuery, now: datetime) -> int:
        seconds = self._settings.cache_seconds
        return min(seconds, _OPEN_PERIOD_SECONDS) if _is_open(query, now) else seconds

    def _known(self, key: str) -> ReportResult | None:
        known = self.shelf.get(key)
        return known if isinstance(known, ReportResult) else None


def _is_open(query: ReportQuery, now: datetime) -> bool:
    return resolve(query.start, query.end, query.timezone).end > now
