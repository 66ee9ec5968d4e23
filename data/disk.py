"""The disk: folders that are closed to other accounts, and what is told when it takes nothing.

Everything of ours belongs to the account that runs the program: nobody else may read clients' figures from a file.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from data.errors import DiskRefuses

_FULL = "The disk is full"
_CLOSED = "The disk is read-only, or something on it is closed to this account"
_REMEDY = {
    _FULL: "make room and try again",
    _CLOSED: "let this account read its files and write to VAR_DIR and the warehouse's folder, and try again",
}
_BY_NUMBER = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: _FULL,
    errno.EROFS: _CLOSED,
    errno.EACCES: _CLOSED,
    errno.EPERM: _CLOSED,
}
_BY_SQLITE = {sqlite3.SQLITE_FULL: _FULL, sqlite3.SQLITE_READONLY: _CLOSED}
# The embedded engine tells it in words alone.
_BY_WORDS = {os.strerror(number): what for number, what in _BY_NUMBER.items() if number != errno.EPERM}


def make_private(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for this account alone; one that is there stays as it is."""
    for each in reversed([folder, *folder.parents]):
        if not each.exists():
            each.mkdir(mode=0o700, exist_ok=True)


def close_to_others(path: Path) -> None:
    """Take from other accounts what they may do with a file or folder of this account's own, if it is there."""
    with suppress(FileNotFoundError):
        found = path.stat()
        if found.st_uid == os.geteuid() and found.st_mode & 0o077:
            path.chmod(stat.S_IMODE(found.st_mode) & 0o700)


def check_writable(folder: Path) -> None:
    """Raises :class:`DiskRefuses` for a folder, made if needed, in which no file can be made and filled."""
    with telling():
        make_private(folder)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(4096))


@contextmanager
def telling() -> Iterator[None]:
    """Raises :class:`DiskRefuses` in place of whatever says that the disk is full or closed to us."""
    try:
        yield
    except Exception as fault:
        trouble = disk_trouble(fault)
        if trouble is None:
            raise
        raise DiskRefuses(trouble) from fault


def disk_trouble(fault: BaseException) -> str | None:
    """What to tell a person when ``fault`` comes from a disk that is full or closed to us, else None."""
    for each in _causes(fault):
        what = _kind(each)
        if what is not None:
            reason = " ".join(str(each).split())[:200].rstrip(".")
            return f"{what} ({reason}): {_REMEDY[what]}."
    return None


def _kind(fault: BaseException) -> str | None:
    if isinstance(fault, OSError):
        return _BY_NUMBER.get(fault.errno or 0)
    if isinstance(fault, sqlite3.Error):
        return _BY_SQLITE.get((getattr(fault, "sqlite_errorcode", None) or 0) & 0xFF)
    if type(fault).__module__ == "_duckdb":
        return next((what for words, what in _BY_WORDS.items() if words in str(fault)), None)
    return None


def _causes(fault: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting: list[BaseException | None] = [fault]
    while waiting:
        each = waiting.pop(0)
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            yield each
            waiting += [getattr(each, "orig", None), each.__cause__, each.__context__]
