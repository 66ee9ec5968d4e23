"""The files that commands write: never over what is read or what is ours, and whole or not at all.

:func:`check_output` refuses a place before any work is done; :func:`replacing` and :func:`filling` write beside it and
put the finished thing in its place, so that a failed run leaves what was there.
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from data.errors import UserError
from data.places import own_places
from data.settings import Settings


def check_output(path: Path, option: str, settings: Settings, inputs: Iterable[Path] = ()) -> Path:
    """The file to write for ``--option``: links followed; a device or a pipe as it was named.

    Raises :class:`UserError` with that field for a folder, a place that cannot be written, one of the ``inputs`` and
    anything of this installation's own, by whichever link it is named.
    """
    named = f"--{option} {path}"
    if path.is_dir():
        raise UserError(f"{named} is a folder: name a file in it.", field=option)
    _refuse_ours(path, named, option, settings)
    if any(_is_same(path, each) for each in inputs):
        raise UserError(f"{named} is, or would be taken for, one of the files to load: name another.", field=option)
    if path.exists() and not path.is_file():
        if path.is_block_device() or path.is_socket():
            raise UserError(f"{named} is a disk or a socket: name a file.", field=option)
        # A device or a pipe: its links lead to no path (/dev/stdout), and its folder does not matter.
        return path
    target = _resolved(path)
    if target.is_symlink():
        raise UserError(f"{named} is a link that leads in a circle: name a file.", field=option)
    if not target.parent.is_dir():
        raise UserError(f"{named} is in a folder that does not exist: make it first.", field=option)
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise UserError(f"{named} is in a folder that you may not write to: choose another.", field=option)
    if target.exists() and not os.access(target, os.W_OK):
        raise UserError(f"{named} is a file that you may not write to: choose another.", field=option)
    return target


def check_folder(path: Path, option: str, settings: Settings) -> Path:
    """The folder to fill for ``--option``, links followed: an empty one, or one that is not there yet.

    Raises :class:`UserError` with that field for anything else, and for a folder of this installation's own.
    """
    named = f"--{option} {path}"
    _refuse_ours(path, named, option, settings)
    target = _resolved(path)
    if target.exists() and not target.is_dir():
        raise UserError(f"{named} is not a folder: name one that is empty, or a new one.", field=option)
    try:
        if target.exists() and any(target.iterdir()):
            raise UserError(f"The folder {path} is not empty: name one that is, or a new one.", field=option)
    except OSError as fault:
        raise UserError(f"{named} cannot be read: {fault.strerror}.", field=option) from fault
    return target


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A stream whose content takes the place of ``path`` when it is complete; a device or a pipe is written to.

    Permissions of a replaced file are kept. Raises :class:`UserError` when the disk does not take it.
    """
    try:
        if path.exists() and not path.is_file():
            with path.open("wb") as stream:
                yield stream
            return
        unfinished = path.with_name(f".{path.name[:60]}.{secrets.token_hex(8)}")
        try:
            with unfinished.open("xb") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            if path.exists():
                unfinished.chmod(stat.S_IMODE(path.stat().st_mode))
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as fault:
        raise UserError(f"{path} could not be written: {fault.strerror or fault}.") from fault


@contextmanager
def filling(folder: Path) -> Iterator[Path]:
    """A folder whose files move into ``folder``, made if needed, when all of them are there; else nothing is left.

    Raises :class:`UserError` when the disk does not take it.
    """
    made = [each for each in (folder, *folder.parents) if not each.exists()]
    unfinished = folder / f".{secrets.token_hex(8)}"
    try:
        # Within the folder, which may be a mounted disk of its own.
        unfinished.mkdir(parents=True)
        yield unfinished
        for file in unfinished.iterdir():
            file.replace(folder / file.name)
        unfinished.rmdir()
    except BaseException as fault:
        shutil.rmtree(unfinished, ignore_errors=True)
        for each in made:
            with suppress(OSError):
                each.rmdir()
        if isinstance(fault, OSError):
            raise UserError(f"{folder} could not be written: {fault.strerror or fault}.") from fault
        raise


def _refuse_ours(path: Path, named: str, option: str, settings: Settings) -> None:
    ours = own_places(settings)
    if (
        any(_lies_in(path, folder) for folder in ours.folders)
        or any(_is_same(path, file) for file in ours.files)
        or (_has_other_names(path) and any(_is_same(path, file) for file in _below(ours.folders)))
    ):
        raise UserError(
            f"{named} belongs to this installation's own data, which it would destroy: choose a place outside VAR_DIR, "
            "the warehouse and the records.",
            field=option,
        )


def _below(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        for place, _, names in os.walk(folder):
            yield from (Path(place, name) for name in names)


def _has_other_names(path: Path) -> bool:
    return path.is_file() and path.stat().st_nlink > 1


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # links in a circle
        return path.absolute()


def _places(path: Path) -> set[Path]:
    """Where a path is, and where it leads to."""
    return {_resolved(path.parent) / path.name, _resolved(path)}


def _lies_in(path: Path, folder: Path) -> bool:
    if not folder.is_dir():
        return any(place.is_relative_to(_resolved(folder)) for place in _places(path))
    # By what they are, not by name: there are file systems where names differ in case only, and mounts.
    return any(
        parent.exists() and parent.samefile(folder) for place in _places(path) for parent in (place, *place.parents)
    )


def _is_same(path: Path, other: Path) -> bool:
    if _places(path) & _places(other):
        return True
    return path.exists() and other.exists() and path.samefile(other)
