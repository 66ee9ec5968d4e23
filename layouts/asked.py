"""What a person asks for: the question, the form of the answer, and where it goes. And what their form opens with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, Self, cast

from data.errors import UserError
from data.report.period import Bound, quick_range_dates
from data.report.query import ReportQuery
from data.services import Services

OutputType = Literal["web", "csv", "xls", "xlsx"]

REMEMBERED = "form"
"""The preference under which a person's last settings are kept."""

_FIRST_RANGE = "last_12_months"


@dataclass(frozen=True, slots=True)
class Asked:
    """The whole form. ``send_to`` are e-mail addresses, and empty for Web."""

    query: ReportQuery
    output: OutputType = "web"
    send_to: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON that :meth:`from_json` reads back."""
        return {"query": self.query.to_json(), "output": self.output, "send_to": list(self.send_to)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """What :meth:`to_json` wrote; raises :class:`UserError` when it cannot be read."""
        output = str(data.get("output", "web"))
        if output not in ("web", "csv", "xls", "xlsx"):
            raise UserError(f"The saved output type {output!r} is unknown.", field="output")
        send_to = tuple(map(str, data.get("send_to", ())))
        return cls(ReportQuery.from_json(data.get("query") or {}), cast("OutputType", output), send_to)


@dataclass(frozen=True, slots=True)
class Opening:
    """What the form opens with; on a ``first_visit`` the browser may choose the time zone."""

    asked: Asked
    first_visit: bool


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
        return Opening(Asked(standard.query, standard.output_type, standard.send_to), first_visit=False)
    remembered = services.records.preferences.get(services.user(), REMEMBERED)
    if isinstance(remembered, Mapping):
        try:
            asked = Asked.from_json(remembered)
            asked.query.check()
        except UserError:
            pass
        else:
            return Opening(asked, first_visit=False)
    return Opening(defaults(services, today), first_visit=True)
