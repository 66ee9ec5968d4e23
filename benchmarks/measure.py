"""Takes the time of one thing done in several ways."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """One way of doing a thing: the best of its runs in seconds, and what it returned."""

    name: str
    seconds: float
    outcome: object


def best_of(runs: int, name: str, act: Callable[[], object]) -> Timing:
    """The best of ``runs`` runs of ``act``: the one that the rest of the machine disturbed least."""
    best, outcome = float("inf"), None
    for _ in range(runs):
        start = time.perf_counter()
        outcome = act()
        best = min(best, time.perf_counter() - start)
    return Timing(name, best, outcome)


def compare(title: str, ours: Timing, plain: Timing) -> None:
    """Print both and their ratio; the two must have come to the same answer."""
    if ours.outcome != plain.outcome:
        raise AssertionError(f"{title}: {ours.name} gives {ours.outcome}, {plain.name} gives {plain.outcome}")
    print(title)
    for timing in (ours, plain):
        print(f"  {timing.name:<40} {timing.seconds:8.3f} s")
    print(f"  {'ratio (plain / ours)':<40} {plain.seconds / ours.seconds:8.1f} x")
