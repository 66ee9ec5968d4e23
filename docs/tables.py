"""Writes the tables of docs/ from the code they describe: `make docs`. A test refuses pages that have fallen behind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from data.delivery.formats import FORMATS
from data.report.catalog import METRICS
from data.report.dimensions import DIMENSIONS
from data.settings import Settings

FOLDER = Path(__file__).parent

_BLOCK = re.compile(r"(<!-- (\w+): written by make docs -->\n).*?(<!-- end -->)", re.DOTALL)


def settings_table() -> Iterator[str]:
    """Every setting: its environment variable, default and meaning."""
    yield "| variable | default | meaning |"
    yield "|---|---|---|"
    for item in fields(Settings):
        default = f"`{item.default}`" if item.default != "" else "(empty)"
        yield f"| `{item.name.upper()}` | {default} | {item.metadata['about']} |"


def metrics_table() -> Iterator[str]:
    """Every figure of the report in the order of its columns."""
    yield "| group | column | id | kind | meaning |"
    yield "|---|---|---|---|---|"
    for metric in METRICS:
        yield f"| {metric.group} | {metric.label} | `{metric.id}` | {metric.kind} | {metric.description} |"


def dimensions_table() -> Iterator[str]:
    """Everything a report can be grouped by."""
    yield "| group | name | id | meaning |"
    yield "|---|---|---|---|"
    for item in DIMENSIONS:
        yield f"| {item.group} | {item.label} | `{item.id}` | {item.description} |"


def formats_table() -> Iterator[str]:
    """Every file format and what it holds."""

    def limit(most: int | None) -> str:
        return "–" if most is None else f"{most:,}"

    yield "| format | extension | what it is for | most rows | most columns |"
    yield "|---|---|---|---|---|"
    for item in FORMATS:
        yield f"| {item.label} | `.{item.extension}` | {item.about} | {limit(item.rows)} | {limit(item.columns)} |"


TABLES = {
    "settings": settings_table,
    "metrics": metrics_table,
    "dimensions": dimensions_table,
    "formats": formats_table,
}


def renew(text: str) -> str:
    """The page with each of its marked tables as the code has it now."""

    def table(match: re.Match[str]) -> str:
        return match[1] + "\n".join(TABLES[match[2]]()) + "\n" + match[3]

    return _BLOCK.sub(table, text)


def tables_of(text: str) -> tuple[str, ...]:
    """The names of the tables that the page carries."""
    return tuple(match[2] for match in _BLOCK.finditer(text))


if __name__ == "__main__":
    for page in sorted(FOLDER.glob("*.md")):
        page.write_text(renew(page.read_text(encoding="utf-8")), encoding="utf-8")
