"""Lines: what a source of figures answers with, and what the fold (``fold.py``) makes rows of.

There are two facts. **Levels** are changes of clients and of their balances from bucket to bucket; **flows** are
transactions by kind. A source adds them up by *key*: scope, package, the attributes of clients that the question groups
by, the clients' own currency, and a bucket or place in time. Nothing is converted, averaged or rounded there. Lines of
one key may stand beside each other: the fold adds them up. A key without a line has zeros.

The plain source are the statements of ``levels.py`` and ``flows.py``, over the dataset itself. Another one answers the
same question with the same lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, Self

from numpy.typing import NDArray

from data.report.catalog import METRICS, Flow
from data.warehouse.schema import PACKAGE_KINDS

Column = NDArray[Any]
"""A place for each line: 64-bit integers, or objects."""

Scope = Literal["total", "held", "package"]
"""Whose figures a line holds: everyone's, those of clients that hold any package, or one package's.

With a package filter "total" are those that hold any of its packages, and there is no "held".
"""
SCOPES: tuple[Scope, ...] = ("total", "held", "package")
"""Lines name their scope by its place here, and their kind and currency likewise: numbers come faster than words."""

POPULATIONS = ("active", "overall_active", "all")
LEVELS = tuple((population, part) for population in POPULATIONS for part in ("qty", "pos", "neg"))
"""What a line of levels carries, in its order; columns are named like "active_qty"."""

FLOW_KINDS = tuple(dict.fromkeys(metric.measure.transactions for metric in METRICS if isinstance(metric.measure, Flow)))
"""Kinds of transactions that are in any figure."""
HELD_KINDS = tuple(kind for kind in FLOW_KINDS if kind not in PACKAGE_KINDS)
"""Those that count for a package when the client held it at the instant, not by a package of their own."""


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of time whose transactions are added up together: of one bucket, converted at the same rates.

    ``date`` is a local date of the stretch; None where nothing is converted.
    """

    bucket: int
    date: date | None
    low: datetime
    high: datetime


@dataclass(frozen=True, slots=True)
class LevelLines:
    """Changes by which the levels of a bucket differ from those of the bucket before.

    ``package`` is an id (0 where the scope is not "package"), ``currency`` a place in the currencies of the report,
    ``bucket`` an index; ``keys`` hold a column for each attribute that is grouped by: raw values. ``changes`` follow
    :data:`LEVELS`: quantities, and sums of balances above and below zero in micros, as text or integers.
    """

    scope: Column
    package: Column
    currency: Column
    bucket: Column
    keys: tuple[Column, ...]
    changes: tuple[Column, ...]

    @classmethod
    def of(cls, columns: Sequence[Column], keys: int) -> Self:
        """From the columns of a statement, in the order of the fields."""
        scope, package, currency, bucket, *rest = columns
        return cls(scope, package, currency, bucket, tuple(rest[:keys]), tuple(rest[keys:]))

    def at(self, places: Column) -> Self:
        """Some of the lines."""
        return type(self)(
            self.scope[places],
            self.package[places],
            self.currency[places],
            self.bucket[places],
            tuple(key[places] for key in self.keys),
            tuple(change[places] for change in self.changes),
        )


@dataclass(frozen=True, slots=True)
class FlowLines:
    """What happened in stretches of time (``place`` is an index into them), by ``kind`` (its place in FLOW_KINDS).

    ``not_below`` counts transactions with an amount of zero or more, ``not_above`` those of zero or less, ``number``
    all of them: a reversal is in one of the two only. ``amount`` is their sum in micros, as text or integers. Lines of
    other kinds (-1) are left out by the fold.
    """

    scope: Column
    package: Column
    currency: Column
    place: Column
    kind: Column
    keys: tuple[Column, ...]
    number: Column
    not_below: Column
    not_above: Column
    amount: Column

    @classmethod
    def of(cls, columns: Sequence[Column], keys: int) -> Self:
        """From the columns of a statement, in the order of the fields."""
        scope, package, currency, place, kind, *rest = columns
        return cls(scope, package, currency, place, kind, tuple(rest[:keys]), *rest[keys:])

    def shown(self) -> Self:
        """Without the kinds that are in no figure: fewer to leave out here than transactions to look at there."""
        return self.at(self.kind >= 0)

    def at(self, places: Column) -> Self:
        """Some of the lines."""
        return type(self)(
            self.scope[places],
            self.package[places],
            self.currency[places],
            self.place[places],
            self.kind[places],
            tuple(key[places] for key in self.keys),
            self.number[places],
            self.not_below[places],
            self.not_above[places],
            self.amount[places],
        )
