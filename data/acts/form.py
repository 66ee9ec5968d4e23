"""What a person's form opens with, and that it remembers what they asked."""

from __future__ import annotations

from collections.abc import Container
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from data.access import Right, User
from data.currencies import currency_codes
from data.delivery.asked import Asked
from data.delivery.formats import WEB
from data.errors import NoData, UserError
from data.report.dimensions import DIMENSION
from data.report.filters import FILTER
from data.report.period import Bound, quick_range_dates, zone_names
from data.report.query import ReportQuery
from data.report.view import View
from data.services import Services

REMEMBERED = "form"
"""The preference under which a person's last settings are kept."""

_FIRST_RANGE = "last_12_months"

_Value = TypeVar("_Value", bound=int | str)


@dataclass(frozen=True, slots=True)
class Opening:
    """What the form opens with; on a ``first_visit`` the browser may choose the time zone.

    ``lost`` are values in words that were left out since they do not exist any more. ``along`` are columns and charts
    that the person's default template brings. ``at_once`` says that the page is to begin with its answer.
    """

    asked: Asked
    first_visit: bool = False
    lost: tuple[str, ...] = ()
    along: View | None = None
    at_once: bool = False


def _defaults(services: Services, today: date, timezone: str = "UTC") -> Asked:
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


def opening(services: Services, user: User, today: date) -> Opening:
    """The person's default template; without one their last settings; without any, the defaults.

    Settings that can no longer be read (an older program wrote them) are left aside rather than shown as an error.
    """
    start = starting_point(services, user, today)
    if not start.first_visit:
        start.asked.query.check()
        return start
    remembered = services.records.preferences.get(user, REMEMBERED)
    if remembered is not None:
        with suppress(UserError):
            asked, lost = known_part(services, user, Asked.from_json(remembered))
            asked.query.check()
            return Opening(asked, lost=lost, at_once=asked.output == WEB and not lost)
    return start


def starting_point(services: Services, user: User, today: date) -> Opening:
    """What Reset returns to: the person's default template, the defaults without one."""
    standard = services.records.templates.default_of(user)
    if standard is None:
        return Opening(_defaults(services, today), first_visit=True, at_once=True)
    asked, lost = known_part(services, user, standard.asked)
    along = None if standard.view is None else standard.view.seen_by(user)
    return Opening(asked, lost=lost, along=along, at_once=standard.runs_at_once and asked.output == WEB and not lost)


def remember(services: Services, user: User, asked: Asked) -> None:
    """Let the form of ``user``'s next visit open with ``asked``."""
    services.records.preferences.set(user, REMEMBERED, asked.to_json())


def known_part(services: Services, user: User, asked: Asked) -> tuple[Asked, tuple[str, ...]]:
    """``asked`` without the values that do not exist any more or that ``user`` may not see, and those in words."""
    query = asked.query
    lost: list[str] = []

    def keep(kind: str, values: tuple[_Value, ...], known: Container[_Value]) -> tuple[_Value, ...]:
        lost.extend(f"{kind} {value}" for value in values if value not in known)
        return tuple(value for value in values if value in known)

    try:
        choices = services.reports.choices(user)
    except NoData:
        return asked, ()
    kept = replace(query, group_by=keep("grouping", query.group_by, DIMENSION))
    for id_, values in query.filters:
        item = FILTER[id_]
        known = {item.parse(choice.value) for choice in choices.of[id_]}
        kept = kept.filtered({id_: keep(item.one, values, known)})
    if kept.timezone not in zone_names():
        lost.append(f"time zone {kept.timezone}")
        kept = replace(kept, timezone="UTC")
    if kept.currency not in currency_codes():
        lost.append(f"currency {kept.currency}")
        kept = replace(kept, currency=services.settings.base_currency)
    if asked.output != WEB and not user.may(Right.EXPORT):
        lost.append(f"file type {asked.output}")
        asked = replace(asked, output=WEB, send_to=())
    return replace(asked, query=kept), tuple(lost)
