"""The two kinds of error this product knows.

A :class:`UserError` is safe to show: it names the field and the remedy in one sentence. Everything else is a fault of
ours: it is logged with an incident id, and the person sees a plain sentence and that id.
"""

from __future__ import annotations

import difflib
import logging
import secrets
from collections.abc import Iterable, Sequence

from data import events


class UserError(Exception):
    """Something a person can put right. ``field`` names what to change (a form field or a command-line option)."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class SeveralFaults(UserError):
    """More than one thing that a person can put right, told together; the first stands for all where one is told."""

    def __init__(self, faults: Sequence[UserError]) -> None:
        super().__init__(" ".join(fault.message for fault in faults), field=faults[0].field)
        self.faults = tuple(faults)


class NoData(UserError):
    """There is no warehouse to read from yet."""


class Outdated(NoData):
    """There is data, but an earlier version of the program loaded it and it has to be made ready for this one."""


class Unreachable(UserError):
    """A database's server is not there, refuses us, or has gone in the middle."""


class Damaged(UserError):
    """A file of the warehouse is not what was written."""


class DiskRefuses(UserError):
    """The disk is full, read-only, or closed to the account that runs the program."""


class MissingRate(UserError):
    """An amount that enters the report has no exchange rate on or before its date (semantics, section 5)."""

    def __init__(self, currency: str, date: object) -> None:
        super().__init__(
            f"No exchange rate for {currency} on or before {date}: load one with `flask load-rates` or a rates file, "
            f"or choose another report currency.",
            field="currency",
        )
        self.currency = currency
        self.date = date


class Cancelled(Exception):
    """The person who asked for a report has withdrawn the question."""


def did_you_mean(value: str, choices: Iterable[object]) -> str:
    """A short hint " Did you mean X?" when ``value`` is close to one of ``choices``, else an empty string."""
    close = difflib.get_close_matches(str(value), [str(choice) for choice in choices], n=1, cutoff=0.6)
    return f" Did you mean {close[0]}?" if close else ""


def report_incident(fault: BaseException, log: logging.Logger) -> str:
    """Log a fault of ours with its trace under a new incident id, and return the id for the person to quote."""
    incident = secrets.token_hex(4).upper()
    log.error("Incident %s: %s", incident, fault, exc_info=fault)
    events.tell("incident", incident=incident, fault=type(fault).__name__, where=log.name)
    return incident
