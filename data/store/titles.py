"""Titles that people give to what they keep: templates and charts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from data.errors import UserError

MAX_TITLE = 100
_COPY = re.compile(r" \(copy(?: \d+)?\)$")


def plain_text(text: str) -> str:
    """``text`` without what is no text (control characters but line breaks, halves of characters), trimmed."""
    kept = (sign for sign in text if sign in "\n\t" or unicodedata.category(sign) not in {"Cc", "Cs"})
    return unicodedata.normalize("NFC", "".join(kept)).strip()


def check_title(text: str) -> str:
    """The title on one line, trimmed; a :class:`UserError` unless it has 1 to 100 characters."""
    title = " ".join(plain_text(text).split())
    if not title:
        raise UserError("The title is empty: give it a name of 1 to 100 characters.", field="title")
    if len(title) > MAX_TITLE:
        raise UserError(f"The title has {len(title)} characters: shorten it to at most {MAX_TITLE}.", field="title")
    return title


@contextmanager
def free_title(title: str) -> Iterator[None]:
    """Around writing something under ``title``: a :class:`UserError` when its owner has one of that title already."""
    try:
        yield
    except sa.exc.IntegrityError as fault:
        raise UserError(f"You already have one called {title!r}: choose another title.", field="title") from fault


def is_id(text: str) -> bool:
    """Whether ``text`` can be an id of ours at all: some signs no database takes."""
    return text.isascii() and text.isprintable()


def copy_title(title: str, taken: Collection[str]) -> str:
    """A title for a copy that is not ``taken``: "Churn (copy)", then "Churn (copy 2)"."""
    stem = _COPY.sub("", title)
    number = 1
    while True:
        ending = " (copy)" if number == 1 else f" (copy {number})"
        candidate = stem[: MAX_TITLE - len(ending)].rstrip() + ending
        if candidate not in taken:
            return candidate
        number += 1
