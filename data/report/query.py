"""The question a person asks: :class:`ReportQuery`, how it is checked and written as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from data.currencies import check_currency
from data.errors import UserError, did_you_mean
from data.report.dimensions import DIMENSION, TIME_DIMENSIONS, Dimension
from data.report.filters import FILTER, FILTERS, Value
from data.report.period import QUICK_RANGES, Bound, Unit, check_zone, quick_range_dates, resolve, today_in

MAX_ACTIVE_DURATION = 120


Chosen = tuple[tuple[str, tuple[Value, ...]], ...]
"""Values by the id of their filter, in the order of the catalog; filters without values are left out."""


def _normal(values: Mapping[str, Iterable[Value]]) -> Chosen:
    if strange := values.keys() - FILTER.keys():
        raise TypeError(f"there is no filter {min(strange)!r}")
    sets = {id_: set(found) for id_, found in values.items()}
    # One filter's values are of one kind.
    return tuple((id_, tuple(sorted(sets[id_], key=lambda value: value))) for id_ in FILTER if sets.get(id_))


@dataclass(frozen=True, slots=True, init=False)
class ReportQuery:
    """What is asked. Values of filters are sets (sorted, without doubles); ``group_by`` keeps the order of the columns.

    With a ``quick_range`` the two bounds are what it meant when it was last resolved: :meth:`on_day` moves them.
    """

    start: Bound
    end: Bound
    timezone: str
    quick_range: str | None
    group_by: tuple[str, ...]
    currency: str
    active_duration: int
    filters: Chosen

    def __init__(
        self,
        *,
        start: Bound,
        end: Bound,
        timezone: str = "UTC",
        quick_range: str | None = None,
        group_by: Iterable[str] = (),
        currency: str = "EUR",
        active_duration: int = 1,
        filters: Chosen = (),
        **chosen: Iterable[Value],
    ) -> None:
        """``chosen`` are values by the id of their filter: ``owners=(7, 9)``; they take the place of ``filters``."""
        plain: dict[str, Any] = {
            "start": start,
            "end": end,
            "timezone": timezone,
            "quick_range": quick_range,
            "group_by": tuple(dict.fromkeys(group_by)),
            "currency": currency,
            "active_duration": active_duration,
            "filters": _normal({**dict(filters), **chosen}),
        }
        for name, value in plain.items():
            object.__setattr__(self, name, value)

    def chosen(self, filter_id: str) -> tuple[Any, ...]:
        """The values of a filter; none when it is not used."""
        return dict(self.filters).get(filter_id, ())

    def filtered(self, chosen: Mapping[str, Iterable[Value]]) -> Self:
        """The same question with other values of some filters."""
        return replace(self, filters=_normal({**dict(self.filters), **chosen}))

    @property
    def client_types(self) -> tuple[str, ...]:
        """The chosen types of clients."""
        return self.chosen("client_types")

    @property
    def tags(self) -> tuple[str, ...]:
        """The chosen tags of clients."""
        return self.chosen("tags")

    @property
    def owners(self) -> tuple[int, ...]:
        """The chosen resellers."""
        return self.chosen("owners")

    @property
    def packages(self) -> tuple[int, ...]:
        """The chosen packages."""
        return self.chosen("packages")

    @property
    def names_ids(self) -> bool:
        """Whether words need the names of ids that are filtered by."""
        return any(FILTER[id_].by_id for id_, _ in self.filters)

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """What is grouped by, in the order chosen."""
        return tuple(DIMENSION[id_] for id_ in self.group_by)

    @property
    def time_unit(self) -> str | None:
        """The finest time dimension chosen, which sets the buckets; None when there is none."""
        return next((unit for unit in reversed(TIME_DIMENSIONS) if unit in self.group_by), None)

    @property
    def bucket(self) -> Unit | None:
        """What a bucket is: the unit of the finest time dimension; None where the whole period is one."""
        return None if self.time_unit is None else DIMENSION[self.time_unit].unit

    @property
    def attributes(self) -> tuple[Dimension, ...]:
        """The attributes of clients that are grouped by, in the order chosen."""
        return tuple(dimension for dimension in self.dimensions if dimension.attribute is not None)

    @property
    def by_package(self) -> bool:
        """Whether rows are split by package."""
        return any(dimension.of_packages for dimension in self.dimensions)

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
        for id_, values in self.filters:
            for value in values:
                FILTER[id_].check(value)
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
            # As text: where JSON is read by JavaScript, ids beyond 2^53 would come back as others.
            **{id_: [str(value) for value in self.chosen(id_)] for id_ in FILTER},
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
                group_by=tuple(map(str, data.get("group_by", ()))),
                currency=str(data["currency"]),
                active_duration=int(data["active_duration"]),
                filters=_normal({item.id: map(item.parse, data.get(item.id, ())) for item in FILTERS}),
            )
        except (KeyError, TypeError, ValueError) as fault:
            raise UserError(f"The saved query cannot be read: {fault}.") from fault


def _check_each(values: Iterable[str], choices: Mapping[str, object], field: str, title: str) -> None:
    for value in values:
        if value not in choices:
            hint = did_you_mean(value, choices) or f" Choose from {', '.join(choices)}."
            raise UserError(f"{title} {value!r} is unknown.{hint}", field=field)
