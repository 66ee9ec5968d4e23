"""The columns that a person chose, also after the catalog has grown."""

from __future__ import annotations

from typing import Any

from data.access import OPERATOR, User
from data.acts.columns import COLUMNS_KEY, keep_columns, usual_view
from data.report.catalog import METRICS, ready_sets
from data.report.view import View

EVERY = tuple(metric.id for metric in METRICS)


def test_all_columns_until_the_person_chose(services: Any) -> None:
    assert usual_view(services, OPERATOR) == View(columns=EVERY)
    keep_columns(services, OPERATOR, EVERY[2:])
    assert usual_view(services, OPERATOR) == View(columns=EVERY[2:])


def test_what_was_kept_is_what_is_hidden_so_that_new_metrics_are_shown(services: Any) -> None:
    services.records.preferences.set(OPERATOR, COLUMNS_KEY, {"hidden": [EVERY[0], "gone"]})
    assert usual_view(services, OPERATOR) == View(columns=EVERY[1:])


def test_ready_sets_divide_the_catalog_and_hold_nothing_that_the_person_may_not_see() -> None:
    everything, *parts = ready_sets(OPERATOR)
    assert everything == ("All", EVERY)
    assert sorted(id_ for _, ids in parts for id_ in ids) == sorted(EVERY)
    viewer = ready_sets(User("v", "Vera", "Viewer"))
    assert [name for name, _ in viewer] == ["All", "Clients", "Revenue"]
    assert dict(viewer)["Revenue"] == ("balance_refill_qty", "packages_activation_qty", "packages_renew_qty")
