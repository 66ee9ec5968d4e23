"""What a reseller's person sees: just what there would be if nobody else's clients were in the data."""

from __future__ import annotations

import ast
import csv
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest

from data.access import OPERATOR, User, descendants
from data.errors import UserError
from data.report.choices import Choices, read_choices
from data.report.dimensions import DIMENSIONS
from data.report.filters import FILTERS
from data.report.period import Bound
from data.report.query import ReportQuery
from data.report.result import ReportResult
from data.report.run import run_report
from data.settings import Settings
from data.warehouse.engines import Warehouse, open_warehouse
from tests.conftest import load_folder

ROOT = Path(__file__).parents[3]
DATASET = ROOT / "tests" / "golden" / "dataset"
TOP = 2
"""The reseller whose person asks; those below it are theirs too."""
ANKE = User(id="anke", name="Anke", role="Manager", reseller_id=TOP)
NOBODY_ELSES = "Only theirs, Ltd"


def _read(name: str) -> list[dict[str, str]]:
    with (DATASET / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _write(folder: Path, name: str, rows: list[dict[str, str]], fields: list[str]) -> None:
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fields)
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="module")
def warehouses(tmp_path_factory: pytest.TempPathFactory) -> tuple[Warehouse, Warehouse]:
    """Everybody's data, with a package, a tag and a currency that only others use; and what is the reseller's alone."""
    tables = {name: _read(name) for name in ("resellers", "clients", "client_tags", "packages", "subscriptions")}
    tables |= {name: _read(name) for name in ("transactions", "rates")}
    fields = {name: list(rows[0]) for name, rows in tables.items()}
    parents = {int(row["id"]): int(row["parent_id"]) if row["parent_id"] else None for row in tables["resellers"]}
    seen = descendants([TOP], parents)
    theirs = {row["id"] for row in tables["clients"] if int(row["owner_id"]) in seen}
    stranger = next(row for row in tables["clients"] if int(row["owner_id"]) not in seen and not row["closed_at"])

    everybody = {name: list(rows) for name, rows in tables.items()}
    everybody["packages"].append({"id": "99", "name": NOBODY_ELSES})
    everybody["subscriptions"].append(
        {"client_id": stranger["id"], "package_id": "99", "started_at": stranger["created_at"], "ended_at": ""}
    )
    everybody["client_tags"].append({"client_id": stranger["id"], "tag": "secret"})
    everybody["clients"].append(stranger | {"id": "9999", "currency": "PLN"})
    everybody["rates"].append({"currency": "PLN", "date": "2023-08-07", "rate": "4.4"})

    alone = {
        "resellers": [row for row in tables["resellers"] if int(row["id"]) in seen],
        "clients": [row for row in tables["clients"] if row["id"] in theirs],
        "rates": everybody["rates"],
    } | {
        name: [row for row in tables[name] if row["client_id"] in theirs]
        for name in ("client_tags", "subscriptions", "transactions")
    }
    used = {row["package_id"] for name in ("subscriptions", "transactions") for row in alone[name]}
    alone["packages"] = [row for row in tables["packages"] if row["id"] in used]
    alone["resellers"] = [row | ({"parent_id": ""} if int(row["id"]) == TOP else {}) for row in alone["resellers"]]

    opened = []
    for name, data in (("everybody", everybody), ("alone", alone)):
        folder = tmp_path_factory.mktemp(name)
        for table, rows in data.items():
            _write(folder, table, rows, fields[table])
        url = f"duckdb:///{tmp_path_factory.mktemp('warehouse')}/{name}.duckdb"
        load_folder(url, folder)
        opened.append(open_warehouse(Settings(warehouse_url=url)))
    return opened[0], opened[1]


def _figures(result: ReportResult) -> object:
    # Up to when there is data is told to everybody of the whole warehouse (semantics, section 8).
    rows = tuple(replace(row, data_until=None) for row in result.rows)
    return rows, result.totals, result.info.data_first, result.info.data_last, result.info.notice


def _ask(warehouse: Warehouse, user: User, **question: object) -> ReportResult:
    query = ReportQuery(
        start=Bound(date(2024, 1, 1)),
        end=Bound(date(2024, 6, 30)),
        timezone="UTC",
        currency="EUR",
        active_duration=1,
        **question,  # type: ignore[arg-type]
    )
    return run_report(warehouse, query, user, as_of=datetime(2025, 2, 1))


QUESTIONS: list[dict[str, object]] = [
    {"group_by": by}
    for by in ((), *((item.id,) for item in DIMENSIONS), ("month", "owner", "package"), ("client_type", "package"))
] + [{"group_by": ("month",), "owners": (TOP,)}, {"group_by": ("owner",), "client_types": ("client",)}]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda item: "-".join(map(str, item.values())))
def test_figures_are_those_of_their_own_clients(
    question: dict[str, object], warehouses: tuple[Warehouse, Warehouse]
) -> None:
    everybody, alone = warehouses
    seen = _ask(everybody, ANKE, **question)
    assert seen.rows
    assert _figures(seen) == _figures(_ask(alone, OPERATOR, **question))
    # The same from each client's own history, whatever was chosen to answer.
    assert _figures(_ask(everybody, OPERATOR, **{"owners": (TOP,)} | question)) == _figures(seen)
    assert _figures(_ask(everybody, OPERATOR, **{k: v for k, v in question.items() if k != "owners"})) != _figures(seen)


def _choices(warehouse: Warehouse, user: User) -> Choices:
    with warehouse.read() as reading:
        return read_choices(reading, user)


def test_choices_are_those_of_their_own_clients(warehouses: tuple[Warehouse, Warehouse]) -> None:
    everybody, alone = warehouses
    seen = _choices(everybody, ANKE)
    assert seen == _choices(alone, OPERATOR)
    every = _choices(everybody, OPERATOR)
    assert {"99", "secret", "PLN"} <= {choice.value for item in FILTERS for choice in every.of[item.id]}


@pytest.mark.parametrize(
    ("field", "foreign", "unknown"),
    [("owners", 1, 777), ("packages", 99, 777), ("tags", "secret", "secreet")],
)
def test_what_only_others_have_is_unknown_and_no_hint_names_it(
    field: str, foreign: int | str, unknown: int | str, warehouses: tuple[Warehouse, Warehouse]
) -> None:
    everybody, alone = warehouses

    def refusal(warehouse: Warehouse, user: User, value: int | str) -> str:
        with pytest.raises(UserError) as fault:
            _ask(warehouse, user, **{field: (value,)})
        return fault.value.message

    assert _ask(everybody, OPERATOR, **{field: (foreign,)}).rows
    for value in (foreign, unknown):
        assert refusal(everybody, ANKE, value) == refusal(alone, OPERATOR, value)
    assert str(foreign) not in refusal(everybody, ANKE, unknown).replace(str(unknown), "")


def test_a_client_currency_that_only_others_have_answers_like_one_that_nobody_has(
    warehouses: tuple[Warehouse, Warehouse],
) -> None:
    everybody, _ = warehouses
    answers = [_ask(everybody, ANKE, client_currencies=(code,)) for code in ("PLN", "CHF")]
    assert _figures(answers[0]) == _figures(answers[1])
    assert not answers[0].rows


def test_a_place_outside_the_tree_sees_nothing(warehouses: tuple[Warehouse, Warehouse]) -> None:
    everybody, _ = warehouses
    lost = User(id="lost", name="Lost", role="Manager", reseller_id=12345)
    assert not _ask(everybody, lost, group_by=("month",)).rows
    assert not any(_choices(everybody, lost).of[item] for item in ("owners", "tags", "packages", "client_currencies"))


# --- there is no other way to figures ---------------------------------------------------------------------------------

READERS = {
    ("data/report/run.py", "run_report"): "the figures, through _Run._selection",
    ("data/report/reports.py", "choices"): "filter values, through read_company",
    ("data/commands/report.py", "_names"): "names for a file's words, through read_company",
    (
        "data/warehouse/resellers.py",
        "read_tree",
    ): "the tree of resellers, cut for each person by data/access.py",
    ("data/demo_people.py", "_read"): "the list of loads",
    ("data/commands/demo.py", "_standing"): "whether there is data",
    ("callbacks/routes.py", "_missing"): "whether there is data",
    ("callbacks/routes.py", "healthz"): "whether there is data, and its version",
}
"""Every function that opens a reading of the warehouse, and what for: why it is no way around."""


def _functions_with(wanted: str, *rooms: str) -> set[tuple[str, str]]:
    """File and innermost function of each call of ``wanted`` (a name, or an attribute's with a dot before it)."""
    found = set()
    for room in rooms:
        for file in sorted((ROOT / room).rglob("*.py") if (ROOT / room).is_dir() else [ROOT / room]):

            def walk(node: ast.AST, inside: str, file: Path = file) -> None:
                for child in ast.iter_child_nodes(node):
                    name = child.name if isinstance(child, ast.FunctionDef | ast.ClassDef) else inside
                    if isinstance(child, ast.Call):
                        called = child.func
                        names = {called.id} if isinstance(called, ast.Name) else set()
                        if isinstance(called, ast.Attribute):
                            names = {f".{called.attr}"}
                        if wanted in names and (wanted != ".read" or not (child.args or child.keywords)):
                            found.add((str(file.relative_to(ROOT)), inside))
                    walk(child, name)

            walk(ast.parse(file.read_text(encoding="utf-8")), "")
    return found


def test_every_reading_of_the_warehouse_is_known() -> None:
    rooms = ("data/report", "data/acts", "data/commands", "data/delivery", "data/demo_people.py")
    opened = _functions_with(".read", *rooms, "data/warehouse/resellers.py", "callbacks", "layouts", "charts", "app.py")
    assert opened == set(READERS)


def test_who_is_asked_about_is_decided_in_one_place() -> None:
    rooms = ("data", "callbacks", "layouts", "charts", "app.py")
    assert _functions_with("Selection", *rooms) <= {
        ("data/report/run.py", "_selection"),
        ("data/report/selection.py", "everyone"),
    }
    assert _functions_with("Company", *rooms) == {("data/report/choices.py", "read_company")}
    assert _functions_with("visible_owners", *rooms) <= {
        ("data/report/choices.py", "read_company"),
        ("data/access.py", "_within"),
        ("callbacks/admin.py", "_companies"),
    }


def test_every_statement_about_clients_is_made_for_a_selection() -> None:
    """What reads clients or transactions takes the selection as an argument, or is known to tell nobody's figures."""
    known = {"anything_between", "last_transaction", "keys_of"}  # the last names columns, and reads nothing
    tables = {"clients", "transactions", "client_tags", "subscriptions", "holdings", "client_months", "client_groups"}
    for name in ("selection", "levels", "flows"):
        tree = ast.parse((ROOT / "data" / "report" / f"{name}.py").read_text(encoding="utf-8"))
        for function in tree.body:
            if not isinstance(function, ast.FunctionDef) or function.name.startswith("_") or function.name in known:
                continue
            read = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)} & tables
            if read:
                given = {ast.unparse(argument.annotation) for argument in function.args.args if argument.annotation}
                assert "Selection" in given, f"{name}.{function.name} reads {read} whoever asks"
