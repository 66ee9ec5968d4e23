"""Runs a report: resolves its time, reads the warehouse once in one consistent view, converts, rounds, and freezes."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import cast

from data.access import User
from data.errors import Cancelled, MissingRate
from data.report.choices import read_company
from data.report.filters import FILTER
from data.report.flows import places
from data.report.fold import Fold
from data.report.lines import FlowLines, LevelLines
from data.report.money import Rates
from data.report.period import Bucket, Span, buckets, local_date, resolve
from data.report.planner import choose
from data.report.query import ReportQuery
from data.report.result import Figure, ReportInfo, ReportResult, Row, columns_for
from data.report.selection import Selection, last_transaction, published_rates
from data.report.sources import Reader, Source, Transactions
from data.warehouse.engines import Reading, Warehouse

_log = logging.getLogger(__name__)

NO_CLIENTS = "No clients match the filters, so there is nothing to report: widen or remove a filter."
NO_DATA_YET = "Nothing is known of these clients before the end of the period: choose a later period."
NOT_BEGUN = "The period had not begun at the moment of the report: choose an earlier period."
NO_FIGURES = "Nothing that the rows are grouped by has any figure in this period: choose another period or grouping."


@dataclass
class Stopwatch:
    """Knows what a run is doing and since when, and lets another thread stop it."""

    cancelled: bool = False
    _laps: list[tuple[str, float]] = field(default_factory=list)
    _reading: Reading | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def stage(self, words: str) -> None:
        """Begin the next stage; raises :class:`Cancelled` if the run was stopped meanwhile."""
        if self.cancelled:
            raise Cancelled
        self._laps.append((words, time.perf_counter()))

    def stop(self) -> None:
        """The last stage is over."""
        self._laps.append(("", time.perf_counter()))

    @property
    def now(self) -> str | None:
        """The stage that runs, in words; None before the first."""
        return self._laps[-1][0] if self._laps else None

    def seconds(self) -> dict[str, float]:
        """How long each stage took, of a run that is over."""
        return {words: end - start for (words, start), (_, end) in pairwise(self._laps)}

    def pause(self, seconds: float) -> None:
        """Wait; raises :class:`Cancelled` if the run was stopped meanwhile."""
        time.sleep(seconds)
        if self.cancelled:
            raise Cancelled

    def watch(self, reading: Reading | None) -> None:
        """Remember what to stop; None when the reading is over."""
        with self._lock:
            self._reading = reading

    def cancel(self) -> None:
        """Stop the run, also in the middle of a statement."""
        with self._lock:
            self.cancelled = True
            if self._reading is not None:
                self._reading.cancel()


def run_report(
    warehouse: Warehouse,
    query: ReportQuery,
    user: User,
    *,
    base_currency: str = "EUR",
    as_of: datetime | None = None,
    watch: Stopwatch | None = None,
    check_source: bool = False,
) -> ReportResult:
    """The report of ``query`` as ``user`` may see it, generated at ``as_of`` (naive UTC; now unless given).

    With ``check_source``, what another source than the transactions answers is compared with what these do; if they
    differ an alarm is written to the log, and the transactions' answer is given.

    Raises :class:`UserError` for a bad question, :class:`MissingRate` when an amount cannot be converted, and
    :class:`Cancelled` when ``watch`` was cancelled.
    """
    began = time.perf_counter()
    generated_at = datetime.now(UTC).replace(tzinfo=None)
    as_of = as_of or generated_at
    watch = watch or Stopwatch()
    query = query.on_day(as_of).check()
    span = resolve(query.start, query.end, query.timezone)
    watch.stage("Opening the data")
    with warehouse.read() as reading:
        watch.watch(reading)
        try:
            run = _Run(reading, query, user, span, as_of, base_currency, watch)
            found = run.find_checked() if check_source else run.find()
        finally:
            watch.watch(None)
    info = ReportInfo(
        period_start=span.start,
        period_end=span.end,
        data_first=found.first,
        data_last=found.last,
        timezone=query.timezone,
        generated_by=user.role,
        generated_at=generated_at,
        as_of=as_of,
        duration=round(time.perf_counter() - began, 3),
        currency=query.currency,
        active_duration=query.active_duration,
        rates_oldest=found.rates.oldest,
        rates_newest=found.rates.newest,
        data_version=reading.version,
        notice=found.notice,
        source=found.source,
        known=found.known,
    )
    watch.stop()
    return ReportResult(query, columns_for(query), found.rows, found.totals, info).seen_by(user)


@dataclass(frozen=True)
class _Found:
    rows: tuple[Row, ...]
    totals: tuple[Figure, ...] | None
    first: datetime | None
    last: datetime | None
    rates: Rates
    notice: str | None
    source: str
    known: tuple[date, date] | None = None

    def differs_from(self, other: _Found) -> bool:
        """Whether a person would see another answer."""

        def seen(found: _Found) -> tuple[object, ...]:
            dates = found.rates.oldest, found.rates.newest
            return found.rows, found.totals, found.first, found.last, dates, found.notice

        return seen(self) != seen(other)


class _Run:
    def __init__(
        self,
        reading: Reading,
        query: ReportQuery,
        user: User,
        span: Span,
        as_of: datetime,
        base_currency: str,
        watch: Stopwatch,
    ) -> None:
        self.reading = reading
        self.query = query
        self.user = user
        self.span = span
        self.as_of = as_of
        self.base = base_currency
        self.watch = watch
        self.reader = Reader(reading, watch)

    def find_checked(self) -> _Found:
        """What the transactions answer, and an alarm if the source that would be chosen answers something else."""
        try:
            found = self.find()
        except MissingRate:
            found = None  # the transactions tell of it too, or else it is no answer
        if found is not None and found.source == Transactions.name:
            return found
        self.watch.stage("Checking the figures")
        reference = self.find(Transactions)
        if found is None or found.differs_from(reference):
            _log.error("Alarm: another source than the transactions gives other figures for %s", self.query.to_json())
            return reference
        return found

    def find(self, source_for: Callable[[Reader, ReportQuery, Selection], Source] = choose) -> _Found:
        """The answer, from the source chosen for the question."""
        self.watch.stage("Finding the clients")
        selection = self._selection()
        nothing = Rates(self.base, ())
        source = source_for(self.reader, self.query, selection)
        created = source.created()
        if not created:
            return _Found((), None, None, None, nothing, NO_CLIENTS, source.name)
        first_at, first, last = source.interval(self.span.start, min(self.span.end, self.as_of))
        first_data = min([*created.values()] + ([first_at] if first_at is not None else []))
        shown = self._buckets(first_data)
        if not shown:
            why = NOT_BEGUN if self.span.start >= self.as_of else NO_DATA_YET
            known = self._known(first_data) if why == NO_DATA_YET else None
            return _Found((), None, first, last, nothing, why, source.name, known)

        self.watch.stage("Counting clients and balances")
        currencies = sorted(created)
        keys = len(self.query.attributes)
        changes = LevelLines.of(source.levels(shown, currencies), keys)
        self.watch.stage("Adding up transactions")
        rates, rate_days = self._rates({*created, self.query.currency}, shown[-1].closing)
        stretches = places(self.query.timezone, shown, rate_days=rate_days)
        happened = FlowLines.of(source.flows(shown, stretches, currencies), keys)

        self.watch.stage("Converting money")
        last_at = self.reading.memory.find("last transaction", self._last_transaction)
        connection = self.reading.connection
        names = {item.id: item.names_in(connection) for item in self.query.dimensions if item.named is not None}
        rows, totals = Fold(self.query, shown, currencies, rates, stretches).rows(
            changes, happened, names, last_at=last_at
        )
        return _Found(rows, totals, first, last, rates, None if rows else NO_FIGURES, source.name)

    # --- what is asked ------------------------------------------------------------------------------------------------

    def _known(self, first_data: datetime) -> tuple[date, date]:
        """From when to when there is data, in local dates: what a person may ask for instead."""
        [(last_at,)] = self.reader.lines(last_transaction())
        zone = self.query.timezone
        first = local_date(first_data, zone)
        return first, first if last_at is None else max(first, local_date(last_at, zone))

    def _selection(self) -> Selection:
        company = read_company(self.reading.connection, self.user)
        conditions = []
        for id_, values in self.query.filters:
            item = FILTER[id_]
            item.refuse_unknown(values, company)
            if item.attribute or item.keeps:
                conditions.append((id_, frozenset(item.widened(values, company))))
        # Filters and what the person may see are ANDed.
        return Selection(tuple(conditions), company.seen)

    def _buckets(self, first_data: datetime) -> tuple[Bucket, ...]:
        return buckets(
            self.span,
            self.query.timezone,
            self.query.bucket,
            as_of=self.as_of,
            first_data=first_data,
            active_duration=self.query.active_duration,
        )

    def _rates(self, currencies: set[str], until: date) -> tuple[Rates, list[date] | None]:
        """The rates that the report may need, and the days on which any of them changes; None if nothing converts."""
        if len(currencies) == 1:
            return Rates(self.base, ()), None
        since = self.span.start.date() - timedelta(days=2)
        # Of whole years: then other questions need the same ones, and reading and understanding them is done.
        begin, end = date(since.year, 1, 1), date(until.year, 12, 31)
        published = self.reading.memory.find(
            ("rates", self.base, frozenset(currencies), begin, end),
            lambda: Rates(self.base, self.reader.lines(published_rates(currencies - {self.base}, begin, end))),
        )
        rates = published.unused()
        return rates, rates.turning_days(currencies, since, until)

    def _last_transaction(self) -> datetime | None:
        [(last_at,)] = self.reader.lines(last_transaction())
        return cast("datetime | None", last_at)
