"""DuckDB, PostgreSQL and the oracle give the same report, whatever the data and the question."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from data.errors import UserError
from tests import oracle
from tests.data.report.chance import CLOCKS, Chance, cut_down
from tests.data.report.worlds import Shelf, answer_of, as_code, disagreement
from tests.oracle import Dataset, Question

QUESTIONS = 5


def differences(shelf: Shelf, data: Dataset, question: Question) -> str | None:
    """What the two engines and the oracle disagree about, in words."""
    shelf.fill(data)
    expected = oracle.report(data, question)
    found = []
    for name, warehouse in shelf.warehouses.items():
        found.append(disagreement(name, answer_of(warehouse, question), expected))
    return "\n".join(filter(None, found)) or None


def explain(
    shelf: Shelf,
    data: Dataset,
    question: Question,
    found: str,
    differences: Callable[[Shelf, Dataset, Question], str | None] = differences,
) -> str:
    """The counterexample cut down to what matters, as a test that can be replayed."""

    def fails(smaller: Dataset) -> bool:
        try:
            return differences(shelf, smaller, question) is not None
        except UserError:
            return False  # A tag of the question that nobody has any more is another story.

    smallest = cut_down(data, fails)
    return (
        f"{found}\n\nReplay it with the fixture `ask`:\n"
        f"w = (\n    {as_code(smallest)}\n)\n{question}\n\n"
        f"There: {differences(shelf, smallest, question)}"
    )


@pytest.mark.parametrize("seed", range(2 * len(CLOCKS)))
def test_both_engines_and_the_oracle_agree(seed: int, shelf: Shelf) -> None:
    chance = Chance(seed)
    for question in chance.questions(QUESTIONS):
        found = differences(shelf, chance.data, question)
        if found:
            pytest.fail(explain(shelf, chance.data, question, found))
