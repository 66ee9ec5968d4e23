"""Sizes and ages in words."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from data.words.sizes import age_words, size_words

NOW = datetime(2026, 3, 29, 12)


@pytest.mark.parametrize(
    ("size", "words"),
    [(1, "1 byte"), (1023, "1,023 bytes"), (1024, "1.0 kB"), (1_200_000, "1.1 MB"), (3_000_000_000, "2,861.0 MB")],
)
def test_sizes(size: int, words: str) -> None:
    assert size_words(size) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, "just now"), (59, "just now"), (60, "1 minute ago"), (7200, "2 hours ago"), (86_400 * 3, "3 days ago")],
)
def test_ages(seconds: int, words: str) -> None:
    assert age_words(NOW - timedelta(seconds=seconds), NOW) == words
