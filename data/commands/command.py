"""How our commands fail: one clear line on standard error, and an exit status that says whose fault it was."""

from __future__ import annotations

import logging
import os
import re
from logging.handlers import RotatingFileHandler
from typing import Any

import click

from data.disk import disk_trouble, make_private
from data.errors import MissingRate, NoData, UserError, report_incident
from data.places import INCIDENTS
from data.settings import Settings

BAD_ARGUMENTS = 2
FAILED = 1

_INCIDENTS_BYTES = 1_000_000
"""Size from which the file of incidents is put aside; three such are kept beside it."""
_MIN_INT64, _MAX_INT64 = -(2**63), 2**63 - 1


class _Refusal(click.ClickException):
    """One line, whatever the message looks like, and an exit status of its own."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(" ".join(message.split()))
        self.exit_code = status  # type: ignore[misc]  # Click reads it from the instance


class PlainCommand(click.Command):
    """A command whose every failure is one line on standard error.

    Exit status 2 is for bad arguments: Click's own, and a :class:`UserError` that names a field. Status 1 is for what
    the arguments cannot help: no data, a missing rate, a bad setting, or a fault of ours, whose trace goes to the file
    incidents.log below VAR_DIR and not to the terminal.
    """

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Parse the arguments; usage errors come without the usage text that Click puts before them."""
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.UsageError as fault:
            raise _Refusal(fault.format_message(), BAD_ARGUMENTS) from fault

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command and turn what goes wrong into its line."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except (MissingRate, NoData) as fault:
            raise _Refusal(fault.message, FAILED) from fault
        except UserError as fault:
            raise _Refusal(fault.message, BAD_ARGUMENTS if fault.field else FAILED) from fault
        except Exception as fault:
            raise _Refusal(disk_trouble(fault) or _incident(fault), FAILED) from fault


class WholeNumber(click.ParamType[int]):
    """A whole number in plain digits, of 64 bits: no "1_000", " 7", "+7" or digits of other scripts."""

    name = "integer"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number, or Click's usage error."""
        if isinstance(value, int):
            return value
        if not re.fullmatch("-?[0-9]{1,19}", value) or not _MIN_INT64 <= int(value) <= _MAX_INT64:
            self.fail(f"{value!r} is not a whole number.", param, ctx)
        return int(value)


def _incident(fault: Exception) -> str:
    """Write the trace down and return the sentence that tells where."""
    log = logging.getLogger("customer_dynamics.command_line")
    try:
        place = Settings.from_environment().folder / INCIDENTS
        make_private(place.parent)
        os.close(os.open(place, os.O_CREAT | os.O_WRONLY, 0o600))
        handler = RotatingFileHandler(place, maxBytes=_INCIDENTS_BYTES, backupCount=3, encoding="utf-8")
    except (OSError, UserError):
        # Nowhere to write it down: better a trace on the terminal than none.
        return f"Something went wrong on our side: the trace above is incident {report_incident(fault, log)}."
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    log.addHandler(handler)
    propagate, log.propagate = log.propagate, False
    try:
        incident = report_incident(fault, log)
    finally:
        log.propagate = propagate
        log.removeHandler(handler)
        handler.close()
    return f"Something went wrong on our side: incident {incident} is written down in {place}."
