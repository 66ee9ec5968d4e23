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
    BODY = "form-body"
    QUERY = "form-query"
    RESET = "form-reset"
    ACTIONS = "form-actions"  # the button bar; the running report puts its progress and Cancel there


class Period(StrEnum):
    """The period, always there: quick range or dates, and the time zone."""

    RANGE = "period-range"
    FROM = "period-from"
    FROM_TIME = "period-from-time"
    TO = "period-to"
    TO_TIME = "period-to-time"
    ZONE = "period-zone"
    CALENDAR = "period-calendar"  # what each quick range means on the days around today
    FIRST_VISIT = "period-first-visit"  # true when the browser may choose the zone


class Filters(StrEnum):
    """The filters that a person adds; each has its values, its row and its delete icon."""

    ADD = "filters-add"
    SHOWN = "filters-shown"
    CLIENT_TYPE = "filters-client-type"
    CLIENT_TYPE_ROW = "filters-client-type-row"
    CLIENT_TYPE_REMOVE = "filters-client-type-remove"
    TAG = "filters-tag"
    TAG_ROW = "filters-tag-row"
    TAG_REMOVE = "filters-tag-remove"
    OWNER = "filters-owner"
    OWNER_ROW = "filters-owner-row"
    OWNER_REMOVE = "filters-owner-remove"
    PACKAGE = "filters-package"
    PACKAGE_ROW = "filters-package-row"
    PACKAGE_REMOVE = "filters-package-remove"


class GroupBy(StrEnum):
    """What rows are made of, in the order of their columns."""

    ADD = "group-by-add"
    CHOSEN = "group-by-chosen"


class Delivery(StrEnum):
    """The Output panel: in what form the report comes, where to, and in which currency."""

    TYPE = "output-type"
    SEND_TO = "output-send-to"
    SEND_TO_NOTE = "output-send-to-note"
    CURRENCY = "output-currency"
    ACTIVE_DURATION = "output-active-duration"
    LESS = "output-active-duration-less"
    MORE = "output-active-duration-more"


class Problem(StrEnum):
    """Where a field says what is wrong with it."""

    PERIOD = "problem-period"
    ZONE = "problem-zone"
    CLIENT_TYPE = "problem-client-type"
    TAG = "problem-tag"
    OWNER = "problem-owner"
    PACKAGE = "problem-package"
    GROUP_BY = "problem-group-by"
    TYPE = "problem-type"
    SEND_TO = "problem-send-to"
    CURRENCY = "problem-currency"
    ACTIVE_DURATION = "problem-active-duration"
    TEMPLATE = "problem-template"


class Templates(StrEnum):
    """Saved queries: the two buttons of the header, and the dialogs behind them."""

    SAVE = "templates-save"
    LOAD = "templates-load"
    LIST = "templates-list"  # what there is to load, for the menu of Load Query
    DIALOG = "templates-dialog"
    HEADING = "templates-dialog-heading"
    EDITED = "templates-edited"  # id of the template that is being edited, None for a new one
    TITLE = "templates-title"
    DESCRIPTION = "templates-description"
    VISIBILITY = "templates-visibility"
    VIEW = "templates-view"
    CHARTS = "templates-charts"
    RUNS = "templates-runs"
    QUERY = "templates-query"
    QUERY_WORDS = "templates-query-words"
    SUBMIT = "templates-submit"
    CANCEL = "templates-cancel"
    UNDO = "templates-undo"
    DELETED = "templates-deleted"
    RUN_NOW = "templates-run-now"  # counts up when a loaded template is to run at once


class Report(StrEnum):
    """The report: its line of facts, its tools, its table."""

    SECTION = "report-section"
    TABLE = "report-table"


class Chart(StrEnum):
    """Charts beside the table."""

    MENU = "chart-menu"
    PANEL = "chart-panel"
