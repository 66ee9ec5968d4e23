"""Our records as one file, and back: from SQLite or PostgreSQL into either of them.

The file is a ZIP with a line of JSON for each row of each table, as they were at one moment, and a manifest that tells
the schema and how many rows there are. So it is a backup, and the way from the embedded records to a server's.
"""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Mapping
from datetime import datetime
from typing import Any, BinaryIO

import sqlalchemy as sa

from data.errors import UserError
from data.store.clock import utc_now
from data.store.database import Database
from data.store.schema import SCHEMA_VERSION, metadata

_MANIFEST = "manifest.json"
_FORMAT = "customer-dynamics-records"
_PIECE = 500
_PASSING = frozenset({"throttles"})
"""Tables whose rows mean nothing elsewhere or later."""


def write_backup(database: Database, stream: BinaryIO) -> dict[str, int]:
    """Write every record to ``stream``; how many rows of each table."""
    counts: dict[str, int] = {}
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive, database.reading() as connection:
        for table in _tables():
            counts[table.name] = 0
            with archive.open(f"{table.name}.jsonl", "w", force_zip64=True) as raw:
                for row in connection.execution_options(yield_per=_PIECE).execute(_in_order(table)):
                    line = {name: _plain(value) for name, value in row._mapping.items()}
                    raw.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
                    counts[table.name] += 1
        manifest = {"format": _FORMAT, "schema": SCHEMA_VERSION, "made_at": utc_now().isoformat(), "rows": counts}
        archive.writestr(_MANIFEST, json.dumps(manifest, indent=2))
    return counts


def read_backup(database: Database, stream: BinaryIO) -> dict[str, int]:
    """Put what :func:`write_backup` wrote into a database without records; how many rows of each table.

    All of it or nothing. Raises :class:`UserError` for a file that is no such backup, is cut, or is of another version
    of the program, and for a database that has records already.
    """
    try:
        with zipfile.ZipFile(stream) as archive:
            manifest = json.loads(archive.read(_MANIFEST))
            if manifest.get("format") != _FORMAT:
                raise KeyError("format")
            if manifest["schema"] != SCHEMA_VERSION:
                raise UserError(
                    f"This backup is of another version of the program (schema {manifest['schema']}, this one has "
                    f"{SCHEMA_VERSION}): restore it with that version, then bring the records up to date."
                )
            database.upgrade()
            with database.writing() as connection:
                _check_empty(connection)
                counts = {table.name: _insert(connection, table, archive) for table in _tables()}
                if counts != {name: manifest["rows"].get(name, 0) for name in counts}:
                    raise UserError("The backup is not complete: nothing was restored. Take an earlier one.")
                _go_on_counting(connection, database)
                return counts
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError) as fault:
        raise UserError("This file is no backup of records, or it is damaged: nothing was restored.") from fault


def _tables() -> list[sa.Table]:
    return [table for table in metadata.sorted_tables if table.name not in _PASSING]


def _in_order(table: sa.Table) -> sa.Select[Any]:
    """Every row; what a row may refer to in its own table, which is older than itself, comes first."""
    first = [table.c.created_at] if "created_at" in table.c else []
    return sa.select(table).order_by(*first, *table.primary_key)


def _check_empty(connection: sa.Connection) -> None:
    for table in _tables():
        if connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first():
            raise UserError(
                "There are records in this database already, and a backup must not be mixed with them: name an empty "
                "one with DATABASE_URL, or move the file away."
            )


def _insert(connection: sa.Connection, table: sa.Table, archive: zipfile.ZipFile) -> int:
    count, rows = 0, []
    with archive.open(f"{table.name}.jsonl") as raw:
        for line in io.TextIOWrapper(raw, "utf-8"):
            rows.append(_typed(table, json.loads(line)))
            if len(rows) >= _PIECE:
                count += _put(connection, table, rows)
    return count + _put(connection, table, rows)


def _put(connection: sa.Connection, table: sa.Table, rows: list[dict[str, Any]]) -> int:
    put = len(rows)
    if rows:
        connection.execute(table.insert(), rows)
        rows.clear()
    return put


def _go_on_counting(connection: sa.Connection, database: Database) -> None:
    """Let PostgreSQL number new rows after those that were brought; SQLite does so by itself."""
    if database.is_sqlite:
        return
    for table in _tables():
        for column in table.primary_key:
            if column is table.autoincrement_column:
                last = sa.select(sa.func.coalesce(sa.func.max(column), 0) + 1).scalar_subquery()
                named = sa.func.pg_get_serial_sequence(table.name, column.name)
                connection.execute(sa.select(sa.func.setval(named, last, False)))


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(bytes(value)).decode()
    return value.isoformat() if isinstance(value, datetime) else value


def _typed(table: sa.Table, line: Mapping[str, Any]) -> dict[str, Any]:
    values = {}
    for column in table.columns:
        value = line[column.name]
        if value is not None and isinstance(column.type, sa.LargeBinary):
            value = base64.b64decode(value, validate=True)
        elif value is not None and isinstance(column.type, sa.DateTime):
            value = datetime.fromisoformat(value)
        values[column.name] = value
    return values
