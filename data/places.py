"""Where this installation keeps what is its own: the warehouse and its versions, the records, all of VAR_DIR."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from data.disk import close_to_others
from data.settings import Settings
from data.warehouse.engines import embedded_path, warehouse_url
from data.warehouse.versions import Versions

INCIDENTS = "incidents.log"
"""The file in VAR_DIR in which commands write down faults of ours."""


@dataclass(frozen=True, slots=True)
class Places:
    """Folders with everything in them, and files, there already or not."""

    folders: tuple[Path, ...]
    files: tuple[Path, ...]


def own_places(settings: Settings) -> Places:
    """All places of an installation. Raises :class:`UserError` for a warehouse URL that is none."""
    folders, files = [settings.folder], []
    url = warehouse_url(settings)
    if url.get_backend_name() == "duckdb":
        versions = Versions(embedded_path(url))
        folders.append(versions.folder)
        files.append(versions.path)
    # What is wrong with an URL is for those to say who connect to it.
    with suppress(sa.exc.ArgumentError, ValueError):
        records = sa.make_url(settings.database)
        if records.get_backend_name() == "sqlite" and records.database:
            files += [Path(records.database + suffix).absolute() for suffix in ("", "-wal", "-shm", "-journal")]
    return Places(tuple(folders), tuple(files))


def close_places(settings: Settings) -> None:
    """Close to other accounts what an earlier version of the program, or an open umask, left open.

    VAR_DIR itself only where nothing but ours is in it: somebody may have named a folder that others work in.
    """
    places = own_places(settings)
    with suppress(OSError):  # a disk that is read-only is told of by whoever writes to it
        for folder in places.folders:
            if folder != settings.folder or all(_is_ours(entry.name) for entry in _entries(folder)):
                close_to_others(folder)
        for file in (settings.folder / INCIDENTS, *(each for each in places.files if not each.is_symlink())):
            close_to_others(file)


def _is_ours(name: str) -> bool:
    return name.lstrip(".").startswith(("cache", "warehouse.duckdb", "records.sqlite", "secret", INCIDENTS))


def _entries(folder: Path) -> Iterator[Path]:
    return folder.iterdir() if folder.is_dir() else iter(())
