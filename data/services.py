"""What layouts, callbacks and commands work with, built once by app.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from data.access import OPERATOR, NotAllowed, Right, User
from data.delivery.queue import Queue
from data.demo_people import DemoCompany
from data.report.reports import Reports
from data.settings import Settings
from data.store.audit import Act
from data.store.records import Records
from data.warehouse.engines import Warehouse


@dataclass(frozen=True)
class Services:
    """The parts of a running installation."""

    settings: Settings
    warehouse: Warehouse
    reports: Reports
    records: Records
    who: Callable[[], User] = field(default=lambda: OPERATOR)
    where: Callable[[], str] = field(default=lambda: "")
    demo: DemoCompany = field(init=False)
    queue: Queue = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "demo", DemoCompany(self.warehouse))
        object.__setattr__(self, "queue", Queue(self.settings))

    def note(self, act: Act, user: User, subject: str = "", **detail: Any) -> None:
        """Write into the audit log what ``user`` did, and from where."""
        self.records.audit.write(act, user, subject, address=self.where(), **detail)

    def demand(self, user: User, right: Right, subject: str = "") -> None:
        """Raises :class:`NotAllowed` unless ``user`` has the right, and writes down that they tried."""
        if not user.may(right):
            self.note(Act.REFUSED, user, subject, right=right.value)
            raise NotAllowed(right, noted=True)

    def user(self) -> User:
        """The person who is asking now: who is signed in (callbacks/gate.py), or the operator with SIGN_IN=none."""
        return self.who()
