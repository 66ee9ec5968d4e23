"""Names that can be told apart, and long ones cut where it hurts least."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import Protocol, TypeVar

from data.report.dimensions import NO_PACKAGE, Dimension, Key
from data.report.query import ReportQuery
from data.words.dates import month_words

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


class Labelled(Protocol):
    """Anything that stands for a row of a report."""

    @property
    def labels(self) -> tuple[str | None, ...]:
        """One for each grouping."""

    @property
    def keys(self) -> tuple[Key, ...]:
        """One for each grouping: what tells apart what is called the same."""


def row_labels(
    query: ReportQuery, rows: Sequence[Labelled], language: str | None = None
) -> tuple[tuple[str, ...], ...]:
    """The labels of each row as people read them, those of different things always different.

    Months are written as in files ("2026-03"), or with a ``language`` as its people do ("Mar 2026").
    """
    columns = [_named(rows, place, dimension, language) for place, dimension in enumerate(query.dimensions)]
    return tuple(zip(*columns, strict=True)) if columns else ((),) * len(rows)


def _named(rows: Sequence[Labelled], place: int, dimension: Dimension, language: str | None) -> list[str]:
    if language is not None and dimension.cell == "month" and dimension.unit is not None:
        read = dimension.unit.read
        return [month_words(read(str(row.labels[place])), language) for row in rows]
    if dimension.named is None:
        return [dimension.words(row.labels[place]) for row in rows]
    known = {row.keys[place]: row.labels[place] for row in rows}
    nothing = {key: dimension.words(None) for key in known if key is None}
    names = apart({key: dimension.words(label) for key, label in known.items() if key is not None}, [NO_PACKAGE])
    words = names | nothing
    return [words[row.keys[place]] for row in rows]
