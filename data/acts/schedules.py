"""What a person does with schedules: make one of a template, pause it, run it now, hand it over."""

from __future__ import annotations

from dataclasses import replace

from data.access import Right, User
from data.acts import files
from data.delivery.asked import Asked
from data.errors import UserError
from data.report.query import ReportQuery
from data.services import Services
from data.store.audit import Act
from data.store.clock import utc_now
from data.store.jobs import Job
from data.store.schedules import Schedule, SchedulePlan, ScheduleRun
from data.store.templates import Template
from data.warehouse.resellers import read_tree


def make(
    services: Services, user: User, template_id: str, plan: SchedulePlan, *, same_period: bool = False
) -> Schedule:
    """A schedule of a template that ``user`` may see.

    Raises :class:`UserError` for what they may not do, and for a template whose dates are fixed unless ``plan`` gives
    it a range or ``same_period`` says that this is meant.
    """
    template = services.records.templates.get(template_id, user)
    plan.check()
    if template.has_fixed_period and not plan.range and not same_period:
        raise UserError(
            f"{template.title} has fixed dates, {template.query.start.date} to {template.query.end.date}: it would "
            "send the same period for ever. Choose a range that moves with the day, or say that this is meant.",
            field="range",
        )
    asked = _question(template, plan)
    files.check_order(services, user, asked)
    user.require(Right.DELIVER)
    made = services.records.schedules.create(user, template.id, template.title, plan)
    services.records.audit.write(Act.SCHEDULE_MADE, user, made.title, rhythm=plan.rhythm.words, to=list(plan.send_to))
    return made


def run_now(services: Services, user: User, schedule_id: str) -> Job:
    """Run a schedule of ``user``'s now, beside the times at which it is due."""
    schedule = services.records.schedules.get(schedule_id, (user.id,))
    run = services.records.schedules.begin_now(schedule)
    try:
        job = order(services, user, schedule, run)
    except UserError as fault:
        services.records.schedules.note(schedule.id, run.due_at, f"Not run: {fault.message}")
        raise
    services.queue.put(job.id)
    return job


def order(services: Services, user: User, schedule: Schedule, run: ScheduleRun) -> Job:
    """The job of one run, with the template, rights and recipients of now; it is not put before workers yet."""
    user.require(Right.DELIVER)
    template = services.records.templates.get(schedule.template_id, user)
    asked = replace(_question(template, schedule.plan), send_to=schedule.recipients)
    files.check_order(services, user, replace(asked, send_to=()))
    return services.records.jobs.add(user, asked, template.title, origin="schedule", job_id=run.job_id)


def _question(template: Template, plan: SchedulePlan) -> Asked:
    """What is asked on each run; a range is resolved on its day."""
    query: ReportQuery = template.query
    if plan.range:
        query = replace(query, quick_range=plan.range).on_day(utc_now())
    return Asked(query.on_day(utc_now()), plan.output, plan.send_to)


def managed(services: Services, user: User) -> dict[str, User]:
    """Whose schedules ``user`` may hand over: everybody whose account they manage."""
    if not user.may(Right.USERS) or services.settings.sign_in == "none":
        return {}
    parents = read_tree(services.warehouse).parents
    return {item.user.id: item.user for item in services.records.users.managed_by(user, parents)}


def heirs(services: Services, user: User) -> dict[str, User]:
    """Who may be given a schedule by ``user``: those they manage who may sign in, export and send."""
    if not user.may(Right.USERS) or services.settings.sign_in == "none":
        return {}
    parents = read_tree(services.warehouse).parents
    accounts = services.records.users.managed_by(user, parents)
    able = {item.user.id: item.user for item in accounts if item.active} | {user.id: user}
    return {id_: who for id_, who in able.items() if who.may(Right.EXPORT) and who.may(Right.DELIVER)}


def hand_over(services: Services, user: User, schedule_id: str, heir_id: str) -> User:
    """Give the schedule of somebody whose account ``user`` manages to another such person; who has it now.

    They get a copy of the template unless they may see it.
    """
    owners, records = managed(services, user), services.records
    schedule = records.schedules.get(schedule_id, owners)
    if schedule.paused is None:
        raise UserError("This schedule runs: only one that is paused is handed over.")
    heir = heirs(services, user).get(heir_id)
    if heir is None:
        raise UserError("Choose somebody who may export and send reports.", field="heir")
    template_id = schedule.template_id
    if template_id not in {item.id for item in records.templates.visible_to(heir)}:
        known = records.templates.get(template_id, owners[schedule.owner_id])
        title = f"{known.title[:80]} ({schedule.id[:4]})"
        template_id = records.templates.create(replace(known.draft, title=title, visibility="me"), heir).id
    records.schedules.hand_over(schedule, heir, template_id)
    records.audit.write(
        Act.SCHEDULE_HANDED_OVER, user, schedule.title, owner=owners[schedule.owner_id].email, heir=heir.email
    )
    return heir
