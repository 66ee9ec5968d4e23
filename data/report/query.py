"""The question a person asks: :class:`ReportQuery`, how it is checked and written as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from data.currencies import check_currency
from data.errors import UserError, did_you_mean
from data.report.catalog import DIMENSION, TIME_DIMENSIONS
from data.report.period import QUICK_RANGES, Bound, check_zone, quick_range_dates, resolve, today_in
from data.warehouse.schema import CLIENT_TYPES

MAX_ACTIVE_DURATION = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportQuery:
    """What is asked. Filters are sets (sorted, without doubles); ``group_by`` keeps the order of the columns.

    With a ``quick_range`` the two bounds are what it meant when it was last resolved: :meth:`on_day` moves them.
    """

    start: Bound
    end: Bound
    timezone: str = "UTC"
    quick_range: str | None = None
    client_types: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    owners: tuple[int, ...] = ()
    packages: tuple[int, ...] = ()
    group_by: tuple[str, ...] = ()
    currency: str = "EUR"
    active_duration: int = 1

    def __post_init__(self) -> None:
        for name in ("client_types", "tags", "owners", "packages"):
            object.__setattr__(self, name, tuple(sorted(set(getattr(self, name)))))
        object.__setattr__(self, "group_by", tuple(dict.fromkeys(self.group_by)))

    @property
    def time_unit(self) -> str | None:
        """The finest time dimension chosen, which sets the buckets; None when there is none."""
        return next((unit for unit in reversed(TIME_DIMENSIONS) if unit in self.group_by), None)

    @property
    def by_package(self) -> bool:
        """Whether rows are split by package."""
        return "package" in self.group_by

    def on_day(self, now: datetime) -> Self:
        """The same question asked at the instant ``now`` (naive UTC): a quick range moves, fixed dates stay."""
        if self.quick_range is None:
            return self
        first, last = quick_range_dates(self.quick_range, today_in(self.timezone, now))
        return replace(self, start=Bound(first), end=Bound(last))

    def check(self) -> Self:
        """The query itself if it can be asked; a :class:`UserError` naming the field otherwise.

        What only the warehouse knows (owners, packages, tags) is checked where the query is run.
        """
        check_zone(self.timezone)
        check_currency(self.currency)
        _check_each(self.client_types, CLIENT_TYPES, "client-type", "Client type")
        _check_each(self.group_by, DIMENSION, "group-by", "Grouping")
        if self.quick_range is not None:
            _check_each((self.quick_range,), QUICK_RANGES, "period", "Quick range")
        if not 1 <= self.active_duration <= MAX_ACTIVE_DURATION:
            raise UserError(
                f"Active Duration {self.active_duration} is out of range: choose 1 to {MAX_ACTIVE_DURATION} months.",
                field="active-duration",
            )
        resolve(self.start, self.end, self.timezone)
        return self

    def to_json(self) -> dict[str, Any]:
        """Plain JSON that :meth:`from_json` reads back to an equal query."""
        return {
            "from": str(self.start),
            "to": str(self.end),
            "timezone": self.timezone,
            "quick_range": self.quick_range,
            "client_types": list(self.client_types),
            "tags": list(self.tags),
            "owners": list(self.owners),
            "packages": list(self.packages),
            "group_by": list(self.group_by),
            "currency": self.currency,
            "active_duration": self.active_duration,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """A query from :meth:`to_json`'s form; raises :class:`UserError` when a value is not of its kind."""
        try:
            return cls(
                start=Bound.parse(str(data["from"]), field="from"),
                end=Bound.parse(str(data["to"]), field="to"),
                timezone=str(data["timezone"]),
                quick_range=None if data.get("quick_range") is None else str(data["quick_range"]),
                client_types=tuple(map(str, data.get("client_types", ()))),
                tags=tuple(map(str, data.get("tags", ()))),
                owners=tuple(map(int, data.get("owners", ()))),
                packages=tuple(map(int, data.get("packages", ()))),
                group_by=tuple(map(str, data.get("group_by", ()))),
                currency=str(data["currency"]),
                active_duration=int(data["active_duration"]),
            )
        except (KeyError, TypeError, ValueError) as fault:
            raise UserError(f"The saved query cannot be read: {fault}.") from fault


def _check_each(values: Iterable[str], choices: Mapping[str, object], field: str, title: str) -> None:
    for value in values:
        if value not in choices:
            hint = did_you_mean(value, choices) or f" Choose from {', '.join(choices)}."
            raise UserError(f"{title} {value!r} is unknown.{hint}", field=field)
