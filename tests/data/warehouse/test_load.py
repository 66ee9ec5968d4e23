"""Loads may be repeated, come late and replace what is there; both engines end up with the same rows."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from data.errors import UserError
from data.settings import Settings
from data.warehouse.load import load_folder
from data.warehouse.rejects import LoadRefused
from tests.data.warehouse.company import COMPANY, content, rows, settings, version, write

GOLDEN = Path(__file__).parents[2] / "golden" / "dataset"
LIVE = {
    "resellers": [(1, "Operator", None), (2, "North", 1)],
    "clients": [
        (1, "Ann", "client", 1, "EUR", datetime(2024, 1, 1), None),
        (2, "Bob", "call_shop", 2, "USD", datetime(2024, 1, 2), datetime(2024, 6, 1)),
    ],
    "client_tags": [(1, "vip")],
    "packages": [(10, "Gold")],
    "subscriptions": [(1, 10, datetime(2024, 1, 5), None)],
    "transactions": [
        (100, 1, datetime(2024, 1, 6), "refill", 10_000_000, None),
        (101, 1, datetime(2024, 1, 7), "package_renewal", -5_000_000, 10),
        (102, 2, datetime(2024, 1, 8), "usage", -1, None),
    ],
    "rates": [("USD", date(2024, 1, 1), Decimal("1.1"))],
}


def counts(url: str, folder: Path) -> dict[str, tuple[int, int, int, int]]:
    """Rows read, new, replaced and unchanged, by table."""
    summary = load_folder(settings(url), folder)
    return {table.table: (table.read, table.new, table.replaced, table.unchanged) for table in summary.tables}


@pytest.fixture
def url(warehouse_url, tmp_path) -> str:
    """A warehouse of each engine that holds the company."""
    load_folder(settings(warehouse_url), write(tmp_path / "company", COMPANY))
    return warehouse_url


def test_a_load_stores_what_the_files_say(url):
    assert content(url) == LIVE


def test_loading_the_same_files_twice_changes_nothing(url, tmp_path):
    before = version(url)
    again = counts(url, write(tmp_path / "company", COMPANY))
    assert again["transactions"] == (3, 0, 0, 3)
    assert all(new == replaced == 0 for _, new, replaced, _ in again.values())
    assert content(url) == LIVE
    assert version(url) == before


def test_a_row_of_the_same_key_replaces_the_one_before(url, tmp_path):
    folder = write(
        tmp_path / "in",
        rows("transactions", "101,2,2024-02-01T00:00Z,usage,-7,", "102,2,2024-01-08T00:00:00Z,usage,-0.000001,")
        | rows("clients", "2,Bobby,client,1,USD,2024-01-02T00:00:00Z,")
        | rows("rates", "USD,2024-01-01,1.2")
        | rows("subscriptions", "1,10,2024-01-05T00:00:00Z,2024-03-01T00:00:00Z"),
    )
    before = version(url)
    assert counts(url, folder) == {
        "clients": (1, 0, 1, 0),
        "subscriptions": (1, 0, 1, 0),
        "transactions": (2, 0, 1, 1),
        "rates": (1, 0, 1, 0),
    }
    after = content(url)
    assert after["transactions"] == [
        LIVE["transactions"][0],
        (101, 2, datetime(2024, 2, 1), "usage", -7_000_000, None),
        LIVE["transactions"][2],
    ]
    assert after["clients"][1] == (2, "Bobby", "client", 1, "USD", datetime(2024, 1, 2), None)
    assert after["rates"] == [("USD", date(2024, 1, 1), Decimal("1.2"))]
    assert after["subscriptions"] == [(1, 10, datetime(2024, 1, 5), datetime(2024, 3, 1))]
    assert version(url) != before


def test_late_rows_join_the_earlier_ones(url, tmp_path):
    assert counts(url, write(tmp_path / "in", rows("transactions", "50,2,1999-12-31T23:59Z,refill,3,"))) == {
        "transactions": (1, 1, 0, 0)
    }
    assert [row[0] for row in content(url)["transactions"]] == [50, 100, 101, 102]


def test_the_same_row_twice_in_a_load_counts_once(url, tmp_path):
    twice = "7,1,2024-01-06T00:00:00Z,refill,1.5,"
    folder = write(
        tmp_path / "in", rows("transactions", twice, "7,1,2024-01-06 02:00:00+02:00,refill,+1.500000,", twice)
    )
    assert counts(url, folder) == {"transactions": (3, 1, 0, 0)}


def test_a_client_without_transactions_may_change_currency(url, tmp_path):
    write(tmp_path / "in", rows("clients", "3,Cy,client,1,EUR,2024-01-01T00:00Z,"))
    load_folder(settings(url), tmp_path / "in")
    write(tmp_path / "in", rows("clients", "3,Cy,client,1,USD,2024-01-01T00:00Z,"))
    assert counts(url, tmp_path / "in") == {"clients": (1, 0, 1, 0)}


def test_a_reseller_may_move_below_one_of_the_same_load(url, tmp_path):
    folder = write(tmp_path / "in", rows("resellers", "2,North,4", "4,Central,3", "3,East,1"))
    assert counts(url, folder) == {"resellers": (3, 2, 1, 0)}


def test_the_top_of_the_tree_may_change_places_with_one_below(url, tmp_path):
    load_folder(settings(url), write(tmp_path / "in", rows("resellers", "2,North,", "1,Operator,2")))
    assert content(url)["resellers"] == [(1, "Operator", 2), (2, "North", None)]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2024-03-01T10:20:30Z", datetime(2024, 3, 1, 10, 20, 30)),
        ("2024-03-01t10:20:30z", datetime(2024, 3, 1, 10, 20, 30)),
        ("2024-03-01 10:20:30", datetime(2024, 3, 1, 10, 20, 30)),
        ("2024-03-01T10:20", datetime(2024, 3, 1, 10, 20)),
        ("2024-03-01T10:20:30.5", datetime(2024, 3, 1, 10, 20, 30, 500_000)),
        ("2024-03-01T10:20:30.123456Z", datetime(2024, 3, 1, 10, 20, 30, 123_456)),
        ("2024-03-01T10:20:30.123456000Z", datetime(2024, 3, 1, 10, 20, 30, 123_456)),
        ("2024-03-01T00:20:30+02:00", datetime(2024, 2, 29, 22, 20, 30)),
        ("2024-03-01T10:20:30-0330", datetime(2024, 3, 1, 13, 50, 30)),
        ("2024-03-01 10:20+05", datetime(2024, 3, 1, 5, 20)),
        ("1900-01-01T00:00:00Z", datetime(1900, 1, 1)),
        ("2199-12-31T23:59:59.999999Z", datetime(2199, 12, 31, 23, 59, 59, 999_999)),
    ],
)
def test_instants_are_read_with_and_without_an_offset(written, read, duckdb_url, tmp_path):
    tables = COMPANY | rows("transactions", f"1,1,{written},refill,1,")
    load_folder(settings(duckdb_url), write(tmp_path / "in", tables))
    assert content(duckdb_url)["transactions"][0][2] == read


def test_amounts_are_read_exactly_up_to_the_limits(warehouse_url, tmp_path):
    written = {
        "10": 10_000_000,
        "+0.1": 100_000,
        ".5": 500_000,
        "5.": 5_000_000,
        "-0": 0,
        "-0.000001": -1,
        "1.2345670000": 1_234_567,
        "000000000000000000000000000001": 1_000_000,
        "1000000000000.999999": 1_000_000_000_000_999_999,
        "9223372036854.775807": 2**63 - 1,
        "-9223372036854.775807": -(2**63 - 1),
    }
    lines = [f"{number},1,2024-01-01T00:00Z,adjustment,{text}," for number, text in enumerate(written)]
    load_folder(settings(warehouse_url), write(tmp_path / "in", COMPANY | rows("transactions", *lines)))
    assert [row[4] for row in content(warehouse_url)["transactions"]] == list(written.values())


def test_rates_are_read_exactly(warehouse_url, tmp_path):
    lines = [
        "USD,2024-01-01,0.000000000000000001",
        "USD,2024-01-02,12345678901234567890.123456789012345678",
        "EUR,2024-01-01,1",
    ]
    load_folder(settings(warehouse_url), write(tmp_path / "in", rows("rates", *lines)))
    assert [row[2] for row in content(warehouse_url)["rates"]] == [
        Decimal(1),
        Decimal("0.000000000000000001"),
        Decimal("12345678901234567890.123456789012345678"),
    ]


def test_withdrawn_currencies_are_currencies(warehouse_url, tmp_path):
    load_folder(
        settings(warehouse_url), write(tmp_path / "in", rows("rates", "DEM,1998-01-02,1.95", "ZWL,2020-01-02,400"))
    )
    assert [row[0] for row in content(warehouse_url)["rates"]] == ["DEM", "ZWL"]


def test_names_and_tags_are_kept_to_the_letter(warehouse_url, tmp_path):
    names = [
        " spaces around ",
        'quote " and, comma',
        "line\nbreak\r\nand another",
        "Žluťoučký 客戶 🦊",
        "NULL",
        "\\N",
        "'",
    ]
    lines = [f'{number},"{name.replace(chr(34), chr(34) * 2)}"' for number, name in enumerate(names)]
    load_folder(settings(warehouse_url), write(tmp_path / "in", rows("packages", *lines)))
    assert [row[1] for row in content(warehouse_url)["packages"]] == names


def test_both_engines_hold_the_same_after_the_same_loads(duckdb_url, postgresql_url, tmp_path):
    folders = [
        GOLDEN,
        write(
            tmp_path / "1",
            rows("transactions", "7,1,2024-01-06T00:00:00Z,refill,1.5,", "1,2,2024-01-06T00:00Z,usage,-2,"),
        ),
        write(
            tmp_path / "2",
            rows("client_tags", "1,é", "1,z") | rows("rates", "USD,2023-08-07,1.5", "CHF,2024-01-01,0.9"),
        ),
        GOLDEN,
    ]
    for folder in folders:
        assert counts(duckdb_url, folder) == counts(postgresql_url, folder)
        embedded, server = content(duckdb_url), content(postgresql_url)
        for rows_of_tags in (embedded, server):
            rows_of_tags["client_tags"].sort()  # collations differ
        assert embedded == server
    assert len(embedded["transactions"]) == 6029


def test_one_file_may_be_loaded_alone(url, tmp_path):
    write(tmp_path / "in", rows("packages", "11,Tin") | rows("resellers", "x,y,z"))
    assert counts(url, tmp_path / "in" / "packages.csv") == {"packages": (1, 1, 0, 0)}


def test_progress_is_told_step_by_step_to_the_end(url, tmp_path):
    told: list[tuple[str, int, int]] = []
    load_folder(
        settings(url), write(tmp_path / "in", rows("packages", "11,Tin")), progress=lambda *step: told.append(step)
    )
    assert told[0][0] == "Reading packages.csv"
    assert told[-1][0] == "Done"
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    assert told[-1][1] == told[-1][2]


def test_an_engine_that_is_not_supported_is_named(tmp_path):
    with pytest.raises(UserError, match="WAREHOUSE_URL names mysql, which is not supported: use duckdb or postgresql"):
        load_folder(Settings(warehouse_url="mysql://x/y"), tmp_path)


def test_a_path_that_does_not_exist_is_refused(duckdb_url, tmp_path):
    with pytest.raises(LoadRefused, match="There is no file or folder"):
        load_folder(settings(duckdb_url), tmp_path / "nowhere")
