"""How a report is looked at, as links and templates keep it and as the page sends it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from data.errors import UserError
from data.report.catalog import METRICS
from data.report.order import Sort
from data.report.view import View

EVERY = tuple(metric.id for metric in METRICS)


def test_a_view_comes_back_from_its_text() -> None:
    view = View(columns=("payg_total",), sort=Sort("payg_total", "desc"), charts=({"kind": "line"},))
    assert View.from_json(json.loads(json.dumps(view.to_json()))) == view
    assert View.from_json(json.loads(json.dumps(View().to_json()))) == View()


def test_links_and_templates_that_were_kept_before_views_had_a_type_still_read() -> None:
    link = {
        "charts": [{"kind": "bar"}],
        "columns": ["payg_total"],
        "sort": [{"column_id": "month", "direction": "asc"}],
    }
    assert View.from_json(link) == View(columns=("payg_total",), sort=Sort("month", "asc"), charts=({"kind": "bar"},))
    # What did not go along with a template was not written down.
    assert View.from_json({"columns": ["payg_total"]}) == View(columns=("payg_total",))
    assert View.from_json({"charts": []}) == View(charts=())


def test_the_text_of_a_view_is_what_links_were_sealed_with() -> None:
    kept = {
        "charts": [{"kind": "bar"}],
        "columns": ["payg_total"],
        "sort": [{"column_id": "month", "direction": "asc"}],
    }
    assert View.from_json(kept).to_json() == kept


def test_what_is_shown_and_hidden_follows_the_catalog() -> None:
    assert View().shown == EVERY
    assert View().hidden == ()
    chosen = View(columns=(EVERY[2], "of_another_version", EVERY[0]))
    assert chosen.shown == (EVERY[0], EVERY[2])
    assert chosen.hidden == (EVERY[1], *EVERY[3:])
    assert View(columns=()).hidden == EVERY


@pytest.mark.parametrize(
    "data", [None, [], "view", {"columns": "payg"}, {"columns": [1]}, {"sort": {"a": 1}}, {"charts": ["line"]}]
)
def test_what_is_no_view_is_refused_in_one_sentence(data: Any) -> None:
    with pytest.raises(UserError, match="load the page again") as caught:
        View.from_json(data)
    assert caught.value.field == "view"
