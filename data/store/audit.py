"""The audit log: who did what, when, from where. It is only ever added to; the database itself refuses changes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from data.access import Right, User
from data.errors import UserError
from data.store.canonical import canonical_json
from data.store.clock import Clock, utc_now
from data.store.database import Database
from data.store.schema import audit

PAGE = 100
"""How many entries are shown at once."""
_LEAST_DAYS = 31
"""The database lets nothing younger than thirty days go."""
_MAX_DETAIL = 4000
_CLEAN_UP_EVERY = timedelta(days=1)


class Act(StrEnum):
    """What is written down. The value is what the log says and is filtered by."""

    SIGN_IN = "signed in"
    SIGN_IN_FAILED = "sign-in failed"
    SIGN_OUT = "signed out"
    SIGN_OUT_EVERYWHERE = "signed out everywhere"
    PASSWORD_CHANGED = "password changed"  # noqa: S105 - no password  # nosec B105
    RESET_REQUESTED = "password reset requested"
    REFUSED = "refused"
    REPORT_RUN = "report run"
    EXPORT = "export"
    LINK_MADE = "link made"
    LINK_OPENED = "link opened"
    LINK_REVOKED = "link revoked"
    LINK_RESTORED = "link restored"
    LINK_CHANGED = "link changed"
    TEMPLATE_SAVED = "template saved"
    TEMPLATE_CHANGED = "template changed"
    TEMPLATE_DELETED = "template deleted"
    DELIVERED = "delivered"
    DELIVERY_FAILED = "delivery failed"
    USER_CREATED = "user created"
    USER_CHANGED = "user changed"
    USER_DEACTIVATED = "user deactivated"
    USER_REACTIVATED = "user reactivated"
    USER_INVITED = "one-time link made"
    ROLE_CHANGED = "role changed"
    TOKEN_MADE = "token made"  # noqa: S105 - no token  # nosec B105
    TOKEN_REVOKED = "token revoked"  # noqa: S105 - nor this  # nosec B105
    SCHEDULE_MADE = "schedule made"
    SCHEDULE_PAUSED = "schedule paused"
    SCHEDULE_HANDED_OVER = "schedule handed over"
    UNSUBSCRIBED = "unsubscribed"
    AUDIT_EXPORTED = "audit exported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that was done. ``person`` is their e-mail address or name then, ``subject`` what it was done to."""

    id: int
    at: datetime
    act: str
    person_id: str
    person: str
    role: str
    reseller_id: int | None
    address: str
    subject: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Which entries are wanted: all of these together. ``words`` are looked for in person, subject and detail."""

    act: str | None = None
    words: str = ""
    since: datetime | None = None
    until: datetime | None = None


class Audit:
    """Writes the log and reads it."""

    def __init__(self, database: Database, *, keep_days: int, now: Clock = utc_now) -> None:
        if keep_days < _LEAST_DAYS:
            raise UserError(f"AUDIT_KEEP_DAYS must be {_LEAST_DAYS} or more, not {keep_days}.")
        self._database = database
        self._keep = timedelta(days=keep_days)
        self._now = now
        self._cleaned_at: datetime | None = None

    def write(
        self, act: Act, user: User | None, subject: str = "", *, address: str = "", person: str = "", **detail: Any
    ) -> None:
        """Write down that ``user`` did ``act`` to ``subject``. ``person`` is what somebody unknown said to be."""
        now = self._now()
        text = canonical_json(detail)
        values = {
            "at": now,
            "act": act,
            "person_id": "" if user is None else user.id,
            "person": (person if user is None else user.email or user.name)[:254],
            "role": "" if user is None else user.role,
            "reseller_id": None if user is None else user.reseller_id,
            "address": address[:64],
            "subject": subject[:254],
            "detail": text if len(text) <= _MAX_DETAIL else canonical_json({"shortened": text[:_MAX_DETAIL]}),
        }
        with self._database.writing() as connection:
            connection.execute(audit.insert().values(values))
        if self._cleaned_at is None or now - self._cleaned_at >= _CLEAN_UP_EVERY:
            self._cleaned_at = now
            self.clean_up()

    def read(self, user: User, search: Search, *, before: int | None = None, limit: int = PAGE) -> tuple[Entry, ...]:
        """The newest entries that fit, ``before`` the one with this id; what happened in ``user``'s own company.

        Who manages the system for the operator sees all of it.
        """
        with self._database.reading() as connection:
            return tuple(_entry(row) for row in connection.execute(self._question(user, search, before).limit(limit)))

    def as_csv(self, user: User, search: Search) -> Iterator[str]:
        """Everything that fits as CSV, a piece at a time; cells that a spreadsheet would run are made text."""
        yield _csv_line(("at (UTC)", "act", "person", "role", "reseller", "address", "subject", "detail"))
        before: int | None = None
        while entries := self.read(user, search, before=before, limit=1000):
            for item in entries:
                yield _csv_line(
                    (
                        item.at.isoformat(" ", "seconds"),
                        item.act,
                        item.person,
                        item.role,
                        "" if item.reseller_id is None else str(item.reseller_id),
                        item.address,
                        item.subject,
                        json.dumps(item.detail, ensure_ascii=False, sort_keys=True) if item.detail else "",
                    )
                )
            before = entries[-1].id

    def clean_up(self) -> int:
        """Delete the entries that are older than they are kept; how many."""
        with self._database.writing() as connection:
            return connection.execute(audit.delete().where(audit.c.at < self._now() - self._keep)).rowcount

    def _question(self, user: User, search: Search, before: int | None) -> sa.Select[Any]:
        user.require(Right.USERS)
        question = sa.select(audit).order_by(audit.c.id.desc())
        if not user.manages_installation:
            own = audit.c.reseller_id.is_(None) if user.reseller_id is None else audit.c.reseller_id == user.reseller_id
            # Failed attempts of nobody known are the operator's to see.
            question = question.where(own, audit.c.person_id != "")
        if search.act:
            question = question.where(audit.c.act == search.act)
        for word in search.words.split():
            question = question.where(
                sa.or_(
                    *(
                        column.icontains(word, autoescape=True)
                        for column in (audit.c.person, audit.c.subject, audit.c.detail, audit.c.address)
                    )
                )
            )
        if search.since is not None:
            question = question.where(audit.c.at >= search.since)
        if search.until is not None:
            question = question.where(audit.c.at < search.until)
        return question if before is None else question.where(audit.c.id < before)


def _entry(row: sa.Row[Any]) -> Entry:
    return Entry(**{**row._mapping, "detail": json.loads(row.detail)})


def _csv_line(cells: tuple[str, ...]) -> str:
    from data.delivery.formulas import runs_as_formula

    stream = io.StringIO()
    csv.writer(stream).writerow(f"'{cell}" if runs_as_formula(cell) else cell for cell in cells)
    return stream.getvalue()
