"""Change lines give what the oracle gives, to the last digit, wherever they can be asked, and say that they did."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests import oracle
from tests.data.report.chance import CLOCKS, Chance
from tests.data.report.test_properties import explain
from tests.data.report.worlds import Shelf, answer_of, disagreement
from tests.oracle import Dataset, Question

QUESTIONS = 8
TIME = ("year", "month", "date")


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
            group_by=tuple(unit for unit in question.group_by if unit in TIME),
            active_duration=months,
        )
        if oracle.start_of(asked.start, asked.timezone) >= oracle.end_of(asked.end, asked.timezone):
            continue
        found = differences(shelf, chance.data, asked)
        if found:
            pytest.fail(explain(shelf, chance.data, asked, found, differences))
