"""The border between what the page holds and :class:`Asked` and :class:`View`: past here there are only types."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, time
from functools import partial
from typing import Any, TypeVar, cast

from dash import Output, State
from email_validator import EmailNotValidError, validate_email

from data.access import Visibility
from data.acts.templates import Edited, Said
from data.delivery.asked import Asked
from data.delivery.formats import WEB, check_output_type
from data.errors import SeveralFaults, UserError
from data.report.filters import FILTERS, Filter, Value
from data.report.period import FIRST_YEAR, LAST_YEAR, QUICK_RANGES, Bound, check_zone, quick_range_dates, today_in
from data.report.query import MAX_ACTIVE_DURATION, ReportQuery
from data.report.reports import utc_now
from data.report.view import View
from data.settings import Settings
from layouts.filters import CUSTOM, IDS
from layouts.ids import Delivery, Filters, GroupBy, Period
from layouts.templates import ALONG

_Read = TypeVar("_Read")

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

    Raises :class:`UserError` naming the field when a value is missing or cannot be meant, :class:`SeveralFaults` when
    more than one is.
    """
    faults: list[UserError] = []

    def each(read: Callable[[], _Read], otherwise: _Read) -> _Read:
        """What ``read`` makes of a field; what is wrong with it is told with all other faults."""
        try:
            return read()
        except UserError as fault:
            faults.append(fault)
            return otherwise

    today = Bound(today_in("UTC", utc_now()))
    zone = each(lambda: check_zone(str(values.get("timezone") or "")), "UTC")
    quick_range = None if values.get("range") in (None, "", CUSTOM) else str(values["range"])
    if quick_range is not None:
        start, end = each(lambda: _quick_bounds(quick_range, zone), (today, today))
    else:
        start = each(lambda: _bound("From", values.get("from"), values.get("from_time"), "from"), today)
        end = each(lambda: _bound("To", values.get("to"), values.get("to_time"), "to"), today)
        if faults:
            start = end = today
    output = each(lambda: check_output_type(str(values.get("output") or WEB)), WEB)
    no_values: tuple[Value, ...] = ()
    filters = tuple((item.id, each(partial(_values, item, values.get(item.id)), no_values)) for item in FILTERS)
    query = ReportQuery(
        start=start,
        end=end,
        timezone=zone,
        quick_range=quick_range if quick_range in QUICK_RANGES else None,
        group_by=_texts(values.get("group_by")),
        currency=str(values.get("currency") or ""),
        active_duration=each(lambda: _months(values.get("active_duration")), 1),
        filters=filters,
    )
    query = each(query.check, query)
    send_to = () if output == WEB else _texts(values.get("send_to"))
    wrong = address_problems(send_to)
    if wrong:
        faults.append(UserError(f"Send to: {next(iter(wrong.values()))}", field="send-to"))
    if faults:
        raise faults[0] if len(faults) == 1 else SeveralFaults(faults)
    return Asked(query, output, send_to)


def _quick_bounds(quick_range: str, zone: str) -> tuple[Bound, Bound]:
    if quick_range not in QUICK_RANGES:
        raise UserError(f"Quick range {quick_range!r} is unknown: choose one of the list.", field="period")
    first, last = quick_range_dates(quick_range, today_in(zone, utc_now()))
    return Bound(first), Bound(last)


def read_view(data: object, charts: object = None) -> View:
    """What is on the page beside the figures, from its stores; raises :class:`UserError` when it cannot be read."""
    return View.from_json({**_object({} if data is None else data), "charts": charts})


def read_columns(data: object) -> tuple[str, ...]:
    """Ids of the metrics that a person wants to see; raises :class:`UserError` when they cannot be read."""
    return _texts(data)


def read_shown(data: object) -> str | None:
    """The id of the link to the report that the page shows, from its store; None when it shows none.

    Raises :class:`UserError` when it cannot be read.
    """
    return _text(_object(data).get("link")) if data else None


def read_part(data: object) -> str:
    """A part of the address, empty when it has none; raises :class:`UserError` when it cannot be read."""
    return _text(data or "")


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
    press = _object(data)
    rows = press.get("rows")
    return Press(_text(press.get("id")), rows if isinstance(rows, int) else None, bool(press.get("first")))


@dataclass(frozen=True, slots=True)
class Sight:
    """Charts that the page asks for: of the report behind a link, in which look. Each is read on its own."""

    link: str
    charts: tuple[object, ...]
    dark: bool
    narrow: bool


def read_sight(data: object) -> Sight:
    """The charts that the page asks for, from its store; raises :class:`UserError` when they cannot be read."""
    asked = _object(data)
    charts = asked.get("charts")
    if not isinstance(charts, list):
        raise _unreadable()
    return Sight(_text(asked.get("link")), tuple(charts), asked.get("dark") is True, asked.get("narrow") is True)


def read_kept(data: object) -> object:
    """The chart that is to be kept as a preset, for :meth:`ChartSpec.from_json`; raises :class:`UserError`."""
    return _object(data).get("chart")


@dataclass(frozen=True, slots=True)
class Use:
    """What a person does with which template of the list."""

    template: str
    act: str


def read_use(data: object) -> Use:
    """A touch of the list of templates; raises :class:`UserError` when it cannot be read."""
    touched = _object(data)
    return Use(_text(touched.get("id")), _text(touched.get("act")))


def read_edited(data: object) -> Edited | None:
    """The template that the dialog changes, None for a new one; raises :class:`UserError` when it cannot be read."""
    if data is None:
        return None
    edited = _object(data)
    version = edited.get("version")
    if not isinstance(version, int):
        raise _unreadable()
    return Edited(_text(edited.get("id")), version)


def read_said(fields: Mapping[str, Any]) -> Said:
    """What the dialog says of a template, from its fields; raises :class:`UserError` when they cannot be read."""
    along = _texts(fields.get("along"))
    return Said(
        title=_text(fields.get("title") or ""),
        description=_text(fields.get("description") or ""),
        visibility=cast("Visibility", _text(fields.get("visibility") or "me")),
        along=tuple(name for name in ALONG if name in along),
        runs_at_once=bool(fields.get("runs")),
    )


def read_addresses(data: object) -> tuple[str, ...]:
    """The e-mail addresses of a field, as they were typed; raises :class:`UserError` when they cannot be read."""
    return _texts(data)


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


def _texts(data: object) -> tuple[str, ...]:
    if not data:
        return ()
    if not isinstance(data, list | tuple):
        raise _unreadable()
    return tuple(map(_text, data))


def _text(data: object) -> str:
    if not isinstance(data, str):
        raise _unreadable()
    return data


def _object(data: object) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise _unreadable()
    return data


def _unreadable() -> UserError:
    return UserError("What the page asks cannot be read: load the page again.")


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
