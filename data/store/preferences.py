"""Small things that the page remembers for a person: last form settings, chosen columns, theme."""

from __future__ import annotations

import json
import re
from typing import Any

import sqlalchemy as sa

from data.access import User
from data.store.canonical import bounded_json
from data.store.clock import Clock, utc_now
from data.store.database import Database
from data.store.schema import preferences

MAX_BYTES = 64 * 1024
_KEY = re.compile(r"[a-z0-9][a-z0-9_.:-]{0,63}")


class Preferences:
    """JSON values by person and key. A key is lower-case letters, digits and ``_.:-``, at most 64 of them."""

    def __init__(self, database: Database, *, now: Clock = utc_now) -> None:
        self._database = database
        self._now = now

    def get(self, user: User, key: str, default: Any = None) -> Any:
        """The value that :meth:`set` kept, ``default`` when there is none."""
        question = sa.select(preferences.c.value).where(
            preferences.c.user_id == user.id, preferences.c.key == _checked(key)
        )
        with self._database.reading() as connection:
            text = connection.execute(question).scalar_one_or_none()
        return default if text is None else json.loads(text)

    def all(self, user: User) -> dict[str, Any]:
        """Everything that is remembered for ``user``, by key."""
        question = sa.select(preferences.c.key, preferences.c.value).where(preferences.c.user_id == user.id)
        with self._database.reading() as connection:
            return {row.key: json.loads(row.value) for row in connection.execute(question)}

    def set(self, user: User, key: str, value: Any) -> None:
        """Remember ``value`` instead of what was there. Raises :class:`UserError` when it takes more than 64 KiB."""
        text = bounded_json(value, limit=MAX_BYTES, what=f"The setting {_checked(key)}", field=key)
        changes = {"value": text, "updated_at": self._now()}
        added = self._database.insert(preferences).values(user_id=user.id, key=key, **changes)
        with self._database.writing() as connection:
            connection.execute(added.on_conflict_do_update(index_elements=["user_id", "key"], set_=changes))

    def forget(self, user: User, key: str) -> None:
        """Remember nothing under ``key`` any more."""
        with self._database.writing() as connection:
            connection.execute(
                preferences.delete().where(preferences.c.user_id == user.id, preferences.c.key == _checked(key))
            )


def _checked(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise ValueError(f"{key!r} is no key of a preference")
    return key
