"""Schedules on their page, and run by a worker: conditions, rights, handing over, unsubscribing."""

from __future__ import annotations

import html
import re
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import flask
import pytest

from app import create_app
from data.delivery.asked import Asked
from data.delivery.worker import Worker
from data.report.period import Bound
from data.report.query import ReportQuery
from data.settings import Settings
from data.store.clock import utc_now
from data.store.schedules import Schedule
from data.store.templates import Draft
from tests.callbacks.people import Browser, add_people, services_of

QUERY = ReportQuery(start=Bound(date(2024, 1, 1)), end=Bound(date(2024, 3, 31)), group_by=("month",))
FORM = {"every": "daily", "at": "08:00", "zone": "UTC", "output": "csv", "same_period": "yes"}


class Later:
    """A clock that runs ahead by as much as the test says."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


class Site:
    """An application, its clock and its worker."""

    def __init__(self, server: flask.Flask) -> None:
        self.server = server
        self.services = services_of(server)
        self.clock = Later()
        self.services.records.schedules._now = self.clock
        self.people = add_people(server, ("mona", "Manager", None), ("max", "Manager", None), ("anna", "Analyst", None))
        self.worker = Worker(self.services)

    def browser(self, name: str) -> Browser:
        browser = Browser(self.server)
        assert browser.sign_in(f"{name}@example.com").status_code == 302
        return browser

    def template(self, name: str, **more: Any) -> str:
        query = more.pop("query", QUERY)
        draft = Draft(title=more.pop("title", "Quarter"), asked=Asked(query, "csv"), **more)
        return self.services.records.templates.create(draft, self.people[name]).id

    def schedule(self, name: str, **fields: str) -> Schedule:
        template = fields.pop("template", None) or self.template(name)
        made = self.browser(name).send("/schedules", "/schedules", **FORM | {"template": template} | fields)
        assert made.status_code == 200, text(made)
        [schedule] = self.services.records.schedules.of((self.people[name].id,))
        return schedule

    def pass_time(self, days: float = 1) -> None:
        """Let time pass, and a worker do what is to be done then."""
        self.clock.ahead += timedelta(days=days)
        self.worker.look_after()
        for job_id in self.services.records.jobs.reclaim():
            self.worker.make(job_id)
        for delivery in self.services.records.jobs.due():
            self.worker.send(delivery.id)

    def said(self, schedule: Schedule) -> list[str]:
        return [run.said for run in self.services.records.schedules.known(schedule.id).runs]

    def mails(self, name: str) -> list[tuple[str, str]]:
        return [(mail.address, mail.subject) for mail in self.services.records.outbox.of(self.people[name])]


@pytest.fixture
def site(tmp_path: Path, golden_warehouse: str) -> Site:
    settings = Settings(warehouse_url=golden_warehouse, var_dir=str(tmp_path / "var"), log_level="CRITICAL")
    return Site(create_app(settings).server)


def text(answer: object) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True))))


def test_a_schedule_is_made_shown_and_runs(site: Site) -> None:
    assert "Save a template" in text(site.browser("mona").see("/schedules"))
    schedule = site.schedule("mona", send_to="a@example.com, b@example.com")
    page = text(site.browser("mona").see("/schedules"))
    assert "Every day at 08:00, UTC" in page
    assert len(re.findall(r"\d{4} 08:00", page)) == 5, "the next five times"
    site.pass_time()
    assert site.said(schedule) == ["Done"]
    assert sorted(site.mails("mona")) == [("a@example.com", "Quarter"), ("b@example.com", "Quarter")]
    site.pass_time(0)
    assert len(site.mails("mona")) == 2
    page = text(site.browser("mona").see("/schedules"))
    assert "History" in page and "Done" in page
    assert "by a schedule" in text(site.browser("mona").see("/files"))


def test_a_fixed_period_is_warned_of_and_a_range_replaces_it(site: Site) -> None:
    template = site.template("mona")
    mona = site.browser("mona")
    fields = FORM | {"template": template} | {"same_period": ""}
    refused = mona.send("/schedules", "/schedules", **fields)
    assert refused.status_code == 400
    assert "the same period for ever. Choose a range that moves with the day" in text(refused)
    assert mona.send("/schedules", "/schedules", **fields | {"range": "last_month"}).status_code == 200
    [schedule] = site.services.records.schedules.of((site.people["mona"].id,))
    site.pass_time()
    [job] = site.services.records.jobs.of(site.people["mona"])
    first = utc_now().date().replace(day=1)
    assert job.asked.query.end.date == first - timedelta(days=1)
    assert site.said(schedule) != []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (
            {"metric": "clients_all_qty", "comparison": ">", "value": "100000"},
            "Skipped: not the case that Clients - All",
        ),
        ({"metric": "clients_all_qty", "comparison": ">", "value": "0"}, "Done"),
        ({"metric": "clients_all_qty", "comparison": "<", "value": "100000", "place": "rows"}, "Done"),
    ],
)
def test_an_alert_is_sent_only_when_its_figure_crosses_the_threshold(
    site: Site, fields: dict[str, str], said: str
) -> None:
    schedule = site.schedule("mona", send_to="a@example.com", **fields)
    site.pass_time()
    [found] = site.said(schedule)
    assert found.startswith(said)
    assert len(site.mails("mona")) == (said == "Done")
    assert len(site.services.records.jobs.of(site.people["mona"])) == (said == "Done"), "nothing is left of a skip"


def test_an_empty_report_is_skipped_if_that_is_wanted(site: Site) -> None:
    nothing = ReportQuery(
        start=Bound(date(1950, 1, 1)), end=Bound(date(1950, 1, 31)), group_by=("package",), tags=("vip",)
    )
    schedule = site.schedule("mona", template=site.template("mona", query=nothing), skips_empty="yes")
    site.pass_time()
    assert site.said(schedule) == ["Skipped: the report has no rows."]


def test_rights_are_those_of_the_time_of_the_run_and_an_administrator_hands_over(site: Site) -> None:
    schedule = site.schedule("mona", send_to="a@example.com")
    boss = site.browser("boss")
    boss.send("/users", f"/users/{site.people['mona'].id}", act="change", name="Mona", role="Analyst", company="")
    site.pass_time()
    paused = site.services.records.schedules.known(schedule.id)
    assert "Your role does not let you send reports" in (paused.paused or "")
    assert site.mails("mona") == []
    [(_, subject)] = site.mails("boss")
    assert subject == "The schedule Quarter of Mona is paused"
    page = boss.see("/schedules")
    assert "Paused schedules of people you manage" in text(page)
    offered = re.findall(r'<option value="([^"]+)">(\w+)</option>', page.get_data(as_text=True))
    assert (site.people["max"].id, "Max") in offered
    assert "Anna" not in [name for id_, name in offered if id_ in {user.id for user in site.people.values()}]
    done = boss.send("/schedules", f"/schedules/{schedule.id}", act="hand over", heir=site.people["max"].id)
    assert "Max has it now" in text(done)
    site.pass_time()
    assert site.mails("max")[0][0] == "a@example.com"


def test_a_deactivated_owner_pauses_it(site: Site) -> None:
    schedule = site.schedule("mona", send_to="a@example.com")
    site.browser("boss").send("/users", f"/users/{site.people['mona'].id}", act="deactivate")
    site.pass_time()
    assert site.services.records.schedules.known(schedule.id).paused == "The account of its owner was deactivated."
    assert len(site.mails("boss")) == 1
    site.pass_time(3)
    assert len(site.mails("boss")) == 1


def test_a_deleted_template_pauses_it(site: Site) -> None:
    schedule = site.schedule("mona")
    site.services.records.templates.delete(schedule.template_id, site.people["mona"])
    site.pass_time()
    assert "template does not exist any more" in (site.services.records.schedules.known(schedule.id).paused or "")


def test_nobody_touches_the_schedules_of_others(site: Site) -> None:
    schedule = site.schedule("mona")
    site.template("max")
    for act in ("pause", "run", "delete", "resume", "hand over"):
        answer = site.browser("max").send(
            "/schedules", f"/schedules/{schedule.id}", act=act, heir=site.people["max"].id
        )
        assert answer.status_code in (400, 403, 404), act
    known = site.services.records.schedules.known(schedule.id)
    assert (known.owner_id, known.runs, known.paused) == (site.people["mona"].id, (), None)
    assert site.browser("anna").see("/schedules").status_code == 403


def test_pause_resume_run_now_delete(site: Site) -> None:
    schedule = site.schedule("mona")
    mona = site.browser("mona")

    def act(name: str) -> str:
        return text(mona.send("/schedules", f"/schedules/{schedule.id}", act=name))

    assert "Paused by Mona." in act("pause")
    site.pass_time(2)
    assert site.said(schedule) == []
    assert "runs again" in act("resume")
    assert "is being made" in act("run")
    site.pass_time(0)
    assert site.said(schedule) == ["Done"]
    assert "Deleted" in act("delete")
    assert site.services.records.schedules.of((site.people["mona"].id,)) == ()


def test_a_recipient_unsubscribes_without_signing_in_and_from_this_schedule_alone(site: Site) -> None:
    schedule = site.schedule("mona", send_to="a@example.com b@example.com")
    site.pass_time()
    [mail] = [item for item in site.services.records.outbox.of(site.people["mona"]) if item.address == "b@example.com"]
    content = site.browser("mona").see(f"/outbox/{mail.id}")
    found = re.search(r"/unsubscribe/[\w.\-]+", content.get_data(as_text=True))
    assert found
    stranger = Browser(site.server)
    asked = stranger.see(found[0])
    assert "b@example.com will get no more mails of the schedule Quarter" in text(asked)
    site.pass_time()
    assert len(site.mails("mona")) == 4, "looking at the page changes nothing"
    assert "Stopped" in text(stranger.send(found[0], found[0]))
    site.pass_time()
    assert [address for address, _ in site.mails("mona")].count("b@example.com") == 2
    assert [address for address, _ in site.mails("mona")].count("a@example.com") == 3
    assert site.services.records.schedules.known(schedule.id).unsubscribed == {"b@example.com"}
    assert stranger.see(found[0][:-2]).status_code == 400


def test_two_workers_run_a_schedule_once(site: Site) -> None:
    site.schedule("mona", send_to="a@example.com")
    site.clock.ahead += timedelta(days=1)
    others = [Worker(site.services) for _ in range(2)]
    for worker in others:
        worker.look_after()
    site.pass_time(0)
    assert len(site.mails("mona")) == 1
    assert len(site.services.records.jobs.of(site.people["mona"])) == 1


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"zone": "Kyiv"}, "is not an IANA name"),
        ({"every": "cron", "cron": "* * * * *"}, "every 15 minutes"),
        ({"send_to": "nobody"}, "not an e-mail address"),
        ({"output": "web"}, "a schedule makes files"),
        ({"every": "monthly", "monthday": "40"}, "from 1 to 31"),
        ({"metric": "payg_total", "comparison": ">", "value": "much"}, "is not a number"),
        ({"template": "gone"}, "does not exist any more"),
    ],
)
def test_what_is_wrong_is_said(site: Site, fields: dict[str, str], said: str) -> None:
    template = site.template("mona")
    answer = site.browser("mona").send("/schedules", "/schedules", **FORM | {"template": template} | fields)
    assert (answer.status_code, said in text(answer)) == (400, True), text(answer)
