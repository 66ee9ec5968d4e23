"""Links to frozen reports: what is told of one, and whom it leads anywhere."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from data.access import PEOPLE, User, may_open_link
from data.errors import UserError
from data.report.query import ReportQuery
from data.report.view import View
from data.store.contents import Damage, seal
from data.store.schema import contents, link_people, links
from data.store.views import view_from

_ID = re.compile(r"[A-Za-z0-9_-]{16,64}")

State = Literal["live", "expired", "revoked", "damaged"]


class LinkGone(UserError):
    """The link is unknown, expired or revoked; nobody is told which."""

    def __init__(self) -> None:
        super().__init__("This link leads to no report any more, or never did: ask whoever sent it for a new one.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A way to a frozen report. Instants are naive UTC.

    ``generated_at`` is the moment the report is valid for and ``row_count`` its rows; ``query`` is what it answers
    (under its ``title``, if it has one),
    None only when it is damaged. ``view`` is what was on the page when the link was copied, None when it never was.
    ``audience`` is as data/access.py has it, ``people`` are the ids of those whom the link names.
    """

    id: str
    owner_id: str
    role: str
    created_at: datetime
    generated_at: datetime
    from_cache: bool
    row_count: int
    query: ReportQuery | None
    title: str | None
    view: View | None
    expires_at: datetime | None
    revoked_at: datetime | None
    copied_at: datetime | None
    last_opened_at: datetime | None
    open_count: int
    state: State
    audience: str
    people: tuple[str, ...]


SELECT = sa.select(links, contents.c.query, contents.c.row_count, contents.c.generated_at).join(
    # A link whose content is missing is damaged, not unknown.
    contents,
    contents.c.digest == links.c.digest,
    isouter=True,
)
"""Links with what lists tell about their reports."""


def find(connection: sa.Connection, link_id: str, *, lock: bool = False) -> sa.Row[Any]:
    """The row of a link, whatever its state. Raises :class:`LinkGone`."""
    if not _ID.fullmatch(link_id):
        raise LinkGone
    question = SELECT.where(links.c.id == link_id)
    try:
        row = connection.execute(question.with_for_update(of=links) if lock else question).one_or_none()
    except ValueError as fault:
        raise Damage(f"the link cannot be read: {fault}") from fault
    if row is None:
        raise LinkGone
    return row


def find_live(connection: sa.Connection, link_id: str, user: User, now: datetime, *, lock: bool = False) -> sa.Row[Any]:
    """The row of a link that leads somewhere, if ``user`` may open it and it is what it was when it was made.

    Raises :class:`LinkGone`, and :class:`Damage`.
    """
    row = find(connection, link_id, lock=lock)
    ancestor = row
    while True:
        # What was copied from somebody's link reaches no further than that, and lives no longer.
        if is_gone(ancestor, now) or not may_open_link(user, ancestor, people_of(connection, ancestor)):
            raise LinkGone
        if ancestor.origin_id is None:
            break
        ancestor = find(connection, ancestor.origin_id)
    if row.seal != seal(row._mapping):
        raise Damage("the link's seal does not match")
    return row


def people_of(connection: sa.Connection, row: sa.Row[Any]) -> tuple[str, ...]:
    """The ids of the people whom a link names; none unless it is for named people."""
    if row.audience != PEOPLE:
        return ()
    question = sa.select(link_people.c.user_id).where(link_people.c.link_id == row.id).order_by(link_people.c.user_id)
    return tuple(connection.execute(question).scalars())


def is_gone(row: sa.Row[Any], now: datetime) -> bool:
    """Whether a link is revoked or has expired."""
    return row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now)


def link_of(connection: sa.Connection, row: sa.Row[Any], now: datetime) -> Link:
    """What is told of a link to its owner."""
    state: State = "live"
    if row.revoked_at is not None:
        state = "revoked"
    elif is_gone(row, now):
        state = "expired"
    query, view, title = None, None, None
    if row.seal != seal(row._mapping):
        state = "damaged"
    else:
        try:
            view = view_from(row.view)
            listed = json.loads(row.query)
            query, title = ReportQuery.from_json(listed), listed.get("title")
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
        title=title,
        view=view,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        copied_at=row.copied_at,
        last_opened_at=row.last_opened_at,
        open_count=row.open_count,
        state=state,
        audience=row.audience,
        people=people_of(connection, row),
    )
