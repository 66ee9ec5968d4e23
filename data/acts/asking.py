"""Asking: a report that is frozen as it appears, and the same question asked again later."""

from __future__ import annotations

from dataclasses import dataclass, replace

from data.access import Right, User
from data.report.compare import Comparison, compare
from data.report.query import ReportQuery
from data.report.reports import Answer
from data.report.result import ReportResult
from data.services import Services
from data.store.audit import Act
from data.store.clock import utc_now
from data.store.links import Link


@dataclass(frozen=True, slots=True)
class Published:
    """A report and the link that leads to it."""

    answer: Answer
    link: Link


@dataclass(frozen=True, slots=True)
class AskedAgain:
    """The report of then, its question answered now, and what differs."""

    then: ReportResult
    now: Published
    comparison: Comparison
    scope_differs: bool = False
    """Whether who asks now may see other clients, or other columns, than the author of the report of then."""


def ask(services: Services, user: User, query: ReportQuery, *, run_id: str, title: str | None = None) -> Answer:
    """Answer ``query`` for ``user`` under a ``title``: unless given, that of the template whose question it is.

    Raises :class:`UserError` for a bad question and :class:`Cancelled` when the run was cancelled.
    """
    services.demand(user, Right.VIEW)
    answer = services.reports.ask(query, user, run_id=run_id)
    title = title or title_of(services, user, query)
    services.note(
        Act.REPORT_RUN,
        user,
        title or f"{query.start.date} to {query.end.date}",
        rows=len(answer.result.rows),
        origin=answer.origin,
        question=query.to_json(),
    )
    if title is None:
        return answer
    # The cache keeps no titles: what one person calls a question is no other's business.
    return replace(answer, result=replace(answer.result, info=replace(answer.result.info, title=title)))


def publish(services: Services, user: User, query: ReportQuery, *, run_id: str, title: str | None = None) -> Published:
    """Answer ``query`` as :func:`ask` does, and freeze the report behind a link of ``user``'s."""
    answer = ask(services, user, query, run_id=run_id, title=title)
    return Published(answer, services.records.snapshots.freeze(answer.result, user, from_cache=answer.from_cache))


def ask_again(services: Services, user: User, link_id: str, *, run_id: str) -> AskedAgain:
    """Ask again what the report behind a link answered, for the same dates.

    A range that has moved on would differ in everything and tell nothing. Raises what :func:`publish` does, and
    :class:`LinkGone` and :class:`LinkDamaged`.
    """
    snapshot = services.records.snapshots.peek(link_id, user)
    then, author = snapshot.result, services.records.users.get(snapshot.link.owner_id)
    differs = snapshot.link.owner_id != user.id and (author is None or author.scope_key != user.scope_key)
    now = publish(services, user, replace(then.query, quick_range=None), run_id=run_id, title=then.info.title)
    fresh = now.answer.result
    if not (then.money and fresh.money):
        # Frozen by somebody who sees no money, or seen by one: what is side by side is what both have.
        then, fresh = then.without_money, fresh.without_money
        now = replace(now, answer=replace(now.answer, result=fresh))
    return AskedAgain(then, now, compare(then, fresh), differs)


def title_of(services: Services, user: User, query: ReportQuery) -> str | None:
    """The title of the first template, of those that ``user`` may see, that asks just this today."""
    now = utc_now()
    asked = query.on_day(now)
    for template in services.records.templates.visible_to(user):
        if template.query.on_day(now) == asked:
            return template.title
    return None
