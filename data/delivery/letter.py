"""What a mail with a report says: its question, a few totals, who sent it; plain text and HTML of the same values."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from data.access import User
from data.acts.names import known_names
from data.delivery.mail import Attachment, Mail
from data.services import Services
from data.store.jobs import Job, MadeFile
from data.words.numerals import counted
from data.words.question import tell

_letters = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("letters")),
    autoescape=select_autoescape(("html",)),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def report_letter(
    services: Services, user: User, job: Job, made: MadeFile, address: str, *, unsubscribe: str = ""
) -> Mail:
    """The mail of ``job`` to ``address``; of a file above MAIL_ATTACH_MB it carries the way to download it."""
    question = tell(job.asked.query, known_names(services, user), name=job.title or None)
    fits = len(made.content) <= services.settings.mail_attach_mb * 1024 * 1024
    values = {
        "title": question.title,
        "facts": question.facts,
        "totals": made.totals,
        "note": made.note,
        "rows": counted(job.row_count or 0, "row"),
        "sender": user.name,
        "sender_email": user.email,
        "file": made.name,
        "unsubscribe": unsubscribe,
        "place": "" if fits else f"{services.settings.address}/files/{job.id}",
    }
    return Mail(
        to=(address,),
        subject=question.title,
        text=_letters.get_template("report.txt").render(values),
        html=_letters.get_template("report.html").render(values),
        attachments=(Attachment(name=made.name, content=made.content, mimetype=made.mime),) if fits else (),
    )
