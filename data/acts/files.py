"""Files of reports: of what the page displays, and those that a worker makes: order one, follow it, have it made again.

All of them need the right to export.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from data import events
from data.access import Right, User
from data.acts.asking import ask, title_of
from data.acts.names import known_names
from data.delivery.asked import Asked
from data.delivery.formats import FORMAT, WEB, export, filename
from data.errors import UserError
from data.report.order import row_order
from data.report.result import ReportResult
from data.report.view import View
from data.services import Services
from data.store.audit import Act
from data.store.jobs import Job, MadeFile
from data.words.question import Question, tell

MOST_WAITING = 20
"""Jobs that a person may have queued or running at the same time."""


@dataclass(frozen=True, slots=True)
class ToldJob:
    """A job and its question in words."""

    job: Job
    question: Question


@dataclass(frozen=True, slots=True)
class File:
    """A file that was made of a report."""

    name: str
    mime: str
    content: bytes


def order(services: Services, user: User, asked: Asked, *, title: str | None = None, origin: str = "form") -> Job:
    """Let a worker make what is ``asked``, and send it if it is to be sent.

    Raises :class:`UserError` for what the person may not do, and for an address that reports may not go to.
    """
    check_order(services, user, asked)
    jobs = services.records.jobs
    if sum(not job.over for job in jobs.of(user)) >= MOST_WAITING:
        raise UserError(f"You have {MOST_WAITING} files being made: wait for one, or cancel one in My files.")
    job = jobs.add(user, asked, title or title_of(services, user, asked.query) or "", origin=origin)
    services.queue.put(job.id)
    return job


def check_order(services: Services, user: User, asked: Asked) -> None:
    """Raises :class:`UserError` unless ``user`` may have this made, and sent to these addresses."""
    services.demand(user, Right.VIEW)
    if asked.output != WEB:
        services.demand(user, Right.EXPORT, asked.output)
    if asked.send_to:
        services.demand(user, Right.DELIVER, asked.output)
    for address in asked.send_to:
        services.settings.check_recipient(address)


def repeat(services: Services, user: User, job_id: str) -> Job:
    """Have a job of ``user``'s made anew, with the data and the rights of now."""
    job = services.records.jobs.get(job_id, user)
    return order(services, user, job.asked, title=job.title or None)


def told(services: Services, user: User, jobs: tuple[Job, ...]) -> tuple[ToldJob, ...]:
    """Each of ``jobs`` with its question in words."""
    names = known_names(services, user) if any(job.asked.query.names_ids for job in jobs) else None
    return tuple(ToldJob(job, tell(job.asked.query, names, name=job.title or None)) for job in jobs)


def download(services: Services, user: User, job_id: str, *, address: str = "") -> MadeFile:
    """The file of a job of ``user``'s, if they may export (still). Raises :class:`JobGone`."""
    services.demand(user, Right.EXPORT)
    made = services.records.jobs.file(job_id, user)
    services.records.audit.write(Act.EXPORT, user, made.name, address=address, bytes=len(made.content), how="file")
    return made


def export_shown(services: Services, user: User, link_id: str, format_id: str, view: View) -> File:
    """The file of what ``view`` displays of the report behind a link.

    Raises :class:`NotAllowed`, :class:`LinkGone` and :class:`LinkDamaged`.
    """
    services.demand(user, Right.EXPORT, format_id)
    result = services.records.snapshots.peek(link_id, user).result
    columns = [column.id for column in result.columns if column.kind == "dimension" or column.id in view.shown]
    return _made(services, user, result, format_id, columns=columns, order=row_order(result, view.sort))


def ask_for_file(
    services: Services, user: User, asked: Asked, *, run_id: str, check: Callable[[ReportResult], None] = lambda _: None
) -> tuple[ReportResult, File]:
    """The answer to ``asked``, and the whole of it as the file that it asks for, unless ``check`` raises something.

    Raises :class:`NotAllowed`, and what :func:`data.acts.asking.ask` does.
    """
    services.demand(user, Right.EXPORT, asked.output)
    if asked.send_to:
        services.demand(user, Right.DELIVER, asked.output)
    result = ask(services, user, asked.query, run_id=run_id).result
    check(result)
    return result, _made(services, user, result, asked.output)


def _made(services: Services, user: User, result: ReportResult, format_id: str, **shown: Sequence[Any]) -> File:
    names = known_names(services, user)
    content = export(result, format_id, names=names, **shown)
    question = events.question_hash(result.query)
    events.tell("export", who=user.id, question=question, format=format_id, rows=len(result.rows), bytes=len(content))
    name = filename(result, format_id, names)
    services.note(Act.EXPORT, user, name, rows=len(result.rows), question=question)
    return File(name, FORMAT[format_id].mime, content)
