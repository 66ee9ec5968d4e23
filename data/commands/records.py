"""`flask records`: brings the records' schema up to date, cleans up old links, checks what is stored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from data.commands.command import PlainCommand
from data.settings import Settings
from data.store.records import Records, open_records


@click.group()
def records() -> None:
    """Our own records: links to reports, templates, preferences."""


@contextmanager
def _opened() -> Iterator[Records]:
    """The records of the settings, closed at the end so that SQLite puts everything into its one file."""
    found = open_records(Settings.from_environment())
    try:
        yield found
    finally:
        found.database.close()


@records.command(cls=PlainCommand)
def upgrade() -> None:
    """Bring the database's schema up to date (SQLite does this by itself)."""
    with _opened() as found:
        before, after = found.database.upgrade()
    if before == after:
        click.echo(f"The records are up to date (schema {after}).")
    else:
        click.echo(f"The records were brought from schema {before or 'nothing'} to {after}.")


@records.command("clean-up", cls=PlainCommand)
def clean_up() -> None:
    """Delete links that nobody copied or opened for LINK_KEEP_DAYS, and the reports only they led to."""
    with _opened() as found:
        done = found.upkeep.clean_up()
    click.echo(f"Deleted {done.links:,} links and {done.contents:,} reports ({done.size:,} bytes).")
    if done.waiting:
        click.echo(
            f"{done.waiting:,} more are old enough by the clock as it is now: they go when it says so again in a day.",
            err=True,
        )


@records.command(cls=PlainCommand)
def check() -> None:
    """Check every stored report and link as opening it would; exit status 1 if any is damaged."""
    with _opened() as found:
        seen = found.upkeep.check()
    each = f", {seen.size / seen.contents:,.0f} bytes a report" if seen.contents else ""
    click.echo(f"{seen.links:,} links to {seen.contents:,} reports ({seen.size:,} bytes stored{each}).")
    if seen.damaged:
        for link_id in seen.damaged:
            # The start tells which link it is, and nobody who reads a log how to open it.
            click.echo(f"Damaged: link {link_id[:6]}…", err=True)
        raise click.ClickException(f"{len(seen.damaged):,} links are damaged: restore the records from a backup.")


commands: tuple[click.Command, ...] = (records,)
