"""What a person may choose from in the filters: values that exist and that they may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from data.access import User, visible_owners
from data.report.dimensions import NO_PACKAGE
from data.report.filters import FILTERS, Choice, Company, currencies_of
from data.warehouse.engines import Reading
from data.warehouse.schema import rates, resellers
from data.words.names import apart


@dataclass(frozen=True, slots=True)
class Choices:
    """Values of each filter, by its id; and the currencies of clients or rates, which a report can be in."""

    of: Mapping[str, tuple[Choice, ...]] = field(default_factory=dict)
    currencies: tuple[str, ...] = ()

    @property
    def names(self) -> dict[tuple[str, object], str]:
        """Names of what ids identify, equal ones with their ids: by the filter's option and the value."""
        found: dict[tuple[str, object], str] = {}
        for item in FILTERS:
            if item.by_id:
                named = {item.parse(choice.value): choice.label for choice in self.of.get(item.id, ())}
                found.update(((item.option, id_), name) for id_, name in apart(named, taken=[NO_PACKAGE]).items())
        return found


def read_company(connection: sa.Connection, user: User) -> Company:
    """The resellers, and which of them ``user`` sees."""
    found = connection.execute(sa.select(resellers)).all()
    parents = {row.id: row.parent_id for row in found}
    return Company(connection, {row.id: row.name for row in found}, parents, visible_owners(user, parents))


def read_choices(reading: Reading, user: User) -> Choices:
    """Read the choices that ``user`` may see."""
    company = read_company(reading.connection, user)
    # Rates are published for everybody; which currencies clients use is known of those alone whom the person sees.
    published = reading.connection.execute(sa.select(rates.c.currency).distinct()).scalars()
    return Choices(
        of={item.id: tuple(item.offered(company)) for item in FILTERS},
        currencies=tuple(sorted({*published, *currencies_of(company)})),
    )
