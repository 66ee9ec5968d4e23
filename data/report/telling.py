"""Tells the operator of each report: who asked, what it cost, where the answer came from, and how it ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from data import events
from data.access import User
from data.errors import Cancelled, UserError
from data.report.query import ReportQuery
from data.report.result import ReportResult


@dataclass
class Told:
    """What is known of a report that is being made."""

    facts: dict[str, Any] = field(default_factory=dict)

    def answered(self, result: ReportResult, cache: str, stages: Mapping[str, float]) -> None:
        """It was answered: by a run of ``stages``, by somebody else's run, or from the cache."""
        self.facts = {
            "rows": len(result.rows),
            "cache": cache,
            "stages": {words: round(seconds, 3) for words, seconds in stages.items()} or None,
            "version": result.info.data_version,
            "read": result.info.source,
        }


@contextmanager
def telling(query: ReportQuery, user: User, *, source: str) -> Iterator[Told]:
    """Tell of a report once it has been made or has failed; ``source`` says from where it was asked."""
    told, began, outcome = Told(), perf_counter(), "failed"
    try:
        yield told
        outcome = "answered"
    except Cancelled:
        outcome = "cancelled"
        raise
    except UserError:
        outcome = "refused"
        raise
    finally:
        events.tell(
            "report",
            outcome=outcome,
            source=source,
            who=user.id,
            question=events.question_hash(query),
            seconds=round(perf_counter() - began, 3),
            **told.facts,
        )
