"""A report by month over the demo company's whole life, against pandas computing two of its nineteen columns."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from itertools import pairwise

import duckdb
import pandas as pd

from benchmarks.company import Company, demo_company
from benchmarks.measure import best_of, compare
from data.access import OPERATOR
from data.report.catalog import METRICS
from data.report.period import Bound
from data.report.query import ReportQuery
from data.report.run import run_report
from data.warehouse.engines import open_warehouse
from data.warehouse.schema import PAID_KINDS

_SHOWN = [metric.id for metric in METRICS].index("clients_active_qty"), [m.id for m in METRICS].index("clients_all_qty")


def with_pandas(company: Company, edges: pd.DatetimeIndex) -> list[tuple[int, ...]]:
    """Active clients and all clients at the end of each month, from the files."""
    transactions = duckdb.read_parquet(str(company.files / "transactions.parquet")).df()
    clients = duckdb.read_parquet(str(company.files / "clients.parquet")).df()
    paid = transactions[transactions["kind"].isin(PAID_KINDS) & (transactions["amount"] < 0)]
    found: list[tuple[int, ...]] = []
    for start, end in pairwise(edges):
        there = clients[(clients["created_at"] < end) & ~(clients["closed_at"] < end)]
        used = paid[(paid["at"] >= start) & (paid["at"] < end)]["client_id"]
        found.append((int(there["id"].isin(used).sum()), len(there)))
    return found


def run() -> None:
    """Print how long both take for the same months."""
    with demo_company() as company:
        last = company.today.replace(day=1) - timedelta(days=1)
        first = last.replace(year=last.year - 2, day=1)
        query = ReportQuery(start=Bound(first), end=Bound(last), group_by=("month",))
        edges = pd.date_range(first, last + timedelta(days=1), freq="MS")
        warehouse = open_warehouse(company.settings)
        now = datetime.combine(company.today, time())

        def report() -> list[tuple[int, ...]]:
            result = run_report(warehouse, query, OPERATOR, as_of=now)
            return [tuple(int(row.figures[place] or 0) for place in _SHOWN) for row in result.rows]

        ours = best_of(5, "the report: 21 columns and totals", report)
        plain = best_of(3, "pandas: 2 columns, no totals, no money", lambda: with_pandas(company, edges))
        compare(f"{len(edges) - 1} months of a million transactions", ours, plain)
