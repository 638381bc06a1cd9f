"""`observes up` in a real browser: the Dagster web UI and the dbt docs, in light and dark."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.e2e.conftest import OBSERVES, Home, Repository, portfolio

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
    pytest.mark.timeout(3600),
]
PATIENCE_MS = 300_000  # for whatever a page is to show, on however busy a machine


def free_ports(count: int) -> list[int]:
    """Below those that systems give to whoever asks for any, lest somebody else is given one of them."""
    found: list[int] = []
    for port in range(18_000 + os.getpid() % 1_000, 20_000):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found.append(port)
        if len(found) == count:
            break
    return found


def wait_for(url: str, process: subprocess.Popen[bytes], seconds: float = 600) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process.poll() is None, "`observes up` ended by itself"
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                assert answer.status == 200
                return
        except OSError:
            time.sleep(0.5)
    raise AssertionError(f"{url} did not answer within {seconds} s")


@pytest.fixture(scope="module")
def site(
    new_home: Callable[..., Home], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str]]:
    """Addresses of the web UI and the docs of a company that has run once."""
    folder = tmp_path_factory.mktemp("company")
    repository = Repository.make(folder / "web")
    repository.commit("start", at="2026-10-10T12:00:00+02:00")
    entry = {"nickname": "web", "url": str(repository.path), "branch": "main"}
    home = new_home(OBSERVES_PORTFOLIO=str(portfolio(folder, {"acme": {"storefront": [entry]}})))
    home.run()
    ui, docs = free_ports(2)
    log = (Path(home.path) / "up.log").open("wb")
    process = subprocess.Popen(
        [OBSERVES, "up", "--port", str(ui), "--docs-port", str(docs)],
        env=home.environment,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        wait_for(f"http://127.0.0.1:{ui}/server_info", process)
        wait_for(f"http://127.0.0.1:{docs}/", process)
        yield f"http://127.0.0.1:{ui}", f"http://127.0.0.1:{docs}"
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(300) == 0
        log.close()


@pytest.fixture(params=["light", "dark"])
def page(request: pytest.FixtureRequest) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-background-networking"],
            timeout=PATIENCE_MS,
        )
        page = browser.new_page(color_scheme=request.param, viewport={"width": 1600, "height": 1000})
        page.set_default_timeout(PATIENCE_MS)
        yield page
        browser.close()


def test_a_marts_page_shows_owner_rows_checks_and_description(site: tuple[str, str], page: Page) -> None:
    page.goto(f"{site[0]}/assets/warehouse/billable_authors")
    page.get_by_text("Authors of a group in a month", exact=False).first.wait_for()
    page.get_by_text("data-platform").first.wait_for()
    page.get_by_text("Row count").first.wait_for()
    page.get_by_text("organization_commit_count").first.wait_for()


def test_schedules_and_sensors_can_be_switched(site: tuple[str, str], page: Page) -> None:
    page.goto(f"{site[0]}/automation")
    for name in ("extract_hourly", "release_when_settled", "bills_when_due"):
        page.get_by_text(name).first.wait_for()
    switches = page.get_by_role("switch").or_(page.locator("input[type=checkbox]"))
    switches.nth(2).wait_for(state="attached")


def test_the_docs_site_tells_what_it_is_and_shows_the_lineage(site: tuple[str, str], page: Page) -> None:
    page.goto(f"{site[1]}/")
    page.get_by_text("Observes: the warehouse").first.wait_for()
    page.goto(f"{site[1]}/#!/model/model.observes.billable_authors")
    page.get_by_text("One row per rule, month, group and").first.wait_for()
