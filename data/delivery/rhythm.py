"""When a schedule runs: daily, weekly, monthly or by cron, at a local time in a zone, whatever its clocks do.

A local time that a change of clocks skips is taken at the same moment as without the change (02:30 becomes 03:30); one
that comes twice is taken at its first.
"""

from __future__ import annotations

import calendar
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from data.errors import UserError
from data.report.period import check_zone

Every = Literal["daily", "weekly", "monthly", "cron"]

EVERY: dict[Every, str] = {"daily": "Every day", "weekly": "Every week", "monthly": "Every month", "cron": "By cron"}
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_LEAST_APART = timedelta(minutes=15)
_MAX_CRON = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """When something is done. ``day`` is a weekday (Monday is 0) of a weekly one, a day of the month of a monthly one.

    A monthly one whose month is shorter runs on its last day. ``cron`` has five fields.
    """

    every: Every
    zone: str
    at: str = "08:00"
    day: int = 1
    cron: str = ""

    def check(self) -> Rhythm:
        """Itself; raises :class:`UserError` naming the field that cannot be meant."""
        check_zone(self.zone, field="zone")
        if self.every not in EVERY:
            raise UserError("Choose how often it runs: every day, week or month, or by cron.", field="every")
        if self.every == "cron":
            self._check_cron()
            return self
        try:
            found = time.fromisoformat(self.at)
            if len(self.at) != 5 or found.tzinfo is not None:
                raise ValueError
        except ValueError:
            raise UserError(f"{self.at!r} is not a time of day: write it as 08:00.", field="at") from None
        first, last = {"weekly": (0, 6), "monthly": (1, 31)}.get(self.every, (self.day, self.day))
        if not first <= self.day <= last:
            raise UserError("Choose a day of the week, or one from 1 to 31.", field="day")
        return self

    def following(self, after: datetime, count: int = 1) -> tuple[datetime, ...]:
        """The next ``count`` instants after ``after``, all naive UTC."""
        zone = ZoneInfo(self.zone)
        local = after.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)
        found: list[datetime] = []
        # From the day before: the clocks may have been set back since.
        for moment in self._local_times(local - timedelta(days=1)):
            instant = moment.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None)
            if instant > (found[-1] if found else after):
                found.append(instant)
                if len(found) == count:
                    break
        return tuple(found)

    @property
    def words(self) -> str:
        """The rhythm in words: "Every Monday at 08:00, Europe/Kyiv"."""
        if self.every == "cron":
            return f"Cron {self.cron}, {self.zone}"
        days = {"daily": "day", "weekly": WEEKDAYS[self.day % 7], "monthly": f"month on day {self.day}"}[self.every]
        return f"Every {days} at {self.at}, {self.zone}"

    def _local_times(self, start: datetime) -> Iterator[datetime]:
        if self.every == "cron":
            from croniter import croniter  # type: ignore[import-untyped]

            times = croniter(self.cron, start)
            while True:
                yield times.get_next(datetime)
        moment, day = time.fromisoformat(self.at), start.date()
        while day < date.max:
            if self._is_on(day):
                yield datetime.combine(day, moment)
            day += timedelta(days=1)

    def _is_on(self, day: date) -> bool:
        if self.every == "weekly":
            return day.weekday() == self.day
        if self.every == "monthly":
            return day.day == min(self.day, calendar.monthrange(day.year, day.month)[1])
        return True

    def _check_cron(self) -> None:
        # Only here: it asks the machine about itself, in another process, when it is imported.
        from croniter import CroniterError, croniter

        hint = "write five fields, like 0 8 * * 1-5"
        if len(self.cron) > _MAX_CRON or len(self.cron.split()) != 5:
            raise UserError(f"{self.cron[:_MAX_CRON]!r} is no cron: {hint}.", field="cron")
        try:
            # A date that never comes, like 30 February, is found out by asking for the next.
            times = croniter(self.cron, datetime(2026, 1, 1))
            coming = [times.get_next(datetime) for _ in range(50)]
        except (CroniterError, ValueError, KeyError, AttributeError):
            raise UserError(f"{self.cron!r} is no cron that ever comes: {hint}.", field="cron") from None
        if min(after - before for before, after in itertools.pairwise(coming)) < _LEAST_APART:
            raise UserError("It would run more often than every 15 minutes: choose fewer times.", field="cron")
