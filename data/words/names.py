"""Names that can be told apart, and long ones cut where it hurts least."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Mapping
from typing import TypeVar

K = TypeVar("K", bound=Hashable)

MOST = 60
"""Characters of a name in a line of words."""


def apart(names: Mapping[K, str], taken: Collection[str] = ()) -> dict[K, str]:
    """The names by their ids, with the id behind each that is another's too: "Basic (#7)".

    ``taken`` are words that mean something else, such as No package.
    """
    found = dict(names)
    while True:
        many = Counter(found.values())
        alike = [id_ for id_, name in found.items() if (many[name] > 1 or name in taken) and name == names[id_]]
        if not alike:
            return found
        # A name that reads like another with its id is not left alone either, so look again.
        for id_ in alike:
            found[id_] = f"{names[id_]} (#{id_})"


def cut(text: str, most: int = MOST) -> str:
    """The text, cut in its middle if it has more than ``most`` characters: names often differ at their ends."""
    if len(text) <= most:
        return text
    head = most // 2
    return f"{text[:head].rstrip()}…{text[len(text) - (most - head - 1) :].lstrip()}"
