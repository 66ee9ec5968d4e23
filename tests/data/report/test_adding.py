"""Which figures of several rows may be added."""

from __future__ import annotations

from data.report.adding import not_added
from tests.data.report.test_compare import report


def test_flows_add_up_over_time_and_neither_levels_nor_averages_do() -> None:
    apart = not_added(report([("2024-01", None, {})], {}, by=("month",)).query)
    assert set(apart) >= {"clients_active_qty", "clients_all_balance", "balance_refill_avg", "payg_active_avg"}
    assert not {"balance_refill_qty", "balance_refill_total", "payg_total", "packages_renew_qty"} & set(apart)


def test_clients_add_up_by_what_they_are_in_once() -> None:
    apart = not_added(report([("client", None, {})], {}, by=("client_type",)).query)
    assert set(apart) == {"balance_refill_avg", "payg_active_avg"}


def test_by_package_only_what_belongs_to_one_package_adds_up() -> None:
    apart = not_added(report([("Gold", 1, {})], {}).query)
    assert apart["clients_all_qty"] == apart["payg_total"] == "a client with two packages is in two rows"
    assert not {"packages_activation_total", "packages_renew_qty"} & set(apart)
