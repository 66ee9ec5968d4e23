"""`flask report`: a report on standard output or in a file (semantics, section 7)."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

import click

from data.access import OPERATOR, NotAllowed, Right, User
from data.commands.command import FAILED, PlainCommand, WholeNumber
from data.currencies import currency_codes
from data.delivery.formats import FORMAT, FORMATS, export, format_of
from data.errors import UserError
from data.outputs import check_output, replacing
from data.report.choices import read_choices
from data.report.dimensions import DIMENSION
from data.report.filters import FILTERS, Value
from data.report.period import Bound, parse_instant
from data.report.query import ReportQuery
from data.report.run import Stopwatch, run_report
from data.report.telling import telling
from data.settings import Settings
from data.store.audit import Act
from data.store.records import open_records
from data.warehouse.engines import Warehouse, open_warehouse

_STANDARD_OUTPUT = Path("-")


_Command = Callable[..., None]


def _filter_options(command: _Command) -> _Command:
    """An option for each filter of the catalog, in its order."""
    for item in reversed(FILTERS):
        add = click.option(
            f"--{item.option}",
            item.id,
            multiple=True,
            type=WholeNumber() if item.by_id else str,
            metavar=item.metavar,
            help=f"{item.help} May be repeated.",
        )
        command = add(command)
    return command


@click.command("report", cls=PlainCommand)
@click.option("--from", "start", required=True, metavar="D", help="First date, or local time: YYYY-MM-DD[THH:MM[:SS]].")
@click.option(
    "--to", "end", required=True, metavar="D", help="Last date (inclusive), or the local time to stop before."
)
@click.option("--timezone", default="UTC", show_default=True, metavar="Z", help="IANA time zone, like Europe/Kyiv.")
@click.option("--group-by", multiple=True, metavar="|".join(DIMENSION), help="A column to group by. May be repeated.")
@_filter_options
@click.option("--currency", metavar="C", help="Report currency, ISO 4217.  [default: the base currency]")
@click.option(
    "--active-duration",
    type=WholeNumber(),
    default=1,
    show_default=True,
    metavar="N",
    help="Months back in which a paid service makes a client active.",
)
@click.option("--as-of", metavar="INSTANT", help="Report as it was at this instant, ISO 8601.  [default: now]")
@click.option(
    "--format",
    "format_id",
    type=click.Choice(list(FORMAT)),
    help="File format.  [default: the one that FILE is named for, else json]",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="File to write, complete or not at all.  [default: standard output]",
)
@click.option(
    "--as",
    "email",
    metavar="EMAIL",
    help="With the rights of this person, and of their clients.  [default: the operator's]",
)
def report(
    *,
    start: str,
    end: str,
    timezone: str,
    group_by: tuple[str, ...],
    currency: str | None,
    active_duration: int,
    as_of: str | None,
    format_id: str | None,
    output: Path | None,
    email: str | None,
    **chosen: tuple[Value, ...],
) -> None:
    """Write the Customer Dynamics report of a period."""
    settings = Settings.from_environment()
    if settings.base_currency not in currency_codes():
        raise UserError(f"BASE_CURRENCY {settings.base_currency!r} is not an ISO 4217 code.")
    query = ReportQuery(
        start=Bound.parse(start, field="from"),
        end=Bound.parse(end, field="to"),
        timezone=timezone,
        # As options are written, too: client-type.
        group_by=(name.replace("-", "_") for name in group_by),
        currency=settings.base_currency if currency is None else currency,
        active_duration=active_duration,
        filters=tuple(chosen.items()),
    ).check()
    moment = None if as_of is None else parse_instant(as_of, field="as-of")
    target = None if output in {None, _STANDARD_OUTPUT} else check_output(output, "output", settings)
    format_id = format_id or _format_for(output)

    user = OPERATOR if email is None else _person(settings, email, exports=target is not None or format_id != "json")
    warehouse = open_warehouse(settings)
    watch = Stopwatch()
    with telling(query, user, source="command line") as told:
        result = run_report(
            warehouse,
            query,
            user,
            base_currency=settings.base_currency,
            as_of=moment,
            watch=watch,
            check_source=bool(settings.check_sources),
        )
        told.answered(result, "run", watch.seconds())
    content = export(result, format_id, names=_names(warehouse, query, user))
    if target is None:
        _to_standard_output(content)
    else:
        with replacing(target) as file:
            file.write(content)
    if result.info.notice:
        click.echo(result.info.notice, err=True)


def _person(settings: Settings, email: str, *, exports: bool) -> User:
    """The person with this address, if they may have the report; JSON on standard output is no export.

    Raises :class:`UserError`.
    """
    records = open_records(settings)
    try:
        user = records.users.by_email(email)
        if user is None:
            raise UserError(f"--as {email}: nobody with this address may sign in.", field="as")
        for right in (Right.VIEW, Right.EXPORT) if exports else (Right.VIEW,):
            if not user.may(right):
                records.audit.write(Act.REFUSED, user, "flask report", address="command line", right=right.value)
                raise UserError(f"--as {email}: {NotAllowed(right).message}", field="as")
        records.audit.write(Act.REPORT_RUN, user, "flask report", address="command line")
        return user
    finally:
        records.database.close()


def _format_for(output: Path | None) -> str:
    """The format that the output is named for; JSON for standard output and for names without an ending.

    Another ending is no format of ours: it is refused, since a file is taken for what its name says.
    """
    if output is None or output == _STANDARD_OUTPUT or not output.suffix or (output.exists() and not output.is_file()):
        return "json"
    named = format_of(output.name)
    if named is None:
        raise UserError(
            f"--output {output} is named for no format of ours: choose one with --format, "
            f"or end the name in {', '.join(f'.{item.extension}' for item in FORMATS)}.",
            field="output",
        )
    return named.id


def _names(warehouse: Warehouse, query: ReportQuery, user: User) -> dict[tuple[str, object], str]:
    """Names of what the query filters by, for the facts of formats that carry them."""
    if not query.names_ids:
        return {}
    with warehouse.read() as reading:
        return read_choices(reading, user).names


def _to_standard_output(content: bytes) -> None:
    stream = sys.stdout.buffer
    try:
        stream.write(content)
        stream.flush()
    except BrokenPipeError:
        # The reader has seen enough. What is still buffered must not complain when the process ends.
        _to_nowhere()
        sys.exit(FAILED)
    except OSError as fault:
        _to_nowhere()
        raise UserError(f"The report could not be written: {fault.strerror or fault}.") from fault


def _to_nowhere() -> None:
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


commands: tuple[click.Command, ...] = (report,)
