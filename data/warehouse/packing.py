"""Compressed files and archives: opened as what they hold, or unpacked beside the load."""

from __future__ import annotations

import bz2
import gzip
import itertools
import lzma
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, cast

from data.warehouse.rejects import LoadRefused


def _gzip(file: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(file))


def _zstandard(file: Path) -> IO[bytes]:
    from backports import zstd

    return cast("IO[bytes]", zstd.open(file))


OPENERS: dict[str, Callable[[Path], IO[bytes]]] = {
    ".gz": _gzip,
    ".bz2": bz2.open,
    ".xz": lzma.open,
    ".zst": _zstandard,
}
"""What opens a file that is compressed, by the last suffix of its name."""
ZIP = ".zip"
PACKED = (*OPENERS, ZIP)
_FAULTS = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, RuntimeError, NotImplementedError)
_numbers = itertools.count(1)


def opened(file: Path) -> IO[bytes]:
    """What a plain file or one compressed with gzip holds, for reading."""
    return OPENERS[".gz"](file) if file.suffix.lower() == ".gz" else file.open("rb")


def unpack(file: Path, scratch: Path) -> Path:
    """What a compressed file holds, as a plain file; raises :class:`LoadRefused`."""
    suffix = file.suffix.lower()
    plain = scratch / f"unpacked-{next(_numbers)}-{file.name[: -len(suffix)]}"
    try:
        with OPENERS[suffix](file) as packed:
            _write(packed, plain)
    except Exception as error:
        raise _damaged(file.name, error) from error
    return plain


def members(file: Path, scratch: Path, label: str) -> Iterator[tuple[str, Path]]:
    """Each file of a zip archive, unpacked, with its name in there; hidden ones are passed over."""
    folder = scratch / f"unpacked-{next(_numbers)}"
    folder.mkdir()
    try:
        with zipfile.ZipFile(file) as archive:
            for number, entry in enumerate(archive.infolist()):
                parts = Path(entry.filename).parts
                if entry.is_dir() or any(part.startswith((".", "_")) for part in parts):
                    continue
                # A number before the name: members of two folders may have the same one.
                plain = folder / f"{number}-{parts[-1]}"
                with archive.open(entry) as packed:
                    _write(packed, plain)
                yield entry.filename, plain
    except _FAULTS as error:
        raise _damaged(label, error) from error


def _write(packed: IO[bytes], plain: Path) -> None:
    with plain.open("wb") as stream:
        shutil.copyfileobj(packed, stream, 1 << 20)


def _damaged(label: str, error: Exception) -> LoadRefused:
    return LoadRefused(f"{label} cannot be unpacked: {error}.")
