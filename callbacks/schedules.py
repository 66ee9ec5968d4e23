"""Schedules: templates that run at set times. Plain pages; the way out of a mail needs no sign-in."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import flask
from flask_wtf.csrf import generate_csrf

from callbacks.gate import public
from callbacks.read import address_problems
from data.access import Right
from data.acts import schedules
from data.delivery.formats import OUTPUTS, WEB
from data.delivery.rhythm import EVERY, WEEKDAYS, Rhythm
from data.delivery.schedule import read_unsubscribe
from data.errors import UserError
from data.report.catalog import metrics_for
from data.report.period import QUICK_RANGES, zone_names
from data.services import Services
from data.store.audit import Act
from data.store.schedules import COMPARISONS, PLACES, Schedule, ScheduleGone, SchedulePlan, Threshold
from layouts.pages import render_page

NEXT_SHOWN = 5


def register(server: flask.Flask, services: Services) -> None:
    """Register the addresses of this file on ``server``."""
    records = services.records.schedules

    @server.get("/schedules")
    def my_schedules() -> str:
        services.user().require(Right.DELIVER)
        return _page(services)

    @server.post("/schedules")
    def make_schedule() -> Any:
        form, user = flask.request.form, services.user()
        user.require(Right.DELIVER)
        try:
            plan = _plan(services, form)
            made = schedules.make(
                services, user, form.get("template", ""), plan, same_period=bool(form.get("same_period"))
            )
        except UserError as fault:
            return _page(services, fault.message, tone="bad", given=form), 400
        return _page(services, f"{made.title}: {made.plan.rhythm.words}.")

    @server.post("/schedules/<schedule_id>")
    def change_schedule(schedule_id: str) -> Any:
        user = services.user()
        user.require(Right.DELIVER)
        try:
            said = _act(services, schedule_id, flask.request.form)
        except ScheduleGone:
            raise
        except UserError as fault:
            return _page(services, fault.message, tone="bad"), 400
        return _page(services, said)

    @server.get("/unsubscribe/<token>")
    @public  # whoever gets a mail may have no account
    def ask_unsubscribe(token: str) -> str:
        schedule_id, address = read_unsubscribe(services.settings, token)
        title = records.known(schedule_id).title
        return render_page("unsubscribe.html", csrf=generate_csrf(), title=title, address=address, done=False)

    @server.post("/unsubscribe/<token>")
    @public
    def unsubscribe(token: str) -> str:
        schedule_id, address = read_unsubscribe(services.settings, token)
        schedule = records.known(schedule_id)
        records.unsubscribe(schedule_id, address)
        services.records.audit.write(
            Act.UNSUBSCRIBED, None, schedule.title, person=address, address=flask.request.remote_addr or ""
        )
        return render_page("unsubscribe.html", title=schedule.title, address=address, done=True)


def _act(services: Services, schedule_id: str, form: Any) -> str:
    """Do what a button says to one schedule; what to tell the person."""
    user, records = services.user(), services.records.schedules
    if form.get("act") == "hand over":
        heir = schedules.hand_over(services, user, schedule_id, form.get("heir", ""))
        return f"{heir.name} has it now, and it runs again."
    schedule = records.get(schedule_id, (user.id,))
    match form.get("act"):
        case "pause":
            records.pause(schedule_id, f"Paused by {user.name}.")
            return f"{schedule.title} is paused."
        case "resume":
            records.resume(schedule)
            return f"{schedule.title} runs again."
        case "run":
            schedules.run_now(services, user, schedule_id)
            return f"{schedule.title} is being made: see My files."
        case "delete":
            records.delete(schedule_id)
            return f"Deleted {schedule.title}."
    raise UserError("There is no such act: use the buttons of the page.")


def _plan(services: Services, form: Any) -> SchedulePlan:
    every = form.get("every", "")
    day = form.get("weekday" if every == "weekly" else "monthday", "1")
    send_to = tuple(part for part in form.get("send_to", "").replace(",", " ").replace(";", " ").split() if part)
    if wrong := address_problems(send_to, services.settings):
        raise UserError(f"Send to: {next(iter(wrong.values()))}", field="send-to")
    threshold = None
    if form.get("metric"):
        threshold = Threshold(
            metric=form["metric"],
            comparison=form.get("comparison", ""),
            value=form.get("value", ""),
            place=form.get("place", "totals"),
        )
    return SchedulePlan(
        rhythm=Rhythm(
            every=every,
            zone=form.get("zone", "").strip(),
            at=form.get("at", "").strip(),
            day=int(day) if day.isdecimal() else -1,
            cron=form.get("cron", "").strip(),
        ),
        output=form.get("output", ""),
        send_to=tuple(dict.fromkeys(send_to)),
        range=form.get("range", ""),
        skips_empty=bool(form.get("skips_empty")),
        threshold=threshold,
    ).check()


def _page(services: Services, message: str = "", *, tone: str = "good", given: Any = None) -> str:
    user, records = services.user(), services.records.schedules
    people = {id_: who for id_, who in schedules.managed(services, user).items() if id_ != user.id}
    paused = tuple(item for item in records.of(tuple(people)) if item.paused is not None) if people else ()
    return render_page(
        "schedules.html",
        csrf=generate_csrf(),
        signed_in=True,
        person=user,
        message=message,
        tone=tone,
        given=defaultdict(str, given or {}),
        mine=records.of((user.id,)),
        paused=paused,
        people=people,
        heirs=schedules.heirs(services, user) if paused else {},
        templates=services.records.templates.visible_to(user),
        outputs={value: label for value, label in OUTPUTS.items() if value != WEB},
        every=EVERY,
        weekdays=WEEKDAYS,
        ranges=QUICK_RANGES,
        zones=sorted(zone_names()),
        metrics=metrics_for(user),
        comparisons=COMPARISONS,
        places=PLACES,
        smtp=bool(services.settings.smtp_host),
        coming=_coming,
        moment=_moment,
    )


def _coming(schedule: Schedule) -> list[str]:
    """The next times at which it runs, in its own zone."""
    first = schedule.next_at
    times = (first, *schedule.plan.rhythm.following(first, NEXT_SHOWN - 1))
    return [_moment(schedule, instant) for instant in times]


def _moment(schedule: Schedule, instant: datetime) -> str:
    local = instant.replace(tzinfo=UTC).astimezone(ZoneInfo(schedule.plan.rhythm.zone))
    return local.strftime("%a %-d %b %Y %H:%M")
