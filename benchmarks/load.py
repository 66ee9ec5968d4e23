"""Loading the demo company from CSV, against a loop that reads and checks nothing but its transactions."""

from __future__ import annotations

import csv
from datetime import datetime
from decimal import Decimal
from itertools import count
from pathlib import Path

import duckdb

from benchmarks.company import demo_company
from benchmarks.measure import best_of, compare
from data.settings import Settings
from data.warehouse.load import load_folder
from data.warehouse.schema import DATASET, KINDS, PACKAGE_KINDS


def read_in_a_loop(folder: Path) -> int:
    """How many transactions are good, row by row: known client, kind and package, an instant, an exact amount."""
    with (folder / "clients.csv").open(encoding="utf-8", newline="") as file:
        clients = {row["id"] for row in csv.DictReader(file)}
    seen: set[int] = set()
    with (folder / "transactions.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            good = row["client_id"] in clients and row["kind"] in KINDS
            good = good and bool(row["package_id"]) == (row["kind"] in PACKAGE_KINDS)
            datetime.fromisoformat(row["at"])
            good = good and Decimal(row["amount"]).as_tuple().exponent >= -6  # type: ignore[operator]
            if good:
                seen.add(int(row["id"]))
    return len(seen)


def run() -> None:
    """Print how long both take; ours loads and checks all seven tables and publishes them too."""
    with demo_company() as company:
        folder = company.scratch / "csv"
        folder.mkdir()
        for table in DATASET:
            source = duckdb.read_parquet(str(company.files / f"{table.name}.parquet"))
            source.write_csv(str(folder / f"{table.name}.csv"), header=True)
        numbers = count()

        def load() -> int:
            fresh = Settings(var_dir=str(company.scratch / f"load-{next(numbers)}"))
            return next(table.new for table in load_folder(fresh, folder).tables if table.table == "transactions")

        ours = best_of(3, "flask load, seven CSV files", load)
        plain = best_of(1, "a loop over transactions.csv", lambda: read_in_a_loop(folder))
        compare(f"Load {ours.outcome:,} transactions", ours, plain)
