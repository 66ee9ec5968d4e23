"""A slice of what `python -m tests.fuzz_files` does at length."""

from __future__ import annotations

from tests.fuzz_files import SEED, run


def test_both_readings_and_both_engines_say_the_same_of_generated_files(new_postgresql_url, tmp_path):
    outcome = run(SEED, range(1_000_000, 1_000_120), tmp_path, new_postgresql_url)
    # The slice is worth its time only if it holds good and bad of everything.
    assert outcome.read >= 120
    assert min(outcome.refused, outcome.rejected // 50, outcome.kept // 50) > 0
