"""One at a time for one name, across threads and server processes: by the lock that the cache's own place offers.

Whoever dies while holding a turn does not keep it: the system lets go of a file's lock, and Redis of one that is not
renewed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import redis
from flask_caching import Cache

_LEASE_SECONDS = 10.0
"""How long a process that stopped keeps others waiting, with Redis. A run that goes on renews its lease."""

GiveBack = Callable[[], None]


class Turns(ABC):
    """Turns by name."""

    @abstractmethod
    def take(self, name: str) -> GiveBack | None:
        """Take the turn of that name without waiting: how to give it back, or None while somebody else has it."""


class ProcessTurns(Turns):
    """Turns within this process, for a cache that is the process's own."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._lock = threading.Lock()

    def take(self, name: str) -> GiveBack | None:
        with self._lock:
            if name in self._taken:
                return None
            self._taken.add(name)
        return lambda: self._taken.discard(name)


class FileTurns(Turns):
    """Turns for all processes that share ``folder``: a locked file for each, which is gone when the turn is over."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(self, name: str) -> GiveBack | None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = self._folder / hashlib.sha256(name.encode()).hexdigest()
        while True:
            descriptor = os.open(file, os.O_CREAT | os.O_RDWR, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                return None
            if _is_at(descriptor, file):
                break
            os.close(descriptor)  # its holder deleted it between our two steps: a lock on it keeps nobody out

        def give_back() -> None:
            file.unlink(missing_ok=True)  # while it is ours: whoever opened it meanwhile sees that it is gone
            os.close(descriptor)

        return give_back


def _is_at(descriptor: int, file: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), file.stat())
    except FileNotFoundError:
        return False


class RedisTurns(Turns):
    """Turns for all processes that share a Redis."""

    def __init__(self, client: redis.Redis, prefix: str, *, lease: float = _LEASE_SECONDS) -> None:
        self._client = client
        self._prefix = prefix
        self._lease = lease

    def take(self, name: str) -> GiveBack | None:
        lock = self._client.lock(f"{self._prefix}turn:{name}", timeout=self._lease, thread_local=False)
        if not lock.acquire(blocking=False):
            return None
        over = threading.Event()

        def renew() -> None:
            while not over.wait(self._lease / 3):
                try:
                    lock.reacquire()
                except redis.RedisError:
                    return  # it was lost: others may run too, which costs time and nothing else

        threading.Thread(target=renew, name="renew-turn", daemon=True).start()

        def give_back() -> None:
            over.set()
            with suppress(redis.RedisError):  # it was lost, or it will be when its lease is over
                lock.release()

        return give_back


def turns_beside(cache: Cache) -> Turns:
    """The turns for all who share ``cache``."""
    config: dict[str, Any] = cache.config or {}
    kind = config.get("CACHE_TYPE")
    if kind == "FileSystemCache":
        # Not within: the cache deletes what it finds there.
        folder = Path(config["CACHE_DIR"])
        return FileTurns(folder.with_name(f"{folder.name}.turns"))
    if kind == "RedisCache":
        return RedisTurns(redis.from_url(config["CACHE_REDIS_URL"]), config.get("CACHE_KEY_PREFIX") or "")
    return ProcessTurns()
