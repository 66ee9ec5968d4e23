"""Frozen reports and the links to them.

A report is frozen the moment it appears. What is shared never changes: the report's content is stored once under its
own SHA-256 and never written again, and a link's view (columns, sorting, charts) is fixed as soon as the link was
copied or opened. Both are checked whenever a link is opened, so that a damaged one says so instead of showing wrong
figures.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import secrets
import threading
import zlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from data.access import User, may_manage_link, may_open_link
from data.errors import Unreachable, UserError
from data.report.query import ReportQuery
from data.report.result import ReportResult
from data.store.canonical import bounded_json, canonical_json
from data.store.clock import Clock, utc_now
from data.store.database import Database, is_corruption
from data.store.schema import contents, links

_log = logging.getLogger(__name__)

View = Mapping[str, Any]
"""What was on the page beside the figures (displayed columns, sorting, charts), as JSON of the page's own making."""

MAX_VIEW_BYTES = 256 * 1024
_ID = re.compile(r"[A-Za-z0-9_-]{16,64}")
_CODEC, _LEVEL = "zlib", 5
_CACHED_BYTES = 8 * 1024 * 1024
_CLEAN_UP_EVERY = timedelta(days=1)

State = Literal["live", "expired", "revoked", "damaged"]


class LinkGone(UserError):
    """The link is unknown, expired or revoked; nobody is told which."""

    def __init__(self) -> None:
        super().__init__("This link leads to no report any more, or never did: ask whoever sent it for a new one.")


class LinkDamaged(UserError):
    """What is stored is not what was frozen, so it is not shown."""

    def __init__(self) -> None:
        super().__init__(
            "The report behind this link was damaged in storage and is not shown: run it again, or have the records "
            "restored from a backup."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A way to a frozen report. Instants are naive UTC.

    ``generated_at`` is the moment the report is valid for and ``row_count`` its rows; ``query`` is what it answers,
    None only when it is damaged. ``view`` is what was on the page when the link was copied, None when it never was.
    """

    id: str
    owner_id: str
    role: str
    created_at: datetime
    generated_at: datetime
    from_cache: bool
    row_count: int
    query: ReportQuery | None
    view: View | None
    expires_at: datetime | None
    revoked_at: datetime | None
    copied_at: datetime | None
    last_opened_at: datetime | None
    open_count: int
    state: State


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A link and the report as it was when it was frozen."""

    link: Link
    result: ReportResult

    @property
    def view(self) -> View | None:
        """What was on the page when the link was copied."""
        return self.link.view


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What a clean-up deleted: links, reports that no link led to any more, and the bytes these took."""

    links: int
    contents: int
    size: int


@dataclass(frozen=True, slots=True)
class Checked:
    """What :meth:`Snapshots.check` found: how much there is, bytes stored, and the links that are damaged."""

    links: int
    contents: int
    size: int
    damaged: tuple[str, ...]


class Snapshots:
    """Freezes reports, and opens, copies and manages the links to them."""

    def __init__(self, database: Database, *, keep_days: int, now: Clock = utc_now) -> None:
        self._database = database
        self._keep = timedelta(days=keep_days)
        self._now = now
        self._thawed = _Thawed(_CACHED_BYTES)
        self._cleaned_at: datetime | None = None

    def freeze(self, result: ReportResult, user: User, *, view: View | None = None, from_cache: bool = False) -> Link:
        """Keep ``result`` as it is and give it a link of ``user``'s own. Equal reports are stored once."""
        data = report_bytes(result)
        digest = hashlib.sha256(data).digest()
        body = zlib.compress(data, _LEVEL)
        now = self._now()
        link_id = secrets.token_urlsafe(18)
        values: dict[str, Any] = {
            "id": link_id,
            "digest": digest,
            "origin_id": None,
            "owner_id": user.id,
            "role": user.role,
            "from_cache": from_cache,
            "created_at": now,
            "view": _view_text(view),
            "open_count": 0,
        }
        content = {
            "digest": digest,
            "body": body,
            "codec": _CODEC,
            "size": len(data),
            "query": canonical_json(result.query.to_json()),
            "row_count": len(result.rows),
            "generated_at": result.info.generated_at,
        }
        with self._database.writing() as connection:
            connection.execute(self._database.insert(contents).values(content).on_conflict_do_nothing())
            connection.execute(links.insert().values(values | {"seal": _seal(content | values)}))
            link = self._link(self._row(connection, link_id))
        self._thawed.put(digest, result, hashlib.sha256(body).digest(), len(data))
        self._clean_up_daily(now)
        return link

    def open(self, link_id: str, user: User) -> Snapshot:
        """Open a link as somebody who followed it: checks what is stored, counts, and fixes the link's view.

        Raises :class:`LinkGone` and :class:`LinkDamaged`.
        """
        with self._noticing_damage(link_id):
            with self._database.reading() as connection:
                row = self._live_row(connection, link_id, user)
                result = self._result(connection, row, verify=True)
            with self._database.writing() as connection:
                row = self._live_row(connection, link_id, user, lock=True)
                connection.execute(
                    links.update()
                    .where(links.c.id == row.id)
                    .values(last_opened_at=self._now(), open_count=links.c.open_count + 1)
                )
                row = self._row(connection, row.id)
            return Snapshot(self._link(row), result)

    def peek(self, link_id: str, user: User, *, verify: bool = False) -> Snapshot:
        """The same without counting, for what a page that shows the report already does with it.

        A report that this process has thawed is not read again, unless with ``verify``.
        """
        with self._noticing_damage(link_id), self._database.reading() as connection:
            row = self._live_row(connection, link_id, user)
            return Snapshot(self._link(row), self._result(connection, row, verify=verify))

    def copy(self, link_id: str, user: User, view: View | None) -> Link:
        """The link to give away so that whoever opens it sees ``view``.

        It is the same link as long as nothing shared would change by that, and the same again for the same view; else a
        new one of ``user``'s own to the same report. One that was made from another person's link lives no longer than
        that. A copied link is never cleaned up. Raises :class:`LinkGone` and :class:`LinkDamaged`.
        """
        text = _view_text(view)
        now = self._now()
        with self._noticing_damage(link_id), self._database.writing() as connection:
            row = self._live_row(connection, link_id, user, lock=True)
            own = may_manage_link(user, row)
            fixed = row.copied_at is not None or row.last_opened_at is not None
            changes: dict[str, Any] = {"copied_at": now if row.copied_at is None else row.copied_at}
            if own and not fixed:
                changes |= {"view": text, "seal": _seal({**row._mapping, "view": text})}
            # Also when another link comes of it: something of this one is in the world now, so it must stay.
            connection.execute(links.update().where(links.c.id == row.id).values(changes))
            if (own and not fixed) or (fixed and row.view == text):
                return self._link(self._row(connection, row.id))
            origin = row.origin_id if own else row.id
            known = self._copy_with(connection, row.digest, user, text, origin)
            if known is not None:
                return self._link(known)
            values = {
                "id": secrets.token_urlsafe(18),
                "digest": row.digest,
                "origin_id": origin,
                "owner_id": user.id,
                "role": user.role,
                "from_cache": row.from_cache,
                "created_at": now,
                "view": text,
                "copied_at": now,
                "open_count": 0,
            }
            connection.execute(links.insert().values(values | {"seal": _seal({**row._mapping, **values})}))
            return self._link(self._row(connection, values["id"]))

    def mine(self, user: User, *, limit: int | None = None) -> tuple[Link, ...]:
        """The links of ``user``, newest first, whatever their state."""
        question = _SELECT.where(links.c.owner_id == user.id).order_by(links.c.created_at.desc(), links.c.id)
        with self._database.reading() as connection:
            return tuple(self._link(row) for row in connection.execute(question.limit(limit)))

    def expire(self, link_id: str, user: User, at: datetime | None) -> Link:
        """Let a link of ``user``'s lead nowhere from ``at`` (naive UTC, in the future) on; None takes that back.

        Raises :class:`LinkGone` for a link that is not theirs.
        """
        if at is not None and at <= self._now():
            raise UserError("The link's expiry lies in the past: choose a later moment, or revoke it.", field="expiry")
        return self._manage(link_id, user, expires_at=at)

    def revoke(self, link_id: str, user: User) -> Link:
        """Let a link of ``user``'s lead nowhere from now on. Raises :class:`LinkGone` for a link that is not theirs."""
        return self._manage(link_id, user, revoked_at=self._now())

    def restore(self, link_id: str, user: User) -> Link:
        """Undo :meth:`revoke` and an expiry that has passed. Raises :class:`LinkGone` for a link that is not theirs."""
        passed = sa.case((links.c.expires_at <= self._now(), None), else_=links.c.expires_at)
        return self._manage(link_id, user, revoked_at=None, expires_at=passed)

    def clean_up(self, now: datetime | None = None) -> Cleaned:
        """Delete links that nobody copied or opened for the set time, and reports that no link leads to any more."""
        now = now or self._now()
        untouched = sa.and_(
            links.c.copied_at.is_(None), links.c.last_opened_at.is_(None), links.c.created_at < now - self._keep
        )
        orphaned = ~sa.exists().where(links.c.digest == contents.c.digest)
        with self._database.writing() as connection:
            if not self._database.is_sqlite:
                # A report that is being frozen right now must find the content it counts on.
                connection.execute(sa.text("LOCK TABLE contents IN SHARE ROW EXCLUSIVE MODE"))
            gone = connection.execute(links.delete().where(untouched)).rowcount
            sizes = connection.execute(
                contents.delete().where(orphaned).returning(sa.func.length(contents.c.body))
            ).scalars()
            freed = list(sizes)
        return Cleaned(gone, len(freed), sum(freed))

    def check(self) -> Checked:
        """Check every link and every report as opening them would. Damage is logged and listed, not raised."""
        damaged: list[str] = []
        sound: dict[bytes, bool] = {}
        stored = 0
        with self._database.reading() as connection:
            rows = connection.execute(_SELECT.order_by(links.c.digest, links.c.id)).all()
            for row in rows:
                if row.digest not in sound:
                    stored += self._stored_size(connection, row.digest)
                    sound[row.digest] = self._is_sound(connection, row)
                if not sound[row.digest] or row.seal != _seal(row._mapping):
                    damaged.append(row.id)
        return Checked(len(rows), len(sound), stored, tuple(damaged))

    def _stored_size(self, connection: sa.Connection, digest: bytes) -> int:
        found = connection.execute(sa.select(sa.func.length(contents.c.body)).where(contents.c.digest == digest))
        return found.scalar_one_or_none() or 0

    def _is_sound(self, connection: sa.Connection, row: sa.Row[Any]) -> bool:
        try:
            with self._noticing_damage(row.id):
                self._result(connection, row, verify=True)
        except LinkDamaged:
            return False
        return True

    def _manage(self, link_id: str, user: User, **changes: Any) -> Link:
        with self._database.writing() as connection:
            row = self._row(connection, link_id, lock=True)
            if not may_manage_link(user, row):
                raise LinkGone
            connection.execute(links.update().where(links.c.id == row.id).values(changes))
            return self._link(self._row(connection, row.id))

    def _copy_with(
        self, connection: sa.Connection, digest: bytes, user: User, view: str | None, origin: str | None
    ) -> sa.Row[Any] | None:
        """A live link of ``user``'s own that was copied with just this view before."""
        question = _SELECT.where(
            links.c.digest == digest,
            links.c.owner_id == user.id,
            links.c.copied_at.is_not(None),
            links.c.view == view if view is not None else links.c.view.is_(None),
            links.c.origin_id == origin if origin is not None else links.c.origin_id.is_(None),
        ).order_by(links.c.created_at)
        rows = connection.execute(question).all()
        return next((row for row in rows if not self._is_gone(row)), None)

    def _row(self, connection: sa.Connection, link_id: str, *, lock: bool = False) -> sa.Row[Any]:
        if not _ID.fullmatch(link_id):
            raise LinkGone
        question = _SELECT.where(links.c.id == link_id)
        try:
            row = connection.execute(question.with_for_update(of=links) if lock else question).one_or_none()
        except ValueError as fault:
            raise _Damage(f"the link cannot be read: {fault}") from fault
        if row is None:
            raise LinkGone
        return row

    def _live_row(self, connection: sa.Connection, link_id: str, user: User, *, lock: bool = False) -> sa.Row[Any]:
        """The link's row if ``user`` may open it and it is what it was when it was made."""
        row = self._row(connection, link_id, lock=lock)
        if self._is_gone(row) or not may_open_link(user, row):
            raise LinkGone
        ancestor = row
        while ancestor.origin_id is not None:
            ancestor = self._row(connection, ancestor.origin_id)
            if self._is_gone(ancestor):
                raise LinkGone
        if row.seal != _seal(row._mapping):
            raise _Damage("the link's seal does not match")
        return row

    def _is_gone(self, row: sa.Row[Any]) -> bool:
        return row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= self._now())

    def _link(self, row: sa.Row[Any]) -> Link:
        state: State = "live"
        if row.revoked_at is not None:
            state = "revoked"
        elif self._is_gone(row):
            state = "expired"
        query, view = None, None
        if row.seal != _seal(row._mapping):
            state = "damaged"
        else:
            view = None if row.view is None else json.loads(row.view)
            try:
                query = ReportQuery.from_json(json.loads(row.query))
            except UserError:  # of another version of this program; one such link must not hide the others
                state = "damaged"
        return Link(
            id=row.id,
            owner_id=row.owner_id,
            role=row.role,
            created_at=row.created_at,
            generated_at=row.generated_at or row.created_at,
            from_cache=row.from_cache,
            row_count=row.row_count or 0,
            query=query,
            view=view,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
            copied_at=row.copied_at,
            last_opened_at=row.last_opened_at,
            open_count=row.open_count,
            state=state,
        )

    def _result(self, connection: sa.Connection, row: sa.Row[Any], *, verify: bool) -> ReportResult:
        """The report of a link. With ``verify`` what is stored is read and checked even if it was thawed before."""
        known = self._thawed.get(row.digest)
        if known is not None and not verify:
            return known[0]
        stored = connection.execute(sa.select(contents).where(contents.c.digest == row.digest)).one()
        if stored.codec != _CODEC:
            raise _Damage(f"codec {stored.codec!r} is unknown")
        body_digest = hashlib.sha256(stored.body).digest()
        if known is not None and known[1] == body_digest:
            return known[0]
        data = zlib.decompress(stored.body)
        if hashlib.sha256(data).digest() != row.digest:
            raise _Damage("the report's SHA-256 does not match")
        try:
            result = report_from(data)
        except (KeyError, TypeError, ValueError) as fault:
            raise _Damage(f"the report is sound but not understood by this version: {fault!r}") from fault
        self._thawed.put(row.digest, result, body_digest, len(data))
        return result

    @contextmanager
    def _noticing_damage(self, link_id: str) -> Iterator[None]:
        try:
            yield
        except (_Damage, zlib.error, sa.exc.NoResultFound) as fault:
            # The start of an id tells an administrator which link it is, and nobody who reads the log how to open it.
            _log.error("Link %s… is damaged: %s", link_id[:6], fault)
            raise LinkDamaged from fault
        except sa.exc.DatabaseError as fault:
            if not is_corruption(fault):
                raise
            _log.exception("The records' database is damaged (seen at link %s…)", link_id[:6])
            raise LinkDamaged from fault

    def _clean_up_daily(self, now: datetime) -> None:
        if self._cleaned_at is not None and now - self._cleaned_at < _CLEAN_UP_EVERY:
            return
        self._cleaned_at = now
        try:
            done = self.clean_up(now)
        except (sa.exc.SQLAlchemyError, Unreachable):
            _log.exception("Cleaning up old links failed; the next attempt is tomorrow")
        else:
            if done.links or done.contents:
                _log.info("Cleaned up %d links and %d reports, %d bytes", done.links, done.contents, done.size)


class _Damage(Exception):
    """What is stored is not what was frozen; the reason is for the log."""


class _Thawed:
    """The reports that this process used last, with the SHA-256 of the stored bytes they came from."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._kept: OrderedDict[bytes, tuple[ReportResult, bytes, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, digest: bytes) -> tuple[ReportResult, bytes] | None:
        with self._lock:
            if digest not in self._kept:
                return None
            self._kept.move_to_end(digest)
            return self._kept[digest][:2]

    def put(self, digest: bytes, result: ReportResult, body_digest: bytes, size: int) -> None:
        with self._lock:
            if digest in self._kept:
                self._size -= self._kept.pop(digest)[2]
            self._kept[digest] = (result, body_digest, size)
            self._size += size
            while self._size > self._limit:
                _, (_, _, freed) = self._kept.popitem(last=False)
                self._size -= freed


_SELECT = sa.select(links, contents.c.query, contents.c.row_count, contents.c.generated_at).join(
    # A link whose content is missing is damaged, not unknown.
    contents,
    contents.c.digest == links.c.digest,
    isouter=True,
)


def report_bytes(result: ReportResult) -> bytes:
    """The one form in which a report is stored and hashed: its JSON with rows turned into columns, as canonical text.

    Columns repeat no names and put like beside like: a third of the bytes, and quicker to write and read.
    """
    data = result.to_json()
    rows = data["rows"]
    data["rows"] = {key: [row[key] for row in rows] for key in (rows[0] if rows else ())}
    return canonical_json(data).encode()


def report_from(data: bytes) -> ReportResult:
    """The report that :func:`report_bytes` wrote, equal in every figure."""
    stored = json.loads(data)
    columns = stored["rows"]
    stored["rows"] = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    return ReportResult.from_json(stored)


def _view_text(view: View | None) -> str | None:
    if view is None:
        return None
    return bounded_json(view, limit=MAX_VIEW_BYTES, what="What this page shows beside the figures", field="view")


def _seal(row: Mapping[Any, Any]) -> bytes:
    """The SHA-256 of what never changes in a link once it was shared, and of what lists tell about its report."""
    generated_at = row["generated_at"]
    fixed = [
        row["id"],
        row["digest"].hex(),
        row["origin_id"],
        row["owner_id"],
        row["role"],
        row["from_cache"],
        row["created_at"].isoformat(),
        row["view"],
        row["query"],
        row["row_count"],
        None if generated_at is None else generated_at.isoformat(),
    ]
    return hashlib.sha256(canonical_json(fixed).encode()).digest()
