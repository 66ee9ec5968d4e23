"""Files as other systems write them: read with the options of a load, or told what they are and what to do."""

from __future__ import annotations

import csv
import gzip
import io
from datetime import datetime
from pathlib import Path

import pytest

from data.errors import UserError
from data.warehouse.load import LoadSummary, load_folder
from data.warehouse.notation import Notation, parse_notation
from data.warehouse.rejects import LoadRefused
from tests.data.warehouse.company import COMPANY, content, rows, settings, write

ROWS = "id,name\n1,a\n"


def put(folder: Path, raw: bytes | str, name: str = "packages.csv", encoding: str = "utf-8") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(raw if isinstance(raw, bytes) else raw.encode(encoding))
    return folder


def load(url: str, folder: Path, notation: Notation | None = None, **options: object) -> LoadSummary:
    return load_folder(settings(url), folder, notation=notation, **options)  # type: ignore[arg-type]


def refused(url: str, folder: Path, notation: Notation | None = None) -> tuple[str, ...]:
    with pytest.raises(LoadRefused) as refusal:
        load(url, folder, notation)
    return refusal.value.lines


def told(url: str, folder: Path, text: str, table: str = "packages") -> str:
    """What is said of the one fault of a file with that row."""
    (line,) = refused(url, write(folder, rows(table, text)))
    return line.partition(f"{table}.csv:2: ")[2]


# ---------------------------------------------------------------- options


def test_an_excel_file_of_a_european_office_is_read_as_it_is(warehouse_url, tmp_path):
    folder = write(tmp_path / "in", COMPANY)
    (folder / "transactions.csv").unlink()
    (folder / "rates.csv").unlink()
    for file in folder.iterdir():
        file.write_text(file.read_text().replace(",", ";").replace("Ann", "Zoë"), encoding="cp1252")
    put(
        folder,
        "id;client_id;at;kind;amount;package_id\r\n1;1;2024-01-06 10:00;refill;-1234,50;\r\n",
        "transactions.csv",
    )
    put(folder, "currency;date;rate\nUSD;2024-01-01;1,1\n", "rates.csv")
    load(warehouse_url, folder, parse_notation(encoding="cp1252", delimiter=";", decimal_comma=True))
    found = content(warehouse_url)
    assert found["transactions"] == [(1, 1, datetime(2024, 1, 6, 10), "refill", -1_234_500_000, None)]
    assert str(found["rates"][0][2]).rstrip("0") == "1.1"
    assert found["clients"][0][1] == "Zoë"


def test_with_a_decimal_comma_a_point_is_none(duckdb_url, tmp_path):
    folder = write(tmp_path / "in", COMPANY | rows("transactions", '1,1,2024-01-06T00:00Z,refill,"1.5",'))
    (line,) = refused(duckdb_url, put(folder, "currency,date,rate\n", "rates.csv"), Notation(decimal_comma=True))[:1]
    assert line == "transactions.csv:2: column 'amount': value '1.5': not a plain decimal number"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "cp1251", "koi8-r", "shift_jis", "utf-8-sig"])
def test_every_encoding_of_files_is_read(encoding, duckdb_url, tmp_path):
    load(
        duckdb_url,
        put(tmp_path / "in", 'id,name\n1,"Золото, ""7"""\n', encoding=encoding),
        parse_notation(encoding=encoding),
    )
    assert content(duckdb_url)["packages"] == [(1, 'Золото, "7"')]


def test_a_byte_order_mark_says_more_than_the_option(duckdb_url, tmp_path):
    load(duckdb_url, put(tmp_path / "in", "id,name\n1,é\n", encoding="utf-8-sig"), parse_notation(encoding="cp1252"))
    assert content(duckdb_url)["packages"] == [(1, "é")]


def test_a_byte_that_the_encoding_does_not_have_makes_its_row_bad(duckdb_url, tmp_path):
    folder = put(tmp_path / "in", b"id,name\n1,a\n2,\x81b\n")
    assert refused(duckdb_url, folder, parse_notation(encoding="cp1252")) == (
        "packages.csv:3: column 'name': value '\\x81b': not cp1252",
    )


@pytest.mark.parametrize(
    ("delimiter", "written"), [("tab", "\t"), ("\\t", "\t"), (";", ";"), ("|", "|"), ("pipe", "|")]
)
def test_columns_may_be_separated_otherwise(delimiter, written, duckdb_url, tmp_path):
    folder = put(tmp_path / "in", f'id{written}name\n1{written}"a{written}b"\n2{written}c,d\n')
    load(duckdb_url, folder, parse_notation(delimiter=delimiter))
    assert content(duckdb_url)["packages"] == [(1, f"a{written}b"), (2, "c,d")]


def test_texts_that_stand_for_nothing_are_empty(duckdb_url, tmp_path):
    folder = write(tmp_path / "in", COMPANY | rows("resellers", "1,Operator,\\N", "2,[NULL] ,1"))
    put(folder, COMPANY["clients"][0] + "\n1,Ann,client,1,EUR,2024-01-01T00:00Z,0000-00-00 00:00:00\n", "clients.csv")
    for other in ("transactions", "subscriptions", "client_tags"):
        (folder / f"{other}.csv").unlink()
    load(duckdb_url, folder, parse_notation(nulls=["\\N", "[NULL]", "0000-00-00 00:00:00"]))
    assert content(duckdb_url)["resellers"] == [(1, "Operator", None), (2, "[NULL] ", 1)]
    assert content(duckdb_url)["clients"][0][6] is None


def test_a_text_for_nothing_where_something_is_needed_is_missing(duckdb_url, tmp_path):
    folder = put(tmp_path / "in", "id,name\n1,-\n")
    assert refused(duckdb_url, folder, Notation(nulls=("-",))) == ("packages.csv:2: column 'name': value '-': missing",)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("encoding", "utf-99"),
        ("encoding", "base64"),
        ("encoding", "idna"),
        ("delimiter", ""),
        ("delimiter", ";;"),
        ("delimiter", "x"),
    ],
)
def test_options_that_cannot_be_are_refused(option, value):
    with pytest.raises(UserError) as refusal:
        parse_notation(**{option: value})
    assert refusal.value.field == option


# ---------------------------------------------------------------- words


_SAID: tuple[tuple[bytes, str], ...] = (
    (
        b"id;name\n1;a\n",
        ":1: semicolons separate the columns, not commas: load the file with --delimiter ';' (and",
    ),
    (b"id\tname\n1\ta\n", ":1: tabs separate the columns, not commas: load the file with --delimiter tab."),
    ("id,name\n1,a\n".encode("utf-16"), " is in UTF-16: load it with --encoding utf-16, or save it as UTF-8."),
    (
        "id,name\n1,a\n".encode("utf-16-be"),
        " looks like UTF-16 without a byte order mark: load it with --encoding",
    ),
    (gzip.compress(b"id,name\n"), " is compressed with gzip: name it packages.csv.gz."),
    (b"PK\x03\x04rest", " is a zip archive or a spreadsheet: name it packages.csv.zip, or save"),
    (b"PAR1rest", " is a Parquet file: let its name end in .parquet."),
    (b"\xef\xbb\xbf\xef\xbb\xbfid,name\n", ":1: the file begins with two byte order marks: leave one or none."),
    (b"sep=,\nid,name\n", ":1: 'sep=,' is a line for Excel alone: delete it."),
    (b"id,na\xf6me\n", ":1: the header row is not UTF-8: if all of the file is in another encoding"),
    ("id,\u200bname\n".encode(), ":1: column 'name' is missing. There is '\\u200bname' instead."),
    (b"id,name\x00\n", ":1: column 'name' is missing. There is 'name\\x00' instead."),
    (b'id,name\n1,"say \\"hi"\n', ":2: a quote behind a backslash: inside quotes, write two quotes for one"),
)


@pytest.mark.parametrize(("raw", "said"), _SAID, ids=[said[:30] for _, said in _SAID])
def test_a_file_is_told_what_it_is_and_what_to_do(raw, said, duckdb_url, tmp_path):
    assert refused(duckdb_url, put(tmp_path / "in", raw))[0].startswith(f"packages.csv{said}")


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("0000-00-00 00:00:00", "a date of zeros, which stands for none: name it with --null"),
        ("\\N", "a word for an empty value: name it with --null"),
        ("[NULL]", "a word for an empty value: name it with --null"),
        ("2024-01-06T00:00:00.1234567Z", "a fraction of more than 6 digits"),
        ("20240106T102030Z", "ISO 8601's basic format: write it with dashes and colons, like 2024-03-15T10:20:30Z"),
        ("2024-01-06 10:20:30 UTC+2", "a zone by name: write Z or an offset like +02:00"),
        ("2024-01-06T10:20:30 Europe/Kyiv", "a zone by name: write Z or an offset like +02:00"),
        ("2024-01-06 10:20 UTC", "a zone by name: write Z or an offset like +02:00"),
    ],
)
def test_an_instant_that_is_none_is_told_why(at, said, duckdb_url, tmp_path):
    load(duckdb_url, write(tmp_path / "company", COMPANY))
    fault = told(duckdb_url, tmp_path / "in", f"1,1,{at},refill,1,", "transactions")
    assert fault == f"column 'at': value '{at}': {said}"


def test_quotes_after_a_blank_are_a_fault_whatever_else_is_in_the_file(duckdb_url, tmp_path):
    said = "a quote after a blank: a quoted value begins right behind the separator"
    for others, line in ((("2,b",), 2), (("x,b", "2"), 2), (("2,b\r",), 2)):
        folder = write(tmp_path / "in", rows("packages", '1, "Basic"', *others))
        assert f"packages.csv:{line}: {said}" in refused(duckdb_url, folder)


def test_a_quote_within_a_value_is_part_of_it_whatever_else_is_in_the_file(duckdb_url, tmp_path):
    for number, others in enumerate((("2,b",), ('2,"b"', "3,c\r"), ("x,b",))):
        folder = write(tmp_path / "in", rows("packages", f'1{number},5" pipe', *others))
        load(duckdb_url, folder, keep_going=True, rejects=tmp_path / "bad.csv")
    assert [row for row in content(duckdb_url)["packages"] if row[0] > 9] == [
        (10, '5" pipe'),
        (11, '5" pipe'),
        (12, '5" pipe'),
    ]


def test_rows_of_commas_are_skipped_and_counted_and_an_empty_last_header_is_no_column(duckdb_url, tmp_path):
    folder = put(tmp_path / "in", "id,name,\n1,a,\n,,\n2,b\n,,\n,,,,\n")
    assert load(duckdb_url, folder).warnings == (
        "packages.csv: ignored a column without a name.",
        "packages.csv: skipped 3 rows without any value.",
    )
    assert content(duckdb_url)["packages"] == [(1, "a"), (2, "b")]
    put(folder, "id,name,,\n1,a,,\n,,,\n3,c,,\nx,d,,\n")
    assert refused(duckdb_url, folder) == ("packages.csv:5: column 'id': value 'x': not a whole number",)


def test_ids_that_may_be_empty_may_be_written_as_data_frames_do(duckdb_url, tmp_path):
    folder = write(tmp_path / "in", rows("resellers", "1,Operator,", "2,North,1.0"))
    load(duckdb_url, folder)
    assert content(duckdb_url)["resellers"] == [(1, "Operator", None), (2, "North", 1)]
    fault = told(duckdb_url, folder, "3,South,9007199254740992.0", "resellers")
    assert fault == "column 'parent_id': value '9007199254740992.0': too large for floating point to be exact"
    assert told(duckdb_url, folder, "3.0,South,", "resellers") == "column 'id': value '3.0': not a whole number"


def test_what_refers_to_a_malformed_row_says_so(duckdb_url, tmp_path):
    malformed = rows("packages", '10,"Go"ld', "11,a,b") | rows("resellers", "1,Operator,", "2,North,1,x", "3,Sub,2")
    lines = refused(duckdb_url, write(tmp_path / "in", COMPANY | malformed))
    assert [line for line in lines if "its own row is bad" in line] == [
        "resellers.csv:4: column 'parent_id': value '2': unknown reseller: its own row is bad",
        "clients.csv:3: column 'owner_id': value '2': unknown reseller: its own row is bad",
        "subscriptions.csv:2: column 'package_id': value '10': unknown package: its own row is bad",
        "transactions.csv:3: column 'package_id': value '10': unknown package: its own row is bad",
        "transactions.csv:4: column 'client_id': value '2': unknown client: its own row is bad",
    ]


# ---------------------------------------------------------------- rejects


def test_rejects_keep_the_bytes_and_run_no_formula(duckdb_url, tmp_path):
    raw = b'id,name\n=1+1,a\n2,G\\\xf6ld\n"@x","a, ""b"""\n3,"c"d\n4,e\n'
    rejects = tmp_path / "bad.csv"
    load(duckdb_url, put(tmp_path / "in", raw), keep_going=True, rejects=rejects)
    assert content(duckdb_url)["packages"] == [(4, "e")]
    found = list(csv.reader(io.StringIO(rejects.read_text(encoding="utf-8"), newline="")))
    assert [[row[1], row[3], row[5]] for row in found[1:]] == [
        ["2", "'=1+1", "'=1+1,a"],
        ["3", "G\\\\\\xf6ld", "2,G\\\\\\xf6ld"],
        ["4", "'@x", '"@x","a, ""b"""'],
        ["5", "", '3,"c"d'],
    ]
