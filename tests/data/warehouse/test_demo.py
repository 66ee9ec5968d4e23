"""The demo company: the same from the same seed, and a company by every rule that real data must follow."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import click.testing
import duckdb
import pytest

from data.commands.demo import demo
from data.settings import Settings
from data.warehouse.demo import MONTHS, write_demo
from data.warehouse.engines import open_warehouse
from data.warehouse.schema import CLIENT_TYPES, DATASET, KINDS, PACKAGE_KINDS
from tests.conftest import load_folder

TODAY = date(2026, 11, 22)
START = datetime(2023, 11, 1)
END = datetime(2026, 11, 22)
CLIENTS = 240


class Files:
    """A written demo, asked with SQL in which every table goes by its name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.engine = duckdb.connect()
        for table in DATASET:
            self.engine.execute(f"CREATE VIEW {table.name} AS FROM read_parquet('{folder / table.name}.parquet')")

    def ask(self, query: str) -> list[tuple]:
        return self.engine.execute(query).fetchall()

    def one(self, query: str):
        return self.ask(query)[0][0]


@pytest.fixture(scope="module")
def company(tmp_path_factory) -> Files:
    folder = tmp_path_factory.mktemp("demo")
    write_demo(folder, clients=CLIENTS, seed=5, today=TODAY)
    return Files(folder)


def rows(files: Files) -> dict[str, list[tuple]]:
    return {table.name: files.ask(f"FROM {table.name}") for table in DATASET}


def test_the_same_seed_and_day_give_the_same_company(company, tmp_path):
    write_demo(tmp_path, clients=CLIENTS, seed=5, today=TODAY)
    assert rows(Files(tmp_path)) == rows(company)


def test_another_seed_gives_another_company(company, tmp_path):
    write_demo(tmp_path, clients=CLIENTS, seed=6, today=TODAY)
    assert Files(tmp_path).ask("FROM clients ORDER BY id") != company.ask("FROM clients ORDER BY id")


def test_it_is_as_large_as_asked(company):
    assert company.one("SELECT count(*) FROM clients") == CLIENTS
    assert 400 < company.one("SELECT count(*) FROM transactions") / CLIENTS < 620


def test_everything_happens_in_the_last_three_years_before_today(company):
    assert MONTHS == 36
    moments = """
        SELECT created_at FROM clients UNION ALL SELECT closed_at FROM clients
        UNION ALL SELECT started_at FROM subscriptions UNION ALL SELECT ended_at FROM subscriptions
        UNION ALL SELECT "at" FROM transactions
    """
    first, last = company.ask(f"SELECT min(created_at), max(created_at) FROM ({moments})")[0]
    assert first >= START
    assert last < END
    assert company.one('SELECT max("at") FROM transactions').date() == date(2026, 11, 21)


def test_all_kinds_of_clients_transactions_and_five_currencies_are_there(company):
    assert {row[0] for row in company.ask("SELECT DISTINCT type FROM clients")} == set(CLIENT_TYPES)
    assert {row[0] for row in company.ask("SELECT DISTINCT kind FROM transactions")} == set(KINDS)
    assert company.one("SELECT count(DISTINCT currency) FROM clients") == 5
    assert 8 <= company.one("SELECT count(*) FROM packages") <= 12
    assert company.one("SELECT count(DISTINCT tag) FROM client_tags") >= 8


def test_resellers_form_a_tree_of_three_levels(company):
    levels = company.ask("""
        WITH RECURSIVE tree AS (
            SELECT id, 1 AS level FROM resellers WHERE parent_id IS NULL
            UNION ALL SELECT r.id, level + 1 FROM resellers r JOIN tree t ON r.parent_id = t.id
        ) SELECT level, count(*) FROM tree GROUP BY level ORDER BY level
    """)
    assert [level for level, _ in levels] == [1, 2, 3]
    assert levels[0][1] == 1
    assert sum(count for _, count in levels) == company.one("SELECT count(*) FROM resellers")


def test_names_are_not_used_twice(company):
    assert company.ask("SELECT name FROM clients GROUP BY name HAVING count(*) > 1") == []


def test_amounts_are_exact_decimals(company):
    described = dict(row[:2] for row in company.ask("DESCRIBE transactions"))
    assert described["amount"] == "DECIMAL(18,6)"
    assert dict(row[:2] for row in company.ask("DESCRIBE rates"))["rate"].startswith("DECIMAL")
    # Refills and fees are in cents; usage is rated to four decimals.
    assert company.ask("SELECT amount FROM transactions WHERE kind = 'usage' AND amount <> round(amount, 4)") == []
    assert (
        company.ask(
            "SELECT amount FROM transactions WHERE kind IN ('refill', 'package_renewal') AND amount <> round(amount, 2)"
        )
        == []
    )


def test_package_kinds_and_no_other_carry_a_package(company):
    kinds = company.ask("SELECT DISTINCT kind, package_id IS NOT NULL FROM transactions")
    assert {kind for kind, packaged in kinds if packaged} == set(PACKAGE_KINDS)
    assert {kind for kind, packaged in kinds if not packaged} == set(KINDS) - set(PACKAGE_KINDS)


def test_activating_a_package_writes_the_fee_and_the_first_period(company):
    for kind in PACKAGE_KINDS:
        assert (
            company.ask(f"""
            SELECT client_id, package_id, started_at FROM subscriptions
            EXCEPT SELECT client_id, package_id, "at" FROM transactions WHERE kind = '{kind}' AND amount <= 0
        """)
            == []
        )


def test_packages_renew_monthly_while_they_run(company):
    """Every period charged starts in the subscription, a whole number of months after it began."""
    wrong = company.ask("""
        SELECT t."at", s.started_at FROM transactions t JOIN subscriptions s USING (client_id, package_id)
        WHERE t.kind = 'package_renewal' AND t.amount < 0 AND (
            t."at" < s.started_at OR t."at" >= coalesce(s.ended_at, TIMESTAMP '2026-11-22')
            OR t."at"::DATE <> (s.started_at::DATE + to_months(CAST(
                date_diff('month', date_trunc('month', s.started_at), date_trunc('month', t."at")) AS INTEGER)))::DATE)
    """)
    assert wrong == []
    assert company.one("SELECT count(*) FROM transactions WHERE kind = 'package_renewal' AND amount > 0") > 0


def test_nothing_happens_before_a_client_came_or_after_it_left(company):
    assert (
        company.ask("""
        SELECT t.id FROM transactions t JOIN clients c ON c.id = t.client_id
        WHERE t."at" <= c.created_at OR t."at" >= coalesce(c.closed_at, TIMESTAMP '2026-11-22')
    """)
        == []
    )


def test_most_clients_have_money_and_some_owe(company):
    balances = [row[0] for row in company.ask("SELECT sum(amount) FROM transactions GROUP BY client_id")]
    in_debt = sum(balance < 0 for balance in balances) / len(balances)
    assert 0.01 < in_debt < 0.25
    small = company.one("""
        SELECT median(balance) FROM (
            SELECT sum(t.amount) / any_value(CASE c.currency WHEN 'CZK' THEN 25 WHEN 'PLN' THEN 4 ELSE 1 END) AS balance
            FROM transactions t JOIN clients c ON c.id = t.client_id WHERE c.type = 'calling_card' GROUP BY c.id)
    """)
    assert 0 < small < 10


def test_the_company_grows(company):
    active = company.ask("""
        SELECT year("at"), count(DISTINCT client_id) FROM transactions
        WHERE month("at") = 10 AND amount < 0 GROUP BY 1 ORDER BY 1
    """)
    assert [count for _, count in active] == sorted(count for _, count in active)


def test_offices_rest_at_weekends(company):
    """Mean usage rows on a Sunday against a Tuesday, of clients that are offices."""
    by_day = dict(
        company.ask("""
        SELECT dayofweek("at"), count(*) FROM transactions t JOIN clients c ON c.id = t.client_id
        WHERE c.type = 'client' AND t.kind = 'usage' GROUP BY 1
    """)
    )
    assert by_day[0] < by_day[2] / 3


def test_every_currency_has_real_rates_from_before_the_first_transaction(company):
    first = dict(company.ask("SELECT currency, min(date) FROM rates GROUP BY currency"))
    used = {row[0] for row in company.ask("SELECT DISTINCT currency FROM clients WHERE currency <> 'EUR'")}
    assert all(first[code] <= START.date() for code in used)
    # The central bank's own figure of that day.
    assert company.one("SELECT rate FROM rates WHERE currency = 'USD' AND date = DATE '2024-01-02'") == Decimal(
        "1.0956"
    )


def test_the_loader_takes_it_whole(company, warehouse_url):
    load_folder(warehouse_url, company.folder)
    with open_warehouse(Settings(warehouse_url=warehouse_url)).read() as reading:
        for table in DATASET:
            loaded = reading.connection.exec_driver_sql(f"SELECT count(*) FROM {table.name}").scalar()
            assert loaded == company.one(f"SELECT count(*) FROM {table.name}"), table.name


# ---------------------------------------------------------------- the command


@pytest.fixture
def run(monkeypatch, duckdb_url):
    monkeypatch.setenv("WAREHOUSE_URL", duckdb_url)

    def run(*arguments: str) -> click.testing.Result:
        return click.testing.CliRunner().invoke(demo, ["--clients", "20", *arguments])

    return run


def test_the_command_fills_an_empty_warehouse_once(run, duckdb_url, tmp_path):
    first = run("--output", str(tmp_path / "files"))
    assert first.exit_code == 0, first.output
    warehouse = open_warehouse(Settings(warehouse_url=duckdb_url))
    version = warehouse.version()
    assert {file.name for file in (tmp_path / "files").iterdir()} == {f"{table.name}.parquet" for table in DATASET}

    again = run()
    assert again.exit_code == 1
    assert "has data already" in again.stderr
    quiet = run("--if-empty")
    assert (quiet.exit_code, quiet.output) == (0, "")
    assert warehouse.version() == version


def test_the_command_leaves_a_full_folder_alone(run, tmp_path):
    (tmp_path / "clients.csv").write_text("mine")
    outcome = run("--output", str(tmp_path))
    assert outcome.exit_code == 2
    assert "not empty" in outcome.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["clients.csv"]


def test_rates_are_crossed_for_another_base(tmp_path):
    write_demo(tmp_path, clients=10, today=TODAY, base_currency="USD")
    crossed = dict(Files(tmp_path).ask("SELECT currency, rate FROM rates WHERE date = DATE '2024-01-02'"))
    # That day one euro bought 1.0956 dollars or 0.86645 pounds.
    assert crossed["EUR"] == Decimal("0.9127418766")
    assert crossed["GBP"] == Decimal("0.7908451990")
    assert "USD" not in crossed


def test_the_command_names_a_base_without_rates(run, monkeypatch):
    monkeypatch.setenv("BASE_CURRENCY", "UAH")
    outcome = run()
    assert outcome.exit_code == 1
    assert "BASE_CURRENCY" in outcome.stderr
