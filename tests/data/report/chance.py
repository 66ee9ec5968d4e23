"""Random datasets and questions that crowd around everything that can go wrong, and a way to cut a failure down."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from random import Random

from tests.oracle import Client, Dataset, Question, Subscription, Transaction, first_instant

MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1)

CLOCKS = (
    ("Europe/Kyiv", "2024-03-31"),  # 03:00 to 04:00
    ("Europe/Kyiv", "2024-10-27"),  # 04:00 back to 03:00
    ("America/Sao_Paulo", "2018-02-18"),  # midnight back to 23:00
    ("America/Sao_Paulo", "2018-11-04"),  # midnight does not exist
    ("Pacific/Apia", "2011-12-30"),  # the date does not exist
    ("America/St_Johns", "2009-11-01"),  # 00:01 back to 23:01 of the day before
    ("America/St_Johns", "2010-03-14"),  # 00:01 to 01:01
    ("Australia/Lord_Howe", "2024-04-07"),  # half an hour
    ("Australia/Lord_Howe", "2024-10-06"),
    ("Africa/Cairo", "2024-04-26"),  # midnight does not exist
    ("Africa/Cairo", "2024-11-01"),  # midnight back to 23:00
    ("Asia/Kathmandu", "1986-01-01"),  # 15 minutes, in the first of the year
    ("America/Havana", "2024-03-10"),  # midnight does not exist
    ("America/Havana", "2024-11-03"),  # 01:00 back to midnight: it exists twice
    ("Pacific/Kwajalein", "1993-08-21"),  # the date does not exist
    (
        "America/Scoresbysund",
        "2024-03-31",
    ),  # midnight back to 23:00 of the day before, and half an hour later than others
    ("UTC", "2024-02-29"),
)
"""Zones, each with a date on which its clocks change (or a leap day)."""

CURRENCIES = ("EUR", "USD", "JPY", "KWD", "UAH")
GROUPINGS = ("year", "quarter", "month", "week", "date", "client_type", "owner", "client_currency", "package")
KINDS = ("refill", "usage", "package_activation", "package_renewal", "adjustment")
AMOUNTS = (
    "0",
    "0.01",
    "0.005",
    "0.004999",
    "0.000001",
    "1",
    "10",
    "2.5",
    "7.125",
    "99.995",
    "1000000000000",
    "0.333333",
)
RATES = ("1", "3", "0.1", "0.5", "1.0821", "157.4868", "0.3333", "40.1435", "7", "0.305123456789")


class Chance:
    """Draws a dataset around one change of clocks, and questions about it, all from one seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.zone, changed = CLOCKS[seed % len(CLOCKS)]
        self.day = date.fromisoformat(changed)
        self.base = self.random.choice(("EUR", "EUR", "EUR", "USD"))
        self.data = self._dataset()

    # --- time ---------------------------------------------------------------------------------------------------------

    def near(self) -> date:
        """A date on or about the change of clocks, or about a month's or year's edge nearby."""
        draw = self.random
        day = self.day + DAY * draw.choice((0, 0, 0, 1, -1, 1, 2, -2, draw.randint(-20, 20), draw.randint(-90, 90)))
        if draw.random() < 0.2:
            day = day.replace(day=1) - DAY * draw.choice((0, 0, 1))
        return day

    def instant(self) -> datetime:
        """An instant: often the very edge of a local date, or a microsecond beside it."""
        draw, at = self.random, first_instant(self.near(), self.zone)
        match draw.randrange(4):
            case 0:
                return at
            case 1:
                return at + MICROSECOND * draw.choice((-1, 1))
            case 2:
                return at + timedelta(minutes=draw.choice((-60, -59, -30, -1, 1, 15, 30, 59, 60)))
        return at + timedelta(microseconds=draw.randrange(24 * 3600 * 10**6))

    @staticmethod
    def day_before(instant: datetime) -> datetime:
        """The same time a day earlier."""
        return instant - DAY

    def later(self, start: datetime) -> datetime | None:
        """Nothing, the same instant, or a later one."""
        draw = self.random.random()
        if draw < 0.4:
            return None
        return start if draw < 0.5 else max(start, self.instant())

    # --- rows ---------------------------------------------------------------------------------------------------------

    def _dataset(self) -> Dataset:
        draw = self.random
        data = Dataset(parents={1: None, 2: 1, 3: 1, 4: 2, 5: 4, 6: None})
        data.resellers = {2: "Süd", 3: "North", 5: "North", 6: "east"}
        data.packages = {10: "Gold", 12: "Gold", 11: "Silver", 13: "Безліміт", 14: "Äther", 9: "silver"}
        currencies = draw.sample(CURRENCIES, draw.randint(1, len(CURRENCIES)))
        for number in range(1, draw.randint(6, 30)):
            created = self.instant()
            data.clients.append(
                Client(
                    number,
                    draw.choice(("client", "client", "reseller", "calling_card", "call_shop")),
                    draw.randint(1, 6),
                    draw.choice(currencies),
                    created,
                    self.later(created),
                )
            )
            data.tags |= {(number, tag) for tag in draw.sample(("vip", "trial", "évent"), draw.randint(0, 2))}
            for _ in range(draw.choice((0, 1, 1, 2, 4))):
                started = self.instant()
                if not any(s.client_id == number and s.started_at == started for s in data.subscriptions):
                    packages = draw.choice((tuple(data.packages), (10,), (10, 12)))
                    data.subscriptions.append(Subscription(number, draw.choice(packages), started, self.later(started)))
            for _ in range(draw.choice((0, 1, 3, 8, 15))):
                data.transactions.append(self._transaction(data, number))
        for currency in CURRENCIES:
            if draw.random() < 0.97:
                first = self.day - DAY * draw.choice((600,) * 25 + (30, 0))
                for since in (0, *(draw.choice((draw.randint(0, 700), draw.randint(570, 630))) for _ in range(9))):
                    day = first + DAY * since
                    data.rates.setdefault(currency, {})[day] = Fraction(draw.choice(RATES))
        return data

    def _transaction(self, data: Dataset, client: int) -> Transaction:
        draw, number = self.random, len(data.transactions) + 1
        if data.transactions and draw.random() < 0.15:
            # The same again with the other sign: sums and balances of exactly zero.
            last = data.transactions[-1]
            if last.client_id == client:
                at = last.at if draw.random() < 0.5 else self.instant()
                return replace(last, id=number, at=at, amount=-last.amount)
        kind = draw.choice(KINDS)
        amount = Fraction(draw.choice(AMOUNTS)) if draw.random() < 0.8 else Fraction(draw.randrange(10**8), 10**6)
        usual = 1 if kind == "refill" else -1
        package = draw.choice(tuple(data.packages)) if kind in ("package_activation", "package_renewal") else None
        sign = usual if draw.random() < 0.85 else -usual
        return Transaction(number, client, self.instant(), kind, sign * amount, package)

    # --- questions ----------------------------------------------------------------------------------------------------

    def question(self) -> Question:
        """A question whose period and moment crowd around the same instants."""
        draw = self.random

        def some(values: tuple[object, ...], chance: float) -> tuple[object, ...]:
            return tuple(draw.sample(values, draw.randint(1, len(values)))) if draw.random() < chance else ()

        group_by = draw.choice(
            (
                (),
                ("month",),
                ("date",),
                ("package",),
                ("year", "month"),
                ("date", "year"),
                ("month", "package"),
                ("package", "month"),
                ("package", "date"),
                ("year", "package", "date", "month"),
                ("package", "year"),
            )
        )
        if draw.random() < 0.4:
            group_by = tuple(draw.sample(GROUPINGS, draw.choice((1, 1, 2, 2, 3, 5))))
        days = 40 if "date" in group_by else 120 if "week" in group_by else 500
        start = self.near() - DAY * draw.choice((0, 0, 1, 31, draw.randint(0, days)))
        end = start + DAY * draw.choice((1, 1, 2, 31, days, draw.randint(1, days), draw.randint(1, days)))
        times = ("", "", "", "T00:00", "T00:30", "T02:30", "T23:30", "T00:00:30", "T03:15")
        zone = self.zone if draw.random() < 0.8 else draw.choice(CLOCKS)[0]
        tags = sorted({tag for _, tag in self.data.tags})
        as_of = self.instant() if draw.random() < 0.25 else datetime(2030, 1, 1)
        return Question(
            start=f"{start}{draw.choice(times)}",
            end=f"{end}{draw.choice(times)}",
            timezone=zone,
            group_by=group_by,
            client_types=some(("client", "reseller", "calling_card"), 0.2),  # type: ignore[arg-type]
            tags=some(tuple(tags), 0.2) if tags else (),  # type: ignore[arg-type]
            owners=some((2, 3, 4), 0.2),  # type: ignore[arg-type]
            packages=some(tuple(self.data.packages), 0.3),  # type: ignore[arg-type]
            client_currencies=some(CURRENCIES, 0.2),  # type: ignore[arg-type]
            currency=draw.choice((*CURRENCIES, "USD", "EUR")),
            active_duration=draw.choice((1, 1, 2, 3, 12, 120)),
            as_of=f"{as_of.isoformat()}Z",
            base_currency=self.base,
        )

    def questions(self, number: int) -> Iterator[Question]:
        """Several questions; every one of them has a period that is not empty."""
        from tests.oracle import end_of, start_of

        while number:
            question = self.question()
            if start_of(question.start, question.timezone) < end_of(question.end, question.timezone):
                number -= 1
                # What one may see must not make a filter unknown: a restricted person asks without these three.
                if self.random.random() < 0.15:
                    question = replace(question, owners=(), tags=(), packages=(), sees=self.random.choice((2, 4)))
                yield question


def cut_down(data: Dataset, fails: Callable[[Dataset], bool], tries: int = 400) -> Dataset:
    """The smallest dataset found that still fails, by leaving out halves, quarters ... of each table."""

    def without(table: str, gone: set[int]) -> Dataset:
        rows = getattr(data, table)
        if isinstance(rows, list):
            return replace(data, **{table: [row for n, row in enumerate(rows) if n not in gone]})
        pairs = [(c, d) for c in rows for d in rows[c]]
        kept: dict[str, dict[date, Fraction]] = {}
        for n, (currency, day) in enumerate(pairs):
            if n not in gone:
                kept.setdefault(currency, {})[day] = rows[currency][day]
        return replace(data, rates=kept)

    def size(table: str) -> int:
        rows = getattr(data, table)
        return len(rows) if isinstance(rows, list) else sum(map(len, rows.values()))

    for _ in range(2):
        for table in ("clients", "transactions", "subscriptions", "rates"):
            step = max(1, size(table) // 2)
            while step:
                low = 0
                while low < size(table) and tries:
                    tries -= 1
                    smaller = without(table, set(range(low, low + step)))
                    alive = {client.id for client in smaller.clients}
                    smaller = replace(
                        smaller,
                        transactions=[t for t in smaller.transactions if t.client_id in alive],
                        subscriptions=[s for s in smaller.subscriptions if s.client_id in alive],
                        tags={(client, tag) for client, tag in smaller.tags if client in alive},
                    )
                    if fails(smaller):
                        data = smaller
                    else:
                        low += step
                step //= 2
    return data
