"""What a report can be filtered by: each filter is one entry that owns its values, choices, predicate and words.

The form, the command line, the JSON of a question, its words and the statements all loop over :data:`FILTERS`. Values
that are ids stand as text wherever a browser may read them: JavaScript loses integers beyond 2^53.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, select

from data.access import descendants
from data.currencies import check_currency, currency_name
from data.errors import UserError, did_you_mean
from data.warehouse.engines import one_of
from data.warehouse.schema import CLIENT_TYPES, client_tags, clients, packages, subscriptions, transactions

_WHOLE = re.compile("-?[0-9]{1,19}")

Value = str | int
"""A value of a filter: a code, a tag, or an id."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A value to choose, as JSON and the form have it; ``path`` are the names above it in a tree, from the top."""

    value: str
    label: str
    path: tuple[str, ...] = ()


@dataclass(frozen=True)
class Company:
    """What filters need to know of the data: the resellers, and which of them the person sees (None: all)."""

    connection: sa.Connection
    names: Mapping[int, str]
    parents: Mapping[int, int | None]
    seen: frozenset[int] | None

    @property
    def visible(self) -> Collection[int]:
        """The resellers that the person sees."""
        return self.parents if self.seen is None else self.seen

    def path(self, reseller: int) -> tuple[str, ...]:
        """Names from the top down to a reseller; the tree is cut at the top of what the person sees."""
        found = []
        node: int | None = reseller
        while node is not None and node in self.visible:
            found.append(self.names[node])
            node = self.parents[node]
        return tuple(reversed(found))


@dataclass(frozen=True, slots=True, eq=False)
class Filter:
    """Something to filter by.

    ``id`` is its key in JSON and in the form, ``option`` its name on the command line, in messages and in words.
    ``parse`` makes a value of what JSON, the form or the command line hold and raises :class:`ValueError`; ``check``
    raises :class:`UserError` for a value that can be refused without the data, and ``known`` tells which values the
    data knows (None: all that pass ``check``). ``offered`` are those to choose from.

    ``widened`` makes of the chosen values the ones that clients are compared with: their ``attribute``, or whatever
    ``keeps`` says over the table of clients. A filter without either is about the package that clients hold at the
    instant in question.
    Choices of one ``in_tree`` have paths.
    """

    id: str
    option: str
    label: str
    group: str
    help: str
    offered: Callable[[Company], Iterable[Choice]]
    parse: Callable[[object], Value] = str
    metavar: str = "T"
    check: Callable[[Value], object] = lambda _: None
    known: Callable[[Company], Collection[Value]] | None = None
    widened: Callable[[tuple[Any, ...], Company], Collection[Any]] = lambda values, _: values
    attribute: str | None = None
    keeps: Callable[[Collection[Any]], ColumnElement[bool]] | None = None
    words: Callable[[Value], str] = str
    in_tree: bool = False

    def conditions(self, values: Collection[Any], table: sa.Table) -> list[ColumnElement[bool]]:
        """What keeps the clients that ``values`` mean, over a table with their attributes."""
        if self.attribute is not None:
            return [one_of(table.c[self.attribute], values)]
        return [] if self.keeps is None else [self.keeps(values)]

    @property
    def by_id(self) -> bool:
        """Whether values are ids, whose names only the data knows."""
        return self.parse is whole_number

    def refuse_unknown(self, values: Iterable[Value], company: Company) -> None:
        """Raise a :class:`UserError` for the first value that the data does not know, with the nearest that it does."""
        if self.known is None or not (values := tuple(values)):
            return
        known = self.known(company)
        for value in values:
            if value not in known:
                hint = did_you_mean(str(value), sorted(known))
                name = repr(value) if isinstance(value, str) else value
                raise UserError(f"{self.one.capitalize()} {name} is unknown.{hint}", field=self.option)

    @property
    def one(self) -> str:
        """What one value is called: "client type"."""
        return self.option.replace("-", " ")


def whole_number(value: object) -> int:
    """An id of 64 bits from JSON (text of plain digits, or a number), else a :class:`ValueError`."""
    if isinstance(value, bool) or not isinstance(value, int | str) or not _WHOLE.fullmatch(str(value)):
        raise ValueError(f"{value!r} is no id")
    if not -(2**63) <= int(value) < 2**63:
        raise ValueError(f"{value} is no id: it is longer than 64 bits")
    return int(value)


def _one_of_types(value: Value) -> None:
    if value not in CLIENT_TYPES:
        hint = did_you_mean(str(value), CLIENT_TYPES) or f" Choose from {', '.join(CLIENT_TYPES)}."
        raise UserError(f"Client type {value!r} is unknown.{hint}", field="client-type")


def _tagged(tags: Collection[str]) -> ColumnElement[bool]:
    return clients.c.id.in_(select(client_tags.c.client_id).where(one_of(client_tags.c.tag, tags)))


def _tags(company: Company) -> list[str]:
    statement = select(client_tags.c.tag).distinct()
    if company.seen is not None:
        theirs = one_of(clients.c.owner_id, company.seen)
        statement = statement.join(clients, clients.c.id == client_tags.c.client_id).where(theirs)
    return sorted(company.connection.execute(statement).scalars())


def _owners(company: Company) -> list[Choice]:
    paths = sorted((company.path(reseller), reseller) for reseller in company.visible)
    return [Choice(str(reseller), path[-1], path[:-1]) for path, reseller in paths if path]


def _known_packages(company: Company) -> set[int]:
    """The packages that the person may know of: every one, or those that clients whom they see had or paid for."""
    statement = select(packages.c.id)
    if company.seen is not None:
        theirs = select(clients.c.id).where(one_of(clients.c.owner_id, company.seen))
        had = select(subscriptions.c.package_id).where(subscriptions.c.client_id.in_(theirs))
        paid = select(transactions.c.package_id).where(
            transactions.c.package_id.is_not(None), transactions.c.client_id.in_(theirs)
        )
        statement = statement.where(sa.or_(packages.c.id.in_(had), packages.c.id.in_(paid)))
    return set(company.connection.execute(statement).scalars())


def _packages(company: Company) -> list[Choice]:
    known = _known_packages(company)
    named = company.connection.execute(select(packages.c.id, packages.c.name))
    found = [row for row in named if row.id in known]
    return [Choice(str(row.id), row.name) for row in sorted(found, key=lambda row: (row.name, row.id))]


def currencies_of(company: Company) -> list[str]:
    """The currencies in which clients whom the person sees are charged."""
    statement = select(clients.c.currency).distinct()
    if company.seen is not None:
        statement = statement.where(one_of(clients.c.owner_id, company.seen))
    return sorted(company.connection.execute(statement).scalars())


def _currencies(company: Company) -> list[Choice]:
    return [Choice(code, f"{code} · {currency_name(code)}") for code in currencies_of(company)]


FILTERS: tuple[Filter, ...] = (
    Filter(
        "client_types",
        "client-type",
        "Client Type",
        "By clients",
        "Only these types.",
        offered=lambda _: [Choice(value, label) for value, label in CLIENT_TYPES.items()],
        metavar="|".join(CLIENT_TYPES),
        check=_one_of_types,
        attribute="type",
        words=lambda value: CLIENT_TYPES.get(str(value), str(value)),
    ),
    Filter(
        "tags",
        "tag",
        "Client Tags",
        "By clients",
        "Only clients with any of these tags.",
        offered=lambda company: [Choice(tag, tag) for tag in _tags(company)],
        known=_tags,
        keeps=_tagged,
    ),
    Filter(
        "owners",
        "owner",
        "Owner",
        "By clients",
        "Only clients of these resellers and those below them.",
        offered=_owners,
        parse=whole_number,
        metavar="ID",
        in_tree=True,
        known=lambda company: company.visible,
        widened=lambda owners, company: descendants(owners, company.parents),
        attribute="owner_id",
        words=lambda id_: f"#{id_}",
    ),
    Filter(
        "client_currencies",
        "client-currency",
        "Client Currency",
        "By clients",
        "Only clients that are charged in these currencies.",
        offered=_currencies,
        metavar="C",
        check=lambda code: check_currency(str(code), field="client-currency"),
        attribute="currency",
    ),
    Filter(
        "packages",
        "package",
        "Package",
        "Extras",
        "Only these packages.",
        offered=_packages,
        parse=whole_number,
        metavar="ID",
        known=_known_packages,
        words=lambda id_: f"#{id_}",
    ),
)
FILTER = {item.id: item for item in FILTERS}
