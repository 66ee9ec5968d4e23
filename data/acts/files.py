"""What a person does with reports that a worker makes: order one, follow it, cancel it, have it made again."""

from __future__ import annotations

from dataclasses import dataclass

from data.access import Right, User
from data.acts.asking import title_of
from data.acts.names import known_names
from data.delivery.asked import Asked
from data.delivery.formats import WEB
from data.errors import UserError
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
    user.require(Right.VIEW)
    if asked.output != WEB:
        user.require(Right.EXPORT)
    if asked.send_to:
        user.require(Right.DELIVER)
    for address in asked.send_to:
        services.settings.check_recipient(address)


def repeat(services: Services, user: User, job_id: str) -> Job:
    """Have a job of ``user``'s made anew, with the data and the rights of now."""
    job = services.records.jobs.get(job_id, user)
    return order(services, user, job.asked, title=job.title or None, origin=job.origin)


def told(services: Services, user: User, jobs: tuple[Job, ...]) -> tuple[ToldJob, ...]:
    """Each of ``jobs`` with its question in words."""
    names = known_names(services, user) if any(job.asked.query.names_ids for job in jobs) else None
    return tuple(ToldJob(job, tell(job.asked.query, names, name=job.title or None)) for job in jobs)


def download(services: Services, user: User, job_id: str, *, address: str = "") -> MadeFile:
    """The file of a job of ``user``'s, if they may export (still). Raises :class:`JobGone`."""
    user.require(Right.EXPORT)
    made = services.records.jobs.file(job_id, user)
    services.records.audit.write(Act.EXPORT, user, made.name, address=address, bytes=len(made.content), how="file")
    return made
