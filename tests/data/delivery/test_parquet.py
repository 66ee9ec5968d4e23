"""Parquet, read back with DuckDB: types, exact figures, and the question in the metadata."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from data.delivery.formats import export
from tests.data.delivery.samples import by_month_and_package, figures, query, report


def rows(content: bytes, folder: Path, question: str = "SELECT *") -> list[tuple[Any, ...]]:
    """What DuckDB finds in a file of ``content``."""
    path = folder / "report.parquet"
    path.write_bytes(content)
    with duckdb.connect() as engine:
        return engine.execute(f"{question} FROM '{path}'").fetchall()


def metadata(content: bytes, folder: Path) -> dict[str, str]:
    path = folder / "report.parquet"
    path.write_bytes(content)
    with duckdb.connect() as engine:
        found = engine.execute(f"SELECT key, value FROM parquet_kv_metadata('{path}')").fetchall()
    return {key.decode(): value.decode() for key, value in found}


@pytest.mark.parametrize(("currency", "decimals"), [("USD", 2), ("JPY", 0), ("KWD", 3)])
def test_figures_and_labels_come_back_with_their_types(currency, decimals, tmp_path):
    result = by_month_and_package(currency, decimals)
    content = export(result, "parquet")
    months = [date(2024, 1, 1), date(2024, 1, 1), date(2024, 3, 1)]
    assert rows(content, tmp_path) == [
        (month, row.labels[1], *row.figures, row.keys[1]) for month, row in zip(months, result.rows, strict=True)
    ]
    types = {name: kind for name, kind, *_ in rows(content, tmp_path, "DESCRIBE SELECT *")}
    assert [types[name] for name in ("month", "package", "package_id", "clients_all_qty", "payg_active_avg")] == [
        "DATE",
        "VARCHAR",
        "BIGINT",
        "BIGINT",
        f"DECIMAL(38,{decimals})",
    ]


def test_amounts_beyond_binary_precision_are_exact(tmp_path):
    amount = Decimal("-12345678901234567890123.45")
    values = list(figures(1))
    values[3] = amount
    result = report(query("date", "year"), [(("2024-03-15", "2024"), tuple(values))], None)
    content = export(result, "parquet", columns=["date", "year", "clients_active_balance"])
    assert rows(content, tmp_path) == [(date(2024, 3, 15), 2024, amount)]


def test_the_metadata_tells_the_question_and_the_totals(tmp_path):
    result = report(query("year", owners=(7,)), [(("2024",), figures(1))], figures(5))
    told = metadata(export(result, "parquet", names={("owner", 7): "O'Neill & Sœurs"}), tmp_path)
    assert "O'Neill & Sœurs" in told["Owner"]
    assert told["Time zone"] == "UTC"
    assert json.loads(told["totals"]) == result.to_json()["totals"]
    assert json.loads(told["query"])["owners"] == ["7"]


def test_the_order_displayed_is_that_of_the_rows(tmp_path):
    content = export(by_month_and_package(), "parquet", columns=["package", "clients_active_qty"], order=[2, 0])
    assert [row[1:] for row in rows(content, tmp_path)] == [(3, None), (1, 1)]


def test_a_report_without_rows_keeps_its_columns(tmp_path):
    content = export(report(query("month"), [], None, "No clients."), "parquet")
    assert rows(content, tmp_path) == []
    assert rows(content, tmp_path, "DESCRIBE SELECT *")[0][:2] == ("month", "DATE")
    assert metadata(content, tmp_path)["Notice"] == "No clients."


def test_a_report_without_grouping_holds_its_figures_alone(tmp_path):
    result = report(query(), [((), figures(1))], figures(1))
    assert rows(export(result, "parquet"), tmp_path) == [figures(1)]


def test_half_a_character_becomes_a_visible_sign(tmp_path):
    broken = by_month_and_package()
    first = replace(broken.rows[0], labels=("2024-01", "a\ud800b"))
    content = export(replace(broken, rows=(first,)), "parquet", columns=["package"])
    assert rows(content, tmp_path)[0][0] == "a\ufffdb"
