"""Slows down who tries too often. The counting rules are those of the package limits; what was counted is kept in our
records, or in Redis where there is one, so that every server process counts together.
"""

from __future__ import annotations

import time
from typing import Any

import sqlalchemy as sa
from limits import RateLimitItem, parse
from limits.storage import Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

from data.errors import UserError
from data.store.database import Database
from data.store.schema import throttles


class TooOften(UserError):
    """It was tried too often; ``seconds`` is how long to wait."""

    def __init__(self, what: str, seconds: int) -> None:
        wait = f"{seconds} seconds" if seconds < 90 else f"{round(seconds / 60)} minutes"
        super().__init__(f"{what}: wait {wait}, then try again.")
        self.seconds = seconds


class _RecordsStorage(Storage):
    """What the package limits counts, kept in our records."""

    STORAGE_SCHEME = None

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database

    @property
    def base_exceptions(self) -> type[Exception]:
        return sa.exc.SQLAlchemyError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        now = time.time()
        fresh = {"count": amount, "expires_at": now + expiry}
        over = throttles.c.expires_at <= now
        counted = {
            "count": sa.case((over, amount), else_=throttles.c.count + amount),
            "expires_at": sa.case((over, now + expiry), else_=throttles.c.expires_at),
        }
        added = self._database.insert(throttles).values(key=key[:255], **fresh)
        with self._database.writing() as connection:
            connection.execute(throttles.delete().where(throttles.c.expires_at <= now - 3600))
            question = added.on_conflict_do_update(index_elements=["key"], set_=counted).returning(throttles.c.count)
            return int(connection.execute(question).scalar_one())

    def get(self, key: str) -> int:
        found = self._find(key)
        return 0 if found is None else int(found._mapping["count"])

    def get_expiry(self, key: str) -> float:
        found = self._find(key)
        return time.time() if found is None else float(found.expires_at)

    def check(self) -> bool:
        with self._database.reading():
            return True

    def reset(self) -> int | None:
        with self._database.writing() as connection:
            return connection.execute(throttles.delete()).rowcount

    def clear(self, key: str) -> None:
        with self._database.writing() as connection:
            connection.execute(throttles.delete().where(throttles.c.key == key[:255]))

    def _find(self, key: str) -> sa.Row[Any] | None:
        live = sa.select(throttles).where(throttles.c.key == key[:255], throttles.c.expires_at > time.time())
        with self._database.reading() as connection:
            return connection.execute(live).one_or_none()


class Throttle:
    """Counts attempts by who makes them. With ``redis_url`` it counts there."""

    def __init__(self, database: Database, redis_url: str = "") -> None:
        self._storage: Storage = storage_from_string(redis_url) if redis_url else _RecordsStorage(database)  # type: ignore[assignment]
        self._limiter = FixedWindowRateLimiter(self._storage)

    def check(self, limit: str, *who: str, what: str) -> None:
        """Raises :class:`TooOften`, beginning with ``what``, once ``who`` used up ``limit`` ("5 per 15 minutes")."""
        item = parse(limit)
        if not self._limiter.test(item, *who):
            raise TooOften(what, self._wait(item, who))

    def count(self, limit: str, *who: str) -> None:
        """Count one attempt of ``who``."""
        self._limiter.hit(parse(limit), *who)

    def take(self, limit: str, *who: str, what: str) -> None:
        """Count one attempt, and raise :class:`TooOften` when it is one too many."""
        item = parse(limit)
        if not self._limiter.hit(item, *who):
            raise TooOften(what, self._wait(item, who))

    def forgive(self, limit: str, *who: str) -> None:
        """Forget the attempts of ``who``."""
        self._limiter.clear(parse(limit), *who)

    def _wait(self, item: RateLimitItem, who: tuple[str, ...]) -> int:
        return max(1, round(self._limiter.get_window_stats(item, *who).reset_time - time.time()))
