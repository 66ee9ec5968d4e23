# ruff: noqa: S608 - SQL is put together from our own names and expressions; values from outside are bound or quoted
"""Loads exchange rates from the European Central Bank's own history file: wide CSV, one column for each currency."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

import duckdb

from data.errors import UserError
from data.outputs import check_output
from data.settings import Settings
from data.warehouse.csv_source import CsvSource
from data.warehouse.load import LoadSummary, Progress, load_sources
from data.warehouse.publish import Target
from data.warehouse.rejects import LoadRefused
from data.warehouse.source import SourceRow
from data.warehouse.values import Field, quoted

BANK_CURRENCY = "EUR"
_NONE = "N/A"
_DATE = "Date"


def load_rates(
    settings: Settings,
    file: Path | str,
    *,
    keep_going: bool = False,
    rejects: Path | str | None = None,
    progress: Progress | None = None,
) -> LoadSummary:
    """Load the bank's history file, ``eurofxref-hist.csv`` or the zip of it, through the same checks as any other file.

    Its rates are units for one euro, so any other base currency is refused: to divide one rate by another would not be
    exact. Raises as :func:`data.warehouse.load.load_folder` does.
    """
    if settings.base_currency != BANK_CURRENCY:
        raise UserError(
            f"The European Central Bank's rates are for one {BANK_CURRENCY} and BASE_CURRENCY is "
            f"{settings.base_currency}: load a rates file for that currency with `flask load` instead."
        )
    path = Path(file).absolute()
    if rejects is not None:
        rejects = check_output(Path(rejects), "rejects", settings, [path])
    return load_sources(
        settings,
        lambda target: [_open(path, target)],
        str(path),
        keep_going=keep_going,
        rejects=rejects,
        progress=progress,
    )


def _open(path: Path, target: Target) -> CsvSource:
    if not path.is_file():
        raise LoadRefused(f"There is no file {path}.")
    if not zipfile.is_zipfile(path):
        return BankSource("rates", path, target.folder)
    with zipfile.ZipFile(path) as archive:
        members = [name for name in archive.namelist() if name.lower().endswith(".csv")]
        if len(members) != 1:
            raise LoadRefused(f"{path.name} holds {len(members)} CSV files: expected the bank's history file alone.")
        unpacked = target.folder / "bank.csv"
        try:
            with archive.open(members[0]) as packed, unpacked.open("wb") as stream:
                while block := packed.read(1 << 20):
                    stream.write(block)
        except (zipfile.BadZipFile, RuntimeError, OSError) as error:
            raise LoadRefused(f"{path.name} cannot be unpacked: {error}.") from error
    return BankSource("rates", unpacked, target.folder, label=f"{path.name}/{members[0]}")


class BankSource(CsvSource):
    """The bank's file as rows of currency, date and rate; cells without a rate are no rows."""

    def check_header(self) -> tuple[str, ...]:
        self._currencies = [name.strip() for name in self.header[1:]]
        named = [name for name in self._currencies if name]
        if self.header[0].strip() != _DATE or not named:
            raise LoadRefused(
                f"{self.label}:1: this is not the European Central Bank's history file, which begins with {_DATE},USD: "
                "load files of currency, date and rate with `flask load`."
            )
        twice = sorted({name for name in named if named.count(name) > 1})
        if twice:
            raise LoadRefused(f"{self.label}:1: column '{twice[0]}' comes twice.")
        return ()

    def _relation(self, path: Path, width: int, *, parallel: bool) -> str:
        lines = super()._relation(path, width, parallel=parallel)
        # A comma ends each line, so there is a last column without a name.
        cells = [(name, f"trim(c{1 + index})") for index, name in enumerate(self._currencies) if name]
        return (
            f"(SELECT * FROM (SELECT place, unnest([{', '.join(quoted(name) for name, _ in cells)}]) AS currency, "
            f"trim(c0) AS date, unnest([{', '.join(cell for _, cell in cells)}]) AS rate "
            f"FROM (SELECT row_number() OVER () - 1 AS place, * FROM {lines})) "
            f"WHERE rate IS NOT NULL AND rate NOT IN ('', {quoted(_NONE)}))"
        )

    def column(self, name: str) -> str:
        return name

    def text(self, field: Field) -> str:
        return f"nullif({field.name}, '')"

    def places(self, connection: duckdb.DuckDBPyConnection, ordinals: Sequence[int]) -> dict[int, SourceRow]:
        cells: list[tuple[int, int, str, str, str]] = connection.execute(
            "SELECT * FROM (SELECT row_number() OVER () - 1 AS ordinal, place, currency, coalesce(date, ''), rate "
            f"FROM {self.relation}) WHERE ordinal IN (SELECT unnest(?::BIGINT[]))",
            [list(ordinals)],
        ).fetchall()
        rows = dict(self.rows([place for _, place, *_ in cells]))
        return {
            ordinal: SourceRow(
                rows[place].line,
                {"currency": currency, "date": date, "rate": rate},
                rows[place].text,
                {"currency": currency, "date": _DATE, "rate": currency},
            )
            for ordinal, place, currency, date, rate in cells
        }
