"""The worker with a real queue, a real mail server, and processes that are killed in the middle."""

from __future__ import annotations

import email
import email.policy
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword

from app import create_app
from data.access import OPERATOR
from data.delivery.asked import Asked
from data.delivery.worker import Worker
from data.report.period import Bound
from data.report.query import ReportQuery
from data.services import Services
from data.settings import Settings
from data.store.jobs import Job
from tests.conftest import load_folder

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "golden" / "dataset"
QUERY = ReportQuery(start=Bound(date(2024, 1, 1)), end=Bound(date(2024, 3, 31)), group_by=("month",), tags=("vip",))


@dataclass
class Mailbox:
    """A mail server: what arrived, and what it says to whom."""

    answers: dict[str, list[str]] = field(default_factory=dict)
    arrived: list[tuple[str, Any]] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it so
        self, server: SMTP, session: Any, envelope: Envelope, address: str, options: Any
    ) -> str:
        waiting = self.answers.get(address)
        if waiting:
            return waiting.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        assert isinstance(content, bytes)
        parsed = email.message_from_bytes(content, policy=email.policy.default)
        self.arrived += [(address, parsed) for address in envelope.rcpt_tos]
        return "250 taken"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    box, port = Mailbox(), free_port()

    def check(server: object, session: object, envelope: object, mechanism: str, data: object) -> AuthResult:
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"reports", b"secret")
        return AuthResult(success=good, handled=False)

    server = Controller(
        box,
        hostname="127.0.0.1",
        port=port,
        authenticator=check,
        auth_require_tls=False,
        auth_required=True,
        auth_exclude_mechanism=["LOGIN"],
    )
    server.start()
    yield box, port
    server.stop()


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"duckdb:///{tmp_path_factory.mktemp('worker') / 'warehouse.duckdb'}"
    load_folder(url, GOLDEN)
    return url


@pytest.fixture
def services_with(tmp_path: Path, warehouse: str, mailbox: tuple[Mailbox, int]) -> Callable[..., Services]:
    def make(**more: Any) -> Services:
        chosen: dict[str, Any] = {
            "warehouse_url": warehouse,
            "var_dir": str(tmp_path / "var"),
            "sign_in": "none",
            "log_level": "CRITICAL",
            "smtp_host": "127.0.0.1",
            "smtp_port": mailbox[1],
            "smtp_security": "none",
            "smtp_user": "reports",
            "smtp_password": "secret",
        }
        services = create_app(Settings(**chosen | more)).server.extensions["customer_dynamics"]
        assert isinstance(services, Services)
        return services

    return make


def order(services: Services, output: str = "csv", *addresses: str) -> Job:
    return services.records.jobs.add(OPERATOR, Asked(QUERY, output, addresses), "Quarter of the vip")


def work(services: Services, job: Job) -> Job:
    """Make a job and send its mails in this process."""
    worker = Worker(services)
    worker.make(job.id)
    for delivery in services.records.jobs.due(job.id):
        worker.send(delivery.id)
    return services.records.jobs.get(job.id, OPERATOR)


@pytest.mark.parametrize("output", ["csv", "xls", "xlsx"])
def test_the_attachment_is_the_file_that_is_downloaded(
    services_with: Callable[..., Services], mailbox: tuple[Mailbox, int], output: str
) -> None:
    services = services_with()
    done = work(services, order(services, output, "anna@example.com"))
    assert (done.state, [item.state for item in done.deliveries]) == ("done", ["sent"])
    [(address, mail)] = mailbox[0].arrived
    [attachment] = mail.iter_attachments()
    made = services.records.jobs.file(done.id, OPERATOR)
    assert (address, attachment.get_filename()) == ("anna@example.com", made.name)
    assert attachment.get_content_type() == made.mime.partition(";")[0]
    assert attachment.get_payload(decode=True) == made.content
    assert mail["Subject"] == "Quarter of the vip"
    for kind in ("plain", "html"):
        said = mail.get_body((kind,)).get_content()
        for words in ("Jan", "Mar 2024", "UTC", "vip", "Month", "3 rows", "Operator"):
            assert words in said, (kind, words)


def test_soft_failures_wait_hard_ones_are_told(
    services_with: Callable[..., Services], mailbox: tuple[Mailbox, int]
) -> None:
    services, (box, _) = services_with(), mailbox
    box.answers = {"grey@example.com": ["451 greylisted, come back"], "gone@example.com": ["550 no such user"] * 9}
    job = order(services, "csv", "grey@example.com", "gone@example.com", "fine@example.com")
    done = {item.address: item for item in work(services, job).deliveries}
    assert {address: item.state for address, item in done.items()} == {
        "fine@example.com": "sent",
        "gone@example.com": "refused",
        "grey@example.com": "waiting",
    }
    assert "550 no such user" in done["gone@example.com"].said
    assert "451 greylisted" in done["grey@example.com"].said
    assert [address for address, _ in box.arrived] == ["fine@example.com"]
    assert services.records.jobs.due() == (), "not before its time"


def test_a_mail_server_that_is_away_is_asked_again(services_with: Callable[..., Services]) -> None:
    services = services_with(smtp_port=free_port())
    [delivery] = work(services, order(services, "csv", "anna@example.com")).deliveries
    assert (delivery.state, "cannot be reached" in delivery.said) == ("waiting", True)


def test_a_wrong_login_is_a_hard_failure(services_with: Callable[..., Services], mailbox: tuple[Mailbox, int]) -> None:
    services = services_with(smtp_password="wrong")
    [delivery] = work(services, order(services, "csv", "anna@example.com")).deliveries
    assert (delivery.state, delivery.said[:3]) == ("refused", "535")
    assert mailbox[0].arrived == []


def test_other_domains_are_refused_with_the_reason(
    services_with: Callable[..., Services], mailbox: tuple[Mailbox, int]
) -> None:
    services = services_with(mail_domains="example.com, partner.org")
    job = work(services, order(services, "csv", "anna@Example.com", "eve@elsewhere.net"))
    assert {item.address: item.state for item in job.deliveries} == {
        "anna@Example.com": "sent",
        "eve@elsewhere.net": "refused",
    }
    refused = next(item for item in job.deliveries if item.state == "refused")
    assert "outside the domains that reports may be sent to (example.com, partner.org)" in refused.said


def test_a_large_file_stays_and_the_mail_has_the_way_to_it(
    services_with: Callable[..., Services], mailbox: tuple[Mailbox, int]
) -> None:
    services = services_with(mail_attach_mb=0, public_url="https://reports.example.com")
    done = work(services, order(services, "csv", "anna@example.com"))
    [(_, mail)] = mailbox[0].arrived
    assert list(mail.iter_attachments()) == []
    for kind in ("plain", "html"):
        assert f"https://reports.example.com/files/{done.id}" in mail.get_body((kind,)).get_content()


def test_without_a_mail_server_mail_goes_into_the_outbox(services_with: Callable[..., Services]) -> None:
    services = services_with(smtp_host="")
    done = work(services, order(services, "csv", "anna@example.com"))
    assert [(item.state, "outbox" in item.said) for item in done.deliveries] == [("sent", True)]
    [kept] = services.records.outbox.of(OPERATOR)
    mail = email.message_from_bytes(services.records.outbox.message(kept.id, OPERATOR), policy=email.policy.default)
    assert (mail["To"], len(list(mail.iter_attachments()))) == ("anna@example.com", 1)


def test_what_cannot_be_made_says_why(services_with: Callable[..., Services]) -> None:
    services = services_with()
    asked = Asked(ReportQuery(start=QUERY.start, end=QUERY.end, tags=("nobody",)), "csv", ("anna@example.com",))
    job = services.records.jobs.add(OPERATOR, asked, "Nobody")
    failed = work(services, job)
    assert (failed.state, failed.fault) == ("failed", "Tag 'nobody' is unknown.")
    assert [item.state for item in failed.deliveries] == ["refused"]


def start_worker(services: Services) -> subprocess.Popen[bytes]:
    named = {name.upper(): str(getattr(services.settings, name)) for name in ("warehouse_url", "var_dir", "sign_in")}
    named |= {
        name.upper(): str(getattr(services.settings, name))
        for name in services.settings.__dataclass_fields__
        if name.startswith("smtp_")
    }
    return subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "app", "worker", "--threads", "1"],
        cwd=ROOT,
        env=os.environ | named | {"LOG_LEVEL": "CRITICAL"},
        stderr=subprocess.DEVNULL,
    )


def wait_for(told: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not told():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def test_a_killed_worker_loses_nothing_and_nothing_is_sent_twice(
    services_with: Callable[..., Services], mailbox: tuple[Mailbox, int]
) -> None:
    """Killed with a job taken and not made: the next worker takes it up, and each address gets one mail."""
    services, (box, _) = services_with(), mailbox
    job = order(services, "xlsx", "anna@example.com", "boris@example.com")
    # What a worker leaves that was killed in the middle: its name on the job, and silence.
    assert services.records.jobs.take(job.id, "killed") is not None
    with services.records.database.writing() as connection:
        connection.exec_driver_sql("UPDATE jobs SET heard_at = '2020-01-01 00:00:00.000000'")
    worker = start_worker(services)
    try:
        wait_for(lambda: len(box.arrived) == 2)
        wait_for(lambda: {item.state for item in services.records.jobs.get(job.id, OPERATOR).deliveries} == {"sent"})
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    made = services.records.jobs.get(job.id, OPERATOR)
    assert (made.state, made.attempts) == ("done", 2)
    second = order(services, "csv", "clara@example.com")
    services.queue.put(second.id)
    worker = start_worker(services)
    try:
        wait_for(lambda: len(box.arrived) == 3)
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(30)
    assert sorted(address for address, _ in box.arrived) == [
        "anna@example.com",
        "boris@example.com",
        "clara@example.com",
    ]
