"""What runs are doing, and their end: told through the cache, so that it works whichever process takes the click."""

from __future__ import annotations

from concurrent.futures import Future
from time import monotonic
from typing import Any

from data.errors import Cancelled
from data.report.run import Stopwatch
from data.report.shelf import Shelf

_POLL_SECONDS = 0.05
_QUIET_SECONDS = 0.25
"""A run tells what it does from then on: before that nobody asks (assets/report/)."""
_RUN_SECONDS = 600
_HAND_OVER = "hand over"


class Runs:
    """Runs by the person who asked, and the id that their page gave them."""

    AWAITED_SECONDS = 6
    """For how long another process's word that it waits for an answer is believed."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def progress(self, run_id: str, owner_id: str) -> str | None:
        """What the run of a person is doing right now, in words; None when it is not known (over, or another's)."""
        stage = self._shelf.get(f"progress:{owner_id}:{run_id}")
        return None if stage is None else str(stage)

    def cancel(self, run_id: str, owner_id: str, *, hand_over: bool = False) -> None:
        """Withdraw a person's question: the statement that runs is stopped in the engine, unless others wait for it.

        With ``hand_over`` the person wants the answer all the same, from a worker.

        The id of somebody else's run means nothing.
        """
        self._shelf.put(f"cancel:{owner_id}:{run_id}", _HAND_OVER if hand_over else True, _RUN_SECONDS)

    def is_handed_over(self, run_id: str, owner_id: str) -> bool:
        """Whether a run was withdrawn so that a worker goes on with it."""
        return bool(self._shelf.get(f"cancel:{owner_id}:{run_id}") == _HAND_OVER)

    def wait(self, future: Future[Any], watch: Stopwatch, run_id: str | None, owner_id: str) -> None:
        """Wait until ``future`` is done, telling what ``watch`` does; raises :class:`Cancelled` when withdrawn."""
        if run_id is None:
            future.exception()
            return
        name, started, told = f"{owner_id}:{run_id}", monotonic(), None
        while not future.done():
            if self._shelf.get(f"cancel:{name}"):
                raise Cancelled
            try:
                future.exception(timeout=_POLL_SECONDS)
            except TimeoutError:
                # Not at once: writing it takes longer than many a stage does, and the run would wait for it.
                if watch.now != told and monotonic() - started > _QUIET_SECONDS:
                    told = watch.now
                    self._shelf.put(f"progress:{name}", told, _RUN_SECONDS)
        if told is not None:
            self._shelf.drop(f"progress:{name}")

    def await_others(self, key: str) -> None:
        """Say that this process has people who wait for the answer that another one is working on."""
        self._shelf.put(f"awaited:{key}", True, self.AWAITED_SECONDS)

    def are_others_waiting(self, key: str) -> bool:
        """Whether another process waits for the answer that this one is working on."""
        return bool(self._shelf.get(f"awaited:{key}"))
