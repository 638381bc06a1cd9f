"""What an audit of the line found, each once: from the portfolio's file to a release that is on show."""

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from dagster import DagsterInstance, materialize
from pydantic import SecretStr

from observes_assets.archive import Manifest
from observes_assets.bucket import Bucket
from observes_assets.errors import PublishRefusedError
from observes_assets.extraction import Extractor
from observes_assets.installation import Installation, require_home
from observes_assets.landing.rebuild import forget
from observes_assets.postgres.locks import scope_lock, session_lock
from observes_assets.resources import InstallationResource
from observes_assets.settings import Settings
from observes_assets.sources.git.client import Mirror
from observes_assets.sources.git.observation import Observation, Repository, observe
from observes_assets.sources.portfolio.assets import portfolio_assets
from observes_assets.warehouse import build, dbt, publish
from observes_assets.warehouse.assets import publish_or_find
from observes_assets.warehouse.build import CheckResult
from observes_assets.warehouse.gate import Requirements

KEY = "a key for tests, 32 characters or more"
NOW = datetime(2024, 5, 10, tzinfo=UTC)
NewExtractor = Callable[[str], Extractor]


@pytest.fixture
def installation(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """An installation of its own, which the environment describes too."""
    monkeypatch.setenv("OBSERVES_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OBSERVES_POSTGRES_URL", database_url)
    monkeypatch.setenv("OBSERVES_PSEUDONYM_KEY", KEY)
    monkeypatch.setenv("OBSERVES_PORTFOLIO", str(tmp_path / "portfolio.yaml"))
    made = Installation(
        Settings(
            home=tmp_path / "home",
            postgres_url=SecretStr(database_url),
            pseudonym_key=SecretStr(KEY),
            portfolio=tmp_path / "portfolio.yaml",
        )
    )
    require_home(made.settings)
    made.set_up()
    return made


@pytest.fixture
def connection(installation: Installation) -> Iterator[psycopg.Connection]:
    with installation.connect("test") as opened:
        yield opened


@pytest.fixture
def new_extractor(installation: Installation) -> Iterator[NewExtractor]:
    connections = []

    def make(source: str) -> Extractor:
        connections.append(installation.connect("extractor"))
        return Extractor(connections[-1], installation.archive, installation.contracts[source], "test")

    yield make
    for opened in connections:
        opened.close()


class Work:
    """A git repository with empty commits."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *words: str) -> None:
        who = {"NAME": "Ann", "EMAIL": "ann@acme.example", "DATE": "2024-05-01T12:00:00Z"}
        people = {
            f"GIT_{role}_{what}": text for role in ("AUTHOR", "COMMITTER") for what, text in who.items()
        }
        environment = {"PATH": "/usr/bin:/bin", "GIT_CONFIG_GLOBAL": "/dev/null", **people}
        subprocess.run(["git", "-C", self.folder, *words], check=True, env=environment)

    def commit(self, message: str) -> None:
        self.git("commit", "--quiet", "--allow-empty", "--message", message)


def write_portfolio(path: Path, work: Work, nickname: str) -> None:
    entry = {"nickname": nickname, "url": str(work.folder), "branch": "main"}
    group = {"name": "storefront", "plan": "squad", "repositories": [entry]}
    document = {
        "prices": {"squad": {"author": "99.00", "base": "0.00", "currency": "USD"}},
        "organizations": [{"name": "acme", "groups": [group]}],
    }
    path.write_text(yaml.safe_dump(document))


def read_portfolio(installation: Installation) -> None:
    """Materialize `portfolio/portfolio`, as a run does."""
    done = materialize(
        [portfolio_assets(installation.contracts["portfolio"])],
        resources={"installation": InstallationResource()},
        instance=DagsterInstance.ephemeral(),
    )
    assert done.success


def portfolio_states(connection: psycopg.Connection) -> list[str]:
    return [
        row[0]
        for row in connection.execute(
            "select state from landing.batches where source = 'portfolio' order by batch"
        )
    ]


def repository_ids(connection: psycopg.Connection) -> set[str]:
    query = (
        "select distinct entry ->> 'repository_id' "
        "from raw_portfolio.portfolio, jsonb_array_elements(record -> 'repositories') as entry"
    )
    return {row[0] for row in connection.execute(query)}


def test_a_portfolio_is_not_read_without_its_memory(
    installation: Installation, connection: psycopg.Connection, tmp_path: Path
) -> None:
    """A repository that was renamed and then moved keeps its id, also where its versions can't land now."""
    portfolio = tmp_path / "portfolio.yaml"
    work, moved = Work(tmp_path / "one"), Work(tmp_path / "two")
    write_portfolio(portfolio, work, "web")
    read_portfolio(installation)
    write_portfolio(portfolio, work, "shop")
    read_portfolio(installation)
    write_portfolio(portfolio, moved, "shop")
    read_portfolio(installation)
    assert len(repository_ids(connection)) == 1

    forget(connection, installation.contracts)  # and meanwhile the bucket lost the data of the first batch
    data = tmp_path / "home" / "bucket" / installation.archive.manifest("portfolio", "portfolio", 1).data
    shutil.move(data, tmp_path / "saved")
    read_portfolio(installation)
    assert portfolio_states(connection) == ["refused", "pending", "pending"]
    shutil.move(tmp_path / "saved", data)
    read_portfolio(installation)
    assert portfolio_states(connection) == ["landed"] * 4
    assert len(repository_ids(connection)) == 1


# --- Landing -----------------------------------------------------------------------------------------------


def commit_record(sha: str, branch: str = "main") -> dict[str, Any]:
    return {
        "repository_id": "r1",
        "branch": branch,
        "sha": sha * 40,
        "fingerprint": sha * 64,
        "author_name": "Ann",
        "author_email": "ann@acme.example",
        "authored_at": "2024-05-01T12:00:00+00:00",
        "authored_raw": "1714564800 +0000",
        "committer_name": "Ann",
        "committer_email": "ann@acme.example",
        "committed_at": "2024-05-01T12:00:00+00:00",
        "committed_raw": "1714564800 +0000",
        "parents": [],
        "message": "change",
        "co_authors": [],
        "insertions": 0,
        "deletions": 0,
        "files": [],
        "escaped": [],
    }


def archive_commits(extractor: Extractor, branch: str, *shas: str) -> Manifest:
    """A batch of a branch's commits, in the bucket only."""
    with extractor.archive.draft() as draft:
        for sha in shas:
            draft.add(commit_record(sha, branch))
        return extractor.archive.write(
            draft,
            contract=extractor.contract,
            stream="commits",
            scope={"repository_id": "r1", "branch": branch},
            kind="complete",
            previous=None,
            last_number=0,
            extracted_from=NOW,
        )


def states(extractor: Extractor) -> list[str]:
    query = "select state from landing.batches where stream = 'commits' order by batch"
    return [row[0] for row in extractor.connection.execute(query)]


def test_a_broken_batch_stays_refused_while_other_scopes_are_read(
    new_extractor: NewExtractor, tmp_path: Path
) -> None:
    """Else the next run calls it pending, shows nobody a refusal, and ends well."""
    extractor = new_extractor("git")
    data = tmp_path / "home" / "bucket" / archive_commits(extractor, "main", "a").data
    shutil.move(data, tmp_path / "saved")
    assert len(extractor.land_waiting("commits").refusals) == 1
    with extractor.scope("commits", {"repository_id": "r1", "branch": "other"}):
        pass
    assert states(extractor) == ["refused"]
    shutil.move(tmp_path / "saved", data)
    assert len(extractor.land_waiting("commits").loads) == 1


def test_a_batch_is_not_judged_by_an_altered_contract(new_extractor: NewExtractor, tmp_path: Path) -> None:
    extractor = new_extractor("git")
    manifest = archive_commits(extractor, "main", "a")
    path = tmp_path / "home" / "bucket" / "contracts" / f"{manifest.contract_sha256}.yaml"
    text = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(text.replace(b"required: true", b"required: false"))
    (refusal,) = extractor.land_waiting("commits").refusals
    assert "not the one that its manifest names" in refusal.reason
    path.write_bytes(text)
    assert extractor.land_waiting("commits").loads


def test_who_waited_for_a_scope_takes_no_step_back(new_extractor: NewExtractor, tmp_path: Path) -> None:
    """Of two runs at once the slower one must not land the tip that it saw before the faster one's."""
    work = Work(tmp_path / "one")
    work.commit("first")
    mirror = Mirror(tmp_path / "mirrors" / "r1", str(work.folder), None)
    mirror.update()
    repository = Repository("r1", str(work.folder), None, "acme/storefront/web", ("main",))
    quick, slow = new_extractor("git"), new_extractor("git")
    seen: list[Observation] = []

    def observe_slowly() -> None:
        seen.extend(observe(slow, repository, mirror, not_before=NOW))

    (first,) = observe(quick, repository, mirror, not_before=NOW)
    assert first.loads
    scope = {"repository_id": "r1", "branch": "main"}
    lock = scope_lock("git", "commits", scope)
    with session_lock(quick.connection, lock):
        thread = threading.Thread(target=observe_slowly)
        thread.start()
        _wait_until(quick.connection, "extractor")
        work.commit("second")
        mirror.update()
        (second,) = observe(quick, repository, mirror, not_before=NOW)  # advisory locks may be taken twice
        assert second.loads
    thread.join(60)
    assert [one.tip for one in seen] == [second.tip]
    assert slow.connection.execute("select sum(records_deleted) from landing.loads").fetchone() == (0,)


def _wait_until(connection: psycopg.Connection, purpose: str) -> None:
    """Until a session of ours waits for an advisory lock."""
    query = (
        "select exists (select from pg_stat_activity where application_name = %s and wait_event = 'advisory')"
    )
    for _ in range(600):
        if connection.execute(query, [f"observes {purpose}"]).fetchone() == (True,):
            return
        threading.Event().wait(0.05)
    pytest.fail("nobody waits")


# --- Build and publish -------------------------------------------------------------------------------------


@contextmanager
def building(installation: Installation, connection: psycopg.Connection) -> Iterator[build.Build]:
    identity = build.identity(connection, installation.contracts)
    required = Requirements(marts=["alpha"], tables=["alpha"])
    with build.building(connection, identity, required) as begun:
        yield begun


def build_candidate(installation: Installation, connection: psycopg.Connection, number: int) -> None:
    """A candidate with one mart of one number, built without dbt."""
    with building(installation, connection) as begun:
        connection.execute("update landing.build set invocation_id = %s", [f"{number} {begun.token}"])
        connection.execute(f"create table candidate.alpha as select {number:d} as number")
        results = [CheckResult("alpha", is_blocking=True, status="success", failures=0, message=None)]
        build.finish(connection, begun, results)


def test_a_rebuild_waits_for_a_build(installation: Installation, connection: psycopg.Connection) -> None:
    """Else dbt finds some of its tables empty, and not every such candidate fails a check."""
    with installation.connect("rebuild") as other:
        thread = threading.Thread(target=forget, args=(other, installation.contracts))
        with building(installation, connection):
            thread.start()
            _wait_until(connection, "rebuild")
        thread.join(60)
        assert not thread.is_alive()


def test_of_two_builds_at_once_one_publishes_for_both(
    installation: Installation, connection: psycopg.Connection
) -> None:
    bucket: Bucket = installation.bucket
    build_candidate(installation, connection, 1)
    build_candidate(installation, connection, 2)  # another run's, before the first has published
    assert publish_or_find(connection, bucket).number == 1
    assert publish_or_find(connection, bucket).number == 1
    build_candidate(installation, connection, 3)
    assert publish_or_find(connection, bucket).number == 2
    publish.roll_back(connection, 1, who="test", why="3 is wrong")
    with pytest.raises(PublishRefusedError, match="on hold"):
        publish_or_find(connection, bucket)


def test_what_dbt_says_of_failed_builds_is_private_and_does_not_pile_up(tmp_path: Path) -> None:
    dbt.ensure_manifest()
    folder = tmp_path / "dbt"
    for number in range(6):
        dbt.prepare_target(folder / str(number))
    assert folder.stat().st_mode & 0o777 == 0o700
    assert len(list(folder.iterdir())) == 4  # three that failed, and the current one


def test_readers_do_not_hold_a_release_for_ever(installation: Installation, database_url: str) -> None:
    """Nobody inherits the settings of a role: they must reach whoever logs in."""
    settings = ("statement_timeout", "idle_in_transaction_session_timeout")
    with installation.connect("test") as ours:
        assert {ours.execute(f"show {name}").fetchone() for name in settings} == {("0",)}
        ours.execute("create role test_analyst login password 'test' in role observes_reader")
    try:
        with psycopg.connect(database_url, user="test_analyst", password="test") as theirs:
            assert {theirs.execute(f"show {name}").fetchone() for name in settings} == {("10min",)}
    finally:
        with installation.connect("test") as ours:
            ours.execute("drop role test_analyst")
