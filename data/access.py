"""Who is asking, what they may see, and what they may do: the one place of every such decision.

Every query goes through :func:`visible_owners`, which is where a person's restriction is decided; what they may do at
all is a set of rights that their role names (:data:`ROLES`), asked for with :meth:`User.require`. What they may do with
a record of ours (a link, a template, another person's account) is decided here too. The command line, and a page that
is served with ``SIGN_IN=none``, act for :data:`OPERATOR`, who sees everything.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol

from data.errors import UserError


class Right(StrEnum):
    """Something that a person may do. A role is a named set of these."""

    VIEW = "view"
    MONEY = "money"
    EXPORT = "export"
    SHARE = "share"
    TEMPLATES = "templates"
    DELIVER = "deliver"
    USERS = "users"
    SYSTEM = "system"


RIGHTS: dict[Right, str] = {
    Right.VIEW: "view reports",
    Right.MONEY: "see money",
    Right.EXPORT: "export reports",
    Right.SHARE: "share links",
    Right.TEMPLATES: "save templates",
    Right.DELIVER: "send reports by e-mail and on a schedule",
    Right.USERS: "manage users",
    Right.SYSTEM: "manage the system",
}
"""Each right in words that follow "may"."""

ROLES: dict[str, frozenset[Right]] = {
    "Administrator": frozenset(Right),
    "Manager": frozenset(Right) - {Right.SYSTEM},
    "Analyst": frozenset({Right.VIEW, Right.MONEY, Right.SHARE, Right.TEMPLATES}),
    "Viewer": frozenset({Right.VIEW}),
}
"""The roles that every installation has, from the most rights to the fewest."""


class NotAllowed(UserError):
    """The person has not the right to do what they asked for. ``noted``: the audit log has it already."""

    def __init__(self, right: Right, *, noted: bool = False) -> None:
        super().__init__(
            f"Your role does not let you {RIGHTS[right]}: ask an administrator of your company for a role that does."
        )
        self.right = right
        self.noted = noted


@dataclass(frozen=True, slots=True)
class User:
    """A person who asks. ``reseller_id`` restricts them to that reseller and its descendants; None sees all.

    ``rights`` are those of the role by that name in :data:`ROLES` unless given; a role of another name has none.
    """

    id: str
    name: str
    role: str
    reseller_id: int | None = None
    rights: frozenset[Right] | None = None
    email: str = ""

    def may(self, right: Right) -> bool:
        """Whether the person has the right."""
        return right in self.granted

    def require(self, right: Right) -> None:
        """Raises :class:`NotAllowed` unless the person has the right."""
        if not self.may(right):
            raise NotAllowed(right)

    @property
    def granted(self) -> frozenset[Right]:
        """Every right that the person has."""
        return ROLES.get(self.role, frozenset()) if self.rights is None else self.rights

    @property
    def scope_key(self) -> str:
        """What the person may see, as text: part of every cache key, so no one is served another's figures."""
        whose = "all" if self.reseller_id is None else f"reseller:{self.reseller_id}"
        return whose if self.may(Right.MONEY) else f"{whose}, no money"

    @property
    def is_demo(self) -> bool:
        """Whether the account came with the demo company: it opens without a password, and only to that company."""
        return self.id.startswith(DEMO_PREFIX)

    @property
    def manages_installation(self) -> bool:
        """Whether the person manages the system for the operator, and not for a reseller alone."""
        return self.may(Right.SYSTEM) and self.reseller_id is None


DEMO_PREFIX = "demo-"

OPERATOR = User(id="operator", name="Operator", role="Administrator")
"""Whom the command line acts for. The first administrator's account has this id: what was made before is theirs."""


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


PEOPLE = "people"
"""The audience of a link that is for named people."""

Visibility = Literal["me", "company", "everyone"]

VISIBILITIES: dict[Visibility, str] = {"me": "Only me", "company": "My company", "everyone": "Everyone"}
"""Whom a template may be made for, in the words of its dialog."""


LinkAudience = Literal["everyone", "company", "people"]

LINK_AUDIENCES: dict[LinkAudience, str] = {
    "everyone": "Anyone signed in",
    "company": "My company",
    "people": "Named people",
}
"""Whom a link may be made for, in the words of My links."""


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


def may_use_preset(user: User, preset: Owned) -> bool:
    """Nobody but its owner sees, renames or deletes a chart preset."""
    return preset.owner_id == user.id


def may_open_link(user: User, link: Addressed, people: Collection[str] = ()) -> bool:
    """Its owner, and of whatever reseller whoever belongs to its audience, or to the ``people`` that it names."""
    return (
        link.owner_id == user.id or link.audience in audiences(user) or (link.audience == PEOPLE and user.id in people)
    )


def may_manage_link(user: User, link: Owned, managed: Collection[str] = ()) -> bool:
    """Its owner lets a link expire, revokes or restores it, and who manages the owner's account (``managed``) too."""
    return link.owner_id == user.id or (user.may(Right.USERS) and link.owner_id in managed)


def may_manage_user(actor: User, subject: User, parents: Mapping[int, int | None]) -> bool:
    """Who manages users manages those of their own company and of the resellers below it, and nobody with more rights.

    ``parents`` maps resellers to their parents.
    """
    return actor.may(Right.USERS) and _within(actor, subject.reseller_id, parents) and subject.granted <= actor.granted


def check_grant(
    actor: User, rights: frozenset[Right], reseller_id: int | None, parents: Mapping[int, int | None]
) -> None:
    """Raises :class:`UserError` when ``actor`` gives rights that they lack, or a place outside their company."""
    actor.require(Right.USERS)
    if missing := rights - actor.granted:
        words = ", ".join(RIGHTS[right] for right in Right if right in missing)
        raise UserError(f"You can give only rights that you have yourself, and you may not {words}.", field="role")
    if not _within(actor, reseller_id, parents):
        raise UserError("You can give accounts only to your own company and to resellers below it.", field="reseller")


def _within(actor: User, reseller_id: int | None, parents: Mapping[int, int | None]) -> bool:
    seen = visible_owners(actor, parents)
    return seen is None or (reseller_id is not None and (reseller_id in seen or reseller_id == actor.reseller_id))
