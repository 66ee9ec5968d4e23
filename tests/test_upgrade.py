"""An installation that version 0.1 made goes on working: its links, templates and settings, and its data.

``golden/installation-0.1.tar.gz`` is the VAR_DIR that the program of version 0.1 left: the golden data set loaded, a
report frozen behind a shared link, a default template, remembered settings, a chart preset; ``made.json`` tells of it.
"""

from __future__ import annotations

import json
import tarfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from data.access import OPERATOR
from data.acts.form import opening
from data.report.order import Sort
from data.report.run import run_report
from data.services import Services
from data.settings import Settings
from data.warehouse.engines import open_warehouse
from data.warehouse.load import rebuild

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def installation(tmp_path: Path) -> Path:
    with tarfile.open(GOLDEN / "installation-0.1.tar.gz") as archive:
        archive.extractall(tmp_path / "var", filter="data")
    return tmp_path / "var"


@pytest.fixture
def made(installation: Path) -> dict[str, Any]:
    return json.loads((installation / "made.json").read_text())


@pytest.fixture
def settings(installation: Path) -> Settings:
    return Settings(var_dir=str(installation), sign_in="none", log_level="CRITICAL")


@pytest.fixture
def services(settings: Settings) -> Services:
    from app import create_app

    found = create_app(settings).server.extensions["customer_dynamics"]
    assert isinstance(found, Services)
    return found


def figures(report: dict[str, Any]) -> tuple[list[list[Any]], list[Any]]:
    """Rows and totals without what a later program adds to them."""
    labels = [*report["query"]["group_by"], "package_id"]
    metrics = [column["id"] for column in report["columns"] if column["group"]]
    rows = [[row.get(name) for name in (*labels, *metrics)] for row in report["rows"]]
    return rows, [report["totals"][name] for name in metrics]


def test_a_link_shows_exactly_what_it_showed(services: Services, made: dict[str, Any]) -> None:
    snapshot = services.records.snapshots.open(made["link"], OPERATOR)
    assert figures(snapshot.result.to_json()) == figures(made["result"])
    assert snapshot.view is not None
    assert snapshot.view.columns == ("clients_active_qty", "payg_total")
    assert snapshot.view.sort == Sort("payg_total", "desc")
    assert services.records.upkeep.check().damaged == ()


def test_templates_and_settings_are_there(services: Services, made: dict[str, Any]) -> None:
    [template] = services.records.templates.visible_to(OPERATOR)
    assert (template.id, template.title, template.asked.output) == (made["template"], "Quarter", "xlsx")
    assert (template.query.owners, template.query.packages, template.query.group_by) == (
        (2,),
        (13,),
        ("month", "package"),
    )
    assert services.records.templates.default_of(OPERATOR) == template
    assert [preset.title for preset in services.records.chart_presets.list(OPERATOR)] == ["Mine"]
    opened = opening(services, OPERATOR, datetime(2026, 11, 25).date())
    assert opened.asked.query.owners == (2,)
    assert opened.lost == ()


def test_data_is_brought_up_to_date_and_gives_the_same_figures(settings: Settings, made: dict[str, Any]) -> None:
    from data.report.query import ReportQuery

    query, as_of = ReportQuery.from_json(made["result"]["query"]), datetime(2024, 7, 15, 10)
    before = run_report(open_warehouse(settings), query, OPERATOR, as_of=as_of).to_json()
    assert figures(before) == figures(made["result"]), "answered from what 0.1 derived"
    rebuild(settings)
    after = run_report(open_warehouse(settings), query, OPERATOR, as_of=as_of).to_json()
    assert figures(after) == figures(made["result"])
