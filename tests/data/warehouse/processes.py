"""Programs that tests start as processes of their own, to kill them or to read while another writes.

python -m tests.data.warehouse.processes load URL FOLDER MOMENT
python -m tests.data.warehouse.processes read URL
"""

# ruff: noqa: T201 - answering on standard output is what these programs are for
from __future__ import annotations

import os
import signal
import sys
import time
from typing import Any

import sqlalchemy as sa

from data.settings import Settings
from data.warehouse import engines, load, versions
from data.warehouse.engines import open_warehouse
from data.warehouse.schema import client_tags, packages


def die(*_: object) -> None:
    """End as by `kill -9`: no handler, no tidying up."""
    os.kill(os.getpid(), signal.SIGKILL)


def load_and_die(url: str, folder: str, moment: str) -> None:
    """Load, and die when the step named by ``moment`` begins, or around the switch or the commit."""
    point_to = versions.Versions._point_to

    def die_after_switch(self: versions.Versions, name: str) -> None:
        point_to(self, name)
        die()

    patches: dict[str, tuple[Any, str, Any]] = {
        "before the switch": (versions.Versions, "_point_to", die),
        "after the switch": (versions.Versions, "_point_to", die_after_switch),
        "before the commit": (sa.engine.default.DefaultDialect, "do_commit", die),
    }
    if moment in patches:
        setattr(*patches[moment])
    load.load_folder(Settings(warehouse_url=url), folder, progress=lambda what, *_: die() if what == moment else None)


def answer_questions(url: str) -> None:
    """For each line on standard input, a line on standard output."""
    warehouse: engines.Warehouse = open_warehouse(Settings(warehouse_url=url))
    held = warehouse.read()
    holding: engines.Reading | None = None

    def counts(reading: engines.Reading) -> tuple[int, int]:
        found = [
            reading.connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in (packages, client_tags)
        ]
        return found[0], found[1]

    for line in sys.stdin:
        word, _, number = line.strip().partition(" ")
        if word == "hold":
            holding = held.__enter__()
            print(counts(holding), flush=True)
        elif word == "again" and holding is not None:
            print(counts(holding), flush=True)
        elif word == "now":
            with warehouse.read() as reading:
                print(counts(reading), flush=True)
        elif word == "until":
            seen = set()
            while (int(number), int(number)) not in seen:
                with warehouse.read() as reading:
                    seen.add(counts(reading))
                time.sleep(0.005)  # two cores are enough for two readers and a load only if no one spins
            print(sorted(seen), flush=True)
    if holding is not None:
        held.__exit__(None, None, None)


if __name__ == "__main__":
    {"load": load_and_die, "read": answer_questions}[sys.argv[1]](*sys.argv[2:])
