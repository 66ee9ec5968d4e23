"""Files over the real callback graph: what is displayed, from the frozen report, without a query."""

from __future__ import annotations

import base64
import csv
import io
from typing import Any

import pytest

from data.delivery.format import Format
from data.delivery.formats import FORMATS
from data.report import reports
from layouts import ids
from layouts.ids import Delivery, Page, Report, Stores
from tests.callbacks.conftest import Visitor
from tests.callbacks.test_report import ask, words


def rows(download: dict[str, Any]) -> list[list[str]]:
    """The rows of a CSV file as dcc.Download takes it."""
    return list(csv.reader(io.StringIO(base64.b64decode(download["content"]).decode("utf-8-sig"))))


def test_an_export_is_what_is_displayed(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(visitor)
    monkeypatch.setattr(reports.Reports, "ask", lambda *_, **__: pytest.fail("an export asked the warehouse"))
    view = {
        "columns": ["clients_all_qty", "payg_total"],
        "sort": [{"column_id": "payg_total", "direction": "desc"}],
    }
    visitor.put({(Stores.VIEW, "data"): view})
    visitor.press(ids.export("csv"))
    download = visitor[Report.DOWNLOAD, "data"]
    assert download["filename"] == "customer-dynamics_by-month_2024-01-01_2024-06-30.csv"
    _, heads, *lines, totals, _, question, _ = rows(download)
    assert heads == ["Month", "Qty", "Total"]
    assert question == ["Question: Jan–Jun 2024, UTC, by Month, EUR, active 1 month", "", ""]
    found = [float(line[2]) for line in lines]
    assert found == sorted(found, reverse=True)
    assert len(lines) == 6
    assert totals[0] == "Total of Jan–Jun 2024"


@pytest.mark.parametrize("item", FORMATS, ids=lambda item: item.id)
def test_every_format_has_its_place_on_the_page(visitor: Visitor, item: Format) -> None:
    ask(visitor)
    visitor.press(ids.export(item.id))
    download = visitor[Report.DOWNLOAD, "data"]
    assert download["filename"].endswith(f".{item.extension}")
    assert download["type"] == item.mime
    assert base64.b64decode(download["content"])
    assert {"value": item.id, "label": item.label} in visitor[Delivery.TYPE, "options"]


def test_an_export_needs_a_report(visitor: Visitor) -> None:
    visitor.press(ids.export("xlsx"))
    assert visitor[Report.DOWNLOAD, "data"] is None


def test_a_file_type_brings_the_whole_report_and_an_honest_word_about_mail(visitor: Visitor) -> None:
    visitor.put({(Delivery.TYPE, "value"): "csv", (Delivery.SEND_TO, "value"): ["anna@example.com"]})
    visitor.put({(Stores.VIEW, "data"): {"columns": ["payg_total"], "sort": []}})
    ask(visitor)
    assert len(rows(visitor[Report.DOWNLOAD, "data"])[1]) == 22
    assert "mail is not set up" in words(visitor[Page.MESSAGES, "children"])
    assert visitor[Stores.REPORT, "data"] is None
