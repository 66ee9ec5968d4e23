"""What a file format is: each is one module ``*_file.py`` beside this one, with its ``FORMAT``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from data.delivery.table import Document


@dataclass(frozen=True, slots=True)
class Format:
    """A file format. ``write`` makes the whole file, or raises :class:`UserError` when the report does not fit.

    ``label`` is its name in lists and ``button`` its short one in "Export to ...", where it has a button of its own and
    not only a place in the menu of all formats. ``rows`` and ``columns`` are the most that a file holds, headers and
    totals included; None where there is no limit. Packages that only the writer needs are imported by the writer.
    """

    id: str
    label: str
    extension: str
    mime: str
    about: str
    write: Callable[[Document], bytes]
    rows: int | None = None
    columns: int | None = None
    button: str | None = None
