"""The only place where ids are spelled: one enum for each panel."""

from __future__ import annotations

from enum import StrEnum


class Stores(StrEnum):
    """What the browser holds: never an answer, only questions, choices and the link of the report that is shown."""

    REPORT = "report-store"  # {"link": str, "opened": bool} of the report on the page, or None
    VIEW = "view-store"  # {"columns": [metric ids shown], "sort": [{"column_id", "direction"}]}
    CHARTS = "charts-store"  # [ChartSpec JSON + "id"] of the charts on the page
    RUN = "run-store"  # {"id": run id} of the query that is running
    THEME = "theme-store"  # "light" | "dark" as it is painted now


class Page(StrEnum):
    """The frame of the page."""

    LOCATION = "page-location"
    THEME = "page-theme"
    MESSAGES = "page-messages"  # where notices to the person appear (aria-live)
    BANNER = "page-banner"  # above the report: what link this is


class Form(StrEnum):
    """The query form: folding, Query and Reset."""

    PANEL = "form-panel"
    SUMMARY = "form-summary"
    EDIT = "form-edit"
    QUERY = "form-query"
    RESET = "form-reset"


class Report(StrEnum):
    """The report: its line of facts, its tools, its table."""

    SECTION = "report-section"
    TABLE = "report-table"


class Chart(StrEnum):
    """Charts beside the table."""

    MENU = "chart-menu"
    PANEL = "chart-panel"
