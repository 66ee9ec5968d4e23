"""A company so small that every row can be seen at a glance, as files, and what a warehouse holds, as rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from data.settings import Settings
from data.warehouse.engines import open_warehouse
from data.warehouse.schema import DATASET

COMPANY = {
    "resellers": ["id,name,parent_id", "1,Operator,", "2,North,1"],
    "clients": [
        "id,name,type,owner_id,currency,created_at,closed_at",
        "1,Ann,client,1,EUR,2024-01-01T00:00:00Z,",
        "2,Bob,call_shop,2,USD,2024-01-02T00:00:00Z,2024-06-01T00:00:00Z",
    ],
    "client_tags": ["client_id,tag", "1,vip"],
    "packages": ["id,name", "10,Gold"],
    "subscriptions": ["client_id,package_id,started_at,ended_at", "1,10,2024-01-05T00:00:00Z,"],
    "transactions": [
        "id,client_id,at,kind,amount,package_id",
        "100,1,2024-01-06T00:00:00Z,refill,10.00,",
        "101,1,2024-01-07T00:00:00Z,package_renewal,-5,10",
        "102,2,2024-01-08T00:00:00Z,usage,-0.000001,",
    ],
    "rates": ["currency,date,rate", "USD,2024-01-01,1.1"],
}
HEADERS = {table: lines[0] for table, lines in COMPANY.items()}


def write(folder: Path, tables: dict[str, list[str]], *, end: str = "\n") -> Path:
    """Write each table's lines as a CSV file of its own; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for table, lines in tables.items():
        (folder / f"{table}.csv").write_bytes("".join(line + end for line in lines).encode())
    return folder


def rows(table: str, *lines: str) -> dict[str, list[str]]:
    """One table's file: its usual header and these lines."""
    return {table: [HEADERS[table], *lines]}


def settings(url: str, **changes: Any) -> Settings:
    """Settings of an installation with its warehouse at ``url``."""
    return Settings(warehouse_url=url, **changes)


def content(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table of the live version, sorted by key."""
    with open_warehouse(settings(url)).read() as reading:
        return {
            table.name: [
                tuple(row) for row in reading.connection.execute(sa.select(table).order_by(*table.primary_key.columns))
            ]
            for table in DATASET
        }


def version(url: str) -> str:
    """The live version's name."""
    return open_warehouse(settings(url)).version()
