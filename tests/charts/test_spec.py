"""A chart spec survives being kept as JSON, and nothing else is taken for one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from charts.spec import ChartSpec, Series
from data.errors import UserError

FULL = ChartSpec(
    kind="bar",
    x="month",
    series=(Series("balance_refill_total", "bar", "teal"), Series("clients_active_qty", "line", None, "right")),
    split=False,
    stack="percent",
    title="Refills & clients",
    preset="payg_total",
    id="c1",
)


@pytest.mark.parametrize("spec", [FULL, ChartSpec(), ChartSpec(kind="scatter", x="clients_all_qty")])
def test_a_spec_comes_back_from_json_as_it_was(spec: ChartSpec) -> None:
    assert ChartSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"kind": "lines"}, "kind", "Did you mean line?"),
        ({"kind": 3}, "kind", "not a text"),
        ({"x": "fortnight"}, "x", "unknown"),
        ({"x": "balance_refill_total"}, "x", "choose Scatter"),
        ({"stack": "up"}, "stack", "unknown"),
        ({"split": 1}, "split", "neither true nor false"),
        ({"title": "x" * 201}, "title", "200 characters"),
        ({"title": None}, "title", "missing"),
        ({"series": "all"}, "series", "not a list"),
        ({"series": [{"metric": "balance_refill_totals"}]}, "series", "Did you mean balance_refill_total?"),
        ({"series": [{"metric": "payg_total", "colour": "#ff0000"}]}, "series", "Colour"),
        ({"series": [{"metric": "payg_total", "axis": "top"}]}, "series", "Axis"),
        ({"series": [{"metric": "payg_total", "kind": "pie"}]}, "series", "Kind of series"),
        ({"series": [{"metric": "payg_total", "on_click": "x"}]}, "series", "on_click"),
        ({"series": [{"metric": "payg_total"}] * 13}, "series", "12 series"),
        ({"script": "x"}, "chart", "script"),
    ],
)
def test_what_is_not_a_chart_is_refused_and_says_why(change: dict[str, Any], field: str, says: str) -> None:
    with pytest.raises(UserError) as refused:
        ChartSpec.from_json({**FULL.to_json(), **change})
    assert refused.value.field == field
    assert says in refused.value.message


@pytest.mark.parametrize("data", [None, [], "line", 3])
def test_a_spec_is_an_object(data: object) -> None:
    with pytest.raises(UserError):
        ChartSpec.from_json(data)
