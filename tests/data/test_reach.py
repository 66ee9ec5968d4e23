"""A database server that is not there, refuses us or is gone in the middle: one sentence, and never a password."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from data.errors import Unreachable, UserError
from data.reach import parse_url
from data.settings import Settings
from data.store.database import Database
from data.warehouse.engines import open_for_loading, open_warehouse, warehouse_url
from data.warehouse.load import load_folder
from tests.data.warehouse.company import COMPANY, settings, write


@pytest.fixture
def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def read_warehouse(url: str) -> None:
    with open_warehouse(Settings(warehouse_url=url)).read():
        pass


def load_warehouse(url: str) -> None:
    with open_for_loading(warehouse_url(Settings(warehouse_url=url))):
        pass


def read_records(url: str) -> None:
    with Database(url).reading():
        pass


def write_records(url: str) -> None:
    with Database(url).writing():
        pass


WAYS: dict[Callable[[str], object], str] = {
    lambda url: open_warehouse(Settings(warehouse_url=url)).version(): "WAREHOUSE_URL",
    read_warehouse: "WAREHOUSE_URL",
    load_warehouse: "WAREHOUSE_URL",
    read_records: "DATABASE_URL",
    write_records: "DATABASE_URL",
    lambda url: Database(url).upgrade(): "DATABASE_URL",
}
ways = pytest.mark.parametrize(
    ("use", "setting"), WAYS.items(), ids=["version", "read", "load", "read records", "write records", "upgrade"]
)


@ways
def test_a_port_where_nobody_listens_is_told_with_the_setting_to_check(use, setting, closed_port):
    with pytest.raises(Unreachable, match=f"refused.*check {setting}") as caught:
        use(f"postgresql://anna:geheim@127.0.0.1:{closed_port}/company")
    assert str(closed_port) in caught.value.message
    assert "geheim" not in caught.value.message
    assert "\n" not in caught.value.message
    # Without a field the command line does not take it for a bad argument.
    assert caught.value.field is None


@ways
@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("anna:geheim@127.0.0.1:99999/company", "invalid port number"),
        ("anna:geheim@127.0.0.1:1/company?sslcolour=blue", "invalid connection option"),
        ("127.0.0.1:1/company?user=anna&password=geheim", "refused"),
    ],
)
def test_an_address_of_no_use_is_told_without_its_password(use, setting, address, reason):
    with pytest.raises(Unreachable, match=f"{reason}.*check {setting}") as caught:
        use(f"postgresql://{address}")
    assert "geheim" not in caught.value.message


@ways
def test_a_database_that_the_server_does_not_have_is_named(use, setting, postgresql_server):
    url = postgresql_server.set(database="elsewhere").render_as_string(hide_password=False)
    with pytest.raises(Unreachable, match=f'"elsewhere" does not exist.*check {setting}'):
        use(url)


@pytest.mark.parametrize("setting", ["WAREHOUSE_URL", "DATABASE_URL"])
@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("postgresql://anna:ge@heim@host/company", "write an @ that belongs to the password as %40"),
        ("postgresql://anna:geheim@host:port/company", "is not an SQLAlchemy URL, like duckdb://"),
        ("geheim", "is not an SQLAlchemy URL, like duckdb://"),
    ],
)
def test_a_url_that_cannot_be_read_is_refused_without_repeating_it(setting, text, remedy):
    with pytest.raises(UserError, match=f"^{setting} .*{remedy}") as caught:
        parse_url(text, setting, "duckdb:///folder/file")
    assert "heim" not in caught.value.message


# ---------------------------------------------------------------- gone in the middle


def cut(postgresql_server: sa.URL, url: str) -> None:
    """End every connection to the database at ``url``, as a server that shuts down does."""
    admin = sa.create_engine(postgresql_server, poolclass=sa.NullPool)
    with admin.connect() as connection:
        ended = connection.execute(
            sa.text("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = :name"),
            {"name": sa.make_url(url).database},
        )
        assert ended.all()


def test_a_reading_whose_server_goes_away_says_so(postgresql_server, postgresql_url, tmp_path):
    load_folder(settings(postgresql_url), write(tmp_path, COMPANY))
    warehouse = open_warehouse(Settings(warehouse_url=postgresql_url))

    def read() -> None:
        with warehouse.read() as reading:
            cut(postgresql_server, postgresql_url)
            reading.connection.execute(sa.text("SELECT 1"))

    with pytest.raises(Unreachable, match=r"^The warehouse cannot be reached: .*check WAREHOUSE_URL\.$"):
        read()
    # The server is back: so is the warehouse.
    assert warehouse.version()


def test_a_load_whose_server_goes_away_says_so(postgresql_server, postgresql_url):
    def copy() -> None:
        with open_for_loading(warehouse_url(Settings(warehouse_url=postgresql_url))) as connection:
            cut(postgresql_server, postgresql_url)
            driver = connection.connection.driver_connection
            with driver.cursor() as cursor, cursor.copy("COPY (SELECT 1) TO STDOUT") as rows:
                list(rows)

    with pytest.raises(Unreachable, match=r"^The warehouse cannot be reached: .*check WAREHOUSE_URL\.$"):
        copy()


def test_records_whose_server_goes_away_say_so(postgresql_server, postgresql_url):
    database = Database(postgresql_url)
    database.upgrade()

    def change() -> None:
        with database.writing() as connection:
            cut(postgresql_server, postgresql_url)
            connection.execute(sa.text("SELECT 1"))

    with pytest.raises(Unreachable, match=r"^The records' database cannot be reached: .*check DATABASE_URL\.$"):
        change()
    with database.reading() as connection:
        assert connection.execute(sa.text("SELECT 1")).scalar() == 1


def test_a_statement_that_fails_is_a_fault_of_ours_and_not_the_servers(postgresql_url):
    database = Database(postgresql_url)
    database.upgrade()
    with pytest.raises(sa.exc.ProgrammingError), database.reading() as connection:
        connection.execute(sa.text("SELECT no_such_column"))
    slow = sa.text("SET LOCAL statement_timeout = 20; SELECT pg_sleep(5)")
    with pytest.raises(sa.exc.OperationalError, match="statement timeout"), database.reading() as connection:
        connection.execute(slow)
