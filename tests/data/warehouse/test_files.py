"""Which files are read, in which shapes, and what is said of those that cannot be."""

from __future__ import annotations

import gzip
from pathlib import Path

import duckdb
import pytest

from data.errors import NoData
from data.warehouse.load import LoadSummary, load_folder
from data.warehouse.rejects import BadRows, LoadRefused
from tests.data.warehouse.company import COMPANY, content, rows, settings, version, write

_FLOATING = "binary floating point cannot hold exact decimals: write it as a decimal or as text."


@pytest.fixture
def expected(tmp_path) -> dict:
    """What a warehouse holds that was loaded from plain files."""
    url = f"duckdb:///{tmp_path / 'plain' / 'warehouse.duckdb'}"
    load_folder(settings(url), write(tmp_path / "plain" / "in", COMPANY))
    return content(url)


def load(url: str, folder: Path) -> LoadSummary:
    return load_folder(settings(url), folder)


def refused(url: str, folder: Path) -> LoadRefused:
    with pytest.raises(LoadRefused) as refusal:
        load(url, folder)
    return refusal.value


def write_bytes(folder: Path, name: str, content: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    return folder


def write_parquet(folder: Path, table: str, query: str) -> Path:
    folder.mkdir(exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'America/New_York'")
        connection.execute(f"COPY ({query}) TO '{folder / table}.parquet' (FORMAT parquet)")
    return folder


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_is_read(end, expected, duckdb_url, tmp_path):
    load(duckdb_url, write(tmp_path / "in", COMPANY, end=end))
    assert content(duckdb_url) == expected


def test_line_ends_of_several_kinds_in_one_file_are_read(duckdb_url, tmp_path):
    load(duckdb_url, write_bytes(tmp_path / "in", "packages.csv", b'id,name\r\n1,a\n2,"b\rc"\r\n3,d'))
    assert content(duckdb_url)["packages"] == [(1, "a"), (2, "b\rc"), (3, "d")]


def test_a_byte_order_mark_is_no_part_of_the_first_name(duckdb_url, tmp_path):
    load(duckdb_url, write_bytes(tmp_path / "in", "packages.csv", b"\xef\xbb\xbfid,name\r\n1,a\r\n"))
    assert content(duckdb_url)["packages"] == [(1, "a")]


def test_a_quoted_header_is_read(duckdb_url, tmp_path):
    load(duckdb_url, write_bytes(tmp_path / "in", "packages.csv", b'\xef\xbb\xbf"name","id"\n"a","1"\n'))
    assert content(duckdb_url)["packages"] == [(1, "a")]


def test_columns_may_come_in_any_order(expected, duckdb_url, tmp_path):
    turned = {table: [",".join(reversed(line.split(","))) for line in lines] for table, lines in COMPANY.items()}
    load(duckdb_url, write(tmp_path / "in", turned))
    assert content(duckdb_url) == expected


def test_compressed_files_are_read(expected, duckdb_url, tmp_path):
    folder = write(tmp_path / "in", COMPANY)
    for file in list(folder.iterdir()):
        file.with_name(f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes()))
        file.unlink()
    load(duckdb_url, folder)
    assert content(duckdb_url) == expected


def test_bad_rows_of_compressed_files_have_their_lines(duckdb_url, tmp_path):
    folder = write_bytes(tmp_path / "in", "packages.csv.gz", gzip.compress(b'id,name\n1,"a\nb"\nx,c\n'))
    assert refused(duckdb_url, folder).lines == ("packages.csv.gz:4: column 'id': value 'x': not a whole number",)


def test_a_damaged_compressed_file_is_named(duckdb_url, tmp_path):
    folder = write_bytes(tmp_path / "in", "packages.csv.gz", gzip.compress(b"id,name\n" + b"1,a\n" * 99_999)[:-40])
    assert refused(duckdb_url, folder).lines[0].startswith("packages.csv.gz cannot be read: ")


def test_a_folder_whose_name_looks_like_a_pattern_is_read(duckdb_url, tmp_path):
    load(duckdb_url, write(tmp_path / "it's [1]*?", COMPANY))
    assert len(content(duckdb_url)["transactions"]) == 3


def test_long_files_with_line_breaks_in_quotes_keep_every_row(duckdb_url, tmp_path):
    # Several threads reading such a file would take a quoted line for a row.
    lines = [f'{number},"name {number}\n,\n{number}"' if number % 3 else f"{number},plain" for number in range(200_000)]
    load(duckdb_url, write(tmp_path / "in", rows("packages", *lines)))
    packages = content(duckdb_url)["packages"]
    assert len(packages) == 200_000
    assert packages[199_999] == (199_999, "name 199999\n,\n199999")


# ---------------------------------------------------------------- Parquet


def test_typed_parquet_is_read_like_text(expected, duckdb_url, tmp_path):
    folder = tmp_path / "in"
    write_parquet(
        folder,
        "resellers",
        "SELECT 1::INTEGER id, 'Operator' AS name, NULL::DOUBLE parent_id UNION ALL SELECT 2, 'North', 1.0",
    )
    write_parquet(
        folder,
        "clients",
        "SELECT 1::UBIGINT id, 'Ann' AS name, 'client'::ENUM('client', 'call_shop') AS type, 1::SMALLINT owner_id, "
        "'EUR' AS currency, TIMESTAMPTZ '2024-01-01 02:00:00+02' created_at, NULL::TIMESTAMPTZ closed_at UNION ALL "
        "SELECT 2, 'Bob', 'call_shop', 2, 'USD', "
        "TIMESTAMPTZ '2024-01-02 00:00:00+00', TIMESTAMPTZ '2024-06-01 00:00:00+00'",
    )
    write_parquet(folder, "client_tags", "SELECT 1.0::DOUBLE client_id, 'vip' AS tag")
    write_parquet(folder, "packages", "SELECT 10::HUGEINT id, 'Gold' AS name")
    write_parquet(
        folder,
        "subscriptions",
        "SELECT 1 client_id, 10 package_id, TIMESTAMP_NS '2024-01-05 00:00:00' started_at, NULL ended_at",
    )
    write_parquet(
        folder,
        "transactions",
        "SELECT * FROM (VALUES (100, 1, TIMESTAMP '2024-01-06', 'refill', 10.00::DECIMAL(18, 6), NULL::DOUBLE), "
        "(101, 1, TIMESTAMP '2024-01-07', 'package_renewal', -5, 10.0), "
        "(102, 2, TIMESTAMP '2024-01-08', 'usage', -0.000001, 'nan')) "
        't(id, client_id, "at", kind, amount, package_id)',
    )
    # A data frame's dates are instants at midnight.
    write_parquet(
        folder, "rates", "SELECT 'USD' AS currency, TIMESTAMP '2024-01-01' AS date, 1.1::DECIMAL(38, 18) AS rate"
    )
    load(duckdb_url, folder)
    assert content(duckdb_url) == expected


def test_parquet_of_texts_is_read_like_csv(expected, duckdb_url, tmp_path):
    plain = write(tmp_path / "plain-text", COMPANY)
    for table in COMPANY:
        write_parquet(tmp_path / "in", table, f"SELECT * FROM read_csv('{plain / table}.csv', all_varchar = true)")
    load(duckdb_url, tmp_path / "in")
    assert content(duckdb_url) == expected


@pytest.mark.parametrize(
    ("amount", "micros"),
    [
        ("12.5::DECIMAL(4, 1)", 12_500_000),
        ("7::BIGINT", 7_000_000),
        ("1.234567::DECIMAL(38, 10)", 1_234_567),
        ("'3.25'", 3_250_000),
    ],
)
def test_exact_parquet_amounts_are_read_exactly(amount, micros, duckdb_url, tmp_path):
    write(tmp_path / "in", {**COMPANY})
    (tmp_path / "in" / "transactions.csv").unlink()
    write_parquet(
        tmp_path / "in",
        "transactions",
        f"SELECT 1 id, 1 client_id, TIMESTAMP '2024-01-01' AS \"at\", 'refill' AS kind, {amount} AS amount, "
        "NULL::INTEGER package_id",
    )
    load(duckdb_url, tmp_path / "in")
    assert content(duckdb_url)["transactions"][0][4] == micros


def test_money_in_binary_floating_point_is_refused(duckdb_url, tmp_path):
    folder = write_parquet(
        tmp_path / "in",
        "transactions",
        "SELECT 1 id, 1 client_id, TIMESTAMP '2024-01-01' AS \"at\", 'refill' AS kind, 0.1::DOUBLE AS amount, "
        "NULL::INTEGER package_id",
    )
    write_parquet(folder, "rates", "SELECT 'USD' AS currency, DATE '2024-01-01' AS date, 1.1::FLOAT AS rate")
    assert refused(duckdb_url, folder).lines == (
        f"transactions.parquet: column 'amount': {_FLOATING}",
        f"rates.parquet: column 'rate': {_FLOATING}",
    )


def test_bad_parquet_rows_have_their_record_number(duckdb_url, tmp_path):
    folder = write_parquet(
        tmp_path / "in", "packages", "SELECT * FROM (VALUES (1.0, 'a'), (1.5, 'b'), (NULL, 'c'), (4, ' ')) t(id, name)"
    )
    assert refused(duckdb_url, folder).lines == (
        "packages.parquet:2: column 'id': value '1.5': not a whole number",
        "packages.parquet:3: column 'id': value '': missing",
        "packages.parquet:4: column 'name': value ' ': blank",
    )


def test_a_file_that_is_no_parquet_is_named(duckdb_url, tmp_path):
    folder = write_bytes(tmp_path / "in", "packages.parquet", b"id,name\n1,a\n")
    assert refused(duckdb_url, folder).lines == ("packages.parquet is not a Parquet file that can be read.",)


# ---------------------------------------------------------------- what is said of files


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("id,nmae", ("packages.csv:1: column 'name' is missing. Did you mean nmae?",)),
        ("id,id,name", ("packages.csv:1: column 'id' comes twice.",)),
        ("", ("packages.csv:1: the header row with the names of the columns is missing.",)),
    ],
)
def test_a_header_that_does_not_suit_is_refused(header, said, duckdb_url, tmp_path):
    assert refused(duckdb_url, write(tmp_path / "in", {"packages": [header, "1,a"]})).lines == said


def test_an_empty_file_is_refused_and_one_with_a_header_only_is_not(duckdb_url, tmp_path):
    folder = write_bytes(tmp_path / "in", "packages.csv", b"")
    assert "the header row" in refused(duckdb_url, folder).lines[0]
    load(duckdb_url, write_bytes(folder, "packages.csv", b"id,name"))
    assert content(duckdb_url)["packages"] == []


def test_all_files_that_cannot_be_read_are_named_at_once(duckdb_url, tmp_path):
    folder = write(tmp_path / "in", {"packages": ["id", "1"], "rates": ["currency,date", "USD,2024-01-01"]})
    assert refused(duckdb_url, folder).lines == (
        "packages.csv:1: column 'name' is missing.",
        "rates.csv:1: column 'rate' is missing.",
    )


def test_a_quote_that_is_never_closed_is_refused_even_when_good_rows_are_kept(duckdb_url, tmp_path):
    folder = write(tmp_path / "in", rows("packages", "1,a", '2,"b', "3,c"))
    with pytest.raises(LoadRefused) as refusal:
        load_folder(settings(duckdb_url), folder, keep_going=True, rejects=tmp_path / "bad.csv")
    assert refusal.value.lines == (
        "packages.csv:3: a quote is never closed: the rest of the file cannot be told apart.",
    )
    with pytest.raises(NoData):
        version(duckdb_url)


def test_unknown_columns_and_files_are_ignored_with_a_warning(duckdb_url, tmp_path):
    folder = write(tmp_path / "in", {"packages": ["id,name,colour", "1,a,red"], "people": ["x"]})
    (folder / "readme.txt").write_text("hello")
    (folder / ".hidden").write_text("hello")
    assert load(duckdb_url, folder).warnings == (
        "people.csv is not a file of the dataset: ignored.",
        "readme.txt is not a file of the dataset: ignored.",
        "packages.csv: ignored unknown column 'colour'.",
    )


def test_a_folder_without_any_known_file_is_refused(duckdb_url, tmp_path):
    folder = write(tmp_path / "in", {"people": ["id,name", "1,a"]})
    assert "No file of the dataset" in refused(duckdb_url, folder).message


def test_a_single_file_must_be_one_of_the_dataset(duckdb_url, tmp_path):
    write(tmp_path / "in", {"people": ["id,name", "1,a"]})
    assert "people.csv is not a file of the dataset" in refused(duckdb_url, tmp_path / "in" / "people.csv").message


def test_a_refused_load_tells_a_value_on_one_line_whatever_is_in_it(duckdb_url, tmp_path):
    with pytest.raises(BadRows) as refusal:
        load(duckdb_url, write(tmp_path / "in", rows("packages", '"1\n\x1b[31m\u202e",a')))
    assert refusal.value.lines == ("packages.csv:2: column 'id': value '1\\n\\x1b[31m\\u202e': not a whole number",)


@pytest.mark.parametrize("end", ["\n", ""])
def test_empty_values_beyond_the_last_column_are_overlooked(end, duckdb_url, tmp_path):
    folder = write_bytes(tmp_path / "in", "packages.csv", f"id,name\n1,a,\n2,b,,,\n3,c{end}".encode())
    load(duckdb_url, folder)
    assert content(duckdb_url)["packages"] == [(1, "a"), (2, "b"), (3, "c")]
    write_bytes(folder, "packages.csv", f'id,name\n1,a,\n2,b,x\n"4"x,d\ny,e,,{end}'.encode())
    assert refused(duckdb_url, folder).lines == (
        "packages.csv:3: has 3 values, the header has 2",
        "packages.csv:4: a quote in the wrong place",
        "packages.csv:5: column 'id': value 'y': not a whole number",
    )


def test_a_very_long_value_is_read(duckdb_url, tmp_path):
    load(duckdb_url, write(tmp_path / "in", rows("packages", "1," + "x" * 3_000_000)))
    assert len(content(duckdb_url)["packages"][0][1]) == 3_000_000


def test_a_file_that_changes_while_it_is_read_keeps_the_load_out(duckdb_url, tmp_path):
    folder = write(tmp_path / "in", rows("packages", "1,a") | rows("rates", "USD,2024-01-01,1"))

    def write_on(step: str, done: int, total: int) -> None:
        if step == "Reading rates.csv":
            with (folder / "packages.csv").open("a") as file:
                file.write("2,b\n")

    with pytest.raises(LoadRefused, match=r"packages.csv changed while it was read"):
        load_folder(settings(duckdb_url), folder, progress=write_on)
    with pytest.raises(NoData):
        version(duckdb_url)
