"""The border between what the page holds and :class:`Asked` and :class:`View`: past here there are only types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, time
from typing import Any

from dash import Output, State
from email_validator import EmailNotValidError, validate_email

from data.delivery.asked import Asked
from data.delivery.formats import WEB, check_output_type
from data.errors import UserError
from data.report.filters import FILTERS, Filter, Value
from data.report.period import FIRST_YEAR, LAST_YEAR, QUICK_RANGES, Bound, check_zone, quick_range_dates, today_in
from data.report.query import MAX_ACTIVE_DURATION, ReportQuery
from data.report.reports import utc_now
from data.report.view import View
from data.settings import Settings
from layouts.filters import CUSTOM, IDS
from layouts.ids import Delivery, Filters, GroupBy, Period

_FIELDS: dict[str, str] = {
    "range": Period.RANGE,
    "from": Period.FROM,
    "from_time": Period.FROM_TIME,
    "to": Period.TO,
    "to_time": Period.TO_TIME,
    "timezone": Period.ZONE,
    **{id_: ids.field for id_, ids in IDS.items()},
    "group_by": GroupBy.CHOSEN,
    "output": Delivery.TYPE,
    "send_to": Delivery.SEND_TO,
    "currency": Delivery.CURRENCY,
    "active_duration": Delivery.ACTIVE_DURATION,
}


def states() -> dict[str, State]:
    """Every field of the form, for the ``state`` of a callback; :func:`read_form` understands their values."""
    return {name: State(id_, "value") for name, id_ in _FIELDS.items()}


def outputs() -> dict[str, Output]:
    """Every field of the form, for the ``output`` of a callback that returns :func:`fill`."""
    fields = {name: Output(id_, "value", allow_duplicate=True) for name, id_ in _FIELDS.items()}
    return fields | {"shown": Output(Filters.SHOWN, "data", allow_duplicate=True)}


def fill(asked: Asked) -> dict[str, Any]:
    """The values that put ``asked`` into the form, for a callback whose output is :func:`outputs`."""
    query = asked.query.on_day(utc_now())
    values: dict[str, Any] = {
        "range": query.quick_range or CUSTOM,
        "from": str(query.start.date),
        "from_time": _time_text(query.start.time),
        "to": str(query.end.date),
        "to_time": _time_text(query.end.time),
        "timezone": query.timezone,
        "group_by": list(query.group_by),
        "output": asked.output,
        "send_to": list(asked.send_to),
        "currency": query.currency,
        "active_duration": query.active_duration,
        "shown": [id_ for id_, _ in query.filters],
    }
    return values | {id_: [str(value) for value in query.chosen(id_)] for id_ in IDS}


def fill_as_asked(query: ReportQuery) -> dict[str, Any]:
    """The value of each field, by its id, in a form that asks for the very dates of ``query``.

    Its quick range is one of today's only as long as it means the same dates.
    """
    today = query.on_day(utc_now())
    same = (today.start, today.end) == (query.start, query.end)
    values = fill(Asked(query if same else replace(query, quick_range=None)))
    return {str(output.component_id): values[name] for name, output in outputs().items()}


def compared() -> tuple[str, ...]:
    """Ids of the fields that make the question: not those that say in what form the answer comes, and to whom.

    A quick range asks nothing that its dates do not.
    """
    return tuple(id_ for name, id_ in _FIELDS.items() if name not in ("range", "output", "send_to"))


def read_form(values: Mapping[str, Any]) -> Asked:
    """What the form asks, from the values of :func:`states`.

    Raises :class:`UserError` naming the field when a value is missing or cannot be meant.
    """
    zone = check_zone(str(values.get("timezone") or ""))
    quick_range = None if values.get("range") in (None, "", CUSTOM) else str(values["range"])
    if quick_range is not None:
        if quick_range not in QUICK_RANGES:
            raise UserError(f"Quick range {quick_range!r} is unknown: choose one of the list.", field="period")
        start, end = (Bound(day) for day in quick_range_dates(quick_range, today_in(zone, utc_now())))
    else:
        start = _bound("From", values.get("from"), values.get("from_time"), "from")
        end = _bound("To", values.get("to"), values.get("to_time"), "to")
    output = check_output_type(str(values.get("output") or WEB))
    query = ReportQuery(
        start=start,
        end=end,
        timezone=zone,
        quick_range=quick_range,
        group_by=_texts(values, "group_by"),
        currency=str(values.get("currency") or ""),
        active_duration=_months(values.get("active_duration")),
        filters=tuple((item.id, _values(item, values.get(item.id))) for item in FILTERS),
    ).check()
    send_to = () if output == WEB else tuple(_texts(values, "send_to"))
    wrong = address_problems(send_to)
    if wrong:
        raise UserError(f"Send to: {next(iter(wrong.values()))}", field="send-to")
    return Asked(query, output, send_to)


def read_view(data: Mapping[str, Any] | None, charts: list[Any] | None = None) -> View:
    """What is on the page beside the figures, from its stores; raises :class:`UserError` when it cannot be read."""
    return View.from_json({**(data or {}), "charts": charts})


def read_shown(data: object) -> str | None:
    """The id of the link to the report that the page shows, from its store; None when it shows none.

    Raises :class:`UserError` when it cannot be read.
    """
    if not data:
        return None
    if not isinstance(data, Mapping) or not isinstance(data.get("link"), str):
        raise UserError("Which report the page shows cannot be read: load the page again.")
    return str(data["link"])


@dataclass(frozen=True, slots=True)
class Press:
    """A press of Query: the id by which it can be followed and cancelled, and how many rows the page shows at first.

    ``first`` says that nobody pressed it: the page begins with an answer.
    """

    id: str
    rows: int | None = None
    first: bool = False


def read_press(data: object) -> Press:
    """A run from the page's own store; raises :class:`UserError` when it cannot be read."""
    if not isinstance(data, Mapping) or not isinstance(data.get("id"), str):
        raise UserError("What the page asks cannot be read: load the page again, and press Query.")
    rows = data.get("rows")
    return Press(data["id"], rows if isinstance(rows, int) else None, bool(data.get("first")))


def address_problems(addresses: Sequence[str], settings: Settings | None = None) -> dict[str, str]:
    """What is wrong with which of the e-mail ``addresses``; how they are written is checked, not whether they exist.

    With ``settings`` also whether reports may be sent to them.
    """
    problems = {}
    for address in addresses:
        try:
            validate_email(address, check_deliverability=False)
        except EmailNotValidError as fault:
            problems[address] = f"{address} is not an e-mail address: {fault}"
            continue
        try:
            if settings is not None:
                settings.check_recipient(address)
        except UserError as fault:
            problems[address] = fault.message
    return problems


def _bound(label: str, day: Any, moment: Any, field: str) -> Bound:
    """The date and time of one end of the period; the browser gives nothing for a date that is not whole."""
    if not day:
        raise UserError(f"{label} needs a whole date: choose a day, month and year that exist.", field=field)
    try:
        found = date.fromisoformat(str(day))
    except ValueError:
        raise UserError(f"{label} {day!r} is not a date: write it as YYYY-MM-DD.", field=field) from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise UserError(f"{label} {found} is out of range: choose a year from 1900 to 2199.", field=field)
    if not moment:
        return Bound(found)
    try:
        at = time.fromisoformat(str(moment))
        if at.tzinfo is not None or at.microsecond:
            raise ValueError
    except ValueError:
        raise UserError(f"{label} time {moment!r} is not a time of day: write it as HH:MM.", field=field) from None
    return Bound(found, at)


def _texts(values: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return tuple(str(value) for value in values.get(name) or ())


def _values(item: Filter, values: Any) -> tuple[Value, ...]:
    try:
        return tuple(map(item.parse, values or ()))
    except (TypeError, ValueError, OverflowError):
        raise UserError(
            f"The {item.one} filter holds a value that is not on its list: remove it.", field=item.option
        ) from None


def _months(value: Any) -> int:
    try:
        months = int(value)
        if months != float(value):
            raise ValueError
    except (TypeError, ValueError, OverflowError):  # the last for what is endless
        raise UserError(
            f"Active Duration must be a whole number of months from 1 to {MAX_ACTIVE_DURATION}.",
            field="active-duration",
        ) from None
    return months


def _time_text(moment: time | None) -> str:
    return "" if moment is None else moment.isoformat("seconds" if moment.second else "minutes")
