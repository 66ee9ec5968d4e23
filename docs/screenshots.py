"""Takes the pictures in docs/images: the demo company's report in its main states, as a browser paints it.

Run by ``make screenshots``. The demo is made anew in a temporary folder, so nothing of yours is shown or changed.
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import make_server

from app import create_app
from data.settings import Settings

IMAGES = Path(__file__).parent / "images"
WIDE = {"width": 1600, "height": 1000}
LAPTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
_SWITCHES = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-quic")


@contextmanager
def _served_demo() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        server = create_app(Settings(var_dir=folder, log_level="WARNING", sign_in="none", answer_first=0)).server
        made = server.test_cli_runner().invoke(args=["demo"], env={"VAR_DIR": folder})
        if made.exit_code:
            sys.exit(f"The demo company could not be made: {made.output}")
        site = make_server("127.0.0.1", 0, server, threaded=True)
        threading.Thread(target=site.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{site.server_port}"
        site.shutdown()


@contextmanager
def _page(browser: Browser, url: str, size: dict[str, int], theme: str = "light") -> Iterator[Page]:
    context = browser.new_context(
        viewport=size,
        color_scheme=theme,
        locale="en-GB",
        timezone_id="Europe/Kyiv",
        base_url=url,
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto("/")
    expect(page.get_by_role("button", name="Query", exact=True)).to_be_enabled()
    page.wait_for_load_state("networkidle")
    yield page
    context.close()


def _keep(page: Page, name: str) -> None:
    page.mouse.move(0, 0)
    page.wait_for_timeout(600)  # charts finish drawing
    page.screenshot(path=IMAGES / f"{name}.png")
    print(f"docs/images/{name}.png")


def _query(page: Page) -> None:
    page.get_by_role("button", name="Query", exact=True).click()
    expect(page.get_by_role("table", name="Report table", exact=True)).to_be_visible()
    page.wait_for_load_state("networkidle")


def _chart(page: Page, name: str) -> None:
    page.get_by_role("button", name="Show Chart").click()
    page.get_by_text(name, exact=True).first.click()
    page.wait_for_timeout(1500)


def main() -> None:
    """Take every picture."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or sys.exit("No Chromium: set CHROMIUM.")
    IMAGES.mkdir(exist_ok=True)
    with _served_demo() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(_SWITCHES))
        with _page(browser, url, LAPTOP) as page:
            _keep(page, "form")
        with _page(browser, url, WIDE) as page:
            _query(page)
            _chart(page, "Clients - Active: Qty")
            _chart(page, "Balance Refill: Total")
            _keep(page, "report")
        with _page(browser, url, WIDE, theme="dark") as page:
            _query(page)
            _chart(page, "Pay As You Go: Total")
            _chart(page, "Packages: Renew Total")
            _keep(page, "report-dark")
        with _page(browser, url, WIDE) as page:
            _query(page)
            _chart(page, "Blank Chart")
            _keep(page, "blank-chart")
        with _page(browser, url, PHONE) as page:
            _query(page)
            _keep(page, "phone")
        browser.close()


if __name__ == "__main__":
    main()
