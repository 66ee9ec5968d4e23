"""Personal access tokens: with one a program acts for a person, with no more rights than the token names."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from data.access import OPERATOR, Right, User
from data.errors import UserError
from data.store.canonical import canonical_json
from data.store.clock import Clock, utc_now
from data.store.database import Database
from data.store.schema import tokens
from data.store.titles import check_title
from data.store.users import Users, token_digest

PREFIX = "cdt_"
"""What every token begins with, so that it is known for one wherever it is found."""
MAX_DAYS = 366
_MOST = 50
_NOTED_EVERY = timedelta(minutes=5)
_NEVER = frozenset({Right.USERS, Right.SYSTEM})
"""Rights that no token carries: accounts are managed by people."""


class TokenGone(UserError):
    """The token is unknown or somebody else's."""

    def __init__(self) -> None:
        super().__init__("This token is not one of yours, or was revoked already.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token as its owner sees it; the token itself is shown once, when it is made. Instants are naive UTC."""

    id: str
    name: str
    rights: frozenset[Right]
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None


class Tokens:
    """Makes, finds and revokes tokens."""

    def __init__(self, database: Database, people: Users, *, now: Clock = utc_now) -> None:
        self._database = database
        self._people = people
        self._now = now

    def create(self, user: User, name: str, rights: Iterable[Right], days: int) -> tuple[Token, str]:
        """A new token of ``user``'s that lasts ``days``, and its text, which is kept nowhere.

        Raises :class:`UserError` for rights that they lack, or that no token carries.
        """
        chosen = frozenset(rights)
        if not 1 <= days <= MAX_DAYS:
            raise UserError(f"A token lasts 1 to {MAX_DAYS} days, not {days}.", field="days")
        if not chosen or not chosen <= token_rights(user):
            raise UserError("Choose one or more of the rights that you have yourself.", field="rights")
        if len(self.of(user)) >= _MOST:
            raise UserError(f"You have {_MOST} tokens already: revoke one that is not used.", field="name")
        text, now = PREFIX + secrets.token_urlsafe(32), self._now()
        values: dict[str, Any] = {
            "id": secrets.token_urlsafe(9),
            "digest": token_digest(text),
            "user_id": user.id,
            "name": check_title(name),
            "rights": canonical_json(sorted(chosen)),
            "created_at": now,
            "expires_at": now + timedelta(days=days),
        }
        with self._database.writing() as connection:
            connection.execute(tokens.delete().where(tokens.c.expires_at <= now - timedelta(days=MAX_DAYS)))
            connection.execute(tokens.insert().values(values))
            row = connection.execute(sa.select(tokens).where(tokens.c.id == values["id"])).one()
        return _token(row), text

    def user(self, text: str) -> User | None:
        """The person for whom the holder of a token acts, with the rights that both they and the token have now."""
        if not text.startswith(PREFIX):
            return None
        now = self._now()
        question = sa.select(tokens).where(tokens.c.digest == token_digest(text), tokens.c.expires_at > now)
        with self._database.reading() as connection:
            row = connection.execute(question).one_or_none()
        if row is None:
            return None
        if row.used_at is None or now - row.used_at >= _NOTED_EVERY:
            with self._database.writing() as connection:
                connection.execute(tokens.update().where(tokens.c.id == row.id).values(used_at=now))
        owner = self._people.get(row.user_id)
        if owner is None and row.user_id == OPERATOR.id and not self._people.any():
            owner = OPERATOR  # one person on their own machine, without accounts
        return None if owner is None else replace(owner, rights=owner.granted & _token(row).rights)

    def of(self, user: User) -> tuple[Token, ...]:
        """The tokens of ``user``, newest first, expired ones too."""
        question = (
            sa.select(tokens).where(tokens.c.user_id == user.id).order_by(tokens.c.created_at.desc(), tokens.c.id)
        )
        with self._database.reading() as connection:
            return tuple(map(_token, connection.execute(question)))

    def revoke(self, user: User, token_id: str) -> Token:
        """End a token of ``user``'s at once. Raises :class:`TokenGone`."""
        own = (tokens.c.id == token_id) & (tokens.c.user_id == user.id)
        with self._database.writing() as connection:
            row = connection.execute(sa.select(tokens).where(own)).one_or_none()
            if row is None:
                raise TokenGone
            connection.execute(tokens.delete().where(own))
        return _token(row)


def token_rights(user: User) -> frozenset[Right]:
    """What tokens of ``user``'s may be given."""
    return user.granted - _NEVER


def _token(row: sa.Row[Any]) -> Token:
    known = {right.value: right for right in Right}
    return Token(
        id=row.id,
        name=row.name,
        rights=frozenset(known[name] for name in json.loads(row.rights) if name in known),
        created_at=row.created_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
    )
