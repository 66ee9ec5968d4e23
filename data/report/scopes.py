"""Whose figures a line of sums holds, as SQL: everyone's, those of clients that hold any package, or one package's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import BigInteger, ColumnElement, Integer, String, case, literal, select

from data.report.lines import SCOPES, Scope
from data.report.query import ReportQuery
from data.warehouse.engines import one_of
from data.warehouse.schema import package_sets


def whose(scope: Scope, package: ColumnElement[Any] | None = None) -> tuple[ColumnElement[Any], ...]:
    """The first two columns of every line: scope and package."""
    none = literal(0, BigInteger) if package is None else package
    return literal(SCOPES.index(scope), Integer).label("scope"), none.label("package_id")


def wanted(query: ReportQuery, package_set: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    """Keeps the sets that hold any of the packages of the filter."""
    if not query.packages:
        return []
    with_any = select(package_sets.c.package_set).where(one_of(package_sets.c.package_id, query.packages))
    return [package_set.in_(with_any)]


def members_of(query: ReportQuery, by_set: sa.CTE) -> sa.FromClause:
    """Lines of sets, once for each package in them that has a row of its own."""
    belongs = package_sets.c.package_set == by_set.c.package_set
    if query.packages:
        belongs &= one_of(package_sets.c.package_id, query.packages)
    return by_set.join(package_sets, belongs)


def place_of(name: ColumnElement[str], names: Sequence[str]) -> ColumnElement[int]:
    """The place of a word among some; -1 for others."""
    return case({known: place for place, known in enumerate(names)}, value=name, else_=-1)


def exact(total: ColumnElement[Any]) -> ColumnElement[str]:
    """A sum beyond 64 bits, as text: drivers hand that over five times faster than their own wide integers."""
    return sa.cast(total, String)
