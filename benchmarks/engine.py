"""The engine's goals beside what this machine does, and an analyst's plain SQL on the same data and engine.

`BENCH_CLIENTS` says how many clients (100,000 unless set), each with a hundred transactions in 36 months; the goals are
those for 1,000,000 on two cores. Times are the best of three from change lines, without the cache
of answers.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks.market import FIRST, LAST, write_market
from benchmarks.measure import best_of
from data.access import OPERATOR
from data.report.period import Bound, months_before
from data.report.query import ReportQuery
from data.report.result import ReportResult
from data.report.run import run_report
from data.settings import Settings
from data.warehouse.engines import Warehouse, open_warehouse
from data.warehouse.load import load_folder
from data.warehouse.zones import Preparing

YEAR = {"start": Bound(date(LAST.year, 1, 1)), "end": Bound(LAST)}
LATER = datetime(2027, 6, 1)
"""After everything in the data."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A question, and in how many seconds a million clients are to be answered for."""

    name: str
    seconds: float
    query: ReportQuery
    source: str = "change lines"
    as_of: datetime = LATER


def year(*group_by: str, **asked: Any) -> ReportQuery:
    """A question about the last year of the data."""
    return ReportQuery(**(YEAR | asked), group_by=group_by)


SOME: dict[str, Any] = {"owners": (7,), "client_types": ("client",), "client_currencies": ("EUR", "USD")}
GOALS = (
    Goal("by month, everyone", 0.25, year("month")),
    Goal("by month, an owner's branch", 0.25, year("month", owners=(7,))),
    Goal("by month, a type", 0.25, year("month", client_types=("reseller",))),
    Goal("by month, owner, type and currencies", 0.25, year("month", **SOME)),
    Goal("by month and owner", 0.5, year("month", "owner")),
    Goal("by month, active 12 months", 0.25, year("month", active_duration=12)),
    Goal("by month, active 36 months", 0.25, year("month", active_duration=36)),
    Goal("by date, everyone", 0.5, year("date")),
    Goal("by date, owner, type and currencies", 0.5, year("date", **SOME)),
    Goal("by month, from and to a time of day", 1, year("month", start=Bound.parse("2025-01-01T10:30", field="from"))),
    Goal("by month, as of a past moment", 1, year("month"), as_of=datetime(2025, 7, 4, 11, 22, 33)),
    Goal("by month, a tag", 2, year("month", tags=("tag 7",)), "transactions"),
    Goal("by date, a tag", 6, year("date", tags=("tag 7",)), "transactions"),
    Goal("by month, a package", 0.5, year("month", packages=(3,)), "transactions"),
    Goal("by month and package", 0.5, year("month", "package"), "transactions"),
    Goal("by date and package", 1.5, year("date", "package"), "transactions"),
)


@dataclass(frozen=True, slots=True)
class Market:
    """The company in files, one of its days after in another folder, and its warehouse."""

    files: Path
    day: Path
    settings: Settings


@contextmanager
def market(clients: int, folder: Path | None = None) -> Iterator[Market]:
    """A company of so many clients, in files; all of it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="customer-dynamics-benchmark-", dir=folder) as name:
        scratch = Path(name)
        found = Market(scratch / "files", scratch / "day", Settings(var_dir=str(scratch / "var")))
        write_market(found.files, clients, further_day=found.day)
        yield found


def ask(warehouse: Warehouse, goal: Goal) -> ReportResult:
    """The report, which must come from the source that the goal is about."""
    result = run_report(warehouse, goal.query, OPERATOR, as_of=goal.as_of)
    if result.info.source != goal.source:
        raise AssertionError(f"{goal.name}: answered from {result.info.source}, not from {goal.source}")
    return result


PLAIN = """
WITH ends AS (SELECT unnest(CAST(:ends AS TIMESTAMP[])) AS ending),
months AS (SELECT ending, lag(ending) OVER (ORDER BY ending) AS since FROM ends),
balances AS (
    SELECT months.ending, t.client_id, sum(t.amount_micros) AS balance,
        max(CASE WHEN t.kind IN ('usage', 'package_activation', 'package_renewal') AND t.amount_micros < 0
            THEN t."at" END) AS paid_at
    FROM months JOIN transactions t ON t."at" < months.ending GROUP BY months.ending, t.client_id
), flows AS (
    SELECT months.ending, c.currency, count(*) FILTER (t.kind = 'refill' AND t.amount_micros >= 0) AS refills,
        sum(t.amount_micros) FILTER (t.kind = 'refill') AS refilled,
        sum(t.amount_micros) FILTER (t.kind = 'usage') AS used
    FROM months JOIN transactions t ON t."at" >= months.since AND t."at" < months.ending
    JOIN clients c ON c.id = t.client_id
    GROUP BY months.ending, c.currency
), levels AS (
    SELECT months.ending, c.currency, count(*) AS everyone, count(b.paid_at) AS overall_active,
        count(*) FILTER (b.paid_at >= months.ending - INTERVAL 1 MONTH) AS active,
        sum(b.balance) FILTER (b.balance > 0) AS pos, sum(b.balance) FILTER (b.balance < 0) AS neg
    FROM months JOIN clients c
        ON c.created_at < months.ending AND (c.closed_at IS NULL OR c.closed_at >= months.ending)
    LEFT JOIN balances b ON b.client_id = c.id AND b.ending = months.ending
    GROUP BY months.ending, c.currency
)
SELECT ending, sum(active), sum(overall_active), sum(everyone), sum(refills)
FROM levels JOIN flows USING (ending, currency) GROUP BY ending ORDER BY ending
"""
"""What an analyst writes for a year by month: five currencies apart, nothing converted, half of the columns."""


def plain_by_month(warehouse: Warehouse) -> list[tuple[int, ...]]:
    """Active, overall active and all clients and refills by month, straight from the transactions."""
    firsts = [months_before(date(LAST.year + 1, 1, 1), months) for months in range(12, -1, -1)]
    statement = sa.text(PLAIN)
    with warehouse.read() as reading:
        found = reading.connection.execute(statement, {"ends": firsts}).all()
    return [tuple(int(value) for value in row[1:]) for row in found if row[0].date() > date(LAST.year, 1, 1)]


def ours_by_month(warehouse: Warehouse) -> list[tuple[int, ...]]:
    """The same four columns of the report."""
    names = ("clients_active_qty", "clients_overall_active_qty", "clients_all_qty", "balance_refill_qty")
    rows = ask(warehouse, GOALS[0]).to_json()["rows"]
    return [tuple(row[name] for name in names) for row in rows]


def _timed(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def _line(name: str, goal: float, seconds: float, more: str = "") -> None:
    print(
        f"  {name:<42} {goal:8.2f} s {seconds:10.3f} s  {'holds' if seconds <= goal else 'misses':<7} {more}",
        flush=True,
    )


def run() -> None:
    """Print each goal, what this machine does, and how much faster than plain SQL that is."""
    clients = int(os.environ.get("BENCH_CLIENTS", "100000"))
    with market(clients) as found:
        print(
            f"{clients:,} clients, {100 * clients:,} transactions, {(LAST - FIRST).days + 1} days; goals of 1,000,000"
        )
        loading = _timed(lambda: load_folder(found.settings, found.files))
        _line("load of everything", 360, loading)
        warehouse = open_warehouse(found.settings)
        plain = best_of(1, "plain SQL", lambda: plain_by_month(warehouse))
        ours = best_of(3, "ours", lambda: ours_by_month(warehouse))
        if plain.outcome != ours.outcome:
            raise AssertionError(f"plain SQL gives {plain.outcome}, ours {ours.outcome}")
        print(f"  {'plain SQL by month':<42} {'':>10} {plain.seconds:10.3f} s")
        for goal in GOALS:
            runs = 3 if goal.source == "change lines" else 1
            seconds = best_of(runs, goal.name, lambda goal=goal: ask(warehouse, goal)).seconds  # type: ignore[misc]
            ratio = f"{plain.seconds / seconds:6.0f} x plain SQL" if "date" not in goal.query.group_by else ""
            _line(goal.name, goal.seconds, seconds, f"{ratio:<20} {goal.source}")
        _line("a further day, until reports show it", 15, _timed(lambda: _further_day(found)))
        _zone(found, warehouse)


def _zone(found: Market, warehouse: Warehouse) -> None:
    goal = Goal("the first report in a new zone", 30, year("month", timezone="Asia/Kathmandu"), "transactions")
    seconds = _timed(lambda: ask(warehouse, goal))
    _line(goal.name, goal.seconds, seconds, "transactions")
    making = Preparing(found.settings, warehouse).want("Asia/Kathmandu")
    assert making is not None
    _line("... until it is as fast as any", 30, _timed(making.join))
    ready = Goal("a report in it then", 0.25, goal.query)
    _line(ready.name, ready.seconds, best_of(3, ready.name, lambda: ask(warehouse, ready)).seconds, ready.source)


def _further_day(found: Market) -> None:
    load_folder(found.settings, found.day)
    day = Bound(LAST + timedelta(days=1))
    goal = Goal("", 0, ReportQuery(start=day, end=day))
    totals = ask(open_warehouse(found.settings), goal).to_json()["totals"]
    assert totals["payg_total"] != "0.00"
