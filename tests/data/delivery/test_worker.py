"""The worker with a real queue, a real mail server, and processes that are killed in the middle."""

from __future__ import annotations

import asyncio
import email
import email.policy
import html
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app import create_app
from data.access import OPERATOR
from data.delivery.asked import Asked
from data.delivery.worker import Worker
from data.report.catalog import METRICS
from data.report.period import Bound
from data.report.query import ReportQuery
from data.services import Services
from data.settings import Settings
from data.store.jobs import Job
from data.words.totals import main_totals
from tests.conftest import load_folder

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "golden" / "dataset"
METRIC_OF = {metric.name: metric for metric in METRICS}
QUERY = ReportQuery(start=Bound(date(2024, 1, 1)), end=Bound(date(2024, 3, 31)), group_by=("month",), tags=("vip",))


@dataclass
class Mailbox:
    """A mail server: what arrived, and what it says to whom."""

    answers: dict[str, list[str]] = field(default_factory=dict)
    arrived: list[tuple[str, Any]] = field(default_factory=list)
    drops: list[str] = field(default_factory=list)
    holds: threading.Event | None = None
    held: threading.Event = field(default_factory=threading.Event)

    def drop(self, server: SMTP, command: str) -> None:
        if command in self.drops:
            self.drops.remove(command)
            assert server.transport is not None
            server.transport.abort()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it so
        self, server: SMTP, session: Any, envelope: Envelope, address: str, options: Any
    ) -> str:
        self.drop(server, "RCPT")
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
        self.drop(server, "DATA")
        if self.holds is not None:
            self.held.set()
            await asyncio.to_thread(self.holds.wait, 60)
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


def certificate(folder: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    """A certificate of a mail server, signed by itself, and what the server speaks TLS with."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / f"{name}.pem", folder / f"{name}.key"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, secret)
    return pem, context


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


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("trusted", [True, False])
def test_mail_goes_over_tls_to_a_server_that_is_trusted_alone(
    services_with: Callable[..., Services], tmp_path: Path, security: str, trusted: bool
) -> None:
    pem, context = certificate(tmp_path, "localhost")
    other, _ = certificate(tmp_path, "elsewhere")
    box, port = Mailbox(), free_port()
    options: dict[str, Any] = {"tls_context": context, "require_starttls": True}
    if security == "tls":
        options = {"ssl_context": context}
    server = Controller(box, hostname="localhost", port=port, **options)
    server.start()
    try:
        services = services_with(
            smtp_host="localhost",
            smtp_port=port,
            smtp_security=security,
            smtp_user="",
            smtp_ca_file=str(pem if trusted else other),
        )
        [delivery] = work(services, order(services, "csv", "anna@example.com")).deliveries
    finally:
        server.stop()
    assert delivery.state == ("sent" if trusted else "waiting"), delivery.said
    assert len(box.arrived) == trusted
    assert ("CERTIFICATE_VERIFY_FAILED" in delivery.said) is not trusted


def test_a_connection_that_drops_is_tried_again_and_one_after_the_letter_is_not(
    services_with: Callable[..., Services], mailbox: tuple[Mailbox, int]
) -> None:
    services, (box, _) = services_with(), mailbox
    box.drops = ["RCPT", "DATA"]
    first = work(services, order(services, "csv", "anna@example.com"))
    assert [(item.state, item.attempts) for item in first.deliveries] == [("waiting", 1)]
    assert box.arrived == []
    second = work(services, order(services, "csv", "boris@example.com"))
    [delivery] = second.deliveries
    # The letter was given over whole, and what came of it is not known: it is not sent a second time.
    assert [address for address, _ in box.arrived] == ["boris@example.com"]
    assert (delivery.state, "not sent again" in delivery.said) == ("unsure", True)


def test_the_mail_tells_the_main_totals_and_which_rows_are_not_whole(
    services_with: Callable[..., Services], mailbox: tuple[Mailbox, int]
) -> None:
    services = services_with()
    query = replace(QUERY, start=Bound(date(2024, 1, 10)))
    job = services.records.jobs.add(OPERATOR, Asked(query, "csv", ("anna@example.com",)), "")
    made_for = work(services, job)
    totals = dict(services.records.jobs.file(made_for.id, OPERATOR).totals)
    result = services.reports.ask(query, OPERATOR).result
    assert result.totals is not None
    figures = {metric.name: figure for metric, figure in zip(METRICS, result.totals, strict=True)}
    assert "Balance Refill: Total" in totals and "Clients - All: Qty" in totals
    for name, words in totals.items():
        assert Decimal(words.replace(",", "").replace("\N{MINUS SIGN}", "-").split()[0]) == figures[name], name
    [(_, mail)] = mailbox[0].arrived
    for kind in ("plain", "html"):
        said = html.unescape(mail.get_body((kind,)).get_content())
        for name, words in totals.items():
            assert name in said and words in said, (kind, name)
        assert "Marked rows do not hold their whole month" in said


def test_a_summary_without_money_names_none(services_with: Callable[..., Services]) -> None:
    result = services_with().reports.ask(QUERY, OPERATOR).result.without_money
    told = main_totals(result)
    assert told and not any("EUR" in words for _, words in told)
    assert not any(METRIC_OF[name].is_money for name, _ in told)


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


FLASK = "import sys; sys.argv[0] = 'flask'; from flask.cli import main; main()"
HOLD = """
import pathlib, time
from data.acts import files
def hold(*_, **__):
    pathlib.Path({held!r}).touch()
    time.sleep(600)
files.export = hold
"""
"""What is run before a worker whose exports never end."""


def start_worker(services: Services, before: str = "") -> subprocess.Popen[bytes]:
    named = {name.upper(): str(getattr(services.settings, name)) for name in ("warehouse_url", "var_dir", "sign_in")}
    named |= {
        name.upper(): str(getattr(services.settings, name))
        for name in services.settings.__dataclass_fields__
        if name.startswith("smtp_")
    }
    return subprocess.Popen(
        [sys.executable, "-c", f"{before}\n{FLASK}", "--app", "app", "worker", "--threads", "1"],
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


def test_a_worker_that_is_killed_while_it_makes_a_file_sends_one_mail_in_the_end(
    services_with: Callable[..., Services], mailbox: tuple[Mailbox, int], tmp_path: Path
) -> None:
    """SIGKILL in the middle of an export, which the test holds there until the process is dead."""
    services, (box, _) = services_with(), mailbox
    job = order(services, "csv", "anna@example.com")
    held = tmp_path / "held"
    victim = start_worker(services, HOLD.format(held=str(held)))
    wait_for(held.exists)
    running = services.records.jobs.get(job.id, OPERATOR)
    assert (running.state, running.attempts) == ("running", 1)
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    assert box.arrived == []
    with services.records.database.writing() as connection:  # half a minute passes
        connection.exec_driver_sql("UPDATE jobs SET heard_at = '2020-01-01 00:00:00.000000'")
    worker = start_worker(services)
    try:
        wait_for(lambda: [item.state for item in services.records.jobs.get(job.id, OPERATOR).deliveries] == ["sent"])
        time.sleep(1.5)  # nothing comes after it
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(30)
    done = services.records.jobs.get(job.id, OPERATOR)
    assert (done.state, done.attempts) == ("done", 2)
    assert [address for address, _ in box.arrived] == ["anna@example.com"]


def test_a_worker_that_is_killed_while_it_sends_does_not_send_again(
    services_with: Callable[..., Services], mailbox: tuple[Mailbox, int]
) -> None:
    """SIGKILL after the server has the whole letter and before it says so: nobody knows, so it is not sent twice."""
    services, (box, _) = services_with(), mailbox
    box.holds = threading.Event()
    job = order(services, "csv", "anna@example.com")
    victim = start_worker(services)
    assert box.held.wait(60)
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    box.holds.set()
    with services.records.database.writing() as connection:  # five minutes pass
        connection.exec_driver_sql("UPDATE deliveries SET begun_at = '2020-01-01 00:00:00.000000'")
    worker = start_worker(services)
    try:
        wait_for(lambda: services.records.jobs.get(job.id, OPERATOR).deliveries[0].state == "unsure")
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(30)
    [delivery] = services.records.jobs.get(job.id, OPERATOR).deliveries
    assert (delivery.attempts, "it may have arrived" in delivery.said) == (1, True)
    assert [address for address, _ in box.arrived] == ["anna@example.com"]
