"""Services with records of their own and no warehouse: acts that need no figures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from data.errors import NoData
from data.settings import Settings
from data.store.records import open_records


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Any]:
    def choices(_user: object) -> None:
        raise NoData("There is no data yet.")

    settings = Settings(var_dir=str(tmp_path))
    records = open_records(settings)
    yield SimpleNamespace(settings=settings, records=records, reports=SimpleNamespace(choices=choices))
    records.database.close()
