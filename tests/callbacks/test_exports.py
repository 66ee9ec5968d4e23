"""Files over the real callback graph: what is displayed, from the frozen report, without a query."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Callable
from typing import Any

import flask.testing
import pytest

from data.access import OPERATOR
from data.delivery.format import Format
from data.delivery.formats import FORMATS
from data.delivery.worker import Worker
from data.errors import Cancelled
from data.report import reports
from layouts import ids
from layouts.ids import Delivery, Problem, Report, Stores
from tests.callbacks.conftest import Visitor
from tests.callbacks.test_report import RUN, ask, words


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


def test_a_file_type_is_made_by_a_worker(visitor: Visitor) -> None:
    visitor.put({(Delivery.TYPE, "value"): "csv", (Delivery.SEND_TO, "value"): ["anna@example.com"]})
    visitor.put({(Stores.VIEW, "data"): {"columns": ["payg_total"], "sort": []}})
    ask(visitor)
    job = visitor[Stores.JOB, "data"]["id"]
    assert visitor[Stores.REPORT, "data"] is None
    services = visitor.client.application.extensions["customer_dynamics"]
    worker = Worker(services)
    worker.make(job)
    content = visitor.client.get(f"/files/{job}/download").get_data().decode("utf-8-sig")
    assert len(list(csv.reader(io.StringIO(content)))[1]) == 22, "whole, whatever the page shows"
    (delivery,) = services.records.jobs.due(job)
    worker.send(delivery.id)
    assert [mail.address for mail in services.records.outbox.of(OPERATOR)] == ["anna@example.com"]


def test_an_address_outside_the_domains_is_refused_at_its_field(
    client_with: Callable[..., flask.testing.FlaskClient],
) -> None:
    visitor = Visitor(client_with(mail_domains="example.com"))
    visitor.put({(Delivery.TYPE, "value"): "csv"})
    visitor.change(Delivery.SEND_TO, "value", ["eve@elsewhere.net"])
    said = "eve@elsewhere.net is outside the domains that reports may be sent to (example.com)"
    assert said in visitor[Delivery.SEND_TO, "problems"]["eve@elsewhere.net"]
    ask(visitor)
    assert said in words(visitor[Problem.SEND_TO, "children"])
    assert visitor[Stores.JOB, "data"] is None


def test_a_run_that_takes_long_is_handed_to_a_worker(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = visitor.client.application.extensions["customer_dynamics"].reports.runs
    real = reports.Reports.ask

    def takes_long(self: reports.Reports, query: Any, user: Any, *, run_id: str) -> Any:
        if run_id == RUN["id"]:
            raise Cancelled
        return real(self, query, user, run_id=run_id)

    monkeypatch.setattr(reports.Reports, "ask", takes_long)
    visitor.put({(Stores.RUN, "data"): RUN})
    visitor.press(Report.HAND_OVER)
    ask(visitor)
    assert runs.is_handed_over(RUN["id"], OPERATOR.id)
    job = visitor[Stores.JOB, "data"]["id"]
    Worker(visitor.client.application.extensions["customer_dynamics"]).make(job)
    state = visitor.client.get(f"/files/{job}/state").get_json()
    assert (state["state"], state["place"].startswith("/view?id=")) == ("done", True)
