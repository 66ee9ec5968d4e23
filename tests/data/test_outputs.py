"""Files that commands write: what is refused, and what a failed run leaves."""

from __future__ import annotations

import errno
import os
import socket
import stat
import threading
from pathlib import Path

import pytest

from data.errors import UserError
from data.outputs import check_folder, check_output, filling, replacing
from data.settings import Settings

_FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation whose warehouse and records lie outside VAR_DIR, all of it there."""
    made = Settings(
        var_dir=str(tmp_path / "var"),
        warehouse_url=f"duckdb:///{tmp_path / 'data' / 'w.duckdb'}",
        database_url=f"sqlite:///{tmp_path / 'own' / 'r.sqlite'}",
    )
    for name in ("var/cache/0a", "var/incidents.log", "data/w.duckdb.versions/000001-00000000.duckdb", "own/r.sqlite"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("ours")
    (tmp_path / "data" / "w.duckdb").symlink_to("w.duckdb.versions/000001-00000000.duckdb")
    return made


OURS = [
    "var",
    "var/cache/0a",
    "var/incidents.log",
    "var/new.csv",
    "data/w.duckdb",
    "data/w.duckdb.versions",
    "data/w.duckdb.versions/000001-00000000.duckdb",
    "data/w.duckdb.versions/000009-00000000.duckdb",
    "data/../data/w.duckdb",
    "own/r.sqlite",
    "own/r.sqlite-wal",
]


@pytest.mark.parametrize("name", OURS)
def test_what_is_ours_is_refused_whether_it_is_there_or_not(name, settings, tmp_path):
    place = tmp_path / name
    if not place.is_dir():
        with pytest.raises(UserError, match="this installation's own data") as refusal:
            check_output(place, "output", settings)
        assert refusal.value.field == "output"
    with pytest.raises(UserError, match="this installation's own data"):
        check_folder(place, "output", settings)


@pytest.mark.parametrize("name", ["var/incidents.log", "data/w.duckdb", "own/r.sqlite", "var/new.csv"])
def test_what_is_ours_is_refused_through_links(name, settings, tmp_path):
    link = tmp_path / "link.csv"
    link.symlink_to(tmp_path / name)
    further = tmp_path / "further.csv"
    further.symlink_to(link)
    folder = tmp_path / "elsewhere"
    folder.symlink_to((tmp_path / name).parent)
    for place in (link, further, folder / Path(name).name):
        with pytest.raises(UserError, match="this installation's own data"):
            check_output(place, "output", settings)


@pytest.mark.parametrize(
    "name", ["var/cache/0a", "var/incidents.log", "data/w.duckdb.versions/000001-00000000.duckdb", "own/r.sqlite"]
)
def test_what_is_ours_is_refused_by_another_name_of_the_same_file(name, settings, tmp_path):
    (tmp_path / "twin.csv").hardlink_to(tmp_path / name)
    with pytest.raises(UserError, match="this installation's own data"):
        check_output(tmp_path / "twin.csv", "output", settings)


def test_a_file_with_another_name_elsewhere_is_fine(settings, tmp_path):
    (tmp_path / "a.csv").write_text("theirs")
    (tmp_path / "b.csv").hardlink_to(tmp_path / "a.csv")
    assert check_output(tmp_path / "b.csv", "output", settings) == (tmp_path / "b.csv").resolve()


def test_an_input_is_refused_by_whichever_name(settings, tmp_path):
    read = tmp_path / "clients.csv"
    read.write_text("id")
    (tmp_path / "link.csv").symlink_to(read)
    (tmp_path / "twin.csv").hardlink_to(read)
    for name in ("clients.csv", "link.csv", "twin.csv"):
        with pytest.raises(UserError, match="one of the files to load") as refusal:
            check_output(tmp_path / name, "rejects", settings, [tmp_path / "absent.csv", read])
        assert refusal.value.field == "rejects"
        with pytest.raises(UserError, match="one of the files to load"):
            check_output(read, "rejects", settings, [tmp_path / name])
    assert check_output(tmp_path / "bad.csv", "rejects", settings, [read]) == (tmp_path / "bad.csv").resolve()


def test_an_installation_that_is_not_there_yet_is_refused_as_well(tmp_path):
    settings = Settings(var_dir=str(tmp_path / "var"))
    for name in ("var/report.json", "var/warehouse.duckdb", "var/records.sqlite"):
        with pytest.raises(UserError, match="this installation's own data"):
            check_output(tmp_path / name, "output", settings)
    with pytest.raises(UserError, match="this installation's own data"):
        check_folder(tmp_path / "var" / "files", "output", settings)


def test_disks_and_sockets_are_refused(settings, tmp_path, monkeypatch):
    with socket.socket(socket.AF_UNIX) as listening:
        monkeypatch.chdir(tmp_path)  # a socket's name is short
        listening.bind("s")
        with pytest.raises(UserError, match="disk or a socket"):
            check_output(tmp_path / "s", "output", settings)
    monkeypatch.setattr(Path, "is_block_device", lambda self: self == Path(os.devnull))
    with pytest.raises(UserError, match="disk or a socket"):
        check_output(Path(os.devnull), "output", settings)


def test_links_in_a_circle_are_refused(settings, tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(UserError, match="leads in a circle"):
        check_output(tmp_path / "a", "output", settings)


@pytest.mark.parametrize("what", ["folder", "file"])
def test_a_place_without_permission_is_refused(what, settings, tmp_path, monkeypatch):
    file = tmp_path / "there.csv"
    file.write_text("theirs")
    refused = tmp_path if what == "folder" else file
    monkeypatch.setattr(os, "access", lambda path, _: Path(path) != refused)
    with pytest.raises(UserError, match=f"a {what} that you may not write to"):
        check_output(file, "output", settings)


# ---------------------------------------------------------------- writing


def test_a_file_is_replaced_whole_and_keeps_its_permissions(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("before")
    file.chmod(0o640)
    with replacing(file) as stream:
        stream.write(b"after")
        assert file.read_text() == "before"
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == ("after", 0o640)
    assert list(tmp_path.iterdir()) == [file]


def _write_half(file: Path, fault: Exception) -> None:
    with replacing(file) as stream:
        stream.write(b"half")
        raise fault


@pytest.mark.parametrize(
    ("fault", "told"),
    [(ValueError("in the middle"), "in the middle"), (_FULL, "could not be written: No space left")],
)
def test_what_fails_in_the_middle_leaves_the_former_file(fault, told, tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("before")
    with pytest.raises((ValueError, UserError), match=told):
        _write_half(file, fault)
    assert file.read_text() == "before"
    assert list(tmp_path.iterdir()) == [file]


def test_a_pipe_is_written_to(tmp_path, settings):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    with replacing(check_output(pipe, "output", settings)) as stream:
        stream.write(b"through it")
    reader.join(10)
    assert got == [b"through it"]
    assert pipe.is_fifo()


def _fill_half(folder: Path, fault: Exception) -> None:
    with filling(folder) as unfinished:
        (unfinished / "a").write_text("half")
        raise fault


@pytest.mark.parametrize("there", [False, True])
def test_a_folder_is_filled_whole_or_not_at_all(there, tmp_path):
    folder = tmp_path / "new" / "folder"
    if there:
        folder.mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(RuntimeError):
        _fill_half(folder, RuntimeError())
    assert sorted(tmp_path.rglob("*")) == before
    with pytest.raises(UserError, match="could not be written: No space left"):
        _fill_half(folder, _FULL)
    assert sorted(tmp_path.rglob("*")) == before
    with filling(folder) as unfinished:
        (unfinished / "a").write_text("whole")
        assert not (folder / "a").exists()
    assert [path.name for path in folder.iterdir()] == ["a"]
