"""What both Excel formats have in common: number formats, column widths, and which values a cell carries exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from data.delivery.table import Cell, Document, Heading, Kind, Table, clean_text
from data.errors import UserError
from data.words.dates import moment_words
from data.words.names import cut

MAX_TEXT = 32_767
"""Characters in one cell, in either format, counted as Excel does: as UTF-16."""

HEADER_ROWS = 2

_MAX_HEADER = 220

_MIN_WIDTH, _MAX_WIDTH = 9, 60
_FIRST_SAFE_DATE = date(1900, 3, 1)


@dataclass(frozen=True, slots=True)
class Limits:
    """What fits on one sheet of a format, and the formats to use instead when it does not, the best first."""

    label: str
    rows: int
    columns: int
    instead: str

    def check(self, document: Document) -> None:
        """Raises :class:`UserError` naming another format when anything of ``document`` would be cut."""
        table = document.table
        rows = HEADER_ROWS + len(table.body)
        if rows > self.rows:
            raise UserError(
                f"{self.label} holds {self.rows:,} rows and this report needs {rows:,}: use {self.instead}.",
                field="format",
            )
        if len(table.headings) > self.columns:
            raise UserError(
                f"{self.label} holds {self.columns:,} columns and this report needs {len(table.headings):,}: "
                f"use {self.instead}.",
                field="format",
            )
        cells = (cell for row in (*table.body, *document.facts, document.footer) for cell in row)
        longest = max((_utf16_length(cell) for cell in cells if isinstance(cell, str)), default=0)
        if longest > MAX_TEXT:
            raise UserError(
                f"{self.label} holds {MAX_TEXT:,} characters in a cell and this report has a text of {longest:,}: "
                f"use CSV.",
                field="format",
            )

    def footer(self, document: Document) -> tuple[str, ...]:
        """The lines below the table, after an empty one, where the sheet has room: the second sheet has them all."""
        lines = ("", *document.footer)
        return lines if HEADER_ROWS + len(document.table.body) + len(lines) <= self.rows else ()


def number_format(kind: Kind, decimals: int) -> str:
    """Excel's format for cells of a kind. Negative numbers carry a minus sign, and red besides."""
    match kind:
        case "money":
            digits = "#,##0" + ("." + "0" * decimals if decimals else "")
            return f"{digits};[Red]-{digits}"
        case "count":
            return "#,##0"
        case "year":
            return "0"
        case "month":
            return "yyyy-mm"
        case "date":
            return "yyyy-mm-dd"
        case "text":
            return "@"


def exact_cell(cell: Cell, kind: Kind) -> str | float | int | date | None:
    """The value to put in a cell: the number or date itself, or its text where a cell would change it.

    A cell is a binary double of which Excel keeps and shows 15 significant digits. Dates before March 1900 are text
    too: programs disagree about them, since Excel's calendar has a 29 February 1900.
    """
    if isinstance(cell, date):
        if cell >= _FIRST_SAFE_DATE:
            return cell
        return cell.isoformat()[: len("1900-02")] if kind == "month" else cell.isoformat()
    if isinstance(cell, Decimal | int):
        number = float(cell)
        if Decimal(f"{number:.15g}") == cell:
            return number if isinstance(cell, Decimal) else cell
        return str(cell)
    return cell


def widths(table: Table) -> tuple[int, ...]:
    """A width for each column, in characters, for its lower header and its widest cell."""
    return tuple(_width(table, place, heading) for place, heading in enumerate(table.headings))


def _width(table: Table, place: int, heading: Heading) -> int:
    cells = [row[place] for row in table.body]
    numbers = [cell for cell in cells if isinstance(cell, int | Decimal)]
    # The longest number is the largest or the smallest one.
    needed = [len(f"{number:,}") for number in (max(numbers), min(numbers))] if numbers else []
    needed += [max(map(len, cell.split("\n"))) for cell in cells if isinstance(cell, str) and cell]
    needed += [len("2024-03-15")] if heading.kind in ("month", "date") else []
    return min(max(_MIN_WIDTH, len(heading.title) + 2, max(needed, default=0) + 2), _MAX_WIDTH)


def told(document: Document) -> tuple[tuple[str, str], ...]:
    """The lines of the second sheet: the facts, then the notes."""
    return (*document.facts, *(("Note", words) for words in document.notes))


def fact_widths(facts: Sequence[tuple[str, str]]) -> tuple[int, int]:
    """Widths of the two columns of the second sheet, in characters."""
    labels = max((len(label) for label, _ in facts), default=0)
    words = max((len(text) for _, text in facts), default=0)
    return labels + 2, min(words + 2, 2 * _MAX_WIDTH)


def print_header(document: Document) -> str:
    """The question above every printed page, in at most as many characters as Excel takes (255, with its own signs)."""
    text = cut(clean_text(document.question.told).replace("\n", " "), _MAX_HEADER)
    while len(text.replace("&", "&&")) > _MAX_HEADER:
        text = cut(text, len(text) - 10)
    return text.replace("&", "&&")


def print_footer(document: Document) -> str:
    """The moment of the report below every printed page."""
    info = document.result.info
    return f"Data as of {moment_words(info.as_of, info.timezone)} {info.timezone}"


def _utf16_length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2
