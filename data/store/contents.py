"""What is stored of a frozen report, and what proves that it is still what was frozen.

A report's content is stored once under its own SHA-256 and never written again. A link carries a seal: the SHA-256 of
all that never changes in it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import zlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from data.errors import UserError
from data.report.result import ReportResult
from data.store.canonical import canonical_json
from data.store.database import Database, is_corruption
from data.store.schema import contents

_log = logging.getLogger(__name__)

_CODEC, _LEVEL = "zlib", 5
_CACHED_BYTES = 8 * 1024 * 1024


class LinkDamaged(UserError):
    """What is stored is not what was frozen, so it is not shown."""

    def __init__(self) -> None:
        super().__init__(
            "The report behind this link was damaged in storage and is not shown: run it again, or have the records "
            "restored from a backup."
        )


class Damage(Exception):
    """What is stored is not what was frozen; the reason is for the log."""


class Contents:
    """Stores reports and reads them back, checked."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._thawed = _Thawed(_CACHED_BYTES)

    def pack(self, result: ReportResult) -> dict[str, Any]:
        """The columns of a report that is to be stored; it needs not be thawed in this process."""
        data = report_bytes(result)
        digest, body = hashlib.sha256(data).digest(), zlib.compress(data, _LEVEL)
        self._thawed.put(digest, result, hashlib.sha256(body).digest(), len(data))
        return {
            "digest": digest,
            "body": body,
            "codec": _CODEC,
            "size": len(data),
            "query": canonical_json(_listed(result)),
            "row_count": len(result.rows),
            "generated_at": result.info.generated_at,
        }

    def keep(self, connection: sa.Connection, packed: Mapping[str, object]) -> None:
        """Store what :meth:`pack` gave, unless an equal report is there."""
        connection.execute(self._database.insert(contents).values(packed).on_conflict_do_nothing())

    def read(self, connection: sa.Connection, digest: bytes, *, verify: bool) -> ReportResult:
        """The report with this digest. With ``verify`` what is stored is checked even if it was thawed before.

        Raises what :func:`noticing_damage` understands.
        """
        known = self._thawed.get(digest)
        if known is not None and not verify:
            return known[0]
        stored = connection.execute(sa.select(contents).where(contents.c.digest == digest)).one()
        if stored.codec != _CODEC:
            raise Damage(f"codec {stored.codec!r} is unknown")
        body_digest = hashlib.sha256(stored.body).digest()
        if known is not None and known[1] == body_digest:
            return known[0]
        data = zlib.decompress(stored.body)
        if hashlib.sha256(data).digest() != digest:
            raise Damage("the report's SHA-256 does not match")
        try:
            result = report_from(data)
        except (KeyError, TypeError, ValueError) as fault:
            raise Damage(f"the report is sound but not understood by this version: {fault!r}") from fault
        self._thawed.put(digest, result, body_digest, len(data))
        return result

    def stored_size(self, connection: sa.Connection, digest: bytes) -> int:
        """Bytes that the report takes in the database; 0 when it is not there."""
        found = connection.execute(sa.select(sa.func.length(contents.c.body)).where(contents.c.digest == digest))
        return found.scalar_one_or_none() or 0


class _Thawed:
    """The reports that this process used last, with the SHA-256 of the stored bytes they came from."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._kept: OrderedDict[bytes, tuple[ReportResult, bytes, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, digest: bytes) -> tuple[ReportResult, bytes] | None:
        with self._lock:
            if digest not in self._kept:
                return None
            self._kept.move_to_end(digest)
            return self._kept[digest][:2]

    def put(self, digest: bytes, result: ReportResult, body_digest: bytes, size: int) -> None:
        with self._lock:
            if digest in self._kept:
                self._size -= self._kept.pop(digest)[2]
            self._kept[digest] = (result, body_digest, size)
            self._size += size
            while self._size > self._limit:
                _, (_, _, freed) = self._kept.popitem(last=False)
                self._size -= freed


@contextmanager
def noticing_damage(link_id: str) -> Iterator[None]:
    """What comes of damage met on the way of a link: a line for the log, and :class:`LinkDamaged` for the person."""
    try:
        yield
    except (Damage, zlib.error, sa.exc.NoResultFound) as fault:
        # The start of an id tells an administrator which link it is, and nobody who reads the log how to open it.
        _log.error("Link %s… is damaged: %s", link_id[:6], fault)
        raise LinkDamaged from fault
    except sa.exc.DatabaseError as fault:
        if not is_corruption(fault):
            raise
        _log.exception("The records' database is damaged (seen at link %s…)", link_id[:6])
        raise LinkDamaged from fault


def report_bytes(result: ReportResult) -> bytes:
    """The one form in which a report is stored and hashed: its JSON with rows turned into columns, as canonical text.

    Columns repeat no names and put like beside like: a third of the bytes, and quicker to write and read.
    """
    data = result.to_json()
    rows = data["rows"]
    data["rows"] = {key: [row[key] for row in rows] for key in (rows[0] if rows else ())}
    return canonical_json(data).encode()


def report_from(data: bytes) -> ReportResult:
    """The report that :func:`report_bytes` wrote, equal in every figure."""
    stored = json.loads(data)
    columns = stored["rows"]
    stored["rows"] = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    return ReportResult.from_json(stored)


def _listed(result: ReportResult) -> dict[str, Any]:
    """What lists tell of a report without reading it: its question, under the title that it has, if any."""
    title = result.info.title
    return result.query.to_json() if title is None else {**result.query.to_json(), "title": title}


def seal(row: Mapping[Any, Any]) -> bytes:
    """The SHA-256 of what never changes in a link once it was shared, and of what lists tell about its report."""
    generated_at = row["generated_at"]
    fixed = [
        row["id"],
        row["digest"].hex(),
        row["origin_id"],
        row["owner_id"],
        row["role"],
        row["from_cache"],
        row["created_at"].isoformat(),
        row["view"],
        row["query"],
        row["row_count"],
        None if generated_at is None else generated_at.isoformat(),
    ]
    return hashlib.sha256(canonical_json(fixed).encode()).digest()
