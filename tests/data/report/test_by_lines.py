"""Change lines give what the oracle gives, to the last digit, wherever they can be asked, and say that they did."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import date, datetime

import pytest
import sqlalchemy as sa

from data.access import OPERATOR
from data.report.period import Bound
from data.report.query import ReportQuery
from data.report.run import run_report
from data.report.sources import Reader
from tests import oracle
from tests.data.report.chance import CLOCKS, Chance
from tests.data.report.test_properties import explain
from tests.data.report.worlds import Shelf, answer_of, disagreement, world
from tests.oracle import Dataset, Question

QUESTIONS = 8


def differences(shelf: Shelf, data: Dataset, question: Question) -> str | None:
    """What the lines of both engines and the oracle disagree about, in words."""
    shelf.fill(data, (question.timezone,))
    expected = oracle.report(data, question)
    found = []
    for name, warehouse in shelf.warehouses.items():
        answer = answer_of(warehouse, question)
        found.append(disagreement(name, answer, expected))
        if "missing" not in answer and answer["info"]["source"] != "change lines":
            found.append(f"{name} answered from {answer['info']['source']}")
    return "\n".join(filter(None, found)) or None


@pytest.mark.parametrize("seed", range(len(CLOCKS)))
def test_lines_of_both_engines_and_the_oracle_agree(seed: int, shelf: Shelf) -> None:
    chance = Chance(seed)
    for question in chance.questions(QUESTIONS):
        months = chance.random.choice((1, 1, 2, 3, 6, chance.random.randint(1, 120)))
        asked = replace(
            question,
            timezone=chance.zone,
            tags=(),
            packages=(),
            group_by=tuple(item for item in question.group_by if item != "package"),
            active_duration=months,
        )
        if oracle.start_of(asked.start, asked.timezone) >= oracle.end_of(asked.end, asked.timezone):
            continue
        found = differences(shelf, chance.data, asked)
        if found:
            pytest.fail(explain(shelf, chance.data, asked, found, differences))


JANUARY = ReportQuery(start=Bound(date(2024, 1, 1)), end=Bound(date(2024, 1, 31)))


def test_an_alarm_is_raised_and_the_transactions_believed_when_the_lines_are_wrong(
    shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    shelf.fill(world().client(1).usage(1, "-2", "2024-01-05").data, ("UTC",))
    warehouse = shelf.warehouses["PostgreSQL"]
    shelf.change_postgresql(sa.text("UPDATE level_changes SET overall_active_qty = 2 WHERE overall_active_qty = 1"))
    asked = {"as_of": datetime(2025, 1, 1)}
    wrong = run_report(warehouse, JANUARY, OPERATOR, **asked)
    assert (wrong.info.source, wrong.to_json()["totals"]["clients_active_qty"]) == ("change lines", 2)
    with caplog.at_level(logging.ERROR):
        right = run_report(warehouse, JANUARY, OPERATOR, check_source=True, **asked)
    assert (right.info.source, right.to_json()["totals"]["clients_active_qty"]) == ("transactions", 1)
    assert "Alarm" in caplog.text and "2024-01-31" in caplog.text


def test_there_is_no_alarm_while_they_agree(shelf: Shelf, caplog: pytest.LogCaptureFixture) -> None:
    shelf.fill(world().client(1).usage(1, "-2", "2024-01-05").data, ("UTC",))
    for warehouse in shelf.warehouses.values():
        result = run_report(warehouse, JANUARY, OPERATOR, as_of=datetime(2025, 1, 1), check_source=True)
        assert (result.info.source, result.to_json()["totals"]["payg_total"]) == ("change lines", "2.00")
    assert caplog.text == ""


def test_what_stays_the_same_in_a_version_is_asked_for_once(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rates of whole years, the last transaction, and the first and last one of a day that many questions ask for."""
    told: list[str] = []
    plain = Reader.lines
    monkeypatch.setattr(Reader, "lines", lambda self, statement: told.append(str(statement)) or plain(self, statement))
    warehouse = shelf.warehouses["DuckDB"]

    def asked(start: date, end: date) -> tuple[int, str, object]:
        told.clear()
        query = ReportQuery(start=Bound(start), end=Bound(end), group_by=("month",), currency="USD")
        result = run_report(warehouse, query, OPERATOR, as_of=datetime(2025, 1, 1)).to_json()
        constant = [one for one in told if "FROM rates" in one or "FROM transactions" in one]
        return len(constant), result["totals"]["balance_refill_total"], result["info"]["rate_dates"]

    w = world().client(1, "EUR").refill(1, "10", "2024-01-05").refill(1, "10", "2024-06-05")
    shelf.fill(w.rate("USD", "2024-01-01", "1.1").rate("USD", "2024-06-01", "1.2").data, ("UTC",))
    assert asked(date(2024, 1, 1), date(2024, 7, 31)) == (
        4,
        "23.00",
        {"oldest": "2024-01-01", "newest": "2024-06-01"},
    )
    # Of rates that are known already, only those that a report uses are told of with it.
    assert asked(date(2024, 1, 2), date(2024, 2, 29)) == (0, "11.00", {"oldest": "2024-01-01", "newest": "2024-01-01"})
    # Another version of the data is looked at anew.
    w.refill(1, "5", "2024-07-05").rate("USD", "2024-07-01", "2")
    shelf.fill(replace(w.data), ("UTC",))
    assert asked(date(2024, 1, 1), date(2024, 7, 31)) == (
        4,
        "33.00",
        {"oldest": "2024-01-01", "newest": "2024-07-01"},
    )
