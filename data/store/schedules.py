"""Schedules: templates that are run at set times, each time once, whichever worker comes first."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import sqlalchemy as sa

from data.access import User
from data.delivery.formats import WEB, check_output_type
from data.delivery.rhythm import Rhythm
from data.errors import UserError
from data.report.catalog import METRIC
from data.report.period import QUICK_RANGES
from data.report.result import Figure, ReportResult
from data.store.canonical import canonical_json
from data.store.clock import Clock, utc_now
from data.store.database import Database
from data.store.schema import jobs, schedule_runs, schedules, unsubscribes

LATE = timedelta(minutes=10)
"""A run that begins so long after it was due is marked late."""
_ORDERED_WITHIN = timedelta(seconds=60)
MOST = 50
MOST_ADDRESSES = 50
HISTORY = 20

COMPARISONS = {">": "is above", ">=": "is at least", "<": "is below", "<=": "is at most"}
PLACES = {"totals": "in the totals", "rows": "in any row"}


class ScheduleGone(UserError):
    """The schedule is unknown, deleted, or somebody else's; nobody is told which."""

    def __init__(self) -> None:
        super().__init__("This schedule does not exist any more: make it again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """What must hold of a figure before anything is sent: ``metric`` compared with ``value`` in totals or any row."""

    metric: str
    comparison: str
    value: str
    place: str = "totals"

    def check(self) -> Threshold:
        """Itself; raises :class:`UserError` naming the field that cannot be meant."""
        if self.metric not in METRIC or self.comparison not in COMPARISONS or self.place not in PLACES:
            raise UserError("Choose the column, the comparison and where it is looked for.", field="threshold")
        self.number  # noqa: B018 - raises when it is none
        return self

    @property
    def number(self) -> Decimal:
        """What is compared with."""
        try:
            number = Decimal(self.value.replace(",", "").strip())
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite():
            raise UserError(f"{self.value[:40]!r} is not a number: write it as 1250.50.", field="value")
        return number

    def holds(self, result: ReportResult) -> bool:
        """Whether ``result`` has such a figure. Raises :class:`UserError` when its owner may not see the column."""
        if self.metric not in {column.id for column in result.columns}:
            raise UserError(f"The column {METRIC[self.metric].name} is not in the report: choose another one.")
        place = list(METRIC).index(self.metric)
        found: list[Figure] = [row.figures[place] for row in result.rows]
        if self.place == "totals":
            found = [] if result.totals is None else [result.totals[place]]
        return any(figure is not None and self._fits(Decimal(figure)) for figure in found)

    def _fits(self, figure: Decimal) -> bool:
        number = self.number
        return {
            ">": figure > number,
            ">=": figure >= number,
            "<": figure < number,
            "<=": figure <= number,
        }[self.comparison]

    @property
    def words(self) -> str:
        """It in words: "Balance Refill: Total is above 1000 in the totals"."""
        return f"{METRIC[self.metric].name} {COMPARISONS[self.comparison]} {self.value} {PLACES[self.place]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulePlan:
    """When a template is run and what becomes of it. ``range`` replaces the template's period unless it is empty."""

    rhythm: Rhythm
    output: str
    send_to: tuple[str, ...] = ()
    range: str = ""
    skips_empty: bool = False
    threshold: Threshold | None = None

    def check(self) -> SchedulePlan:
        """Itself; raises :class:`UserError` naming the field that cannot be meant."""
        self.rhythm.check()
        if check_output_type(self.output) == WEB:
            raise UserError("Choose a file type: a schedule makes files.", field="output")
        if self.range and self.range not in QUICK_RANGES:
            raise UserError("Choose a range of the list, or the template's own period.", field="range")
        if len(self.send_to) > MOST_ADDRESSES:
            raise UserError(f"Keep at most {MOST_ADDRESSES} addresses.", field="send-to")
        if self.threshold is not None:
            self.threshold.check()
        return self

    def to_json(self) -> dict[str, object]:
        """Plain JSON that :meth:`from_json` reads back."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SchedulePlan:
        """What :meth:`to_json` wrote."""
        threshold = data.get("threshold")
        return cls(
            rhythm=Rhythm(**data["rhythm"]),
            output=data["output"],
            send_to=tuple(data["send_to"]),
            range=data["range"],
            skips_empty=data["skips_empty"],
            threshold=None if threshold is None else Threshold(**threshold),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRun:
    """One time that a schedule ran. Instants are naive UTC; ``said`` is how it ended, empty while it is made.

    ``job_id`` is the job that makes it, known before there is one: so it is ordered once, whatever ends in between.
    """

    due_at: datetime
    begun_at: datetime
    late: bool
    job_id: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A template that is run at set times. ``paused`` says why it is not, None while it is. Instants are naive UTC."""

    id: str
    owner_id: str
    template_id: str
    title: str
    plan: SchedulePlan
    paused: str | None
    next_at: datetime
    created_at: datetime
    runs: tuple[ScheduleRun, ...] = field(default=())
    unsubscribed: frozenset[str] = frozenset()

    @property
    def recipients(self) -> tuple[str, ...]:
        """Whom it still goes to."""
        return tuple(address for address in self.plan.send_to if address.casefold() not in self.unsubscribed)


class Schedules:
    """Keeps schedules. What concerns a person takes the ``user``; what a worker does takes none."""

    def __init__(self, database: Database, *, now: Clock = utc_now) -> None:
        self._database = database
        self._now = now

    def create(self, user: User, template_id: str, title: str, plan: SchedulePlan) -> Schedule:
        """A new schedule of ``user``'s."""
        now = self._now()
        schedule_id = secrets.token_urlsafe(12)
        values: dict[str, Any] = {
            "id": schedule_id,
            "owner_id": user.id,
            "template_id": template_id,
            "title": title[:200],
            "plan": canonical_json(plan.check().to_json()),
            "next_at": plan.rhythm.following(now)[0],
            "created_at": now,
        }
        if len(self.of((user.id,))) >= MOST:
            raise UserError(f"You have {MOST} schedules already: delete one that is not needed.")
        with self._database.writing() as connection:
            connection.execute(schedules.insert().values(values))
            return self._one(connection, schedules.c.id == schedule_id)

    def of(self, owners: Collection[str]) -> tuple[Schedule, ...]:
        """The schedules of these people, next ones first, each with its latest runs."""
        with self._database.reading() as connection:
            return self._find(connection, schedules.c.owner_id.in_(sorted(owners)))

    def get(self, schedule_id: str, owners: Collection[str]) -> Schedule:
        """A schedule of one of these people. Raises :class:`ScheduleGone`."""
        with self._database.reading() as connection:
            own = schedules.c.owner_id.in_(sorted(owners))
            return self._one(connection, (schedules.c.id == schedule_id) & own)

    def known(self, schedule_id: str) -> Schedule:
        """A schedule, whosever it is; for workers, and for whoever holds its token. Raises :class:`ScheduleGone`."""
        with self._database.reading() as connection:
            return self._one(connection, schedules.c.id == schedule_id)

    def delete(self, schedule_id: str) -> None:
        """Delete a schedule with its history."""
        with self._database.writing() as connection:
            connection.execute(schedules.delete().where(schedules.c.id == schedule_id))

    def pause(self, schedule_id: str, why: str) -> bool:
        """Let it not run any more; whether it did until now."""
        with self._database.writing() as connection:
            runs = (schedules.c.id == schedule_id) & schedules.c.paused.is_(None)
            return bool(connection.execute(schedules.update().where(runs).values(paused=why[:500])).rowcount)

    def resume(self, schedule: Schedule) -> None:
        """Let it run again from now on; what was due meanwhile is not made up for."""
        values = {"paused": None, "next_at": schedule.plan.rhythm.following(self._now())[0]}
        with self._database.writing() as connection:
            connection.execute(schedules.update().where(schedules.c.id == schedule.id).values(values))

    def hand_over(self, schedule: Schedule, user: User, template_id: str) -> None:
        """Give it to ``user``, with a template that they may see, and let it run again."""
        with self._database.writing() as connection:
            values = {"owner_id": user.id, "template_id": template_id}
            connection.execute(schedules.update().where(schedules.c.id == schedule.id).values(values))
        self.resume(schedule)

    def take_due(self) -> tuple[tuple[Schedule, ScheduleRun], ...]:
        """What is due, each taken by nobody else. However many times were missed, it is one run, marked late."""
        now = self._now()
        found = []
        with self._database.writing() as connection:
            for item in self._find(connection, (schedules.c.next_at <= now) & schedules.c.paused.is_(None)):
                due = (schedules.c.id == item.id) & (schedules.c.next_at == item.next_at)
                following = item.plan.rhythm.following(now)[0]
                if connection.execute(schedules.update().where(due).values(next_at=following)).rowcount:
                    found.append((item, self._begin(connection, item, item.next_at, now - item.next_at > LATE)))
        return tuple(found)

    def begin_now(self, schedule: Schedule) -> ScheduleRun:
        """Note a run that a person wants now, beside those that are due."""
        with self._database.writing() as connection:
            return self._begin(connection, schedule, self._now(), late=False)

    def unordered(self) -> tuple[tuple[Schedule, ScheduleRun], ...]:
        """Runs that were begun a while ago and have no job: the process that took them ended in between."""
        lost = (
            (schedule_runs.c.said == "")
            & (schedule_runs.c.begun_at < self._now() - _ORDERED_WITHIN)
            & schedule_runs.c.job_id.not_in(sa.select(jobs.c.id))
        )
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(schedule_runs).where(lost)).all()
            return tuple((self._one(connection, schedules.c.id == row.schedule_id), _run(row)) for row in rows)

    def note(self, schedule_id: str, due_at: datetime, said: str) -> None:
        """Note what came of a run."""
        one = (schedule_runs.c.schedule_id == schedule_id) & (schedule_runs.c.due_at == due_at)
        with self._database.writing() as connection:
            connection.execute(schedule_runs.update().where(one).values(said=said[:1000]))

    def of_job(self, job_id: str) -> tuple[Schedule, ScheduleRun] | None:
        """The schedule that a job is made for, and the run; None for one that a person asked for."""
        question = sa.select(schedule_runs).where(schedule_runs.c.job_id == job_id)
        with self._database.reading() as connection:
            row = connection.execute(question).one_or_none()
            if row is None:
                return None
            return self._one(connection, schedules.c.id == row.schedule_id), _run(row)

    def unsubscribe(self, schedule_id: str, address: str) -> None:
        """Send nothing more of this schedule to ``address``; to be done twice is no fault."""
        added = self._database.insert(unsubscribes).values(
            schedule_id=schedule_id, address=address.casefold(), at=self._now()
        )
        with self._database.writing() as connection:
            connection.execute(added.on_conflict_do_nothing())

    def _begin(self, connection: sa.Connection, schedule: Schedule, due_at: datetime, late: bool) -> ScheduleRun:
        run = ScheduleRun(due_at=due_at, begun_at=self._now(), late=late, job_id=secrets.token_urlsafe(12), said="")
        connection.execute(schedule_runs.insert().values(schedule_id=schedule.id, **asdict(run)))
        return run

    def _one(self, connection: sa.Connection, where: sa.ColumnElement[bool]) -> Schedule:
        found = self._find(connection, where)
        if not found:
            raise ScheduleGone
        return found[0]

    def _find(self, connection: sa.Connection, where: sa.ColumnElement[bool]) -> tuple[Schedule, ...]:
        rows = connection.execute(sa.select(schedules).where(where).order_by(schedules.c.next_at, schedules.c.id)).all()
        found = []
        for row in rows:
            runs = (
                sa.select(schedule_runs)
                .where(schedule_runs.c.schedule_id == row.id)
                .order_by(schedule_runs.c.due_at.desc())
                .limit(HISTORY)
            )
            gone = sa.select(unsubscribes.c.address).where(unsubscribes.c.schedule_id == row.id)
            found.append(
                Schedule(
                    **{**row._mapping, "plan": SchedulePlan.from_json(json.loads(row.plan))},
                    runs=tuple(map(_run, connection.execute(runs))),
                    unsubscribed=frozenset(connection.execute(gone).scalars()),
                )
            )
        return tuple(found)


def _run(row: sa.Row[Any]) -> ScheduleRun:
    return ScheduleRun(due_at=row.due_at, begun_at=row.begun_at, late=row.late, job_id=row.job_id, said=row.said)
