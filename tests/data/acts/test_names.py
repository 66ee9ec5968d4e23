"""Names for telling questions, also while there is no data to take them from."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest

from data.access import OPERATOR
from data.acts.names import known_names
from data.errors import NoData
from data.report.choices import Choices
from data.report.filters import Choice


def asked_of(answer: Any) -> Any:
    def choices(user: object) -> Choices:
        assert user is OPERATOR
        if isinstance(answer, Exception):
            raise answer
        return answer

    return SimpleNamespace(reports=SimpleNamespace(choices=choices))


def test_names_are_those_that_the_person_may_see() -> None:
    choices = Choices({"owners": (Choice("2", "North"),)})
    assert known_names(asked_of(choices), OPERATOR) == {("owner", 2): "North"}


def test_without_data_a_question_is_told_by_number(caplog: pytest.LogCaptureFixture) -> None:
    assert known_names(asked_of(NoData("There is no data yet.")), OPERATOR) == {}
    assert caplog.messages == []


def test_whatever_else_keeps_the_names_away_is_for_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert known_names(asked_of(RuntimeError("torn page")), OPERATOR) == {}
    assert "torn page" in caplog.text
