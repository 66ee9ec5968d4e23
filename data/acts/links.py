"""What a person does with the links they made."""

from __future__ import annotations

from datetime import timedelta

from data.access import LINK_AUDIENCES, PEOPLE, Right, User, audience_of
from data.errors import UserError
from data.report.view import View
from data.services import Services
from data.store.audit import Act
from data.store.clock import utc_now
from data.store.links import Link, LinkGone
from data.store.snapshots import Snapshot

MOST_NAMED = 50
"""People whom a link may name."""


def open_link(services: Services, user: User, link_id: str) -> Snapshot:
    """What a link leads to, for who follows it. Raises :class:`LinkGone` and :class:`LinkDamaged`."""
    services.demand(user, Right.VIEW)
    snapshot = services.records.snapshots.open(link_id, user)
    _note(services, Act.LINK_OPENED, user, snapshot.link, owner=snapshot.link.owner_id)
    return snapshot


def copy(services: Services, user: User, link_id: str, view: View | None) -> Link:
    """The link to give away so that whoever opens it sees ``view``; see :meth:`Snapshots.copy`."""
    services.demand(user, Right.SHARE)
    link = services.records.snapshots.copy(link_id, user, view)
    _note(services, Act.LINK_MADE, user, link)
    return link


def copy_as_it_is(services: Services, user: User, link_id: str) -> Link:
    """The link to give away, with the view it has. Raises :class:`LinkGone` and :class:`LinkDamaged`."""
    return copy(services, user, link_id, services.records.snapshots.peek(link_id, user).view)


def revoke(services: Services, user: User, link_id: str) -> None:
    """Let a link of ``user``'s lead nowhere. Raises :class:`LinkGone` for a link that is not theirs."""
    services.demand(user, Right.SHARE)
    _note(services, Act.LINK_REVOKED, user, services.records.snapshots.revoke(link_id, user))


def restore(services: Services, user: User, link_id: str) -> None:
    """Undo :func:`revoke`, and an expiry that has passed. Raises :class:`LinkGone` for a link that is not theirs."""
    services.demand(user, Right.SHARE)
    _note(services, Act.LINK_RESTORED, user, services.records.snapshots.restore(link_id, user))


def let_expire(services: Services, user: User, link_id: str, days: int | None) -> bool:
    """Let a link of ``user``'s expire in ``days`` from now, or never; whether that changed anything.

    A link that is not theirs is left alone.
    """
    services.demand(user, Right.SHARE)
    snapshots = services.records.snapshots
    known = next((link for link in snapshots.mine(user) if link.id == link_id), None)
    if known is None or (days is None and known.expires_at is None):
        return False
    link = snapshots.expire(link_id, user, None if days is None else utc_now() + timedelta(days=days))
    _note(services, Act.LINK_CHANGED, user, link, expires="never" if days is None else f"in {days} days")
    return True


def address(services: Services, user: User, link_id: str, audience: str, emails: str = "") -> bool:
    """Say whom a link of ``user``'s is for; whether that changed anything.

    ``emails`` are the addresses of named people, apart by commas or blanks.

    Raises :class:`LinkGone` for a link that is not theirs, and :class:`UserError` for an address without an account.
    """
    services.demand(user, Right.SHARE)
    chosen = next((item for item in LINK_AUDIENCES if item == audience), None)
    if chosen is None:
        raise UserError("A link is for anyone signed in, your company, or named people: choose one of them.")
    named = emails.replace(",", " ").replace(";", " ").split() if chosen == "people" else []
    if len(named) > MOST_NAMED:
        raise UserError(f"A link names at most {MOST_NAMED} people: give it to your company, or to anyone signed in.")
    people = []
    for email in named:
        person = services.records.users.by_email(email)
        if person is None:
            raise UserError(f"{email} has no account here: check the address, or ask an administrator for one.")
        people.append(person.id)
    snapshots = services.records.snapshots
    known = next((link for link in snapshots.mine(user) if link.id == link_id), None)
    told = PEOPLE if chosen == "people" else audience_of(chosen, user)
    if known is None:
        raise LinkGone
    if (known.audience, set(known.people)) == (told, set(people)):
        return False
    link = snapshots.address(link_id, user, chosen, people)
    _note(services, Act.LINK_CHANGED, user, link, audience=chosen, people=", ".join(named))
    return True


def _note(services: Services, act: Act, user: User, link: Link, **detail: str) -> None:
    # The start of an id tells which link it is, and nobody who reads the log how to open it.
    services.note(act, user, link.title or f"link {link.id[:6]}\u2026", link=f"{link.id[:6]}\u2026", **detail)
