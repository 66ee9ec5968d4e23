"""How large and how old files are, in words."""

from __future__ import annotations

from datetime import datetime

from data.words.numerals import counted


def size_words(size: int) -> str:
    """How large a file is: "812 bytes", "1.4 MB"; a megabyte is 1,024 times 1,024 bytes."""
    if size < 1024:
        return counted(size, "byte")
    kilobytes = size / 1024
    return f"{kilobytes:,.1f} kB" if kilobytes < 1000 else f"{kilobytes / 1024:,.1f} MB"


def age_words(then: datetime, now: datetime) -> str:
    """How long ago something was: "just now", "3 minutes ago", "2 days ago"; both instants of the same clock."""
    seconds = max(0, int((now - then).total_seconds()))
    for unit, length in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            return f"{counted(seconds // length, unit)} ago"
    return "just now"
