"""The cache as reports use it: one that fails costs time and is told to the operator; no answer is lost."""

from __future__ import annotations

import logging
from typing import Any

from flask_caching import Cache

_log = logging.getLogger(__name__)


class Shelf:
    """What can be kept for a while under a name, or not."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self.trouble: str | None = None
        """Why the cache did not work the last time it was used; None when it did."""

    def get(self, name: str) -> Any:
        """What is kept under ``name``; None when nothing is, or when it cannot be read."""
        try:
            return self._cache.get(name)
        except Exception as fault:  # noqa: BLE001 - a full disk, a Redis that is gone, an entry of another program
            self._failed("read", fault)
            return None

    def put(self, name: str, value: object, seconds: int) -> None:
        """Keep ``value`` for ``seconds``, if that is possible."""
        try:
            kept = self._cache.set(name, value, timeout=seconds)
        except Exception as fault:  # noqa: BLE001 - as above
            self._failed("written", fault)
            return
        if kept is False:  # the file cache has logged why
            self._failed("written", "the disk is full or closed to us")
        else:
            self.trouble = None

    def drop(self, name: str) -> None:
        """Keep nothing under ``name`` any more."""
        try:
            self._cache.delete(name)
        except Exception as fault:  # noqa: BLE001 - as above
            self._failed("written", fault)

    def _failed(self, what: str, why: object) -> None:
        reason = f"The cache cannot be {what} ({why})".replace("\n", " ")
        if self.trouble is None:
            _log.warning("%s: reports are answered without it.", reason)
        self.trouble = reason
