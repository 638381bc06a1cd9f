"""What the command line says when something is wrong, without a whole run."""

import io
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from observes_assets import progress
from observes_assets.cli import bills, output, progress_bars, summary
from tests.integration.sources.git.git_server import serving

Observes = Callable[..., subprocess.CompletedProcess[str]]

PORTFOLIO = """
billing: {rule: observed, bots: count, minimum_commits: 1, time_zone: UTC, close_day: 3}
prices: {squad: {author: "99.00", base: "0.00", currency: USD}}
organizations:
  - name: acme
    groups:
      - name: storefront
        plan: squad
        repositories:
          - {nickname: full, url: full, branch: main}
          - {nickname: bare, url: bare, branch: main}
          - {nickname: gone, url: gone, branch: main}
          - {nickname: other, url: full, branch: nowhere}
"""


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-C", folder, "-c", "user.name=A", "-c", "user.email=a@x.org", *words], check=True)


@pytest.fixture
def observes(tmp_path: Path, database_url: str) -> Observes:
    """The program with a home and a database of its own, and a portfolio with good and bad repositories."""
    for name in ("full", "bare"):
        (tmp_path / name).mkdir()
        git(tmp_path / name, "init", "-q", "-b", "main")
    git(tmp_path / "full", "commit", "-q", "--allow-empty", "-m", "one")
    (tmp_path / "portfolio.yaml").write_text(PORTFOLIO)
    environment = os.environ | {
        "OBSERVES_HOME": str(tmp_path / "home"),
        "OBSERVES_POSTGRES_URL": database_url,
        "OBSERVES_PORTFOLIO": str(tmp_path / "portfolio.yaml"),
    }

    def call(*words: str) -> subprocess.CompletedProcess[str]:
        program = Path(sys.executable).with_name("observes")
        return subprocess.run(
            [program, *words], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
        )

    return call


def test_extract_tells_the_outcome_of_every_repository(observes: Observes, tmp_path: Path) -> None:
    done = observes("extract", "git", "observations")
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert sorted((one["outcome"], one["branch"]) for one in records) == [
        ("empty", "main"),
        ("failed", "main"),
        ("failed", "nowhere"),
        ("ok", "main"),
    ]
    assert all(bool(one["reason"]) == (one["outcome"] == "failed") for one in records)
    # A repository may be private, and a root's home lets everybody pass.
    assert stat.S_IMODE((tmp_path / "home" / "mirrors").stat().st_mode) == 0o700

    done = observes("extract", "git", "commits")
    assert done.returncode == 1
    assert [json.loads(line)["message"] for line in done.stdout.splitlines()] == ["one\n"]
    assert "acme/storefront/gone: There is no such folder" in done.stderr

    done = observes("release", "publish")
    assert done.returncode == 1
    assert "Nothing has been published yet" in done.stderr


def test_what_is_tried_again_is_told_beside_the_records(observes: Observes, tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        server.fault = 503
        (tmp_path / "portfolio.yaml").write_text(PORTFOLIO.replace("url: bare", f"url: {server.url}/bare"))
        done = observes("extract", "git", "observations")
    assert done.returncode == 0, done.stderr
    outcomes = [json.loads(line)["outcome"] for line in done.stdout.splitlines()]
    assert sorted(outcomes) == ["failed", "failed", "failed", "ok"]
    assert "could not be reached" in done.stderr
    assert done.stderr.count("Try 2 follows in ") == 1


@pytest.mark.parametrize(
    "words",
    [
        ("extract", "git", "commits", "--limit", "-1"),
        ("batch", "list", "--limit", "-1"),
        ("batch", "list", "--state", "nonsense"),
        ("bills", "--month", "2026-13"),
        ("bills", "--month", "2026-1"),
        ("bills", "--month", "9999-12"),
        ("bills", "explain", "ada", "--month", "october"),
    ],
)
def test_wrong_usage_is_seen_before_anything_is_opened(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OBSERVES_HOME", str(tmp_path / "home"))
    program = Path(sys.executable).with_name("observes")
    done = subprocess.run([program, *words], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "home").exists()


def test_stale_and_missing_figures_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    text = io.StringIO()
    for module in (bills, output, summary):
        monkeypatch.setattr(module, "out", Console(file=text, width=200))
    figures = {"authors": None, "amount": None}
    stopped = {
        "name": "acme",
        "currency": "USD",
        **figures,
        "groups": [{"name": "storefront", **figures}],
        "stale": {"since": "2026-10-02T03:04:05Z", "why": "repository storefront/web failed"},
    }
    document = {"month": "2026-10", "status": "preview", "revision": None, "rule": "observed", "release": 1}
    summary._show_bill({**document, "organizations": [stopped]})
    bills._show({**document, "organizations": [stopped]})
    assert "None" not in text.getvalue()
    said = "has no bill yet acme since 2026-10-02 03:04 UTC: repository storefront/web failed"
    assert said in text.getvalue()
    known = {**stopped, "authors": 1, "amount": "9.00", "groups": []}
    bills._show({**document, "organizations": [known]})
    assert "is stale acme since 2026-10-02 03:04 UTC" in text.getvalue()


@pytest.mark.parametrize("why", ["[/x]", "[bold]", "http://[::1]/a", "a[1,2]b"])
def test_a_reason_is_printed_as_it_is(why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = io.StringIO()
    for module in (output, summary):
        monkeypatch.setattr(module, "out", Console(file=text, width=200))
    troubles = {
        "failed_repositories": [{"repository": "acme/storefront/web", "reason": why}],
        "refused_batches": [{"source": "git", "stream": "commits", "batch": 1, "reason": why}],
        "stale_organizations": [f"acme: {why}"],
        "failed_sources": {"git": why},
        "release": {"stale": {"git/commits": {"since": "2026-10-02", "why": why}}},
        "checks_failed": [],
        "checks_warned": [],
        "hold": {"who": why, "why": why},
    }
    summary._show_troubles(troubles)
    output.print_table(f"Batch {why}", ("reason",), [(why,)])
    assert text.getvalue().count(why) == 9


def test_a_task_that_fails_gets_no_check_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    text = io.StringIO()
    monkeypatch.setattr(progress_bars, "err", Console(file=text, width=120, force_terminal=True))
    with progress_bars.Bars(visible=True) as bars, progress.listening(bars):
        with progress.task("good", 1):
            pass
        with pytest.raises(ValueError, match="broken"), progress.task("bad", 1):
            raise ValueError("broken")
    bad = [line for line in text.getvalue().splitlines() if " bad " in line][-1]
    assert "failed" in bad
    assert "✓" not in bad
