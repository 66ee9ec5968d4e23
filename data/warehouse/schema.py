"""The seven tables of the dataset (semantics, section 1) as one SQLAlchemy Core schema for every engine.

How values are stored:

* **Money** is a whole number of millionths of a currency unit (``amount_micros``, 64 bits). That holds every amount
  with six decimals up to 9.2 x 10^12 units, and every engine adds such numbers exactly, beyond 64 bits where it must.
* **Instants** are UTC without a zone, to the microsecond.
* **Rates** are decimals with twenty digits before and eighteen after the point.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, DateTime, Integer, MetaData, Numeric, String, Table

MICROS = 1_000_000
"""Millionths in one unit of money."""

MAX_AMOUNT_MICROS = 2**63 - 1
"""The largest amount, either sign: 9,223,372,036,854.775807 units."""

metadata = MetaData()

# Keys are natural keys. Engines that index them get a primary key; the embedded one is rebuilt checked and sorted.
resellers = Table(
    "resellers",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String, nullable=False),
    Column("parent_id", BigInteger),
)
clients = Table(
    "clients",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String, nullable=False),
    Column("type", String, nullable=False),
    Column("owner_id", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("closed_at", DateTime),
)
client_tags = Table(
    "client_tags",
    metadata,
    Column("client_id", BigInteger, primary_key=True, autoincrement=False),
    Column("tag", String, primary_key=True),
)
packages = Table(
    "packages",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String, nullable=False),
)
subscriptions = Table(
    "subscriptions",
    metadata,
    Column("client_id", BigInteger, primary_key=True, autoincrement=False),
    Column("package_id", BigInteger, primary_key=True, autoincrement=False),
    Column("started_at", DateTime, primary_key=True),
    Column("ended_at", DateTime),
)
transactions = Table(
    "transactions",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("client_id", BigInteger, nullable=False),
    Column("at", DateTime, nullable=False, quote=True),  # a reserved word in DuckDB
    Column("kind", String, nullable=False),
    Column("amount_micros", BigInteger, nullable=False),
    Column("package_id", BigInteger),
)
rates = Table(
    "rates",
    metadata,
    Column("currency", String(3), primary_key=True),
    Column("date", Date, primary_key=True),
    Column("rate", Numeric(38, 18), nullable=False),
)
loads = Table(
    "loads",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("loaded_at", DateTime, nullable=False),
    Column("source", String, nullable=False),
    Column("summary", String, nullable=False),
    comment="One row for every load that was published; the newest version names the state of the data.",
)

DATASET = (resellers, clients, client_tags, packages, subscriptions, transactions, rates)
"""The tables that files carry, in the order in which they may refer to each other."""

CLIENT_TYPES = {
    "client": "Client",
    "reseller": "Reseller",
    "calling_card": "Calling Card",
    "call_shop": "Call Shop",
}
KINDS = ("refill", "usage", "package_activation", "package_renewal", "adjustment")
PACKAGE_KINDS = ("package_activation", "package_renewal")
PAID_KINDS = ("usage", *PACKAGE_KINDS)
