"""The house tests itself: what CONTRIBUTING.md promises about the layout of the code."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest

from data.report.catalog import METRICS
from data.report.dimensions import DIMENSIONS
from data.report.reports import Reports
from data.settings import Settings
from data.store.chart_presets import ChartPresets
from data.store.preferences import Preferences
from data.store.snapshots import Snapshots
from data.store.templates import Templates
from docs.tables import TABLES, renew, tables_of

ROOT = Path(__file__).parent.parent
ROOMS = ("data", "charts", "layouts", "callbacks")

# Who may open a connection, and to what.
CONNECTIONS = {
    "data/warehouse/engines.py": "the warehouse",
    "data/store/database.py": "our own records",
    "data/delivery/parquet_file.py": "an engine in memory that writes a Parquet file",
    "benchmarks/market.py": "an engine in memory that writes the Parquet files of benchmarks",
    "data/warehouse/demo.py": "an engine in memory that writes the demo's Parquet files",
    "migrations/env.py": "our own records, while their tables are made",
}
_OPENERS = {"create_engine", "duckdb.connect", "psycopg.connect", "sqlite3.connect"}
_FORBIDDEN_NAMES = {"utils", "util", "helper", "helpers", "misc", "manager", "managers", "common"}


@cache
def tree(path: str) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), filename=path)


def files(*folders: str) -> list[str]:
    """Python files of the folders, relative to the project; app.py stands for itself."""
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [path.relative_to(ROOT).as_posix() for path in found]


def code() -> list[str]:
    return ["app.py", "gunicorn.conf.py", *files(*ROOMS, "migrations", "benchmarks", "docs")]


def dotted(node: ast.AST) -> str:
    """`a.b.c` as written, an empty string for anything that is not a plain name."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and dotted(node.value):
        return f"{dotted(node.value)}.{node.attr}"
    return ""


def imported(path: str) -> Iterator[str]:
    """Full names of everything the file imports, wherever in it."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def mentioned(path: str) -> set[str]:
    """Names the file imports, and dotted names it writes out."""
    return set(imported(path)) | {dotted(node) for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute)}


# ---------------------------------------------------------------- who imports whom


def test_rooms_import_downwards_only():
    outcome = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert "0 broken" in outcome.stdout


def test_nobody_imports_app():
    assert [path for path in files(*ROOMS) if any(name.split(".")[0] == "app" for name in imported(path))] == []


def test_only_the_table_imports_dash_table():
    """DataTable leaves in Dash 5: one file to change."""
    users = {path for path in code() if any("dash_table" in name.split(".") for name in mentioned(path))}
    assert users <= {"layouts/table.py"}


def test_ctx_is_read_only_in_callbacks():
    readers = {path for path in code() if mentioned(path) & {"dash.ctx", "dash.callback_context"}}
    assert {path for path in readers if not path.startswith("callbacks/")} == set()


def test_callbacks_are_registered_on_an_app_not_on_the_module():
    """The global `dash.callback` serves only the first application of a process."""
    users = {path for path in code() if mentioned(path) & {"dash.callback", "dash.clientside_callback"}}
    assert users == set()


def test_connections_are_opened_in_few_places():
    openers = set()
    for path in code():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call):
                name = dotted(node.func)
                if name in _OPENERS or name.rsplit(".", 1)[-1] in {"create_engine", "engine_from_config"}:
                    openers.add(path)
    assert openers <= set(CONNECTIONS)


# ---------------------------------------------------------------- the border


MOST_LINES = 12
"""A callback reads what the page says, has it done, and shows what came of it."""


def callbacks_of(path: str) -> Iterator[ast.FunctionDef]:
    """The functions of a file that Dash calls."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef) and any(
            isinstance(mark, ast.Call) and dotted(mark.func).endswith(".callback") for mark in node.decorator_list
        ):
            yield node


def lines_of(function: ast.FunctionDef) -> int:
    """Lines of what a function does, without its head and its docstring."""
    body = function.body[ast.get_docstring(function) is not None :]
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_callbacks_are_thin():
    found = {f"{path}: {node.name}": lines_of(node) for path in files("callbacks") for node in callbacks_of(path)}
    assert len(found) > 15
    assert {name: lines for name, lines in found.items() if lines > MOST_LINES} == {}


def test_a_thick_callback_is_found(monkeypatch):
    source = (
        "def register(app):\n    @app.callback(1)\n    def act():\n        'Docstring.'\n" + "        work()\n" * 13
    )
    monkeypatch.setitem(globals(), "tree", lambda path: ast.parse(source))
    assert [lines_of(node) for node in callbacks_of("callbacks/some.py")] == [13]


_UNTYPED = re.compile(r"\b(dict|Mapping)\[str, Any\]")


def untyped(path: str) -> Iterator[str]:
    """Public functions that take a thing of the domain as plain JSON. Parsers do, and are named for it: `read_…`.

    What stands within a function is Dash's to call: that is the border.
    """
    classes = [node for node in tree(path).body if isinstance(node, ast.ClassDef)]
    for node in [*tree(path).body, *(part for kind in classes for part in kind.body)]:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith(("_", "from_json", "read_")):
            taken = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            if any(item.annotation and _UNTYPED.search(ast.unparse(item.annotation)) for item in taken):
                yield f"{path}: {node.name}"


def test_past_the_border_there_are_only_types():
    assert [place for path in files("data", "layouts", "callbacks") for place in untyped(path)] == []


@pytest.mark.parametrize(
    "source", ["def f(view: dict[str, Any]): ...", "def f(*, asked: Mapping[str, Any] | None): ..."]
)
def test_what_is_untyped_is_found(source, monkeypatch):
    monkeypatch.setitem(globals(), "tree", lambda path: ast.parse(source))
    assert list(untyped("data/some.py")) == ["data/some.py: f"]


# Where it is found out who somebody is; everybody else asks Services.user().
SIGN_IN = {"callbacks/gate.py", "callbacks/sign_in.py", "callbacks/oidc.py"}
_IDENTITY = {"data.access.OPERATOR", "flask_login", "flask_login.current_user", "flask.session", "flask.g"}


def test_only_services_say_who_is_asking():
    readers = {path for path in files("callbacks", "layouts") if mentioned(path) & _IDENTITY}
    assert readers - SIGN_IN == set()


def test_whoever_asks_records_or_figures_says_who_they_are():
    asked = [
        (kind.__name__, name, member)
        for kind in (Snapshots, Templates, Preferences, ChartPresets)
        for name, member in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_")
    ]
    asked += [("Reports", name, getattr(Reports, name)) for name in ("ask", "choices")]
    assert [
        f"{kind}.{name}" for kind, name, member in asked if "user" not in inspect.signature(member).parameters
    ] == []


def test_acts_take_the_services_and_the_person():
    others = [
        f"{path}: {node.name}"
        for path in files("data/acts")
        for node in tree(path).body
        if isinstance(node, ast.FunctionDef)
        and not node.name.startswith("_")
        and [item.arg for item in node.args.args[:2]] != ["services", "user"]
    ]
    assert others == []


# ---------------------------------------------------------------- names


def test_no_module_is_named_for_nothing():
    paths = [Path(path) for path in [*code(), *files("tests")]]
    assert [str(path) for path in paths if _FORBIDDEN_NAMES & set(re.split(r"[/_.]", path.as_posix()))] == []


# Names that still mean two things: nothing is added here.
_MEANT_TWICE = {"Package", "Source"}


def test_one_word_means_one_thing():
    """A class is called as no other of another file is; ids are named for the panel that they are on."""
    homes: dict[str, list[str]] = {}
    for path in files(*ROOMS):
        for node in tree(path).body if path != "layouts/ids.py" else ():
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes.setdefault(node.name, []).append(path)
    assert {name: where for name, where in homes.items() if len(where) > 1 and name not in _MEANT_TWICE} == {}


def literal_ids(path: str) -> Iterator[str]:
    """Places where an id of the page is spelled out: `id="..."`, `Input("...", ...)`, `{"type": "...", ...}`."""
    for node in ast.walk(tree(path)):
        if not isinstance(node, ast.Call):
            continue
        spots = [keyword.value for keyword in node.keywords if keyword.arg in {"id", "target", "component_id"}]
        if dotted(node.func).rsplit(".", 1)[-1] in {"Input", "Output", "State"} and node.args:
            spots.append(node.args[0])
        for spot in spots:
            kind = spot
            if isinstance(spot, ast.Dict):
                kind = next(
                    (
                        value
                        for key, value in zip(spot.keys, spot.values, strict=True)
                        if isinstance(key, ast.Constant) and key.value == "type"
                    ),
                    spot,
                )
            text = kind.value if isinstance(kind, ast.Constant) else None
            if isinstance(kind, ast.JoinedStr) or (isinstance(text, str) and text):
                yield f"{path}:{spot.lineno}: {ast.unparse(spot)}"


def test_ids_are_spelled_in_one_file():
    spelled = [
        place for path in files("layouts", "callbacks") if path != "layouts/ids.py" for place in literal_ids(path)
    ]
    assert spelled == []


@pytest.mark.parametrize(
    "source", ['Div(id="a")', 'Input("a", "value")', 'Div(id={"type": "a", "index": 1})', 'X(id=f"a{b}")']
)
def test_a_spelled_id_is_found(source, monkeypatch):
    monkeypatch.setitem(globals(), "tree", lambda path: ast.parse(source))
    assert len(list(literal_ids("layouts/some.py"))) == 1


@pytest.mark.parametrize("source", ["Div(id=Ids.A)", 'Input(Ids.A, "value")', 'Div(id={"type": Ids.A, "index": "x"})'])
def test_an_id_by_name_is_fine(source, monkeypatch):
    monkeypatch.setitem(globals(), "tree", lambda path: ast.parse(source))
    assert list(literal_ids("layouts/some.py")) == []


# ---------------------------------------------------------------- docs


def undocumented(path: str) -> Iterator[str]:
    """Public functions and classes of a module, and public methods of its classes, that say nothing of themselves.

    A method of a class with a base may take its base's word for what it does.
    """
    if ast.get_docstring(tree(path)) is None:
        yield f"{path}: the module"
    for node in tree(path).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            if ast.get_docstring(node) is None:
                yield f"{path}: {node.name}"
            if isinstance(node, ast.ClassDef) and not node.bases:
                yield from (
                    f"{path}: {node.name}.{part.name}"
                    for part in node.body
                    if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)
                    and not part.name.startswith("_")
                    and ast.get_docstring(part) is None
                )


def test_whatever_is_public_says_what_it_is():
    assert [place for path in ["app.py", *files(*ROOMS)] for place in undocumented(path)] == []


PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md"))}


@pytest.mark.parametrize("name", PAGES)
def test_tables_in_docs_are_up_to_date(name):
    assert PAGES[name] == renew(PAGES[name]), "docs have fallen behind the code: run `make docs`"


def test_every_table_is_in_the_docs():
    assert {table for text in PAGES.values() for table in tables_of(text)} == set(TABLES)


def test_every_setting_is_documented():
    missing = [item.name for item in fields(Settings) if f"`{item.name.upper()}`" not in PAGES["settings.md"]]
    assert missing == []
    assert [item.name for item in fields(Settings) if not item.metadata.get("about")] == []


def test_every_metric_and_grouping_is_documented():
    assert [item.id for item in (*METRICS, *DIMENSIONS) if f"`{item.id}`" not in PAGES["metrics.md"]] == []


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", *(f"docs/{name}" for name in PAGES)])
def test_links_between_pages_lead_somewhere(name):
    page = ROOT / name
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    targets = [link for link in links if not re.match(r"[a-z]+:", link)]
    # The screenshot is made from the running page by its own command.
    assert [link for link in targets if not (page.parent / link).exists() and not link.endswith(".png")] == []


def _pins(name):
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return {
        (re.sub("[-_.]+", "-", re.sub(r"\[.*?\]", "", found[1])).lower(), found[2])
        for line in lines
        if (found := re.match(r"([\w.\[\]-]+)==([^\s;]+)", line))
    }


@pytest.mark.parametrize("kind", ["requirements", "requirements-dev"])
def test_the_locks_hold_every_pin_and_a_hash_for_each_file(kind):
    assert _pins(f"{kind}.txt") <= _pins(f"{kind}.lock"), "a pin was changed: run `make lock`"
    lock = (ROOT / f"{kind}.lock").read_text(encoding="utf-8")
    packages = re.split(r"\n(?=\S)", lock.strip())
    assert [package for package in packages if "--hash=sha256:" not in package] == []
    assert "://" not in lock, "where packages come from is each machine's own affair"


def test_hooks_run_the_tools_of_the_environment():
    entries = re.findall(r"entry: (\S+)", (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert entries
    assert [entry for entry in entries if not entry.startswith(".venv/bin/")] == []
