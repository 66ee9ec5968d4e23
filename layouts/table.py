"""The report as a table on the page. The only file that imports DataTable.

One DataTable holds headers, rows and the pinned rows (totals), so that assistive technology meets one table and nothing
has to be kept in step. The sheet of a long report holds only the rows around what is in view; ``assets/report/`` moves
that window, and makes headers explain themselves and sort by keyboard. Sticking is CSS (``assets/report.css``).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dash import html

from data.access import User
from data.report.adding import not_added
from data.report.catalog import GROUPS, METRICS, metrics_for
from data.report.compare import Comparison, FigureChange
from data.report.dimensions import DIMENSIONS
from data.report.result import Column, Figure, ReportResult
from data.words.dates import period_words
from data.words.marks import marks_of
from data.words.names import row_labels
from data.words.numerals import EMPTY, Numerals
from data.words.totals import total_of
from layouts import ids
from layouts.attributes import aria, dataset
from layouts.controls import Handed, Still, still

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # leaves in Dash 5; requirements.txt pins Dash 4
    from dash import dash_table

WINDOW = 60
"""A report of more rows than this is shown through a window that moves with scrolling."""

TOTAL = "Total"
SUMS = "Sum of rows"
PERIOD = "period"
"""Column of its own for a report without grouping: what its one row is about."""

_PERIOD_ABOUT = "The period of the report: without grouping it is its one row."

_PADDING = 24
"""Pixels left and right of a cell's text together."""

_LEAST, _MOST_TEXT = 6, 34
"""The narrowest column and the widest label, in digits."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a table on the page is given: properties of the DataTable, of the frame around it, and all its rows.

    In ``rows`` the texts of all rows are None when ``table`` holds them all, and so is ``sort`` in a comparison, which
    leaves what the headers tell as it is.
    """

    table: dict[str, Any]
    rows: dict[str, Any] | None
    frame: str


def frame(name: str, label: str, grid_id: str, table_id: str, rows: Handed) -> html.Div:
    """An empty table in its scrolling frame. ``name`` tells frames apart in CSS, ``label`` to assistive technology.

    ``rows`` takes the rows of a :class:`Sheet` to assets/report/rows.js.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        table = dash_table.DataTable(  # type: ignore[attr-defined]  # made when dash is imported
            id=table_id,
            columns=[],
            data=[],
            merge_duplicate_headers=True,
            sort_action="custom",
            sort_mode="single",
            sort_by=[],
            cell_selectable=False,
            page_action="none",
            style_as_list_view=True,
            fill_width=False,
        )
    return html.Div(
        [html.Div(table, className="grid-pad"), rows],
        id=grid_id,
        className=f"grid grid--{name} is-empty",
        role="region",
        tabIndex="0",
        **aria(label=label),
    )


def explanations(user: User) -> Still:
    """What every column that ``user`` may see means, in words for headers (aria-describedby) and their tips."""
    columns = {item.id: item.description for item in DIMENSIONS}
    columns |= {metric.id: f"{metric.description} {total_of(metric)}" for metric in metrics_for(user)}
    groups = {f"group-{place}": GROUPS[group] for place, group in enumerate(GROUPS)}
    about = columns | groups | {PERIOD: _PERIOD_ABOUT}
    names = {f"group-{place}": group for place, group in enumerate(GROUPS)}
    return still(
        html.Div(
            [html.P(text, id=ids.about(id_), **dataset(group=names.get(id_, ""))) for id_, text in about.items()],
            hidden=True,
        )
    )


def sheet(
    result: ReportResult,
    numerals: Numerals,
    *,
    order: Sequence[int],
    hidden: Sequence[str],
    sort: Sequence[dict[str, str]] = (),
    first: int = WINDOW,
) -> Sheet:
    """The report in ``order``, without the ``hidden`` columns. ``sort`` is shown by the headers.

    A long report begins with its ``first`` rows in the table: those in view, for fewer are sooner painted.
    """
    write = _writer(numerals, result.decimals)
    marks = marks_of(result, numerals.language)
    named = row_labels(result.query, result.rows, numerals.language)
    rows = [
        [*_row_labels(result, named[place], marks[place], numerals), *map(write, result.shown(row.figures))]
        for place, row in ((place, result.rows[place]) for place in order)
    ]
    pinned = (
        [] if result.totals is None else [[*_pinned_labels(result, TOTAL), *map(write, result.shown(result.totals))]]
    )
    widths = _widths(_columns(result), [*rows, *pinned])
    return _sheet(
        result, numerals, rows, pinned, hidden=hidden, sort=list(sort), marks=None, widths=widths, first=first
    )


def compared_sheets(
    then: ReportResult, now: ReportResult, comparison: Comparison, numerals: Numerals, *, hidden: Sequence[str]
) -> tuple[Sheet, Sheet]:
    """Both reports row beside row. What differs is marked in both: the difference now, what became of it then."""
    sides = [_side(side, result, comparison, numerals) for side, result in (("then", then), ("now", now))]
    # One set of widths for both, so that column stands under column.
    widths = _widths(_columns(now), [row for lines in sides for row in (*lines.rows, *lines.pinned)], spare=1.1)
    # Two lines to a row only where there is something to say on the second.
    before, after = (
        _sheet(
            result,
            numerals,
            lines.rows,
            lines.pinned,
            hidden=hidden,
            sort=None,
            marks=None if comparison.same else lines.marks,
            widths=widths,
        )
        for result, lines in zip((then, now), sides, strict=True)
    )
    return before, after


@dataclass(frozen=True, slots=True)
class _Lines:
    """One side of a comparison in words; ``marks`` say which rows are on one side only."""

    rows: list[list[str]]
    pinned: list[list[str]]
    marks: list[str]


def _side(side: str, result: ReportResult, comparison: Comparison, numerals: Numerals) -> _Lines:
    write = _writer(numerals, result.decimals)

    def cell(figure: Figure, change: FigureChange | None) -> str:
        text = write(figure)
        if change is None:
            return text
        if side == "then":
            return f"{text}\nnow {write(change.now)}"
        if change.difference is None:
            return f"{text}\nwas {write(change.then)}"
        return f"{text}\n{numerals.write_change(change.difference, result.decimals)}"

    def cells(figures: Sequence[Figure], changes: Sequence[FigureChange | None]) -> list[str]:
        shown = zip(result.shown(figures), result.shown(changes), strict=True)
        return [cell(figure, change) for figure, change in shown]

    rows, marks = [], []
    partial = marks_of(result, numerals.language)
    named = row_labels(result.query, comparison.rows, numerals.language)
    for row, its_labels in zip(comparison.rows, named, strict=True):
        here, there = (row.then, row.now) if side == "then" else (row.now, row.then)
        note = None if row.then is not None and row.now is not None else "only then" if row.now is None else "only now"
        labels = _row_labels(result, its_labels, None if here is None else partial[here], numerals, note)
        if here is None:
            rows.append([*labels, *[""] * len(result.shown(METRICS))])
            marks.append("absent")
        else:
            rows.append([*labels, *cells(result.rows[here].figures, row.changes)])
            marks.append("lone" if there is None else "")
    pinned = []
    if result.totals is not None:
        sums = comparison.sums_then if side == "then" else comparison.sums_now
        pinned.append([*_pinned_labels(result, SUMS), *cells(sums, comparison.sums)])
        pinned.append([*_pinned_labels(result, TOTAL), *cells(result.totals, comparison.totals)])
    return _Lines(rows, pinned, marks)


def _writer(numerals: Numerals, decimals: int) -> Callable[[Figure], str]:
    return lambda figure: numerals.write(figure, decimals)


def _row_labels(
    result: ReportResult, labels: Sequence[str], mark: str | None, numerals: Numerals, note: str | None = None
) -> list[str]:
    """A row's labels. ``mark`` says of its time that it is not whole; ``note`` stands on a line of its own."""
    query = result.query
    words = list(labels) or [period_words(query.start, query.end, numerals.language)]
    # Without time in the grouping all rows have the one of the period: the note below the table says it once.
    if mark and (query.time_unit or not query.group_by):
        words[query.group_by.index(query.time_unit) if query.time_unit else 0] += f" \u00b7 {mark}"
    if note:
        words[-1] += f"\n{note}"
    return words


def _pinned_labels(result: ReportResult, word: str) -> list[str]:
    return [word, *[""] * (max(len(result.query.group_by), 1) - 1)]


def _columns(result: ReportResult) -> tuple[Column, ...]:
    if result.query.group_by:
        return result.columns
    about = Column(PERIOD, ("", "Period"), "dimension", _PERIOD_ABOUT)
    return (about, *result.columns)


def _sheet(
    result: ReportResult,
    numerals: Numerals,
    rows: list[list[str]],
    pinned: list[list[str]],
    *,
    hidden: Sequence[str],
    sort: list[dict[str, str]] | None,
    marks: list[str] | None,
    widths: list[str],
    first: int = WINDOW,
) -> Sheet:
    columns = _columns(result)
    ids = [column.id for column in columns]
    fixed = sum(column.kind == "dimension" for column in columns)
    long = len(rows) > WINDOW
    shown = rows[:first] if long else rows
    keyed: list[dict[str, str]] = [dict(zip(ids, row, strict=True)) for row in (*shown, *pinned)]
    specs = [
        # Distinct invisible upper headers over the fixed columns, or they would be merged into one.
        {"id": column.id, "name": ["\u200b" * place if place < fixed else column.group, column.title]}
        for place, column in enumerate(columns)
    ]
    return Sheet(
        table={
            "columns": _shown(specs, hidden),
            "data": keyed,
            "style_header_conditional": [
                {"if": {"column_id": id_}, "minWidth": width} for id_, width in zip(ids, widths, strict=True)
            ],
        },
        rows={
            "ids": ids,
            "columns": specs,
            "rows": rows if long else None,
            "count": len(rows),
            "pinned": pinned,
            "marks": marks,
            "fixed": fixed,
            "sort": sort,
            "decimal": numerals.decimal,
            "group": numerals.group,
            "apart": {id_: why for id_, why in not_added(result.query).items() if id_ in ids},
            "below": [metric.id for metric in METRICS if metric.is_below_zero and metric.id in ids],
        },
        frame=f"fixed-{fixed} pinned-{len(pinned)}" + (" is-compared" if marks is not None else ""),
    )


def _shown(specs: Sequence[dict[str, Any]], hidden: Sequence[str]) -> list[dict[str, Any]]:
    """The columns that are not hidden. assets/report/columns.js does the same when others are chosen.

    DataTable merges neighbours of one name in the lower header too ("Total" of two groups): every other one of such a
    run gets an invisible character.
    """
    shown: list[dict[str, Any]] = []
    for spec in specs:
        if spec["id"] in hidden:
            continue
        group, title = spec["name"]
        if shown and shown[-1]["name"][1] == title:
            title += "\u200b"
        shown.append({"id": spec["id"], "name": [group, title]})
    return shown


def _widths(columns: Sequence[Column], rows: Sequence[Sequence[str]], *, spare: float = 1.0) -> list[str]:
    """Widths of headers that hold every text under them: then no window of rows is wider than another, in any font."""
    found = []
    # ``spare`` is for pinned rows: their bold digits are a little wider than the header's, in which widths are counted.
    for place, column in enumerate(columns):
        texts = {row[place] for row in rows}
        # The longest in characters are the widest but for a digit or two, which the rounding up covers.
        longest = sorted(texts, key=len)[-3:]
        widest = max((_digits(line) for text in longest for line in text.split("\n")), default=0.0)
        wide = max(widest * spare, _digits(column.title), _LEAST)
        found.append(f"calc({min(wide, _MOST_TEXT) if column.kind == 'dimension' else wide:.1f}ch + {_PADDING}px)")
    return found


_NARROW, _WIDE = frozenset("fijlrtI"), frozenset("mwMWQ@")


def _digits(text: str) -> float:
    """About how many digits wide a text is."""
    return sum(
        1.5 if ch in _WIDE else 0.7 if ch in _NARROW else 1 if ch.isalnum() or ch in "+\u2212\u2260" else 0.55
        for ch in text
    )


__all__ = ["EMPTY", "WINDOW", "Sheet", "compared_sheets", "explanations", "frame", "sheet"]
