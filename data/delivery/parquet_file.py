"""Parquet: typed and exact, for programs that analyse. Figures and labels are the rows; all words are its metadata."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from data.delivery.format import Format
from data.delivery.table import MARK, Document, Heading, clean_text
from data.words.marks import marks_of


def write_parquet(document: Document) -> bytes:
    """The rows displayed, a column for each column id, in the types that the figures have.

    Money is a decimal with the places of the currency's minor unit; months are the dates that they begin with. Totals
    are no row, since programs add rows up: they are in the file's metadata, as JSON, beside the question in words
    (a key for each fact), the query and the headers.
    """
    import duckdb
    import pandas as pd

    frame, whole = document.result.frame, document.result.to_json()
    shown = [heading for heading in document.table.headings if heading.id in frame.columns]
    columns = [_column(heading, document.table.decimals) for heading in shown]
    ids = {item.id: item.id_column for item in document.result.query.dimensions}
    columns += [(id_, f'"{id_}"', "BIGINT") for heading in shown if (id_ := ids.get(heading.id))]
    if any(heading.id == MARK for heading in document.table.headings):
        frame = frame.assign(mark=pd.Series(marks_of(document.result), dtype=object))
        columns.append((MARK, f'"{MARK}"', "VARCHAR"))
    # Read from text, so that the engine takes no decimal for a binary fraction on the way.
    names = [name for name, _, _ in columns]
    texts = frame.loc[list(document.order), names].map(lambda value: None if value is None else clean_text(str(value)))
    selected = ", ".join(f'CAST({value} AS {kind}) AS "{name}"' for name, value, kind in columns)
    told = dict(document.facts) | {
        "question": document.question.told,
        "notes": " ".join(document.notes),
        "query": json.dumps(whole["query"], ensure_ascii=False),
        "info": json.dumps(whole["info"], ensure_ascii=False),
        "columns": json.dumps(whole["columns"], ensure_ascii=False),
        "totals": json.dumps(whole["totals"], ensure_ascii=False),
    }
    metadata = ", ".join(f"{_quoted(key)}: {_quoted(words)}" for key, words in told.items())
    with TemporaryDirectory(prefix="customer-dynamics-") as folder, duckdb.connect(":memory:") as engine:
        path = Path(folder) / "report.parquet"
        engine.register("texts", texts)
        engine.execute(
            f"COPY (SELECT {selected} FROM texts) TO {_quoted(str(path))} "  # noqa: S608 - ids of the catalog
            f"(FORMAT parquet, COMPRESSION zstd, KV_METADATA {{{metadata}}})"
        )
        return path.read_bytes()


def _column(heading: Heading, decimals: int) -> tuple[str, str, str]:
    """The name of a column, how it is read, and its type."""
    name = f'"{heading.id}"'
    match heading.kind:
        case "text":
            return heading.id, name, "VARCHAR"
        case "month":
            return heading.id, f"{name} || '-01'", "DATE"
        case "date":
            return heading.id, name, "DATE"
        case "year" | "count":
            return heading.id, name, "BIGINT"
        case "money":
            return heading.id, name, f"DECIMAL(38, {decimals})"


def _quoted(text: str) -> str:
    return "'" + clean_text(text).replace("'", "''") + "'"


FORMAT = Format(
    "parquet",
    "Parquet",
    "parquet",
    "application/vnd.apache.parquet",
    "pandas, DuckDB, Spark and other tools of analysis: exact decimals, real dates",
    write_parquet,
)
