"""Ids that JavaScript cannot hold as numbers stay what they are, from the form to the bars of a chart."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.acts import ask, engine_says, question, texts
from tests.browser.conftest import Site
from tests.browser.test_form import add_filter, choose
from tests.conftest import load_folder

EVEN, ODD = 2**53, 2**53 + 1  # one number to JavaScript
LARGE, LARGER = 2**63 - 2, 2**63 - 1

FILES = {
    "resellers": f"id,name,parent_id\n{LARGE},North,\n{LARGER},South,\n",
    "packages": f"id,name\n{EVEN},Even\n{ODD},Odd\n{LARGE},No package\n",
    "clients": "id,name,type,owner_id,currency,created_at,closed_at\n"
    + "".join(
        f"{EVEN + place},C{place},client,{owner},EUR,2024-01-01T00:00:00Z,\n"
        for place, owner in enumerate((LARGE, LARGER, LARGER))
    ),
    "subscriptions": "client_id,package_id,started_at,ended_at\n"
    + "".join(f"{EVEN + place},{package},2024-01-02T00:00:00Z,\n" for place, package in enumerate((EVEN, ODD, LARGE))),
    "transactions": "id,client_id,at,kind,amount,package_id\n"
    + "".join(
        f"{place},{EVEN + place},2024-01-0{3 + place}T00:00:00Z,package_renewal,-{place + 1}.00,{package}\n"
        for place, package in enumerate((EVEN, ODD, LARGE))
    ),
}


@pytest.fixture
def site(serve: Callable[..., Site], tmp_path: Path) -> Site:
    """A company whose ids lie beyond 2^53."""
    folder = tmp_path / "files"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / f"{name}.csv").write_text(text)
    url = f"duckdb:///{tmp_path / 'warehouse.duckdb'}"
    load_folder(url, folder)
    return serve(warehouse_url=url)


def test_large_ids_are_themselves_in_filters_charts_and_links(new_page: Callable[..., Page], site: Site) -> None:
    page = new_page()
    ask(page, ("package",), end=date(2024, 1, 31))
    page.get_by_role("button", name="Show Chart").click()
    page.locator(".dropdown-item", has_text=re.compile("^Packages: Renew Total$")).click()
    bars = page.locator(".chart-plot").first
    expect(bars.locator(".barlayer .point").first).to_be_attached()
    # Each package is a bar of its own, also the one that is called No package.
    drawn = bars.evaluate("(plot) => Object.fromEntries(plot.data[0].y.map((key, at) => [key, plot.data[0].x[at]]))")
    assert drawn == {f"#{EVEN}": 1, f"#{ODD}": 2, f"#{LARGE}": 3}

    page.get_by_role("button", name="Edit", exact=True).click()
    add_filter(page, "Package")
    choose(page, "Package", "Odd")
    add_filter(page, "Owner")
    choose(page, "Owner", "South")
    expect(page.get_by_text("Form changed", exact=True)).to_be_visible()
    ask(page, ("package",), end=date(2024, 1, 31))
    asked = replace(question(("package",), end=date(2024, 1, 31)), packages=(ODD,), owners=(LARGER,))
    [row] = engine_says(site.settings, asked).rows
    assert [line[0] for line in texts(page)] == ["Odd", "Total"]
    assert texts(page)[0][-1] == str(row.figures[-1]) == "2.00"
    expect(page.get_by_text("Form changed", exact=True)).to_be_hidden()
    # Whoever opens the link, and whoever discards a change, gets the very same question.
    other = new_page(page.url)
    expect(other.locator("#report-stage")).to_have_class(re.compile("is-opened"))
    for seen in (page, other):
        seen.get_by_role("button", name="Edit", exact=True).click()
        seen.evaluate("dash_clientside.set_props('filters-package', { value: [] })")
        expect(seen.get_by_text("Form changed", exact=True)).to_be_visible()
        seen.get_by_role("button", name="Discard", exact=True).click()
        values = "dash_component_api.getLayout('filters-package').props.value"
        seen.wait_for_function(f"() => {values}.length === 1")
        assert seen.evaluate(f"JSON.stringify({values})") == f'["{ODD}"]'
    ask(other, ("package",), end=date(2024, 1, 31))
    assert texts(other) == texts(page)
