"""Figures are put together only where their sum says something."""

from __future__ import annotations

import pytest

from charts.sums import why_no_sum
from data.report.catalog import METRIC, METRICS


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.id)
def test_only_what_names_its_package_adds_up_over_packages(metric) -> None:
    owned = metric.id.startswith("packages_")
    assert (why_no_sum((metric,), ("package",)) is None) == owned


def test_what_happened_adds_up_over_time_and_what_was_does_not() -> None:
    adding = [metric.id for metric in METRICS if why_no_sum((metric,), ("month",)) is None]
    wanted = [
        "balance_refill_qty",
        "balance_refill_total",
        "payg_total",
        "packages_activation_qty",
        "packages_activation_total",
        "packages_renew_qty",
        "packages_renew_total",
    ]
    assert [metric for metric in adding if metric in wanted] == wanted
    assert all(METRIC[metric].nature == "flow" and METRIC[metric].kind != "average" for metric in adding)


@pytest.mark.parametrize(
    ("together", "why"),
    [
        (("clients_active_balance_pos", "clients_active_balance_neg"), None),
        (("payg_total", "packages_activation_total", "packages_renew_total"), None),
        (("packages_activation_qty", "packages_renew_qty"), None),
        (("clients_active_qty", "clients_all_qty"), "active clients are among all clients"),
        (("clients_all_balance", "clients_all_balance_pos"), "one figure holds the other"),
        (("balance_refill_total", "payg_total"), "what is paid in and what is charged"),
        (("payg_total", "clients_all_balance"), "what clients have and what they do"),
        (("payg_total", "clients_all_qty"), "amounts and quantities"),
        (("payg_total", "payg_active_avg"), "averages do not add up"),
        (("payg_total", "payg_total"), "there twice"),
    ],
)
def test_different_figures_make_a_sum_when_they_are_parts_of_one(together: tuple[str, ...], why: str | None) -> None:
    found = why_no_sum([METRIC[metric] for metric in together], ())
    assert (found is None) if why is None else (why in str(found))
