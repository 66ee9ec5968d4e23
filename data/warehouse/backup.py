# ruff: noqa: S608 - SQL is put together from the names of our own schema; paths are quoted
"""The data as files again: the dataset's seven tables as Parquet, which any engine loads with `flask load`.

So it is a backup of a warehouse, and the way from one engine to another.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import sqlalchemy as sa

from data.warehouse.engines import Warehouse, open_scratch
from data.warehouse.schema import DATASET, MICROS
from data.warehouse.values import quoted

_PIECE = 100_000
_TYPES = {"Date": "DATE", "DateTime": "TIMESTAMP", "BigInteger": "BIGINT", "Numeric": "DECIMAL(38, 18)"}


def write_files(warehouse: Warehouse, folder: Path, tell: Callable[[str], None] = lambda _: None) -> dict[str, int]:
    """Write each table of the live version to ``folder``; how many rows. ``tell`` hears what is being written.

    All tables are of one version, however many loads are published meanwhile.
    """
    counts = {}
    with tempfile.TemporaryDirectory(prefix="customer-dynamics-backup-") as spill, warehouse.read() as reading:
        for table in DATASET:
            tell(table.name)
            with open_scratch(Path(spill)) as scratch:
                columns = ", ".join(f'"{column.name}" {_type(column)}' for column in table.columns)
                scratch.execute(f"CREATE TABLE part ({columns})")
                question = sa.select(*(_readable(column) for column in table.columns)).order_by(*table.primary_key)
                found = reading.connection.execution_options(yield_per=_PIECE).execute(question)
                for rows in found.partitions():
                    piece = pd.DataFrame(
                        [tuple(row) for row in rows], columns=[c.name for c in table.columns], dtype=object
                    )
                    scratch.register("piece", piece)
                    scratch.execute(f"INSERT INTO part SELECT {', '.join(map(_cast, table.columns))} FROM piece")
                    scratch.unregister("piece")
                chosen = ", ".join(map(_written, table.columns))
                file = quoted(str(folder / f"{table.name}.parquet"))
                scratch.execute(f"COPY (SELECT {chosen} FROM part) TO {file} (FORMAT parquet, COMPRESSION zstd)")
                [(counts[table.name],)] = scratch.execute("SELECT count(*) FROM part").fetchall()
    return counts


def _type(column: sa.Column[Any]) -> str:
    return _TYPES.get(type(column.type).__name__, "VARCHAR")


def _readable(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """Decimals as text: what a driver makes of them is not to be guessed."""
    return sa.cast(column, sa.String).label(column.name) if isinstance(column.type, sa.Numeric) else column


def _cast(column: sa.Column[Any]) -> str:
    return f'CAST("{column.name}" AS {_type(column)})'


def _written(column: sa.Column[Any]) -> str:
    if column.name == "amount_micros":
        # Exact: a product of decimals, no quotient.
        return f"CAST(amount_micros AS DECIMAL(19, 0)) * CAST({1 / MICROS:.6f} AS DECIMAL(7, 6)) AS amount"
    return f'"{column.name}"'
