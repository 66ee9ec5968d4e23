"""Names that can be told apart, and long ones cut where it hurts least."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import Protocol, TypeVar

from data.report.catalog import NO_PACKAGE
from data.report.query import ReportQuery
from data.report.result import label_text

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
    def package_id(self) -> int | None:
        """What tells packages of one name apart."""


def row_labels(query: ReportQuery, rows: Sequence[Labelled]) -> tuple[tuple[str, ...], ...]:
    """The labels of each row as people read them, those of different things always different."""
    place = query.group_by.index("package") if "package" in query.group_by else None
    packages: dict[int | None, str] = {}
    if place is not None:
        named: dict[int | None, str] = {
            row.package_id: str(row.labels[place]) for row in rows if row.package_id is not None
        }
        packages = {None: NO_PACKAGE}
        packages.update(apart(named, taken=[NO_PACKAGE]))
    return tuple(
        tuple(
            packages[row.package_id] if at == place else label_text(dimension, row.labels[at])
            for at, dimension in enumerate(query.group_by)
        )
        for row in rows
    )
