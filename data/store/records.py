"""Everything we keep ourselves, in one place: accounts, links to reports, templates, preferences, presets, audit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from data.settings import Settings
from data.store.audit import Audit
from data.store.chart_presets import ChartPresets
from data.store.clock import Clock, utc_now
from data.store.contents import Contents
from data.store.database import Database
from data.store.jobs import Jobs, Outbox
from data.store.preferences import Preferences
from data.store.roles import Roles
from data.store.schedules import Schedules
from data.store.sessions import Sessions
from data.store.snapshots import Snapshots
from data.store.templates import Templates
from data.store.throttle import Throttle
from data.store.tokens import Tokens
from data.store.upkeep import Upkeep
from data.store.users import Users


@dataclass(frozen=True)
class Records:
    """Our own records. Nothing is opened before it is used."""

    database: Database
    snapshots: Snapshots
    upkeep: Upkeep
    templates: Templates
    preferences: Preferences
    chart_presets: ChartPresets
    roles: Roles
    users: Users
    sessions: Sessions
    throttle: Throttle
    tokens: Tokens
    audit: Audit
    jobs: Jobs
    outbox: Outbox
    schedules: Schedules


def open_records(settings: Settings, *, now: Clock = utc_now) -> Records:
    """The records of an installation; ``now`` is the clock they live by. Raises :class:`UserError` for a bad URL."""
    database = Database(settings.database)
    reports = Contents(database)
    upkeep = Upkeep(database, reports, keep_days=settings.link_keep_days, now=now)
    roles = Roles(database, now=now)
    users = Users(database, roles, now=now)
    return Records(
        database=database,
        snapshots=Snapshots(database, reports, upkeep, now=now),
        upkeep=upkeep,
        templates=Templates(database, now=now),
        preferences=Preferences(database, now=now),
        chart_presets=ChartPresets(database, now=now),
        roles=roles,
        users=users,
        sessions=Sessions(
            database,
            users,
            idle=timedelta(hours=settings.session_hours),
            remembered=timedelta(days=settings.remember_days),
            now=now,
        ),
        tokens=Tokens(database, users, now=now),
        throttle=Throttle(database, settings.redis_url),
        jobs=Jobs(database, keep_days=settings.file_keep_days, now=now),
        outbox=Outbox(database, now=now),
        schedules=Schedules(database, now=now),
        audit=Audit(database, keep_days=settings.audit_keep_days, now=now),
    )
