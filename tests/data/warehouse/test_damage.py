"""A warehouse file that is not what was written: said in one sentence, wherever it is noticed, until it is mended."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import click
import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from app import create_app
from data.commands import report, warehouse
from data.errors import Damaged, NoData
from data.settings import Settings
from data.version import VERSION
from data.warehouse.engines import open_warehouse
from data.warehouse.load import load_folder
from data.warehouse.schema import transactions
from tests.data.warehouse.company import COMPANY, rows, settings, version, write


def cut(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def empty(file: Path) -> None:
    os.truncate(file, 0)


def scribble(file: Path) -> None:
    with file.open("r+b") as stream:
        stream.seek(4096)
        stream.write(os.urandom(64))


def replace(file: Path) -> None:
    file.write_text("a note " * 1000)


@pytest.fixture
def loaded(duckdb_url, tmp_path) -> Path:
    """The live version's file of a warehouse with one version before it."""
    load_folder(settings(duckdb_url), write(tmp_path / "in", COMPANY))
    load_folder(settings(duckdb_url), write(tmp_path / "more", rows("packages", "11,Tin")))
    return (tmp_path / "warehouse" / "warehouse.duckdb").resolve()


@pytest.fixture
def run(duckdb_url, tmp_path) -> Callable[..., Result]:
    group = click.Group(commands=[*warehouse.commands, *report.commands])
    environment = {"WAREHOUSE_URL": duckdb_url, "VAR_DIR": str(tmp_path / "var")}
    return lambda *arguments: CliRunner(env=environment).invoke(group, list(map(str, arguments)))


def told(file: Path) -> str:
    return (
        f"Version {file.stem} of the warehouse is damaged: go back to an earlier one with `flask warehouse rollback`, "
        f"or restore {file} from a backup."
    )


@pytest.mark.parametrize("damage", [cut, empty, scribble, replace, Path.unlink])
def test_damage_is_told_wherever_it_is_noticed_and_a_rollback_mends_it(damage, loaded, run, duckdb_url, tmp_path):
    damage(loaded)
    app = create_app(Settings(warehouse_url=duckdb_url, var_dir=str(tmp_path / "var"), log_level="CRITICAL"))
    client = app.server.test_client()
    for _ in range(2):
        health = client.get("/healthz")
        assert (health.status_code, health.json) == (503, {"status": "damaged", "message": told(loaded)})
    assert client.get("/readyz").status_code == 503
    for arguments in (
        ("report", "--from", "2024-01-01", "--to", "2024-01-31"),
        ("load", write(tmp_path / "again", rows("packages", "12,Zinc"))),
    ):
        done = run(*arguments)
        assert (done.exit_code, done.stderr.splitlines()[-1]) == (1, f"Error: {told(loaded)}")
        assert "Traceback" not in done.stderr
    listed = run("warehouse", "versions")
    assert listed.exit_code == 0
    if loaded.exists():
        assert listed.stdout.splitlines()[0] == f"* {loaded.stem}  damaged"
    assert run("warehouse", "rollback").exit_code == 0
    sound = {"status": "ok", "version": VERSION, "data_version": version(duckdb_url)}
    assert client.get("/healthz").json == sound
    assert client.get("/readyz").status_code == 200


def test_damage_in_the_middle_stops_all_answers_until_the_file_is_restored(loaded, duckdb_url, tmp_path):
    """What opens may still be damaged where nobody has read yet: from then on no other part of it is trusted."""
    sound = loaded.read_bytes()
    opened = open_warehouse(settings(duckdb_url))
    with opened.read() as reading:
        assert reading.version == loaded.stem
    fault = sa.exc.DBAPIError("SELECT", {}, Exception("Corrupt database file: computed checksum 1 does not match"))

    def stumble() -> None:
        with opened.read():
            raise fault

    with pytest.raises(Damaged) as damaged:
        stumble()
    assert damaged.value.message == told(loaded)
    with pytest.raises(Damaged), opened.read():
        pass
    restored = tmp_path / "restored"
    restored.write_bytes(sound)
    restored.replace(loaded)
    with opened.read() as reading:
        assert reading.connection.execute(sa.select(sa.func.count()).select_from(transactions)).scalar_one() == 3


def test_an_earlier_version_that_is_damaged_too_is_told(loaded, run):
    earlier = next(file for file in loaded.parent.glob("*.duckdb") if file != loaded)
    cut(earlier)
    done = run("warehouse", "rollback")
    assert (done.exit_code, done.stderr) == (1, f"Error: {told(earlier)}\n")


def test_no_data_is_no_damage(duckdb_url):
    with pytest.raises(NoData), open_warehouse(settings(duckdb_url)).read():
        pass
