"""Names told apart and cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from data.words.names import apart, cut


def test_equal_names_get_their_ids() -> None:
    assert apart({1: "Basic", 2: "Gold", 7: "Basic"}) == {1: "Basic (#1)", 2: "Gold", 7: "Basic (#7)"}


def test_a_name_that_looks_like_a_made_one_is_told_apart_too() -> None:
    assert apart({1: "Basic", 2: "Basic", 3: "Basic (#1)"}) == {
        1: "Basic (#1)",
        2: "Basic (#2)",
        3: "Basic (#1) (#3)",
    }


def test_a_package_called_no_package_is_not_taken_for_none() -> None:
    assert apart({5: "No package"}, taken=["No package"]) == {5: "No package (#5)"}


@given(st.dictionaries(st.integers(0, 9), st.sampled_from(["A", "B", "A (#1)", "A (#2)", "A (#1) (#2)"])))
def test_no_two_read_alike(names: dict[int, str]) -> None:
    told = apart(names)
    assert len(set(told.values())) == len(names)
    assert all(told[id_].startswith(name) for id_, name in names.items())


def test_long_names_lose_their_middle() -> None:
    assert cut("Prepaid Family Bundle 2024 (North)", 20) == "Prepaid Fa…4 (North)"
    assert cut("Short", 20) == "Short"
