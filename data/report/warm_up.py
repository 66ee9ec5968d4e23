"""Gets a fresh server process ready for reports before anybody asks."""

from __future__ import annotations

import logging
from datetime import datetime

from data.access import OPERATOR
from data.report.period import Bound, months_before
from data.report.query import ReportQuery
from data.report.run import run_report
from data.warehouse.engines import Warehouse

_log = logging.getLogger(__name__)

_ASKED_FIRST: tuple[tuple[str, ...], ...] = ((), ("month",), ("date",), ("month", "package"))


def warm_up(warehouse: Warehouse, base_currency: str, now: datetime) -> None:
    """Ask what people ask first, of the last months, so that they need not wait while all is got ready for it.

    Data is opened, statements are put into words, and nothing of the answers is kept. What goes wrong will be told
    to whoever asks.
    """
    today = now.date()
    start, end = Bound(months_before(today.replace(day=1), 2)), Bound(today)
    try:
        for group_by in _ASKED_FIRST:
            query = ReportQuery(start=start, end=end, group_by=group_by, currency=base_currency)
            run_report(warehouse, query, OPERATOR, base_currency=base_currency, as_of=now)
    except Exception:  # noqa: BLE001 - nobody has asked for anything yet
        _log.debug("Warming up failed", exc_info=True)
