"""What a worker process does: makes reports that were put before it, sends them, and looks after what others lost."""

from __future__ import annotations

import logging
import secrets
import smtplib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from data.access import Right, User
from data.acts import asking, files
from data.delivery.formats import WEB
from data.delivery.letter import report_letter
from data.delivery.mail import Mail, MailNotSetUp, MailUnsure, message, post
from data.delivery.schedule import owner_of, reason_to_skip, run_due, unsubscribe_link
from data.errors import Cancelled, UserError, report_incident
from data.report.result import ReportResult
from data.services import Services
from data.store.audit import Act
from data.store.clock import utc_now
from data.store.jobs import DeliveryState, Job, JobGone, MadeFile
from data.words.marks import footnote
from data.words.totals import main_totals

_log = logging.getLogger(__name__)

_HEARTBEAT_SECONDS = 2.0
_CLEAN_UP_EVERY = timedelta(hours=6)


class _Skipped(Exception):
    """The condition of a schedule does not hold: nothing is made."""


class Worker:
    """Works on jobs for the people who asked for them, with the rights that they have at that moment."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._name = secrets.token_urlsafe(8)
        self._cleaned_at: datetime | None = None

    def make(self, job_id: str) -> None:
        """Make the report of a queued job, keep it, and let its mails go."""
        jobs = self._services.records.jobs
        job = jobs.take(job_id, self._name)
        if job is None:
            return
        try:
            self._make(job)
        finally:
            self._note(job)

    def _make(self, job: Job) -> None:
        jobs = self._services.records.jobs
        try:
            with self._telling(job):
                user = person(self._services, job.owner_id)
                made, rows, link = self._made(job, user)
            if not jobs.finish(job.id, self._name, made, row_count=rows, link_id=link):
                jobs.fail(job.id, self._name, None)
                return
        except _Skipped as skipped:
            scheduled = self._services.records.schedules.of_job(job.id)
            jobs.drop(job.id, self._name)
            if scheduled is not None:
                self._services.records.schedules.note(scheduled[0].id, scheduled[1].due_at, str(skipped))
        except Cancelled:
            jobs.fail(job.id, self._name, None)
        except UserError as fault:
            jobs.fail(job.id, self._name, fault.message)
        except Exception as fault:  # noqa: BLE001 - the person reads a sentence, the log has the rest
            jobs.fail(job.id, self._name, f"Something went wrong on our side: incident {report_incident(fault, _log)}.")
        else:
            for delivery in jobs.due(job.id):
                self._services.queue.send(delivery.id)

    def _made(self, job: Job, user: User) -> tuple[MadeFile | None, int, str | None]:
        services, asked = self._services, job.asked
        services.demand(user, Right.VIEW)
        if asked.output == WEB:
            published = asking.publish(services, user, asked.query, run_id=job.id)
            return None, len(published.answer.result.rows), published.link.id
        scheduled = services.records.schedules.of_job(job.id)

        def check(result: ReportResult) -> None:
            if scheduled is not None and (reason := reason_to_skip(scheduled[0], result)):
                raise _Skipped(reason)

        result, file = files.ask_for_file(services, user, asked, run_id=job.id, check=check)
        made = MadeFile(
            name=file.name,
            mime=file.mime,
            content=file.content,
            totals=main_totals(result),
            note=footnote(result) or "",
            scope=user.scope_key,
        )
        return made, len(result.rows), None

    def _note(self, job: Job) -> None:
        """Write into the history of the schedule what came of its run."""
        scheduled = self._services.records.schedules.of_job(job.id)
        if scheduled is None:
            return
        try:
            ended = self._services.records.jobs.known(job.id)
        except JobGone:
            return
        said = ended.fault or (ended.state.capitalize() if ended.over else "")
        self._services.records.schedules.note(scheduled[0].id, scheduled[1].due_at, said)

    @contextmanager
    def _telling(self, job: Job) -> Iterator[None]:
        """Say every now and then that this worker lives and what it does, and stop the engine when it is to stop."""
        over = threading.Event()

        def tell() -> None:
            while not over.wait(_HEARTBEAT_SECONDS):
                stage = self._services.reports.runs.progress(job.id, job.owner_id) or "Making the report"
                if not self._services.records.jobs.live(job.id, self._name, stage):
                    self._services.reports.runs.cancel(job.id, job.owner_id)

        teller = threading.Thread(target=tell, name=f"heartbeat {job.id}", daemon=True)
        teller.start()
        try:
            yield
        finally:
            over.set()
            teller.join()

    def send(self, delivery_id: str) -> None:
        """Send one mail of a finished job."""
        services = self._services
        begun = services.records.jobs.begin_delivery(delivery_id)
        if begun is None:
            return
        delivery, job, made = begun
        state, said = self._attempt(delivery.address, job, made)
        state = services.records.jobs.end_delivery(delivery_id, state, said)
        if state != "waiting":
            act = Act.DELIVERED if state == "sent" else Act.DELIVERY_FAILED
            services.records.audit.write(
                act, owner_of(services, job.owner_id), made.name, address="worker", to=delivery.address, said=said
            )

    def _attempt(self, address: str, job: Job, made: MadeFile) -> tuple[DeliveryState, str]:
        services = self._services
        try:
            user = person(services, job.owner_id)
            user.require(Right.DELIVER)
            services.settings.check_recipient(address)
            made.check_scope(user)
            scheduled = services.records.schedules.of_job(job.id)
            link = ""
            if scheduled is not None:
                if address.casefold() in scheduled[0].unsubscribed:
                    return "refused", "The address does not want the mails of this schedule any more."
                link = unsubscribe_link(services.settings, scheduled[0].id, address)
            mail = report_letter(services, user, job, made, address, unsubscribe=link)
            return _posted(services, job, mail)
        except UserError as fault:
            return "refused", fault.message
        except Exception as fault:  # noqa: BLE001 - as above; nobody knows how far it came
            return "unsure", f"Something went wrong on our side: incident {report_incident(fault, _log)}."

    def look_after(self) -> None:
        """Every minute: put jobs that lost their worker before others, send mails whose time has come, clean up."""
        jobs, now = self._services.records.jobs, utc_now()
        try:
            run_due(self._services)
        except Exception as fault:  # noqa: BLE001 - files and mails must not wait for a schedule that cannot be read
            report_incident(fault, _log)
        for job_id in jobs.reclaim():
            self._services.queue.put(job_id)
        jobs.settle_lost_deliveries()
        for delivery in jobs.due():
            self._services.queue.send(delivery.id)
        if self._cleaned_at is None or now - self._cleaned_at >= _CLEAN_UP_EVERY:
            self._cleaned_at = now
            jobs.clean_up()


def person(services: Services, user_id: str) -> User:
    """The person with this id as they are now. Raises :class:`UserError` when they may not sign in any more."""
    found = owner_of(services, user_id)
    if found is None:
        raise UserError("The account that asked for this was deactivated: nothing was made or sent.")
    return found


def _posted(services: Services, job: Job, mail: Mail) -> tuple[DeliveryState, str]:
    """Send one mail; how it ended, and what the server said. Soft failures wait, hard ones are refused."""
    [address] = mail.to
    try:
        refused = post(services.settings, mail)
    except MailNotSetUp:
        services.records.outbox.put(job.owner_id, address, mail.subject, message(services.settings, mail).as_bytes())
        return "sent", "put into the outbox of this server, since mail is not set up"
    except MailUnsure as fault:
        return (
            "unsure",
            f"The mail server was gone before it said whether it took the letter ({fault}): not sent again.",
        )
    except smtplib.SMTPRecipientsRefused as fault:
        code, text = next(iter(fault.recipients.values()))
        return _by_code(code, text)
    except smtplib.SMTPResponseException as fault:
        return _by_code(fault.smtp_code, fault.smtp_error)
    except smtplib.SMTPServerDisconnected as fault:
        return "waiting", str(fault)
    except OSError as fault:
        return "waiting", f"The mail server cannot be reached: {fault}"
    if refused:
        return "refused", next(iter(refused.values()))
    return "sent", ""


def _by_code(code: int, text: bytes | str) -> tuple[DeliveryState, str]:
    """4xx is soft (greylisting, a full box), 5xx is hard (RFC 5321, 4.2.1)."""
    said = f"{code} {text.decode(errors='replace') if isinstance(text, bytes) else text}"
    return ("waiting" if 400 <= code < 500 else "refused"), said
