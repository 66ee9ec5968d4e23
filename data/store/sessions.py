"""Sessions: who is signed in, in which browser, until when. The browser holds a random token and nothing else."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from data.access import User
from data.store.clock import Clock, utc_now
from data.store.database import Database
from data.store.schema import sessions, users
from data.store.users import Users, token_digest

_KEY = 16
_NOTED_EVERY = timedelta(minutes=5)
"""How exactly it is kept when a session was last used: not every click is worth a write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One browser in which a person is signed in. Instants are naive UTC."""

    key: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    remembered: bool
    address: str
    browser: str


class Sessions:
    """Opens, finds and ends sessions. ``idle`` is how long one lasts unused, ``remembered`` one that is remembered."""

    def __init__(
        self, database: Database, people: Users, *, idle: timedelta, remembered: timedelta, now: Clock = utc_now
    ) -> None:
        self._database = database
        self._people = people
        self._lasts = {False: idle, True: remembered}
        self._now = now

    def open(self, user: User, *, remember: bool = False, address: str = "", browser: str = "") -> str:
        """Sign ``user`` in; the token that their browser is to hold."""
        token, now = secrets.token_urlsafe(32), self._now()
        with self._database.writing() as connection:
            connection.execute(sessions.delete().where(sessions.c.expires_at <= now))
            connection.execute(
                sessions.insert().values(
                    digest=token_digest(token),
                    user_id=user.id,
                    remembered=remember,
                    created_at=now,
                    seen_at=now,
                    expires_at=now + self._lasts[remember],
                    address=address[:64],
                    browser=browser[:200],
                )
            )
            connection.execute(users.update().where(users.c.id == user.id).values(signed_in_at=now))
        return token

    def user(self, token: str) -> User | None:
        """The person whose session this is, as they are now; None when it has ended or they were deactivated."""
        now, digest = self._now(), token_digest(token)
        with self._database.reading() as connection:
            row = connection.execute(
                sa.select(sessions.c.user_id, sessions.c.seen_at, sessions.c.remembered).where(
                    sessions.c.digest == digest, sessions.c.expires_at > now
                )
            ).one_or_none()
        if row is None:
            return None
        if now - row.seen_at >= _NOTED_EVERY:
            used = sessions.update().where(sessions.c.digest == digest)
            with self._database.writing() as connection:
                connection.execute(used.values(seen_at=now, expires_at=now + self._lasts[row.remembered]))
        return self._people.get(row.user_id)

    def end(self, token: str) -> None:
        """Sign out in the browser that holds this token."""
        with self._database.writing() as connection:
            connection.execute(sessions.delete().where(sessions.c.digest == token_digest(token)))

    def end_all(self, user: User, *, but: str | None = None) -> int:
        """Sign ``user`` out everywhere, ``but`` in the browser with this token; how many sessions ended."""
        gone = sessions.delete().where(sessions.c.user_id == user.id)
        if but is not None:
            gone = gone.where(sessions.c.digest != token_digest(but))
        with self._database.writing() as connection:
            return connection.execute(gone).rowcount

    def key_of(self, token: str) -> str:
        """The :attr:`Session.key` of the session with this token."""
        return token_digest(token).hex()[:_KEY]

    def of(self, user: User) -> tuple[Session, ...]:
        """Where ``user`` is signed in, the last used first. ``key`` tells sessions apart and opens nothing."""
        question = (
            sa.select(sessions)
            .where(sessions.c.user_id == user.id, sessions.c.expires_at > self._now())
            .order_by(sessions.c.seen_at.desc())
        )
        with self._database.reading() as connection:
            return tuple(
                Session(
                    key=row.digest.hex()[:_KEY],
                    created_at=row.created_at,
                    seen_at=row.seen_at,
                    expires_at=row.expires_at,
                    remembered=row.remembered,
                    address=row.address,
                    browser=row.browser,
                )
                for row in connection.execute(question)
            )
