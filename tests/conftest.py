"""Fixtures for tests that want PostgreSQL; nothing is started for tests that don't ask."""

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings
from psycopg import sql

from observes_assets.postgres.connect import ensure_database
from observes_assets.postgres.server import EmbeddedServer

DEFAULT_SEED = 2026
LEFT_OUT = ("skipped", "xfailed", "xpassed")

# Wherever tests run: the same examples each time, and none fails because the machine was busy with others.
settings.load_profile("ci")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("torture", "fault injection, see tests/torture")
    group.addoption("--seed", type=int, default=None, help="what every fault comes from; printed at the end")
    group.addoption("--faults", type=int, default=500, help="how many faults `make torture` injects")


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """What randomness comes from: fixed, so that a red pipeline is red again, unless somebody asks."""
    asked = request.config.getoption("--seed")
    return DEFAULT_SEED if asked is None else int(asked)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which faults were survived and what did not count, above pytest's own last line."""
    for line in _faults_survived(terminalreporter):
        terminalreporter.write_line(line)
    terminalreporter.write_line(f"left out: {_left_out(terminalreporter)}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI nothing may be left out: there every test has what it needs."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and session.exitstatus == pytest.ExitCode.OK and reporter and _left_out(reporter):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _faults_survived(reporter: pytest.TerminalReporter) -> Iterator[str]:
    """One line a seed, of what passed tests noted as their property "faults survived": {seed, times}."""
    by_seed: dict[int, Counter[str]] = defaultdict(Counter)
    for report in reporter.stats.get("passed", []):
        for name, noted in report.user_properties:
            if name == "faults survived":
                by_seed[noted["seed"]].update(noted["times"])
    for seed, times in by_seed.items():
        kinds = ", ".join(f"{fault} {count}" for fault, count in times.most_common())
        yield f"faults survived: {times.total()} (seed {seed}): {kinds}"


def _left_out(reporter: pytest.TerminalReporter) -> int:
    return sum(len(reporter.stats.get(outcome, [])) for outcome in LEFT_OUT)


STOP_WITH_US = """
import sys, pathlib, shutil
from observes_assets.postgres.server import EmbeddedServer
sys.stdin.read()
EmbeddedServer(pathlib.Path(sys.argv[1])).stop()
shutil.rmtree(sys.argv[1], ignore_errors=True)
"""


@pytest.fixture(scope="session")
def embedded_home() -> Iterator[Path]:
    """A home that the server's account can reach (pytest's own temporary folders are closed to others).

    A watcher outlives us just long enough to stop a server in it, however we end.
    """
    home = Path(tempfile.mkdtemp(prefix="observes-test-"))
    home.chmod(0o755)
    command = [sys.executable, "-c", STOP_WITH_US, str(home)]
    # In a session of its own: whoever ends us by our process group must not end the watcher too.
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as watcher:
        yield home
        assert watcher.stdin is not None
        watcher.stdin.close()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def embedded_server(embedded_home: Path) -> Iterator[EmbeddedServer]:
    """A running embedded server, one a test process."""
    server = EmbeddedServer(embedded_home)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def database_url(embedded_server: EmbeddedServer) -> Iterator[str]:
    """Superuser's URL of a fresh, empty database."""
    name = f"test_{secrets.token_hex(6)}"
    postgres = embedded_server.start()  # a test may have stopped it
    yield ensure_database(postgres, name)
    with psycopg.connect(embedded_server.start(), autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
