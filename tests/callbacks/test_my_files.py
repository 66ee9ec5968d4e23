"""My files and the outbox: what a person sees of what workers make for them, and does with it."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import flask
import pytest

from app import create_app
from data.access import User
from data.acts import files
from data.delivery.asked import Asked
from data.delivery.worker import Worker
from data.errors import UserError
from data.report.period import Bound
from data.report.query import ReportQuery
from data.settings import Settings
from data.store.audit import Search
from data.store.jobs import Job
from tests.callbacks.people import Browser, add_people, services_of

QUERY = ReportQuery(start=Bound(date(2024, 1, 1)), end=Bound(date(2024, 3, 31)), group_by=("month",))


@pytest.fixture
def server(tmp_path: Path, golden_warehouse: str) -> flask.Flask:
    settings = Settings(
        warehouse_url=golden_warehouse, var_dir=str(tmp_path / "var"), log_level="CRITICAL", mail_domains="example.com"
    )
    return create_app(settings).server


@pytest.fixture
def people(server: flask.Flask) -> dict[str, User]:
    return add_people(server, ("mona", "Manager", 2), ("anna", "Analyst", None), ("vera", "Viewer", None))


@pytest.fixture
def boss(server: flask.Flask, people: dict[str, User]) -> Browser:
    return signed_in(server, "boss")


def signed_in(server: flask.Flask, name: str) -> Browser:
    browser = Browser(server)
    assert browser.sign_in(f"{name}@example.com").status_code == 302
    return browser


def text(answer: object) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True))))


def order(server: flask.Flask, user: User, output: str = "csv", *addresses: str) -> Job:
    return files.order(services_of(server), user, Asked(QUERY, output, addresses))


def work(server: flask.Flask, job: Job) -> None:
    worker = Worker(services_of(server))
    worker.make(job.id)
    for delivery in services_of(server).records.jobs.due(job.id):
        worker.send(delivery.id)


def test_a_file_is_followed_from_the_order_to_the_download(
    server: flask.Flask, people: dict[str, User], boss: Browser
) -> None:
    assert "Nothing here yet" in text(boss.see("/files"))
    job = order(server, people["boss"])
    page = text(boss.see("/files"))
    for words in ("By Month, Jan–Mar 2024", "UTC", "Waiting for a worker", "CSV", "just now", "Cancel"):
        assert words in page, words
    assert boss.see("/files/list").get_json()["busy"] is True
    work(server, job)
    listed = boss.see("/files/list").get_json()
    assert (listed["busy"], "3 rows" in listed["list"], "Done" in listed["list"]) == (False, True, True)
    state = boss.see(f"/files/{job.id}/state").get_json()
    assert (state["state"], state["place"]) == ("done", f"/files/{job.id}/download")
    made = services_of(server).records.jobs.file(job.id, people["boss"])
    answer = boss.see(f"/files/{job.id}/download")
    assert answer.get_data() == made.content
    assert made.name in answer.headers["Content-Disposition"]
    assert "By Month" in text(boss.see(f"/files/{job.id}")), "the way in a mail"
    log = services_of(server).records.audit.read(people["boss"], Search(act="export"))
    assert [entry.subject for entry in log] == [made.name] * 2, "made, and downloaded"


def test_what_was_cancelled_is_not_made_and_can_be_repeated_and_deleted(
    server: flask.Flask, people: dict[str, User], boss: Browser
) -> None:
    job = order(server, people["boss"])
    assert boss.send("/files", f"/files/{job.id}/delete").status_code == 400
    assert boss.send("/files", f"/files/{job.id}/cancel").status_code == 302
    work(server, job)
    assert services_of(server).records.jobs.get(job.id, people["boss"]).state == "cancelled"
    assert "Cancelled" in text(boss.see("/files"))
    assert boss.send("/files", f"/files/{job.id}/repeat").status_code == 302
    again, first = services_of(server).records.jobs.of(people["boss"])
    assert (again.state, again.asked, first.id) == ("queued", job.asked, job.id)
    assert boss.send("/files", f"/files/{job.id}/delete").status_code == 302
    assert [item.id for item in services_of(server).records.jobs.of(people["boss"])] == [again.id]


def test_what_failed_says_why(server: flask.Flask, people: dict[str, User], boss: Browser) -> None:
    asked = Asked(replace(QUERY, filters=(("tags", ("nobody",)),)), "csv")
    job = files.order(services_of(server), people["boss"], asked)
    work(server, job)
    assert "Tag 'nobody' is unknown" in text(boss.see("/files"))
    assert boss.see(f"/files/{job.id}/download").status_code == 404


def test_nobody_sees_the_files_of_others(server: flask.Flask, people: dict[str, User], boss: Browser) -> None:
    job = order(server, people["mona"])
    work(server, job)
    assert job.id not in boss.see("/files").get_data(as_text=True)
    for path in (
        f"/files/{job.id}",
        f"/files/{job.id}/state",
        f"/files/{job.id}/download",
        f"/files/list?only={job.id}",
    ):
        assert boss.see(path).status_code == 404, path
    for act in ("cancel", "repeat", "delete"):
        assert boss.send("/files", f"/files/{job.id}/{act}").status_code == 404, act
    assert services_of(server).records.jobs.get(job.id, people["mona"]).state == "done"


def test_only_who_may_export_and_send_does(server: flask.Flask, people: dict[str, User]) -> None:
    services = services_of(server)
    for name in ("anna", "vera"):
        with pytest.raises(UserError, match="export reports"):
            order(server, people[name])
        assert order(server, people[name], "web").state == "queued"
    with pytest.raises(UserError, match=r"outside the domains .*example\.com") as refused:
        order(server, people["boss"], "csv", "eve@elsewhere.net")
    assert refused.value.field == "send-to"
    assert services.records.jobs.of(people["boss"]) == ()


def test_who_may_not_export_any_more_downloads_nothing(
    server: flask.Flask, people: dict[str, User], boss: Browser
) -> None:
    mona = signed_in(server, "mona")
    job = order(server, people["mona"])
    work(server, job)
    assert mona.see(f"/files/{job.id}/download").status_code == 200
    boss.send("/users", f"/users/{people['mona'].id}", act="change", name="Mona", role="Viewer", company="2")
    assert mona.see(f"/files/{job.id}/download").status_code == 403
    assert "Download" not in text(mona.see("/files"))


def test_a_person_does_not_fill_the_queue(server: flask.Flask, people: dict[str, User]) -> None:
    for _ in range(files.MOST_WAITING):
        order(server, people["boss"])
    with pytest.raises(UserError, match="20 files being made"):
        order(server, people["boss"])


def test_without_a_mail_server_mail_is_read_in_the_outbox(
    server: flask.Flask, people: dict[str, User], boss: Browser
) -> None:
    assert "The outbox is empty" in text(boss.see("/outbox"))
    job = order(server, people["boss"], "csv", "anna@example.com")
    work(server, job)
    assert "put into the outbox of this server" in text(boss.see("/files"))
    listed = boss.see("/outbox")
    assert "nothing here was sent to anybody" in text(listed)
    found = re.search(r'href="(/outbox/[\w-]+)"', listed.get_data(as_text=True))
    assert found
    read = text(boss.see(found[1]))
    for words in ("anna@example.com", "By Month, Jan–Mar 2024", ".csv", "sent to nobody"):
        assert words in read, words
    mail = boss.see(f"{found[1]}.eml")
    assert (mail.mimetype, b"To: anna@example.com" in mail.get_data()) == ("message/rfc822", True)
    assert signed_in(server, "mona").see(found[1]).status_code == 404


def test_on_ones_own_machine_there_are_files_too(tmp_path: Path, golden_warehouse: str) -> None:
    settings = Settings(warehouse_url=golden_warehouse, var_dir=str(tmp_path), sign_in="none", log_level="CRITICAL")
    browser = Browser(create_app(settings).server)
    page = browser.see("/files")
    assert (page.status_code, "/account" in page.get_data(as_text=True)) == (200, False)
