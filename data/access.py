"""Who is asking, and what they may see.

Every query goes through :func:`visible_owners`; it is the one place where a person's restriction is decided. There are
no accounts yet: one local person, :data:`OPERATOR`, sees everything.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass


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
