"""Services with records of their own and no warehouse: acts that need no figures."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from data.errors import NoData
from data.services import Services
from data.settings import Settings
from data.store.records import open_records


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Any]:
    def choices(_user: object) -> None:
        raise NoData("There is no data yet.")

    settings = Settings(var_dir=str(tmp_path))
    records = open_records(settings)
    parts = SimpleNamespace(settings=settings, records=records, reports=SimpleNamespace(choices=choices))
    parts.where, parts.note, parts.demand = str, partial(Services.note, parts), partial(Services.demand, parts)
    yield parts
    records.database.close()
