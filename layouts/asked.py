"""What a person asks for: the question, the form of the answer, and where it goes. And what their form opens with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Self

from data.currencies import currency_codes
from data.delivery.formats import WEB, check_output_type
from data.errors import NoData, UserError
from data.report.catalog import DIMENSION
from data.report.period import Bound, quick_range_dates, zone_names
from data.report.query import ReportQuery
from data.services import Services
from data.warehouse.schema import CLIENT_TYPES

REMEMBERED = "form"
"""The preference under which a person's last settings are kept."""

_FIRST_RANGE = "last_12_months"


@dataclass(frozen=True, slots=True)
class Asked:
    """The whole form. ``output`` is a form of :data:`data.delivery.formats.OUTPUTS`.

    ``send_to`` are e-mail addresses, and empty for Web.
    """

    query: ReportQuery
    output: str = WEB
    send_to: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON that :meth:`from_json` reads back."""
        return {"query": self.query.to_json(), "output": self.output, "send_to": list(self.send_to)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """What :meth:`to_json` wrote; raises :class:`UserError` when it cannot be read."""
        output = check_output_type(str(data.get("output", WEB)))
        send_to = tuple(map(str, data.get("send_to", ())))
        return cls(ReportQuery.from_json(data.get("query") or {}), output, send_to)


@dataclass(frozen=True, slots=True)
class Opening:
    """What the form opens with; on a ``first_visit`` the browser may choose the time zone.

    ``lost`` are values in words that were left out since they do not exist any more. ``along`` are columns and charts
    that the person's default template brings.
    """

    asked: Asked
    first_visit: bool
    lost: tuple[str, ...] = ()
    along: Mapping[str, Any] | None = None


def defaults(services: Services, today: date, timezone: str = "UTC") -> Asked:
    """The form of someone who has chosen nothing yet: the last twelve months by month in the base currency."""
    first, last = quick_range_dates(_FIRST_RANGE, today)
    return Asked(
        ReportQuery(
            start=Bound(first),
            end=Bound(last),
            quick_range=_FIRST_RANGE,
            timezone=timezone,
            group_by=("month",),
            currency=services.settings.base_currency,
        )
    )


def opening(services: Services, today: date) -> Opening:
    """The person's default template; without one their last settings; without any, the defaults.

    Settings that can no longer be read (an older program wrote them) are left aside rather than shown as an error.
    """
    standard = services.records.templates.default_of(services.user())
    if standard is not None:
        found = _without_lost(services, Asked(standard.query, standard.output_type, standard.send_to))
        return replace(found, along=standard.view)
    remembered = services.records.preferences.get(services.user(), REMEMBERED)
    if isinstance(remembered, Mapping):
        with suppress(UserError):
            return _without_lost(services, Asked.from_json(remembered))
    return Opening(defaults(services, today), first_visit=True)


def _without_lost(services: Services, asked: Asked) -> Opening:
    query, lost = known_part(services, asked.query)
    return Opening(replace(asked, query=query.check()), first_visit=False, lost=tuple(lost))


def known_part(services: Services, query: ReportQuery) -> tuple[ReportQuery, list[str]]:
    """``query`` without the values that do not exist any more, and those in words."""
    lost: list[str] = []

    def keep(kind: str, values: tuple[Any, ...], known: Any) -> tuple[Any, ...]:
        lost.extend(f"{kind} {value}" for value in values if value not in known)
        return tuple(value for value in values if value in known)

    try:
        choices = services.reports.choices(services.user())
    except NoData:
        return query, lost
    kept = replace(
        query,
        client_types=keep("client type", query.client_types, CLIENT_TYPES),
        tags=keep("client tag", query.tags, set(choices.tags)),
        owners=keep("owner", query.owners, {owner.id for owner in choices.owners}),
        packages=keep("package", query.packages, {package.id for package in choices.packages}),
        group_by=keep("grouping", query.group_by, DIMENSION),
    )
    if kept.timezone not in zone_names():
        lost.append(f"time zone {kept.timezone}")
        kept = replace(kept, timezone="UTC")
    if kept.currency not in currency_codes():
        lost.append(f"currency {kept.currency}")
        kept = replace(kept, currency=services.settings.base_currency)
    return kept, lost


def without(lost: Sequence[str]) -> str:
    """Says in a sentence's end that ``lost`` values were left out."""
    what = "1 value no longer exists and was" if len(lost) == 1 else f"{len(lost)} values no longer exist and were"
    return f"{what} left out: {', '.join(lost)}. Check the form before you press Query."
