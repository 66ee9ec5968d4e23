"""What layouts, callbacks and commands work with, built once by app.py."""

from __future__ import annotations

from dataclasses import dataclass

from data.access import OPERATOR, User
from data.report.reports import Reports
from data.settings import Settings
from data.store.records import Records
from data.warehouse.engines import Warehouse


@dataclass(frozen=True)
class Services:
    """The parts of a running installation."""

    settings: Settings
    warehouse: Warehouse
    reports: Reports
    records: Records

    def user(self) -> User:
        """The person who is asking now. There are no accounts yet: always the one local person."""
        return OPERATOR
