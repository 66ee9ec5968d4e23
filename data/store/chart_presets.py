"""Charts that a person turned into presets of their own."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from data.access import User, may_use_preset
from data.errors import UserError
from data.report.view import ChartJson
from data.store.canonical import bounded_json
from data.store.clock import Clock, utc_now
from data.store.database import Database
from data.store.schema import chart_presets
from data.store.titles import check_title, free_title, is_id

MAX_BYTES = 64 * 1024


class PresetGone(UserError):
    """The person has no such chart preset (any more)."""

    def __init__(self) -> None:
        super().__init__("This chart preset does not exist any more: choose another one.")


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPreset:
    """A chart preset of one person's. Instants are naive UTC."""

    id: str
    owner_id: str
    title: str
    spec: ChartJson
    created_at: datetime
    updated_at: datetime


class ChartPresets:
    """Keeps chart presets. Everybody sees and changes their own only."""

    def __init__(self, database: Database, *, now: Clock = utc_now) -> None:
        self._database = database
        self._now = now

    def list(self, user: User) -> tuple[OwnPreset, ...]:
        """The presets of ``user`` by title."""
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(chart_presets).where(chart_presets.c.owner_id == user.id)).all()
        return tuple(sorted(map(_preset, rows), key=lambda item: (item.title.casefold(), item.id)))

    def get(self, preset_id: str, user: User) -> OwnPreset:
        """One preset of ``user``'s. Raises :class:`PresetGone`."""
        with self._database.reading() as connection:
            return self._load(connection, preset_id, user)

    def create(self, user: User, title: str, spec: ChartJson) -> OwnPreset:
        """Keep a chart. Raises :class:`UserError` when ``user`` has one of that title or it takes more than 64 KiB."""
        now = self._now()
        values: dict[str, Any] = {
            "id": secrets.token_urlsafe(12),
            "owner_id": user.id,
            "title": check_title(title),
            "spec": bounded_json(spec, limit=MAX_BYTES, what="The chart", field="chart"),
            "created_at": now,
            "updated_at": now,
        }
        with free_title(values["title"]), self._database.writing() as connection:
            connection.execute(chart_presets.insert().values(values))
            return self._load(connection, values["id"], user)

    def rename(self, preset_id: str, user: User, title: str) -> OwnPreset:
        """Give a preset another title. Raises :class:`PresetGone`, and :class:`UserError` for a title that is taken."""
        title = check_title(title)
        with free_title(title), self._database.writing() as connection:
            self._load(connection, preset_id, user)
            connection.execute(
                chart_presets.update()
                .where(chart_presets.c.id == preset_id)
                .values(title=title, updated_at=self._now())
            )
            return self._load(connection, preset_id, user)

    def delete(self, preset_id: str, user: User) -> None:
        """Delete a preset. Raises :class:`PresetGone`."""
        with self._database.writing() as connection:
            self._load(connection, preset_id, user)
            connection.execute(chart_presets.delete().where(chart_presets.c.id == preset_id))

    def _load(self, connection: sa.Connection, preset_id: str, user: User) -> OwnPreset:
        if not is_id(preset_id):
            raise PresetGone
        row = connection.execute(sa.select(chart_presets).where(chart_presets.c.id == preset_id)).one_or_none()
        if row is None or not may_use_preset(user, row):
            raise PresetGone
        return _preset(row)


def _preset(row: sa.Row[Any]) -> OwnPreset:
    return OwnPreset(
        id=row.id,
        owner_id=row.owner_id,
        title=row.title,
        spec=json.loads(row.spec),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
