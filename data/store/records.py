"""Everything we keep ourselves, in one place: links to reports, templates, preferences and chart presets."""

from __future__ import annotations

from dataclasses import dataclass

from data.settings import Settings
from data.store.chart_presets import ChartPresets
from data.store.clock import Clock, utc_now
from data.store.contents import Contents
from data.store.database import Database
from data.store.preferences import Preferences
from data.store.snapshots import Snapshots
from data.store.templates import Templates
from data.store.upkeep import Upkeep


@dataclass(frozen=True)
class Records:
    """Our own records. Nothing is opened before it is used."""

    database: Database
    snapshots: Snapshots
    upkeep: Upkeep
    templates: Templates
    preferences: Preferences
    chart_presets: ChartPresets


def open_records(settings: Settings, *, now: Clock = utc_now) -> Records:
    """The records of an installation; ``now`` is the clock they live by. Raises :class:`UserError` for a bad URL."""
    database = Database(settings.database)
    reports = Contents(database)
    upkeep = Upkeep(database, reports, keep_days=settings.link_keep_days, now=now)
    return Records(
        database=database,
        snapshots=Snapshots(database, reports, upkeep, now=now),
        upkeep=upkeep,
        templates=Templates(database, now=now),
        preferences=Preferences(database, now=now),
        chart_presets=ChartPresets(database, now=now),
    )
