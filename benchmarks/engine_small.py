"""The same on little data, in less than a minute: fails when reports are no faster than plain ways of making them."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.engine import GOALS, ask, market, ours_by_month, plain_by_month, year
from benchmarks.measure import Timing, best_of, compare
from data.warehouse.engines import open_warehouse
from data.warehouse.load import load_folder

CLIENTS = 20_000
BY_DATE = next(goal for goal in GOALS if goal.name == "by date, everyone")
FASTER = 5.0
"""How many times at least. The more clients, the more: change lines do not grow with them."""


def run() -> None:
    """Print the ratios; raises :class:`AssertionError` for one that is too small. Times alone never fail."""
    with market(CLIENTS) as found:
        load_folder(found.settings, found.files)
        warehouse = open_warehouse(found.settings)
        ours = best_of(5, "the report: all columns and totals", lambda: ours_by_month(warehouse))
        plain = best_of(3, "plain SQL: half of the columns", lambda: plain_by_month(warehouse))
        _expect("A year by month", ours, plain)
        # In a zone that has no lines, the same question goes to the transactions.
        elsewhere = replace(BY_DATE, query=year("date", timezone="Asia/Tokyo"), source="transactions")
        ours = best_of(3, "from change lines", lambda: len(ask(warehouse, BY_DATE).rows))
        plain = best_of(2, "from transactions", lambda: len(ask(warehouse, elsewhere).rows))
        _expect("A year by date", ours, plain)


def _expect(title: str, ours: Timing, plain: Timing) -> None:
    compare(title, ours, plain)
    if plain.seconds < FASTER * ours.seconds:
        raise AssertionError(f"{title}: not even {FASTER:.0f} times as fast as the plain way")
