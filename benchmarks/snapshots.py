"""Frozen reports: bytes each takes, and how long freezing and opening a link take, for reports of 36 and 5,000 rows.

The plain way is the report's JSON as the command line writes it, uncompressed, unchecked and without a database.
"""

from __future__ import annotations

import json
import random
import tempfile
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from benchmarks.measure import best_of, compare
from data.access import OPERATOR
from data.report.catalog import METRICS
from data.report.period import Bound
from data.report.query import ReportQuery
from data.report.result import Figure, ReportInfo, ReportResult, Row, columns_for
from data.settings import Settings
from data.store.records import open_records

FIRST = date(2013, 1, 1)


def grown(rows: int) -> ReportResult:
    """A report by date of a company that grows: figures that resemble their neighbours, as real ones do."""
    numbers = random.Random(2013)
    query = ReportQuery(start=Bound(FIRST), end=Bound(FIRST + timedelta(days=rows - 1)), group_by=("date",))
    level = [1000.0 for _ in METRICS]

    def figure(place: int) -> Figure:
        level[place] *= numbers.gauss(1.0005, 0.02)
        return int(level[place]) if METRICS[place].kind == "count" else Decimal(round(level[place] * 5000)).scaleb(-2)

    lines = tuple(
        Row(*[((FIRST + timedelta(days=day)).isoformat(),)] * 2, tuple(figure(place) for place in range(len(METRICS))))
        for day in range(rows)
    )
    moment = datetime(2026, 11, 1, 12)
    info = ReportInfo(
        period_start=datetime.combine(FIRST, moment.time()),
        period_end=moment,
        data_first=moment,
        data_last=moment,
        timezone="UTC",
        generated_by=OPERATOR.role,
        generated_at=moment,
        as_of=moment,
        duration=0.2,
        currency="EUR",
        active_duration=1,
        rates_oldest=FIRST,
        rates_newest=moment.date(),
        data_version="1",
    )
    return ReportResult(query, columns_for(query), lines, lines[-1].figures, info)


def variant(report: ReportResult, number: int) -> ReportResult:
    """The same figures in a report of its own."""
    return replace(report, info=replace(report.info, duration=float(number)))


def measure(rows: int, folder: Path) -> None:
    """Print bytes and times for reports of so many rows."""
    report = grown(rows)
    settings = Settings(var_dir=str(folder))
    ours, theirs = open_records(settings), open_records(settings)
    theirs.preferences.get(OPERATOR, "theme")  # connecting is not what is measured
    text = json.dumps(report.to_json())
    file = folder / "plain.json"

    frozen: list[str] = []

    def freeze() -> int:
        frozen.append(ours.snapshots.freeze(variant(report, len(frozen)), OPERATOR).id)
        return rows

    def write_plain() -> int:
        file.write_text(json.dumps(report.to_json()))
        return rows

    writing = best_of(20, "freeze: pack, hash, commit, with a link", freeze)
    writing_plain = best_of(20, "write plain JSON to a file", write_plain)
    waiting = iter(frozen)

    def open_anew() -> int:
        return len(theirs.snapshots.open(next(waiting), OPERATOR).result.rows)

    def open_again() -> int:
        return len(theirs.snapshots.open(frozen[-1], OPERATOR).result.rows)

    def read_plain() -> int:
        return len(ReportResult.from_json(json.loads(file.read_text())).rows)

    reading = best_of(20, "open in another process: check, count", open_anew)
    reading_again = best_of(20, "open again there: check, count", open_again)
    reading_plain = best_of(20, "read plain JSON from a file", read_plain)

    stored = ours.upkeep.check()
    each = stored.size // stored.contents
    print(f"{rows:,} rows: {each:,} bytes a report, {len(text):,} as plain JSON ({len(text) / each:.1f} x)")
    compare(f"{rows:,} rows: kept", writing, writing_plain)
    compare(f"{rows:,} rows: opened", reading, reading_plain)
    compare(f"{rows:,} rows: opened again", reading_again, reading_plain)
    for records in (ours, theirs):
        records.database.close()


def run() -> None:
    """Print bytes and times for three years by month, and for thirteen by date."""
    for rows in (36, 5000):
        with tempfile.TemporaryDirectory(prefix="customer-dynamics-benchmark-") as folder:
            measure(rows, Path(folder))
