"""Homes, repositories and portfolios for tests that run the program itself."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from observes_assets.postgres.server import EmbeddedServer
from observes_assets.warehouse.dbt import ensure_manifest
from tests.conftest import STOP_WITH_US
from tests.e2e.forks import Fork, Forks

OBSERVES = str(Path(sys.executable).with_name("observes"))
KEY = "a key for tests, 32 characters or more"  # so that homes can be compared


def clean_environment() -> dict[str, str]:
    """Ours, without what could lead a run elsewhere."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("OBSERVES_", "DAGSTER_", "PG", "AWS_", "GIT_"))
    } | {"COLUMNS": "200", "GIT_CONFIG_GLOBAL": os.devnull}


def this_month(second: int) -> str:
    """A moment at the beginning of the current month (UTC): what bills in the bucket are about."""
    return f"{datetime.now(UTC):%Y-%m}-01T00:00:{second:02}+00:00"


def wait_for_the_next_month() -> None:
    """Let a month's end and the next one's beginning (UTC) pass: tests compare the current one's bills."""

    def month(minutes: int) -> str:
        return f"{datetime.now(UTC) + timedelta(minutes=minutes):%Y-%m}"

    while month(-1) != month(20):
        time.sleep(1)


@dataclass
class Home:
    """One installation, and how to call its program."""

    path: Path
    forks: Forks
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        own = {"OBSERVES_HOME": str(self.path), "OBSERVES_PSEUDONYM_KEY": KEY}
        return clean_environment() | own | self.settings

    @property
    def bucket(self) -> Path:
        return Path(self.settings.get("OBSERVES_BUCKET_URL", self.path / "bucket"))

    def start(self, *arguments: str) -> Fork:
        """Start `observes`, without the six seconds of Dagster's import."""
        return self.forks.start(list(arguments), self.environment, self.path, self.path / "output")

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run `observes run` (or these arguments) to the end; returns what it said."""
        fork = self.start(*(arguments or ("run",)))
        assert fork.wait() == code, fork.text
        return fork.text

    def run_json(self, *arguments: str, code: int = 0) -> Any:
        text = self.run(*arguments, "--json", code=code)
        return json.loads(text[text.index("{") :])

    def call(self, *arguments: str, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        """The installed program, in a process of its own, as a person calls it."""
        done = subprocess.run(
            [OBSERVES, *arguments],
            env=self.environment | environment,
            cwd=self.path if os.access(self.path, os.X_OK) else None,
            capture_output=True,
            text=True,
            check=False,
            timeout=1200,
        )
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        return done

    def json(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self.call(*arguments, "--json", code=code).stdout)

    def connect(self, database: str = "observes") -> psycopg.Connection:
        server = EmbeddedServer(self.path)
        server.start()
        return psycopg.connect(server.url(database), autocommit=True)

    def ask(self, query: str, parameters: Any = None) -> list[Any]:
        """Rows of a query; rows of one column as their values."""
        with self.connect() as connection:
            rows = connection.execute(query, parameters).fetchall()  # type: ignore[call-overload]
        return [row[0] if len(row) == 1 else row for row in rows]


@dataclass
class Repository:
    """A git repository with a working tree; every commit is the same on every machine."""

    path: Path

    @classmethod
    def make(cls, path: Path) -> "Repository":
        path.mkdir(parents=True)
        repository = cls(path)
        repository.git("init", "--quiet", "--initial-branch=main")
        return repository

    def git(self, *arguments: str, **environment: str) -> str:
        return subprocess.run(
            ["git", *arguments],
            cwd=self.path,
            env=clean_environment() | environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()

    def commit(
        self, message: str, *, at: str, who: str = "Ann <ann@acme.example>", files: tuple[str, ...] = ()
    ) -> str:
        """Commit a change of some files (by default one named after the message); returns the commit's id.

        Args:
            at: author's and committer's date, ISO 8601 with offset.
        """
        for name in files or (f"{message}.txt",):
            (self.path / name).parent.mkdir(parents=True, exist_ok=True)
            (self.path / name).write_text(f"{message} {at}\n")
        name, _, email = who.rstrip(">").partition(" <")
        people = {
            f"GIT_{role}_{what}": value
            for role in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", name), ("EMAIL", email), ("DATE", at))
        }
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message, **people)
        return self.git("rev-parse", "HEAD")


def portfolio(folder: Path, organizations: dict[str, Any], **billing: Any) -> Path:
    """Write a portfolio: {organization: {group: [repository entries]}}; all on one plan."""
    document = {
        "billing": {"rule": "committed"} | billing,
        "prices": {"squad": {"author": "99.00", "base": "0.00", "currency": "USD"}},
        "mailmap": "people.mailmap",
        "organizations": [
            {
                "name": organization,
                "groups": [
                    {"name": group, "plan": "squad", "repositories": entries}
                    for group, entries in groups.items()
                ],
            }
            for organization, groups in organizations.items()
        ],
    }
    (folder / "people.mailmap").touch()
    path = folder / "portfolio.yaml"
    copied = json.loads(json.dumps(document))  # the same entry in two groups would become a YAML alias
    path.write_text(yaml.safe_dump(copied, sort_keys=False))
    return path


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    ensure_manifest()
    server = Forks()
    yield server
    server.close()


@pytest.fixture(scope="module")
def new_home(forks: Forks) -> Iterator[Callable[..., Home]]:
    """Makes homes that the server's account can reach; their servers end with us, however we end."""
    wait_for_the_next_month()
    homes: list[tuple[Path, subprocess.Popen[bytes]]] = []

    def make(name: str = "home", **settings: str) -> Home:
        folder = Path(tempfile.mkdtemp(prefix="observes-e2e-"))
        folder.chmod(0o711)
        path = folder / name
        # In a session of its own: what ends our process group must not end it.
        watcher = subprocess.Popen(
            [sys.executable, "-c", STOP_WITH_US, str(path)], stdin=subprocess.PIPE, start_new_session=True
        )
        homes.append((path, watcher))
        path.mkdir(mode=0o711)
        return Home(path, forks, settings)

    yield make
    for path, watcher in homes:
        assert watcher.stdin is not None
        watcher.stdin.close()
        watcher.wait(300)
        shutil.rmtree(path.parent, ignore_errors=True)
