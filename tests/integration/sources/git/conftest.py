"""Real repositories, made on the spot, and a real git server."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from observes_assets.sources.git.client import Mirror
from observes_assets.sources.git.streams import commits
from tests.integration.sources.git.git_server import GitServer, serving


class Work:
    """A repository that a test writes to, untouched by this machine's git configuration."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.devnull,
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "Ada",
            "GIT_AUTHOR_EMAIL": "Ada@example.com",
            "GIT_AUTHOR_DATE": "1700000000 +0530",
            "GIT_COMMITTER_NAME": "Bob",
            "GIT_COMMITTER_EMAIL": "bob@example.com",
            "GIT_COMMITTER_DATE": "1700000100 -0330",
        }

    def git(self, *words: str | bytes | Path, given: bytes = b"", **variables: str | bytes) -> str:
        done = subprocess.run(
            ["git", "-C", self.folder, *words],
            input=given,
            capture_output=True,
            env={**self.environment, **variables},
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def init(self, *options: str) -> "Work":
        self.folder.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main", *options)
        return self

    def commit(self, message: str = "change", files: dict[str, Any] | None = None, **variables: str) -> str:
        """Write files (None removes one; default: a new one) and commit; gives the id."""
        for name, content in ({f"{message}.txt": "a\nb\n"} if files is None else files).items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                path.unlink()
            else:
                path.write_bytes(content if isinstance(content, bytes) else content.encode())
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--allow-empty-message", "-m", message, **variables)
        return self.git("rev-parse", "HEAD")

    def raw_commit(self, raw: bytes, branch: str = "main") -> str:
        """Store a commit object as it is, however odd, and point a branch at it."""
        words = ("hash-object", "-t", "commit", "-w", "--stdin", "--literally")
        sha = self.git(*words, given=raw)
        self.git("update-ref", f"refs/heads/{branch}", sha)
        return sha

    def object_file(self, sha: str) -> Path:
        return self.folder / ".git" / "objects" / sha[:2] / sha[2:]


@pytest.fixture
def work(tmp_path: Path) -> Work:
    """An empty repository."""
    return Work(tmp_path / "source").init()


@pytest.fixture
def new_work(tmp_path: Path) -> Callable[..., Work]:
    """Make further repositories, by name and options of git init."""
    return lambda name, *options: Work(tmp_path / name).init(*options)


@pytest.fixture
def mirror_of(tmp_path: Path) -> Callable[[Work], Mirror]:
    """Make an updated mirror of a repository."""

    def make(work: Work) -> Mirror:
        mirror = Mirror(tmp_path / "mirrors" / "one", str(work.folder), None)
        mirror.update()
        return mirror

    return make


def read(mirror: Mirror, known: str | None = None, branch: str = "main") -> dict[str, dict[str, Any]]:
    """Records by commit id."""
    tip = mirror.tip(branch)
    assert tip is not None
    found = list(commits(mirror, repository_id="r1", branch=branch, tip=tip, known_tip=known))
    assert len({one["sha"] for one in found}) == len(found)
    return {one["sha"]: one for one in found}


@pytest.fixture(name="read")
def read_fixture() -> Callable[..., dict[str, dict[str, Any]]]:
    """See ``read``."""
    return read


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    """A git server for everything beneath the test's folder."""
    with serving(tmp_path) as running:
        yield running
