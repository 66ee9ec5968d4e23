"""The statements of the report, word for word and for each dialect, so that no change of SQL goes unseen.

After a wanted change: ``UPDATE_GOLDEN=1 pytest tests/data/report/test_sql.py`` writes them anew; read the diff.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from duckdb_engine import Dialect as DuckDBDialect
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from data.report import by_lines
from data.report.flows import flows, places
from data.report.levels import levels
from data.report.period import Bound, buckets, resolve
from data.report.query import ReportQuery
from data.report.selection import (
    Selection,
    anything_between,
    data_interval,
    last_transaction,
    selected_currencies,
    transactions_between,
)

FOLDER = Path(__file__).parents[2] / "golden" / "sql"
DIALECTS = {"duckdb": DuckDBDialect, "postgresql": PGDialect_psycopg}
AS_OF = datetime(2024, 7, 1)
BEGIN = datetime(2023, 1, 1)


def _query(**asked: object) -> ReportQuery:
    asked = {"timezone": "Europe/Kyiv"} | asked
    return ReportQuery(
        start=Bound.parse("2024-01-01", field="from"), end=Bound.parse("2024-03-31", field="to"), **asked
    )


WHOLE = _query()
BY_MONTH_AND_PACKAGE = _query(group_by=("month", "package"))
FILTERED = _query(group_by=("month",), packages=(10, 12))
BY_ATTRIBUTES = _query(group_by=("owner", "quarter", "client_currency"))
CURRENCIES = ("EUR", "UAH")
EVERYONE = Selection()
SOME = Selection(
    (
        ("client_types", frozenset({"client"})),
        ("tags", frozenset({"vip", "trial"})),
        ("client_currencies", frozenset({"EUR"})),
    ),
    seen=frozenset({4, 2}),
)


def _statements() -> dict[str, sa.Executable]:
    found: dict[str, sa.Executable] = {}
    for name, query, selection in (
        ("whole", WHOLE, EVERYONE),
        ("month_package", BY_MONTH_AND_PACKAGE, EVERYONE),
        ("filtered", FILTERED, SOME),
        ("attributes", BY_ATTRIBUTES, SOME),
    ):
        span = resolve(query.start, query.end, query.timezone)
        shown = buckets(
            span, query.timezone, query.bucket, as_of=AS_OF, first_data=BEGIN, active_duration=query.active_duration
        )
        stretches = places(query.timezone, shown, rate_days=None)
        found[f"levels_{name}"] = levels(query, selection, shown, CURRENCIES)
        found[f"flows_{name}"] = flows(query, selection, stretches, CURRENCIES)
    by_groups = Selection(
        (("client_types", frozenset({"client"})), ("client_currencies", frozenset({"EUR"}))), frozenset({4, 2})
    )
    ends, days = [bucket.closing for bucket in shown], [(date(2024, 1, 1), 0, 0), (date(2024, 1, 2), 1, 0)]
    found["lines_levels"] = by_lines.levels(1, by_groups, ends, CURRENCIES)
    found["lines_lapses"] = by_lines.lapses(1, by_groups, ends, 3, CURRENCIES)
    found["lines_flows"] = by_lines.flows(1, by_groups, "EUR", days, CURRENCIES)
    found["lines_days"] = by_lines.days_with_transactions(1, by_groups, date(2024, 1, 1), date(2024, 3, 31))
    found["lines_currencies"] = by_lines.group_currencies(by_groups)
    touched = replace(SOME, touched=(AS_OF, AS_OF + timedelta(hours=1)))
    found["between_touched"] = transactions_between(touched, BEGIN, AS_OF)
    found["anything_between"] = anything_between(BEGIN, AS_OF)
    found["interval_filtered"] = data_interval(SOME, span.start, span.end)
    found["currencies_filtered"] = selected_currencies(SOME)
    found["last"] = last_transaction()
    return found


@pytest.fixture(autouse=True)
def _known_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more metric, of other transactions, changes a list in these statements, and nothing that they are about."""
    kinds = ("refill", "usage", "package_activation", "package_renewal")
    for place in ("flows", "by_lines"):
        monkeypatch.setattr(f"data.report.{place}.FLOW_KINDS", kinds)
    monkeypatch.setattr("data.report.flows.HELD_KINDS", kinds[:2])


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", _statements())
def test_the_statement_is_the_one_on_record(name: str, dialect: str) -> None:
    compiled = str(
        _statements()[name].compile(dialect=DIALECTS[dialect](), compile_kwargs={"render_postcompile": True})
    )
    text = "\n".join(line.rstrip() for line in compiled.splitlines()) + "\n"
    record = FOLDER / f"{name}.{dialect}.sql"
    if os.environ.get("UPDATE_GOLDEN"):
        FOLDER.mkdir(parents=True, exist_ok=True)
        record.write_text(text)
    assert text == record.read_text()


def test_filters_are_sorted_so_that_equal_questions_are_equal_statements() -> None:
    assert _query(owners=(3, 1, 3), tags=("b", "a")) == _query(owners=(1, 3), tags=("a", "b", "b"))


def test_no_statement_grows_with_the_values_of_a_filter() -> None:
    few, many = (
        [
            ("client_types", frozenset({"client"})),
            ("tags", frozenset(map(str, range(count)))),
            ("owners", frozenset(range(count))),
            ("client_currencies", frozenset(map(str, range(count)))),
        ]
        for count in (2, 1000)
    )
    for dialect in DIALECTS.values():
        texts = {str(selected_currencies(Selection((*chosen,))).compile(dialect=dialect())) for chosen in (few, many)}
        assert len(texts) == 1
    by_package = [_query(packages=range(count), group_by=("month", "package")) for count in (2, 1000)]
    shown = buckets(
        resolve(WHOLE.start, WHOLE.end, "UTC"), "UTC", None, as_of=AS_OF, first_data=BEGIN, active_duration=1
    )
    stretches = places("UTC", shown, rate_days=None)
    assert len({str(levels(query, EVERYONE, shown, CURRENCIES)) for query in by_package}) == 1
    assert len({str(flows(query, EVERYONE, stretches, CURRENCIES)) for query in by_package}) == 1


def test_values_are_bound_never_written_into_the_statement() -> None:
    hostile = Selection((("tags", frozenset({"x'; DROP TABLE clients; --"})),))
    for dialect in DIALECTS.values():
        assert "DROP" not in str(selected_currencies(hostile).compile(dialect=dialect()))
