"""Accounts: who may sign in, with which role, for which company, and the passwords with which they do."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from email_validator import EmailNotValidError, validate_email

from data.access import DEMO_PREFIX, OPERATOR, ROLES, Right, User, check_grant, may_manage_user
from data.errors import UserError
from data.store.clock import Clock, utc_now
from data.store.database import Database
from data.store.roles import Roles
from data.store.schema import sessions, tickets, users
from data.store.titles import check_title

MIN_PASSWORD, MAX_PASSWORD = 10, 200
INVITATION = timedelta(days=7)
"""How long an administrator's one-time link lets its person set a password."""
RESET = timedelta(hours=1)
"""How long a mailed link does."""

Parents = Mapping[int, int | None]
"""Each reseller's parent, None at the top."""

_ANY = sa.select(sa.exists(sa.select(users.c.id).where(~users.c.id.startswith(DEMO_PREFIX))))

_hasher = PasswordHasher()


@cache
def _nobodys_hash() -> str:
    """Checked in place of the password of an account that does not exist, so that both take equally long."""
    return _hasher.hash(secrets.token_urlsafe())


class AccountGone(UserError):
    """The account is unknown, or not one that the person may manage; nobody is told which."""

    def __init__(self) -> None:
        super().__init__("There is no such account that you may manage.", field="email")


class TicketGone(UserError):
    """The one-time link is unknown, was used, or has run out; nobody is told which."""

    def __init__(self) -> None:
        super().__init__("This link was used already or has run out: ask for a new one.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person's account as those see it who manage it. Instants are naive UTC."""

    user: User
    created_at: datetime
    created_by: str
    deactivated_at: datetime | None
    signed_in_at: datetime | None
    has_password: bool
    identity: str | None

    @property
    def active(self) -> bool:
        """Whether the person may sign in."""
        return self.deactivated_at is None

    @property
    def state(self) -> str:
        """The account's state in one word."""
        if not self.active:
            return "Deactivated"
        return "Active" if self.signed_in_at or self.has_password or self.identity else "Invited"


class Users:
    """Keeps accounts. Whoever acts on one is named by ``actor``; data/access.py decides whether they may."""

    def __init__(self, database: Database, known_roles: Roles, *, now: Clock = utc_now) -> None:
        self._database = database
        self._roles = known_roles
        self._now = now

    # --- making and changing ------------------------------------------------------------------------------------------

    def create(
        self,
        actor: User,
        email: str,
        name: str,
        role: str,
        *,
        reseller_id: int | None = None,
        parents: Parents | None = None,
        password: str | None = None,
    ) -> User:
        """Make an account. Without a password its person sets one through :meth:`issue_ticket`'s link.

        The first administrator takes over what was made before there were accounts. ``parents`` maps resellers to
        their parents; it is needed to give an account to a reseller. Raises :class:`UserError`.
        """
        rights = self._roles.rights(role)
        known = parents or {}
        if reseller_id is not None and reseller_id not in known:
            raise UserError(f"Reseller {reseller_id} is unknown: load it first.", field="reseller")
        check_grant(actor, rights, reseller_id, known)
        values: dict[str, Any] = {
            "id": secrets.token_urlsafe(12),
            "email": check_email(email),
            "name": check_title(name),
            "role": role,
            "reseller_id": reseller_id,
            "password_hash": None if password is None else hash_password(password, email),
            "created_at": self._now(),
            "created_by": actor.id,
        }
        with self._database.writing() as connection:
            if not connection.execute(_ANY).scalar_one():
                if reseller_id is not None or role != "Administrator":
                    raise UserError(
                        "The first account must be an Administrator of the operator, or nobody could manage the "
                        "others: leave out --reseller and choose the role Administrator.",
                        field="role",
                    )
                values["id"] = OPERATOR.id
            try:
                with connection.begin_nested():
                    connection.execute(users.insert().values(values))
            except sa.exc.IntegrityError as fault:
                raise UserError(f"There is an account for {values['email']} already.", field="email") from fault
            return self._account(connection, users.c.id == values["id"]).user

    def change(
        self,
        actor: User,
        user_id: str,
        parents: Parents,
        *,
        name: str | None = None,
        role: str | None = None,
        reseller_id: int | None = None,
        moves: bool = False,
    ) -> User:
        """Change an account's name, role, or (with ``moves``) its company. What is None stays."""
        with self._database.writing() as connection:
            known = self._managed(connection, actor, user_id, parents).user
            new_role = known.role if role is None else role
            company = reseller_id if moves else known.reseller_id
            if moves and company is not None and company not in parents:
                raise UserError(f"Reseller {company} is unknown: load it first.", field="reseller")
            rights = self._roles.read(connection).get(new_role)
            if rights is None:
                raise UserError(f"Role {new_role!r} is unknown.", field="role")
            check_grant(actor, rights, company, parents)
            if (new_role, company) != (known.role, known.reseller_id):
                self._keep_one_administrator(connection, user_id, Right.SYSTEM in rights and company is None)
            changes: dict[str, Any] = {"role": new_role, "reseller_id": company}
            if name is not None:
                changes["name"] = check_title(name)
            connection.execute(users.update().where(users.c.id == user_id).values(changes))
            return self._account(connection, users.c.id == user_id).user

    def deactivate(self, actor: User, user_id: str, parents: Parents) -> User:
        """Let the person sign in no more, and end their sessions at once."""
        with self._database.writing() as connection:
            known = self._managed(connection, actor, user_id, parents)
            if user_id == actor.id:
                raise UserError("You cannot deactivate yourself: let another administrator do it.", field="email")
            self._keep_one_administrator(connection, user_id, stays=False)
            gone = users.update().where(users.c.id == user_id, users.c.deactivated_at.is_(None))
            connection.execute(gone.values(deactivated_at=self._now()))
            _end_access(connection, user_id)
            return known.user

    def reactivate(self, actor: User, user_id: str, parents: Parents) -> User:
        """Let the person sign in again, with the password they had."""
        with self._database.writing() as connection:
            known = self._managed(connection, actor, user_id, parents)
            connection.execute(users.update().where(users.c.id == user_id).values(deactivated_at=None))
            return known.user

    # --- passwords ----------------------------------------------------------------------------------------------------

    def check_password(self, email: str, password: str) -> User | None:
        """The person of this e-mail address and password; None when either is wrong or the account is deactivated.

        It takes equally long in each case.
        """
        with self._database.reading() as connection:
            row = connection.execute(
                sa.select(users).where(users.c.email == _folded(email), users.c.deactivated_at.is_(None))
            ).one_or_none()
            known = None if row is None else self._user(connection, row)
        stored = _nobodys_hash() if row is None or row.password_hash is None else row.password_hash
        try:
            _hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return None
        if row is None or known is None or row.password_hash is None:
            return None
        if _hasher.check_needs_rehash(stored):
            with self._database.writing() as connection:
                kept = users.update().where(users.c.id == row.id, users.c.password_hash == stored)
                connection.execute(kept.values(password_hash=_hasher.hash(password)))
        return known

    def set_password(self, user: User, password: str) -> None:
        """Give ``user`` a new password, and end every session and one-time link of theirs."""
        with self._database.writing() as connection:
            self._set_password(connection, user.id, password)

    def issue_ticket(self, actor: User, user_id: str, parents: Parents) -> str:
        """A one-time link's token with which the person of the account sets a password, made by who manages them."""
        with self._database.writing() as connection:
            known = self._managed(connection, actor, user_id, parents)
            if not known.active:
                raise UserError(
                    f"The account of {known.user.email} is deactivated: reactivate it first.", field="email"
                )
            return self._ticket(connection, user_id, actor.id, INVITATION)

    def request_reset(self, email: str) -> tuple[User, str] | None:
        """Whom a link to set a new password is to be mailed to, and its token; None when there is no such account."""
        with self._database.writing() as connection:
            row = connection.execute(
                sa.select(users).where(users.c.email == _folded(email), users.c.deactivated_at.is_(None))
            ).one_or_none()
            if row is None:
                return None
            return self._user(connection, row), self._ticket(connection, row.id, row.id, RESET)

    def ticket_owner(self, token: str) -> User:
        """Whose one-time link this is. Raises :class:`TicketGone`."""
        with self._database.reading() as connection:
            return self._ticket_owner(connection, token)

    def redeem_ticket(self, token: str, password: str) -> User:
        """Set the password of the link's person, which ends the link. Raises :class:`TicketGone`."""
        with self._database.writing() as connection:
            user = self._ticket_owner(connection, token)
            self._set_password(connection, user.id, password)
            return user

    # --- finding ------------------------------------------------------------------------------------------------------

    def any(self) -> bool:
        """Whether there is any account yet, beside those of the demo company."""
        with self._database.reading() as connection:
            return bool(connection.execute(_ANY).scalar_one())

    def settle_demo(self, cast: Iterable[User]) -> None:
        """Make the accounts of the demo company's people, who sign in without a password (:attr:`User.is_demo`)."""
        now = self._now()
        with self._database.writing() as connection:
            for user in cast:
                values = {
                    "id": user.id,
                    "email": user.email,
                    "name": user.name,
                    "role": user.role,
                    "reseller_id": user.reseller_id,
                    "created_at": now,
                    "created_by": OPERATOR.id,
                }
                connection.execute(self._database.insert(users).values(values).on_conflict_do_nothing())

    def demo(self) -> tuple[User, ...]:
        """The demo company's people, the operator's first."""
        question = sa.select(users).where(users.c.id.startswith(DEMO_PREFIX), users.c.deactivated_at.is_(None))
        with self._database.reading() as connection:
            found = [self._user(connection, row) for row in connection.execute(question)]
        places = list(ROLES)
        return tuple(sorted(found, key=lambda user: (user.reseller_id or 0, places.index(user.role), user.name)))

    def get(self, user_id: str) -> User | None:
        """The person with this id, while they may sign in."""
        with self._database.reading() as connection:
            row = connection.execute(
                sa.select(users).where(users.c.id == user_id, users.c.deactivated_at.is_(None))
            ).one_or_none()
            return None if row is None else self._user(connection, row)

    def by_email(self, email: str) -> User | None:
        """The person with this e-mail address, while they may sign in."""
        with self._database.reading() as connection:
            row = connection.execute(
                sa.select(users).where(users.c.email == _folded(email), users.c.deactivated_at.is_(None))
            ).one_or_none()
            return None if row is None else self._user(connection, row)

    def by_identity(self, identity: str, email: str | None) -> User | None:
        """The person whom an OpenID Connect provider names ``identity`` (issuer and subject).

        At their first sign-in ``email``, which the provider must have verified, leads to their account, and the
        account keeps the identity from then on.
        """
        with self._database.writing() as connection:
            active = users.c.deactivated_at.is_(None)
            row = connection.execute(sa.select(users).where(users.c.identity == identity, active)).one_or_none()
            if row is None and email:
                # Only an account that has no identity yet: another person at the provider must not take it over.
                fitting = sa.select(users).where(users.c.email == _folded(email), users.c.identity.is_(None), active)
                row = connection.execute(fitting).one_or_none()
                if row is not None:
                    connection.execute(users.update().where(users.c.id == row.id).values(identity=identity))
            return None if row is None else self._user(connection, row)

    def names(self, ids: set[str]) -> dict[str, str]:
        """The names of these people, deactivated ones too, by id."""
        with self._database.reading() as connection:
            found = connection.execute(sa.select(users.c.id, users.c.name).where(users.c.id.in_(sorted(ids))))
            return {OPERATOR.id: OPERATOR.name} | {row.id: row.name for row in found}

    def emails(self, ids: set[str]) -> dict[str, str]:
        """The e-mail addresses of these people, deactivated ones too, by id."""
        with self._database.reading() as connection:
            found = connection.execute(sa.select(users.c.id, users.c.email).where(users.c.id.in_(sorted(ids))))
            return {row.id: row.email for row in found}

    def managed_by(self, actor: User, parents: Parents) -> tuple[Account, ...]:
        """The accounts that ``actor`` may manage, by name."""
        actor.require(Right.USERS)
        with self._database.reading() as connection:
            known = self._roles.read(connection)
            found = [_account(row, known) for row in connection.execute(sa.select(users))]
        theirs = [item for item in found if may_manage_user(actor, item.user, parents)]
        return tuple(sorted(theirs, key=lambda item: (item.user.name.casefold(), item.user.email)))

    def managed(self, actor: User, user_id: str, parents: Parents) -> Account:
        """The account with this id, if ``actor`` may manage it. Raises :class:`AccountGone`."""
        with self._database.reading() as connection:
            return self._managed(connection, actor, user_id, parents)

    def find(self, actor: User, email: str, parents: Parents) -> Account:
        """The account of this e-mail address that ``actor`` may manage. Raises :class:`AccountGone`."""
        with self._database.reading() as connection:
            found = self._account(connection, users.c.email == _folded(email))
            if not may_manage_user(actor, found.user, parents):
                raise AccountGone
            return found

    # --- inside -------------------------------------------------------------------------------------------------------

    def _user(self, connection: sa.Connection, row: sa.Row[Any]) -> User:
        known = ROLES if row.role in ROLES else self._roles.read(connection)
        return _account(row, known).user

    def _account(self, connection: sa.Connection, where: sa.ColumnElement[bool]) -> Account:
        row = connection.execute(sa.select(users).where(where)).one_or_none()
        if row is None:
            raise AccountGone
        return _account(row, self._roles.read(connection))

    def _managed(self, connection: sa.Connection, actor: User, user_id: str, parents: Parents) -> Account:
        found = self._account(connection, users.c.id == user_id)
        if not may_manage_user(actor, found.user, parents):
            raise AccountGone
        return found

    def _keep_one_administrator(self, connection: sa.Connection, user_id: str, stays: bool) -> None:
        """Somebody of the operator must always be able to manage the system."""
        if stays:
            return
        managing = {name for name, rights in self._roles.read(connection).items() if Right.SYSTEM in rights}
        others = sa.select(sa.func.count()).where(
            users.c.id != user_id,
            users.c.role.in_(sorted(managing)),
            users.c.reseller_id.is_(None),
            users.c.deactivated_at.is_(None),
            ~users.c.id.startswith(DEMO_PREFIX),
        )
        if not connection.execute(others).scalar_one():
            raise UserError(
                "This is the last account that can manage the system: give another one that role first.", field="role"
            )

    def _set_password(self, connection: sa.Connection, user_id: str, password: str) -> None:
        email = connection.execute(sa.select(users.c.email).where(users.c.id == user_id)).scalar_one()
        hashed = hash_password(password, email)
        connection.execute(users.update().where(users.c.id == user_id).values(password_hash=hashed))
        _end_access(connection, user_id)

    def _ticket(self, connection: sa.Connection, user_id: str, by: str, lasts: timedelta) -> str:
        token, now = secrets.token_urlsafe(32), self._now()
        # The newest link is the one that works, and links nobody used do not pile up.
        connection.execute(tickets.delete().where(tickets.c.user_id == user_id))
        connection.execute(
            tickets.insert().values(
                digest=token_digest(token), user_id=user_id, created_by=by, created_at=now, expires_at=now + lasts
            )
        )
        return token

    def _ticket_owner(self, connection: sa.Connection, token: str) -> User:
        question = (
            sa.select(users)
            .join(tickets, tickets.c.user_id == users.c.id)
            .where(
                tickets.c.digest == token_digest(token),
                tickets.c.expires_at > self._now(),
                users.c.deactivated_at.is_(None),
            )
        )
        row = connection.execute(question).one_or_none()
        if row is None:
            raise TicketGone
        return self._user(connection, row)


def token_digest(token: str) -> bytes:
    """What is kept of a token that only its holder has: its SHA-256, enough for what is random."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def check_email(email: str) -> str:
    """The address as accounts are known by. Raises :class:`UserError` when it is none."""
    try:
        return _folded(validate_email(email, check_deliverability=False).normalized)
    except EmailNotValidError as fault:
        raise UserError(f"{email!r} is not an e-mail address: {fault}", field="email") from fault


def hash_password(password: str, email: str) -> str:
    """The argon2id hash of a new password. Raises :class:`UserError` when it would be guessed at once."""
    if len(password) < MIN_PASSWORD:
        raise UserError(f"The password is too short: use at least {MIN_PASSWORD} characters.", field="password")
    if len(password) > MAX_PASSWORD:
        raise UserError(f"The password is too long: use at most {MAX_PASSWORD} characters.", field="password")
    name = _folded(email).partition("@")[0]
    if len(set(password)) < 5 or (len(name) > 3 and name in password.casefold()):
        raise UserError(
            "The password would be guessed soon: use more different characters, and not your e-mail address.",
            field="password",
        )
    return _hasher.hash(password)


def _folded(email: str) -> str:
    return email.strip().casefold()


def _account(row: sa.Row[Any], known: Mapping[str, frozenset[Right]]) -> Account:
    rights = known.get(row.role, frozenset())
    return Account(
        user=User(row.id, row.name, row.role, row.reseller_id, rights, row.email),
        created_at=row.created_at,
        created_by=row.created_by,
        deactivated_at=row.deactivated_at,
        signed_in_at=row.signed_in_at,
        has_password=row.password_hash is not None,
        identity=row.identity,
    )


def _end_access(connection: sa.Connection, user_id: str) -> None:
    connection.execute(sessions.delete().where(sessions.c.user_id == user_id))
    connection.execute(tickets.delete().where(tickets.c.user_id == user_id))
