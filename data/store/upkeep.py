"""Upkeep of frozen reports: deleting what nobody uses, and checking what is stored."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from data.errors import Unreachable
from data.store.clock import Clock, utc_now
from data.store.contents import Contents, LinkDamaged, noticing_damage, seal
from data.store.database import Database
from data.store.links import SELECT
from data.store.schema import contents, links, preferences

_log = logging.getLogger(__name__)

_CLEAN_UP_EVERY = timedelta(days=1)
# The last look at the clock is kept where small things are remembered, under an id that nobody has.
_NOBODY, _LOOKED_AT = "", "clean-up.looked-at"
_LOOK = (preferences.c.user_id == _NOBODY, preferences.c.key == _LOOKED_AT)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What a clean-up deleted: links, reports that no link led to any more, and the bytes these took.

    ``waiting`` is the number of links that are old enough by this one look at the clock, but not by the one before.
    """

    links: int
    contents: int
    size: int
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Inspected:
    """What :meth:`Upkeep.check` found: how much there is, bytes stored, and the links that are damaged."""

    links: int
    contents: int
    size: int
    damaged: tuple[str, ...]


class Upkeep:
    """Cleans up and checks the links and reports of an installation."""

    def __init__(self, database: Database, reports: Contents, *, keep_days: int, now: Clock = utc_now) -> None:
        self._database = database
        self._reports = reports
        self._keep = timedelta(days=keep_days)
        self._now = now
        self._cleaned_at: datetime | None = None

    def clean_up(self) -> Cleaned:
        """Delete links that nobody copied or opened for the set time, and reports that no link leads to any more.

        Nothing is deleted on one look at the clock, which may be wrong: a link goes when it was old enough already at
        the look before, a day ago or more.
        """
        now = self._now()
        unused = sa.and_(links.c.copied_at.is_(None), links.c.last_opened_at.is_(None))
        orphaned = ~sa.exists().where(links.c.digest == contents.c.digest)
        with self._database.writing() as connection:
            if not self._database.is_sqlite:
                # A report that is being frozen right now must find the content it counts on.
                connection.execute(sa.text("LOCK TABLE contents IN SHARE ROW EXCLUSIVE MODE"))
            gone = 0
            before = self._look(connection, now)
            if before is not None:
                gone = connection.execute(
                    links.delete().where(unused, links.c.created_at < before - self._keep)
                ).rowcount
            waiting = connection.execute(
                sa.select(sa.func.count()).select_from(links).where(unused, links.c.created_at < now - self._keep)
            ).scalar_one()
            sizes = connection.execute(
                contents.delete().where(orphaned).returning(sa.func.length(contents.c.body))
            ).scalars()
            freed = list(sizes)
        return Cleaned(gone, len(freed), sum(freed), waiting)

    def _look(self, connection: sa.Connection, now: datetime) -> datetime | None:
        """Remember this look at the clock; returns the one before if it lies a day back or more.

        A look that lies in the future says that the clock was wrong then, or is now: it counts for nothing.
        """
        text = connection.execute(sa.select(preferences.c.value).where(*_LOOK)).scalar_one_or_none()
        before = None if text is None else datetime.fromisoformat(json.loads(text))
        if before is not None and timedelta(0) <= now - before < _CLEAN_UP_EVERY:
            return None
        connection.execute(preferences.delete().where(*_LOOK))
        connection.execute(
            preferences.insert().values(
                user_id=_NOBODY, key=_LOOKED_AT, value=json.dumps(now.isoformat()), updated_at=now
            )
        )
        return before if before is not None and before <= now else None

    def check(self) -> Inspected:
        """Check every link and every report as opening them would. Damage is logged and listed, not raised."""
        damaged: list[str] = []
        sound: dict[bytes, bool] = {}
        stored = 0
        with self._database.reading() as connection:
            rows = connection.execute(SELECT.order_by(links.c.digest, links.c.id)).all()
            for row in rows:
                if row.digest not in sound:
                    stored += self._reports.stored_size(connection, row.digest)
                    sound[row.digest] = self._is_sound(connection, row)
                if not sound[row.digest] or row.seal != seal(row._mapping):
                    damaged.append(row.id)
        return Inspected(len(rows), len(sound), stored, tuple(damaged))

    def clean_up_daily(self) -> None:
        """Clean up unless that was done today. What goes wrong is logged: nobody who freezes a report waits for it."""
        now = self._now()
        if self._cleaned_at is not None and abs(now - self._cleaned_at) < _CLEAN_UP_EVERY:
            return
        self._cleaned_at = now
        try:
            done = self.clean_up()
        except (sa.exc.SQLAlchemyError, Unreachable):
            _log.exception("Cleaning up old links failed; the next attempt is tomorrow")
        else:
            if done.links or done.contents:
                _log.info("Cleaned up %d links and %d reports, %d bytes", done.links, done.contents, done.size)

    def _is_sound(self, connection: sa.Connection, row: sa.Row[Any]) -> bool:
        try:
            with noticing_damage(row.id):
                self._reports.read(connection, row.digest, verify=True)
        except LinkDamaged:
            return False
        return True
