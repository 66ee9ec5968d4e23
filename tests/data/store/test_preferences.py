"""The page remembers, for each person their own."""

from __future__ import annotations

import pytest

from data.errors import UserError
from data.store.preferences import MAX_BYTES
from data.store.records import Records
from tests.data.store.conftest import ANNA, BORIS


def test_each_person_has_their_own(records: Records) -> None:
    preferences = records.preferences
    preferences.set(ANNA, "form", {"query": {"tags": ["vip"]}, "день": None})
    preferences.set(ANNA, "theme", "dark")
    preferences.set(BORIS, "theme", "light")
    assert preferences.get(ANNA, "form") == {"query": {"tags": ["vip"]}, "день": None}
    assert (preferences.get(ANNA, "theme"), preferences.get(BORIS, "theme")) == ("dark", "light")
    assert preferences.all(BORIS) == {"theme": "light"}


def test_the_last_value_stays_and_none_is_the_default(records: Records) -> None:
    preferences = records.preferences
    assert preferences.get(ANNA, "columns") is None
    assert preferences.get(ANNA, "columns", ["all"]) == ["all"]
    preferences.set(ANNA, "columns", ["a"])
    preferences.set(ANNA, "columns", ["b"])
    assert preferences.get(ANNA, "columns") == ["b"]
    preferences.forget(ANNA, "columns")
    assert preferences.get(ANNA, "columns") is None


def test_a_value_has_a_limit(records: Records) -> None:
    records.preferences.set(ANNA, "columns", "x" * (MAX_BYTES - 2))
    with pytest.raises(UserError, match="too large") as caught:
        records.preferences.set(ANNA, "columns", "x" * (MAX_BYTES - 1))
    assert caught.value.field == "columns"


@pytest.mark.parametrize("key", ["", "Form", "a b", "x" * 65, "й"])
def test_a_bad_key_is_a_fault_of_ours(records: Records, key: str) -> None:
    with pytest.raises(ValueError, match="no key"):
        records.preferences.set(ANNA, key, 1)
