"""What a person may choose from in the filters: values that exist and that they may see."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from data.access import User, visible_owners
from data.report.catalog import NO_PACKAGE
from data.report.sql import tags_of
from data.warehouse.engines import Reading
from data.warehouse.schema import clients, packages, rates, resellers
from data.words.names import apart


@dataclass(frozen=True, slots=True)
class Owner:
    """A reseller and its place in the tree: the names from the top down to itself."""

    id: int
    path: tuple[str, ...]

    @property
    def name(self) -> str:
        """The reseller's own name."""
        return self.path[-1]


@dataclass(frozen=True, slots=True)
class Package:
    """A package by id and name (names may repeat)."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Choices:
    """Filter values: owners as a walk down the tree, tags, packages by name, currencies of clients or rates."""

    owners: tuple[Owner, ...]
    tags: tuple[str, ...]
    packages: tuple[Package, ...]
    currencies: tuple[str, ...]

    @property
    def names(self) -> dict[tuple[str, object], str]:
        """Names of owners and packages for the words of a question, equal ones with their ids."""
        owners = apart({owner.id: owner.name for owner in self.owners})
        packages = apart({package.id: package.name for package in self.packages}, taken=[NO_PACKAGE])
        named: dict[tuple[str, object], str] = {("owner", id_): name for id_, name in owners.items()}
        return named | {("package", id_): name for id_, name in packages.items()}


def read_choices(reading: Reading, user: User) -> Choices:
    """Read the choices that ``user`` may see."""
    connection = reading.connection
    tree = {row.id: row for row in connection.execute(sa.select(resellers))}
    seen = visible_owners(user, {id_: row.parent_id for id_, row in tree.items()})

    def path(reseller: int) -> tuple[str, ...]:
        names = []
        node: int | None = reseller
        # The tree is cut at the top of what the person may see.
        while node is not None and (seen is None or node in seen):
            names.append(tree[node].name)
            node = tree[node].parent_id
        return tuple(reversed(names))

    owners = sorted(
        (Owner(id_, path(id_)) for id_ in tree if seen is None or id_ in seen), key=lambda o: (o.path, o.id)
    )
    found_packages = sorted(
        (Package(row.id, row.name) for row in connection.execute(sa.select(packages))), key=lambda p: (p.name, p.id)
    )
    used = sa.union(sa.select(clients.c.currency), sa.select(rates.c.currency))
    return Choices(
        owners=tuple(owners),
        tags=tuple(sorted(connection.execute(tags_of(seen)).scalars())),
        packages=tuple(found_packages),
        currencies=tuple(sorted(connection.execute(used).scalars())),
    )
