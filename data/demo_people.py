"""The people of the demo company: one for each role and level of the reseller tree, who sign in without a password.

They exist only while the warehouse holds the demo company and nothing else, so that nothing real is ever open.
"""

from __future__ import annotations

import threading

import sqlalchemy as sa

from data.access import DEMO_PREFIX, User
from data.errors import NoData, Unreachable
from data.settings import Settings
from data.store.records import open_records
from data.warehouse.engines import Warehouse, open_warehouse
from data.warehouse.schema import loads

DEMO_SOURCE = "demo company"
"""How the warehouse's list of loads calls the load of a demo company."""
_HARMLESS = (DEMO_SOURCE, "rebuilt for a later version of the program")

_REGION, _DEALER = 20, 21
"""Meridian DACH and Rhein-Main Telefonie below it (data/warehouse/demo_cast.py)."""


def _person(name: str, role: str, reseller: int | None, company: str) -> User:
    key = f"{company}-{role}".lower()
    email = f"{name.split(maxsplit=1)[0].lower()}@{company}.example"
    return User(f"{DEMO_PREFIX}{key}", name, role, reseller, email=email)


CAST: tuple[User, ...] = (
    _person("Olena Marchenko", "Administrator", None, "meridian"),
    _person("Martin Keller", "Manager", None, "meridian"),
    _person("Sofia Almeida", "Analyst", None, "meridian"),
    _person("Ivan Petrenko", "Viewer", None, "meridian"),
    _person("Greta Lindner", "Administrator", _REGION, "meridian-dach"),
    _person("Jonas Vogel", "Manager", _REGION, "meridian-dach"),
    _person("Nele Brandt", "Analyst", _REGION, "meridian-dach"),
    _person("Lukas Steiner", "Viewer", _REGION, "meridian-dach"),
    _person("Anke Schuster", "Administrator", _DEALER, "rhein-main"),
    _person("Emre Yilmaz", "Manager", _DEALER, "rhein-main"),
    _person("Paula Roth", "Analyst", _DEALER, "rhein-main"),
    _person("Tim Becker", "Viewer", _DEALER, "rhein-main"),
)


class DemoCompany:
    """Knows whether the warehouse holds the demo company and nothing else; asks once for each version of the data."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._lock = threading.Lock()
        self._known: tuple[str, bool] | None = None

    def is_alone(self) -> bool:
        """Whether every load there ever was is the demo company's. False without data."""
        try:
            version = self._warehouse.version()
            with self._lock:
                if self._known is None or self._known[0] != version:
                    self._known = (version, self._read())
                return self._known[1]
        except (NoData, Unreachable):
            return False

    def _read(self) -> bool:
        with self._warehouse.read() as reading:
            sources = list(reading.connection.execute(sa.select(loads.c.source)).scalars())
        made = any(source.startswith(DEMO_SOURCE) for source in sources)
        return made and all(source.startswith(_HARMLESS) for source in sources)


def settle(settings: Settings) -> None:
    """Make the demo people's accounts when the warehouse holds the demo company and nothing else."""
    if settings.sign_in == "none" or not DemoCompany(open_warehouse(settings)).is_alone():
        return
    records = open_records(settings)
    try:
        records.users.settle_demo(CAST)
    finally:
        records.database.close()
