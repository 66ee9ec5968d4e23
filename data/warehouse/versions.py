"""The versions of an embedded warehouse: immutable files in a folder, one of them named by a link at the URL's path.

``warehouse.duckdb`` is a symbolic link to ``warehouse.duckdb.versions/000007-1f00ba12.duckdb``. Publishing and rolling
back swap the link, which is atomic; readers follow it once per reading and keep the file they opened. A version's name
is never used again, since answers are cached under it. While a version is being made a marker of the same name stands
beside it: what a killed load leaves behind is told by its marker, and cleared by the next one.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from glob import escape
from pathlib import Path

from data.disk import close_to_others, make_private
from data.errors import Damaged, NoData, UserError, did_you_mean

_NAME = re.compile(r"(\d{6,})-[0-9a-f]{8}")
_SCRATCH = "scratch-"
NO_DATA = "There is no data yet: load some with `flask load FOLDER`, or make a demo company with `flask demo`."


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions behind the link at ``path``."""

    path: Path

    @property
    def folder(self) -> Path:
        """Where the version files are."""
        return self.path.with_name(f"{self.path.name}.versions")

    def file(self, name: str) -> Path:
        """The file of the version of that name."""
        return self.folder / f"{name}.duckdb"

    def beside(self, name: str) -> Path:
        """The folder of what is made later for the version of that name; it goes when the version goes."""
        return self.folder / f"{name}.duckdb.beside"

    def _marker(self, name: str) -> Path:
        return self.folder / f"{name}.unfinished"

    def live(self) -> str | None:
        """The name of the live version, None before the first; refuses a path that holds anything but our link."""
        try:
            target = self.path.readlink()
        except FileNotFoundError:
            return None
        except OSError:
            raise UserError(
                f"{self.path} is not a warehouse of this program but some other file: move it away, "
                "or let WAREHOUSE_URL name another path.",
            ) from None
        if target.parent.name != self.folder.name or not _NAME.fullmatch(target.stem):
            raise UserError(f"{self.path} is a link to {target}, not to a version of a warehouse: move it away.")
        return target.stem

    def live_file(self) -> Path:
        """The file that readers open now.

        Raises :class:`NoData` before the first load, and :class:`Damaged` when the file is gone.
        """
        try:
            return self.path.resolve(strict=True)
        except FileNotFoundError:
            name = self.live()
            if name is not None:
                raise self.damaged(name) from None
            raise NoData(NO_DATA) from None

    def damaged(self, name: str) -> Damaged:
        """What to tell when the version of that name is not there, or is not what was written."""
        return Damaged(
            f"Version {name} of the warehouse is damaged: go back to an earlier one with `flask warehouse rollback`, "
            f"or restore {self.file(name)} from a backup."
        )

    def names(self) -> list[str]:
        """All finished versions, the newest first."""
        if not self.folder.is_dir():
            return []
        found = [file.stem for file in self.folder.glob("*.duckdb") if _NAME.fullmatch(file.stem)]
        live = self.live()
        return sorted(
            (name for name in found if name == live or not self._marker(name).exists()), key=number, reverse=True
        )

    @contextmanager
    def locked(self, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Hold the warehouse for writing; calls ``waiting`` if another holds it. A killed holder lets go by itself."""
        self.live()
        make_private(self.folder)
        close_to_others(self.folder)
        with (self.folder / "lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waiting()
                fcntl.flock(lock, fcntl.LOCK_EX)
            self._clear_leftovers()
            yield

    def _clear_leftovers(self) -> None:
        live = self.live()
        for marker in self.folder.glob("*.unfinished"):
            if marker.stem != live:
                self._delete(marker.stem)
            marker.unlink()
        for scratch in self.folder.glob(f"{_SCRATCH}*"):
            shutil.rmtree(scratch, ignore_errors=True)
        for link in self.path.parent.glob(f".{escape(self.path.name)}.*.link"):
            link.unlink()

    def _delete(self, name: str) -> None:
        for leftover in self.folder.glob(f"{name}.duckdb*"):
            if leftover.is_dir():
                shutil.rmtree(leftover, ignore_errors=True)
            else:
                leftover.unlink(missing_ok=True)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder for a load's own use, on the disk of the warehouse; gone afterwards. Needs the lock."""
        folder = self.folder / f"{_SCRATCH}{secrets.token_hex(4)}"
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def begin(self) -> str:
        """The name of the next version, marked as unfinished. Needs the lock."""
        counter = self.folder / "lock"
        used = [int(counter.read_text() or 0), *map(number, self.names())]
        following = max(used) + 1
        counter.write_text(str(following))
        name = f"{following:06d}-{secrets.token_hex(4)}"
        self._marker(name).touch()
        _sync(self.folder)
        return name

    def publish(self, name: str) -> None:
        """Make the finished version of that name the live one. Needs the lock."""
        close_to_others(self.file(name))
        with self.file(name).open("rb") as file:
            os.fsync(file.fileno())
        _sync(self.folder)
        self._point_to(name)
        self._marker(name).unlink(missing_ok=True)

    def abandon(self, name: str) -> None:
        """Give up the unfinished version of that name. Needs the lock."""
        self._delete(name)
        self._marker(name).unlink(missing_ok=True)

    def _point_to(self, name: str) -> None:
        link = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}.link")
        link.symlink_to(self.file(name).relative_to(self.path.parent))
        link.replace(self.path)
        _sync(self.path.parent)

    def roll_back(self, name: str | None = None) -> str:
        """Make an earlier version live: the one of that name or number, or else the last one before the live one."""
        with self.locked():
            names, live = self.names(), self.live()
            if live is None:
                raise NoData("There is no version to go back to: nothing has been loaded yet.")
            if name is None:
                earlier = [other for other in names if number(other) < number(live)]
                if not earlier:
                    raise UserError(f"There is no version before the live one, {live}.")
                chosen = earlier[0]
            else:
                matching = [
                    other for other in names if other == name or (name.isdigit() and number(other) == int(name))
                ]
                if not matching:
                    raise UserError(
                        f"There is no version {name}.{did_you_mean(name, names)} See `flask warehouse versions`."
                    )
                chosen = matching[0]
            self._point_to(chosen)
            return chosen

    def prune(self, keep: int) -> list[str]:
        """Delete all but the newest ``keep`` versions besides the live one; returns the names. Needs the lock."""
        live = self.live()
        others = [name for name in self.names() if name != live]
        dropped = others[max(keep, 0) :]
        for name in dropped:
            self._delete(name)
        return dropped


def number(name: str) -> int:
    """The running number in a version's name."""
    return int(name.partition("-")[0])


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
