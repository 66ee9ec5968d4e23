"""Running a report over the real callback graph: one answer paints everything, and what follows needs no warehouse."""

from __future__ import annotations

from typing import Any

import pytest

from data.access import OPERATOR
from data.errors import Cancelled
from data.report import reports
from data.report.catalog import METRICS
from data.report.runs import Runs
from data.words.dates import day_words
from layouts import table
from layouts.ids import Again, Form, Page, Period, Report, Stores
from tests.callbacks.conftest import Visitor

RUN = {"id": "0123456789ab"}


def ask(
    visitor: Visitor,
    group_by: tuple[str, ...] = ("month",),
    start: str = "2024-01-01",
    end: str = "2024-06-30",
) -> None:
    """Put a question into the form and run it, as the browser does when Query is pressed."""
    visitor.put(
        {
            (Period.RANGE, "value"): "custom",
            (Period.FROM, "value"): start,
            (Period.TO, "value"): end,
            (Period.ZONE, "value"): "UTC",
            ("group-by-chosen", "value"): list(group_by),
        }
    )
    visitor.change(Stores.RUN, "data", RUN)


def words(node: Any) -> str:
    """The text of a component."""
    if isinstance(node, dict):
        props = node["props"]
        # Still parts of the page hold [tag, attributes, *parts].
        return " ".join(map(still_words, props["tree"])) if "tree" in props else words(props.get("children"))
    if isinstance(node, list):
        return " ".join(words(child) for child in node)
    return "" if node is None else str(node)


def still_words(part: str | list[Any]) -> str:
    """The text of a part of a :class:`layouts.controls.Still`."""
    return part if isinstance(part, str) else " ".join(map(still_words, part[2:]))


def test_one_answer_paints_everything(visitor: Visitor) -> None:
    ask(visitor)
    assert visitor[Report.STAGE, "className"] == "report is-shown"
    data = visitor[Report.TABLE, "data"]
    assert [row["month"] for row in data] == [
        *(f"{month} 2024" for month in ("Jan", "Feb", "Mar", "Apr", "May", "Jun")),
        "Total",
    ]
    assert len(visitor[Report.TABLE, "columns"]) == 1 + len(METRICS)
    assert words(visitor[Report.FACTS, "children"]) == "6 rows Jan–Jun 2024 EUR"
    assert "Data Period (set)" in words(visitor[Report.INFO_TEXT, "children"])
    link = visitor[Stores.REPORT, "data"]
    assert link["opened"] is False
    assert visitor[Report.ADDRESS, "data"] == {"link": link["link"], "title": "By Month, Jan–Jun 2024"}
    assert words(visitor[Report.CHIPS, "children"]) == "by Month UTC active 1 month"
    assert f"/view?id={link['link']}" in words(visitor[Report.TOLD, "children"])
    # The answer itself stays on the server: the store holds the link alone.
    assert set(link) == {"link", "opened"}
    ask(visitor)
    assert "answered before, at " in words(visitor[Report.FACTS, "children"])


def test_sorting_asks_the_frozen_report(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(visitor)
    monkeypatch.setattr(reports.Reports, "ask", lambda *_, **__: pytest.fail("sorting asked the warehouse"))
    visitor.change(Report.SORT, "data", [{"column_id": "clients_all_qty", "direction": "desc"}])
    found = [row["clients_all_qty"] for row in visitor[Report.TABLE, "data"]]
    assert found[:-1] == sorted(found[:-1], key=int, reverse=True)
    assert visitor[Report.TABLE, "data"][-1]["month"] == "Total"
    assert visitor[Stores.VIEW, "data"]["sort"][0]["direction"] == "desc"
    visitor.change(Report.SORT, "data", [])
    assert [row["month"] for row in visitor[Report.TABLE, "data"]][:2] == ["Jan 2024", "Feb 2024"]


def test_chosen_columns_are_remembered_for_the_next_visit(visitor: Visitor) -> None:
    every = [metric.id for metric in METRICS]
    assert visitor[Stores.VIEW, "data"]["columns"] == every
    visitor.change(Report.CHOSEN, "data", every[4:])
    again = Visitor(visitor.client)
    assert again[Stores.VIEW, "data"]["columns"] == every[4:]
    ask(again)
    assert [column["id"] for column in again[Report.TABLE, "columns"]] == ["month", *every[4:]]


def test_no_rows_is_a_state_that_says_why(visitor: Visitor) -> None:
    ask(visitor, start="1990-01-01", end="1990-12-31")
    assert visitor[Report.STAGE, "className"] == "report is-empty"
    told = words(visitor[Report.NOTICE, "children"])
    assert "choose a later period" in told
    # When there is data, and that period to ask for.
    info = (
        visitor.client.application.extensions["customer_dynamics"]
        .records.snapshots.peek(visitor[Stores.REPORT, "data"]["link"], OPERATOR)
        .result.info
    )
    assert info.known is not None
    begins, ends = map(day_words, info.known)
    assert f"The data begins on {begins} and ends on {ends}." in told
    assert f"Query {begins} – {ends}" in told
    assert visitor[Report.TABLE, "data"] == []


def test_a_cancelled_run_changes_nothing_and_says_so(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(visitor)
    before = visitor[Stores.REPORT, "data"]

    def cancelled(*_: object, **__: object) -> None:
        raise Cancelled

    monkeypatch.setattr(reports, "run_report", cancelled)
    ask(visitor, ("year",))
    assert visitor[Stores.REPORT, "data"] == before
    assert "cancelled" in words(visitor[Page.MESSAGES, "children"])


def test_cancel_withdraws_the_run_that_goes_on(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    withdrawn: list[str] = []
    monkeypatch.setattr(Runs, "cancel", lambda _, run_id, __: withdrawn.append(run_id))
    visitor.put({(Stores.RUN, "data"): RUN})
    visitor.press(Report.CANCEL)
    assert withdrawn == [RUN["id"]]
    # The run that asks a shared question again can be withdrawn as well.
    visitor.put({(Again.ASK, "data"): {"id": "again"}})
    visitor.press(Report.CANCEL)
    assert withdrawn[1:] == [RUN["id"], "again"]


def test_progress_is_told_while_a_run_goes_on(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Runs, "progress", lambda _, run_id, __: f"Counting for {run_id}")
    answer = visitor.client.get(f"/-/run/{RUN['id']}")
    assert answer.get_json() == {"stage": f"Counting for {RUN['id']}"}
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_question_that_cannot_be_asked_leaves_the_report_and_names_the_field(visitor: Visitor) -> None:
    ask(visitor)
    before = visitor[Stores.REPORT, "data"]
    ask(visitor, start="2024-12-31")
    assert visitor[Stores.REPORT, "data"] == before
    assert "not before" in visitor["problem-period", "children"]
    assert visitor[Form.QUERY, "disabled"] is not True


@pytest.mark.parametrize(
    ("said", "first"), [(30, 30), (1, 12), (10**9, 120), ("many", table.WINDOW), (None, table.WINDOW)]
)
def test_a_long_report_begins_with_the_rows_that_the_page_can_show(visitor: Visitor, said: object, first: int) -> None:
    ask(visitor, ("date",))
    visitor.change(Stores.RUN, "data", {"id": "long", "rows": said})
    assert len(visitor[Report.TABLE, "data"]) == first + 1  # and the totals
    assert len(visitor[Report.ROWS, "data"]["rows"]) == 182
