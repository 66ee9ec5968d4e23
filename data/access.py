"""Who is asking, and what they may see.

Every query goes through :func:`visible_owners`; it is the one place where a person's restriction is decided. What they
may do with a record of ours (a link, a template) is decided here too. There are no accounts yet: one local person,
:data:`OPERATOR`, sees everything.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class User:
    """A person who asks. ``reseller_id`` restricts them to that reseller and its descendants; None sees all."""

    id: str
    name: str
    role: str
    reseller_id: int | None = None

    @property
    def scope_key(self) -> str:
        """What the person may see, as text: part of every cache key, so no one is served another's figures."""
        return "all" if self.reseller_id is None else f"reseller:{self.reseller_id}"


OPERATOR = User(id="operator", name="Operator", role="Administrator")


def descendants(tops: Collection[int], parents: Mapping[int, int | None]) -> frozenset[int]:
    """The given resellers and everyone below them, from a map of reseller id to parent id."""
    children: dict[int | None, list[int]] = {}
    for reseller, parent in parents.items():
        children.setdefault(parent, []).append(reseller)
    found: set[int] = set()
    waiting = [top for top in tops if top in parents]
    while waiting:
        reseller = waiting.pop()
        if reseller not in found:
            found.add(reseller)
            waiting.extend(children.get(reseller, ()))
    return frozenset(found)


def visible_owners(user: User, parents: Mapping[int, int | None]) -> frozenset[int] | None:
    """The owners whose clients ``user`` may see; None when there is no restriction.

    A restriction to a reseller that is not (or no longer) in the tree sees nothing at all.
    """
    if user.reseller_id is None:
        return None
    return descendants([user.reseller_id], parents)


class Owned(Protocol):
    """A record that belongs to one person."""

    @property
    def owner_id(self) -> str:
        """The :attr:`User.id` of its owner."""


class Addressed(Owned, Protocol):
    """A record that its owner may let others see."""

    @property
    def audience(self) -> str:
        """Who it was made for, as :func:`audience_of` wrote it."""


Visibility = Literal["me", "company", "everyone"]

VISIBILITIES: dict[Visibility, str] = {"me": "Only me", "company": "My company", "everyone": "Everyone"}
"""Whom a template may be made for, in the words of its dialog."""


def audience_of(visibility: Visibility, owner: User) -> str:
    """Who a record of ``owner`` is for. A company is everybody with the owner's reseller (or, like them, with none)."""
    match visibility:
        case "me":
            return f"person:{owner.id}"
        case "company":
            return f"company:{'none' if owner.reseller_id is None else owner.reseller_id}"
        case "everyone":
            return "everyone"


def audiences(user: User) -> frozenset[str]:
    """Every audience that ``user`` belongs to."""
    return frozenset(audience_of(visibility, user) for visibility in VISIBILITIES)


def may_see_template(user: User, template: Addressed) -> bool:
    """Its owner, and whoever belongs to the audience it was made for."""
    return template.owner_id == user.id or template.audience in audiences(user)


def may_change_template(user: User, template: Owned) -> bool:
    """Nobody but its owner changes or deletes a template."""
    return template.owner_id == user.id


def may_open_link(user: User, link: Owned) -> bool:
    """Whoever is signed in and holds a link may open it, of whatever reseller: that is what sharing one means."""
    return bool(user.id and link.owner_id)


def may_manage_link(user: User, link: Owned) -> bool:
    """Nobody but its owner lets a link expire, revokes or restores it."""
    return link.owner_id == user.id
