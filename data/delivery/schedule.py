"""What a worker does with schedules: runs what is due, and pauses what its owner may not have any more."""

from __future__ import annotations

import logging
import smtplib

from itsdangerous import BadSignature, URLSafeSerializer

from data.access import OPERATOR, User, may_manage_user
from data.acts.schedules import order
from data.delivery.mail import Mail, MailNotSetUp, MailUnsure, message, post
from data.errors import UserError, report_incident
from data.report.result import ReportResult
from data.secret import secret_key
from data.services import Services
from data.settings import Settings
from data.store.audit import Act
from data.store.schedules import Schedule, ScheduleRun
from data.warehouse.resellers import read_tree

_log = logging.getLogger(__name__)


def run_due(services: Services) -> None:
    """Order a job for each schedule that is due."""
    schedules = services.records.schedules
    for schedule, run in (*schedules.take_due(), *schedules.unordered()):
        try:
            _run(services, schedule, run)
        except Exception as fault:  # noqa: BLE001 - one schedule must not keep the others
            said = f"Something went wrong on our side: incident {report_incident(fault, _log)}."
            schedules.note(schedule.id, run.due_at, said)


def _run(services: Services, schedule: Schedule, run: ScheduleRun) -> None:
    records = services.records
    owner = owner_of(services, schedule.owner_id)
    try:
        if owner is None:
            raise UserError("The account of its owner was deactivated.")
        job = order(services, owner, schedule, run)
    except UserError as fault:
        records.schedules.note(schedule.id, run.due_at, f"Not run: {fault.message}")
        if records.schedules.pause(schedule.id, fault.message):
            records.audit.write(Act.SCHEDULE_PAUSED, owner, schedule.title, address="worker", why=fault.message)
            _tell_administrators(services, schedule, fault.message)
        return
    services.queue.put(job.id)


def owner_of(services: Services, user_id: str) -> User | None:
    """The person with this id as they are now; None when they may not sign in any more."""
    if services.settings.sign_in == "none" and user_id == OPERATOR.id:
        return OPERATOR
    return services.records.users.get(user_id)


def reason_to_skip(schedule: Schedule, result: ReportResult) -> str | None:
    """Why nothing is made and sent of ``result``; None when it is."""
    if schedule.plan.skips_empty and not result.rows:
        return "Skipped: the report has no rows."
    threshold = schedule.plan.threshold
    if threshold is not None and not threshold.holds(result):
        return f"Skipped: not the case that {threshold.words}."
    return None


def _tell_administrators(services: Services, schedule: Schedule, why: str) -> None:
    """Mail whoever may hand the schedule over."""
    if services.settings.sign_in == "none":
        return
    parents = read_tree(services.warehouse).parents
    accounts = services.records.users.managed_by(OPERATOR, parents)
    owner = next((item.user for item in accounts if item.user.id == schedule.owner_id), None)
    for item in accounts:
        admin = item.user
        if owner is None or not item.active or admin.id == owner.id or not may_manage_user(admin, owner, parents):
            continue
        mail = Mail(
            to=(admin.email,),
            subject=f"The schedule {schedule.title} of {owner.name} is paused",
            text=f"The schedule {schedule.title} of {owner.name} does not run any more: {why}\n\n"
            f"Hand it over to somebody else, or delete it:\n{services.settings.address}/schedules\n",
        )
        try:
            post(services.settings, mail)
        except MailNotSetUp:
            content = message(services.settings, mail).as_bytes()
            services.records.outbox.put(admin.id, admin.email, mail.subject, content)
        except (OSError, smtplib.SMTPException, UserError, MailUnsure) as fault:
            _log.warning("An administrator could not be told that a schedule is paused: %s", fault)


def unsubscribe_link(settings: Settings, schedule_id: str, address: str) -> str:
    """Where ``address`` stops the mails of one schedule, without signing in."""
    token = str(_tokens(settings).dumps([schedule_id, address]))
    return f"{settings.address}/unsubscribe/{token}"


def read_unsubscribe(settings: Settings, token: str) -> tuple[str, str]:
    """Schedule and address of such a link. Raises :class:`UserError` for one that is not ours."""
    try:
        schedule_id, address = _tokens(settings).loads(token)
    except (BadSignature, ValueError, TypeError):
        raise UserError("This link is not whole: open it as it stands in the mail.") from None
    return str(schedule_id), str(address)


def _tokens(settings: Settings) -> URLSafeSerializer:
    return URLSafeSerializer(secret_key(settings), salt="unsubscribe")
