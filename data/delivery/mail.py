"""E-mail: a message is put together once, and posted over SMTP or, where that is not set up, into a local outbox."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any

from data.errors import UserError
from data.settings import Settings

SECURITIES = ("starttls", "tls", "none")
_SECONDS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that goes with a mail."""

    name: str
    content: bytes
    mimetype: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A message as its reader gets it; ``html`` says the same as ``text``."""

    to: tuple[str, ...]
    subject: str
    text: str
    html: str = ""
    attachments: tuple[Attachment, ...] = ()


class MailNotSetUp(UserError):
    """There is no SMTP server to post through."""

    def __init__(self) -> None:
        super().__init__("Mail is not set up here: an administrator sets SMTP_HOST.", field="send-to")


class MailUnsure(Exception):
    """The server had the whole letter and was gone before it said what became of it."""


class _Patient(smtplib.SMTP):
    """Knows a connection that ended before the letter from one that ended after it."""

    _replies = 0

    def getreply(self) -> tuple[int, bytes]:
        self._replies += 1
        return super().getreply()

    def data(self, msg: Any) -> tuple[int, bytes]:
        self._replies = 0
        try:
            return super().data(msg)
        except smtplib.SMTPResponseException:
            raise
        except (smtplib.SMTPException, OSError) as fault:
            if self._replies > 1:  # the first says that the letter may come, the second is about the letter
                raise MailUnsure(str(fault)) from fault
            raise


class _PatientOverTls(_Patient, smtplib.SMTP_SSL):
    """The same, spoken to in TLS from the first byte."""


def message(settings: Settings, mail: Mail) -> EmailMessage:
    """The message as it is sent: plain text, HTML beside it, attachments."""
    made = EmailMessage()
    made["From"] = settings.mail_from or f"Customer Dynamics <reports@{settings.smtp_host or 'localhost'}>"
    made["To"] = ", ".join(mail.to)
    made["Subject"] = " ".join(mail.subject.split())
    made["Date"] = formatdate()
    made["Message-ID"] = make_msgid(domain="customer-dynamics.invalid")
    made.set_content(mail.text)
    if mail.html:
        made.add_alternative(mail.html, subtype="html")
    for item in mail.attachments:
        kind, _, subkind = item.mimetype.partition("/")
        made.add_attachment(item.content, maintype=kind, subtype=subkind, filename=item.name)
    return made


def post(settings: Settings, mail: Mail) -> dict[str, str]:
    """Send ``mail``; the addresses that the server refused, with what it said.

    Raises :class:`MailNotSetUp`, :class:`MailUnsure`, and what smtplib raises when the server takes none of it.
    """
    if not settings.smtp_host:
        raise MailNotSetUp
    if settings.smtp_security not in SECURITIES:
        raise UserError(f"SMTP_SECURITY {settings.smtp_security!r} is unknown: use one of {', '.join(SECURITIES)}.")
    made = message(settings, mail)
    context = ssl.create_default_context(cafile=settings.smtp_ca_file or None)
    server: smtplib.SMTP
    if settings.smtp_security == "tls":
        server = _PatientOverTls(settings.smtp_host, settings.smtp_port, timeout=_SECONDS, context=context)
    else:
        server = _Patient(settings.smtp_host, settings.smtp_port, timeout=_SECONDS)
    try:
        if settings.smtp_security == "starttls":
            server.starttls(context=context)
        if settings.smtp_user:
            server.login(settings.smtp_user, settings.smtp_password)
        refused = server.send_message(made, to_addrs=list(mail.to))
    finally:
        # The mail's own end is known by then: how the server takes leave changes nothing about it.
        with contextlib.suppress(smtplib.SMTPException, OSError):
            server.quit()
        server.close()
    return {address: f"{code} {said.decode(errors='replace')}" for address, (code, said) in refused.items()}
