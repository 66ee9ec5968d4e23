"""What an operator is told: one line for each event, and the figures for Prometheus, also of several processes."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from data import events
from data.access import OPERATOR
from data.errors import Cancelled, UserError, report_incident
from data.report.period import Bound
from data.report.query import ReportQuery
from data.report.telling import telling
from data.version import VERSION

ROOT = Path(__file__).parents[2]
QUERY = ReportQuery(start=Bound(date(2024, 3, 1)), end=Bound(date(2024, 3, 31)))


@pytest.fixture
def lines(tmp_path: Path) -> Iterator[Any]:
    """What has been written until it is called."""
    file = tmp_path / "events.jsonl"
    events.write_to(str(file))
    yield lambda: [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    events.stop_writing()


def test_an_event_is_one_line_of_json_with_its_moment(lines: Any) -> None:
    events.tell("load", outcome="loaded", source="a\nb", version=None)
    [line] = lines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", line.pop("at"))
    assert line == {"event": "load", "outcome": "loaded", "source": "a\nb"}


def test_a_file_that_was_moved_away_is_begun_anew(lines: Any, tmp_path: Path) -> None:
    events.tell("load", outcome="first")
    (tmp_path / "events.jsonl").rename(tmp_path / "old")
    events.tell("load", outcome="second")
    assert [line["outcome"] for line in lines()] == ["second"]


def test_an_incident_is_told_by_its_id(lines: Any) -> None:
    incident = report_incident(ValueError("secret"), logging.getLogger("somewhere"))
    [line] = lines()
    assert (line["event"], line["incident"], line["fault"], line["where"]) == (
        "incident", incident, "ValueError", "somewhere",
    )  # fmt: skip
    assert "secret" not in json.dumps(line)


@pytest.mark.parametrize(
    ("fault", "outcome"), [(Cancelled(), "cancelled"), (UserError("no"), "refused"), (ValueError(), "failed")]
)
def test_a_report_that_fails_is_told_too(fault: Exception, outcome: str, lines: Any) -> None:
    with pytest.raises(type(fault)), telling(QUERY, OPERATOR, source="page"):
        raise fault
    [line] = lines()
    assert (line["event"], line["outcome"], line["source"], line["who"]) == ("report", outcome, "page", "operator")
    assert line["question"] == events.question_hash(QUERY)
    assert line["seconds"] >= 0


def test_equal_questions_have_one_name_and_others_another() -> None:
    assert events.question_hash(replace(QUERY)) == events.question_hash(QUERY)
    assert events.question_hash(replace(QUERY, currency="USD")) != events.question_hash(QUERY)
    assert re.fullmatch("[0-9a-f]{12}", events.question_hash(QUERY))


def test_figures_of_several_processes_are_added_up(tmp_path: Path) -> None:
    code = (
        "from data import events; show = events.open_figures();"
        "events.tell('report', outcome='answered', source='page', cache='run', seconds=0.3, rows=12,"
        " stages={'Adding up transactions': 0.25});"
        "events.tell('export', format='csv'); events.tell('load', outcome='loaded');"
        "events.tell('incident', where='callbacks.errors'); print(show()[0].decode())"
    )
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for _ in range(2):
        shown = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        ).stdout
    for line in (
        'customer_dynamics_reports_total{cache="run",outcome="answered",source="page"} 2.0',
        'customer_dynamics_report_seconds_bucket{cache="run",le="0.5"} 2.0',
        'customer_dynamics_report_seconds_bucket{cache="run",le="0.2"} 0.0',
        'customer_dynamics_report_stage_seconds_total{stage="Adding up transactions"} 0.5',
        "customer_dynamics_report_rows_total 24.0",
        'customer_dynamics_exports_total{format="csv"} 2.0',
        'customer_dynamics_loads_total{outcome="loaded"} 2.0',
        'customer_dynamics_incidents_total{where="callbacks.errors"} 2.0',
    ):
        assert line in shown.splitlines()


def test_the_folder_of_figures_begins_empty_and_is_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "")
    folder = tmp_path / "figures"
    folder.mkdir()
    (folder / "counter_1.db").touch()
    events.share_figures(folder)
    assert ([*folder.iterdir()], os.environ["PROMETHEUS_MULTIPROC_DIR"]) == ([], str(folder))


def test_the_changelog_knows_the_version() -> None:
    newest = re.search(r"^## \[(\d.*?)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert newest is not None
    assert newest[1] == VERSION
