"""Where a report's figures can come from: :class:`Source`, and the one that answers every question.

All sources give the same lines, and :class:`data.report.fold.Fold` makes rows of them, whatever the source.
:class:`Transactions` is the reference: it is small, and reads each client's own history. Faster ones answer fewer
questions, and are chosen by :mod:`data.report.planner`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import sqlalchemy as sa

from data.errors import Cancelled
from data.report.flows import flows
from data.report.levels import levels
from data.report.lines import Column, Place
from data.report.period import Bucket
from data.report.query import ReportQuery
from data.report.selection import Selection, data_interval, selected_currencies
from data.warehouse.engines import Reading

Columns = Sequence[Column]
"""The lines of a statement, column by column."""


class Stoppable(Protocol):
    """What may be cancelled meanwhile."""

    cancelled: bool


@dataclass(frozen=True, slots=True)
class Reader:
    """Puts statements to a reading; one that fails because the run was stopped raises :class:`Cancelled`."""

    reading: Reading
    watch: Stoppable

    def lines(self, statement: sa.Executable) -> Sequence[Any]:
        """The lines of a statement."""
        with self._stoppable():
            return self.reading.connection.execute(statement).all()

    def columns(self, statement: sa.Executable) -> Columns:
        """The lines of a statement, column by column."""
        with self._stoppable():
            return self.reading.columns(statement)

    @contextmanager
    def _stoppable(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.DBAPIError:
            if self.watch.cancelled:
                raise Cancelled from None
            raise


class Source(ABC):
    """What answers a question about the selected clients."""

    name: str
    """As Info and the log call it."""

    @abstractmethod
    def created(self) -> dict[str, datetime]:
        """The currencies of the selected clients, and when the first client of each was created."""

    @abstractmethod
    def interval(self, start: datetime, end: datetime) -> tuple[datetime | None, datetime | None, datetime | None]:
        """The first transaction of the selected clients at all, and the first and the last in [start, end)."""

    @abstractmethod
    def levels(self, shown: Sequence[Bucket], currencies: Sequence[str]) -> Columns:
        """The lines of :class:`data.report.lines.LevelLines`, as columns."""

    @abstractmethod
    def flows(self, shown: Sequence[Bucket], stretches: Sequence[Place], currencies: Sequence[str]) -> Columns:
        """The lines of :class:`data.report.lines.FlowLines`, as columns, for the stretches of the buckets."""


class Transactions(Source):
    """Each client's own history: answers everything."""

    name = "transactions"

    def __init__(self, reader: Reader, query: ReportQuery, selection: Selection) -> None:
        self._reader = reader
        self._query = query
        self._selection = selection

    def created(self) -> dict[str, datetime]:
        return {row[0]: row[1] for row in self._reader.lines(selected_currencies(self._selection))}

    def interval(self, start: datetime, end: datetime) -> tuple[datetime | None, datetime | None, datetime | None]:
        [(first_ever, first, last)] = self._reader.lines(data_interval(self._selection, start, end))
        return first_ever, first, last

    def levels(self, shown: Sequence[Bucket], currencies: Sequence[str]) -> Columns:
        return self._reader.columns(levels(self._query, self._selection, shown, currencies))

    def flows(self, shown: Sequence[Bucket], stretches: Sequence[Place], currencies: Sequence[str]) -> Columns:
        return self._reader.columns(flows(self._query, self._selection, stretches, currencies))
