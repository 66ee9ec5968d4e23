"""What a person does with the links they made."""

from __future__ import annotations

from datetime import timedelta

from data.access import User
from data.services import Services
from data.store.clock import utc_now
from data.store.links import Link


def copy_as_it_is(services: Services, user: User, link_id: str) -> Link:
    """The link to give away, with the view it has. Raises :class:`LinkGone` and :class:`LinkDamaged`."""
    snapshots = services.records.snapshots
    return snapshots.copy(link_id, user, snapshots.peek(link_id, user).view)


def let_expire(services: Services, user: User, link_id: str, days: int | None) -> bool:
    """Let a link of ``user``'s expire in ``days`` from now, or never; whether that changed anything.

    A link that is not theirs is left alone.
    """
    snapshots = services.records.snapshots
    known = next((link for link in snapshots.mine(user) if link.id == link_id), None)
    if known is None or (days is None and known.expires_at is None):
        return False
    snapshots.expire(link_id, user, None if days is None else utc_now() + timedelta(days=days))
    return True
