"""Frozen reports and the links to them.

A report is frozen the moment it appears. What is shared never changes: the report's content is stored once under its
own SHA-256 and never written again, and a link's view (columns, sorting, charts) is fixed as soon as the link was
copied or opened. Both are checked whenever a link is opened, so that a damaged one says so instead of showing wrong
figures.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any

import sqlalchemy as sa

from data.access import PEOPLE, LinkAudience, Right, User, audience_of, may_manage_link
from data.errors import UserError
from data.report.result import ReportResult
from data.report.view import View
from data.store.clock import Clock, utc_now
from data.store.contents import Contents, noticing_damage, seal
from data.store.database import Database
from data.store.links import SELECT, Link, LinkGone, find, find_live, is_gone, link_of, people_of
from data.store.schema import link_people, links
from data.store.upkeep import Upkeep
from data.store.views import view_text

_WHAT = "What this page shows beside the figures"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A link and the report as it was when it was frozen."""

    link: Link
    result: ReportResult

    @property
    def view(self) -> View | None:
        """What was on the page when the link was copied."""
        return self.link.view


class Snapshots:
    """Freezes reports, and opens, copies and manages the links to them."""

    def __init__(self, database: Database, reports: Contents, upkeep: Upkeep, *, now: Clock = utc_now) -> None:
        self._database = database
        self._reports = reports
        self._upkeep = upkeep
        self._now = now

    def freeze(self, result: ReportResult, user: User, *, view: View | None = None, from_cache: bool = False) -> Link:
        """Keep what ``user`` may see of ``result`` and give it a link of their own. Equal reports are stored once."""
        packed = self._reports.pack(result.seen_by(user))
        values = self._new_link(packed["digest"], user, view_text(view, _WHAT), from_cache=from_cache)
        with self._database.writing() as connection:
            self._reports.keep(connection, packed)
            connection.execute(links.insert().values(values | {"seal": seal(packed | values)}))
            link = self._link(connection, find(connection, values["id"]))
        self._upkeep.clean_up_daily()
        return link

    def open(self, link_id: str, user: User) -> Snapshot:
        """Open a link as somebody who followed it: checks what is stored, counts, and fixes the link's view.

        Raises :class:`LinkGone` and :class:`LinkDamaged`.
        """
        with noticing_damage(link_id):
            with self._database.reading() as connection:
                row = find_live(connection, link_id, user, self._now())
                result = self._reports.read(connection, row.digest, verify=True)
            with self._database.writing() as connection:
                row = find_live(connection, link_id, user, self._now(), lock=True)
                connection.execute(
                    links.update()
                    .where(links.c.id == row.id)
                    .values(last_opened_at=self._now(), open_count=links.c.open_count + 1)
                )
                row = find(connection, row.id)
            return _seen_by(user, self._link(connection, row), result)

    def peek(self, link_id: str, user: User, *, verify: bool = False) -> Snapshot:
        """The same without counting, for what a page that shows the report already does with it.

        A report that this process has thawed is not read again, unless with ``verify``.
        """
        with noticing_damage(link_id), self._database.reading() as connection:
            row = find_live(connection, link_id, user, self._now())
            result = self._reports.read(connection, row.digest, verify=verify)
            return _seen_by(user, self._link(connection, row), result)

    def copy(self, link_id: str, user: User, view: View | None) -> Link:
        """The link to give away so that whoever opens it sees ``view``.

        It is the same link as long as nothing shared would change by that, and the same again for the same view; else a
        new one of ``user``'s own to the same report. One that was made from another person's link lives no longer than
        that. A copied link is never cleaned up. Raises :class:`LinkGone` and :class:`LinkDamaged`.
        """
        text = view_text(view, _WHAT)
        now = self._now()
        with noticing_damage(link_id), self._database.writing() as connection:
            row = find_live(connection, link_id, user, self._now(), lock=True)
            own = may_manage_link(user, row)
            digest = self._digest_for(connection, row.digest, user)
            same = digest == row.digest
            fixed = not same or row.copied_at is not None or row.last_opened_at is not None
            changes: dict[str, Any] = {"copied_at": now if row.copied_at is None else row.copied_at}
            if own and not fixed:
                changes |= {"view": text, "seal": seal({**row._mapping, "view": text})}
            # Also when another link comes of it: something of this one is in the world now, so it must stay.
            connection.execute(links.update().where(links.c.id == row.id).values(changes))
            if (own and not fixed) or (same and fixed and row.view == text):
                return self._link(connection, find(connection, row.id))
            origin = row.origin_id if own else row.id
            known = self._copy_with(connection, digest, user, text, origin)
            if known is not None:
                return self._link(connection, known)
            values = self._new_link(digest, user, text, from_cache=row.from_cache, origin_id=origin, copied_at=now)
            if own:  # another view of one's own link is for the same people
                values["audience"] = row.audience
            connection.execute(links.insert().values(values | {"seal": seal({**row._mapping, **values})}))
            if own and (people := people_of(connection, row)):
                named = [{"link_id": values["id"], "user_id": person} for person in people]
                connection.execute(link_people.insert(), named)
            return self._link(connection, find(connection, values["id"]))

    def mine(self, user: User, *, limit: int | None = None) -> tuple[Link, ...]:
        """The links of ``user``, newest first, whatever their state."""
        question = SELECT.where(links.c.owner_id == user.id).order_by(links.c.created_at.desc(), links.c.id)
        with self._database.reading() as connection:
            return tuple(self._link(connection, row) for row in connection.execute(question.limit(limit)))

    def expire(self, link_id: str, user: User, at: datetime | None) -> Link:
        """Let a link of ``user``'s lead nowhere from ``at`` (naive UTC, in the future) on; None takes that back.

        Raises :class:`LinkGone` for a link that is not theirs.
        """
        if at is not None and at <= self._now():
            raise UserError("The link's expiry lies in the past: choose a later moment, or revoke it.", field="expiry")
        return self._manage(link_id, user, (), expires_at=at)

    def address(self, link_id: str, user: User, audience: LinkAudience, people: Collection[str] = ()) -> Link:
        """Say whom a link of ``user``'s is for: anybody signed in, their company, or ``people`` by id, and themselves.

        Raises :class:`LinkGone` for a link that is not theirs.
        """
        with self._database.writing() as connection:
            row = find(connection, link_id, lock=True)
            if not may_manage_link(user, row):
                raise LinkGone
            told = PEOPLE if audience == "people" else audience_of(audience, user)
            connection.execute(links.update().where(links.c.id == row.id).values(audience=told))
            connection.execute(link_people.delete().where(link_people.c.link_id == row.id))
            if audience == "people" and people:
                named = [{"link_id": row.id, "user_id": person} for person in sorted(set(people))]
                connection.execute(link_people.insert(), named)
            return self._link(connection, find(connection, row.id))

    def managed(self, user: User, owners: Collection[str], *, limit: int = 500) -> tuple[Link, ...]:
        """The newest links of the ``owners``, whose accounts ``user`` manages, that were copied or opened."""
        user.require(Right.USERS)
        question = SELECT.where(links.c.copied_at.is_not(None) | links.c.last_opened_at.is_not(None))
        question = question.order_by(links.c.created_at.desc(), links.c.id)
        with self._database.reading() as connection:
            # Asked for in pieces and chosen here: a statement must not grow by a parameter for each person.
            rows = connection.execution_options(yield_per=500).execute(question)
            return tuple(
                self._link(connection, row) for row in islice((row for row in rows if row.owner_id in owners), limit)
            )

    def revoke(self, link_id: str, user: User, *, managed: Collection[str] = ()) -> Link:
        """Let a link of ``user``'s, or of somebody whose account they manage, lead nowhere from now on.

        Raises :class:`LinkGone` for any other link.
        """
        return self._manage(link_id, user, managed, revoked_at=self._now())

    def restore(self, link_id: str, user: User, *, managed: Collection[str] = ()) -> Link:
        """Undo :meth:`revoke` and an expiry that has passed. Raises :class:`LinkGone` as that does."""
        passed = sa.case((links.c.expires_at <= self._now(), None), else_=links.c.expires_at)
        return self._manage(link_id, user, managed, revoked_at=None, expires_at=passed)

    def _new_link(
        self, digest: bytes, user: User, view: str | None, *, from_cache: bool, **more: str | datetime | None
    ) -> dict[str, Any]:
        """The columns of a link that did not exist before, but for its seal."""
        return {
            "id": secrets.token_urlsafe(18),
            "digest": digest,
            "origin_id": None,
            "owner_id": user.id,
            "role": user.role,
            "from_cache": from_cache,
            "created_at": self._now(),
            "view": view,
            "open_count": 0,
            # Without the right to share, the address that the browser shows is for its person alone.
            "audience": audience_of("everyone" if user.may(Right.SHARE) else "me", user),
            **more,
        }

    def _digest_for(self, connection: sa.Connection, digest: bytes, user: User) -> bytes:
        """The digest of what ``user`` may see of a report: what they give away shows no more than they saw."""
        if user.may(Right.MONEY):
            return digest
        whole = self._reports.read(connection, digest, verify=False)
        seen = whole.seen_by(user)
        if seen is whole:
            return digest
        packed = self._reports.pack(seen)
        self._reports.keep(connection, packed)
        return bytes(packed["digest"])

    def _link(self, connection: sa.Connection, row: sa.Row[Any]) -> Link:
        return link_of(connection, row, self._now())

    def _manage(self, link_id: str, user: User, managed: Collection[str], **changes: Any) -> Link:
        with self._database.writing() as connection:
            row = find(connection, link_id, lock=True)
            if not may_manage_link(user, row, managed):
                raise LinkGone
            connection.execute(links.update().where(links.c.id == row.id).values(changes))
            return self._link(connection, find(connection, row.id))

    def _copy_with(
        self, connection: sa.Connection, digest: bytes, user: User, view: str | None, origin: str | None
    ) -> sa.Row[Any] | None:
        """A live link of ``user``'s own that was copied with just this view before."""
        question = SELECT.where(
            links.c.digest == digest,
            links.c.owner_id == user.id,
            links.c.copied_at.is_not(None),
            links.c.view == view if view is not None else links.c.view.is_(None),
            links.c.origin_id == origin if origin is not None else links.c.origin_id.is_(None),
        ).order_by(links.c.created_at)
        rows = connection.execute(question).all()
        return next((row for row in rows if not is_gone(row, self._now())), None)


def _seen_by(user: User, link: Link, result: ReportResult) -> Snapshot:
    view = None if link.view is None else link.view.seen_by(user)
    return Snapshot(replace(link, view=view), result.seen_by(user))
