"""The demo company in a folder and a warehouse of its own, for benchmarks to work on."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from data.settings import Settings
from data.warehouse.demo import write_demo
from data.warehouse.load import load_folder


@dataclass(frozen=True, slots=True)
class Company:
    """Where its Parquet ``files`` lie, ``scratch`` space beside them, and the settings of its warehouse."""

    files: Path
    scratch: Path
    settings: Settings
    today: date


@contextmanager
def demo_company() -> Iterator[Company]:
    """The company of `flask demo`, written and loaded; all of it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="customer-dynamics-benchmark-") as folder:
        scratch = Path(folder)
        company = Company(scratch / "demo", scratch, Settings(var_dir=str(scratch / "var")), datetime.now(UTC).date())
        write_demo(company.files, today=company.today)
        load_folder(company.settings, company.files)
        yield company
