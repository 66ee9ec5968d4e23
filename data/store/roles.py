"""Roles: the built-in ones and an installation's own, each a named set of rights."""

from __future__ import annotations

import json
from collections.abc import Iterable

import sqlalchemy as sa

from data.access import ROLES, Right, User
from data.errors import UserError, did_you_mean
from data.store.canonical import canonical_json
from data.store.clock import Clock, utc_now
from data.store.database import Database
from data.store.schema import roles, users
from data.store.titles import check_title


class Roles:
    """What each role lets a person do."""

    def __init__(self, database: Database, *, now: Clock = utc_now) -> None:
        self._database = database
        self._now = now

    def all(self) -> dict[str, frozenset[Right]]:
        """Every role by name with its rights: the built-in ones first, then the installation's own by name."""
        with self._database.reading() as connection:
            return self.read(connection)

    def read(self, connection: sa.Connection) -> dict[str, frozenset[Right]]:
        """The same within a transaction that is open already."""
        own = connection.execute(sa.select(roles.c.name, roles.c.rights).order_by(roles.c.name))
        return ROLES | {row.name: _rights(json.loads(row.rights)) for row in own}

    def rights(self, name: str) -> frozenset[Right]:
        """The rights of the role of this name. Raises :class:`UserError` when there is none."""
        known = self.all()
        if name not in known:
            raise UserError(
                f"Role {name!r} is unknown.{did_you_mean(name, known) or ' Choose from ' + ', '.join(known) + '.'}",
                field="role",
            )
        return known[name]

    def keep(self, name: str, rights: Iterable[Right], actor: User) -> None:
        """Make a role of the installation's own, or give the one of that name other rights.

        Whoever has the role has its new rights at their next click. Raises :class:`UserError` for a built-in role, for
        no rights at all, and for rights that ``actor`` lacks.
        """
        _check_manages(actor)
        name, chosen = check_title(name), frozenset(rights)
        if name.casefold() in {built_in.casefold() for built_in in ROLES}:
            raise UserError(f"{name} is a built-in role, which stays as it is: choose another name.", field="role")
        if not chosen:
            raise UserError("A role needs at least one right: choose some.", field="rights")
        if not chosen <= actor.granted:
            raise UserError("You can give only rights that you have yourself.", field="rights")
        changes = {"rights": canonical_json(sorted(chosen))}
        added = self._database.insert(roles).values(name=name, created_at=self._now(), **changes)
        with self._database.writing() as connection:
            connection.execute(added.on_conflict_do_update(index_elements=["name"], set_=changes))

    def drop(self, name: str, actor: User) -> None:
        """Delete a role of the installation's own. Raises :class:`UserError` while somebody has it."""
        _check_manages(actor)
        with self._database.writing() as connection:
            held = connection.execute(sa.select(sa.func.count()).where(users.c.role == name)).scalar_one()
            if held:
                have = "account has" if held == 1 else "accounts have"
                raise UserError(f"{held:,} {have} the role {name!r}: give them another one first.", field="role")
            if not connection.execute(roles.delete().where(roles.c.name == name)).rowcount:
                raise UserError(f"There is no role {name!r} of your own to delete.", field="role")


def _check_manages(actor: User) -> None:
    actor.require(Right.SYSTEM)
    if not actor.manages_installation:
        raise UserError("Roles hold for every company: only an administrator of the operator changes them.")


def _rights(names: Iterable[str]) -> frozenset[Right]:
    # A right that a later program knew is not one to this program.
    known = {right.value: right for right in Right}
    return frozenset(known[name] for name in names if name in known)
