"""Every format, read back with other people's readers and compared with the one table."""

from __future__ import annotations

import csv
import io
import json
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal
from itertools import accumulate, groupby, pairwise
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.utils import get_column_letter
from python_calamine import CalamineWorkbook

from data.delivery import xls_file, xlsx_file
from data.delivery.formats import FORMAT, FORMATS, OUTPUTS, export, filename, format_of
from data.delivery.formulas import runs_as_formula
from data.delivery.table import document, tabulate
from data.errors import UserError
from data.report.catalog import METRICS
from data.report.period import Bound
from data.report.result import ReportResult
from tests.data.delivery.samples import by_month_and_package, figures, query, report


def csv_rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def excel_rows(content: bytes, sheet: str = "Report") -> list[list[Any]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name(sheet).to_python()


def openpyxl_sheet(content: bytes, sheet: str = "Report") -> Any:
    return openpyxl.load_workbook(io.BytesIO(content))[sheet]


def named(result: ReportResult, name: str) -> ReportResult:
    """The report with its first row's package named ``name``."""
    first = result.rows[0]
    renamed = replace(first, labels=(first.labels[0], name))
    return replace(result, rows=(renamed, *result.rows[1:]))


def test_the_formats_are_those_of_the_form_and_the_command_line():
    assert [(item.id, item.label, item.extension) for item in FORMATS][:5] == [
        ("csv", "CSV", "csv"),
        ("xls", "Excel XLS", "xls"),
        ("xlsx", "Excel XLSx", "xlsx"),
        ("json", "JSON", "json"),
        ("parquet", "Parquet", "parquet"),
    ]
    assert list(OUTPUTS.items())[:2] == [("web", "Web"), ("csv", "CSV")]
    assert len(OUTPUTS) == 6
    assert format_of("March.XLSX") is FORMAT["xlsx"]
    assert format_of("March.pdf") is None


@pytest.mark.parametrize(("currency", "decimals"), [("USD", 2), ("JPY", 0), ("KWD", 3)])
def test_csv_and_both_excel_formats_hold_the_same_table(currency, decimals):
    result = by_month_and_package(currency, decimals)
    table = tabulate(result)
    expected = [[heading.title for heading in table.headings], *map(list, table.body)]

    def as_read(cell: Any) -> Any:
        return "" if cell is None else float(cell) if isinstance(cell, Decimal) else cell

    wanted = [[as_read(cell) for cell in row] for row in expected]
    for format_id in ("xls", "xlsx"):
        assert excel_rows(export(result, format_id))[1:6] == wanted

    def as_text(cell: Any) -> str:
        if isinstance(cell, date):
            return cell.strftime("%Y-%m")
        return "" if cell is None else str(cell)

    lines = csv_rows(export(result, "csv"))
    assert lines[0] == [heading.group for heading in table.headings]
    assert [[cell.removeprefix("'") for cell in line] for line in lines[1:6]] == [
        [as_text(cell) for cell in row] for row in expected
    ]


def test_csv_is_what_rfc_4180_and_excel_ask_for():
    content = export(named(by_month_and_package(), 'Größe "L", neu;\nzwei'), "csv")
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.endswith(b"\r\n")
    assert '2024-01,"Größe ""L"", neu;\nzwei",1,'.encode() in content
    assert {len(line) for line in csv_rows(content)} == {2 + len(METRICS)}


def test_csv_money_is_plain_and_nothing_is_an_empty_field():
    result = report(query("date"), [(("2024-03-15",), figures(1))], figures(1))
    content = export(result, "csv", columns=["date", "clients_active_balance_neg", "balance_refill_avg"])
    assert content.decode("utf-8-sig").splitlines()[:4] == [
        ",Clients - Active,Balance Refill",
        "Date,Balance Neg,Avg",
        "2024-03-15,-3703.70,",
        "Total of Jan–Mar 2024,-3703.70,",
    ]


ENDS = [1, *accumulate((len(list(of)) for _, of in groupby(METRICS, key=lambda metric: metric.group)), initial=1)][1:]
GROUPS = [(first + 1, last) for first, last in pairwise(ENDS)]
"""First and last column of each upper header that spans columns, behind two grouping columns."""


def test_both_excel_formats_merge_the_grouped_header():
    for format_id in ("xls", "xlsx"):
        content = export(by_month_and_package(), format_id)
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name("Report")
        assert sorted(sheet.merged_cell_ranges or []) == [((0, first), (0, last)) for first, last in GROUPS]
        top = excel_rows(content)[0]
        groups = dict.fromkeys(metric.group for metric in METRICS)
        starts = [(first, group) for (first, _), group in zip(GROUPS, groups, strict=True)]
        assert [(place, text) for place, text in enumerate(top) if text] == starts


@pytest.mark.parametrize(
    ("currency", "decimals", "money"),
    [
        ("USD", 2, "#,##0.00;[Red]-#,##0.00"),
        ("JPY", 0, "#,##0;[Red]-#,##0"),
        ("KWD", 3, "#,##0.000;[Red]-#,##0.000"),
    ],
)
def test_xlsx_cells_are_formatted_for_their_currency(currency, decimals, money):
    sheet = openpyxl_sheet(export(by_month_and_package(currency, decimals), "xlsx"))
    assert [sheet.cell(4, column).number_format for column in (1, 2, 3, 4)] == ["yyyy-mm", "@", "#,##0", money]
    assert sheet["A4"].value == datetime(2024, 1, 1)
    assert isinstance(sheet["D4"].value, float | int)


def test_xlsx_keeps_headers_and_grouping_columns_in_view_and_marks_the_totals():
    sheet = openpyxl_sheet(export(by_month_and_package(), "xlsx"))
    assert sheet.freeze_panes == "C3"
    assert (sheet["A6"].value, sheet["A6"].font.bold, sheet["A6"].border.top.style) == (
        "Total of Jan–Mar 2024",
        True,
        "thin",
    )
    assert sheet["A5"].font.bold is False
    # Filtering and sorting by hand leaves the totals row alone.
    assert sheet.auto_filter.ref == f"A2:{get_column_letter(2 + len(METRICS))}5"


def test_xlsx_prints_headers_and_grouping_columns_on_every_page():
    sheet = openpyxl_sheet(export(by_month_and_package(), "xlsx"))
    assert (sheet.print_title_rows, sheet.print_title_cols) == ("$1:$2", "$A:$B")
    assert sheet.page_setup.orientation == "landscape"


def test_xlsx_columns_are_as_wide_as_their_widest_cell():
    sheet = openpyxl_sheet(export(named(by_month_and_package(), "N" * 30), "xlsx"))
    assert [sheet.column_dimensions[letter].width for letter in "ABC"] == [23, 32, 9]


def test_xlsx_looks_do_not_run_from_one_row_into_another():
    # Number, text (beyond a cell's precision), number, nothing: the column's cells keep what each of them is.
    amounts = [Decimal("1.50"), Decimal("1234567890123456.78"), Decimal("-2.25"), None]
    rows = [with_amount(amount).rows[0] for amount in amounts]
    sheet = openpyxl_sheet(export(replace(with_amount(Decimal(0)), rows=tuple(rows)), "xlsx"))
    cells = [sheet.cell(3 + place, 5) for place in range(4)]
    assert [cell.value for cell in cells] == [1.5, "1234567890123456.78", -2.25, None]
    assert [cell.data_type for cell in cells] == ["n", "s", "n", "n"]
    assert [cell.font.bold for cell in cells] == [False] * 4
    assert sheet.cell(7, 5).font.bold


def test_xls_keeps_headers_and_grouping_columns_in_view():
    # PANE: columns and rows that stay; WINDOW2's flag 0x0008 says that they are frozen.
    records = dict(biff_records(export(by_month_and_package(), "xls")))
    assert struct.unpack_from("<HH", records[0x0041]) == (2, 2)
    assert struct.unpack_from("<H", records[0x023E])[0] & 0x0008


def biff_records(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Records of the first sheet of an .xls: from its BOF record (of type 0x10, a sheet) to its EOF."""
    place = content.index(b"\x09\x08\x10\x00\x00\x06\x10\x00")
    while True:
        kind, size = struct.unpack_from("<HH", content, place)
        if kind == 0x000A:
            return
        yield kind, content[place + 4 : place + 4 + size]
        place += 4 + size


@pytest.mark.parametrize("format_id", ["xls", "xlsx"])
def test_the_second_sheet_carries_the_query_and_the_info(format_id):
    result = report(query("year", owners=(7,)), [(("2024",), figures(1))], figures(1), "Only a part.")
    content = export(result, format_id, names={("owner", 7): "=Acme"})
    assert CalamineWorkbook.from_filelike(io.BytesIO(content)).sheet_names == ["Report", "Info"]
    said = dict(excel_rows(content, "Info"))
    assert said["Owner"] == "=Acme"
    assert said["Time zone"] == "UTC"
    assert said["Notice"] == "Only a part."


def test_years_are_numbers_without_separators():
    content = export(report(query("year"), [(("2024",), figures(1))], figures(1)), "xlsx")
    sheet = openpyxl_sheet(content)
    assert (sheet["A3"].value, sheet["A3"].number_format) == (2024, "0")
    assert csv_rows(export(report(query("year"), [(("2024",), figures(1))], None), "csv"))[2][0] == "2024"


@pytest.mark.parametrize("format_id", ["csv", "xls", "xlsx"])
def test_a_report_without_rows_still_has_its_headers(format_id):
    content = export(report(query("month"), [], None), format_id)
    rows = csv_rows(content) if format_id == "csv" else excel_rows(content)
    assert [row[:2] for row in rows[:2]] == [["", "Clients - Active"], ["Month", "Qty"]]
    assert [row[0] for row in rows[2:]] == ["", "Question: Jan–Mar 2024, UTC, by Month, USD, active 1 month"]


def without_words(data: dict[str, Any]) -> dict[str, Any]:
    """The report's JSON without what its info tells in words."""
    told = {"question", "notes"}
    return {**data, "info": {key: value for key, value in data["info"].items() if key not in told}}


def test_json_is_the_contracts_and_thaws_to_the_same_report():
    result = by_month_and_package()
    content = export(result, "json")
    assert without_words(json.loads(content)) == result.to_json()
    assert ReportResult.from_json(json.loads(content)) == result
    assert "Тариф «Ürün» 中文 📞".encode() in content
    assert content.endswith(b"}\n")


def test_json_of_an_empty_report():
    result = report(query("month"), [], None, "No clients.")
    assert without_words(json.loads(export(result, "json"))) == result.to_json()


def test_json_holds_the_columns_and_rows_that_are_displayed():
    result = by_month_and_package()
    got = json.loads(export(result, "json", columns=["month", "payg_total"], order=[2, 1]))
    assert [column["id"] for column in got["columns"]] == ["month", "payg_total"]
    assert [list(row) for row in got["rows"]] == [["month", "partial", "data_until", "payg_total"]] * 2
    assert [row["month"] for row in got["rows"]] == ["2024-03", "2024-01"]
    assert list(got["totals"]) == ["payg_total"]


# ------------------------------------------------------------------ text that looks like something else

HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "＝1+1", "－5", "\t=1", "\n=1", " =1", "=cmd|' /C calc'!A0", "#N/A", "TRUE"]


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_becomes_a_formula_in_excel(name):
    result = named(by_month_and_package(), name)
    cell = openpyxl_sheet(export(result, "xlsx"))["B3"]
    assert (cell.data_type, cell.value, cell.number_format) == ("s", name, "@")
    assert bool(cell.quotePrefix) == runs_as_formula(name)
    assert excel_rows(export(result, "xls"))[2][1] == name
    # 0x0006 is BIFF's formula record.
    assert 0x0006 not in dict(biff_records(export(result, "xls")))


@given(st.text(max_size=40))
@settings(deadline=None)
def test_no_csv_field_that_is_text_can_run(name):
    result = named(by_month_and_package(), name)
    field = csv_rows(export(result, "csv", columns=["month", "package", "clients_all_balance"]))[2][1]
    assert not runs_as_formula(field)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**20), max_value=10**20))
@settings(max_examples=60, deadline=None)
def test_amounts_come_back_exactly_from_every_format(amount):
    result = with_amount(amount)
    shown = ["month", "clients_active_balance"]
    assert Decimal(csv_rows(export(result, "csv", columns=shown))[2][1]) == amount
    for format_id in ("xls", "xlsx"):
        cell = excel_rows(export(result, format_id, columns=shown))[2][1]
        # Excel shows 15 significant digits of a number; what needs more is text.
        assert Decimal(cell if isinstance(cell, str) else f"{cell:.15g}") == amount


def with_amount(amount: Decimal | None) -> ReportResult:
    """A report of one month in which the balance of active clients is ``amount``."""
    values = list(figures(1))
    values[3] = amount
    return report(query("month"), [(("2024-01",), tuple(values))], tuple(values))


def test_ordinary_negative_amounts_are_numbers_everywhere():
    result = with_amount(Decimal("-1234.50"))
    shown = ["month", "clients_active_balance"]
    assert csv_rows(export(result, "csv", columns=shown))[2:4] == [
        ["2024-01", "-1234.50"],
        ["Total of Jan–Mar 2024", "-1234.50"],
    ]
    assert excel_rows(export(result, "xls", columns=shown))[2][1] == -1234.5
    assert openpyxl_sheet(export(result, "xlsx", columns=shown))["B3"].data_type == "n"


def test_an_amount_beyond_a_cells_precision_is_right_aligned_text():
    result = with_amount(Decimal("1234567890123456.78"))
    cell = openpyxl_sheet(export(result, "xlsx"))["E3"]
    assert (cell.value, cell.data_type, cell.alignment.horizontal) == ("1234567890123456.78", "s", "right")
    assert excel_rows(export(result, "xls"))[2][4] == "1234567890123456.78"


@pytest.mark.parametrize("format_id", ["csv", "xls", "xlsx", "json"])
def test_characters_that_no_file_may_hold_do_not_break_an_export(format_id):
    content = export(named(by_month_and_package(), "a\x00b\x1fc\ud83dd"), format_id)
    if format_id == "json":
        assert json.loads(content)["rows"][0]["package"] == "a\x00b\x1fc\ud83dd"
    else:
        rows = csv_rows(content) if format_id == "csv" else excel_rows(content)
        assert rows[2][1] == "a\ufffdb\ufffdc\ufffdd"


def test_xlsx_text_that_looks_like_an_escape_is_kept_from_being_read_as_one():
    content = export(named(by_month_and_package(), "_x0041_ and _x005F_"), "xlsx")
    sheet = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml").decode()
    assert "_x005F_x0041_ and _x005F_x005F_" in sheet


def test_xlsx_text_of_the_utmost_length_is_not_cut_when_its_escapes_make_it_longer():
    name = "_x0041_" * 4_681  # 32,767 characters
    content = export(named(by_month_and_package(), name), "xlsx")
    sheet = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("_x005F_x0041_") == 4_681


def test_dates_of_excels_impossible_february_are_text():
    result = report(query("date"), [(("1900-02-28",), figures(1)), (("1900-03-01",), figures(1))], figures(1))
    for format_id in ("xls", "xlsx"):
        assert [row[0] for row in excel_rows(export(result, format_id))[2:4]] == ["1900-02-28", date(1900, 3, 1)]


# ------------------------------------------------------------------ limits


def test_a_text_longer_than_a_cell_is_refused_and_csv_recommended():
    fits = named(by_month_and_package(), "x" * 32_765 + "📞")  # 32,767 in UTF-16
    too_long = named(by_month_and_package(), "x" * 32_766 + "📞")
    for format_id, label in (("xls", "Excel XLS"), ("xlsx", "Excel XLSx")):
        assert excel_rows(export(fits, format_id))[2][1] == fits.rows[0].labels[1]
        with pytest.raises(UserError, match=rf"^{label} holds 32,767 characters .* 32,768: use CSV\.$") as refusal:
            export(too_long, format_id)
        assert refusal.value.field == "format"
    assert csv_rows(export(too_long, "csv"))[2][1] == too_long.rows[0].labels[1]


def test_xls_holds_exactly_as_many_rows_as_it_says():
    one = report(query("month"), [(("2024-01",), figures(1))], figures(1))
    full = replace(one, rows=one.rows * (65_536 - 3))
    assert len(excel_rows(export(full, "xls", columns=["month", "clients_all_qty"]))) == 65_536
    with pytest.raises(UserError, match=r"65,536 rows and this report needs 65,537: use Excel XLSx or CSV\.$"):
        export(replace(one, rows=one.rows * (65_536 - 2)), "xls", columns=["month"])


def test_xlsx_refuses_rows_beyond_its_limit():
    one = report(query("month"), [(("2024-01",), figures(1))], figures(1))
    table = tabulate(one, ["month"])
    huge = replace(table, rows=table.rows * 1_048_574)
    with pytest.raises(UserError, match=r"1,048,576 rows and this report needs 1,048,577: use CSV\.$"):
        xlsx_file.LIMITS.check(replace(document(one), table=huge))
    xlsx_file.LIMITS.check(replace(document(one), table=replace(huge, rows=huge.rows[1:])))


def test_columns_beyond_a_sheets_width_are_refused():
    one = document(by_month_and_package())
    wide = replace(one, table=replace(one.table, headings=one.table.headings * 12))
    with pytest.raises(
        UserError, match=rf"256 columns and this report needs {12 * len(one.table.headings)}: use Excel XLSx or CSV\.$"
    ):
        xls_file.LIMITS.check(wide)
    xlsx_file.LIMITS.check(wide)


# ------------------------------------------------------------------ names


def test_each_format_names_its_file_and_mime_type():
    assert filename(report(query(), [], None), "xlsx") == "customer-dynamics_2024-01-01_2024-03-31.xlsx"
    timed = replace(query(), end=Bound(date(2024, 3, 31), time(8, 30)))
    assert filename(report(timed, [], None), "csv") == "customer-dynamics_2024-01-01_2024-03-31T0830.csv"
    assert FORMAT["xls"].mime == "application/vnd.ms-excel"
    assert (FORMAT["xls"].rows, FORMAT["xls"].columns) == (65_536, 256)
