"""Small worlds that a person can add up by hand, and a way to ask both engines and the oracle about them.

A world starts with reseller 1 at the top. Every method returns the world, so that a test reads as a story::

    world().client(1).refill(1, "10.00", "2024-03-05").usage(1, "-2.50", "2024-03-06")

Instants are ISO 8601 text, UTC without an offset; amounts are text.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

import duckdb
import pandas as pd
import sqlalchemy as sa

from data.access import OPERATOR, User
from data.errors import MissingRate
from data.report.catalog import METRIC
from data.report.period import Bound, parse_instant
from data.report.query import ReportQuery
from data.report.run import run_report
from data.settings import Settings
from data.warehouse import lines, rollups, schema
from data.warehouse.engines import Warehouse, open_warehouse
from tests import oracle
from tests.oracle import Client, Dataset, Question, Subscription, Transaction, instant

_DUCKDB = sa.create_mock_engine("duckdb://", lambda *_, **__: None).dialect


@dataclass
class World:
    """A dataset in the making, and the same as text that can be replayed."""

    data: Dataset = field(default_factory=lambda: Dataset(parents={1: None}))

    def reseller(self, id_: int, parent: int | None = 1, name: str | None = None) -> Self:
        self.data.parents[id_] = parent
        if name is not None:
            self.data.resellers[id_] = name
        return self

    def client(
        self,
        id_: int,
        currency: str = "EUR",
        *,
        created: str = "2020-01-01",
        closed: str | None = None,
        type: str = "client",  # noqa: A002 - the column's name
        owner: int = 1,
        tags: tuple[str, ...] = (),
    ) -> Self:
        end = None if closed is None else instant(closed)
        self.data.clients.append(Client(id_, type, owner, currency, instant(created), end))
        self.data.tags |= {(id_, tag) for tag in tags}
        return self

    def package(self, id_: int, name: str) -> Self:
        self.data.packages[id_] = name
        return self

    def subscription(self, client: int, package: int, start: str, end: str | None = None) -> Self:
        self.data.subscriptions.append(
            Subscription(client, package, instant(start), None if end is None else instant(end))
        )
        return self

    def rate(self, currency: str, day: str, rate: str) -> Self:
        self.data.rates.setdefault(currency, {})[date.fromisoformat(day)] = Fraction(rate)
        return self

    def refill(self, client: int, amount: str, at: str) -> Self:
        return self._transaction("refill", client, amount, at)

    def usage(self, client: int, amount: str, at: str) -> Self:
        return self._transaction("usage", client, amount, at)

    def adjustment(self, client: int, amount: str, at: str) -> Self:
        return self._transaction("adjustment", client, amount, at)

    def activation(self, client: int, package: int, amount: str, at: str) -> Self:
        return self._transaction("package_activation", client, amount, at, package)

    def renewal(self, client: int, package: int, amount: str, at: str) -> Self:
        return self._transaction("package_renewal", client, amount, at, package)

    def _transaction(self, kind: str, client: int, amount: str, at: str, package: int | None = None) -> Self:
        number = len(self.data.transactions) + 1
        self.data.transactions.append(Transaction(number, client, instant(at), kind, Fraction(amount), package))
        return self


def world() -> World:
    """A new world."""
    return World()


def as_code(data: Dataset) -> str:
    """The dataset as the lines of Python that make it, to replay a counterexample."""
    lines = ["world()"]
    lines += [
        f"reseller({id_}, {parent}, {data.resellers.get(id_)!r})" for id_, parent in data.parents.items() if id_ != 1
    ]
    for c in data.clients:
        tags = tuple(sorted(tag for client, tag in data.tags if client == c.id))
        closed = "" if c.closed_at is None else f', closed="{c.closed_at}"'
        lines.append(
            f'client({c.id}, "{c.currency}", created="{c.created_at}"{closed}, type="{c.type}", '
            f"owner={c.owner_id}, tags={tags})"
        )
    lines += [f"package({id_}, {name!r})" for id_, name in data.packages.items()]
    for s in data.subscriptions:
        ended = "" if s.ended_at is None else f', "{s.ended_at}"'
        lines.append(f'subscription({s.client_id}, {s.package_id}, "{s.started_at}"{ended})')
    for t in data.transactions:
        amount = Decimal(t.amount.numerator) / Decimal(t.amount.denominator)
        package = "" if t.package_id is None else f", {t.package_id}"
        lines.append(f'{t.kind.removeprefix("package_")}({t.client_id}{package}, "{amount}", "{t.at}")')
    for currency, days in data.rates.items():
        lines += [
            f'rate("{currency}", "{day}", "{Decimal(rate.numerator) / Decimal(rate.denominator)}")'
            for day, rate in sorted(days.items())
        ]
    return "\n    .".join(lines)


# --- into the warehouses ----------------------------------------------------------------------------------------------


def _records(data: Dataset) -> dict[str, list[dict[str, Any]]]:
    return {
        "resellers": [
            {"id": id_, "name": data.resellers.get(id_, f"Reseller {id_}"), "parent_id": parent}
            for id_, parent in data.parents.items()
        ],
        "clients": [
            {
                "id": c.id,
                "name": f"Client {c.id}",
                "type": c.type,
                "owner_id": c.owner_id,
                "currency": c.currency,
                "created_at": c.created_at,
                "closed_at": c.closed_at,
            }
            for c in data.clients
        ],
        "client_tags": [{"client_id": client, "tag": tag} for client, tag in sorted(data.tags)],
        "packages": [{"id": id_, "name": name} for id_, name in data.packages.items()],
        "subscriptions": [
            {
                "client_id": s.client_id,
                "package_id": s.package_id,
                "started_at": s.started_at,
                "ended_at": s.ended_at,
            }
            for s in data.subscriptions
        ],
        "transactions": [
            {
                "id": t.id,
                "client_id": t.client_id,
                "at": t.at,
                "kind": t.kind,
                "amount_micros": int(t.amount * schema.MICROS),
                "package_id": t.package_id,
            }
            for t in data.transactions
        ],
        "rates": [
            {"currency": currency, "date": day, "rate": Decimal(rate.numerator) / Decimal(rate.denominator)}
            for currency, days in data.rates.items()
            for day, rate in days.items()
        ],
    }


class Shelf:
    """One warehouse of each engine, refilled for each world; faster than loading files, and independent of it."""

    def __init__(self, folder: Path, postgresql_url: str) -> None:
        self._folder = folder
        self._link = folder / "warehouse.duckdb"
        self._version = 0
        self._held: tuple[Dataset, tuple[str, ...]] | None = None
        self._postgresql = sa.create_engine(postgresql_url)
        schema.metadata.create_all(self._postgresql)
        self._empty = folder / "empty.duckdb"
        engine = sa.create_engine(f"duckdb:///{self._empty}", poolclass=sa.NullPool)
        schema.metadata.create_all(engine)
        engine.dispose()
        self.warehouses: dict[str, Warehouse] = {
            "DuckDB": open_warehouse(Settings(warehouse_url=f"duckdb:///{self._link}")),
            "PostgreSQL": open_warehouse(Settings(warehouse_url=postgresql_url)),
        }

    def fill(self, data: Dataset, zones: tuple[str, ...] = ()) -> None:
        """Put the dataset, and nothing else, into both warehouses, with lines for the days of some zones."""
        if self._held is not None and self._held[0] is data and self._held[1] == zones:
            return
        self._held = None
        self._version += 1
        loaded = {
            "version": self._version,
            "loaded_at": datetime(2024, 1, 1),
            "source": "a test",
            "summary": "",
        }
        records = _records(data) | {"loads": [loaded]}
        with self._postgresql.begin() as connection:
            # Not TRUNCATE: that makes new files, which takes longer than to empty tables as small as these.
            connection.execute(sa.text(";".join(f"DELETE FROM {name}" for name in schema.metadata.tables)))
            for name, rows in records.items():
                if rows:
                    connection.execute(sa.insert(schema.metadata.tables[name]), rows)
            for statement in rollups.everything():
                connection.execute(statement)
            lines.make_lines(lambda statement: _lines(connection.execute(statement)), zones)
        self._write_duckdb(records, zones)
        self._held = (data, zones)

    def change_postgresql(self, statement: sa.Executable) -> None:
        """Change what PostgreSQL holds, until the shelf is filled anew."""
        self._held = None
        with self._postgresql.begin() as connection:
            connection.execute(statement)

    def _write_duckdb(self, records: dict[str, list[dict[str, Any]]], zones: tuple[str, ...]) -> None:
        file = self._folder / f"v{self._version}.duckdb"
        shutil.copy(self._empty, file)
        with duckdb.connect(file) as connection:
            for name, rows in records.items():
                if rows:
                    # Through a frame of objects: row by row would take seconds.
                    frame = pd.DataFrame(rows, dtype=object)
                    for column in frame.columns[frame.columns.str.endswith("_at") | (frame.columns == "at")]:
                        frame[column] = frame[column].astype("datetime64[us]")
                    connection.register("incoming", frame)
                    names = ", ".join(f'"{column}"' for column in frame.columns)
                    connection.execute(f"INSERT INTO {name} ({names}) SELECT {names} FROM incoming")
                    connection.unregister("incoming")
            for statement in rollups.everything():
                connection.execute(rollups.as_text(statement, _DUCKDB))
            lines.make_lines(
                lambda statement: connection.execute(rollups.as_text(statement, _DUCKDB)).fetchall(), zones
            )
        fresh = self._folder / "fresh.link"
        fresh.symlink_to(file)
        previous = self._link.resolve() if self._link.is_symlink() else None
        fresh.replace(self._link)
        if previous is not None:
            previous.unlink()


def _lines(result: sa.CursorResult[Any]) -> list[Any]:
    return [*result.all()] if result.returns_rows else []


# --- questions and answers --------------------------------------------------------------------------------------------


def query_of(question: Question) -> ReportQuery:
    """The product's form of the oracle's question."""
    return ReportQuery(
        start=Bound.parse(question.start, field="from"),
        end=Bound.parse(question.end, field="to"),
        timezone=question.timezone,
        client_types=question.client_types,
        tags=question.tags,
        owners=question.owners,
        packages=question.packages,
        client_currencies=question.client_currencies,
        group_by=question.group_by,
        currency=question.currency,
        active_duration=question.active_duration,
    )


def answer_of(warehouse: Warehouse, question: Question) -> dict[str, Any]:
    """The engine's report as JSON, or ``{"missing": (currency, date)}``."""
    user = OPERATOR if question.sees is None else User("restricted", "Restricted", "Analyst", question.sees)
    try:
        result = run_report(
            warehouse,
            query_of(question),
            user,
            base_currency=question.base_currency,
            as_of=parse_instant(question.as_of, field="as-of"),
        )
    except MissingRate as fault:
        return {"missing": (fault.currency, fault.date)}
    return result.to_json()


def disagreement(name: str, answer: dict[str, Any], expected: oracle.Answer) -> str | None:
    """What differs between an engine's answer and the oracle's, in words; None if nothing does."""
    if expected.missing or "missing" in answer:
        # Every engine names the same one: the earliest, then the first of the alphabet.
        wanted = min(expected.missing, key=lambda pair: (pair[1], pair[0]), default=None)
        if answer.get("missing") == wanted:
            return None
        return f"{name} says {answer.get('missing', 'no rate is missing')}, the oracle {wanted or 'none is'}"
    found = []
    if len(answer["rows"]) != len(expected.rows):
        found.append(f"{name} has {len(answer['rows'])} rows, the oracle {len(expected.rows)}")
    if (answer["totals"] is None) != (expected.totals is None):
        found.append(f"{name} and the oracle do not agree whether there are totals")
    pairs = [*zip(answer["rows"], expected.rows, strict=False), (answer["totals"] or {}, expected.totals or {})]
    for number, (got, wanted) in enumerate(pairs):
        where = "totals" if number == len(pairs) - 1 else f"row {number}"
        found += [
            f"{where}, {column}: {name} {got.get(column)!r}, the oracle {wanted.get(column)!r}"
            # A metric that the oracle does not know has a test of its own.
            for column in dict.fromkeys([*wanted, *(known for known in got if known not in METRIC)])
            if got.get(column, "absent") != wanted.get(column, "absent")
        ]
    info = answer["info"]

    def iso(at: datetime) -> str:
        return at.isoformat() + "Z"

    assert expected.period is not None
    facts = {
        "period": {"from": iso(expected.period[0]), "to": iso(expected.period[1])},
        "data_interval": expected.data_interval
        and {"first": iso(expected.data_interval[0]), "last": iso(expected.data_interval[1])},
        "rate_dates": expected.rate_dates
        and {"oldest": str(expected.rate_dates[0]), "newest": str(expected.rate_dates[1])},
    }
    found += [
        f"info, {fact}: {name} {info[fact]}, the oracle {value}" for fact, value in facts.items() if info[fact] != value
    ]
    if bool(info["notice"]) == bool(expected.rows):
        found.append(f"info, notice: {name} says {info['notice']!r} above {len(expected.rows)} rows")
    return "; ".join(found[:12]) or None


Ask = Callable[..., dict[str, Any]]
