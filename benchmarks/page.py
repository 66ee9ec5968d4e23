"""How the page feels: from click to painted table, bytes of a first visit, bytes of answers, and scrolling.

Served by gunicorn as `make run` does, looked at in real Chromium, with the demo company's data.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from statistics import quantiles

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.company import Company, demo_company

GROUPINGS = (["month"], ["year"], ["date"], ["package"], ["month", "package"], [])
CURRENCIES = ("EUR", "USD")
DURATIONS = (1, 3, 6, 12)
_LOOKING = 400  # milliseconds
SWITCHES = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")

_CLICK = """async () => {
    // The address changes with the table. Looking at it in every frame would take time from the query.
    const query = document.getElementById("form-query");
    const plain = history.pushState;
    const answered = new Promise((resolve) => {
        history.pushState = (...address) => {
            history.pushState = plain;
            plain.apply(history, address);
            resolve();
        };
    });
    const began = performance.now();
    query.click();
    await answered;
    // The answer is in the page: it is painted right after the callbacks of the next frame, before any other task.
    await new Promise(requestAnimationFrame);
    await new Promise((painted) => setTimeout(painted));
    return performance.now() - began;
}"""

_SCROLL = """async () => {
    const grid = document.getElementById("report-grid");
    const frames = [];
    let last = performance.now();
    for (let step = 0; step < 240; step += 1) {
        grid.scrollTop += 60;
        const now = await new Promise(requestAnimationFrame);
        frames.push(now - last);
        last = now;
    }
    return frames;
}"""


def run() -> None:
    """Print the figures."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        raise SystemExit("No Chromium: set CHROMIUM to its path.")
    with demo_company() as company, served(company) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(SWITCHES))
        _first_visit(browser, url)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(url)
        page.wait_for_load_state("networkidle")
        _clicks(page)
        _long_report(page)
        browser.close()


@contextmanager
def served(company: Company) -> Iterator[str]:
    """The address of a server for ``company``, as `make run` starts it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "ANSWER_FIRST": "0",  # what is measured begins with a press of Query
        "VAR_DIR": company.settings.var_dir,
        "PORT": str(port),
        "HOST": "127.0.0.1",
        "LOG_LEVEL": "WARNING",
        "SIGN_IN": "none",
        "EVENTS": os.devnull,
    }
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "app:create_server()"], env=os.environ | settings, stdout=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(100):
            try:
                urllib.request.urlopen(f"{url}/healthz")  # noqa: S310 - our own server
                break
            except OSError:
                time.sleep(0.2)
        yield url
    finally:
        server.terminate()
        server.wait(10)


def _first_visit(browser: Browser, url: str) -> None:
    page = browser.new_page()
    answers = []
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - Playwright marks what it is given
    page.goto(url)
    page.wait_for_load_state("networkidle")
    sizes = [answer.request.sizes() for answer in answers if not answer.url.startswith("data:")]
    sent = sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes)
    print(f"first visit: {sent:,} bytes in {len(sizes)} answers")
    page.close()


def _clicks(page: Page) -> None:
    questions = list(product(GROUPINGS, CURRENCIES, DURATIONS))
    fresh = [_click(page, *question) for question in questions]
    again = [_click(page, *question) for question in questions]
    _tell("click to painted table, new question", fresh)
    _tell("click to painted table, from the cache", again)


def _click(page: Page, grouping: Sequence[str], currency: str, duration: int) -> float:
    page.evaluate(
        """([grouping, currency, duration]) => {
            dash_clientside.set_props("group-by-chosen", { value: grouping });
            dash_clientside.set_props("output-currency", { value: currency });
            dash_clientside.set_props("output-active-duration", { value: duration });
        }""",
        [list(grouping), currency, duration],
    )
    # A person looks at an answer before asking again; what a page puts off until then is not part of the next answer.
    page.wait_for_timeout(_LOOKING)
    took: float = page.evaluate(_CLICK)
    page.wait_for_timeout(_LOOKING)
    return took


def _long_report(page: Page) -> None:
    sizes = []
    page.on(
        "requestfinished",
        lambda request: "_dash-update-component" in request.url and sizes.append(request.sizes()["responseBodySize"]),
    )
    _click(page, ["month"], "EUR", 1)
    print(f"answer for 12 rows: {max(sizes):,} bytes")
    sizes.clear()
    took = _click(page, ["date", "package"], "EUR", 1)
    rows = page.locator("#report-facts").inner_text().split(" ")[0]
    print(f"answer for {rows} rows: {max(sizes):,} bytes, click to painted table {took:,.0f} ms")
    _tell("scrolling it, a frame", page.evaluate(_SCROLL))


def _tell(what: str, times: Sequence[float]) -> None:
    cuts = quantiles(times, n=100)
    print(
        f"{what}: median {cuts[49]:,.0f} ms, 95 % under {cuts[94]:,.0f} ms, longest {max(times):,.0f} ms ({len(times)})"
    )
