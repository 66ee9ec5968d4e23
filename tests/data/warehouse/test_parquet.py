"""Parquet as good tools write it: read exactly, or refused with the right words.

The files of the folder `parquet` were written by pyarrow; they hold what the embedded engine itself cannot write.
"""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import pytest

from data.warehouse.load import LoadSummary, load_folder
from data.warehouse.rejects import LoadRefused
from tests.data.warehouse.company import COMPANY, content, settings, write

WRITTEN = Path(__file__).parent / "parquet"


def load(url: str, name: str, table: str, folder: Path) -> LoadSummary:
    folder.mkdir(exist_ok=True)
    shutil.copy(WRITTEN / f"{name}.parquet", folder / f"{table}.parquet")
    return load_folder(settings(url), folder)


def refused(url: str, name: str, table: str, folder: Path) -> tuple[str, ...]:
    with pytest.raises(LoadRefused) as refusal:
        load(url, name, table, folder)
    return refusal.value.lines


def test_zoned_nanoseconds_are_instants(warehouse_url, tmp_path):
    folder = write(tmp_path / "in", COMPANY)
    (folder / "transactions.csv").unlink()
    load(warehouse_url, "zoned-ns", "transactions", folder)
    assert content(warehouse_url)["transactions"] == [
        (1, 1, datetime(2024, 1, 6, 1, 2, 3, 123456), "refill", 1_500_000, None),
        (2, 1, datetime(2024, 1, 7), "refill", 2_250_000, None),
    ]


def test_two_columns_of_one_name_are_refused(duckdb_url, tmp_path):
    assert refused(duckdb_url, "twice", "packages", tmp_path / "in") == (
        "packages.parquet:1: column 'name' comes twice.",
    )


def test_names_that_differ_in_case_only_are_two_columns(warehouse_url, tmp_path):
    summary = load(warehouse_url, "case", "packages", tmp_path / "in")
    assert content(warehouse_url)["packages"] == [(1, "right")]
    assert summary.warnings == ("packages.parquet: ignored unknown columns 'Name', 'ID'.",)


def test_a_name_in_another_case_is_no_column_of_the_dataset(duckdb_url, tmp_path):
    assert refused(duckdb_url, "case-alone", "packages", tmp_path / "in") == (
        "packages.parquet:1: column 'name' is missing. There is 'Name' instead.",
    )


@pytest.mark.parametrize(
    ("name", "value"), [("single", "16777216.0"), ("half", "2048.0"), ("double", "9007199254740992.0")]
)
def test_ids_in_floating_point_are_read_while_they_are_exact(name, value, duckdb_url, tmp_path):
    # The first row of each holds the last number that no other one is rounded to.
    assert refused(duckdb_url, name, "packages", tmp_path / "in") == (
        f"packages.parquet:2: column 'id': value '{value}': too large for floating point to be exact",
    )


@pytest.mark.parametrize(
    ("name", "table", "column", "digits"), [("wide", "rates", "rate", 50), ("wide-id", "packages", "id", 40)]
)
def test_decimals_that_are_too_wide_are_called_that(name, table, column, digits, duckdb_url, tmp_path):
    (line,) = refused(duckdb_url, name, table, tmp_path / "in")
    assert line.startswith(
        f"{table}.parquet: column '{column}': a decimal of {digits} digits is wider than the 38 that "
    )
    assert line.endswith(": write a narrower one or text.")


def test_columns_of_columns_are_unknown_ones(duckdb_url, tmp_path):
    summary = load(duckdb_url, "nested", "packages", tmp_path / "in")
    assert content(duckdb_url)["packages"] == [(1, "a")]
    assert summary.warnings == ("packages.parquet: ignored unknown columns 'extra', 'more'.",)


def test_rows_without_any_value_are_skipped_and_the_others_keep_their_numbers(duckdb_url, tmp_path):
    assert refused(duckdb_url, "empty-rows", "packages", tmp_path / "in") == (
        "packages.parquet:3: column 'name': value '': missing",
        "packages.parquet:5: column 'id': value '': missing",
    )


def test_a_column_named_as_the_engine_numbers_rows_confuses_nobody(duckdb_url, tmp_path):
    assert refused(duckdb_url, "file_row_number", "packages", tmp_path / "in") == (
        "packages.parquet:2: column 'name': value '': missing",
    )
