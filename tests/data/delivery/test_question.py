"""Every file, opened and read back: it tells its question, its marked rows, and packages of one name apart."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from tempfile import NamedTemporaryFile

import duckdb
import openpyxl
import pytest
from python_calamine import CalamineWorkbook

from data.delivery.formats import export
from data.report.result import ReportResult, Row
from tests.data.delivery.samples import figures, query, report

NAMES = {("owner", 7): "Acme & Söhne"}
TOLD = (
    "Churn: Jan–Mar 2024, UTC, Client Tags West or vip, Owner Acme & Söhne, by Month, Package Name, USD, active 1 month"
)


def filtered() -> ReportResult:
    """Two packages of one name and none, in a month that is not whole; asked under a title."""
    asked = query("month", "package", tags=("vip", "West"), owners=(7,))
    days = (date(2024, 3, 1), date(2024, 3, 24))
    rows = tuple(
        Row(("2024-03", name), ("2024-03", id_), figures(place), days)
        for place, (id_, name) in enumerate([(4, "Basic"), (9, "Basic"), (None, None)])
    )
    result = report(asked, [], figures(50))
    return replace(result, rows=rows, info=replace(result.info, title="Churn"))


def of_csv(content: bytes) -> str:
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert len({len(row) for row in rows}) == 1
    return "\n".join(" ".join(filter(None, row)) for row in rows)


def of_excel(content: bytes) -> str:
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    rows = [row for name in book.sheet_names for row in book.get_sheet_by_name(name).to_python()]
    return "\n".join(" ".join(str(cell) for cell in row if cell != "") for row in rows)


def of_parquet(content: bytes) -> str:
    with NamedTemporaryFile(suffix=".parquet") as file, duckdb.connect() as engine:
        file.write(content)
        file.flush()
        told = engine.execute(f"SELECT value FROM parquet_kv_metadata('{file.name}')").fetchall()
        rows = engine.execute(f"SELECT package, package_id, mark FROM '{file.name}'").fetchall()
    return "\n".join([*(value.decode() for (value,) in told), *map(str, rows)])


READERS: dict[str, Callable[[bytes], str]] = {
    "csv": of_csv,
    "xls": of_excel,
    "xlsx": of_excel,
    "json": lambda content: "\n".join(map(str, [json.loads(content)["info"], *json.loads(content)["rows"]])),
    "parquet": of_parquet,
}


@pytest.mark.parametrize("format_id", READERS)
def test_the_question_goes_with_the_figures(format_id: str) -> None:
    told = READERS[format_id](export(filtered(), format_id, names=NAMES))
    assert TOLD in told
    assert "The total is the whole report without grouping, not the sum of its rows" in told
    assert "Marked rows do not hold their whole month" in told


@pytest.mark.parametrize("format_id", ["csv", "xls", "xlsx"])
def test_packages_of_one_name_are_told_apart_and_rows_are_marked(format_id: str) -> None:
    told = READERS[format_id](export(filtered(), format_id))
    for name in ("Basic (#4)", "Basic (#9)", "No package"):
        assert f"{name} to 24 Mar" in told


def test_the_mark_is_never_within_a_typed_cell() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(export(filtered(), "xlsx")))["Report"]
    assert [sheet.cell(2, column).value for column in (1, 2, 3)] == ["Month", "Package Name", "Time covered"]
    assert sheet["A3"].is_date
    assert sheet["C3"].value == "to 24 Mar"
    assert sheet.freeze_panes == "D3"


def test_xlsx_prints_one_page_wide_with_the_question_above() -> None:
    book = openpyxl.load_workbook(io.BytesIO(export(filtered(), "xlsx", names=NAMES)))
    sheet = book["Report"]
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert sheet.oddHeader.left.text == TOLD.replace("&", "&&")
    assert sheet.oddFooter.left.text == "Data as of 1 Jul 2024, 12:00 UTC"
    assert sheet.oddFooter.right.text == "Page &P of &N"
    assert sheet.print_title_rows == "$1:$2"
    assert book.properties.title == "Churn"


def test_a_print_header_of_many_ampersands_is_not_longer_than_excel_takes() -> None:
    asked = query("month", tags=("&" * 300,))
    sheet = openpyxl.load_workbook(io.BytesIO(export(report(asked, [], None), "xlsx")))["Report"]
    assert len(sheet.oddHeader.left.text) <= 220
    assert sheet.oddHeader.left.text.count("&") % 2 == 0


def test_xls_prints_one_page_wide_with_the_question_above() -> None:
    content = export(filtered(), "xls", names=NAMES)
    header = ("&L" + TOLD.replace("&", "&&")).encode("utf-16-le")
    assert header in content
    assert "&RPage &P of &N".encode("latin-1") in content
