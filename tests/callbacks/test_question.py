"""The question goes wherever the answer goes: page, Info, link, list of links, and the name of a file."""

from __future__ import annotations

import base64
from datetime import date

import pytest

from data.delivery.asked import Asked
from data.report.period import Bound
from data.report.query import ReportQuery
from data.services import Services
from data.store.templates import Draft
from layouts import ids
from layouts.filters import IDS
from layouts.ids import Filters, Links, Page, Report
from tests.callbacks.conftest import Visitor
from tests.callbacks.test_report import ask, words

TITLE = "Churn & more"
QUERY = ReportQuery(start=Bound(date(2024, 1, 1)), end=Bound(date(2024, 6, 30)), group_by=("month",), currency="EUR")


@pytest.fixture
def titled(visitor: Visitor) -> Visitor:
    """Somebody whose question is that of a template of theirs."""
    services: Services = visitor.client.application.extensions["customer_dynamics"]
    services.records.templates.create(Draft(title=TITLE, asked=Asked(QUERY)), services.user())
    ask(visitor)
    return visitor


def test_a_report_bears_the_title_of_its_template(titled: Visitor) -> None:
    assert words(titled[Report.FACTS, "children"]).startswith(f"{TITLE} 6 rows Jan–Jun 2024 EUR")
    assert f"Title {TITLE} Period Jan–Jun 2024" in words(titled[Report.INFO_TEXT, "children"])
    assert words(titled[Report.TOLD, "children"]).startswith(
        f"{TITLE}: Jan–Jun 2024, UTC, by Month, EUR, active 1 month"
    )
    assert titled[Report.ADDRESS, "data"]["title"] == TITLE


def test_the_title_stays_with_the_link(titled: Visitor) -> None:
    services: Services = titled.client.application.extensions["customer_dynamics"]
    (template,) = services.records.templates.visible_to(services.user())
    services.records.templates.delete(template.id, services.user())
    guest = Visitor(titled.client)
    guest.change(Page.LOCATION, "pathname", "/view")
    guest.change(Page.LOCATION, "search", f"?id={titled[Report.ADDRESS, 'data']['link']}")
    assert guest[Report.ADDRESS, "data"]["title"] == TITLE
    guest.press(Links.OPEN)
    assert f"{TITLE}: Jan–Jun 2024, UTC, by Month" in words(guest[Links.LIST, "children"])
    guest.press(ids.export("csv"))
    download = guest[Report.DOWNLOAD, "data"]
    assert download["filename"] == "churn-more_2024-01-01_2024-06-30.csv"
    assert f"Question: {TITLE}: Jan–Jun 2024" in base64.b64decode(download["content"]).decode("utf-8-sig")


def test_another_question_does_not_bear_it(titled: Visitor) -> None:
    titled.put({(IDS["client_types"].field, "value"): ["client"], (Filters.SHOWN, "data"): ["client_types"]})
    ask(titled)
    assert titled[Report.ADDRESS, "data"]["title"] == "By Month, Jan–Jun 2024, Client Type Client"
    assert words(titled[Report.CHIPS, "children"]).startswith("Client Type Client by Month")
