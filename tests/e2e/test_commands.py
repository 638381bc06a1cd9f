"""Every command, over one home that a first run made: the default portfolio, as a newcomer sees it."""

import csv
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from observes_assets import contracts
from observes_assets.installation import SOURCES
from observes_assets.landing.rebuild import forget
from observes_assets.postgres.locks import RUN, session_lock
from tests.e2e.conftest import KEY, Home

pytestmark = pytest.mark.timeout(3600)
DELIVERY = ("boards", "issues", "pull_requests", "sprint_days", "sprints", "deliverable_days", "deployments")


@pytest.fixture(scope="module")
def home(new_home: Callable[..., Home]) -> Home:
    """A home with a space in its path, after its first run, which was a real process."""
    # The company stands still: what follows must not depend on the hour.
    home = new_home("a home", OBSERVES_SANDBOX_CLOCK="2026-03-04T16:00:00Z")
    done = home.call("run", "--json", LC_ALL="xx_XX.UTF-8")
    document = json.loads(done.stdout)
    assert document["ok"]
    assert document["release"]["release_number"] == 1
    landed = {one["stream"]: one["quarantined"] for one in document["streams"]}
    assert {"portfolio/portfolio", "git/commits", "git/observations", "github/issues"} <= landed.keys()
    assert not any(landed.values())
    return home


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    """Inode and time of change of every file: a file that was written anew has another of either."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): (path.stat().st_ino, path.stat().st_mtime_ns) for path in found}


def test_a_second_run_says_that_nothing_has_changed_and_nothing_has(home: Home) -> None:
    state = """
        select (select count(*) from landing.releases), (select count(*) from landing.git__commits),
            (select count(*) from landing.portfolio__portfolio),
            (select count(*) from landing.git__observations),
            (select count(*) from raw_git.commits),
            (select sum(records_written) from landing.loads
                where source <> 'observes' and (source, stream) <> ('github', 'observations'))
    """
    bills, before = snapshot(home.bucket / "bills"), home.ask(state)
    assert bills
    text = home.run()
    assert "Nothing has changed: release 1 stays on show." in text
    assert home.ask(state) == before
    assert snapshot(home.bucket / "bills") == bills
    assert len(list((home.bucket / "releases").iterdir())) == 1
    # What was looked at is in the archive all the same: when a repository was last seen is a fact.
    seen = (
        "select stream, records_written from landing.loads "
        "where batch = 2 and stream <> 'commits' and source in ('git', 'portfolio') order by 1"
    )
    assert home.ask(seen) == [("observations", 0), ("portfolio", 0)]


def test_people_and_secrets_stay_where_they_belong(home: Home) -> None:
    """Neither Dagster's event log nor a log file knows an e-mail address, the key or the password."""
    with home.connect("observes_dagster") as connection:
        told = "select count(*) from event_logs where event like '%@example.com%'"
        assert connection.execute(told).fetchone() == (0,)
    password = (home.path / "postgres" / "password").read_text().strip()
    secrets = {password: {"postgres/password", "dagster/dagster.yaml"}, KEY: set(), "noor@example.com": set()}
    for path in home.path.rglob("*"):
        name = str(path.relative_to(home.path))
        # The archive, the bills, the mirrors and the samples themselves are where people belong.
        if path.is_file() and not name.startswith(
            ("bucket/", "mirrors/", "portfolio/", "postgres/cluster/data/")
        ):
            held = {secret for secret in secrets if secret.encode() in path.read_bytes()}
            assert all(name in secrets[secret] for secret in held), name


def test_status(home: Home) -> None:
    document = home.json("status")
    assert document["release"]["release_number"] == 1
    assert document["hold"] is None
    assert document["failed_repositories"] == []
    assert {one["state"] for one in document["streams"]} == {"fresh"}
    assert "Release 1 is on show" in home.call("status").stdout


def test_bills_add_up_and_are_explained(home: Home, tmp_path: Path) -> None:
    document = home.json("bills", "--month", "2026-10")
    assert document["month"] == "2026-10"
    assert document["rule"] == "committed"
    (demo,) = [one for one in document["organizations"] if one["name"] == "demo"]
    assert demo["currency"] == "USD"
    assert demo["authors"] == 3
    assert sum(float(group["amount"]) for group in demo["groups"]) == float(demo["amount"]) == 297.0

    home.call("bills", "--month", "2026-10", "--out", str(tmp_path / "october"))
    rows = list(csv.DictReader((tmp_path / "october" / "storefront.csv").open(encoding="utf-8", newline="")))
    assert [row["actor"] for row in rows] == sorted(row["actor"] for row in rows)
    assert {"actor", "commit", "groups", "repository"} == rows[0].keys()
    found = home.json("bills", "explain", "noor@example.com", "--month", "2026-10")
    assert [person["email"] for person in found["people"]] == ["noor@example.com"]
    proof = next(row["commit"] for row in rows if "noor@" in row["actor"])
    assert proof in json.dumps(found)
    assert "noor@example.com" in home.call("bills", "explain", "noor@example.com").stdout
    assert home.call("bills", "--month", "October", code=2).stderr


def test_batches(home: Home) -> None:
    batches = home.json("batch", "list")
    assert {one["state"] for one in batches} == {"landed"}
    assert home.json("batch", "list", "--state", "refused") == []
    shown = home.json("batch", "show", "git", "commits", "1")
    assert shown["state"] == "landed"
    assert shown["manifest"]["scope"].keys() == {"repository_id", "branch"}
    assert "landed" in home.call("batch", "show", "git", "commits", "1").stdout
    for verdict in ("accept", "reject"):
        done = home.call("batch", verdict, "git", "commits", "1", "--why", "test", code=2)
        assert "is landed, so there is nothing to decide" in done.stderr
    assert "There is no batch 999" in home.call("batch", "show", "git", "commits", "999", code=2).stderr


def test_quarantine(home: Home) -> None:
    assert home.json("quarantine", "list") == []
    assert "none" in home.call("quarantine", "list").stdout
    done = home.call("quarantine", "show", "git", "commits", "1", "1", code=2)
    assert "is not in quarantine" in done.stderr


def test_extract_prints_records_and_lands_nothing(home: Home) -> None:
    before = home.ask("select count(*) from landing.batches")
    commits = home.call("extract", "git", "commits", "--limit", "3").stdout.splitlines()
    assert [json.loads(line).keys() >= {"sha", "author_email", "files"} for line in commits] == [True] * 3
    (portfolio,) = home.call("extract", "portfolio", "portfolio").stdout.splitlines()
    assert json.loads(portfolio)["name"] == "portfolio"
    assert "Streams are" in home.call("extract", "git", "nothing", code=2).stderr
    assert home.ask("select count(*) from landing.batches") == before


def test_what_does_not_exist_is_a_usage_error(home: Home) -> None:
    assert "There is no source 'svn'" in home.call("run", "--source", "svn", code=2).stderr
    home.call("nonsense", code=2)
    for command in ([], ["run"], ["bills"], ["release"]):
        assert "Usage" in home.call(*command, "--help").stdout


@pytest.fixture(scope="module")
def materialized(home: Home) -> Home:
    """The home, forgotten and landed anew by `dagster asset materialize`.

    By whoever never heard of `observes`; and from the archive, since nothing of what had landed is left.
    """
    with home.connect() as connection:
        (known,) = home.ask("select max(load_id) from landing.loads")
        forget(connection, {source: contracts.load(source) for source in SOURCES})
    told = home.call("set-up").stdout
    dagster_home = re.search(r"DAGSTER_HOME=(.+)", told.replace("\n", ""))
    assert dagster_home
    assert Path(dagster_home[1]) == home.path / "dagster"
    # A partitioned asset wants a partition named; what its days bring, the other assets bring too.
    every = 'not key:"timedoctor/days"'
    command = ["dagster", "asset", "materialize", "--select", every, "-m", "observes_assets.definitions"]
    done = subprocess.run(
        [sys.executable, "-m", *command],
        env=home.environment | {"DAGSTER_HOME": dagster_home[1]},
        cwd=home.path,
        capture_output=True,
        text=True,
        check=False,
        timeout=1200,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert home.ask("select min(load_id) > %s from landing.loads", [known]) == [True]
    return home


def test_dagster_itself_makes_the_same_release_from_the_archive(materialized: Home) -> None:
    home = materialized
    assert home.ask("select release_number from landing.releases where is_on_show") == [2]
    # Of complete days there is one only if midnight passes meanwhile.
    marts = "select record -> 'marts' #- '{reliability}' from landing.releases order by release_number"
    first, second = home.ask(marts)
    assert first == second  # the same content, byte for byte, by another way
    assert all(first[mart]["rows"] for mart in ("commits", *DELIVERY))
    with home.connect("observes_dagster") as connection:
        assert connection.execute("select distinct status from runs").fetchall() == [("SUCCESS",)]


def test_a_rollback_stays_until_it_is_lifted(materialized: Home) -> None:
    home = materialized
    done = home.call("release", "rollback", "1", "--why", "authors are wrong")
    assert "Release 1 is on show" in done.stdout
    listed = home.json("release", "list")
    assert [one["is_on_show"] for one in listed["releases"]] == [False, True]
    assert listed["hold"]["why"] == "authors are wrong"
    assert home.json("status")["hold"]["why"] == "authors are wrong"
    text = home.run()
    assert "Publishing is on hold" in text
    assert home.ask("select release_number from warehouse.release") == [1]
    assert "There is no release 9" in home.call("release", "rollback", "9", "--why", "x", code=1).stderr
    assert "Release 2 is on show" in home.call("release", "publish").stdout
    assert home.json("release", "list")["hold"] is None
    assert "authors are wrong" not in home.call("release", "list").stdout


def test_two_runs_at_once(home: Home) -> None:
    """One waits and says for whom, or refuses at once."""
    with home.connect() as connection:
        connection.execute("set application_name = 'observes run, process 1 on elsewhere'")
        with session_lock(connection, RUN):
            refused = home.call("run", "--no-wait", code=75)
            assert "in use by observes run, process 1 on elsewhere" in refused.stderr
            assert home.call("rebuild", "--no-wait", code=75)
            waiting = home.start("run", "--source", "portfolio")
            while "Waiting" not in waiting.text:
                assert Path(f"/proc/{waiting.pid}").exists(), waiting.text
                time.sleep(0.05)
        assert waiting.wait() == 0, waiting.text
    assert "in use by observes run, process 1 on elsewhere" in waiting.text.replace("\n", " ")


def test_down_and_up_again(home: Home) -> None:
    assert "Stopped" in home.call("down").stdout
    assert "was not running" in home.call("down").stdout
    assert home.json("status")["release"]["release_number"]


def test_before_the_first_run_there_is_a_word_about_it(new_home: Callable[..., Home]) -> None:
    fresh = new_home("fresh")
    for command in (["status"], ["bills"], ["release", "list"], ["batch", "list"], ["quarantine", "list"]):
        assert "Nothing has run" in fresh.call(*command, code=2).stderr
    assert "Stopped" in fresh.call("down").stdout


def test_a_run_of_one_source_reads_only_that(home: Home) -> None:
    def batches() -> dict[str, Any]:
        return dict(home.ask("select source || '/' || stream, count(*) from landing.batches group by 1"))

    before = batches()
    home.run("run", "--source", "portfolio")
    read = {name for name, count in batches().items() if count != before[name]}
    assert read - {"observes/extractions"} == {"portfolio/portfolio"}
