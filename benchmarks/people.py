"""A hundred people at once: everybody asks another question, looks at the answer for a while, and asks the next.

Served as `make run` does and asked over HTTP with the request that a browser sends for a press of Query. The figure to
watch is the last one: how much longer the slowest twentieth waits than one person who has the machine to themselves.
"""

from __future__ import annotations

import http.client
import itertools
import json
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from http.cookies import SimpleCookie
from statistics import quantiles
from typing import Any
from urllib.parse import urlsplit

import psutil

from benchmarks.company import demo_company
from benchmarks.page import served
from callbacks.gate import CSRF_COOKIE
from layouts.filters import CUSTOM

PEOPLE = 100
ROUNDS = 6
LOOKING = 3.0
"""For how many seconds at most somebody looks at an answer."""
WITHIN = 3.0
"""Seconds within which 95 % shall have their answer."""


def run() -> None:
    """Print the figures."""
    with demo_company() as company, served(company) as url:
        office = Office(url, company.today)
        office.ask_all(16)  # both processes are ready
        alone = office.ask_all(40)
        _tell("one person", alone)
        before = office.processor_seconds()
        began = time.perf_counter()
        with ThreadPoolExecutor(PEOPLE) as crowd:
            times = list(itertools.chain(*crowd.map(office.work, range(PEOPLE))))
        took = time.perf_counter() - began
        spent = office.processor_seconds() - before
        _tell(f"{PEOPLE} people", times)
        print(f"answers a second: {len(times) / took:.1f}; processor time for each: {1000 * spent / len(times):.0f} ms")
        under = sum(seconds < WITHIN for seconds in times) / len(times)
        print(f"within {WITHIN:.0f} s: {under:.1%}")
        ratio = quantiles(times, n=20)[-1] / quantiles(alone, n=2)[0]
        print(f"ratio (95 % of {PEOPLE} people / median of one): {ratio:.1f} x")


@dataclass
class Office:
    """People who ask the server at ``url``; no question is asked twice."""

    url: str
    today: date
    _questions: Any = None
    _request: dict[str, Any] = field(default_factory=dict)
    _headers: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        place = urlsplit(self.url)
        self.host, self.port = str(place.hostname), int(place.port or 80)
        self._headers = self._cookies()
        self._request = _press_of_query(self._get("/_dash-layout"), self._get("/_dash-dependencies"))
        self._questions = _questions(self.today)

    def work(self, person: int) -> list[float]:
        """The seconds that ``person`` waited for each answer."""
        chance = random.Random(person)
        times = []
        for _ in range(ROUNDS):
            time.sleep(chance.uniform(0, LOOKING))
            times.append(self._ask())
        return times

    def ask_all(self, count: int) -> list[float]:
        """The seconds for each of so many questions, one after the other."""
        return [self._ask() for _ in range(count)]

    def processor_seconds(self) -> float:
        """What the server's processes have worked until now."""
        servers = [
            process
            for process in psutil.Process().children(recursive=True)
            if "gunicorn" in " ".join(process.cmdline())
        ]
        return sum(sum(process.cpu_times()[:2]) for process in servers)

    def _ask(self) -> float:
        with self._lock:
            number, values = next(self._questions)
        body = json.dumps(_filled(self._request, values | {("run-store", "data"): {"id": f"{number:012x}"}}))
        headers = {
            "Content-Type": "application/json", "Accept": "application/json", "Accept-Encoding": "gzip, deflate, br",
            "Origin": self.url,
        } | self._headers  # fmt: skip
        connection = http.client.HTTPConnection(self.host, self.port, timeout=300)
        began = time.perf_counter()
        connection.request("POST", "/_dash-update-component", body, headers)
        answer = connection.getresponse()
        content = answer.read()
        took = time.perf_counter() - began
        connection.close()
        if answer.status != 200 or len(content) < 1000:
            raise AssertionError(f"The server answers {answer.status}: {content[:300]!r}")
        return took

    def _cookies(self) -> dict[str, str]:
        """What a browser that has opened the page sends with every question."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        connection.request("GET", "/")
        answer = connection.getresponse()
        jar: SimpleCookie = SimpleCookie()
        for line in answer.headers.get_all("Set-Cookie") or []:
            jar.load(line)
        cookies = {name: morsel.value for name, morsel in jar.items()}
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
        return sent | ({"X-CSRFToken": cookies[CSRF_COOKIE]} if CSRF_COOKIE in cookies else {})

    def _get(self, path: str) -> Any:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        connection.request("GET", path, headers=self._headers)
        return json.loads(connection.getresponse().read())


def _questions(today: date) -> Any:
    """Questions as people ask them, each with its number: periods of the last two years by month, date or package."""
    groupings: tuple[list[str], ...] = (["month"], [], ["package"], ["month", "package"], ["date"])
    number = 0
    for back in itertools.count():
        for months, grouping, currency in itertools.product((12, 3, 6), groupings, ("EUR", "USD")):
            number += 1
            end = today - timedelta(days=1 + (back * 7 + number) % 365)
            start = end - timedelta(days=30 * months + back)
            yield number, {
                ("period-range", "value"): CUSTOM,
                ("period-from", "value"): str(start), ("period-to", "value"): str(end),
                ("group-by-chosen", "value"): grouping, ("output-currency", "value"): currency,
            }  # fmt: skip


def _press_of_query(layout: Any, dependencies: list[dict[str, Any]]) -> dict[str, Any]:
    """The request of the callback that answers a press of Query, with the page's first values."""
    props: dict[str, dict[str, Any]] = {}
    _collect(layout, props)
    [callback] = [
        dependency
        for dependency in dependencies
        if any((item["id"], item["property"]) == ("run-store", "data") for item in dependency["inputs"])
        and dependency["clientside_function"] is None
    ]
    places = [place.rpartition(".") for place in callback["output"].strip(".").split("...")]
    return {
        "output": callback["output"],
        "outputs": [{"id": id_, "property": prop.partition("@")[0]} for id_, _, prop in places],
        "changedPropIds": ["run-store.data"],
    } | {
        kind: [item | {"value": props.get(item["id"], {}).get(item["property"])} for item in callback[key]]
        for kind, key in (("inputs", "inputs"), ("state", "state"))
    }


def _collect(node: Any, props: dict[str, dict[str, Any]]) -> None:
    if isinstance(node, list):
        for item in node:
            _collect(item, props)
    elif isinstance(node, dict):
        if isinstance(node.get("props"), dict):
            if "id" in node["props"]:
                props[str(node["props"]["id"])] = node["props"]
            node = node["props"]
        for value in node.values():
            _collect(value, props)


def _filled(request: dict[str, Any], values: dict[tuple[str, str], Any]) -> dict[str, Any]:
    def fill(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [item | {"value": values.get((item["id"], item["property"]), item["value"])} for item in items]

    return request | {"inputs": fill(request["inputs"]), "state": fill(request["state"])}


def _tell(what: str, times: list[float]) -> None:
    cuts = quantiles(times, n=100)
    print(
        f"{what}: median {cuts[49]:.2f} s, 90 % under {cuts[89]:.2f} s, 95 % under {cuts[94]:.2f} s, "
        f"longest {max(times):.2f} s ({len(times)} questions)"
    )
