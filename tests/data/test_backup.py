"""The drill: everything is backed up, lost, and brought back, on the same engine and on the other one."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest

from data.access import OPERATOR
from data.delivery.asked import Asked
from data.errors import UserError
from data.report.period import Bound
from data.report.query import ReportQuery
from data.report.run import run_report
from data.settings import Settings
from data.store.audit import Act, Search
from data.store.backup import read_backup, write_backup
from data.store.jobs import MadeFile
from data.store.records import Records, open_records
from data.store.templates import Draft
from data.warehouse.backup import write_files
from data.warehouse.engines import open_warehouse
from data.warehouse.load import load_folder
from tests.data.store.conftest import ANNA, make_report

GOLDEN = Path(__file__).parents[1] / "golden" / "dataset"
QUERY = ReportQuery(start=Bound(date(2024, 1, 1)), end=Bound(date(2024, 6, 30)), group_by=("month", "package"))


def fill(records: Records) -> str:
    """Something in every room; the id of a shared link."""
    records.users.create(OPERATOR, "boss@example.com", "Boss", "Administrator", password="correct horse battery")
    records.templates.create(Draft(title="Quarter", asked=Asked(QUERY)), OPERATOR)
    records.preferences.set(OPERATOR, "theme", "dark")
    records.audit.write(Act.SIGN_IN, OPERATOR, address="10.0.0.1")
    job = records.jobs.add(ANNA, Asked(QUERY, "csv", ("a@example.com",)), "Quarter")
    records.jobs.take(job.id, "worker")
    records.jobs.finish(
        job.id, "worker", MadeFile(name="x.csv", mime="text/csv", content=b"\x00\xffbytes"), row_count=1
    )
    link = records.snapshots.freeze(make_report(), ANNA)
    other = records.snapshots.copy(link.id, OPERATOR, None)
    return other.id


def contents(records: Records, link: str) -> list[object]:
    snapshot = records.snapshots.peek(link, OPERATOR)
    job = records.jobs.of(ANNA)[0]
    return [
        snapshot.result,
        snapshot.link.owner_id,
        records.templates.visible_to(OPERATOR),
        records.preferences.all(OPERATOR),
        records.audit.read(OPERATOR, Search()),
        (job, records.jobs.file(job.id, ANNA)),
        records.users.check_password("boss@example.com", "correct horse battery"),
    ]


@pytest.mark.parametrize("there", ["sqlite", "postgresql"])
@pytest.mark.parametrize("here", ["sqlite", "postgresql"])
def test_records_come_back_whole_on_either_engine(
    tmp_path: Path, new_postgresql_url: Callable[[], str], here: str, there: str
) -> None:
    def opened(engine: str, name: str) -> Records:
        url = f"sqlite:///{tmp_path / name}.sqlite" if engine == "sqlite" else new_postgresql_url()
        found = open_records(Settings(database_url=url))
        found.database.upgrade()
        return found

    old, new = opened(here, "old"), opened(there, "new")
    link = fill(old)
    stream = io.BytesIO()
    written = write_backup(old.database, stream)
    stream.seek(0)
    assert read_backup(new.database, stream) == written
    assert contents(new, link) == contents(old, link)
    assert new.upkeep.check().damaged == ()
    new.audit.write(Act.SIGN_OUT, OPERATOR)
    assert [entry.act for entry in new.audit.read(OPERATOR, Search())] == ["signed out", "signed in"]
    stream.seek(0)
    with pytest.raises(UserError, match="There are records in this database already"):
        read_backup(new.database, stream)
    for records in (old, new):
        records.database.close()


def test_what_is_no_whole_backup_restores_nothing(tmp_path: Path) -> None:
    records = open_records(Settings(var_dir=str(tmp_path / "one")))
    fill(records)
    stream = io.BytesIO()
    write_backup(records.database, stream)
    whole = stream.getvalue()

    def changed(**files: bytes) -> bytes:
        target = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(whole)) as source, zipfile.ZipFile(target, "w") as archive:
            for name in source.namelist():
                archive.writestr(name, files.get(name.partition(".")[0], source.read(name)))
        return target.getvalue()

    for broken, said in (
        (whole[: len(whole) // 2], "no backup of records, or it is damaged"),
        (b"not a backup", "no backup of records"),
        (changed(templates=b""), "not complete"),
        (changed(templates=b"{}\n"), "no backup of records"),
        (changed(manifest=b'{"format": "customer-dynamics-records", "schema": "9999", "rows": {}}'), "another version"),
    ):
        fresh = open_records(Settings(var_dir=str(tmp_path / "fresh")))
        with pytest.raises(UserError, match=said):
            read_backup(fresh.database, io.BytesIO(broken))
        assert fresh.templates.visible_to(OPERATOR) == ()
        assert not fresh.users.any()


@pytest.mark.parametrize("there", ["duckdb", "postgresql"])
@pytest.mark.parametrize("here", ["duckdb", "postgresql"])
def test_a_warehouse_comes_back_with_the_same_figures_on_either_engine(
    tmp_path: Path, new_postgresql_url: Callable[[], str], here: str, there: str
) -> None:
    def settings(engine: str, name: str) -> Settings:
        url = f"duckdb:///{tmp_path / name}.duckdb" if engine == "duckdb" else new_postgresql_url()
        return Settings(warehouse_url=url, var_dir=str(tmp_path / "var"))

    old, new = settings(here, "old"), settings(there, "new")
    load_folder(old, GOLDEN)
    (tmp_path / "files").mkdir()
    written = write_files(open_warehouse(old), tmp_path / "files")
    loaded = load_folder(new, tmp_path / "files")
    assert {table.table: table.new for table in loaded.tables} == {
        name: count for name, count in written.items() if count
    }
    then, now = (run_report(open_warehouse(each), QUERY, OPERATOR, as_of=datetime(2024, 7, 15)) for each in (old, new))
    assert (then.rows, then.totals) == (now.rows, now.totals)
    assert load_folder(new, tmp_path / "files").version is None, "the same rows again change nothing"
