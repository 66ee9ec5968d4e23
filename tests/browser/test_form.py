"""Stories of the form, as a person fills it in."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from data.report.period import quick_range_dates, today_in
from tests.browser.acts import texts
from tests.browser.conftest import Site, Watch, assert_accessible, settled
from tests.conftest import load_folder


def choose(page: Page, field: str, *values: str) -> None:
    """Pick values in a search field by typing them."""
    box = page.get_by_role("combobox", name=field, exact=True)
    box.click()
    for value in values:
        box.fill(value)
        page.get_by_role("listbox", name="Choices").get_by_role("option").first.click()
    box.press("Escape")


def add_filter(page: Page, name: str) -> None:
    page.get_by_role("button", name="Add filter").click()
    page.get_by_role("combobox", name="Search filters").fill(name)
    page.get_by_role("listbox", name="Choices").get_by_role("option", name=name, exact=True).click()


def set_dates(page: Page, start: str, end: str) -> None:
    page.get_by_label("From", exact=True).fill(start)
    page.get_by_label("To", exact=True).fill(end)


def ask(page: Page) -> None:
    """Press Query and wait for the form to fold over a report."""
    page.get_by_role("button", name="Query", exact=True).click()
    expect(page.get_by_role("button", name="Edit", exact=True)).to_be_visible()
    settled(page)


def test_quick_ranges_show_their_dates_and_dates_of_ones_own_are_custom(page: Page) -> None:
    period, start, end = (page.get_by_label(name, exact=True) for name in ("Period", "From", "To"))
    names = {"Today", "Yesterday", "This week", "Last 7 days", "This month", "Last month", "This quarter"}
    names |= {"Last quarter", "This year", "Last year", "Last 12 months", "Custom"}
    assert {text for text in period.locator("option").all_text_contents() if text} == names
    today = today_in("Europe/Kyiv", datetime.now(UTC).replace(tzinfo=None))
    for value, name in (("yesterday", "Yesterday"), ("last_quarter", "Last quarter"), ("this_week", "This week")):
        period.select_option(name)
        first, last = quick_range_dates(value, today)
        expect(start).to_have_value(str(first))
        expect(end).to_have_value(str(last))
    end.fill("2024-01-31")
    expect(period).to_have_value("custom")
    period.select_option("Last year")
    expect(end).to_have_value(str(quick_range_dates("last_year", today)[1]))
    # A time of day is a choice of one's own as well.
    page.get_by_label("Start time").fill("08:30")
    expect(period).to_have_value("custom")


def test_the_zone_is_the_persons_own_until_they_choose(page: Page, site: Site, new_page: Callable[..., Page]) -> None:
    zone = page.get_by_role("combobox", name="Time zone")
    expect(zone).to_have_value("Europe/Kyiv")
    zone.click()
    zone.fill("new dork")
    expect(page.get_by_text("Nothing matches.")).to_be_visible()
    zone.fill("new york")
    zone.press("Enter")
    expect(zone).to_have_value("America/New_York")
    ask(page)
    expect(new_page(timezone_id="Asia/Tokyo").get_by_role("combobox", name="Time zone")).to_have_value(
        "America/New_York"
    )


def test_filters_are_added_filled_and_removed(page: Page) -> None:
    page.get_by_role("button", name="Add filter").click()
    menu = page.get_by_role("listbox", name="Choices")
    assert menu.get_by_role("group").count() == 2
    expect(menu.get_by_role("group", name="By clients").get_by_role("option")).to_have_text(
        ["Client Type", "Client Tags", "Owner", "Client Currency"]
    )
    expect(menu.get_by_role("group", name="Extras").get_by_role("option")).to_have_text(["Package"])
    assert_accessible(page)
    page.keyboard.press("Escape")

    add_filter(page, "Owner")
    owner = page.get_by_role("combobox", name="Owner", exact=True)
    expect(owner).to_be_focused()
    expect(owner).to_have_attribute("placeholder", "No value chosen: this filter is ignored")
    owner.click()
    # Owners are shown as paths in their tree.
    expect(page.get_by_role("listbox", name="Choices").get_by_role("option").nth(1)).to_contain_text("Operator › ")
    assert_accessible(page)
    page.get_by_role("listbox", name="Choices").get_by_role("option").nth(1).click()
    owner.press("Escape")
    add_filter(page, "Client Type")
    choose(page, "Client Type", "Calling", "Reseller")
    assert_accessible(page)
    page.get_by_role("button", name="Remove Calling card").click()
    set_dates(page, "2024-01-01", "2024-03-31")
    ask(page)
    words = page.locator("#form-summary")
    expect(words).to_contain_text("Client Type Reseller")
    expect(words).to_contain_text("Owner ")

    page.get_by_role("button", name="Edit", exact=True).click()
    page.get_by_role("button", name="Remove Owner", exact=True).click()
    expect(owner).to_be_hidden()
    expect(page.get_by_role("button", name="Add filter")).to_be_focused()
    ask(page)
    expect(words).not_to_contain_text("Owner ")
    expect(words).to_contain_text("Client Type Reseller")


def test_groupings_are_ordered_by_buttons_and_by_dragging(page: Page) -> None:
    chosen = page.get_by_role("list", name="Group by").get_by_role("listitem")
    for name in ("Package Name", "Year"):
        page.get_by_role("button", name="Add", exact=True).click()
        page.get_by_role("listbox", name="Choices").get_by_role("option", name=name).click()
    expect(chosen).to_have_text([re.compile("Month"), re.compile("Package Name"), re.compile("Year")])
    up = page.get_by_role("button", name="Move Year up")
    up.press("Enter")
    up.press("Enter")
    expect(chosen).to_have_text([re.compile("Year"), re.compile("Month"), re.compile("Package Name")])
    expect(up).to_be_disabled()
    expect(page.get_by_role("button", name="Move Year down")).to_be_focused()
    chosen.filter(has_text="Package Name").drag_to(chosen.filter(has_text="Year"))
    expect(chosen).to_have_text([re.compile("Package Name"), re.compile("Year"), re.compile("Month")])
    page.get_by_role("button", name="Remove Month", exact=True).click()
    assert_accessible(page)
    set_dates(page, "2024-01-01", "2024-03-31")
    ask(page)
    # The order is the order of the columns.
    expect(page.locator("#form-summary")).to_contain_text("by Package Name, Year")


def test_addresses_are_chips_for_files_only(page: Page) -> None:
    send_to = page.get_by_label("Send to", exact=True)
    expect(send_to).to_be_disabled()
    expect(page.get_by_text("A Web report stays on this page")).to_be_visible()
    page.get_by_label("Type", exact=True).select_option("CSV")
    expect(send_to).to_be_enabled()
    expect(page.get_by_text("Mail is not set up here")).to_be_visible()
    send_to.press_sequentially("anna@example.org,bob@")
    send_to.press("Enter")
    expect(page.get_by_role("button", name="Remove bob@")).to_be_visible()
    expect(page.get_by_text("bob@ is not an e-mail address")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Query", exact=True).click()
    expect(send_to).to_be_focused()
    page.get_by_role("button", name="Remove bob@").click()
    expect(page.get_by_text("is not an e-mail address")).to_have_count(0)
    set_dates(page, "2024-01-01", "2024-03-31")
    with page.expect_download() as download:
        page.get_by_role("button", name="Query", exact=True).click()
    assert download.value.suggested_filename.endswith(".csv")


def test_currency_and_active_duration(page: Page) -> None:
    currency = page.get_by_role("combobox", name="Currency")
    expect(currency).to_have_value("EUR – Euro")
    currency.click()
    currency.fill("british")
    currency.press("Enter")
    expect(currency).to_have_value("GBP – British Pound")
    months = page.get_by_label("Active Duration")
    page.get_by_role("button", name="One month more").click()
    expect(months).to_have_value("2")
    page.get_by_role("button", name="One month less").click()
    page.get_by_role("button", name="One month less").click()
    expect(months).to_have_value("1")
    months.fill("500")
    set_dates(page, "2024-01-01", "2024-03-31")
    page.get_by_role("button", name="Query", exact=True).click()
    expect(page.get_by_text("from 1 to 120")).to_be_visible()
    expect(months).to_be_focused()
    assert_accessible(page)
    months.fill("120")
    expect(page.get_by_text("from 1 to 120")).to_have_count(0)
    months.press("Enter")
    expect(page.locator("#form-summary")).to_contain_text("GBP, active 120 months")


def test_the_whole_form_by_keyboard(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the report")).to_be_focused()
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.getAttribute('aria-label')"))
        if reached[-1] == "form-query":
            break
    wanted = ["period-range", "period-from", "period-to", "period-zone", "filters-add", "Remove Month", "group-by-add"]
    wanted += ["output-type", "output-currency", "output-active-duration", "form-reset", "form-query"]
    positions = [reached.index(id_) for id_ in wanted]
    assert positions == sorted(positions)
    # A filter, its value and the question, without the mouse.
    page.locator("#filters-add").press("Enter")
    page.keyboard.type("tags")
    page.keyboard.press("Enter")
    tags = page.get_by_role("combobox", name="Client Tags")
    expect(tags).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    set_dates(page, "2024-01-01", "2024-03-31")
    tags.press("Enter")
    edit = page.get_by_role("button", name="Edit", exact=True)
    expect(edit).to_be_focused()
    expect(page.locator("#form-summary")).to_contain_text("Client Tags ")
    edit.press("Enter")
    expect(page.get_by_label("Period", exact=True)).to_be_focused()


def test_a_date_that_does_not_exist_is_refused_at_its_field(page: Page) -> None:
    start = page.get_by_label("From", exact=True)
    start.fill("")
    page.get_by_role("button", name="Query", exact=True).click()
    expect(page.get_by_text("From needs a whole date")).to_be_visible()
    expect(start).to_be_focused()
    set_dates(page, "2024-03-31", "2024-01-01")
    expect(page.get_by_text("From needs a whole date")).to_have_count(0)
    page.get_by_role("button", name="Query", exact=True).click()
    expect(page.get_by_text("The period is empty")).to_be_visible()
    set_dates(page, "2024-01-01", "2024-03-31")
    ask(page)


def test_the_last_settings_are_there_again_and_reset_clears_them(page: Page) -> None:
    add_filter(page, "Package")
    choose(page, "Package", "Gold")
    set_dates(page, "2024-01-01", "2024-03-31")
    ask(page)
    page.goto("/")
    settled(page)
    expect(page.get_by_label("From", exact=True)).to_have_value("2024-01-01")
    expect(page.get_by_role("button", name="Remove Gold")).to_be_visible()
    page.get_by_role("button", name="Reset").click()
    expect(page.get_by_label("Period", exact=True)).to_have_value("last_12_months")
    expect(page.get_by_role("combobox", name="Package", exact=True)).to_be_hidden()
    expect(page.get_by_role("combobox", name="Time zone")).to_have_value("Europe/Kyiv")


def test_a_fault_of_ours_is_told_plainly_and_the_page_goes_on(
    page: Page, console: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    from data.report.reports import Reports

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    set_dates(page, "2024-01-01", "2024-03-31")
    with monkeypatch.context() as patch:
        patch.setattr(Reports, "ask", fail)
        page.get_by_role("button", name="Query", exact=True).click()
        expect(page.get_by_text(re.compile("incident [0-9A-F]{8}"))).to_be_visible()
    expect(page.get_by_text("secret detail")).to_have_count(0)
    assert_accessible(page)
    ask(page)


def test_thousands_of_values_stay_quick(page: Page) -> None:
    """Only what is in sight is in the document, and one that is far down is found by typing."""
    page.evaluate(
        """dash_clientside.set_props("filters-tag", {
            options: Array.from({ length: 20000 }, (_, n) => ({ value: `tag ${n}`, label: `tag ${n}` })),
        })"""
    )
    add_filter(page, "Client Tags")
    box = page.get_by_role("combobox", name="Client Tags")
    box.click()
    options = page.get_by_role("listbox", name="Choices").get_by_role("option")
    expect(options.first).to_have_attribute("aria-setsize", "20000")
    assert options.count() < 40
    box.press("End")
    box.press("ArrowUp")
    expect(page.get_by_role("option", name="tag 19999", exact=True)).to_be_in_viewport()
    box.fill("19998")
    expect(options).to_have_text(["tag 19998"])
    assert_accessible(page)


def test_paper_shows_the_report_and_not_the_form(page: Page) -> None:
    set_dates(page, "2024-01-01", "2024-03-31")
    ask(page)
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="Edit", exact=True)).to_be_hidden()
    expect(page.get_by_role("banner")).to_be_hidden()


def test_a_server_that_is_gone_is_told(page: Page, console: Watch) -> None:
    console.forgive("ERR_FAILED")  # the browser's own word on it
    set_dates(page, "2024-01-01", "2024-03-31")
    page.route("**/_dash-update-component*", lambda route: route.abort())
    page.get_by_role("button", name="Query", exact=True).click()
    expect(page.get_by_text("The server did not answer")).to_be_visible()
    page.unroute("**/_dash-update-component*")
    ask(page)


def test_a_form_that_no_longer_matches_its_report_says_so(page: Page) -> None:
    set_dates(page, "2024-01-01", "2024-06-30")
    ask(page)

    def button(name: str) -> Locator:
        return page.get_by_role("button", name=name, exact=True)

    changed = page.get_by_text("Form changed", exact=True)
    query, discard = button("Query with the changed form"), button("Discard")
    expect(changed).to_be_hidden()
    button("Edit").click()
    # In what form an answer comes is no part of the question.
    page.get_by_label("Type", exact=True).select_option("csv")
    page.evaluate("dash_clientside.set_props('output-currency', { value: 'USD' })")
    expect(changed).to_be_visible()
    assert_accessible(page)
    faint = "getComputedStyle(document.documentElement).getPropertyValue('--ink-faint').trim()"
    dimmed = "getComputedStyle(document.querySelector('#report-table td')).getPropertyValue('--ink').trim()"
    assert page.evaluate(dimmed) == page.evaluate(faint)
    # Folded without asking, it still says so; Discard puts the question of the report back.
    button("Fold").click()
    expect(button("Edit")).to_be_focused()
    expect(changed).to_be_visible()
    discard.click()
    expect(changed).to_be_hidden()
    assert page.evaluate("dash_component_api.getLayout('output-currency').props.value") == "EUR"
    assert page.evaluate(dimmed) != page.evaluate(faint)
    # A reset form above a report of something else is marked; asking from there makes both agree.
    button("Edit").click()
    page.get_by_label("Type", exact=True).select_option("web")
    button("Reset").click()
    expect(changed).to_be_visible()
    before = page.url
    query.click()
    expect(page).not_to_have_url(before)
    expect(changed).to_be_hidden()
    # A problem is shown even in a folded form.
    button("Edit").click()
    page.get_by_label("Active Duration", exact=True).fill("500")
    page.keyboard.press("Tab")
    button("Fold").click()
    query.press("Enter")
    expect(page.get_by_label("Active Duration", exact=True)).to_be_focused()


def test_packages_whose_ids_javascript_would_confuse_are_two(
    new_page: Callable[..., Page], site: Site, tmp_path: Path
) -> None:
    """9007199254740993 read as a number is 9007199254740992; an id of 19 digits loses its last ones."""
    near, odd, long = 2**53, 2**53 + 1, 9_223_372_036_854_775_807
    (tmp_path / "packages.csv").write_text(f"id,name\n{near},Even\n{odd},Odd\n{long},Long\n")
    subscribed = "".join(f"{client},{id_},2024-01-01T00:00:00Z,\n" for client, id_ in ((1, near), (2, odd), (2, long)))
    (tmp_path / "subscriptions.csv").write_text(f"client_id,package_id,started_at,ended_at\n{subscribed}")
    load_folder(site.settings.warehouse, tmp_path)
    page = new_page()
    add_filter(page, "Package")
    choose(page, "Package", "Odd")
    set_dates(page, "2024-01-01", "2024-03-31")
    page.evaluate('dash_clientside.set_props("group-by-chosen", { value: ["package"] })')
    ask(page)
    expect(page.locator("#form-summary")).to_contain_text("Package Odd,")
    assert [row[0] for row in texts(page)][:1] == ["Odd"]
    # The form that is remembered holds the same package.
    page.goto("/")
    settled(page)
    expect(page.get_by_role("button", name="Remove Odd")).to_be_visible()
    choose(page, "Package", "Long")
    ask(page)
    assert [row[0] for row in texts(page)][:2] == ["Long", "Odd"]
