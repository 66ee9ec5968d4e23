"""What is done with accounts, from the page or the command line; each act is written into the audit log."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from data.access import Right, User
from data.store.audit import Act
from data.store.records import Records
from data.store.users import Parents


class Accounts:
    """The acts of ``actor``, who sits at ``address``. ``parents`` maps resellers to their parents."""

    def __init__(self, records: Records, actor: User, parents: Parents, address: str) -> None:
        self._records = records
        self._actor = actor
        self._parents = parents
        self._address = address

    def create(
        self, email: str, name: str, role: str, *, reseller_id: int | None = None, password: str | None = None
    ) -> tuple[User, str | None]:
        """Make an account; its person, and without a password the token of a one-time link with which they set one."""
        users = self._records.users
        user = users.create(
            self._actor, email, name, role, reseller_id=reseller_id, parents=self._parents, password=password
        )
        self._note(Act.USER_CREATED, user, role=role, reseller=reseller_id)
        return user, None if password else users.issue_ticket(self._actor, user.id, self._parents)

    def change(
        self,
        user_id: str,
        *,
        name: str | None = None,
        role: str | None = None,
        reseller_id: int | None = None,
        moves: bool = False,
    ) -> User:
        """Change name, role, or with ``moves`` the company; what is None stays."""
        user = self._records.users.change(
            self._actor, user_id, self._parents, name=name, role=role, reseller_id=reseller_id, moves=moves
        )
        self._note(Act.USER_CHANGED, user, name=user.name, role=user.role, reseller=user.reseller_id)
        return user

    def deactivate(self, user_id: str) -> User:
        """Let the person sign in no more; their sessions end at once."""
        user = self._records.users.deactivate(self._actor, user_id, self._parents)
        self._note(Act.USER_DEACTIVATED, user)
        return user

    def reactivate(self, user_id: str) -> User:
        """Let the person sign in again."""
        user = self._records.users.reactivate(self._actor, user_id, self._parents)
        self._note(Act.USER_REACTIVATED, user)
        return user

    def invite(self, user_id: str) -> tuple[User, str]:
        """The person, and the token of a new one-time link with which they set a password."""
        token = self._records.users.issue_ticket(self._actor, user_id, self._parents)
        user = self._records.users.managed(self._actor, user_id, self._parents).user
        self._note(Act.USER_INVITED, user)
        return user, token

    def sign_out(self, user_id: str) -> tuple[User, int]:
        """End every session of the person; how many ended."""
        user = self._records.users.managed(self._actor, user_id, self._parents).user
        ended = self._records.sessions.end_all(user)
        self._note(Act.SIGN_OUT_EVERYWHERE, user, sessions=ended)
        return user, ended

    def set_role(self, name: str, rights: Iterable[Right]) -> None:
        """Make a role of the installation's own, or give it other rights."""
        chosen = frozenset(rights)
        self._records.roles.keep(name, chosen, self._actor)
        self._records.audit.write(
            Act.ROLE_CHANGED, self._actor, name, address=self._address, rights=sorted(chosen), deleted=False
        )

    def drop_role(self, name: str) -> None:
        """Delete a role of the installation's own."""
        self._records.roles.drop(name, self._actor)
        self._records.audit.write(Act.ROLE_CHANGED, self._actor, name, address=self._address, rights=[], deleted=True)

    def _note(self, act: Act, subject: User, **detail: Any) -> None:
        self._records.audit.write(act, self._actor, subject.email, address=self._address, **detail)
