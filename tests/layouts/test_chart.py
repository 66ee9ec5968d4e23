"""The Show Chart menu and the cards: what is on them, straight from presets, catalog and report."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from plotly.utils import PlotlyJSONEncoder

from charts.presets import PRESET, PRESETS
from charts.spec import COLOURS, KINDS, ChartSpec
from data.access import OPERATOR
from data.report.catalog import METRICS
from data.store.chart_presets import OwnPreset
from layouts.chart import ACTS, BLANK, OWN, choices, entries, face, panel
from layouts.controls import Still
from layouts.ids import Chart
from tests.charts.reports import by_month, by_month_and_package

MONTHS = by_month({"2024-01": {"payg_total": "10.50"}, "2024-02": {"payg_total": "20.00"}})
BOTH = by_month_and_package({("2024-01", 1, "Basic"): {}, ("2024-02", 1, "Basic"): {}})


def own(title: str) -> OwnPreset:
    now = datetime(2024, 1, 1)
    return OwnPreset(id="p1", owner_id="operator", title=title, spec={}, created_at=now, updated_at=now)


def chosen(menu: list) -> list[tuple[str, str]]:
    """The entries of a menu that can be chosen: what they add, and their label."""
    flat = [child for entry in menu for child in (entry.children if isinstance(entry.children, list) else [entry])]
    return [
        (entry.id["preset"], entry.children)
        for entry in flat
        if isinstance(getattr(entry, "id", None), dict) and entry.id["type"] == Chart.ADD
    ]


def test_the_menu_offers_the_presets_and_a_blank_chart() -> None:
    assert chosen(entries((), OPERATOR)) == [*((preset.id, preset.label) for preset in PRESETS), (BLANK, "Blank Chart")]


def test_a_preset_of_ones_own_is_in_the_menu_and_can_be_deleted() -> None:
    menu = entries([own("Refills of 2024")], OPERATOR)
    assert (f"{OWN}p1", "Refills of 2024") in chosen(menu)
    delete = next(entry for entry in menu if isinstance(entry.children, list)).children[1]
    assert delete.id == {"type": Chart.FORGET, "preset": "p1"}
    assert delete.to_plotly_json()["props"]["aria-label"] == "Delete preset Refills of 2024"


def test_a_card_says_what_the_chart_shows_in_every_form() -> None:
    card = face(PRESET["payg_total"].make(MONTHS, chart_id="c1"), MONTHS)
    assert (card["id"], card["title"]) == ("c1", "Pay As You Go: Total")
    assert card["table"] == {
        "header": ("Month", "Pay As You Go: Total, EUR"),
        "rows": (("Jan 2024", "10.50"), ("Feb 2024", "20.00")),
        "labels": 1,
    }
    assert "highest 20.00 EUR (Feb 2024)" in card["summary"]
    assert card["x"] == [["", "Automatic"], ["month", "Time (Month)"]]
    assert card["height"] >= 240
    # The browser gets it as JSON.
    assert json.loads(json.dumps(card, cls=PlotlyJSONEncoder))["figure"]["data"][0]["type"] == "bar"


def test_a_card_offers_the_axes_that_the_report_has() -> None:
    assert [value for value, _ in face(ChartSpec(id="c1"), BOTH)["x"]] == ["", "month", "package"]


def test_the_worksheet_offers_every_metric_kind_and_colour() -> None:
    offered = choices(OPERATOR)
    assert [item[0] for group in offered["metrics"] for item in group["items"]] == [metric.id for metric in METRICS]
    assert dict(offered["kinds"]) == KINDS
    assert [name for name, _ in offered["colours"]] == list(COLOURS)


def test_every_act_has_a_button_with_a_name() -> None:
    def buttons(part: Any) -> Iterator[dict[str, str]]:
        if not isinstance(part, str):
            tag, props, *parts = part
            yield from [props] if tag == "button" else [found for inner in parts for found in buttons(inner)]

    *_, still = (child for child in panel(OPERATOR)._traverse() if isinstance(child, Still))
    (card,) = still.to_plotly_json()["props"]["tree"]
    assert [(found["data-act"], found["aria-label"]) for found in buttons(card)] == [
        (act, label) for act, label, _ in ACTS
    ]


def test_a_page_without_charts_asks_for_no_chart_library() -> None:
    told = json.dumps(panel(OPERATOR), cls=PlotlyJSONEncoder)
    assert '"Graph"' not in told
