# ruff: noqa: S608 - SQL is put together from our own names
"""Makes lines for a time zone that a report has asked for first, behind the answers: `python -m data.warehouse.zones`.

It is a process of its own, with the least of the machine's attention, so that a server's reports neither wait for it
nor share their memory with it. The embedded warehouse gets a file beside the version's own, which never changes; with
PostgreSQL the lines come into the tables, in one transaction. Reports find the lines when they are whole.
"""

from __future__ import annotations

import fcntl
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import sqlalchemy as sa

from data.report.period import check_zone
from data.settings import Settings
from data.warehouse.engines import Warehouse, embedded_path, open_for_loading, open_scratch, warehouse_url
from data.warehouse.lines import add_zone, are_narrow, make_lines, marked, zones_noted
from data.warehouse.publish import DUCKDB, LOADING, create
from data.warehouse.rollups import as_text
from data.warehouse.schema import LINES, clients, transactions
from data.warehouse.values import quoted
from data.warehouse.versions import Versions

_log = logging.getLogger(__name__)
_ROOT = Path(__file__).parents[2]


class Preparing:
    """Starts making lines for zones that reports miss, once for each version of the data."""

    def __init__(self, settings: Settings, warehouse: Warehouse) -> None:
        url = warehouse_url(settings)
        if url.get_backend_name() == "duckdb":
            url = url.set(database=str(embedded_path(url)))
        self._url = url.render_as_string(hide_password=False)
        self._warehouse = warehouse
        self._asked: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def want(self, zone: str) -> threading.Thread | None:
        """Begin with a zone, and return at once; None if this process has done so before."""
        key = (self._warehouse.version(), zone)
        with self._lock:
            if key in self._asked:
                return None
            self._asked.add(key)
        thread = threading.Thread(target=self._make, args=(zone,), name=f"lines for {zone}", daemon=True)
        thread.start()
        return thread

    def _make(self, zone: str) -> None:
        # The URL may hold a password: it goes by the environment, which other accounts cannot read.
        done = subprocess.run(  # noqa: S603 - our own module, and a zone that was checked
            [sys.executable, "-m", "data.warehouse.zones", zone],
            cwd=_ROOT,
            env=os.environ | {"WAREHOUSE_URL": self._url},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            _log.warning("No lines could be made for %s: %s", zone, done.stderr.strip().rpartition("\n")[2])
        else:
            _log.info("Reports in %s are answered from change lines from now on", zone)


def make_ready(url: sa.URL, zone: str) -> bool:
    """Make the lines of a zone for the live data; whether there are some now that there were not before."""
    check_zone(zone)
    return _beside_version(url, zone) if url.get_backend_name() == "duckdb" else _in_tables(url, zone)


def _beside_version(url: sa.URL, zone: str) -> bool:
    versions = Versions(embedded_path(url))
    live = versions.live_file()
    folder = versions.beside(live.stem)
    folder.mkdir(mode=0o700, exist_ok=True)
    with open_scratch(folder) as connection:
        connection.execute(f"ATTACH {quoted(str(live))} AS live (READ_ONLY)")
        known = connection.execute("SELECT first_at, last_at, mark FROM live.line_zones ORDER BY zone_id").fetchone()
        if known is None:
            return False
        mark = marked(zone, *known[:2])
        with (folder / f"{mark}.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False  # somebody else is at it
            finished, file = folder / f"{mark}.duckdb", folder / f"{mark}.unfinished"
            if finished.exists():
                return False
            for leftover in folder.glob(f"{mark}.unfinished*"):
                leftover.unlink()
            _write_lines(connection, file, zone)
            with file.open("rb") as written:
                os.fsync(written.fileno())
            file.rename(finished)
    return True


def _write_lines(connection: duckdb.DuckDBPyConnection, file: Path, zone: str) -> None:
    connection.execute(f"ATTACH {quoted(str(file))} AS beside")
    for table in (clients, transactions):
        connection.execute(f"CREATE TEMPORARY VIEW {table.name} AS SELECT * FROM live.{table.name}")

    def execute(statement: sa.Executable) -> Sequence[Any]:
        return connection.execute(as_text(statement, DUCKDB)).fetchall()

    narrow = are_narrow(execute)
    for table in LINES:
        connection.execute(create(table, "beside", narrow=narrow))
    connection.execute("USE beside")
    make_lines(execute, [zone])
    connection.execute("USE memory")
    connection.execute("DETACH beside")


def _in_tables(url: sa.URL, zone: str) -> bool:
    with open_for_loading(url) as connection:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOADING)))
        known = zones_noted(connection)
        if not known or any(other.tells_days_like(zone) for other in known):
            return False

        def execute(statement: sa.Executable) -> Sequence[Any]:
            result = connection.execute(statement)
            return result.all() if result.returns_rows else ()

        add_zone(execute, zone, known)
        for table in LINES:
            connection.execute(sa.text(f"ANALYZE {table.name}"))
    return True


def main() -> None:
    """Make lines for the zone that the command line names, in the warehouse that the environment names."""
    os.nice(15)
    make_ready(warehouse_url(Settings.from_environment()), sys.argv[1])


if __name__ == "__main__":
    main()
