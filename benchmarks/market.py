# ruff: noqa: S608 - SQL is put together from whole numbers of our own
"""A company of any size, made from a seed straight into Parquet: what the engine's goals are measured on.

100 resellers in a tree, 20 packages, 50 tags, five currencies, 36 months, a hundred transactions a client. Clients come
all the time, some leave for good, some pause for months, some are in debt; a few rows are reversals. Every value is a
hash of the seed and its place, so the same arguments give the same files on every machine.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb

FIRST, LAST = date(2023, 1, 1), date(2025, 12, 31)
"""The first and last UTC date with transactions: 36 months."""
RESELLERS, PACKAGES, TAGS, PER_CLIENT = 100, 20, 50, 100
CURRENCIES = ("EUR", "USD", "GBP", "JPY", "UAH")
MEMORY = "3GB"


def write_market(folder: Path, clients: int, *, seed: int = 1, further_day: Path | None = None) -> None:
    """Write the seven files of a company with so many ``clients`` into ``folder``.

    ``further_day`` names a folder for a load of the day after: a thousandth of all transactions, of which one in twenty
    is late, up to two years, and one in a hundred replaces an old row.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": str(folder / "spill")}) as connection:
        connection.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
        # A fraction in [0, 1) that belongs to a place: a line and the purpose of the draw.
        connection.execute(
            f"CREATE MACRO chance(line, purpose) AS (hash(line * 131 + purpose * 1000003 + {seed}) >> 11) / 2.0 ** 53"
        )
        for name, statement in _tables(clients).items():
            connection.execute(f"CREATE VIEW {name} AS {statement}")
            connection.execute(f"COPY {name} TO '{folder / f'{name}.parquet'}' (FORMAT parquet)")
        if further_day is not None:
            further_day.mkdir(parents=True, exist_ok=True)
            file = further_day / "transactions.parquet"
            connection.execute(f"COPY ({_further_day(clients)}) TO '{file}' (FORMAT parquet)")


def _tables(clients: int) -> dict[str, str]:
    start, days = f"TIMESTAMP '{FIRST}'", (LAST - FIRST).days + 1
    currency = "CASE " + " ".join(
        f"WHEN chance(n, 4) < {share} THEN '{code}'"
        for code, share in zip(CURRENCIES, (0.5, 0.75, 0.85, 0.9, 1), strict=True)
    )
    currency += " END"
    return {
        "resellers": f"""
            SELECT n AS id, 'Reseller ' || n AS name, CASE WHEN n > 1 THEN n // 4 + CAST(n < 4 AS INT) END AS parent_id
            FROM range(1, {RESELLERS + 1}) t (n)""",
        "clients": f"""
            SELECT n AS id, 'Client ' || n AS name,
                CASE WHEN chance(n, 1) < 0.8 THEN 'client' WHEN chance(n, 1) < 0.85 THEN 'reseller'
                    WHEN chance(n, 1) < 0.95 THEN 'calling_card' ELSE 'call_shop' END AS type,
                1 + CAST(floor(chance(n, 2) ** 2 * {RESELLERS}) AS BIGINT) AS owner_id,
                {currency} AS currency,
                {start} + to_microseconds(CAST(chance(n, 3) * {days * 0.9} * 86400e6 AS BIGINT)) AS created_at,
                CASE WHEN chance(n, 5) < 0.15 THEN created_at
                    + to_microseconds(CAST((0.1 + chance(n, 6)) * 400 * 86400e6 AS BIGINT)) END AS closed_at
            FROM range(1, {clients + 1}) t (n)""",
        "client_tags": f"""
            SELECT n // 2 AS client_id, 'tag ' || CAST(floor(chance(n, 7) * {TAGS}) AS BIGINT) AS tag
            FROM range(2, {2 * clients + 2}) t (n) GROUP BY ALL""",
        "packages": f"SELECT n AS id, 'Package ' || n AS name FROM range(1, {PACKAGES + 1}) t (n)",
        "subscriptions": f"""
            SELECT id AS client_id, 1 + CAST(floor(chance(id, 20 + turn) ** 2 * {PACKAGES}) AS BIGINT) AS package_id,
                created_at + to_microseconds(CAST(chance(id, 30 + turn) * 300 * 86400e6 AS BIGINT)) AS started_at,
                CASE WHEN chance(id, 40 + turn) < 0.6 THEN started_at
                    + to_microseconds(CAST(chance(id, 50 + turn) * 500 * 86400e6 AS BIGINT)) END AS ended_at
            FROM clients, range(3) t (turn) WHERE chance(id, 60 + turn) < 0.5""",
        "transactions": f"""
            WITH lives AS (
                SELECT id, created_at, least(coalesce(closed_at, {start} + INTERVAL {days} DAY),
                    {start} + INTERVAL {days} DAY,
                    -- One in five is still there and gone all the same; one in four pauses.
                    CASE WHEN chance(id, 8) < 0.2
                        THEN created_at + to_microseconds(CAST((0.1 + chance(id, 9)) * 300 * 86400e6 AS BIGINT))
                        ELSE TIMESTAMP '9999-01-01' END) AS until,
                    CASE WHEN chance(id, 10) < 0.25 THEN chance(id, 11) * 0.8 ELSE 1 END AS pause
                FROM clients
            ), lines AS (
                SELECT (id - 1) * {PER_CLIENT} + turn + 1 AS id, id AS client_id, created_at, until, pause,
                    (turn + chance((id - 1) * {PER_CLIENT} + turn, 12)) / {PER_CLIENT} AS place,
                    chance((id - 1) * {PER_CLIENT} + turn, 13) AS what,
                    chance((id - 1) * {PER_CLIENT} + turn, 14) AS much
                FROM lives, range({PER_CLIENT}) t (turn)
            )
            SELECT id, client_id,
                created_at + to_microseconds(CAST(epoch_us(until - created_at)
                    * (CASE WHEN place < pause THEN place * 0.8 ELSE place * 0.8 + 0.2 END) AS BIGINT)) AS at,
                CASE WHEN what < 0.14 THEN 'refill' WHEN what < 0.86 THEN 'usage'
                    WHEN what < 0.95 THEN 'package_renewal'
                    WHEN what < 0.97 THEN 'package_activation' ELSE 'adjustment' END AS kind,
                CAST(CASE WHEN what < 0.001 THEN -10 WHEN what < 0.14 THEN 5 + floor(much * 8) * 5
                    WHEN what < 0.141 THEN much WHEN what < 0.86 THEN -much * 4
                    WHEN what < 0.861 THEN 3 WHEN what < 0.97 THEN -floor(much * 10) ELSE much * 4 - 2 END
                    AS DECIMAL(18, 6)) AS amount,
                CASE WHEN what >= 0.86 AND what < 0.97 THEN 1 + CAST(floor(much ** 2 * {PACKAGES}) AS BIGINT) END
                    AS package_id
            FROM lines""",
        "rates": f"""
            SELECT currency, CAST({start} + to_days(CAST(n - 30 AS INTEGER)) AS DATE) AS date,
                CAST(usual * (0.9 + 0.2 * chance(n, 15)) AS DECIMAL(38, 18)) AS rate
            FROM (VALUES ('USD', 1.1), ('GBP', 0.85), ('JPY', 160), ('UAH', 41)) t (currency, usual),
                range({days + 60}) r (n) WHERE isodow(date) < 6""",
    }


def _further_day(clients: int) -> str:
    rows = clients * PER_CLIENT // 1000
    day = f"TIMESTAMP '{LAST}' + INTERVAL 1 DAY"
    return f"""
        SELECT CASE WHEN chance(n, 70) < 0.01
                THEN 1 + CAST(floor(chance(n, 71) * {clients * PER_CLIENT // 2}) AS BIGINT)
                ELSE {clients * PER_CLIENT} + n + 1 END AS id,
            1 + CAST(floor(chance(n, 72) * {clients}) AS BIGINT) AS client_id,
            {day} + to_microseconds(CAST(chance(n, 73) * 86400e6 AS BIGINT))
                - to_days(CASE WHEN chance(n, 74) < 0.05 THEN CAST(chance(n, 75) * 730 AS INTEGER) ELSE 0 END) AS at,
            'usage' AS kind, CAST(-chance(n, 76) * 4 AS DECIMAL(18, 6)) AS amount, CAST(NULL AS BIGINT) AS package_id
        FROM range({rows}) t (n) QUALIFY row_number() OVER (PARTITION BY id ORDER BY n) = 1"""
