"""Which files of a folder hold which table: parts, folders of parts, archives; and what may not be passed over."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import duckdb
import pytest
from backports import zstd

from data.errors import UserError
from data.warehouse.files import find_files
from data.warehouse.load import LoadSummary, load_folder
from data.warehouse.rejects import LoadRefused
from tests.data.warehouse.company import content, settings

ROWS = b"id,name\n1,a\n2,b\n"


def put(folder: Path, **files: bytes) -> Path:
    for name, raw in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(raw)
    return folder


def parquet(file: Path, query: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({query}) TO '{file}' (FORMAT parquet)")


def load(url: str, path: Path, **options: object) -> LoadSummary:
    return load_folder(settings(url), path, **options)  # type: ignore[arg-type]


def refused(url: str, folder: Path) -> tuple[str, ...]:
    with pytest.raises(LoadRefused) as refusal:
        load(url, folder)
    return refusal.value.lines


@pytest.mark.parametrize(
    "name",
    [
        *("Packages.csv", "PACKAGES.CSV", "packages.Csv", "packages-1.csv", "packages_2026-01.csv", "packages (1).csv"),
        *(
            "packages.part1.csv",
            "packages-part-00000-8a-c000.csv",
            "packages2.csv",
            "packages/x.csv",
            "packages.csv/000.csv",
        ),
        *("packages.csv/000.csv", "packages/2026/01/a.csv", "Packages.parquet/part-0.csv"),
    ],
)
def test_what_is_plainly_meant_is_read(name, duckdb_url, tmp_path):
    load(duckdb_url, put(tmp_path / "in", **{name: ROWS}))
    assert content(duckdb_url)["packages"] == [(1, "a"), (2, "b")]


@pytest.mark.parametrize("name", ["client_tags", "client-tags", "Client Tags", "clienttags"])
def test_a_name_of_two_words_may_be_parted_as_one_likes(name, tmp_path):
    found = find_files(put(tmp_path / "in", **{f"{name}.csv": b""}))
    assert [file.table for file in found.files] == ["client_tags"]


def test_parts_of_every_kind_are_one_table(warehouse_url, tmp_path):
    folder = put(
        tmp_path / "in",
        **{
            "packages.csv": ROWS,
            "packages-2.CSV.GZ": gzip.compress(b"name,id\r\nc,3\r\n"),
            "packages/_SUCCESS": b"",
            "packages/.part-0.csv.crc": b"x",
            "packages/part-1.csv": b'id,name\n4,"d, ""e"""\n2,b\n',
            "packages/part-2.csv.zst": zstd.compress(b"id,name\n5,e\n"),
        },
    )
    parquet(folder / "packages" / "more" / "part-0.snappy.parquet", "SELECT 6 AS id, 'f' AS name")
    parquet(folder / "packages-2026-01.parquet", "SELECT 'g' AS name, 7::DOUBLE AS id")
    with zipfile.ZipFile(folder / "packages-9.zip", "w") as archive:
        archive.writestr("a/packages.csv", "id,name\n8,h\n")
        archive.writestr("__MACOSX/a/._packages.csv", "x")
    summary = load(warehouse_url, folder)
    assert str(summary.tables[0]) == "packages: 9 rows read, 8 new, 0 replaced, 0 unchanged"
    assert content(warehouse_url)["packages"] == [
        *((1, "a"), (2, "b"), (3, "c"), (4, 'd, "e"'), (5, "e"), (6, "f"), (7, "g"), (8, "h"))
    ]
    assert summary.warnings == ()


def test_a_bad_row_is_told_with_the_part_that_it_is_in(duckdb_url, tmp_path):
    folder = put(
        tmp_path / "in",
        **{
            "packages-1.csv": b"id,name\n1,a\nx,b\n",
            "packages-2.csv": b'id,name\n1,other\n"2"x,b\n3,\n',
            "packages/p.csv": b"id,name\n4,d\n\ny,d\n",
        },
    )
    parquet(folder / "packages" / "q.parquet", "SELECT * FROM (VALUES (5, 'e'), (NULL, 'f')) t(id, name)")
    with zipfile.ZipFile(folder / "packages-3.csv.zip", "w") as archive:
        archive.writestr("in/packages.csv", "id,name\nz,h\n")
    conflict = "another row of this load has the same key and other values"
    assert refused(duckdb_url, folder) == (
        f"packages-1.csv:2: column 'id': value '1': {conflict}",
        "packages-1.csv:3: column 'id': value 'x': not a whole number",
        f"packages-2.csv:2: column 'id': value '1': {conflict}",
        "packages-2.csv:3: a quote in the wrong place",
        "packages-2.csv:4: column 'name': value '': missing",
        "packages-3.csv.zip/in/packages.csv:2: column 'id': value 'z': not a whole number",
        "packages/p.csv:4: column 'id': value 'y': not a whole number",
        "packages/q.parquet:2: column 'id': value '': missing",
    )


def test_the_folder_of_one_tables_parts_may_be_loaded_alone(duckdb_url, tmp_path):
    folder = put(tmp_path / "in" / "packages.parquet", **{"part-0.csv": ROWS, "_SUCCESS": b""})
    assert load(duckdb_url, folder).tables[0].new == 2


_MAYBE = (
    "packages-old.csv begins with the name of a table and may be a part of it or not: "
    "name it like packages-1.csv if it is, else move it away."
)
_NEAR = "package.csv is not a file of the dataset. Did you mean packages? Rename it, or move it away."
_DELTA = "packages is a table of Delta Lake, whose files hold deleted rows too: export it as plain Parquet."
_UNFINISHED = "packages is not finished: whoever writes it is still at it or has failed."
_READ = "save it as .csv or .parquet, also compressed (.gz, .zst, .bz2, .xz, .zip), or move it away."


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("packages.xlsx", f"packages.xlsx cannot be read: {_READ}"),
        ("packages-1.json", f"packages-1.json cannot be read: {_READ}"),
        ("packages.csv.part", f"packages.csv.part cannot be read: {_READ}"),
        ("packages/000000_0", f"packages/000000_0 cannot be read: {_READ}"),
        (
            "packages-old.csv",
            _MAYBE,
        ),
        ("package.csv", _NEAR),
        ("packages/_delta_log/0.json", _DELTA),
        ("packages/_temporary/0/x.parquet", _UNFINISHED),
        ("packages/.hidden", "packages/ is a folder for packages and holds no file of it."),
    ],
)
def test_what_bears_a_tables_name_and_cannot_be_read_stops_the_load(name, said, duckdb_url, tmp_path):
    folder = put(tmp_path / "in", **{name: b"", "rates.csv": b"currency,date,rate\n"})
    assert refused(duckdb_url, folder) == (said,)


def test_a_link_to_nothing_stops_the_load_and_a_link_to_a_file_is_read(duckdb_url, tmp_path):
    folder = put(tmp_path / "in", **{"rates.csv": b"currency,date,rate\n"})
    (folder / "packages.csv").symlink_to("gone.csv")
    assert refused(duckdb_url, folder) == (
        "packages.csv is a link to gone.csv, which is not there: put it there, or take the link away.",
    )
    put(folder, **{"gone.csv": ROWS})
    assert load(duckdb_url, folder).tables[0].new == 2


def test_links_in_a_circle_are_walked_once(tmp_path):
    folder = put(tmp_path / "in", **{"packages/a.csv": ROWS})
    (folder / "packages" / "again").symlink_to(folder / "packages")
    assert [found.label for found in find_files(folder).files] == ["packages/a.csv"]


def test_only_what_is_plainly_something_else_is_ignored_with_a_warning(duckdb_url, tmp_path):
    names = ["packages.csv.md5", "packages.csv.bak", "packages.md", "notes.txt", "archive/x.csv", "ratesheet.docx"]
    folder = put(tmp_path / "in", **dict.fromkeys(names, b""), **{"packages.csv": ROWS})
    warned = [
        line.partition(" is not a file of the dataset: ignored.")[0] for line in load(duckdb_url, folder).warnings
    ]
    assert warned == ["archive", "notes.txt", "packages.csv.bak", "packages.csv.md5", "packages.md", "ratesheet.docx"]


def test_an_archive_of_another_table_is_refused(duckdb_url, tmp_path):
    folder = put(tmp_path / "in")
    folder.mkdir()
    with zipfile.ZipFile(folder / "packages.zip", "w") as archive:
        archive.writestr("clients.csv", "id\n")
    assert refused(duckdb_url, folder) == (
        "packages.zip/clients.csv is named for another table: unpack packages.zip first.",
    )


def test_an_archive_that_is_damaged_is_named(duckdb_url, tmp_path):
    folder = put(tmp_path / "in", **{"packages.csv.zip": b"x", "rates.csv.zst": b"y"})
    lines = refused(duckdb_url, folder)
    assert [line.split(":")[0] for line in lines] == [
        "packages.csv.zip cannot be unpacked",
        "rates.csv.zst cannot be unpacked",
    ]


@pytest.mark.parametrize("name", ["packages-1.csv", "packages/bad.csv", "packages-7.csv"])
def test_rejects_never_go_where_a_part_is_or_would_be(name, duckdb_url, tmp_path):
    folder = put(tmp_path / "in", **{"packages-1.csv": ROWS, "packages/a.csv": ROWS})
    with pytest.raises(UserError, match="--rejects") as refusal:
        load(duckdb_url, folder, keep_going=True, rejects=folder / name)
    assert refusal.value.field == "rejects"
    assert (folder / "packages-1.csv").read_bytes() == ROWS


def test_what_is_to_be_said_of_many_parts_is_said_once(duckdb_url, tmp_path):
    names = [f"packages/part-{number}.csv" for number in range(3)]
    folder = put(tmp_path / "in", **dict.fromkeys(names, b"id,name,colour\n1,a,\n,,\n"))
    assert load(duckdb_url, folder).warnings == (
        "packages/part-0.csv and 2 more: ignored unknown column 'colour'.",
        "packages/part-0.csv and 2 more: skipped a row without any value.",
    )
