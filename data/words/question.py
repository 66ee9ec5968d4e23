"""The question of a report in words. Page, print, pictures, files, links and mails all tell it with these."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from data.currencies import currency_name
from data.report.dimensions import DIMENSION
from data.report.filters import FILTER
from data.report.period import QUICK_RANGES
from data.report.query import ReportQuery
from data.words.dates import period_words
from data.words.names import cut

Names = Mapping[tuple[str, Any], str]
"""Names of owners and packages, keyed ("owner", id) and ("package", id)."""

_FEW = 3
"""Values of a filter that a title names; of more it tells how many there are."""

_MOST_TITLE, _MOST_FILE = 100, 80


@dataclass(frozen=True, slots=True)
class Question:
    """A question in words.

    ``name`` is the title that a person gave it, None when they gave none. ``filters`` are those that are set, each its
    label and all of its values. ``range`` is the quick range that the period comes from.
    """

    name: str | None
    range: str | None
    start: str
    end: str
    period: str
    zone: str
    filters: tuple[tuple[str, tuple[str, ...]], ...]
    grouping: tuple[str, ...]
    currency: str
    months: int

    @property
    def title(self) -> str:
        """Its name, or a title made of it: "By Month, Jan–Dec 2026, Client Tags vip"."""
        if self.name:
            return self.name
        by = f"By {', '.join(self.grouping)}" if self.grouping else "Totals"
        filters = (f"{label} {_few(values)}" for label, values in self.filters)
        return cut(", ".join([by, self.period, *filters]), _MOST_TITLE)

    @property
    def line(self) -> str:
        """All of it in one line: "Last 12 months, Europe/Kyiv, Owner Acme, by Month, EUR, active 3 months"."""
        return self._line(self.range or self.period)

    @property
    def told(self) -> str:
        """All of it in one line, with the name and the dates that the answer is about."""
        return ": ".join([*filter(None, [self.name]), self._line(self.period)])

    @property
    def chips(self) -> tuple[str, ...]:
        """What a line that gives period and currency leaves open: "Owner Acme", "by Month", "active 3 months"."""
        return (*self._filters, *self._by, self.zone, self._active)

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """Each part of it, a label and its words."""
        period = self.period if self.range is None else f"{self.period} ({self.range})"
        return (
            ("Title", self.title),
            ("Period", period),
            ("Time zone", self.zone),
            *((label, " or ".join(values)) for label, values in self.filters),
            *(() if self.filters else (("Filters", "none: all clients"),)),
            ("Group by", ", ".join(self.grouping) or "nothing: one row for the period"),
            ("Currency", f"{self.currency} ({currency_name(self.currency)})"),
            ("Active Duration", counted_months(self.months)),
        )

    @property
    def file_stem(self) -> str:
        """A name for files, safe on every system: "customer-dynamics_by-month_vip_2024-01-01_2024-03-31"."""
        if self.name:
            words = [_slug(self.name)]
        else:
            words = ["customer-dynamics", *(["by " + " ".join(self.grouping)] if self.grouping else [])]
            words += [_few(values) for _, values in self.filters]
        # Cut before the dates, which every name keeps.
        stem = "_".join(filter(None, map(_slug, words)))[:_MOST_FILE].rstrip("-_") or "customer-dynamics"
        return "_".join([stem, self.start.replace(":", ""), self.end.replace(":", "")])

    @property
    def _filters(self) -> tuple[str, ...]:
        return tuple(f"{label} {' or '.join(values)}" for label, values in self.filters)

    @property
    def _by(self) -> tuple[str, ...]:
        return (f"by {', '.join(self.grouping)}",) if self.grouping else ()

    @property
    def _active(self) -> str:
        return f"active {counted_months(self.months)}"

    def _line(self, period: str) -> str:
        return ", ".join([period, self.zone, *self._filters, *self._by, self.currency, self._active])


def tell(query: ReportQuery, names: Names | None = None, *, name: str | None = None, language: str = "en") -> Question:
    """The words of ``query``. ``name`` is a title that a person gave it, such as its template's."""
    known = names or {}

    filters = tuple(
        (item.label, tuple(known.get((item.option, value)) or item.words(value) for value in values))
        for item, values in ((FILTER[id_], values) for id_, values in query.filters)
    )
    return Question(
        name=name,
        range=QUICK_RANGES.get(query.quick_range or ""),
        start=str(query.start),
        end=str(query.end),
        period=period_words(query.start, query.end, language),
        zone=query.timezone,
        filters=filters,
        grouping=tuple(DIMENSION[item].label for item in query.group_by),
        currency=query.currency,
        months=query.active_duration,
    )


def counted_months(months: int) -> str:
    """How many months: "1 month", "3 months"."""
    return f"{months} month{'' if months == 1 else 's'}"


def _few(values: Sequence[str]) -> str:
    if len(values) <= _FEW:
        return " or ".join(map(cut, values))
    return f"{cut(values[0])} and {len(values) - 1} more"


def _slug(text: str) -> str:
    """Letters and digits of any script, with dashes for all that stands between them."""
    return re.sub(r"[\W_]+", "-", unicodedata.normalize("NFC", text)).strip("-").lower()
