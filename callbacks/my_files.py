"""My files: what workers make for a person, and where it went. Plain pages that a small script keeps up to date."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage
from typing import Any

import flask
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response as BaseResponse

from data.access import Right
from data.acts import files
from data.delivery.formats import OUTPUTS
from data.services import Services
from data.store.clock import utc_now
from data.store.jobs import Job
from data.words.numerals import counted
from data.words.sizes import age_words, size_words
from layouts import links
from layouts.pages import render_page

STATES = {"queued": "Waiting", "running": "Running", "done": "Done", "failed": "Failed", "cancelled": "Cancelled"}
_POSTED = {"waiting": "waiting", "sending": "being sent", "sent": "sent", "refused": "not sent", "unsure": "unsure"}


def register(server: flask.Flask, services: Services) -> None:
    """Register the addresses of this file on ``server``."""
    _reading(server, services)
    _acting(server, services)
    _outbox(server, services)


def _reading(server: flask.Flask, services: Services) -> None:
    jobs = services.records.jobs

    @server.get("/files")
    def my_files() -> str:
        return _page(services, jobs.of(services.user()))

    @server.get("/files/list")
    def my_files_list() -> flask.Response:
        """The list as it is now, for the script of the page."""
        user, one = services.user(), flask.request.args.get("only", "")
        found = (jobs.get(one, user),) if one else jobs.of(user)
        return _fresh(busy=_is_busy(found), list=_list(services, found))

    @server.get("/files/<job_id>")
    def my_file(job_id: str) -> str:
        """Where the link in a mail leads."""
        return _page(services, (jobs.get(job_id, services.user()),), only=job_id)

    @server.get("/files/<job_id>/state")
    def file_state(job_id: str) -> flask.Response:
        """What the page shows of one while the person waits for it there."""
        return _fresh(**state_of(jobs.get(job_id, services.user())))

    @server.get("/files/<job_id>/download")
    def download_file(job_id: str) -> flask.Response:
        made = files.download(services, services.user(), job_id, address=flask.request.remote_addr or "")
        return _attached(made.content, made.mime, made.name)


def _acting(server: flask.Flask, services: Services) -> None:
    jobs = services.records.jobs

    @server.post("/files/<job_id>/cancel")
    def cancel_file(job_id: str) -> Any:
        job = jobs.withdraw(job_id, services.user())
        return _fresh(**state_of(job)) if _by_script() else _back()

    @server.post("/files/<job_id>/repeat")
    def repeat_file(job_id: str) -> BaseResponse:
        files.repeat(services, services.user(), job_id)
        return flask.redirect("/files")

    @server.post("/files/<job_id>/delete")
    def delete_file(job_id: str) -> BaseResponse:
        jobs.forget(job_id, services.user())
        return flask.redirect("/files")


def _outbox(server: flask.Flask, services: Services) -> None:
    outbox = services.records.outbox

    @server.get("/outbox")
    def my_outbox() -> str:
        return _rendered(services, "outbox.html", mails=outbox.of(services.user()))

    @server.get("/outbox/<mail_id>")
    def outbox_mail(mail_id: str) -> str:
        mail = email.message_from_bytes(outbox.message(mail_id, services.user()), policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        plain = mail.get_body(("plain",))
        attached = [(str(part.get_filename()), len(_bytes(part))) for part in mail.iter_attachments()]
        heads = [(name, str(mail[name])) for name in ("From", "To", "Subject", "Date")]
        text = "" if plain is None else str(plain.get_content())
        return _rendered(services, "mail.html", id=mail_id, heads=heads, text=text, attached=attached, size=size_words)

    @server.get("/outbox/<mail_id>.eml")
    def download_mail(mail_id: str) -> flask.Response:
        return _attached(outbox.message(mail_id, services.user()), "message/rfc822", f"mail-{mail_id}.eml")


def state_of(job: Job) -> dict[str, Any]:
    """How a job stands, as the page's script reads it. ``place`` is where what was made is to be had."""
    place = None
    if job.state == "done":
        place = links.path(job.link_id) if job.link_id else f"/files/{job.id}/download"
    return {
        "state": job.state,
        "stage": job.stage or STATES[job.state],
        "said": job.fault or "",
        "place": place,
        "file": job.file_name,
        "rows": None if job.row_count is None else counted(job.row_count, "row"),
        "sends": len(job.deliveries),
    }


def _page(services: Services, found: tuple[Job, ...], only: str = "") -> str:
    return _rendered(services, "files.html", list=_list(services, found), busy=_is_busy(found), only=only)


def _rendered(services: Services, template: str, **values: Any) -> str:
    common = {"csrf": generate_csrf(), "signed_in": True, "person": services.user()}
    return render_page(template, **common, smtp=bool(services.settings.smtp_host), **values)


def _list(services: Services, found: tuple[Job, ...]) -> str:
    user, now = services.user(), utc_now()
    return render_page(
        "files_list.html",
        items=files.told(services, user, found),
        age=lambda moment: age_words(moment, now),
        size=size_words,
        counted=counted,
        outputs=OUTPUTS,
        states=STATES,
        posted=_POSTED,
        link=links.path,
        exports=user.may(Right.EXPORT),
    )


def _is_busy(found: tuple[Job, ...]) -> bool:
    """Whether anything of it may still change."""
    return any(
        not job.over or any(item.state in ("waiting", "sending") for item in job.deliveries)
        for job in found
        if job.state not in ("failed", "cancelled")
    )


def _fresh(**values: Any) -> flask.Response:
    answer = flask.jsonify(**values)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _attached(content: bytes, mime: str, name: str) -> flask.Response:
    answer = flask.Response(content, content_type=mime)
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _by_script() -> bool:
    return flask.request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"


def _back() -> BaseResponse:
    return flask.redirect("/files")


def _bytes(part: Any) -> bytes:
    content = part.get_content()
    return content.encode() if isinstance(content, str) else bytes(content)
