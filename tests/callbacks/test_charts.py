"""Charts without a browser: drawn from the frozen report, refitted to another one, kept as presets."""

from __future__ import annotations

from typing import Any

import brotli
import flask.testing
import pytest
from plotly.offline import get_plotlyjs

from charts.spec import ChartSpec, Series
from layouts.ids import Chart, GroupBy, Page, Period, Stores
from tests.callbacks.conftest import Visitor

OWN = ChartSpec(id="c9", kind="bar", title="Mine", series=(Series("payg_total", None, "red"),)).to_json()


@pytest.fixture
def reader(visitor: Visitor) -> Visitor:
    """A visitor with a report by month on the page."""
    return ask(visitor, ["month"])


def ask(visitor: Visitor, group_by: list[str]) -> Visitor:
    visitor.put(
        {
            (Period.RANGE, "value"): "custom",
            (Period.FROM, "value"): "2024-01-01",
            (Period.TO, "value"): "2024-03-31",
            (Period.ZONE, "value"): "UTC",
            (GroupBy.CHOSEN, "value"): group_by,
        }
    )
    visitor.change(Stores.RUN, "data", {"id": "r1"})
    assert visitor[Stores.REPORT, "data"]["link"]
    return visitor


def show(visitor: Visitor, *charts: dict[str, Any], **look: bool) -> list[dict[str, Any]]:
    """Ask for charts as the page does, and the cards that come."""
    link = visitor[Stores.REPORT, "data"]["link"]
    asked = {"link": link, "charts": list(charts), "dark": False, "narrow": False} | look
    visitor.change(Chart.ASKED, "data", asked)
    cards: list[dict[str, Any]] = visitor[Chart.DRAWN, "data"]["cards"]
    return cards


def test_a_preset_is_drawn_in_the_form_that_suits_the_report(reader: Visitor) -> None:
    [card] = show(reader, {"id": "c1", "kind": "line", "preset": "payg_total"})
    assert card["title"] == "Pay As You Go: Total"
    assert card["figure"]["data"][0]["type"] == "bar"
    assert card["figure"]["data"][0]["x"] == ["2024-01-01", "2024-02-01", "2024-03-01"]
    # The form that was chosen is what the page keeps, and what a link or a template takes along.
    [kept] = reader[Chart.DRAWN, "data"]["charts"]
    assert ChartSpec.from_json(kept).series == (Series("payg_total"),)


def test_the_same_charts_follow_the_next_report(reader: Visitor) -> None:
    show(reader, {"id": "c1", "kind": "line", "preset": "packages_renew_total"}, OWN)
    kept = reader[Chart.DRAWN, "data"]["charts"]
    ask(reader, ["month", "package"])
    preset, own = show(reader, *kept)
    assert preset["figure"]["layout"]["barmode"] == "relative"
    assert len(preset["figure"]["data"]) > 1
    assert own["title"] == "Mine"


def test_charts_are_of_the_frozen_report_and_run_no_query(reader: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    from data.report.reports import Reports

    def refuse(*_args: object, **_rest: object) -> None:
        raise AssertionError("a chart must not ask the warehouse")

    monkeypatch.setattr(Reports, "ask", refuse)
    assert show(reader, OWN)[0]["table"]["rows"][0][0] == "Jan 2024"


def test_the_theme_and_the_room_change_the_drawing(reader: Visitor) -> None:
    light, dark = show(reader, OWN)[0]["figure"], show(reader, OWN, dark=True)[0]["figure"]
    assert light["data"][0]["marker"]["color"] != dark["data"][0]["marker"]["color"]
    assert light["data"][0]["y"] == dark["data"][0]["y"]


def test_a_chart_that_cannot_be_read_is_left_out_and_told(reader: Visitor) -> None:
    cards = show(reader, {"id": "c1", "kind": "spiral"}, OWN)
    assert [card["id"] for card in cards] == ["c9"]
    assert "A chart was left out" in str(reader[Page.MESSAGES, "children"])
    assert [item["id"] for item in reader[Chart.DRAWN, "data"]["charts"]] == ["c9"]


def test_figures_are_written_as_the_browser_s_language_does(reader: Visitor) -> None:
    reader.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "de-DE,de;q=0.9"
    figure = show(reader, OWN)[0]["figure"]
    assert figure["layout"]["separators"] == ",."


def test_a_chart_becomes_a_preset_of_one_s_own(reader: Visitor, client: flask.testing.FlaskClient) -> None:
    reader.change(Chart.KEEP, "data", {"chart": OWN, "at": 1})
    assert "Mine" in str(reader[Chart.MENU, "children"])
    assert "Saved as preset" in str(reader[Page.MESSAGES, "children"])
    entry = str(Visitor(client)[Chart.MENU, "children"])
    preset = entry.partition("own:")[2].partition("'")[0]
    [card] = show(reader, {"id": "c2", "kind": "line", "preset": f"own:{preset}"})
    assert (card["id"], card["title"], card["figure"]["data"][0]["type"]) == ("c2", "Mine", "bar")


def test_two_presets_of_one_name_are_refused_in_words(reader: Visitor) -> None:
    for at in (1, 2):
        reader.change(Chart.KEEP, "data", {"chart": OWN, "at": at})
    assert "Mine" in str(reader[Page.MESSAGES, "children"])
    assert "Saved as preset" not in str(reader[Page.MESSAGES, "children"])


def test_the_chart_library_comes_compressed_and_may_be_kept(client: flask.testing.FlaskClient) -> None:
    packed = client.get("/-/plotly.js", headers={"Accept-Encoding": "br"})
    assert brotli.decompress(packed.data).decode() == get_plotlyjs()
    assert len(packed.data) < 1_400_000
    assert "immutable" in packed.headers["Cache-Control"]
