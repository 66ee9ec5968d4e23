"""The time of our records: naive UTC instants, from a clock that tests may set."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Gives the present instant, naive UTC."""


def utc_now() -> datetime:
    """Now, as a naive UTC instant."""
    return datetime.now(UTC).replace(tzinfo=None)
