"""Charts kept as presets of one's own."""

from __future__ import annotations

import pytest

from data.errors import UserError
from data.store.chart_presets import MAX_BYTES, ChartPresets, PresetGone
from data.store.records import Records
from tests.data.store.conftest import ANNA, BORIS, Clock

SPEC = {"kind": "bar", "series": [{"y": "payg_total", "axis": "left"}]}


@pytest.fixture
def presets(records: Records) -> ChartPresets:
    return records.chart_presets


def test_everybody_sees_their_own(presets: ChartPresets) -> None:
    second = presets.create(ANNA, " Usage ", SPEC)
    first = presets.create(ANNA, "balances", {})
    presets.create(BORIS, "Usage", SPEC)
    assert presets.list(ANNA) == (first, second)
    assert (second.title, second.spec) == ("Usage", SPEC)
    assert presets.get(second.id, ANNA) == second
    for act in (
        lambda: presets.get(second.id, BORIS),
        lambda: presets.rename(second.id, BORIS, "Mine"),
        lambda: presets.delete(second.id, BORIS),
        lambda: presets.get("\x00", ANNA),
    ):
        with pytest.raises(PresetGone):
            act()


def test_a_title_is_unique_for_its_owner(presets: ChartPresets, clock: Clock) -> None:
    presets.create(ANNA, "Usage", SPEC)
    other = presets.create(ANNA, "Other", SPEC)
    for act in (lambda: presets.create(ANNA, "Usage", SPEC), lambda: presets.rename(other.id, ANNA, "Usage")):
        with pytest.raises(UserError, match="already have one"):
            act()
    clock.pass_days(1)
    renamed = presets.rename(other.id, ANNA, "Third")
    assert (renamed.title, renamed.updated_at) == ("Third", clock.now)


def test_a_deleted_preset_is_gone(presets: ChartPresets) -> None:
    made = presets.create(ANNA, "Usage", SPEC)
    presets.delete(made.id, ANNA)
    with pytest.raises(PresetGone):
        presets.delete(made.id, ANNA)
    assert presets.list(ANNA) == ()


def test_a_chart_has_a_limit(presets: ChartPresets) -> None:
    with pytest.raises(UserError, match="too large"):
        presets.create(ANNA, "Usage", {"title": "x" * MAX_BYTES})
