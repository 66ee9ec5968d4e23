"""The stage for stories in a real browser: a served application of its own for each story, and pages in Chromium.

Every page made here is watched: a story fails at its end if the browser's console has a warning or an error.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import make_server

from app import create_app
from data.delivery.worker import Worker
from data.settings import Settings
from tests.conftest import AtOnce, load_folder

GOLDEN = Path(__file__).parents[1] / "golden" / "dataset"

_SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# With each profile Chromium opens a window, and for its address bar loads two pages of its own behind it: nobody sees
# them here, and they take as long as our page. They are turned off together with what Playwright turns off, since
# Chromium heeds only the last list that it is given.
_FEATURES_OFF = (
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "AimEnabled",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "TcpPortRandomizationWin",
    "ThirdPartyStoragePartitioning",
)


# A shared machine with two cores may take long over what is quick elsewhere; what never comes fails all the same.
expect.set_options(timeout=20_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this room is a browser story."""
    for item in items:
        if Path(item.path).is_relative_to(Path(__file__).parent):
            item.add_marker("browser")


@dataclass
class Site:
    """A served application: where it is, and where it keeps its records."""

    url: str
    settings: Settings


@dataclass
class Watch:
    """What the pages of one story said in their consoles. A story that provokes something forgives it by name."""

    said: list[str] = field(default_factory=list)
    forgiven: list[str] = field(default_factory=list)

    def forgive(self, part: str) -> None:
        """Let messages that contain ``part`` pass."""
        self.forgiven.append(part)

    def complaints(self) -> list[str]:
        """What was said and not forgiven."""
        return [text for text in self.said if not any(part in text for part in self.forgiven)]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, started once: the one that CHROMIUM names, or the machine's own."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not path:
        pytest.skip("No Chromium: set CHROMIUM to its path to have the browser stories told.")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=path, args=[*_SWITCHES, f"--disable-features={','.join(_FEATURES_OFF)}"]
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def golden_warehouse(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of an embedded warehouse with the golden data set, loaded once."""
    url = f"duckdb:///{tmp_path_factory.mktemp('golden') / 'warehouse.duckdb'}"
    load_folder(url, GOLDEN)
    return url


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """A function that serves an application with the given settings until the story ends.

    Its records and cache are in the story's own folder. Two sites with the same ``var_dir`` are two servers of one
    installation.
    """
    servers = []

    def start(**settings: str | int) -> Site:
        # Most stories begin with an empty page: they are about what a person asks.
        usual = {"var_dir": str(tmp_path / "var"), "log_level": "WARNING", "sign_in": "none", "answer_first": 0}
        chosen = Settings(**usual | settings)
        application = create_app(chosen).server
        services = application.extensions["customer_dynamics"]
        object.__setattr__(services, "queue", AtOnce(Worker(services)))
        server = make_server("127.0.0.1", 0, application, threaded=True)
        # The default would let the end of each story wait half a second for the server to look up.
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        servers.append((server, thread))
        return Site(f"http://127.0.0.1:{server.server_port}", chosen)

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def site(serve: Callable[..., Site], golden_warehouse: str) -> Site:
    """An application with the golden data set and nothing remembered yet."""
    return serve(warehouse_url=golden_warehouse)


@pytest.fixture
def console() -> Iterator[Watch]:
    """The consoles of the story's pages; at its end they must be empty."""
    watch = Watch()
    yield watch
    assert watch.complaints() == []


@pytest.fixture
def new_page(browser: Browser, site: Site, console: Watch) -> Iterator[Callable[..., Page]]:
    """A function that opens a page in a browser profile of its own: each call is another person at another screen.

    ``path`` is what to open; anything else is a context option of Playwright's (viewport, locale, timezone_id …).
    """
    contexts = []

    def open_page(path: str = "/", **options: object) -> Page:
        chosen = {"viewport": {"width": 1280, "height": 900}, "locale": "en-GB", "timezone_id": "Europe/Kyiv"} | options
        context = browser.new_context(base_url=site.url, accept_downloads=True, **chosen)
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site.url)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda said: said.type in ("error", "warning") and console.said.append(said.text))
        page.on("pageerror", lambda fault: console.said.append(str(fault)))
        page.goto(path)
        if path == "/":
            expect(page.get_by_role("button", name="Query", exact=True)).to_be_enabled()
            settled(page)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """The report page, as a person sees it at their first visit."""
    return new_page()


def settled(page: Page) -> None:
    """Wait until the page has nothing more to ask the server."""
    page.wait_for_load_state("networkidle")


def assert_accessible(page: Page) -> None:
    """No serious or critical finding of axe-core in the state that the page is in."""
    found = [
        f"{item['impact']} {item['id']}: {[node['html'][:150] for node in item['nodes']][:3]}"
        for item in Axe().run(page).response["violations"]
        if item["impact"] in ("serious", "critical")
    ]
    assert found == []
