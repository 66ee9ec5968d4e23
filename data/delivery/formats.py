"""The file formats of a report: the one table that types, names, buttons, ids, command line and page are made from.

A further format is one module ``*_file.py`` beside this one: its entry and the function that writes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pkgutil import iter_modules

import data.delivery as here
from data.delivery.format import Format
from data.delivery.table import document
from data.errors import UserError, did_you_mean
from data.report.result import ReportResult
from data.words.question import Names, tell


def _found() -> tuple[Format, ...]:
    modules = [module.name for module in iter_modules(here.__path__) if module.name.endswith("_file")]
    formats = [import_module(f"{here.__name__}.{name}").FORMAT for name in modules]
    return tuple(sorted(formats, key=lambda item: item.label))


FORMATS = _found()
"""Every format, by label."""

FORMAT = {item.id: item for item in FORMATS}

WEB = "web"
OUTPUTS = {WEB: "Web"} | {item.id: item.label for item in FORMATS}
"""The forms in which a report comes to a person, on the page or as a file, and what each is called."""


def check_output_type(value: str) -> str:
    """``value`` if it is one of :data:`OUTPUTS`; a :class:`UserError` otherwise."""
    if value not in OUTPUTS:
        hint = did_you_mean(value, OUTPUTS) or f" Choose from {', '.join(OUTPUTS.values())}."
        raise UserError(f"Type {value!r} is unknown.{hint}", field="output")
    return value


def format_of(name: str) -> Format | None:
    """The format that a file's name ends with, in any case; None when that is none of ours."""
    ending = name.rpartition(".")[2].lower()
    return next((item for item in FORMATS if item.extension == ending), None)


def export(
    result: ReportResult,
    format_id: str,
    *,
    columns: Sequence[str] | None = None,
    order: Sequence[int] | None = None,
    names: Names | None = None,
) -> bytes:
    """The report as a file of a format of :data:`FORMATS`.

    ``columns`` are the column ids displayed and ``order`` the places of the rows displayed, both in the order shown;
    all of the report unless given. ``names`` gives owners' and packages' names to the facts, as for
    :func:`tell`. Raises :class:`UserError` when the report is too large for the format.
    """
    return FORMAT[format_id].write(document(result, columns, order, names))


def filename(result: ReportResult, format_id: str, names: Names | None = None) -> str:
    """A name for the file, safe on every system: ``customer-dynamics_by-month_vip_2024-01-01_2024-03-31.xlsx``."""
    question = tell(result.query, names, name=result.info.title)
    return f"{question.file_stem}.{FORMAT[format_id].extension}"
