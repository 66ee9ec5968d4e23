"""The only place where ids are spelled: one enum for each panel."""

from __future__ import annotations

from enum import StrEnum


class Stores(StrEnum):
    """What the browser holds: never an answer, only questions, choices and the link of the report that is shown."""

    REPORT = "report-store"  # {"link": str, "opened": bool} of the report on the page, or None
    VIEW = "view-store"  # {"columns": [metric ids shown], "sort": [{"column_id", "direction"}]}
    CHARTS = "charts-store"  # [ChartSpec JSON + "id"] of the charts on the page
    RUN = "run-store"  # {"id": run id, "rows": rows in view, "first": by the page itself} of the query that is running
    JOB = "job-store"  # {"id": job id} of what a worker makes while the person waits for it here
    THEME = "theme-store"  # "light" | "dark" as it is painted now


class Page(StrEnum):
    """The frame of the page."""

    LOCATION = "page-location"
    THEME = "page-theme"
    MESSAGES = "page-messages"  # where notices to the person appear (aria-live)
    BANNER = "page-banner"  # above the report: what link this is
    SIGN_OUT = "page-sign-out"


class Form(StrEnum):
    """The query form: folding, Query and Reset."""

    PANEL = "form-panel"
    SUMMARY = "form-summary"
    EDIT = "form-edit"
    BODY = "form-body"
    QUERY = "form-query"
    RESET = "form-reset"
    FOLD = "form-fold"
    DISCARD = "form-discard"  # puts the question of the report on the page back into a form that has changed
    FIELDS = "form-fields"  # which fields each place for a problem is about
    APPEARED = "form-appeared"  # {"link", "opened", "asked"} of a report that is just appearing; asked: value by field
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
    FIRST_VISIT = "period-first-visit"  # something true whenever the browser is to choose the zone


class Filters(StrEnum):
    """The filters that a person adds; the ids of each are those of :class:`FilterIds`."""

    HEADING = "filters-heading"
    ADD = "filters-add"
    SHOWN = "filters-shown"
    ROWS = "filters-rows"  # {key of a filter: id of its row}


class FilterIds:
    """The ids of one filter: its values, its row, its delete icon, and where it says what is wrong."""

    def __init__(self, option: str) -> None:
        self.field = f"filters-{option}"
        self.row = f"{self.field}-row"
        self.remove = f"{self.field}-remove"
        self.problem = f"problem-{option}"


class GroupBy(StrEnum):
    """What rows are made of, in the order of their columns."""

    HEADING = "group-by-heading"
    ADD = "group-by-add"
    CHOSEN = "group-by-chosen"


class Delivery(StrEnum):
    """The Output panel: in what form the report comes, where to, and in which currency."""

    HEADING = "output-heading"
    TYPE = "output-type"
    SEND_TO = "output-send-to"
    SEND_TO_NOTE = "output-send-to-note"
    NOTES = "output-notes"  # what is said under Send to, for Web and for files
    CURRENCY = "output-currency"
    ACTIVE_DURATION = "output-active-duration"
    UNIT = "output-active-duration-unit"
    LESS = "output-active-duration-less"
    MORE = "output-active-duration-more"


class Problem(StrEnum):
    """Where a field says what is wrong with it."""

    PERIOD = "problem-period"
    ZONE = "problem-zone"
    GROUP_BY = "problem-group-by"
    TYPE = "problem-type"
    SEND_TO = "problem-send-to"
    CURRENCY = "problem-currency"
    ACTIVE_DURATION = "problem-active-duration"
    TEMPLATE = "problem-template"


class Templates(StrEnum):
    """Saved queries: the two buttons of the header, and the dialog behind them."""

    SAVE = "templates-save"
    LIST = "templates-list"  # Load Query: what there is to load, and the person's acts on it
    DIALOG = "templates-dialog"
    OPENED = "templates-opened"  # {"open": bool, "at": milliseconds}: the dialog follows it
    HEADING = "templates-dialog-heading"
    EDITED = "templates-edited"  # {"id", "version"} of the template that is being edited, None for a new one
    TITLE = "templates-title"
    DESCRIPTION = "templates-description"
    VISIBILITY = "templates-visibility"
    ALONG = "templates-along"  # which of columns, charts go along
    RUNS = "templates-runs"
    QUERY = "templates-query"
    QUERY_WORDS = "templates-query-words"
    SUBMIT = "templates-submit"
    CANCEL = "templates-cancel"
    UNDO = "templates-undo"
    UNDO_BAR = "templates-undo-bar"
    UNDO_WORDS = "templates-undo-words"
    UNDO_CLOSE = "templates-undo-close"
    DELETED = "templates-deleted"  # the draft of the template deleted last, for Undo
    BROUGHT = "templates-brought"  # columns and charts of the default template that the form opened with
    RUN_NOW = "templates-run-now"  # milliseconds at which a loaded template is to run at once


class Report(StrEnum):
    """The report: its line of facts, its tools, its table."""

    SECTION = "report-section"
    STAGE = "report-stage"  # which of its states the section is in: a class that CSS and people's eyes follow
    FACTS = "report-facts"
    CHIPS = "report-chips"  # what else the question says, beside the facts
    TOLD = "report-told"  # the whole question, the moment and the link, for print and pictures
    INFO = "report-info"
    INFO_TEXT = "report-info-text"
    TOOLS = "report-tools"
    TOOLS_OPEN = "report-tools-open"  # on a narrow screen the tools are behind it
    FIND = "report-find"  # shows the field that rows are filtered by
    FIND_BOX = "report-find-box"  # the field
    STATUS = "report-status"  # count, sum and average of the cells that are selected
    TABS = "report-tabs"  # on a narrow screen: which group of columns the table shows
    HEADLINES = "report-headlines"  # the figures on top of the answer that the page begins with
    FIRST = "report-first"  # true on a page that begins with an answer
    PROGRESS = "report-progress"
    PROGRESS_WORDS = "report-progress-words"
    CANCEL = "report-cancel"
    HAND_OVER = "report-hand-over"  # lets a worker go on with what takes long
    JOB = "report-job"
    JOB_WORDS = "report-job-words"
    JOB_OPEN = "report-job-open"
    JOB_END = "report-job-end"  # cancels it, and closes its line when it has ended
    NOTICE = "report-notice"  # why a report has no rows
    NOTES = "report-notes"  # below the table: which rows are not whole, and what totals are
    GRID = "report-grid"
    TABLE = "report-table"
    ROWS = "report-rows"
    SORT = "report-sort"  # [{"column_id", "direction"}] that the person has just asked for
    CHOSEN = "report-chosen"  # metric ids that the person has just chosen to see
    COLUMNS = "report-columns"
    COLUMNS_COUNT = "report-columns-count"  # how many of all are shown
    COLUMNS_PANEL = "report-columns-panel"
    EXPORTS = "report-exports"
    DOWNLOAD = "report-download"
    COPY = "report-copy"
    COPY_TABLE = "report-copy-table"
    COPIED = "report-copied"
    ADDRESS = "report-address"  # {"link"} that the address bar is to show


class Again(StrEnum):
    """The same question asked again, beside the report of a link."""

    RUN = "again-run"
    ASK = "again-ask"  # {"id": run id} of the query that runs again
    PANEL = "again-panel"
    HEADING = "again-heading"
    SUMMARY = "again-summary"
    GRID = "again-grid"
    TABLE = "again-table"
    ROWS = "again-rows"
    OPEN = "again-open"
    CLOSE = "again-close"


class Links(StrEnum):
    """My links: the button of the header and the dialog behind it. The last four are types of patterns."""

    OPEN = "links-open"
    DIALOG = "links-dialog"
    TITLE = "links-title"
    LIST = "links-list"
    MESSAGE = "links-message"
    CLOSE = "links-close"
    ACT = "links-act"
    EXPIRY = "links-expiry"
    AUDIENCE = "links-audience"
    PEOPLE = "links-people"


class Chart(StrEnum):
    """Charts beside the table. ``ADD`` and ``FORGET`` are types of patterns."""

    MENU = "chart-menu"
    ADD = "chart-add"  # a preset, one's own preset or Blank Chart in the menu
    FORGET = "chart-forget"  # deletes a preset of one's own
    SPLIT = "chart-split"  # between table and charts: dragged, or moved by arrows
    PLACE = "chart-place"  # puts the charts below the table, or beside it
    PANEL = "chart-panel"
    CARD = "chart-card"  # the template of every card
    SAID = "chart-said"  # what a screen reader is told
    LOOK = "chart-look"  # {"narrow": bool}: how much room a chart has
    ASKED = "chart-asked"  # {"link", "charts", "dark", "narrow"} that the panel is to show
    DRAWN = "chart-drawn"  # {"asked", "charts", "cards"}: the charts in the form that suits the report, and each card
    KEEP = "chart-keep"  # {"chart": ChartSpec JSON, "at"} that is to become a preset of one's own


def about(column: str) -> str:
    """Where the words are that explain a column's header; assets/report/dress.js points the header there."""
    return f"about-{column}"


def export(format_id: str) -> str:
    """What exports the report to a file format: a button, or an entry of the menu."""
    return f"report-export-{format_id}"
