"""A plain, slow computation of the report, to check the engine against (semantics, sections 1 to 6).

It shares no code with the product: its own reading of the files, its own clocks, exact fractions instead of decimals,
loops instead of queries. Each function names the sentence of the semantics that it spells out. To check it, read it
from :func:`report` downwards with the semantics beside it.

Instants are naive UTC datetimes; amounts, rates and figures are :class:`fractions.Fraction`.
"""

from __future__ import annotations

import csv
from calendar import monthrange
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cache
from importlib import resources
from itertools import product
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1)

MINOR_UNIT = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
    **dict.fromkeys(["CLF", "UYW"], 4),
}
"""ISO 4217 decimals of the currencies that have not two."""


# --- Section 1: the dataset -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Client:
    id: int
    type: str
    owner_id: int
    currency: str
    created_at: datetime
    closed_at: datetime | None = None


@dataclass(frozen=True)
class Subscription:
    client_id: int
    package_id: int
    started_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True)
class Transaction:
    id: int
    client_id: int
    at: datetime
    kind: str
    amount: Fraction
    package_id: int | None = None

    @property
    def is_reversal(self) -> bool:
        """Semantics: "a negative `refill`, a positive `package_activation` or `package_renewal`"."""
        return self.amount < 0 if self.kind == "refill" else self.amount > 0

    @property
    def is_paid_service(self) -> bool:
        """Semantics: "of kind `usage`, `package_activation` or `package_renewal` with amount < 0"."""
        return self.kind in ("usage", "package_activation", "package_renewal") and self.amount < 0


@dataclass
class Dataset:
    """The seven tables; resellers, packages and rates as maps of what the report needs of them."""

    parents: dict[int, int | None] = field(default_factory=dict)
    resellers: dict[int, str] = field(default_factory=dict)
    """Names of resellers; one that has none here is called by its number."""
    clients: list[Client] = field(default_factory=list)
    tags: set[tuple[int, str]] = field(default_factory=set)
    packages: dict[int, str] = field(default_factory=dict)
    subscriptions: list[Subscription] = field(default_factory=list)
    transactions: list[Transaction] = field(default_factory=list)
    rates: dict[str, dict[date, Fraction]] = field(default_factory=dict)


def instant(text: str) -> datetime:
    """Semantics: "ISO 8601 with an offset or `Z`, the `T` or a space between; one without an offset is UTC"."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def read_dataset(folder: Path) -> Dataset:
    """The dataset of a folder of good CSV files."""

    def table(name: str) -> list[dict[str, str]]:
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def optional(text: str) -> datetime | None:
        return instant(text) if text else None

    data = Dataset()
    for row in table("resellers"):
        data.parents[int(row["id"])] = int(row["parent_id"]) if row["parent_id"] else None
        data.resellers[int(row["id"])] = row["name"]
    for row in table("clients"):
        data.clients.append(
            Client(
                int(row["id"]),
                row["type"],
                int(row["owner_id"]),
                row["currency"],
                instant(row["created_at"]),
                optional(row["closed_at"]),
            )
        )
    data.tags = {(int(row["client_id"]), row["tag"]) for row in table("client_tags")}
    data.packages = {int(row["id"]): row["name"] for row in table("packages")}
    for row in table("subscriptions"):
        data.subscriptions.append(
            Subscription(
                int(row["client_id"]),
                int(row["package_id"]),
                instant(row["started_at"]),
                optional(row["ended_at"]),
            )
        )
    for row in table("transactions"):
        data.transactions.append(
            Transaction(
                int(row["id"]),
                int(row["client_id"]),
                instant(row["at"]),
                row["kind"],
                Fraction(row["amount"]),
                int(row["package_id"]) if row["package_id"] else None,
            )
        )
    for row in table("rates"):
        data.rates.setdefault(row["currency"], {})[date.fromisoformat(row["date"])] = Fraction(row["rate"])
    return data


# --- The question (section 7 names its arguments) ---------------------------------------------------------------------


@dataclass(frozen=True)
class Question:
    """The arguments of a report, as text where a person writes text. ``sees`` is the reseller of a restricted user."""

    start: str
    end: str
    timezone: str = "UTC"
    group_by: tuple[str, ...] = ()
    client_types: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    owners: tuple[int, ...] = ()
    packages: tuple[int, ...] = ()
    client_currencies: tuple[str, ...] = ()
    currency: str = "EUR"
    active_duration: int = 1
    as_of: str = "2100-01-01T00:00:00Z"
    base_currency: str = "EUR"
    sees: int | None = None

    @classmethod
    def from_arguments(cls, arguments: list[str]) -> Question:
        """The question of a `flask report` command line (options with their values, the last one wins or adds up)."""
        given = defaultdict(list)
        for option, value in zip(arguments[::2], arguments[1::2], strict=True):
            given[option].append(value)
        return cls(
            start=given["--from"][0],
            end=given["--to"][0],
            timezone=(given["--timezone"] or ["UTC"])[0],
            group_by=tuple(given["--group-by"]),
            client_types=tuple(given["--client-type"]),
            tags=tuple(given["--tag"]),
            owners=tuple(map(int, given["--owner"])),
            packages=tuple(map(int, given["--package"])),
            client_currencies=tuple(given["--client-currency"]),
            currency=(given["--currency"] or ["EUR"])[0],
            active_duration=int((given["--active-duration"] or ["1"])[0]),
            as_of=given["--as-of"][0],
        )


@dataclass
class Answer:
    """Rows and totals as the JSON of section 7, and what goes with them (section 6).

    ``missing`` holds every (currency, date) without a rate: if there are any, the report must fail naming one of them.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    totals: dict[str, Any] | None = None
    missing: set[tuple[str, date]] = field(default_factory=set)
    period: tuple[datetime, datetime] | None = None
    data_interval: tuple[datetime, datetime] | None = None
    rate_dates: tuple[date, date] | None = None


# --- Section 2: points in time ----------------------------------------------------------------------------------------


@cache
def _zone(name: str) -> ZoneInfo:
    package, _, leaf = f"tzdata.zoneinfo.{name.replace('/', '.')}".rpartition(".")
    with resources.files(package).joinpath(leaf).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def wall(at: datetime, zone: str) -> datetime:
    """What a clock on the wall shows at an instant."""
    return at.replace(tzinfo=UTC).astimezone(_zone(zone)).replace(tzinfo=None)


@cache
def when_wall_shows(local: datetime, zone: str) -> datetime:
    """The first instant at which a clock on the wall shows ``local`` or, having jumped over it, something later.

    So a time that does not exist "means the first instant after the gap" and one that exists twice "the first of the
    two". We watch the clock from a day and a half before, from hour to hour and from one putting of it to the next.
    """
    assert local.microsecond == 0
    now = local - timedelta(hours=36)
    while wall(now, zone) < local:
        offset = wall(now, zone) - now
        until = now + timedelta(hours=1)
        if wall(until, zone) - until != offset:
            until = _when_put(now, until, zone)
        if local - offset < until:
            return local - offset
        now = until
    return now


def _when_put(early: datetime, late: datetime, zone: str) -> datetime:
    """The second between two instants at which the clock was put."""
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) // timedelta(seconds=2) * timedelta(seconds=1)
        if wall(middle, zone) - middle == wall(early, zone) - early:
            early = middle
        else:
            late = middle
    return late


@cache
def first_instant(day: date, zone: str) -> datetime:
    """Semantics: "the first instant of that local date"."""
    return when_wall_shows(datetime(day.year, day.month, day.day), zone)


def local_date(at: datetime, zone: str) -> date:
    """Semantics: "the date whose [first instant, first instant of the next date) contains it"."""
    shown = wall(at, zone).date()
    for day in (shown - DAY, shown, shown + DAY):
        if first_instant(day, zone) <= at < first_instant(day + DAY, zone):
            return day
    raise AssertionError(f"{at} is on no date of {zone}")


def start_of(bound: str, zone: str) -> datetime:
    """Semantics: "`from` means the first instant of that local date"; with a time of day, that local time."""
    return when_wall_shows(datetime.fromisoformat(bound), zone)


def end_of(bound: str, zone: str) -> datetime:
    """Semantics: "a `to` given as a date is inclusive [...]"; with "a local time of day; then `to` is exclusive"."""
    if len(bound) == len("2024-01-01"):
        return first_instant(date.fromisoformat(bound) + DAY, zone)
    return when_wall_shows(datetime.fromisoformat(bound), zone)


def months_earlier(day: date, months: int) -> date:
    """Semantics: "the day of month clamped to the month's length"."""
    year, month = day.year, day.month
    for _ in range(months):
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    return date(year, month, min(day.day, monthrange(year, month)[1]))


@dataclass(frozen=True)
class Bucket:
    """[start, end), the T at which its balances and counts are taken, and the date by which it is labelled."""

    first_day: date
    start: datetime
    end: datetime
    at: datetime
    own_start: datetime
    """Where its local year, month or date begins and ends; of the whole period, that itself."""
    own_end: datetime


def buckets(question: Question, start: datetime, end: datetime) -> list[Bucket]:
    """Semantics: "local years, months or dates, clipped to the period"; the finest counts, none is one bucket.

    Section 8: "Order of fineness: year, quarter, month, week, date"; weeks are from Monday to Sunday.
    """
    zone, as_of = question.timezone, instant(question.as_of)
    unit = next((unit for unit in ("date", "week", "month", "quarter", "year") if unit in question.group_by), None)
    if unit is None:
        return [Bucket(local_date(start, zone), start, end, min(end, as_of), start, end)]
    # A date and those beside it that have the same label are one stretch: found by walking from day to day.
    found = []
    day, last = local_date(start, zone), local_date(end - MICROSECOND, zone)
    while day <= last:
        first, following = day, day + DAY
        while label_of(unit, first - DAY) == label_of(unit, day):
            first -= DAY
        while label_of(unit, following) == label_of(unit, day):
            following += DAY
        day = following
        own_start, own_end = first_instant(first, zone), first_instant(following, zone)
        bucket_start, bucket_end = max(start, own_start), min(end, own_end)
        if bucket_start < bucket_end:  # A date that the zone skipped holds no instant.
            at = min(bucket_end, end, as_of)
            # "it is the one that holds the first local date of the bucket after clipping"
            found.append(Bucket(local_date(bucket_start, zone), bucket_start, bucket_end, at, own_start, own_end))
    return found


def label_of(unit: str, day: date) -> str:
    """Sections 7 and 8: `year` "2024", `quarter` "2026-Q1", `month` "2024-03", `week` "2026-W05", `date`."""
    match unit:
        case "year":
            return f"{day.year}"
        case "quarter":
            return f"{day.year}-Q{(1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4)[day.month - 1]}"
        case "month":
            return f"{day.year}-{day.month:02}"
        case "week":
            return day.strftime("%G-W%V")
    return day.isoformat()


def marks(bucket: Bucket, last: datetime | None, zone: str) -> dict[str, Any]:
    """Section 8: what marks a bucket that "does not hold its whole local year [...]", or lies beyond the data.

    "clipped by the period at its start or end, or still running at `as_of`": what it covers ends with its T.
    """
    whole = bucket.start == bucket.own_start and bucket.end == bucket.own_end and bucket.at == bucket.end
    covered = [local_date(bucket.start, zone).isoformat(), local_date(bucket.at - MICROSECOND, zone).isoformat()]
    beyond = last is not None and bucket.end > last
    return {
        "partial": None if whole else covered,
        "data_until": local_date(last, zone).isoformat() if last is not None and beyond else None,
    }


# --- Section 3: who is counted ----------------------------------------------------------------------------------------


def selected_clients(data: Dataset, question: Question) -> list[Client]:
    """Semantics: "type (any of), tags (has any of), owner (any of the given resellers or their descendants)".

    All are ANDed, with what the user may see too.
    """

    def below(client: Client, tops: tuple[int, ...]) -> bool:
        reseller: int | None = client.owner_id
        while reseller is not None:
            if reseller in tops:
                return True
            reseller = data.parents[reseller]
        return False

    return [
        client
        for client in data.clients
        if (not question.client_types or client.type in question.client_types)
        and (not question.tags or any((client.id, tag) in data.tags for tag in question.tags))
        and (not question.owners or below(client, question.owners))
        and (not question.client_currencies or client.currency in question.client_currencies)
        and (question.sees is None or below(client, (question.sees,)))
    ]


def exists(client: Client, at: datetime) -> bool:
    """Semantics: "created_at < T and (closed_at is empty or closed_at >= T)"."""
    return client.created_at < at and (client.closed_at is None or client.closed_at >= at)


@dataclass(frozen=True)
class Everybody:
    """The row is not about packages."""


@dataclass(frozen=True)
class Holders:
    """The row is about holders of any of these packages."""

    packages: frozenset[int]


@dataclass(frozen=True)
class HoldersOfNone:
    """The row "No package"."""


Part = Everybody | Holders | HoldersOfNone


def held_at_end(subscriptions: list[Subscription], at: datetime) -> set[int]:
    """Semantics: "holds a package at T if started_at < T and (ended_at is empty or ended_at >= T)"."""
    return {s.package_id for s in subscriptions if s.started_at < at and (s.ended_at is None or s.ended_at >= at)}


def held_at_instant(subscriptions: list[Subscription], t: datetime) -> set[int]:
    """Semantics: "at the instant t of a transaction if started_at <= t and (ended_at is empty or t < ended_at)"."""
    return {s.package_id for s in subscriptions if s.started_at <= t and (s.ended_at is None or t < s.ended_at)}


def belongs(part: Part, held: set[int]) -> bool:
    """Whether a client that holds these packages is in the row."""
    match part:
        case Everybody():
            return True
        case Holders(packages):
            return bool(packages & held)
        case HoldersOfNone():
            return not held


# --- Section 5: money -------------------------------------------------------------------------------------------------


def pairwise_sum(values: list[Fraction]) -> Fraction:
    """The exact sum; halves first, since fractions grow as they are added."""
    if len(values) < 2:
        return values[0] if values else Fraction(0)
    middle = len(values) // 2
    return pairwise_sum(values[:middle]) + pairwise_sum(values[middle:])


class Exchange:
    """Converts to the report currency, and notes what it used and what it missed."""

    def __init__(self, data: Dataset, question: Question) -> None:
        self.target, self.base = question.currency, question.base_currency
        self.rates = data.rates
        self.used: set[date] = set()
        self.missing: set[tuple[str, date]] = set()

    def rate(self, currency: str, day: date) -> Fraction | None:
        """Semantics: "the one published last on or before that date"; the base's "is 1, with or without rows"."""
        if currency == self.base:
            return Fraction(1)
        published = [known for known in self.rates.get(currency, {}) if known <= day]
        if not published:
            self.missing.add((currency, day))
            return None
        self.used.add(max(published))
        return self.rates[currency][max(published)]

    def convert(self, amounts: dict[tuple[str, date], list[Fraction]]) -> Fraction:
        """The sum of amounts, each in a currency and at the rates of a date, in the report currency.

        "amount_in_target = amount x rate(target) / rate(source). If source and target are the same the amount is
        unchanged and no rate is needed." What is zero needs no rate either.
        """
        converted = []
        for (currency, day), parts in amounts.items():
            if not any(parts):
                continue
            if currency == self.target:
                converted.append(sum(parts, Fraction(0)))
                continue
            source, target = self.rate(currency, day), self.rate(self.target, day)
            # Without a rate the report fails if the row is shown: it is not zero, whatever it is.
            known = source is not None and target is not None
            converted.append(sum(parts, Fraction(0)) * target / source if known else Fraction(1))
        return pairwise_sum(converted)


def money(value: Fraction, currency: str) -> str:
    """Semantics: "rounded once, half up (away from zero), to the report currency's ISO 4217 minor unit".

    "Zero never carries a sign."
    """
    digits = MINOR_UNIT.get(currency, 2)
    units = int(abs(value) * 10**digits + Fraction(1, 2))  # int() cuts off: what is left of half up.
    text = str(units).rjust(digits + 1, "0")
    if digits:
        text = f"{text[:-digits]}.{text[-digits:]}"
    return f"-{text}" if value < 0 and units else text


# --- Section 4: the columns -------------------------------------------------------------------------------------------


class Books:
    """The selected clients with their transactions and subscriptions, and every figure one can ask of them."""

    def __init__(self, data: Dataset, question: Question, clients: list[Client]) -> None:
        self.question = question
        self.clients = clients
        self.transactions: dict[int, list[Transaction]] = defaultdict(list)
        self.subscriptions: dict[int, list[Subscription]] = defaultdict(list)
        for transaction in data.transactions:
            self.transactions[transaction.client_id].append(transaction)
        for subscription in data.subscriptions:
            self.subscriptions[subscription.client_id].append(subscription)

    def figures(self, bucket: Bucket, part: Part, exchange: Exchange) -> dict[str, Fraction | int | None]:
        """Every column's exact value for a bucket and a part of the clients; None where it is empty."""
        zone = self.question.timezone
        found: dict[str, Fraction | int | None] = {}

        # Counts and balances at T.
        closing_day = local_date(bucket.at - MICROSECOND, zone)  # D
        since = first_instant(months_earlier(closing_day + DAY, self.question.active_duration), zone)  # C
        everyone = [
            client
            for client in self.clients
            if exists(client, bucket.at) and belongs(part, held_at_end(self.subscriptions[client.id], bucket.at))
        ]

        def has_paid(client: Client, after: datetime | None) -> bool:
            return any(
                t.is_paid_service and t.at < bucket.at and (after is None or t.at >= after)
                for t in self.transactions[client.id]
            )

        populations = {
            "active": [client for client in everyone if has_paid(client, since)],
            "overall_active": [client for client in everyone if has_paid(client, None)],
            "all": everyone,
        }
        for name, clients in populations.items():
            balances: dict[tuple[str, date], list[Fraction]] = defaultdict(list)
            for client in clients:
                balance = sum((t.amount for t in self.transactions[client.id] if t.at < bucket.at), Fraction(0))
                balances[client.currency, closing_day].append(balance)
            above = {key: [value for value in values if value > 0] for key, values in balances.items()}
            below = {key: [value for value in values if value < 0] for key, values in balances.items()}
            found[f"clients_{name}_qty"] = len(clients)
            found[f"clients_{name}_balance_pos"] = exchange.convert(above)
            found[f"clients_{name}_balance_neg"] = exchange.convert(below)
            found[f"clients_{name}_balance"] = exchange.convert(balances)

        # Flows in [bucket start, T), "whether or not its client still exists".
        flows: dict[str, dict[tuple[str, date], list[Fraction]]] = defaultdict(lambda: defaultdict(list))
        quantity: dict[str, int] = defaultdict(int)
        for client in self.clients:
            for t in self.transactions[client.id]:
                if not bucket.start <= t.at < bucket.at:
                    continue
                if t.kind in ("package_activation", "package_renewal"):
                    assert t.package_id is not None
                    inside = belongs(part, {t.package_id}) and not isinstance(part, HoldersOfNone)
                else:
                    inside = belongs(part, held_at_instant(self.subscriptions[client.id], t.at))
                if inside:
                    flows[t.kind][client.currency, local_date(t.at, zone)].append(t.amount)
                    quantity[t.kind] += not t.is_reversal

        def ratio(total: Any, of: Any) -> Fraction | None:
            return Fraction(total, of) if of else None

        found["balance_refill_qty"] = quantity["refill"]
        found["balance_refill_total"] = exchange.convert(flows["refill"])
        found["balance_refill_avg"] = ratio(found["balance_refill_total"], found["balance_refill_qty"])
        found["payg_total"] = -exchange.convert(flows["usage"])
        found["payg_active_avg"] = ratio(found["payg_total"], found["clients_active_qty"])
        found["packages_activation_qty"] = quantity["package_activation"]
        found["packages_activation_total"] = -exchange.convert(flows["package_activation"])
        found["packages_renew_qty"] = quantity["package_renewal"]
        found["packages_renew_total"] = -exchange.convert(flows["package_renewal"])
        return found

    def written(self, figures: dict[str, Fraction | int | None]) -> dict[str, int | str | None]:
        """Semantics: "quantities are integers; money is a string rounded as in section 5; an empty value is null"."""
        return {
            name: money(value, self.question.currency) if isinstance(value, Fraction) else value
            for name, value in figures.items()
        }


def labelled(
    data: Dataset, question: Question, bucket: Bucket, values: dict[str, Any], package: int | None, place: int
) -> tuple[list[Any], dict[str, Any]]:
    """What sorts a row, and its labels: of a bucket, values of clients' attributes, and a package.

    ``place`` is that of the package among packages. "Sorted by: type in the order of section 1, owner by name then id,
    currency by code", "packages by name (Unicode code points), then id; No package last".
    """
    labels: dict[str, Any] = {
        name: label_of(name, bucket.first_day) for name in ("year", "quarter", "month", "week", "date")
    }
    labels |= values | {"package": None if package is None else data.packages[package]}
    orders: dict[str, Any] = labels | {"package": place}
    ids: dict[str, int | None] = {}
    if "package" in question.group_by:
        ids["package_id"] = package
    if "client_type" in values:
        orders["client_type"] = ["client", "reseller", "calling_card", "call_shop"].index(values["client_type"])
    if "owner" in values:
        ids["owner_id"] = values["owner"]
        labels["owner"] = data.resellers.get(values["owner"], f"Reseller {values['owner']}")
        orders["owner"] = (labels["owner"], values["owner"])
    # "Rows are sorted by the grouping columns in the order chosen"
    return [orders[name] for name in question.group_by], {name: labels[name] for name in question.group_by} | ids


def report(data: Dataset, question: Question) -> Answer:
    """The whole report."""
    start, end = start_of(question.start, question.timezone), end_of(question.end, question.timezone)
    assert start < end, "from >= to is a bad argument"
    as_of = instant(question.as_of)
    books = Books(data, question, selected_clients(data, question))
    answer = Answer(period=(start, end))

    # "the earliest `created_at` or transaction `at` among the clients selected by the client filters"
    moments = [client.created_at for client in books.clients]
    moments += [t.at for client in books.clients for t in books.transactions[client.id]]
    if not moments:
        return answer
    first_data = min(moments)

    # "first and last transaction instant of the selected clients inside the period, up to `as_of`"
    inside = [
        t.at for client in books.clients for t in books.transactions[client.id] if start <= t.at < min(end, as_of)
    ]
    answer.data_interval = (min(inside), max(inside)) if inside else None

    # "Grouping by package gives a row for each package and a last one, No package [...] With a package filter only
    # the filtered packages have rows."
    everything: Part = Holders(frozenset(question.packages)) if question.packages else Everybody()
    parts: list[tuple[int | None, Part]] = [(None, everything)]
    by_package = "package" in question.group_by
    if by_package:
        in_order = sorted(data.packages, key=lambda package: (data.packages[package], package))
        parts = [
            (package, Holders(frozenset([package])))
            for package in in_order
            if not question.packages or package in question.packages
        ]
        if not question.packages:
            parts.append((None, HoldersOfNone()))

    last = max((t.at for t in data.transactions), default=None)
    # Section 8: "A client is in one row of each", by its attributes as they are now.
    by_attributes = [name for name in question.group_by if name in ("client_type", "owner", "client_currency")]
    members: dict[tuple[Any, ...], list[Client]] = defaultdict(list)
    for client in books.clients:
        of = {"client_type": client.type, "owner": client.owner_id, "client_currency": client.currency}
        members[tuple(of[name] for name in by_attributes)].append(client)

    used: set[date] = set()
    sortable: list[tuple[list[Any], dict[str, Any]]] = []
    for bucket in buckets(question, start, end):
        # "A bucket is shown only if it starts before `as_of` and its T is after the first data"
        if not (bucket.start < as_of and bucket.at > first_data):
            continue
        for (values, clients), (place, (package, part)) in product(members.items(), enumerate(parts)):
            exchange = Exchange(data, question)
            figures = Books(data, question, clients).figures(bucket, part, exchange)
            # "a package row (No package too) is shown when any of its exact, unrounded figures is not zero"; so are
            # those of clients' attributes.
            if (by_package or by_attributes) and not any(figures.values()):
                continue
            answer.missing |= exchange.missing
            used |= exchange.used
            order, row = labelled(data, question, bucket, dict(zip(by_attributes, values, strict=True)), package, place)
            row |= marks(bucket, last, question.timezone)
            sortable.append((order, row | books.written(figures)))
    answer.rows = [row for _, row in sorted(sortable, key=lambda pair: pair[0])]

    # "Totals are the same report with no grouping [...] If no rows are shown there are no totals."
    if answer.rows:
        exchange = Exchange(data, question)
        whole = Bucket(local_date(start, question.timezone), start, end, min(end, as_of), start, end)
        answer.totals = books.written(books.figures(whole, everything, exchange))
        answer.missing |= exchange.missing
        used |= exchange.used
    answer.rate_dates = (min(used), max(used)) if used else None
    return answer
