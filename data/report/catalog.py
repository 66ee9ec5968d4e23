"""THE metrics of the report, in the order of its columns (semantics, section 4).

A metric is one entry here: its names, its definition in words, and how it is measured, from which SQL, table, header,
exports, charts and help texts are made. Adding a metric is adding an entry (and its golden test).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from data.access import Right, User

Kind = Literal["count", "money", "average"]
Nature = Literal["flow", "stock"]
Population = Literal["active", "overall_active", "all"]
Colour = Literal["blue", "orange", "violet", "gold", "teal", "green", "purple", "red"]


@dataclass(frozen=True, slots=True)
class Flow:
    """Transactions of one kind in the bucket: how many without reversals, or ``sign`` times the sum of their amounts.

    ``sign`` is the sign that an ordinary row of the kind has: a refill is +1, a charge -1.
    """

    transactions: Literal["refill", "usage", "package_activation", "package_renewal"]
    of: Literal["count", "sum"]
    sign: Literal[1, -1]


@dataclass(frozen=True, slots=True)
class Stock:
    """Clients of one population at T: how many, or the sum of their balances (all, above zero, below zero)."""

    population: Population
    of: Literal["qty", "pos", "neg", "balance"]


@dataclass(frozen=True, slots=True)
class Ratio:
    """One metric divided by another, before rounding; empty when the divisor is 0."""

    numerator: str
    denominator: str


@dataclass(frozen=True, slots=True)
class Metric:
    """A column of figures: ``group`` and ``label`` are its two header rows, ``description`` explains it to a person.

    ``colour`` is its own on every chart. Metrics of one group have different ones, and so have those that are compared
    across groups: the quantities of the three populations, and the totals of refills, usage and packages. A group folds
    to its ``main`` figure: of several the last that the person may see (:func:`main_of`).
    """

    id: str
    group: str
    label: str
    kind: Kind
    measure: Flow | Stock | Ratio
    description: str
    colour: Colour
    main: bool = False

    @property
    def nature(self) -> Nature:
        """Whether the figure happens during the bucket (flow) or is taken at its end (stock)."""
        return "stock" if isinstance(self.measure, Stock) else "flow"

    @property
    def is_below_zero(self) -> bool:
        """Whether the figure is below zero by its nature, so that being so says nothing."""
        return isinstance(self.measure, Stock) and self.measure.of == "neg"

    @property
    def is_money(self) -> bool:
        """Whether the figure is an amount, or made of one: an average or ratio of money is money."""
        return self.kind == "money" or (
            isinstance(self.measure, Ratio)
            and any(METRIC[part].is_money for part in (self.measure.numerator, self.measure.denominator))
        )

    @property
    def name(self) -> str:
        """The metric in one phrase, as charts and menus call it: "Balance Refill: Total"."""
        return f"{self.group}: {self.label}"


def _population(key: Population, title: str, who: str, colours: tuple[Colour, ...]) -> tuple[Metric, ...]:
    group = f"Clients - {title}"
    qty, pos, neg, balance = colours
    return (
        Metric(f"clients_{key}_qty", group, "Qty", "count", Stock(key, "qty"), f"Number of {who}.", qty, main=True),
        Metric(
            f"clients_{key}_balance_pos",
            group,
            "Balance Pos",
            "money",
            Stock(key, "pos"),
            f"Sum of the balances above zero of {who}: what is owed to them.",
            pos,
        ),
        Metric(
            f"clients_{key}_balance_neg",
            group,
            "Balance Neg",
            "money",
            Stock(key, "neg"),
            f"Sum of the balances below zero of {who}: what they owe, a negative number.",
            neg,
        ),
        Metric(
            f"clients_{key}_balance",
            group,
            "Balance",
            "money",
            Stock(key, "balance"),
            f"Sum of all balances of {who}.",
            balance,
        ),
    )


_AT_END = "at the end of the row's time"

METRICS: tuple[Metric, ...] = (
    *_population(
        "active",
        "Active",
        f"clients that exist {_AT_END} and paid for usage or a package within the Active Duration before it",
        ("blue", "violet", "teal", "purple"),
    ),
    *_population(
        "overall_active",
        "Overall Active",
        f"clients that exist {_AT_END} and paid for usage or a package at any time before it",
        ("orange", "gold", "green", "red"),
    ),
    *_population("all", "All", f"clients that exist {_AT_END}", ("violet", "teal", "purple", "blue")),
    Metric(
        "balance_refill_qty",
        "Balance Refill",
        "Qty",
        "count",
        Flow("refill", "count", 1),
        "Number of refills, without reversals.",
        "gold",
        main=True,
    ),
    Metric(
        "balance_refill_total",
        "Balance Refill",
        "Total",
        "money",
        Flow("refill", "sum", 1),
        "Sum of refills, less reversed ones.",
        "green",
        main=True,
    ),
    Metric(
        "balance_refill_avg",
        "Balance Refill",
        "Avg",
        "average",
        Ratio("balance_refill_total", "balance_refill_qty"),
        "Balance Refill Total divided by its Qty; empty when there is none.",
        "red",
    ),
    Metric(
        "payg_total",
        "Pay As You Go",
        "Total",
        "money",
        Flow("usage", "sum", -1),
        "What clients were charged for usage, less corrections.",
        "teal",
        main=True,
    ),
    Metric(
        "payg_active_avg",
        "Pay As You Go",
        "Active Avg",
        "average",
        Ratio("payg_total", "clients_active_qty"),
        "Pay As You Go Total divided by the number of active clients; empty when there is none.",
        "purple",
    ),
    Metric(
        "packages_activation_qty",
        "Packages",
        "Activation Qty",
        "count",
        Flow("package_activation", "count", -1),
        "Number of package activations, without reversals.",
        "green",
    ),
    Metric(
        "packages_activation_total",
        "Packages",
        "Activation Total",
        "money",
        Flow("package_activation", "sum", -1),
        "Activation fees charged, less fees given back.",
        "red",
    ),
    Metric(
        "packages_renew_qty",
        "Packages",
        "Renew Qty",
        "count",
        Flow("package_renewal", "count", -1),
        "Number of package periods charged, each package's first one included, without reversals.",
        "orange",
        main=True,
    ),
    Metric(
        "packages_renew_total",
        "Packages",
        "Renew Total",
        "money",
        Flow("package_renewal", "sum", -1),
        "Fees charged for package periods, less fees given back.",
        "gold",
        main=True,
    ),
)

GROUPS = {
    "Clients - Active": "Clients that exist at the end of the row's time and paid for usage or a package within the "
    "Active Duration before it.",
    "Clients - Overall Active": "Clients that exist at the end of the row's time and paid for usage or a package at "
    "any time before it.",
    "Clients - All": "All clients that exist at the end of the row's time.",
    "Balance Refill": "Refills in the row's time.",
    "Pay As You Go": "Usage charged in the row's time.",
    "Packages": "Packages activated and renewed in the row's time.",
}
"""What each group of columns is about, in the order of the columns."""

METRIC = {metric.id: metric for metric in METRICS}
MONEY = frozenset(metric.id for metric in METRICS if metric.is_money)
"""Ids of the metrics that only people with the right to see money are shown."""


def metrics_for(user: User) -> tuple[Metric, ...]:
    """The metrics that ``user`` may see, in the order of the catalog."""
    return METRICS if user.may(Right.MONEY) else tuple(metric for metric in METRICS if metric.id not in MONEY)


def main_of(group: str, metrics: Iterable[Metric]) -> Metric | None:
    """What ``group`` folds to, of the ``metrics`` that there are; None when none of them is a main one."""
    return next((metric for metric in reversed(tuple(metrics)) if metric.group == group and metric.main), None)


READY_SETS: tuple[tuple[str, Callable[[Metric], bool]], ...] = (
    ("All", lambda _: True),
    ("Clients", lambda metric: isinstance(metric.measure, Stock) and not metric.is_money),
    ("Balances", lambda metric: isinstance(metric.measure, Stock) and metric.is_money),
    ("Revenue", lambda metric: not isinstance(metric.measure, Stock)),
)
"""Columns to be looked at together: what they are called, and which they are."""


def ready_sets(user: User) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The sets that ``user`` may choose: name and ids of metrics, without those that would be empty."""
    found = ((name, tuple(metric.id for metric in metrics_for(user) if has(metric))) for name, has in READY_SETS)
    return tuple((name, ids) for name, ids in found if ids)
