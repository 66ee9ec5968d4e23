"""JSON: the report as programs read it (semantics, section 7), the columns and rows displayed, a row to a line."""

from __future__ import annotations

import json
from collections.abc import Mapping

from data.delivery.format import Format
from data.delivery.table import Document


def write_json(document: Document) -> bytes:
    """The report's JSON in UTF-8. Its info also tells the question and the notes in words."""
    whole = document.result.to_json()
    columns = {column["id"]: column for column in whole["columns"]}
    shown = {heading.id for heading in document.table.headings}
    hidden = columns.keys() - shown
    hidden |= {str(item.id_column) for item in document.result.query.dimensions if item.id in hidden}

    told = {"question": document.question.told, "notes": list(document.notes)}

    def text(value: object) -> str:
        return json.dumps(value, ensure_ascii=False)

    def visible(row: Mapping[str, object]) -> str:
        return text({id_: value for id_, value in row.items() if id_ not in hidden})

    heads = [columns[heading.id] for heading in document.table.headings if heading.id in columns]
    rows = ",\n".join(visible(whole["rows"][place]) for place in document.order)
    totals = "null" if whole["totals"] is None else visible(whole["totals"])
    lines = (
        f'{{"query": {text(whole["query"])},',
        f'"info": {text(whole["info"] | told)},',
        f'"columns": {text(heads)},',
        f'"rows": [\n{rows}\n],' if rows else '"rows": [],',
        f'"totals": {totals}}}',
        "",
    )
    # Half a character (a lone surrogate) has no UTF-8; backslashreplace writes it as JSON's own escape.
    return "\n".join(lines).encode("utf-8", "backslashreplace")


FORMAT = Format("json", "JSON", "json", "application/json", "programs; the command line's default", write_json)
