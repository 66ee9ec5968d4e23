"""The columns that a person wants to see: chosen once, remembered for every report."""

from __future__ import annotations

from collections.abc import Collection

from data.access import User
from data.report.catalog import metrics_for
from data.report.view import View
from data.services import Services

COLUMNS_KEY = "columns"
"""The preference that remembers the column chooser: {"hidden": [metric ids]}."""


def usual_view(services: Services, user: User) -> View:
    """What a report of ``user``'s begins with: every column until they chose, unsorted."""
    chosen = services.records.preferences.get(user, COLUMNS_KEY)
    # A metric that came into the catalog after the person chose is shown.
    hidden = () if chosen is None else chosen["hidden"]
    return View(columns=tuple(metric.id for metric in metrics_for(user) if metric.id not in hidden))


def keep_columns(services: Services, user: User, shown: Collection[str]) -> None:
    """Show ``user`` these metrics from now on, and such as will be new."""
    hidden = [metric.id for metric in metrics_for(user) if metric.id not in shown]
    services.records.preferences.set(user, COLUMNS_KEY, {"hidden": hidden})
