"""`flask load`, `flask load-rates` and `flask warehouse`: what fills the warehouse, and its earlier versions."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import perf_counter

import click

from data import events
from data.commands.command import PlainCommand
from data.errors import Damaged, UserError
from data.outputs import check_folder, filling
from data.settings import Settings
from data.warehouse.engines import embedded_path, last_load, noticing_damage, open_warehouse, warehouse_url
from data.warehouse.load import LoadSummary, Progress, load_folder, rebuild
from data.warehouse.notation import parse_notation
from data.warehouse.rates import load_rates
from data.warehouse.rejects import LoadRefused
from data.warehouse.versions import Versions

_keep_going = click.option(
    "--keep-going", is_flag=True, help="Keep the good rows of a load that has bad ones; needs --rejects."
)
_rejects = click.option(
    "--rejects",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the bad rows here, as CSV.",
)


@click.command(cls=PlainCommand)
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@_keep_going
@_rejects
@click.option(
    "--encoding", default="utf-8", metavar="NAME", help="Encoding of the CSV files, like utf-16 or cp1252.  [utf-8]"
)
@click.option("--delimiter", default=",", metavar="CHAR", help="What separates columns in CSV, like ';' or tab.  [,]")
@click.option("--decimal-comma", is_flag=True, help="Amounts and rates in texts have a decimal comma: 12,50.")
@click.option(
    "--null",
    "nulls",
    multiple=True,
    metavar="TEXT",
    help="A text that stands for an empty value; repeat it for others.",
)
def load(
    path: Path,
    keep_going: bool,
    rejects: Path | None,
    encoding: str,
    delimiter: str,
    decimal_comma: bool,
    nulls: tuple[str, ...],
) -> None:
    """Load a folder of the dataset's files (CSV or Parquet, also compressed, in any number of parts), or one of them.

    Rows replace those of the same key, so a load may be repeated. One bad row means that nothing is kept, unless asked
    otherwise.
    """
    notation = parse_notation(encoding=encoding, delimiter=delimiter, decimal_comma=decimal_comma, nulls=nulls)
    _load(partial(load_folder, notation=notation), path, keep_going, rejects)


@click.command("load-rates", cls=PlainCommand)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_keep_going
@_rejects
def load_bank_rates(file: Path, keep_going: bool, rejects: Path | None) -> None:
    """Load exchange rates from the European Central Bank's history file, eurofxref-hist.csv or the zip of it."""
    _load(load_rates, file, keep_going, rejects)


def _load(run: Callable[..., LoadSummary], path: Path, keep_going: bool, rejects: Path | None) -> None:
    if keep_going and rejects is None:
        raise UserError("--keep-going needs --rejects FILE, so that no row is lost unseen.", field="rejects")
    began = perf_counter()
    try:
        with _progress() as progress:
            summary = run(Settings.from_environment(), path, keep_going=keep_going, rejects=rejects, progress=progress)
    except LoadRefused as refusal:
        for line in refusal.lines:
            click.echo(line, err=True)
        events.tell("load", outcome="refused", source=path.name, seconds=round(perf_counter() - began, 3))
        raise
    events.tell(
        "load",
        outcome="nothing changed" if summary.version is None else "loaded",
        source=path.name,
        version=summary.version,
        rows={table.table: table.new + table.replaced for table in summary.tables},
        rejected=sum(table.rejected for table in summary.tables),
        seconds=round(perf_counter() - began, 3),
    )
    for warning in summary.warnings:
        click.echo(f"Warning: {warning}", err=True)
    for table in summary.tables:
        click.echo(str(table))
    if summary.version is None:
        click.echo("Nothing changed: the warehouse holds all of this already.", err=True)
    rejected = sum(table.rejected for table in summary.tables)
    if rejected:
        click.echo(f"{rejected:,} bad row{'s were' if rejected > 1 else ' was'} left out: see {rejects}.", err=True)


@contextmanager
def _progress() -> Iterator[Progress]:
    """A bar on a terminal, else a plain line for each step; both on standard error."""
    if not sys.stderr.isatty():
        yield lambda what, done, total: click.echo(f"[{done}/{total}] {what}", err=True)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Starting", total=None)
        yield lambda what, done, total: bar.update(task, description=what, completed=done, total=total)


@click.group()
def warehouse() -> None:
    """The warehouse itself: its earlier versions if it is embedded, and its upkeep."""


def _versions(settings: Settings) -> Versions:
    url = warehouse_url(settings)
    if url.get_backend_name() != "duckdb":
        raise UserError(
            "Versions are for the embedded warehouse (DuckDB): WAREHOUSE_URL names "
            f"{url.get_backend_name()}, which has backups of its own."
        )
    return Versions(embedded_path(url))


def _size(file: Path) -> str:
    return f"{file.stat().st_size / 1_000_000:,.1f} MB"


@warehouse.command("versions", cls=PlainCommand)
def list_versions() -> None:
    """List the versions that are kept, the newest first; a star marks the live one."""
    versions = _versions(Settings.from_environment())
    live = versions.live()
    names = versions.names()
    if not names:
        click.echo("There are no versions yet: nothing has been loaded.", err=True)
    for name in names:
        star = "*" if name == live else " "
        try:
            with noticing_damage(versions, name):
                made = last_load(versions.file(name))
        except Damaged:
            click.echo(f"{star} {name}  damaged")
            continue
        click.echo(
            f"{star} {name}  {made.loaded_at:%Y-%m-%d %H:%M:%S} UTC  {_size(versions.file(name)):>12}  "
            f"{made.rows:>14,} rows  {made.source}"
        )


@warehouse.command(cls=PlainCommand)
@click.argument("version", required=False)
def rollback(version: str | None) -> None:
    """Make an earlier VERSION live again, the one before the live one unless named. Nothing is deleted."""
    versions = _versions(Settings.from_environment())
    live = versions.roll_back(version)
    click.echo(f"Live now: {live}")
    with noticing_damage(versions, live):
        last_load(versions.file(live))


@warehouse.command(cls=PlainCommand)
@click.option(
    "--keep", type=click.IntRange(0), help="How many to keep besides the live one.  [default: WAREHOUSE_KEEP]"
)
def prune(keep: int | None) -> None:
    """Delete old versions. The live one always stays."""
    settings = Settings.from_environment()
    versions = _versions(settings)
    with versions.locked():
        dropped = versions.prune(settings.warehouse_keep if keep is None else keep)
    click.echo(f"Deleted {', '.join(dropped)}." if dropped else "There was nothing to delete.")


@warehouse.command("rebuild", cls=PlainCommand)
def rebuild_warehouse() -> None:
    """Make data that an earlier version of this program loaded ready for this one. All of it is kept."""
    settings = Settings.from_environment()
    with _progress() as progress:
        version = rebuild(settings, progress=progress)
    click.echo("There is nothing to rebuild." if version is None else f"Live now: {version}", err=version is None)


@warehouse.command(cls=PlainCommand)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def backup(folder: Path) -> None:
    """Write the live data as Parquet files into FOLDER; `flask load FOLDER` brings them back on any engine."""
    from data.warehouse.backup import write_files

    settings = Settings.from_environment()
    target = check_folder(folder, "folder", settings)
    with filling(target) as unfinished:
        counts = write_files(open_warehouse(settings), unfinished, lambda table: click.echo(table, err=True))
    click.echo(f"Wrote {sum(counts.values()):,} rows of {len(counts)} tables to {folder}.")


commands: tuple[click.Command, ...] = (load, load_bank_rates, warehouse)
