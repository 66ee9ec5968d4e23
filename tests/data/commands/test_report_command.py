"""`flask report`: what it prints, where, and how it fails."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from python_calamine import CalamineWorkbook

from data.commands import report as module
from data.commands.report import report
from data.report.filters import FILTERS
from data.warehouse import rollups, schema

ROOT = Path(__file__).resolve().parents[3]
QUARTER = ("--from", "2024-01-01", "--to", "2024-03-31")
NAME = "Тариф «Ürün» 中文 📞"


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a warehouse with two clients under a reseller's reseller, one of them paying in hryvnias."""
    link = tmp_path_factory.mktemp("warehouse") / "warehouse.duckdb"
    file = link.with_name("version.duckdb")
    created = datetime(2023, 12, 1)
    rows: dict[sa.Table, list[dict[str, Any]]] = {
        schema.resellers: [{"id": 1, "name": "Top", "parent_id": None}, {"id": 2, "name": "=Agent", "parent_id": 1}],
        schema.clients: [
            client(1, owner_id=1, currency="EUR", created_at=created),
            client(2, owner_id=2, currency="UAH", created_at=created, type="reseller"),
        ],
        schema.client_tags: [{"client_id": 1, "tag": "vip"}],
        schema.packages: [{"id": 5, "name": NAME}],
        schema.subscriptions: [
            {"client_id": 1, "package_id": 5, "started_at": datetime(2024, 1, 1), "ended_at": None},
        ],
        schema.transactions: [
            transaction(1, client_id=1, at=datetime(2024, 1, 10), kind="refill", amount="10.00"),
            transaction(2, client_id=1, at=datetime(2024, 2, 10), kind="usage", amount="-1244.50"),
            transaction(3, client_id=2, at=datetime(2024, 3, 10), kind="refill", amount="80.00"),
        ],
        schema.rates: [{"currency": "UAH", "date": date(2024, 1, 1), "rate": Decimal(40)}],
        schema.loads: [{"version": 1, "loaded_at": created, "source": "a test", "summary": ""}],
    }
    engine = sa.create_engine(f"duckdb:///{file}")
    with engine.begin() as connection:
        schema.metadata.create_all(connection)
        for table, values in rows.items():
            connection.execute(sa.insert(table), values)
        for statement in rollups.everything():
            connection.execute(statement)
    engine.dispose()
    link.symlink_to(file)
    return f"duckdb:///{link}"


def client(id_: int, **rest: Any) -> dict[str, Any]:
    return {"id": id_, "name": f"Client {id_}", "type": "client", "closed_at": None, **rest}


def transaction(id_: int, *, amount: str, **rest: Any) -> dict[str, Any]:
    return {"id": id_, "amount_micros": int(Decimal(amount) * schema.MICROS), "package_id": None, **rest}


@dataclass(frozen=True)
class Outcome:
    """What the command did."""

    status: int
    out: bytes
    err: str

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)


@pytest.fixture
def run(warehouse: str, tmp_path: Path) -> Callable[..., Outcome]:
    """Run `report` with these arguments, in an environment of its own."""

    def go(*arguments: str, **environment: str) -> Outcome:
        settings = {"WAREHOUSE_URL": warehouse, "VAR_DIR": str(tmp_path / "var"), "BASE_CURRENCY": "", **environment}
        result: Result = CliRunner(env=settings).invoke(report, arguments)
        return Outcome(result.exit_code, result.stdout_bytes, result.stderr)

    return go


# ------------------------------------------------------------------ what it prints


def test_json_on_standard_output_is_the_default_and_everything_has_its_default(run):
    done = run(*QUARTER)
    assert (done.status, done.err) == (0, "")
    assert done.out.endswith(b"\n")
    query = done.json["query"]
    assert (query["timezone"], query["currency"], query["active_duration"]) == ("UTC", "EUR", 1)
    assert (query["group_by"], query["client_types"], query["tags"]) == ([], [], [])
    assert (query["owners"], query["packages"]) == ([], [])
    assert len(done.json["rows"]) == 1
    assert done.json["totals"]["payg_total"] == "1244.50"
    assert done.json["totals"]["clients_all_balance"] == "-1232.50"
    assert done.json["totals"]["balance_refill_total"] == "12.00"


def test_every_option_reaches_the_question(run):
    done = run(
        *("--from", "2024-01-01T08:30", "--to", "2024-03-31 20:00", "--timezone", "Europe/Kyiv"),
        *("--group-by", "package", "--group-by", "month", "--client-type", "client", "--client-type", "reseller"),
        *("--tag", "vip", "--owner", "1", "--owner", "2", "--package", "5", "--currency", "UAH"),
        *("--group-by", "client-type", "--client-currency", "EUR", "--client-currency", "UAH"),
        *("--active-duration", "3", "--as-of", "2024-07-15T10:20:30Z", "--format", "json"),
    )
    assert (done.status, done.err) == (0, "")
    wanted = {
        "from": "2024-01-01T08:30",
        "to": "2024-03-31T20:00",
        "timezone": "Europe/Kyiv",
        "quick_range": None,
        "client_types": ["client", "reseller"],
        "tags": ["vip"],
        # Ids as text, whole also for those who read them with JavaScript.
        "owners": ["1", "2"],
        "packages": ["5"],
        "client_currencies": ["EUR", "UAH"],
        "group_by": ["package", "month", "client_type"],
        "currency": "UAH",
        "active_duration": 3,
    }
    assert {name: done.json["query"][name] for name in wanted} == wanted
    assert done.json["info"]["as_of"] == "2024-07-15T10:20:30Z"
    assert [row["package"] for row in done.json["rows"]] == [NAME] * 3


def test_json_keeps_every_script_as_it_is(run):
    assert NAME.encode() in run(*QUARTER, "--group-by", "package").out


def test_the_base_currency_is_the_default_and_needs_no_rate(run):
    # With USD as the base the rates of UAH are for one dollar; EUR has none. Client 2 has only hryvnias.
    done = run(*QUARTER, "--client-type", "reseller", BASE_CURRENCY="USD")
    assert done.status == 0
    assert done.json["query"]["currency"] == "USD"
    assert done.json["totals"]["balance_refill_total"] == "2.00"


def test_csv_on_standard_output_is_the_table_and_nothing_else(run):
    done = run(*QUARTER, "--group-by", "month", "--format", "csv")
    rows = list(csv.reader(io.StringIO(done.out.decode("utf-8-sig"), newline="")))
    assert [row[0] for row in rows][:6] == ["", "Month", "2024-01", "2024-02", "2024-03", "Total of Jan–Mar 2024"]
    assert rows[3][rows[1].index("Balance Neg")] == "-1234.50"
    assert done.err == ""


@pytest.mark.parametrize("format_id", ["xls", "xlsx"])
def test_excel_goes_to_standard_output_too_and_names_what_is_filtered(run, format_id):
    done = run(*QUARTER, "--format", format_id, "--owner", "2")
    assert (done.status, done.err) == (0, "")
    book = CalamineWorkbook.from_filelike(io.BytesIO(done.out))
    assert book.get_sheet_by_name("Report").to_python()[3][0] == "Total of Jan–Mar 2024"
    assert ["Owner", "=Agent"] in book.get_sheet_by_name("Info").to_python()


def test_a_report_with_nothing_to_show_says_why_on_standard_error_and_succeeds(run):
    done = run("--from", "2019-01-01", "--to", "2019-12-31")
    assert done.status == 0
    assert (done.json["rows"], done.json["totals"]) == ([], None)
    assert done.err == done.json["info"]["notice"] + "\n"


def test_every_option_is_documented():
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    options = [name for parameter in report.params for name in parameter.opts]
    assert {f"--{item.option}" for item in FILTERS} < set(options)
    assert [name for name in options if f"| `{name}` |" not in page] == []


# ------------------------------------------------------------------ files


def test_output_writes_the_file_and_nothing_to_standard_output(run, tmp_path):
    file = tmp_path / "звіт.csv"
    done = run(*QUARTER, "--format", "csv", "--output", str(file))
    assert (done.status, done.out, done.err) == (0, b"", "")
    assert file.read_bytes() == run(*QUARTER, "--format", "csv").out
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize(("name", "start"), [("x.xlsx", b"PK"), ("x.PARQUET", b"PAR1"), ("x.json", b"{"), ("x", b"{")])
def test_output_takes_the_format_from_its_name(run, tmp_path, name, start):
    file = tmp_path / name
    assert run(*QUARTER, "--output", str(file)).status == 0
    assert file.read_bytes().startswith(start)


def test_a_format_that_is_named_goes_before_the_name(run, tmp_path):
    file = tmp_path / "x.xlsx"
    assert run(*QUARTER, "--format", "json", "--output", str(file)).status == 0
    assert json.loads(file.read_bytes())["totals"]


def test_output_named_for_another_format_is_refused(run, tmp_path):
    done = run(*QUARTER, "--output", str(tmp_path / "x.pdf"))
    assert (done.status, done.out) == (2, b"")
    assert done.err.endswith("choose one with --format, or end the name in .csv, .xls, .xlsx, .json, .parquet.\n")
    assert list(tmp_path.iterdir()) == []


def test_output_replaces_a_file_through_its_link_and_keeps_its_permissions(run, tmp_path):
    file, link = tmp_path / "real.json", tmp_path / "link.json"
    file.write_text("old")
    file.chmod(0o600)
    link.symlink_to(file)
    assert run(*QUARTER, "--output", str(link)).status == 0
    assert link.is_symlink()
    assert json.loads(file.read_bytes())["totals"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_failed_report_leaves_the_file_as_it_was(run, tmp_path):
    file = tmp_path / "report.json"
    file.write_text("old")
    assert run(*QUARTER, "--owner", "99", "--output", str(file)).status == 2
    assert file.read_text() == "old"


def test_a_write_that_fails_leaves_the_file_as_it_was(run, tmp_path, monkeypatch):
    file = tmp_path / "report.json"
    file.write_text("old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    done = run(*QUARTER, "--output", str(file))
    assert (done.status, done.out) == (1, b"")
    assert done.err == f"Error: {file} could not be written: No space left on device.\n"
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]
    assert file.read_text() == "old"


def test_a_device_or_a_pipe_is_written_to_and_not_replaced(run):
    assert run(*QUARTER, "--output", os.devnull).status == 0
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)
    pipe_read, pipe_write = os.pipe()
    done = run(*QUARTER, "--output", f"/dev/fd/{pipe_write}")
    os.close(pipe_write)
    with os.fdopen(pipe_read, "rb") as written:
        assert (done.status, done.err) == (0, "")
        assert json.loads(written.read())["totals"]


def test_output_that_cannot_be_written_is_a_bad_argument(run, tmp_path):
    for place, reason in ((tmp_path, "is a folder"), (tmp_path / "no" / "report.json", "folder that does not exist")):
        done = run(*QUARTER, "--output", str(place))
        assert done.status == 2
        assert one_line(done.err)
        assert reason in done.err


def test_output_never_takes_the_place_of_the_data(run, warehouse, tmp_path):
    link = Path(warehouse.removeprefix("duckdb:///"))
    before = link.read_bytes()
    twin = tmp_path / "twin.json"
    twin.symlink_to(link)
    records = f"sqlite:///{tmp_path / 'records.sqlite'}"
    for place in (link, twin, tmp_path / "var" / "report.json", tmp_path / "records.sqlite"):
        done = run(*QUARTER, "--output", str(place), DATABASE_URL=records)
        assert (done.status, done.out) == (2, b"")
        assert one_line(done.err)
        assert "this installation's own data" in done.err
    assert link.is_symlink()
    assert link.read_bytes() == before
    assert list(tmp_path.iterdir()) == [twin]


# ------------------------------------------------------------------ bad arguments


def one_line(text: str) -> bool:
    return text.startswith("Error: ") and text.endswith("\n") and text.count("\n") == 1


BAD = {
    "no period": ((), "--from"),
    "no end": (("--from", "2024-01-01"), "--to"),
    "not a date": (("--from", "2024-02-30", "--to", "2024-03-31"), "2024-02-30"),
    "a bound with an offset": (("--from", "2024-01-01T00:00Z", "--to", "2024-03-31"), "offset"),
    "an empty period": (("--from", "2024-04-01", "--to", "2024-03-31"), "empty"),
    "an unknown zone": ((*QUARTER, "--timezone", "Europe/Kiyv"), "Did you mean Europe/Kyiv?"),
    "an unknown grouping": ((*QUARTER, "--group-by", "fortnight"), "'fortnight'"),
    "an unknown type": ((*QUARTER, "--client-type", "clients"), "Did you mean client?"),
    "an unknown tag": ((*QUARTER, "--tag", "vib"), "Did you mean vip?"),
    "an empty tag": ((*QUARTER, "--tag", ""), "''"),
    "an unknown owner": ((*QUARTER, "--owner", "99"), "99"),
    "an owner that is no number": ((*QUARTER, "--owner", "Top"), "'Top' is not a whole number"),
    "an owner in another script": ((*QUARTER, "--owner", "١"), "not a whole number"),
    "an owner with an underscore": ((*QUARTER, "--owner", "1_0"), "not a whole number"),
    "an owner beyond 64 bits": ((*QUARTER, "--owner", "9223372036854775808"), "not a whole number"),
    "an unknown package": ((*QUARTER, "--package", "6"), "6"),
    "an unknown currency": ((*QUARTER, "--currency", "EUX"), "'EUX' is not an ISO 4217 code"),
    "a currency in small letters": ((*QUARTER, "--currency", "eur"), "Did you mean EUR?"),
    "no months": ((*QUARTER, "--active-duration", "0"), "1 to 120"),
    "too many months": ((*QUARTER, "--active-duration", "121"), "1 to 120"),
    "half a month": ((*QUARTER, "--active-duration", "1.5"), "not a whole number"),
    "not an instant": ((*QUARTER, "--as-of", "yesterday"), "as-of"),
    "an instant beyond the calendar": ((*QUARTER, "--as-of", "9999-12-31T23:59:59-12:00"), "as-of"),
    "an unknown format": ((*QUARTER, "--format", "pdf"), "'pdf'"),
    "an unknown option": ((*QUARTER, "--ownr", "1"), "--ownr"),
    "an option without its value": ((*QUARTER, "--owner"), "--owner"),
    "a stray argument": ((*QUARTER, "march"), "march"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_arguments_exit_2_with_one_clear_line(run, case):
    arguments, said = BAD[case]
    done = run(*arguments)
    assert (done.status, done.out) == (2, b"")
    assert one_line(done.err)
    assert said in done.err


# ------------------------------------------------------------------ what arguments cannot help


def test_a_missing_rate_exits_1_and_names_currency_and_date(run):
    done = run(*QUARTER, "--currency", "USD")
    assert (done.status, done.out) == (1, b"")
    assert one_line(done.err)
    assert "USD" in done.err
    assert "2024-" in done.err


def test_no_data_exits_1_and_says_how_to_get_some(run, tmp_path):
    done = run(*QUARTER, WAREHOUSE_URL=f"duckdb:///{tmp_path}/none.duckdb")
    assert (done.status, done.out) == (1, b"")
    assert one_line(done.err)
    assert "flask load" in done.err


@pytest.mark.parametrize(
    ("setting", "value"),
    [("WAREHOUSE_URL", "mongodb://somewhere"), ("BASE_CURRENCY", "EUX"), ("CACHE_SECONDS", "soon")],
)
def test_a_bad_setting_exits_1_and_is_named(run, setting, value):
    done = run(*QUARTER, **{setting: value})
    assert (done.status, done.out) == (1, b"")
    assert one_line(done.err)
    assert setting in done.err


def test_a_fault_of_ours_gives_an_incident_id_and_keeps_its_trace_for_the_log(run, monkeypatch, tmp_path):
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("the secret of the engine")

    monkeypatch.setattr(module, "run_report", broken)
    done = run(*QUARTER)
    assert (done.status, done.out) == (1, b"")
    assert one_line(done.err)
    assert "secret" not in done.err
    incident = done.err.split("incident ")[1].split()[0]
    log = (tmp_path / "var" / "incidents.log").read_text()
    assert f"Incident {incident}" in log
    assert "ZeroDivisionError: the secret of the engine" in log


def test_a_reader_that_stops_reading_is_no_error(warehouse, tmp_path):
    pipe_read, pipe_write = os.pipe()
    os.close(pipe_read)
    try:
        done = subprocess.run(
            [sys.executable, "-c", "from data.commands.report import report; report()", *QUARTER],
            stdout=pipe_write,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "WAREHOUSE_URL": warehouse, "VAR_DIR": str(tmp_path)},
            check=False,
        )
    finally:
        os.close(pipe_write)
    assert done.stderr == b""
    assert not (tmp_path / "incidents.log").exists()
