"""Jobs: reports that a worker makes as files or behind a link, kept so that nothing is lost when a process dies.

A job is queued, then one worker has it, says now and then that it lives, and ends it. A worker that fell silent loses
the job, which is taken up once more by another; what the silent one may still bring is refused. Each address that the
file goes to is a delivery of its own, noted before and after the mail server is spoken to: a mail whose end nobody
knows is never sent a second time.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from data.access import User
from data.delivery.asked import Asked
from data.errors import UserError
from data.store.canonical import canonical_json
from data.store.clock import Clock, utc_now
from data.store.database import Database
from data.store.schema import deliveries, files, jobs, outbox

JobState = Literal["queued", "running", "done", "failed", "cancelled"]
DeliveryState = Literal["waiting", "sending", "sent", "refused", "unsure"]

SILENT = timedelta(seconds=30)
"""How long a worker may say nothing before its job is taken from it."""
MOST_ATTEMPTS = 2
"""A job whose worker died is taken up again once."""
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 20, 60, 240))
"""How long is waited after each soft failure of a delivery, until it is given up."""


class JobGone(UserError):
    """The file is unknown, cleaned up, or somebody else's; nobody is told which."""

    def __init__(self) -> None:
        super().__init__("This file is not here any more, or never was: make it again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A job's mail to one address. ``said`` is what went wrong last, in the mail server's words; instants are UTC."""

    id: str
    job_id: str
    address: str
    state: DeliveryState
    attempts: int
    next_at: datetime | None
    ended_at: datetime | None
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A report that is made in the background. Instants are naive UTC, ``size`` is in bytes.

    ``origin`` says who wanted it: "form", "schedule" or "api". ``stage`` is what is being done now, in words, ``fault``
    what went wrong.
    """

    id: str
    owner_id: str
    title: str
    asked: Asked
    origin: str
    state: JobState
    stage: str
    attempts: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    fault: str | None
    row_count: int | None
    link_id: str | None
    file_name: str | None
    size: int | None
    deliveries: tuple[Delivery, ...]

    @property
    def over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in ("done", "failed", "cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeFile:
    """What a job made. ``totals`` are a few of its figures in words, ``note`` says which rows are not whole.

    ``scope`` is what its person could see then (:attr:`User.scope_key`), empty where that is not known.
    """

    name: str
    mime: str
    content: bytes
    totals: tuple[tuple[str, str], ...] = ()
    note: str = ""
    scope: str = ""

    def check_scope(self, user: User) -> None:
        """Raises :class:`UserError` when ``user`` may not see any more, or not only, what is in it."""
        if self.scope and self.scope != user.scope_key:
            raise UserError("What you may see has changed since this file was made: make it again.")


class Jobs:
    """Keeps jobs. What concerns a person takes the ``user``; what a worker does takes its name."""

    def __init__(self, database: Database, *, keep_days: int, now: Clock = utc_now) -> None:
        self._database = database
        self._keep = timedelta(days=keep_days)
        self._now = now

    # --- for people ---------------------------------------------------------------------------------------------------

    def add(self, user: User, asked: Asked, title: str, *, origin: str = "form", job_id: str | None = None) -> Job:
        """Queue a job of ``user``'s. One with a ``job_id`` is added once, however often it is said."""
        known, job_id = job_id, job_id or secrets.token_urlsafe(12)
        values: dict[str, Any] = {
            "id": job_id,
            "owner_id": user.id,
            "title": title[:200],
            "asked": canonical_json(asked.to_json()),
            "origin": origin,
            "state": "queued",
            "stage": "Waiting for a worker",
            "attempts": 0,
            "withdrawn": False,
            "created_at": self._now(),
        }
        with self._database.writing() as connection:
            if known is not None and (found := self._find(connection, jobs.c.id == known, 1)):
                return found[0]
            connection.execute(jobs.insert().values(values))
            for address in dict.fromkeys(asked.send_to):
                connection.execute(
                    deliveries.insert().values(
                        id=secrets.token_urlsafe(12),
                        job_id=job_id,
                        address=address,
                        state="waiting",
                        attempts=0,
                        said="",
                    )
                )
            return self._one(connection, jobs.c.id == job_id)

    def of(self, user: User, *, limit: int = 100) -> tuple[Job, ...]:
        """The jobs of ``user``, newest first."""
        with self._database.reading() as connection:
            return self._find(connection, jobs.c.owner_id == user.id, limit)

    def get(self, job_id: str, user: User) -> Job:
        """A job of ``user``'s. Raises :class:`JobGone`."""
        with self._database.reading() as connection:
            return self._one(connection, (jobs.c.id == job_id) & (jobs.c.owner_id == user.id))

    def file(self, job_id: str, user: User) -> MadeFile:
        """The file of a job of ``user``'s. Raises :class:`JobGone`, also while it is not made yet.

        And :class:`UserError` when what they may see has changed since.
        """
        question = sa.select(files).join(jobs).where(jobs.c.id == job_id, jobs.c.owner_id == user.id)
        with self._database.reading() as connection:
            row = connection.execute(question).one_or_none()
        if row is None:
            raise JobGone
        made = _made(row)
        made.check_scope(user)
        return made

    def withdraw(self, job_id: str, user: User) -> Job:
        """Cancel a job of ``user``'s: one that waits ends now, one that runs as soon as its worker hears of it."""
        own = (jobs.c.id == job_id) & (jobs.c.owner_id == user.id)
        with self._database.writing() as connection:
            self._one(connection, own)
            ended = {"state": "cancelled", "stage": "", "finished_at": self._now(), "withdrawn": True}
            connection.execute(jobs.update().where(own, jobs.c.state == "queued").values(ended))
            connection.execute(jobs.update().where(own, jobs.c.state == "running").values(withdrawn=True))
            return self._one(connection, own)

    def forget(self, job_id: str, user: User) -> None:
        """Delete a job of ``user``'s that is over, with its file. Raises :class:`JobGone`."""
        with self._database.writing() as connection:
            job = self._one(connection, (jobs.c.id == job_id) & (jobs.c.owner_id == user.id))
            if not job.over:
                raise UserError("This file is still being made: cancel it first.")
            connection.execute(jobs.delete().where(jobs.c.id == job_id))

    def known(self, job_id: str) -> Job:
        """A job, whosever it is; for workers. Raises :class:`JobGone`."""
        with self._database.reading() as connection:
            return self._one(connection, jobs.c.id == job_id)

    # --- for workers --------------------------------------------------------------------------------------------------

    def take(self, job_id: str, worker: str) -> Job | None:
        """Give a queued job to ``worker``; None when it is not queued (any more)."""
        now = self._now()
        mine = jobs.update().where(jobs.c.id == job_id, jobs.c.state == "queued")
        begun = {"state": "running", "worker": worker, "started_at": now, "heard_at": now, "stage": "Starting"}
        with self._database.writing() as connection:
            taken = connection.execute(mine.values(begun | {"attempts": jobs.c.attempts + 1})).rowcount
            return self._one(connection, jobs.c.id == job_id) if taken else None

    def live(self, job_id: str, worker: str, stage: str) -> bool:
        """Say that ``worker`` lives and what it does; whether it is to go on: not if the job is withdrawn or taken."""
        mine = (jobs.c.id == job_id) & (jobs.c.worker == worker) & (jobs.c.state == "running")
        with self._database.writing() as connection:
            heard = jobs.update().where(mine).values(heard_at=self._now(), stage=stage[:200])
            found = connection.execute(heard.returning(jobs.c.withdrawn)).one_or_none()
        return found is not None and not found.withdrawn

    def finish(
        self, job_id: str, worker: str, made: MadeFile | None, *, row_count: int, link_id: str | None = None
    ) -> bool:
        """Keep what ``worker`` made; False, and nothing is kept, if the job is not its own any more or withdrawn."""
        mine = (jobs.c.id == job_id) & (jobs.c.worker == worker) & (jobs.c.state == "running")
        ended = {
            "state": "done",
            "stage": "",
            "finished_at": self._now(),
            "row_count": row_count,
            "link_id": link_id,
        }
        with self._database.writing() as connection:
            if not connection.execute(jobs.update().where(mine, ~jobs.c.withdrawn).values(ended)).rowcount:
                return False
            if made is not None:
                connection.execute(
                    files.insert().values(
                        job_id=job_id,
                        name=made.name,
                        mime=made.mime,
                        size=len(made.content),
                        content=made.content,
                        summary=canonical_json({"totals": made.totals, "note": made.note}),
                        scope=made.scope,
                    )
                )
            return True

    def fail(self, job_id: str, worker: str, fault: str | None) -> None:
        """End the job of ``worker`` with what went wrong; None means that it was cancelled."""
        mine = (jobs.c.id == job_id) & (jobs.c.worker == worker) & (jobs.c.state == "running")
        ended = {
            "state": "cancelled" if fault is None else "failed",
            "stage": "",
            "fault": fault,
            "finished_at": self._now(),
        }
        with self._database.writing() as connection:
            if connection.execute(jobs.update().where(mine).values(ended)).rowcount:
                self._give_up_mail(connection, job_id, "The file was not made.")

    def drop(self, job_id: str, worker: str) -> None:
        """Delete the job of ``worker``, of which nothing is to be kept."""
        mine = (jobs.c.id == job_id) & (jobs.c.worker == worker) & (jobs.c.state == "running")
        with self._database.writing() as connection:
            connection.execute(jobs.delete().where(mine))

    def reclaim(self) -> tuple[str, ...]:
        """Take jobs from workers that fell silent; the ids of those that are queued, to be put before workers again."""
        silent = (jobs.c.state == "running") & (jobs.c.heard_at < self._now() - SILENT)
        lost = {"worker": None, "stage": "Waiting for a worker"}
        with self._database.writing() as connection:
            spent = jobs.c.attempts >= MOST_ATTEMPTS
            for job_id in list(connection.execute(sa.select(jobs.c.id).where(silent, spent)).scalars()):
                fault = "The worker that made this file ended twice in the middle: ask your administrator to look."
                values = {"state": "failed", "stage": "", "fault": fault, "finished_at": self._now()}
                connection.execute(jobs.update().where(jobs.c.id == job_id).values(values))
                self._give_up_mail(connection, job_id, "The file was not made.")
            connection.execute(jobs.update().where(silent, ~spent, jobs.c.withdrawn).values(state="cancelled", **lost))
            connection.execute(jobs.update().where(silent, ~spent).values(state="queued", **lost))
            queued = sa.select(jobs.c.id).where(jobs.c.state == "queued").order_by(jobs.c.created_at)
            return tuple(connection.execute(queued).scalars())

    # --- mail ---------------------------------------------------------------------------------------------------------

    def due(self, job_id: str | None = None) -> tuple[Delivery, ...]:
        """The deliveries whose file is made and whose time has come, of one job or of all."""
        now = self._now()
        question = (
            sa.select(deliveries)
            .join(jobs)
            .where(
                jobs.c.state == "done",
                deliveries.c.state == "waiting",
                deliveries.c.next_at.is_(None) | (deliveries.c.next_at <= now),
            )
        )
        if job_id is not None:
            question = question.where(jobs.c.id == job_id)
        with self._database.reading() as connection:
            return tuple(_delivery(row) for row in connection.execute(question))

    def begin_delivery(self, delivery_id: str) -> tuple[Delivery, Job, MadeFile] | None:
        """Note that a mail is being sent now; what to send. None when somebody else began it."""
        one = deliveries.c.id == delivery_id
        begun = {"state": "sending", "begun_at": self._now(), "attempts": deliveries.c.attempts + 1}
        with self._database.writing() as connection:
            if not connection.execute(
                deliveries.update().where(one, deliveries.c.state == "waiting").values(begun)
            ).rowcount:
                return None
            row = connection.execute(sa.select(deliveries).where(one)).one()
            file = connection.execute(sa.select(files).where(files.c.job_id == row.job_id)).one()
            job = self._one(connection, jobs.c.id == row.job_id)
        return _delivery(row), job, _made(file)

    def end_delivery(self, delivery_id: str, state: DeliveryState, said: str = "") -> DeliveryState:
        """Note how a mail ended. A soft failure is "waiting": it is tried again later, and refused in the end."""
        now = self._now()
        one = (deliveries.c.id == delivery_id) & (deliveries.c.state == "sending")
        with self._database.writing() as connection:
            tried = connection.execute(sa.select(deliveries.c.attempts).where(one)).scalar_one_or_none() or 0
            if state == "waiting" and tried > len(WAITS):
                state, said = "refused", f"given up after {tried} attempts: {said}"
            later = now + WAITS[min(tried, len(WAITS)) - 1] if state == "waiting" else None
            ended = None if state == "waiting" else now
            connection.execute(
                deliveries.update().where(one).values(state=state, said=said[:1000], next_at=later, ended_at=ended)
            )
        return state

    def settle_lost_deliveries(self) -> int:
        """Give up mails whose sending process fell silent: they may have been sent, and are not sent twice."""
        lost = (deliveries.c.state == "sending") & (deliveries.c.begun_at < self._now() - 10 * SILENT)
        said = "The process that sent it ended in the middle: it may have arrived, so it was not sent again."
        with self._database.writing() as connection:
            return connection.execute(
                deliveries.update().where(lost).values(state="unsure", said=said, ended_at=self._now())
            ).rowcount

    # --- upkeep -------------------------------------------------------------------------------------------------------

    def clean_up(self) -> int:
        """Delete jobs that ended before the set time, with their files; how many."""
        old = jobs.c.finished_at < self._now() - self._keep
        with self._database.writing() as connection:
            connection.execute(outbox.delete().where(outbox.c.at < self._now() - self._keep))
            return connection.execute(jobs.delete().where(old)).rowcount

    # --- inside -------------------------------------------------------------------------------------------------------

    def _give_up_mail(self, connection: sa.Connection, job_id: str, said: str) -> None:
        waiting = (deliveries.c.job_id == job_id) & (deliveries.c.state == "waiting")
        connection.execute(deliveries.update().where(waiting).values(state="refused", said=said, ended_at=self._now()))

    def _one(self, connection: sa.Connection, where: sa.ColumnElement[bool]) -> Job:
        found = self._find(connection, where, 1)
        if not found:
            raise JobGone
        return found[0]

    def _find(self, connection: sa.Connection, where: sa.ColumnElement[bool], limit: int) -> tuple[Job, ...]:
        question = (
            sa.select(jobs, files.c.name.label("file_name"), files.c.size)
            .outerjoin(files)
            .where(where)
            .order_by(jobs.c.created_at.desc(), jobs.c.id)
            .limit(limit)
        )
        rows = connection.execute(question).all()
        theirs = _by_job(connection, [row.id for row in rows])
        return tuple(_job(row, theirs.get(row.id, ())) for row in rows)


class Outbox:
    """Mail that would have been sent, where no mail server is set up."""

    def __init__(self, database: Database, *, now: Clock = utc_now) -> None:
        self._database = database
        self._now = now

    def put(self, owner_id: str, address: str, subject: str, message: bytes) -> None:
        """Keep a mail instead of sending it."""
        values = {
            "id": secrets.token_urlsafe(12),
            "owner_id": owner_id,
            "at": self._now(),
            "address": address,
            "subject": subject[:255],
            "message": message,
        }
        with self._database.writing() as connection:
            connection.execute(outbox.insert().values(values))

    def of(self, user: User, *, limit: int = 100) -> tuple[sa.Row[Any], ...]:
        """What ``user`` sent: id, at, address, subject; newest first."""
        question = (
            sa.select(outbox.c.id, outbox.c.at, outbox.c.address, outbox.c.subject)
            .where(outbox.c.owner_id == user.id)
            .order_by(outbox.c.at.desc(), outbox.c.id)
        )
        with self._database.reading() as connection:
            return tuple(connection.execute(question.limit(limit)))

    def message(self, mail_id: str, user: User) -> bytes:
        """A mail of ``user``'s as it would have been sent. Raises :class:`JobGone`."""
        question = sa.select(outbox.c.message).where(outbox.c.id == mail_id, outbox.c.owner_id == user.id)
        with self._database.reading() as connection:
            found = connection.execute(question).scalar_one_or_none()
        if found is None:
            raise JobGone
        return bytes(found)


def _by_job(connection: sa.Connection, ids: Sequence[str]) -> dict[str, tuple[Delivery, ...]]:
    question = sa.select(deliveries).where(deliveries.c.job_id.in_(ids)).order_by(deliveries.c.address)
    found: dict[str, tuple[Delivery, ...]] = {}
    for item in map(_delivery, connection.execute(question) if ids else ()):
        found[item.job_id] = (*found.get(item.job_id, ()), item)
    return found


def _delivery(row: sa.Row[Any]) -> Delivery:
    return Delivery(
        id=row.id,
        job_id=row.job_id,
        address=row.address,
        state=row.state,
        attempts=row.attempts,
        next_at=row.next_at,
        ended_at=row.ended_at,
        said=row.said,
    )


def _made(row: sa.Row[Any]) -> MadeFile:
    said = json.loads(row.summary or "{}")
    return MadeFile(
        name=row.name,
        mime=row.mime,
        content=row.content,
        totals=tuple((label, words) for label, words in said.get("totals", ())),
        note=said.get("note", ""),
        scope=row.scope or "",
    )


def _job(row: sa.Row[Any], theirs: Iterable[Delivery]) -> Job:
    return Job(
        id=row.id,
        owner_id=row.owner_id,
        title=row.title,
        asked=Asked.from_json(json.loads(row.asked)),
        origin=row.origin,
        state=row.state,
        stage=row.stage,
        attempts=row.attempts,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        fault=row.fault,
        row_count=row.row_count,
        link_id=row.link_id,
        file_name=row.file_name,
        size=row.size,
        deliveries=tuple(theirs),
    )
