"""Files that nobody else may read; a disk that is full, and one that is read-only: each in one sentence."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import click
import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from app import create_app
from data.commands import command, report, warehouse
from data.disk import check_writable, disk_trouble, make_private
from data.errors import DiskRefuses
from data.places import close_places
from data.settings import Settings
from data.store.records import open_records
from data.warehouse.load import load_folder
from tests.data.store.conftest import ANNA, make_report
from tests.data.warehouse.company import COMPANY, rows, write

ROOT = Path(__file__).parents[2]
NOBODY = 65534


def run(*arguments: object, **environment: str) -> Result:
    """A command of `flask`, in this process."""
    group = click.Group(commands=[*warehouse.commands, *report.commands])
    return CliRunner(env=environment).invoke(group, list(map(str, arguments)))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# ---------------------------------------------------------------- closed to others


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter: pytest's own is closed, and would hide what is open in it."""
    folder = Path(tempfile.mkdtemp(prefix="customer-dynamics-disk-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def readable_by_nobody(paths: list[Path]) -> list[str]:
    if os.geteuid() != 0:
        pytest.skip("only root can look as another system user")
    look = 'for path in "$@"; do if [ -r "$path" ] || [ -x "$path" ]; then echo "$path"; fi; done'
    done = subprocess.run(
        ["/bin/sh", "-c", look, "sh", *map(str, paths)],
        user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.splitlines()


def test_another_system_user_reads_nothing_of_ours(open_folder, tmp_path):
    """A fresh installation under the usual umask: a load, a server, a report with its link."""
    theirs = open_folder / "theirs.csv"
    theirs.write_text("to be read")
    assert readable_by_nobody([theirs]) == [str(theirs)]
    var, elsewhere = open_folder / "new" / "var", open_folder / "data"
    settings = Settings(var_dir=str(var), warehouse_url=f"duckdb:///{elsewhere / 'w.duckdb'}", log_level="ERROR")
    umask = os.umask(0o022)
    try:
        load_folder(settings, write(tmp_path / "in", COMPANY))
        client = create_app(settings).server.test_client()
        assert client.get("/readyz").status_code == 200
        open_records(settings).snapshots.freeze(make_report(), ANNA)
    finally:
        os.umask(umask)
    ours = [path for folder in (var, elsewhere / "w.duckdb.versions") for path in (folder, *folder.rglob("*"))]
    assert {path.name for path in ours} >= {"var", "cache", "records.sqlite", "w.duckdb.versions", "lock"}
    assert readable_by_nobody(ours) == []
    assert {mode(path) for path in ours if path.is_dir()} == {0o700}
    assert {mode(path) for path in ours if path.suffix in {".duckdb", ".sqlite"}} == {0o600}


def test_what_an_earlier_version_left_open_is_closed(tmp_path, duckdb_url):
    var = tmp_path / "var"
    versions = tmp_path / "warehouse" / "warehouse.duckdb.versions"
    for folder in (var, versions):
        folder.mkdir(parents=True)
        folder.chmod(0o755)
    (var / "incidents.log").touch(0o644)
    (var / "records.sqlite").touch(0o644)
    create_app(Settings(var_dir=str(var), warehouse_url=duckdb_url, log_level="ERROR"))
    assert (mode(var), mode(versions)) == (0o700, 0o700)
    assert (mode(var / "incidents.log"), mode(var / "records.sqlite")) == (0o600, 0o600)


def test_a_folder_with_anything_else_in_it_stays_as_it_is(tmp_path, duckdb_url):
    """Somebody may have named a folder that others work in; what is ours in it is closed all the same."""
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o755)
    (shared / "cache").mkdir(0o755)
    (shared / "records.sqlite").touch(0o644)
    (shared / "theirs.txt").touch(0o644)
    settings = Settings(var_dir=str(shared), warehouse_url=duckdb_url)
    close_places(settings)
    make_private(shared)
    check_writable(shared)
    assert (mode(shared), mode(shared / "theirs.txt")) == (0o755, 0o644)
    assert mode(shared / "records.sqlite") == 0o600
    (shared / "theirs.txt").unlink()
    close_places(settings)
    assert mode(shared) == 0o700


def test_an_incident_is_written_where_nobody_else_reads_it(tmp_path, monkeypatch):
    @click.command(cls=command.PlainCommand)
    def fail() -> None:
        raise ZeroDivisionError("x" * 300)

    monkeypatch.setattr(command, "_INCIDENTS_BYTES", 2000)
    var = tmp_path / "var"
    for _ in range(20):
        said = CliRunner(env={"VAR_DIR": str(var)}).invoke(fail)
        assert "is written down in" in said.stderr
    files = sorted(path.name for path in var.iterdir())
    assert files == ["incidents.log", "incidents.log.1", "incidents.log.2", "incidents.log.3"]
    assert all(path.stat().st_size < 4000 for path in var.iterdir())
    assert mode(var) == 0o700


# ---------------------------------------------------------------- a disk that refuses


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "The disk is full (["),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "The disk is full (["),
        (OSError(errno.EROFS, "Read-only file system"), "The disk is read-only, or something on it is closed"),
        (PermissionError(errno.EACCES, "Permission denied"), "The disk is read-only, or something on it is closed"),
        (OSError(errno.ENOENT, "No such file"), None),
        (ValueError("No space left on device"), None),
    ],
)
def test_what_a_fault_of_the_disk_is_called(fault, what):
    for wrapped in (fault, wrap(fault, "cause"), wrap(fault, "context")):
        told = disk_trouble(wrapped)
        assert told is None if what is None else told is not None and told.startswith(what)


def wrap(fault: Exception, how: str) -> Exception:
    outer = RuntimeError("outer")
    if how == "cause":
        outer.__cause__ = fault
    else:
        outer.__context__ = fault
    return outer


def test_records_that_cannot_be_written_are_told_in_one_sentence(tmp_path):
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'r.sqlite'}")
    records = open_records(settings)
    with records.database.writing() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()

    @sa.event.listens_for(records.database._open(), "connect")
    def limit(connection: sqlite3.Connection, _: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")

    records.database._open().dispose()
    with pytest.raises(DiskRefuses, match=r"The disk is full .*database or disk is full"):
        records.snapshots.freeze(make_report(2000), ANNA)


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Callable[..., None]]:
    """A disk of 24 MB at ``tmp_path / "disk"``; call it to mount it anew with other options."""
    place = tmp_path / "disk"
    place.mkdir()

    def mount(*options: str) -> None:
        done = subprocess.run(["mount", "-o", ",".join(options), *(["-t", "tmpfs", "tmpfs"] if "remount" not in options
                               else []), str(place)], capture_output=True, text=True, check=False)  # fmt: skip
        if done.returncode:
            pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")

    if shutil.which("mount") is None:
        pytest.skip("no disk can be mounted here: there is no mount command")
    mount("size=24m", "mode=0755")
    yield mount
    with suppress(FileNotFoundError):
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def one_line(status: int, text: str, begin: str) -> None:
    errors = [line for line in text.splitlines() if not line.startswith("[")]  # those are a load's steps
    assert (len(errors), status) == (1, 1), text
    assert errors[0].startswith(begin)


def fails_in_one_line(begin: str, *arguments: object, **environment: str) -> None:
    done = run(*arguments, **environment)
    one_line(done.exit_code, done.stderr, begin)


def test_a_full_and_a_read_only_disk_are_one_sentence_each(small_disk, tmp_path):
    """And nothing is lost: what was loaded before is still there, and a load works again when there is room."""
    disk, company = tmp_path / "disk", write(tmp_path / "in", COMPANY)
    own = {"VAR_DIR": str(disk / "var")}
    assert run("load", company, **own).exit_code == 0
    ballast = disk / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as stream:
        while True:
            stream.write(bytes(65536))
    more = write(tmp_path / "more", rows("packages", "11,Tin"))
    fails_in_one_line("Error: The disk is full (", "load", more, **own)
    asked = ("report", "--from", "2024-01-01", "--to", "2024-01-31")
    assert run(*asked, **own).exit_code == 0
    fails_in_one_line(f"Error: {disk / 'r.json'} could not be", *asked, "--output", str(disk / "r.json"), **own)
    ballast.unlink()
    assert run("load", more, **own).exit_code == 0

    small_disk("remount", "ro")
    begin = "Error: The disk is read-only, or something on it is closed to this account ("
    fails_in_one_line(begin, "load", company, **own)
    assert run(*asked, **own).exit_code == 0
    served = subprocess.run(
        [sys.executable, "-m", "gunicorn", "app:create_server()"],
        cwd=ROOT, env=os.environ | own | {"PORT": "0"}, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    one_line(served.returncode, served.stderr, begin.removeprefix("Error: "))


def test_a_folder_is_tried_before_it_is_relied_on(tmp_path, monkeypatch):
    check_writable(tmp_path / "a" / "b")
    assert (mode(tmp_path / "a"), list((tmp_path / "a" / "b").iterdir())) == (0o700, [])
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        make_private(tmp_path / "file" / "x")
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: (_ for _ in ()).throw(OSError(errno.EROFS, "no")))
    with pytest.raises(DiskRefuses, match="read-only"):
        check_writable(tmp_path / "a")
