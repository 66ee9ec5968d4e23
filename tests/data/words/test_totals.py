"""Each metric says what its total is."""

from __future__ import annotations

import pytest

from data.report.catalog import METRIC
from data.words.totals import total_of


@pytest.mark.parametrize(
    ("metric", "says"),
    [
        ("clients_all_qty", "Its total is taken at the end of the period: rows do not add up to it."),
        ("clients_active_balance", "Its total is taken at the end of the period: rows do not add up to it."),
        ("payg_total", "Its total is that of the whole period."),
        ("packages_renew_qty", "Its total is that of the whole period."),
        (
            "balance_refill_avg",
            "Its total divides the Balance Refill: Total of the whole period by the Balance Refill: Qty of it.",
        ),
        (
            "payg_active_avg",
            "Its total divides the Pay As You Go: Total of the whole period by the Clients - Active: Qty at its end.",
        ),
    ],
)
def test_a_metric_says_what_its_total_is(metric: str, says: str) -> None:
    assert total_of(METRIC[metric]) == says
