"""Every kind of bad row is named by file, line, column, value and reason, and keeps the whole load out."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from data.errors import NoData
from data.warehouse import checks
from data.warehouse.load import load_folder
from data.warehouse.rejects import BadRows
from tests.data.warehouse.company import COMPANY, content, rows, settings, version, write

T = "2024-01-06T00:00:00Z"
_ANOTHER = "another row of this load has the same key and other values"

BAD = {
    "an id that is no number": ("packages", "x1,Gold", "column 'id': value 'x1': not a whole number"),
    "an id with a fraction": ("packages", "1.0,Gold", "column 'id': value '1.0': not a whole number"),
    "an id with digits of another script": ("packages", "١,Gold", "column 'id': value '١': not a whole number"),
    "an id beyond 64 bits": (
        "packages",
        "9223372036854775808,Gold",
        "column 'id': value '9223372036854775808': a whole number beyond 64 bits",
    ),
    "no id": ("packages", ",Gold", "column 'id': value '': missing"),
    "no name": ("packages", "11,", "column 'name': value '': missing"),
    "a blank name": ("packages", "11,  ", "column 'name': value '  ': blank"),
    "a name of wide spaces": ("packages", "11,\u3000", "column 'name': value '\\u3000': blank"),
    "a NUL in a name": ("packages", "11,a\0b", "column 'name': value 'a\\x00b': contains a NUL character"),
    "too long a tag": (
        "client_tags",
        "1," + "x" * 501,
        f"column 'tag': value '{'x' * 80}…': longer than 500 characters",
    ),
    "an unknown client type": (
        "clients",
        "3,Cy,person,1,EUR,2024-01-01T00:00Z,",
        "column 'type': value 'person': not one of client, reseller, calling_card, call_shop",
    ),
    "an unknown owner": (
        "clients",
        "3,Cy,client,7,EUR,2024-01-01T00:00Z,",
        "column 'owner_id': value '7': unknown reseller",
    ),
    "a currency not in ISO 4217": (
        "clients",
        "3,Cy,client,1,EUX,2024-01-01T00:00Z,",
        "column 'currency': value 'EUX': not an ISO 4217 currency",
    ),
    "a currency in small letters": (
        "clients",
        "3,Cy,client,1,eur,2024-01-01T00:00Z,",
        "column 'currency': value 'eur': a currency code in small letters",
    ),
    "closed before created": (
        "clients",
        "3,Cy,client,1,EUR,2024-01-02T00:00Z,2024-01-01T00:00Z",
        "column 'closed_at': value '2024-01-01T00:00Z': before created_at",
    ),
    "no creation instant": (
        "clients",
        "3,Cy,client,1,EUR,,",
        "column 'created_at': value '': missing",
    ),
    "a closing instant that is none": (
        "clients",
        "3,Cy,client,1,EUR,2024-01-02T00:00Z,never",
        "column 'closed_at': value 'never': not an ISO 8601 instant",
    ),
    "a tag of an unknown client": ("client_tags", "7,vip", "column 'client_id': value '7': unknown client"),
    "a subscription of an unknown client": (
        "subscriptions",
        f"7,10,{T},",
        "column 'client_id': value '7': unknown client",
    ),
    "a subscription to an unknown package": (
        "subscriptions",
        f"1,77,{T},",
        "column 'package_id': value '77': unknown package",
    ),
    "a subscription that ends before it starts": (
        "subscriptions",
        f"2,10,{T},2024-01-05T23:59:59.999999Z",
        "column 'ended_at': value '2024-01-05T23:59:59.999999Z': before started_at",
    ),
    "an unknown client": ("transactions", f"1,7,{T},refill,1,", "column 'client_id': value '7': unknown client"),
    "an unknown kind": (
        "transactions",
        f"1,1,{T},gift,1,",
        "column 'kind': value 'gift': not one of refill, usage, package_activation, package_renewal, adjustment",
    ),
    "an amount that is no number": (
        "transactions",
        f"1,1,{T},refill,ten,",
        "column 'amount': value 'ten': not a plain decimal number",
    ),
    "an amount with an exponent": (
        "transactions",
        f"1,1,{T},refill,1e3,",
        "column 'amount': value '1e3': not a plain decimal number",
    ),
    "an amount with a decimal comma": (
        "transactions",
        f'1,1,{T},refill,"1,5",',
        "column 'amount': value '1,5': a decimal comma: load the files with --decimal-comma",
    ),
    "an amount that is not finite": (
        "transactions",
        f"1,1,{T},refill,NaN,",
        "column 'amount': value 'NaN': not a plain decimal number",
    ),
    "an amount of seven decimals": (
        "transactions",
        f"1,1,{T},refill,1.0000001,",
        "column 'amount': value '1.0000001': more than 6 decimals",
    ),
    "an amount that is too large": (
        "transactions",
        f"1,1,{T},refill,9223372036854.775808,",
        "column 'amount': value '9223372036854.775808': beyond the largest amount, 9223372036854.775807",
    ),
    "an amount that is too small": (
        "transactions",
        f"1,1,{T},usage,-9223372036854.775808,",
        "column 'amount': value '-9223372036854.775808': beyond the largest amount, 9223372036854.775807",
    ),
    "no amount": ("transactions", f"1,1,{T},refill,,", "column 'amount': value '': missing"),
    "an instant that is a date": (
        "transactions",
        "1,1,2024-01-06,refill,1,",
        "column 'at': value '2024-01-06': a date alone is not an instant",
    ),
    "an instant on no day": (
        "transactions",
        "1,1,2023-02-29T00:00:00Z,refill,1,",
        "column 'at': value '2023-02-29T00:00:00Z': no such date",
    ),
    "an instant in another notation": (
        "transactions",
        "1,1,06.01.2024 10:00,refill,1,",
        "column 'at': value '06.01.2024 10:00': not an ISO 8601 instant",
    ),
    "an instant at 24 o'clock": (
        "transactions",
        "1,1,2024-01-06T24:00:00Z,refill,1,",
        "column 'at': value '2024-01-06T24:00:00Z': not an ISO 8601 instant",
    ),
    "an instant finer than a microsecond": (
        "transactions",
        "1,1,2024-01-06T00:00:00.1234567Z,refill,1,",
        "column 'at': value '2024-01-06T00:00:00.1234567Z': a fraction of more than 6 digits",
    ),
    "an instant of another age": (
        "transactions",
        "1,1,0024-01-06T00:00:00Z,refill,1,",
        "column 'at': value '0024-01-06T00:00:00Z': outside the years 1900 to 2199",
    ),
    "a package kind without a package": (
        "transactions",
        f"1,1,{T},package_activation,-1,",
        "column 'package_id': value '': missing for a package kind",
    ),
    "a package on another kind": (
        "transactions",
        f"1,1,{T},usage,-1,10",
        "column 'package_id': value '10': given for a kind that carries no package",
    ),
    "an unknown package": (
        "transactions",
        f"1,1,{T},package_renewal,-1,77",
        "column 'package_id': value '77': unknown package",
    ),
    "a rate of a currency not in ISO 4217": (
        "rates",
        "ABC,2024-01-01,1",
        "column 'currency': value 'ABC': not an ISO 4217 currency",
    ),
    "a rate of zero": ("rates", "USD,2024-01-02,0.00", "column 'rate': value '0.00': not above zero"),
    "a rate below zero": ("rates", "USD,2024-01-02,-1", "column 'rate': value '-1': not above zero"),
    "a rate with too many decimals": (
        "rates",
        "USD,2024-01-02,0.0000000000000000001",
        "column 'rate': value '0.0000000000000000001': more than 20 digits before or 18 after the point",
    ),
    "a rate's date with a time": (
        "rates",
        "USD,2024-01-02T00:00Z,1",
        "column 'date': value '2024-01-02T00:00Z': not a date like 2024-03-15",
    ),
    "a rate's date that is none": ("rates", "USD,2024-02-30,1", "column 'date': value '2024-02-30': no such date"),
    "an unknown parent": ("resellers", "3,South,7", "column 'parent_id': value '7': unknown reseller"),
    "a reseller who is their own parent": (
        "resellers",
        "3,South,3",
        "column 'parent_id': value '3': closes a cycle in the reseller tree",
    ),
    "a cycle through a live reseller": (
        "resellers",
        "1,Operator,2",
        "column 'parent_id': value '2': closes a cycle in the reseller tree",
    ),
    "another currency for a client that has transactions": (
        "clients",
        "1,Ann,client,1,USD,2024-01-01T00:00:00Z,",
        "column 'currency': value 'USD': another currency for a client that has transactions",
    ),
    "too few values": ("packages", "11", "has 1 value, the header has 2"),
    "too many values": ("packages", "11,Gold,3", "has 3 values, the header has 2"),
    "a quote inside a value": ("packages", '11,"Go"ld', "a quote in the wrong place"),
}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory) -> str:
    """The URL of a warehouse that holds the company; its readers and refused loads leave it as it is."""
    folder = tmp_path_factory.mktemp("bad")
    url = f"duckdb:///{folder / 'warehouse.duckdb'}"
    load_folder(settings(url), write(folder / "company", COMPANY))
    return url


def refusal(url: str, folder: Path) -> BadRows:
    with pytest.raises(BadRows) as refused:
        load_folder(settings(url), folder)
    return refused.value


@pytest.mark.parametrize("kind", BAD)
def test_each_kind_of_bad_row_is_named_and_nothing_is_kept(kind, loaded, tmp_path):
    table, line, expected = BAD[kind]
    good = "4,West," if table == "resellers" else COMPANY[table][-1]
    before = version(loaded)
    fault = refusal(loaded, write(tmp_path / "in", rows(table, good, line)))
    assert fault.lines == (f"{table}.csv:3: {expected}",)
    assert version(loaded) == before


@pytest.mark.parametrize(
    "kind",
    [
        "an unknown client",
        "an unknown kind",
        "a cycle through a live reseller",
        "an unknown owner",
        "another currency for a client that has transactions",
    ],
)
def test_bad_rows_are_bad_in_postgresql_too(kind, postgresql_url, tmp_path):
    load_folder(settings(postgresql_url), write(tmp_path / "company", COMPANY))
    before = content(postgresql_url)
    table, line, expected = BAD[kind]
    fault = refusal(postgresql_url, write(tmp_path / "in", rows(table, line)))
    assert fault.lines == (f"{table}.csv:2: {expected}",)
    assert content(postgresql_url) == before


def test_a_first_load_with_a_bad_row_leaves_no_warehouse(warehouse_url, tmp_path):
    refusal(warehouse_url, write(tmp_path / "in", {**COMPANY, **rows("packages", "x,Gold")}))
    with pytest.raises(NoData):
        version(warehouse_url)


def test_one_key_twice_with_different_values_makes_all_its_rows_bad(loaded, tmp_path):
    fault = refusal(loaded, write(tmp_path / "in", rows("packages", "11,Silver", "12,Tin", "11,Silber", "11,Silver")))
    assert fault.lines == tuple(f"packages.csv:{line}: column 'id': value '11': {_ANOTHER}" for line in (2, 4, 5))


def test_a_missing_value_differs_from_a_given_one(loaded, tmp_path):
    fault = refusal(loaded, write(tmp_path / "in", rows("resellers", "5,East,", "5,East,1")))
    assert fault.lines == tuple(f"resellers.csv:{line}: column 'id': value '5': {_ANOTHER}" for line in (2, 3))


def test_a_key_is_in_conflict_with_a_bad_row_of_the_same_key(loaded, tmp_path):
    fault = refusal(loaded, write(tmp_path / "in", rows("transactions", f"7,1,{T},refill,1,", f"7,1,{T},refill,x,")))
    assert fault.lines == (
        f"transactions.csv:2: column 'id': value '7': {_ANOTHER}",
        f"transactions.csv:3: column 'id': value '7': {_ANOTHER}",
        "transactions.csv:3: column 'amount': value 'x': not a plain decimal number",
    )


def test_a_cycle_is_reported_on_each_row_that_closes_it(loaded, tmp_path):
    fault = refusal(loaded, write(tmp_path / "in", rows("resellers", "5,A,6", "6,B,7", "7,C,5", "8,D,7")))
    cycle = "closes a cycle in the reseller tree"
    assert fault.lines == (
        f"resellers.csv:2: column 'parent_id': value '6': {cycle}",
        f"resellers.csv:3: column 'parent_id': value '7': {cycle}",
        f"resellers.csv:4: column 'parent_id': value '5': {cycle}",
        "resellers.csv:5: column 'parent_id': value '7': unknown reseller: its own row is bad",
    )


def test_what_follows_from_another_fault_is_told_last_and_says_so(loaded, tmp_path):
    fault = refusal(
        loaded,
        write(
            tmp_path / "in",
            rows("clients", "5,Eve,client,1,???,2024-01-01T00:00Z,")
            | rows("transactions", f"1,5,{T},refill,1,", f"2,9,{T},refill,1,"),
        ),
    )
    assert fault.lines == (
        "clients.csv:2: column 'currency': value '???': not an ISO 4217 currency",
        "transactions.csv:3: column 'client_id': value '9': unknown client",
        "transactions.csv:2: column 'client_id': value '5': unknown client: its own row is bad",
    )


def test_all_faults_of_a_row_are_told(loaded, tmp_path):
    fault = refusal(loaded, write(tmp_path / "in", rows("transactions", "x,7,y,z,0.0000001,w")))
    assert [line.split("'")[1] for line in fault.lines] == ["id", "client_id", "at", "kind", "amount", "package_id"]


def test_only_the_first_hundred_are_named_and_all_are_counted(loaded, tmp_path):
    lines = [f"{number},7,{T},{'refill' if number % 2 else 'gift'},1," for number in range(1, 201)]
    fault = refusal(loaded, write(tmp_path / "in", rows("transactions", *lines)))
    assert fault.total == 300
    assert len(fault.rows) == 100
    assert fault.lines[100:] == (
        "… and 200 more. All of them by reason:",
        "  200 x transactions.csv: unknown client",
        "  100 x transactions.csv: not one of refill, usage, package_activation, package_renewal, adjustment",
    )


def test_lines_are_counted_through_line_breaks_in_quotes_and_blank_lines(loaded, tmp_path):
    folder = write(tmp_path / "in", rows("packages", '11,"Two\nlines"', "", '12,"', '"', "x,Gold", "y,Tin"), end="\r\n")
    assert refusal(loaded, folder).lines == (
        "packages.csv:5: column 'name': value '\\r\\n': blank",
        "packages.csv:7: column 'id': value 'x': not a whole number",
        "packages.csv:8: column 'id': value 'y': not a whole number",
    )


def test_lines_stay_exact_when_malformed_rows_are_among_them(loaded, tmp_path):
    folder = write(tmp_path / "in", rows("packages", "11,Tin,3", "x,Gold", "", '12,"a"b', "y,Tin"))
    assert refusal(loaded, folder).lines == (
        "packages.csv:2: has 3 values, the header has 2",
        "packages.csv:3: column 'id': value 'x': not a whole number",
        "packages.csv:5: a quote in the wrong place",
        "packages.csv:6: column 'id': value 'y': not a whole number",
    )


def test_a_value_that_is_not_utf8_is_bad(loaded, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "packages.csv").write_bytes(b"id,name\n11,Gold\n12,G\xf6ld\n")
    (line,) = refusal(loaded, folder).lines
    assert line.startswith("packages.csv:3: column 'name': value 'G\\xf6ld': not UTF-8: if all of the file is in ")
    assert line.endswith("like --encoding cp1252")


class TestKeepGoing:
    """On request the good rows are kept, and the bad ones written down."""

    def keep(self, url: str, folder: Path, rejects: Path) -> tuple[list[dict[str, str]], dict[str, int]]:
        summary = load_folder(settings(url), folder, keep_going=True, rejects=rejects)
        with rejects.open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream)), {table.table: table.rejected for table in summary.tables}

    def test_good_rows_are_kept_and_bad_ones_written_with_their_original_row(self, warehouse_url, tmp_path):
        folder = write(
            tmp_path / "in", {**COMPANY, **rows("packages", "10,Gold", "x,Gold", '11,"Tin, ""old"""', 'y,"a, b"')}
        )
        written, rejected = self.keep(warehouse_url, folder, tmp_path / "bad.csv")
        assert content(warehouse_url)["packages"] == [(10, "Gold"), (11, 'Tin, "old"')]
        assert [list(row.values()) for row in written] == [
            ["packages.csv", "3", "id", "x", "not a whole number", "x,Gold"],
            ["packages.csv", "5", "id", "y", "not a whole number", 'y,"a, b"'],
        ]
        assert rejected["packages"] == 2

    def test_rows_that_refer_to_a_rejected_row_are_rejected_too(self, warehouse_url, tmp_path):
        tables = {
            **COMPANY,
            **rows("resellers", "1,Operator,", "2,North,9", "3,Below North,2"),
            **rows("clients", *COMPANY["clients"][1:], "3,Cy,client,3,EUR,2024-01-01T00:00Z,"),
        }
        written, _ = self.keep(warehouse_url, write(tmp_path / "in", tables), tmp_path / "bad.csv")
        kept = content(warehouse_url)
        assert [row[0] for row in kept["resellers"]] == [1]
        assert [row[0] for row in kept["clients"]] == [1]
        assert [row[0] for row in kept["transactions"]] == [100, 101]
        assert [(row["file"], row["line"]) for row in written] == [
            ("resellers.csv", "3"),
            ("resellers.csv", "4"),
            ("clients.csv", "3"),
            ("clients.csv", "4"),
            ("transactions.csv", "4"),
        ]

    def test_a_rejected_change_leaves_the_live_row_to_refer_to(self, warehouse_url, tmp_path):
        load_folder(settings(warehouse_url), write(tmp_path / "company", COMPANY))
        tables = rows("clients", "1,Ann,client,1,XXQ,2024-01-01T00:00Z,") | rows("transactions", f"7,1,{T},refill,1,")
        written, _ = self.keep(warehouse_url, write(tmp_path / "in", tables), tmp_path / "bad.csv")
        assert [row["file"] for row in written] == ["clients.csv"]
        assert [row[0] for row in content(warehouse_url)["transactions"]] == [7, 100, 101, 102]

    def test_rejecting_a_reseller_may_bring_back_a_parent_that_closes_a_cycle(self, duckdb_url, tmp_path):
        # Live: 2 below 1. The load turns them round, but the row of 2 is bad, so 2 stays below 1.
        load_folder(settings(duckdb_url), write(tmp_path / "company", COMPANY))
        folder = write(tmp_path / "in", rows("resellers", "2,,", "1,Operator,2"))
        written, _ = self.keep(duckdb_url, folder, tmp_path / "bad.csv")
        assert [(row["line"], row["reason"]) for row in written] == [
            ("2", "missing"),
            ("3", "closes a cycle in the reseller tree"),
        ]
        assert content(duckdb_url)["resellers"] == [(1, "Operator", None), (2, "North", 1)]

    def test_malformed_rows_are_written_too(self, duckdb_url, tmp_path):
        folder = write(tmp_path / "in", rows("packages", "10,Gold", "11,Tin,3"))
        written, rejected = self.keep(duckdb_url, folder, tmp_path / "bad.csv")
        assert written[0]["row"] == "11,Tin,3"
        assert rejected == {"packages": 1}
        assert content(duckdb_url)["packages"] == [(10, "Gold")]

    def test_a_load_without_bad_rows_leaves_a_rejects_file_with_a_header_only(self, duckdb_url, tmp_path):
        written, _ = self.keep(duckdb_url, write(tmp_path / "in", COMPANY), tmp_path / "bad.csv")
        assert written == []
        assert (tmp_path / "bad.csv").read_text() == "file,line,column,value,reason,row\n"

    def test_a_great_many_bad_rows_are_written_in_order(self, duckdb_url, tmp_path, monkeypatch):
        monkeypatch.setattr(checks, "_BATCH", 7)
        lines = [f'"{"x" if number % 3 else ""}{number}","{"a" if number % 2 else " "}\n"' for number in range(1, 100)]
        folder = write(tmp_path / "in", rows("packages", *lines, "5"))
        written, rejected = self.keep(duckdb_url, folder, tmp_path / "bad.csv")
        expected = [
            (str(2 * number), column)
            for number in range(1, 100)
            for column, is_bad in (("id", number % 3), ("name", number % 2 == 0))
            if is_bad
        ]
        assert [(row["line"], row["column"]) for row in written] == [*expected, ("200", "")]
        assert rejected == {"packages": len({line for line, _ in expected}) + 1}
