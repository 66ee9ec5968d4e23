"""`flask records`: brings the records' schema up to date, cleans up old links, checks what is stored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from data.commands.command import PlainCommand
from data.outputs import check_output, replacing
from data.settings import Settings
from data.store.backup import read_backup, write_backup
from data.store.records import Records, open_records


@click.group()
def records() -> None:
    """Our own records: links to reports, templates, preferences."""


@contextmanager
def opened() -> Iterator[Records]:
    """The records of the settings, closed at the end so that SQLite puts everything into its one file."""
    found = open_records(Settings.from_environment())
    try:
        yield found
    finally:
        found.database.close()


@records.command(cls=PlainCommand)
def upgrade() -> None:
    """Bring the database's schema up to date (SQLite does this by itself)."""
    with opened() as found:
        before, after = found.database.upgrade()
    if before == after:
        click.echo(f"The records are up to date (schema {after}).")
    else:
        click.echo(f"The records were brought from schema {before or 'nothing'} to {after}.")


@records.command("clean-up", cls=PlainCommand)
def clean_up() -> None:
    """Delete links that nobody copied or opened for LINK_KEEP_DAYS, and the reports only they led to."""
    with opened() as found:
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
    with opened() as found:
        seen = found.upkeep.check()
    each = f", {seen.size / seen.contents:,.0f} bytes a report" if seen.contents else ""
    click.echo(f"{seen.links:,} links to {seen.contents:,} reports ({seen.size:,} bytes stored{each}).")
    if seen.damaged:
        for link_id in seen.damaged:
            # The start tells which link it is, and nobody who reads a log how to open it.
            click.echo(f"Damaged: link {link_id[:6]}…", err=True)
        raise click.ClickException(f"{len(seen.damaged):,} links are damaged: restore the records from a backup.")


@records.command(cls=PlainCommand)
@click.argument("file", type=click.Path(path_type=Path))
def backup(file: Path) -> None:
    """Write all records as they are at this moment to FILE, which `flask records restore` reads on any engine."""
    settings = Settings.from_environment()
    target = check_output(file, "file", settings)
    with opened() as found, replacing(target) as stream:
        counts = write_backup(found.database, stream)
    click.echo(f"Wrote {sum(counts.values()):,} records to {file}. Keep it private: it holds accounts and reports.")


@records.command(cls=PlainCommand)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Put the records of FILE, which `flask records backup` wrote, into a database that has none."""
    with opened() as found, file.open("rb") as stream:
        counts = read_backup(found.database, stream)
        damaged = found.upkeep.check().damaged
    click.echo(f"Restored {sum(counts.values()):,} records.")
    if damaged:
        raise click.ClickException(f"{len(damaged):,} links are damaged, as they were when the backup was made.")


commands: tuple[click.Command, ...] = (records,)
