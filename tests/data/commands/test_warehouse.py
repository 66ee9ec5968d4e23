"""`flask load`, `flask load-rates` and `flask warehouse` as a person types them."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner, Result

from data.commands.warehouse import commands
from tests.data.warehouse.company import COMPANY, content, rows, version, write

CLI = click.Group(commands=list(commands))


@pytest.fixture
def run(duckdb_url):
    """Run a command line against an embedded warehouse."""

    def run(*arguments: object, url: str = duckdb_url, **environment: str) -> Result:
        return CliRunner().invoke(
            CLI, [str(argument) for argument in arguments], env={"WAREHOUSE_URL": url, **environment}
        )

    return run


def test_a_load_prints_one_line_for_each_table_and_its_steps_to_standard_error(run, tmp_path):
    result = run("load", write(tmp_path / "in", COMPANY))
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "resellers: 2 rows read, 2 new, 0 replaced, 0 unchanged",
        "clients: 2 rows read, 2 new, 0 replaced, 0 unchanged",
        "client_tags: 1 row read, 1 new, 0 replaced, 0 unchanged",
        "packages: 1 row read, 1 new, 0 replaced, 0 unchanged",
        "subscriptions: 1 row read, 1 new, 0 replaced, 0 unchanged",
        "transactions: 3 rows read, 3 new, 0 replaced, 0 unchanged",
        "rates: 1 row read, 1 new, 0 replaced, 0 unchanged",
    ]
    assert result.stderr.splitlines()[0] == "[0/22] Reading resellers.csv"
    assert result.stderr.splitlines()[-1] == "[22/22] Done"


def test_a_load_that_changes_nothing_says_so(run, tmp_path):
    folder = write(tmp_path / "in", COMPANY)
    run("load", folder)
    result = run("load", folder)
    assert result.exit_code == 0
    assert result.stderr.splitlines()[-1] == "Nothing changed: the warehouse holds all of this already."


def test_bad_rows_go_to_standard_error_and_the_exit_status_is_1(run, tmp_path):
    result = run("load", write(tmp_path / "in", rows("packages", "x,Gold", "y,Tin")))
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.splitlines()[-3:] == [
        "packages.csv:2: column 'id': value 'x': not a whole number",
        "packages.csv:3: column 'id': value 'y': not a whole number",
        (
            "Error: 2 faults found, nothing was loaded: put the rows right, or keep the good ones with "
            "--keep-going --rejects FILE."
        ),
    ]


def test_keep_going_needs_a_file_for_the_rejects(run, tmp_path):
    result = run("load", "--keep-going", write(tmp_path / "in", COMPANY))
    assert result.exit_code == 2
    assert "--rejects FILE" in result.stderr


def test_keep_going_keeps_the_good_rows_and_exits_with_0(run, tmp_path, duckdb_url):
    folder = write(tmp_path / "in", rows("packages", "x,Gold", "11,Tin"))
    result = run("load", folder, "--keep-going", "--rejects", tmp_path / "bad.csv")
    assert result.exit_code == 0
    assert result.stdout == "packages: 2 rows read, 1 new, 0 replaced, 0 unchanged, 1 rejected\n"
    assert result.stderr.splitlines()[-1] == f"1 bad row was left out: see {tmp_path / 'bad.csv'}."
    assert content(duckdb_url)["packages"] == [(11, "Tin")]
    assert (tmp_path / "bad.csv").read_text().splitlines()[1] == 'packages.csv,2,id,x,not a whole number,"x,Gold"'


def test_a_rejects_file_that_cannot_be_written_keeps_everything_out(run, tmp_path):
    folder = write(tmp_path / "in", rows("packages", "x,Gold", "11,Tin"))
    result = run("load", folder, "--keep-going", "--rejects", tmp_path / "no" / "bad.csv")
    assert result.exit_code == 2
    assert "is in a folder that does not exist" in result.stderr
    assert run("warehouse", "versions").stderr.startswith("There are no versions yet")


def test_warnings_go_to_standard_error(run, tmp_path):
    folder = write(tmp_path / "in", {**rows("packages", "11,Tin"), "remarks": ["x"]})
    result = run("load", folder)
    assert "Warning: remarks.csv is not a file of the dataset: ignored." in result.stderr.splitlines()


def test_a_path_that_is_not_there_is_a_bad_argument(run):
    assert run("load", "/no/such/folder").exit_code == 2


def test_rates_of_the_bank_are_loaded(run, tmp_path):
    (tmp_path / "eurofxref-hist.csv").write_text("Date,USD,\n2024-01-02,1.1,\n")
    result = run("load-rates", tmp_path / "eurofxref-hist.csv")
    assert (result.exit_code, result.stdout) == (0, "rates: 1 row read, 1 new, 0 replaced, 0 unchanged\n")


def test_versions_are_listed_gone_back_to_and_pruned(run, tmp_path, duckdb_url):
    names = []
    for number in (1, 2, 3):
        run("load", write(tmp_path / "in", rows("packages", f"{number},P")))
        names.append(version(duckdb_url))
    listed = run("warehouse", "versions").stdout.splitlines()
    assert [line.split()[:2] for line in listed] == [
        ["*", names[2]],
        [names[1], listed[1].split()[1]],
        [names[0], listed[2].split()[1]],
    ]
    assert listed[0].endswith(f" 3 rows  {tmp_path / 'in'}")
    assert run("warehouse", "rollback").stdout == f"Live now: {names[1]}\n"
    assert version(duckdb_url) == names[1]
    assert run("warehouse", "rollback", "7").exit_code == 1
    assert run("warehouse", "prune", "--keep", "1").stdout == f"Deleted {names[0]}.\n"
    assert run("warehouse", "prune", "--keep", "1").stdout == "There was nothing to delete.\n"
    assert run("warehouse", "prune", WAREHOUSE_KEEP="0").stdout == f"Deleted {names[2]}.\n"
    assert len(content(duckdb_url)["packages"]) == 2


@pytest.mark.parametrize("command", ["versions", "rollback", "prune"])
def test_versions_are_for_the_embedded_warehouse(command, run):
    result = run("warehouse", command, url="postgresql://localhost/x")
    assert result.exit_code == 1
    assert "Versions are for the embedded warehouse" in result.stderr


def test_a_postgresql_that_does_not_answer_is_told_in_one_line(run, tmp_path):
    folder = write(tmp_path / "in", COMPANY)
    result = run(
        "load", folder, url=f"postgresql+psycopg://nobody@/none?host={tmp_path}", VAR_DIR=str(tmp_path / "var")
    )
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "WAREHOUSE_URL" in result.stderr


@pytest.mark.parametrize("line", ["x,Gold", "11,Tin"], ids=["bad rows", "nothing bad"])
@pytest.mark.parametrize("name", ["packages.csv", "link.csv", "twin.csv", "packages-bad.csv", "Rates.csv"])
def test_rejects_never_take_the_place_of_what_is_loaded(name, line, run, tmp_path):
    folder = write(tmp_path / "in", rows("packages", line))
    (folder / "link.csv").symlink_to("packages.csv")
    (folder / "twin.csv").hardlink_to(folder / "packages.csv")
    before = (folder / "packages.csv").read_bytes()
    result = run("load", folder, "--keep-going", "--rejects", folder / name)
    assert result.exit_code == 2
    assert result.stderr == (
        f"Error: --rejects {folder / name} is, or would be taken for, one of the files to load: name another.\n"
    )
    assert (folder / "packages.csv").read_bytes() == before
    alone = run("load", folder / "packages.csv", "--keep-going", "--rejects", folder / "link.csv")
    assert (alone.exit_code, (folder / "packages.csv").read_bytes()) == (2, before)
    assert run("warehouse", "versions").stderr.startswith("There are no versions yet")


def test_rejects_may_lie_beside_what_is_loaded_again_and_again(run, tmp_path):
    folder = write(tmp_path / "in", rows("packages", "x,Gold", "11,Tin"))
    for _ in range(2):
        assert run("load", folder, "--keep-going", "--rejects", folder / "bad.csv").exit_code == 0
        assert "x,Gold" in (folder / "bad.csv").read_text()


def test_rejects_never_take_the_place_of_the_bank_s_file(run, tmp_path):
    file = tmp_path / "eurofxref-hist.csv"
    file.write_text("Date,USD,\n2024-01-02,1.1,\n")
    assert run("load-rates", file, "--rejects", file).exit_code == 2
    assert file.read_text().startswith("Date,USD,")


def test_rejects_never_take_the_place_of_the_warehouse(run, tmp_path, duckdb_url):
    folder = write(tmp_path / "in", rows("packages", "11,Tin"))
    run("load", folder)
    link = tmp_path / "warehouse" / "warehouse.duckdb"
    for place in (link, link.resolve()):
        result = run("load", folder, "--rejects", place)
        assert (result.exit_code, "this installation's own data" in result.stderr) == (2, True)
    assert link.is_symlink()
    assert content(duckdb_url)["packages"] == [(11, "Tin")]


def test_options_tell_how_the_files_are_written(run, tmp_path, duckdb_url):
    folder = write(tmp_path / "in", {"packages": ["id;name"]})
    (folder / "packages.csv").write_bytes("id;name\n1;Größe\n\\N;\\N\n2;-\n".encode("cp1252"))
    options = ("--encoding", "cp1252", "--delimiter", ";", "--decimal-comma", "--null", "\\N", "--null", "-")
    result = run("load", folder, *options, "--keep-going", "--rejects", tmp_path / "bad.csv")
    assert result.exit_code == 0
    assert content(duckdb_url)["packages"] == [(1, "Größe")]
    assert run("load", folder, "--encoding", "no-such").exit_code == 2
    assert run("load", folder).exit_code == 1
    assert "--delimiter ';'" in run("load", folder, "--encoding", "cp1252").stderr
