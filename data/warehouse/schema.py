"""The seven tables of the dataset (semantics, section 1) as one SQLAlchemy Core schema for every engine.

Beside them stand the tables that every publication derives from them (``rollups.py``), so that reports need not go
through a client's whole history.

How values are stored:

* **Money** is a whole number of millionths of a currency unit (``amount_micros``, 64 bits). That holds every amount
  with six decimals up to 9.2 x 10^12 units, and every engine adds such numbers exactly, beyond 64 bits where it must.
* **Instants** are UTC without a zone, to the microsecond.
* **Rates** are decimals with twenty digits before and eighteen after the point.
"""

from __future__ import annotations

from collections.abc import Callable

from duckdb_engine.datatypes import HugeInteger
from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Integer, MetaData, Numeric, String, Table
from sqlalchemy.engine import Dialect
from sqlalchemy.types import UserDefinedType

MICROS = 1_000_000
"""Millionths in one unit of money."""

MAX_AMOUNT_MICROS = 2**63 - 1
"""The largest amount, either sign: 9,223,372,036,854.775807 units."""

CLIENT_TYPES = {
    "client": "Client",
    "reseller": "Reseller",
    "calling_card": "Calling Card",
    "call_shop": "Call Shop",
}
KINDS = ("refill", "usage", "package_activation", "package_renewal", "adjustment")
PACKAGE_KINDS = ("package_activation", "package_renewal")
PAID_KINDS = ("usage", *PACKAGE_KINDS)


class _Kinds(UserDefinedType[str]):
    """The embedded engine's own enumeration: it compares a byte where text would take a string comparison a row."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return f"ENUM({', '.join(repr(kind) for kind in KINDS)})"

    def literal_processor(self, dialect: Dialect) -> Callable[[str], str]:
        return repr


WIDE = Numeric(38, 0).with_variant(HugeInteger(), "duckdb")
"""Sums of amounts, which may be longer than 64 bits."""

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
    Column("kind", String().with_variant(_Kinds(), "duckdb"), nullable=False),
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

client_months = Table(
    "client_months",
    metadata,
    Column("client_id", BigInteger, primary_key=True, autoincrement=False),
    Column("month", Date, primary_key=True),
    Column("amount_micros", WIDE, nullable=False),
    Column("paid_at", DateTime),
    Column("first_at", DateTime, nullable=False),
    Column("last_at", DateTime, nullable=False),
    comment="What a client's transactions of one UTC month come to, its last paid service, its first and last instant.",
)
holdings = Table(
    "holdings",
    metadata,
    Column("client_id", BigInteger, primary_key=True, autoincrement=False),
    Column("started_at", DateTime, primary_key=True),
    Column("ended_at", DateTime),
    Column("package_set", BigInteger, nullable=False),
    comment="Which set of packages a client holds from when to when: never empty, never overlapping.",
)
package_sets = Table(
    "package_sets",
    metadata,
    Column("package_set", BigInteger, primary_key=True, autoincrement=False),
    Column("package_id", BigInteger, primary_key=True, autoincrement=False),
)

client_groups = Table(
    "client_groups",
    metadata,
    Column("group_id", BigInteger, primary_key=True, autoincrement=False),
    Column("owner_id", BigInteger, nullable=False),
    Column("type", String, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("created_at", DateTime, nullable=False),
    comment="Clients of the same owner, type and currency, and when the first of them was created.",
)
line_zones = Table(
    "line_zones",
    metadata,
    Column("zone_id", Integer, primary_key=True, autoincrement=False),
    Column("name", String, nullable=False),
    Column("first_at", DateTime, nullable=False),
    Column("last_at", DateTime, nullable=False),
    Column("mark", String, nullable=False),
    comment="Whose local days the lines below are of: all zones that tell the days from first_at to last_at alike.",
)
level_changes = Table(
    "level_changes",
    metadata,
    Column("zone_id", Integer, nullable=False),
    Column("day", Date, nullable=False),
    Column("group_id", BigInteger, nullable=False),
    Column("cause", Integer, nullable=False),
    *(
        Column(f"{population}_{part}", BigInteger if part == "qty" else WIDE, nullable=False)
        for population in ("all", "overall_active")
        for part in ("qty", "pos", "neg")
    ),
    comment="By how much the clients of a group, and their balances above and below zero, changed on a local day.",
)
lapse_changes = Table(
    "lapse_changes",
    metadata,
    Column("zone_id", Integer, nullable=False),
    Column("day", Date, nullable=False),
    Column("paid_day", Date, nullable=False),
    Column("group_id", BigInteger, nullable=False),
    Column("cause", Integer, nullable=False),
    Column("qty", BigInteger, nullable=False),
    Column("pos", WIDE, nullable=False),
    Column("neg", WIDE, nullable=False),
    comment="The same of those clients whose last paid service, on paid_day, is more than a month ago.",
)
day_flows = Table(
    "day_flows",
    metadata,
    Column("zone_id", Integer, nullable=False),
    Column("day", Date, nullable=False),
    Column("group_id", BigInteger, nullable=False),
    Column("kind", String().with_variant(_Kinds(), "duckdb"), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("not_below", BigInteger, nullable=False),
    Column("not_above", BigInteger, nullable=False),
    Column("amount_micros", WIDE, nullable=False),
    comment="What a group's transactions of one kind on a local day come to.",
)

DATASET = (resellers, clients, client_tags, packages, subscriptions, transactions, rates)
"""The tables that files carry, in the order in which they may refer to each other."""

DERIVED = (client_months, holdings, package_sets)
"""The tables that follow from those of the dataset."""

client_states = Table(
    "client_states",
    MetaData(),
    Column("group_id", BigInteger, nullable=False),
    Column("since", Date),
    Column("day", Date, nullable=False),
    Column("following", Date),
    Column("existed", Boolean, nullable=False),
    Column("exists_now", Boolean, nullable=False),
    Column("before", WIDE, nullable=False),
    Column("balance", WIDE, nullable=False),
    Column("paid_before", Date),
    Column("paid_day", Date),
    prefixes=["TEMPORARY"],
    comment="What a client was at the end of the day before one on which something happened to it, and of that day.",
)
changed_transactions = Table(
    "changed_transactions",
    MetaData(),
    Column("id", BigInteger, nullable=False),
    prefixes=["TEMPORARY"],
    comment="The transactions that a load brings or replaces.",
)
touched_clients = Table(
    "touched_clients",
    MetaData(),
    Column("client_id", BigInteger, nullable=False),
    Column("since", DateTime, nullable=False),
    Column("moves", Boolean, nullable=False),
    prefixes=["TEMPORARY"],
    comment="The clients that a load touches, from which instant on, and whether they come into another group.",
)

LINES = (client_groups, line_zones, level_changes, lapse_changes, day_flows)
"""What is added up by local day (``lines.py``). Data without them is answered from the other tables."""
