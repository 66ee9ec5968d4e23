"""Generated files of every shape, good and bad: both readings of each and both engines must say the same.

`python -m tests.fuzz_files --files 20000` loads them in folders of some hundred. One engine gets each folder as the
quick reading has it, the other as the plain one has it, in turn; what they hold then and what they reject, by file,
line, column, value and reason, must be equal. A file is made from the seed and its number alone.
"""

from __future__ import annotations

import argparse
import gzip
import random
import tempfile
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb

from data.warehouse.files import Findings, find_files, open_files
from data.warehouse.load import load_sources
from data.warehouse.notation import Notation
from data.warehouse.parquet_source import ParquetSource
from data.warehouse.publish import Target
from data.warehouse.rejects import LoadRefused
from data.warehouse.schema import DATASET
from data.warehouse.source import Source
from tests.data.warehouse.company import HEADERS, content, settings, write

SEED = 20261125
_TABLES = ("packages", "packages", "resellers", "transactions", "rates")
_SOUP = ["7", "b1", ",", ",", "\n", "\n", " ", '"', '""', '"x"', ' "x"', '"y,z"', '"m\nn"', "\r", "é", ";", "\\", "\t"]
_TEXTS = [
    "Basic",
    'a "b" c',
    '5" pipe',
    ' "Basic"',
    '"Basic"',
    "x, y",
    "two\nlines",
    "two\r\nlines",
    "",
    " ",
    "NULL",
    "\\N",
]
_TEXTS += ["é客🦊", "\u3000", "\ufeffx", "\0", "=1+1", "'", '\\"', "a\rb", "a;b", "tab\there", "#", "\xa0x", "x" * 300]
# The first three of each are good.
_IDS = [
    "1",
    "",
    "1.0",
    "-3",
    "x",
    "9223372036854775807",
    "9223372036854775808",
    "9007199254740993.0",
    "007",
    " 1",
    "NULL",
]
_AMOUNTS = [
    "10",
    "-5.25",
    "1.2345670",
    "+.5",
    "5.",
    "1,5",
    "1e3",
    "0.0000001",
    "",
    "9223372036854.775808",
    "ten",
    "\\N",
]
_INSTANTS = ["2024-01-06T00:00:00Z", "2024-01-06 10:20", "2024-01-06T00:00:00.123456+02:00", "2024-01-06", ""]
_INSTANTS += ["0000-00-00 00:00:00", "2024-01-06T00:00:00.1234567Z", "2024-02-30T00:00Z", "2024-01-06 00:00 UTC+2"]
_INSTANTS += ["20240106T000000Z"]
_KINDS = ["refill", "usage", "adjustment", "package_renewal", "gift", "", "Refill"]
_DAYS = ["2024-01-01", "2024-02-29", "2024-03-01", "20240101", "2023-02-29", "", "0000-00-00"]
_RATES = ["1.1", "7.", "0.000000000000000001", "0", "-1", "1,1", "123456789012345678901", "", "x"]
_CURRENCIES = ["USD", "JPY", "DEM", "usd", "EUX", ""]


def _pick(chance: random.Random, choices: list[str]) -> str:
    return chance.choice(choices[:3] if chance.random() < 0.85 else choices)


def values(chance: random.Random, table: str, number: int) -> list[str]:
    """One row's texts for the table; keys of two files rarely meet."""
    key = str(number * 20 + chance.randrange(20)) if chance.random() < 0.9 else chance.choice(_IDS)
    match table:
        case "packages":
            return [key, chance.choice(_TEXTS)]
        case "resellers":
            return [key, chance.choice(_TEXTS), _pick(chance, ["0", "", "0.0", *_IDS])]
        case "rates":
            return [_pick(chance, _CURRENCIES), _pick(chance, _DAYS), _pick(chance, _RATES)]
    kind, amount = _pick(chance, _KINDS), _pick(chance, _AMOUNTS)
    package = _pick(chance, ["", "", "", *_IDS])
    return [key, _pick(chance, ["1", "2", "1", "9", "x", ""]), _pick(chance, _INSTANTS), kind, amount, package]


def _csv(chance: random.Random, table: str, number: int) -> bytes:
    end = chance.choice(["\n", "\n", "\r\n", "\r"])
    lines = [HEADERS[table] + "," * (chance.random() < 0.1)]
    if chance.random() < 0.3:
        soup = "".join(chance.choice(_SOUP) for _ in range(chance.randrange(25)))
        text = lines[0] + end + soup.replace("\n", end)
    else:
        careful = chance.random() < 0.7
        for _ in range(chance.randrange(8)):
            fields = values(chance, table, number)
            lines.append(",".join(_field(chance, field, careful=careful) for field in fields))
            if chance.random() < 0.1:
                lines.append(chance.choice(["", ",,", "," * 9, '"",""', lines[-1] + ",", lines[-1] + ",,x", "1"]))
        text = end.join(lines) + end * (chance.random() < 0.8)
    raw = text.encode()
    if chance.random() < 0.1 and len(raw) > len(lines[0]) + 2:
        place = chance.randrange(len(lines[0]) + 1, len(raw))
        raw = raw[:place] + chance.choice([b"\xf6", b'"', b"\n", b"\r", b",", b"\xe2\x82", b" ", b'\\"']) + raw[place:]
    return (b"\xef\xbb\xbf" if chance.random() < 0.1 else b"") + raw


def _field(chance: random.Random, text: str, *, careful: bool) -> str:
    needs = any(char in text for char in ',"\r\n')
    if chance.random() < 0.2 or (needs and careful):
        return '"' + text.replace('"', '""') + '"'
    return text


def _write_parquet(chance: random.Random, table: str, number: int, file: Path) -> None:
    names = HEADERS[table].split(",")
    rows = [values(chance, table, number) for _ in range(chance.randrange(1, 8))]
    types = [_type(chance, name) for name in names]
    picked = ", ".join(
        f"TRY_CAST({name} AS {type_}) AS {name}" for name, type_ in zip(_quote(names), types, strict=True)
    )
    marks = ", ".join(f"({', '.join('?' for _ in names)})" for _ in rows)
    _writer().execute(
        f"COPY (SELECT {picked} FROM (VALUES {marks}) t({', '.join(_quote(names))})) TO '{file}' (FORMAT parquet)",
        [text or None for row in rows for text in row],
    )


@cache
def _writer() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def _quote(names: Sequence[str]) -> list[str]:
    return [f'"{name}"' for name in names]


def _type(chance: random.Random, name: str) -> str:
    """A type in which a good tool may write the column; text takes what no other type holds."""
    if name.endswith("id"):
        return chance.choice(["VARCHAR", "BIGINT", "DOUBLE", "INTEGER", "FLOAT", "DECIMAL(20, 2)"])
    if name == "at":
        return chance.choice(["VARCHAR", "TIMESTAMP", "TIMESTAMPTZ", "TIMESTAMP_NS", "TIMESTAMPTZ_NS"])
    if name == "date":
        return chance.choice(["VARCHAR", "DATE", "TIMESTAMP"])
    return chance.choice(["VARCHAR", "DECIMAL(18, 6)", "DECIMAL(38, 10)"]) if name in ("amount", "rate") else "VARCHAR"


def make_file(seed: int, number: int, folder: Path) -> None:
    """Write the file of that number into the folder."""
    chance = random.Random(f"{seed}/{number}")
    table = chance.choice(_TABLES)
    if chance.random() < 0.25:
        _write_parquet(chance, table, number, folder / f"{table}-{number:06}.parquet")
    else:
        raw, packed = _csv(chance, table, number), chance.random() < 0.1
        name = f"{table}-{number:06}.{'csv.gz' if packed else 'csv'}"
        (folder / name).write_bytes(gzip.compress(raw) if packed else raw)


def _read_plainly(sources: list[Source]) -> list[Source]:
    """The sources, each read by the reading that is not quick: by record, and through the texts of typed values."""
    for source in sources:
        source.mend()
        if isinstance(source, ParquetSource):
            source.value = lambda field: None  # type: ignore[method-assign]
    return sources


@dataclass(frozen=True)
class Outcome:
    """How a folder fared: how many files were read and refused, and how many rows were rejected and kept."""

    read: int
    refused: int
    rejected: int
    kept: int


def compare(folder: Path, scratch: Path, quick_url: str, plain_url: str) -> Outcome:
    """Load the folder into both warehouses, one by each reading; raises AssertionError where they differ."""
    findings = find_files(folder)
    assert not findings.refusals, findings.refusals
    written, contents, summaries, refused = [], [], [], []
    for url, plainly in ((quick_url, False), (plain_url, True)):
        rejects = scratch / "rejects.csv"
        refusals: list[str] = []

        def find(target: Target, plainly: bool = plainly, refusals: list[str] = refusals) -> list[Source]:
            sources: list[Source] = []
            for found in findings.files:
                try:
                    opened = open_files(Findings([found]), target.folder, target.connection, Notation())
                    sources += _read_plainly(opened) if plainly else opened
                except LoadRefused as refusal:
                    refusals += refusal.lines or (refusal.message,)
            order = [table.name for table in DATASET]
            return sorted(sources, key=lambda source: (order.index(source.table), source.label))

        summary = load_sources(settings(url), find, "generated", keep_going=True, rejects=rejects)
        written.append(rejects.read_bytes().decode().split("\r\n"))
        contents.append(content(url))
        summaries.append((summary.tables, summary.warnings))
        refused.append(refusals)
    assert refused[0] == refused[1]
    assert not [line for line in refused[0] if "never closed" not in line and "header row" not in line]
    for quick, plain in zip(*written, strict=False):
        assert quick == plain, (quick, plain)
    assert len(written[0]) == len(written[1])
    assert summaries[0] == summaries[1]
    assert contents[0] == contents[1]
    kept = sum(map(len, contents[0].values()))
    return Outcome(len(findings.files), len(refused[0]), len(written[0]) - 2, kept)


def run(seed: int, numbers: range, scratch: Path, new_postgresql_url: Callable[[], str]) -> Outcome:
    """Make the files of those numbers in one folder and compare what becomes of it."""
    folder = write(
        scratch / "in",
        {
            "clients": [HEADERS["clients"], *(f"{n},C{n},client,0,EUR,2020-01-01T00:00Z," for n in (1, 2))],
            "resellers": [HEADERS["resellers"], "0,Operator,"],
        },
    )
    for number in numbers:
        make_file(seed, number, folder)
    urls = [f"duckdb:///{scratch / 'warehouse.duckdb'}", new_postgresql_url()]
    return compare(folder, scratch, *(urls if numbers.start // len(numbers) % 2 else reversed(urls)))


def main() -> None:
    """Run as many files as the command line says and print what came of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz_files", description=__doc__)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first file")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--folder", type=int, default=200, help="files of a folder")
    asked = parser.parse_args()
    with warnings.catch_warnings(), tempfile.TemporaryDirectory(prefix="customer-dynamics-pg-") as server:
        warnings.simplefilter("ignore")
        import pgserver
        import sqlalchemy as sa

        postgresql = pgserver.get_server(server, cleanup_mode="stop")
        postgresql.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")
        url = sa.make_url(postgresql.get_uri()).set(drivername="postgresql+psycopg")

        def fresh() -> str:
            postgresql.psql("DROP DATABASE IF EXISTS fuzz WITH (FORCE);")
            postgresql.psql("CREATE DATABASE fuzz;")
            return url.set(database="fuzz").render_as_string(hide_password=False)

        total = [0, 0, 0, 0]
        for start in range(asked.first, asked.first + asked.files, asked.folder):
            with tempfile.TemporaryDirectory() as scratch:
                one = run(asked.seed, range(start, start + asked.folder), Path(scratch), fresh)
            total = [a + b for a, b in zip(total, (one.read, one.refused, one.rejected, one.kept), strict=True)]
            print(  # noqa: T201
                f"up to {start + asked.folder:,}: {total[0]:,} files, {total[1]:,} refused, {total[2]:,} faults, "
                f"{total[3]:,} rows kept, no difference",
                flush=True,
            )
        postgresql.cleanup()


if __name__ == "__main__":
    main()
