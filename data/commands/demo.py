"""`flask demo`: makes a believable company and loads it, so that every page has something to show."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import click

from data.commands.command import PlainCommand
from data.demo_people import DEMO_SOURCE, settle
from data.errors import NoData, Outdated, UserError
from data.outputs import check_folder, filling
from data.settings import Settings
from data.warehouse.demo_cast import CLIENTS, SEED
from data.warehouse.engines import open_warehouse
from data.warehouse.load import load_folder, rebuild


@click.command("demo", cls=PlainCommand)
@click.option("--seed", default=SEED, show_default=True, type=click.IntRange(min=0), help="Which company to imagine.")
@click.option("--clients", default=CLIENTS, show_default=True, type=click.IntRange(10, 100_000), help="How many.")
@click.option(
    "--output", type=click.Path(file_okay=False, path_type=Path), help="Keep the files in this folder, made if needed."
)
@click.option("--if-empty", is_flag=True, help="Keep the data that there is, if any.")
def demo(seed: int, clients: int, output: Path | None, if_empty: bool) -> None:
    """Make a telecom operator with three years of history up to today and load it into an empty warehouse.

    The same day, seed and number of clients give the same company.
    """
    from data.warehouse.demo import write_demo

    settings = Settings.from_environment()
    has_data, outdated = _standing(settings)
    if has_data:
        if if_empty:
            # What `make run` serves may have been loaded before the program was brought up to date. Otherwise it must
            # not ask for the warehouse, or it would wait for any load that is under way.
            if outdated:
                rebuild(settings)
            settle(settings)
            return
        raise UserError(
            "The warehouse has data already, and a demo company must not be mixed with it: "
            "name another warehouse with WAREHOUSE_URL."
        )
    target = None if output is None else check_folder(output, "output", settings)
    with tempfile.TemporaryDirectory(prefix="customer-dynamics-demo-") as scratch:
        folder = target or Path(scratch)
        click.echo(f"Making a demo company of {clients:,} clients ...", err=True)
        today = datetime.now(UTC).date()
        with filling(folder) as unfinished:
            write_demo(unfinished, clients=clients, seed=seed, today=today, base_currency=settings.base_currency)
        loaded = load_folder(settings, folder, source=f"{DEMO_SOURCE} (seed {seed})")
    settle(settings)
    for table in loaded.tables:
        click.echo(f"{table.table}: {table.new:,} rows")


def _standing(settings: Settings) -> tuple[bool, bool]:
    """Whether there is data, and whether an earlier version of the program loaded it."""
    try:
        with open_warehouse(settings).read():
            return True, False
    except Outdated:
        return True, True
    except NoData:
        return False, False


commands: tuple[click.Command, ...] = (demo,)
