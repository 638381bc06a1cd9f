"""Bad input: one clear line with what to do, the right exit code, and nothing half done."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from observes_assets.postgres.account import account_for
from observes_assets.postgres.binaries import binaries_for
from observes_assets.postgres.server import EmbeddedServer
from tests.e2e.conftest import Home, Repository, portfolio, this_month

NewHome = Callable[..., Home]
pytestmark = pytest.mark.timeout(3600)  # several runs, each with a dbt, on whatever machine


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two organizations with a repository each; returns their folder, with a portfolio in it."""
    folder = tmp_path_factory.mktemp("company")
    organizations = {}
    for name in ("acme", "globex"):
        repository = Repository.make(folder / name)
        repository.commit("first", at="2026-03-05T10:00:00+00:00")
        repository.commit("now", at=this_month(1))
        organizations[name] = {f"{name}-web": [entry(repository)]}
    portfolio(folder, organizations)
    return folder


def entry(repository: Repository, **more: Any) -> dict[str, Any]:
    return {"nickname": repository.path.name, "url": str(repository.path), "branch": "main"} | more


@pytest.fixture(scope="module")
def home(new_home: NewHome, company: Path) -> Home:
    home = new_home(OBSERVES_PORTFOLIO=str(company / "portfolio.yaml"))
    home.run()
    return home


def complains(home: Home, *arguments: str, code: int, **environment: str) -> str:
    """What a call says on stderr that ends with a code; it names a remedy and shows no traceback."""
    done = home.call(*arguments, code=code, **environment)
    assert "observes:" in done.stderr
    assert "→" in done.stderr, done.stderr
    return done.stderr


def state(home: Home) -> Any:
    """What a refused run must not change; that it was tried is noted, and the delivery file is read."""
    others = ("observes", "delivery")
    return home.ask(
        f"select (select count(*) from landing.batches where source not in {others}), "
        "(select count(*) from landing.releases), (select state from landing.build), "
        f"(select max(load_id) from landing.loads where source not in {others})"
    ), sorted(
        str(path)
        for path in home.bucket.rglob("*")
        if path.is_file() and not set(others) & set(path.relative_to(home.bucket).parts)
    )


# --- Settings ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("OBSERVES_POSTGRES_URL", "postgresql://nobody@127.0.0.1:1/x", "Can't connect to PostgreSQL"),
        ("OBSERVES_POSTGRES_URL", "mysql://somewhere/x", "PostgreSQL"),
        ("OBSERVES_BUCKET_URL", "ftp://somewhere/x", "unknown scheme 'ftp'"),
        ("OBSERVES_PSEUDONYM_KEY", "short", "shorter than 32"),
    ],
)
def test_a_wrong_setting_is_named(home: Home, setting: str, value: str, said: str) -> None:
    before = state(home)
    done = home.call("run", code=2, **{setting: value})
    assert said in done.stderr.replace("\n", " ")
    assert state(home) == before


def test_a_wrong_bucket_is_never_written(home: Home, new_home: NewHome, tmp_path: Path) -> None:
    """A file, an empty one, and one of another installation."""
    before = state(home)
    assert "/dev/null/bucket" in complains(home, "run", code=2, OBSERVES_BUCKET_URL="/dev/null/bucket")
    empty = tmp_path / "empty"
    said = complains(home, "run", code=2, OBSERVES_BUCKET_URL=str(empty))
    assert "has no observes.json" in said
    assert [path for path in empty.rglob("*") if path.is_file()] == []

    other = new_home("other", OBSERVES_PORTFOLIO=home.settings["OBSERVES_PORTFOLIO"])
    other.call("set-up")
    before_other = sorted(path for path in other.bucket.rglob("*") if path.is_file())
    said = complains(home, "run", code=2, OBSERVES_BUCKET_URL=str(other.bucket))
    assert "OBSERVES_POSTGRES_URL and OBSERVES_BUCKET_URL" in said
    assert sorted(path for path in other.bucket.rglob("*") if path.is_file()) == before_other
    assert state(home) == before


def test_another_pseudonym_key_is_refused(home: Home) -> None:
    before = state(home)
    said = complains(home, "run", code=2, OBSERVES_PSEUDONYM_KEY="another key, also 32 characters or more")
    assert "another pseudonym key" in said
    assert state(home) == before


@pytest.fixture
def old_server() -> Iterator[str]:
    """URL of a PostgreSQL 16, which the package carries beside the 18 that we use."""
    folder = Path(tempfile.mkdtemp(prefix="observes-old-"))
    folder.chmod(0o777)
    account = account_for(folder / "none")
    programs = binaries_for(account).folder.parents[1] / "pginstall" / "bin"
    if not programs.is_dir():
        pytest.skip("the package carries no older PostgreSQL")
    as_account = {"user": account.uid, "group": account.gid, "extra_groups": []} if os.geteuid() == 0 else {}
    environment = {"LC_ALL": "C", "PATH": os.environ["PATH"]}

    def call(program: str, *arguments: str) -> None:
        subprocess.run(
            [programs / program, "-D", folder / "data", *arguments],
            check=True, capture_output=True, env=environment, timeout=300, **as_account,
        )  # fmt: skip

    call("initdb", "--auth=trust", "--username=old", "--encoding=UTF8", "--no-sync")
    options = f"-k '{folder}' -c listen_addresses='' -c fsync=off"
    call("pg_ctl", "--wait", "--log", str(folder / "log"), "-o", options, "start")
    yield f"postgresql://old@/{{}}?host={folder}&port=5432"
    call("pg_ctl", "--mode=immediate", "stop")
    shutil.rmtree(folder, ignore_errors=True)


def test_a_postgres_that_is_too_old_is_refused(home: Home, old_server: str) -> None:
    for database in ("postgres", "observes"):
        said = complains(home, "run", code=2, OBSERVES_POSTGRES_URL=old_server.format(database))
        assert "version 16" in said
        assert "17 or newer" in said


def test_a_home_without_the_right_to_write(home: Home, tmp_path: Path) -> None:
    closed = Path("/proc/observes")  # not even root may write there
    if os.geteuid() != 0:
        closed = tmp_path / "closed" / "home"
        closed.parent.mkdir(mode=0o555)
    said = complains(home, "run", code=2, OBSERVES_HOME=str(closed))
    assert str(closed) in said
    assert "Set OBSERVES_HOME to a folder that you may write" in said
    assert not closed.exists()


# --- The portfolio -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "portfolio.yaml"),
        ("organizations: [", "line 1"),
        ("billing: {rule: observed}\npricess: {}\n", "pricess"),
    ],
)
def test_a_portfolio_that_cannot_be_read_does_nothing(
    home: Home, tmp_path: Path, text: str | None, said: str
) -> None:
    before = state(home)
    path = tmp_path / "portfolio.yaml"
    if text is not None:
        path.write_text(text)
    named = replace(home, settings={"OBSERVES_PORTFOLIO": str(path)})
    complaint = named.run("run", code=2).rpartition("observes:")[2]
    assert said in complaint
    assert "Traceback" not in complaint
    assert "portfolio.yaml" in complaint
    assert state(home) == before


def test_a_bad_mailmap_line_is_named(home: Home, company: Path) -> None:
    before = state(home)
    mailmap = company / "people.mailmap"
    mailmap.write_text("Ann <ann@acme.example>\nthis is no line of a mailmap\n")
    try:
        complaint = home.run("run", code=2).rpartition("observes:")[2]
    finally:
        mailmap.write_text("")
    assert "people.mailmap" in complaint
    assert "line 2" in complaint
    assert state(home) == before


# --- Repositories ------------------------------------------------------------------------------------------


def bills(home: Home) -> dict[str, Any]:
    document = home.json("bills")
    return {one["name"]: one for one in document["organizations"]}


def test_a_repository_that_fails_stops_its_own_organization_only(home: Home, company: Path) -> None:
    """Exit code 1, the last bills stay, the others' go on; and when it is back, all is well again."""
    files = sorted(home.bucket.glob("bills/*/*/acme-web.csv"))
    last = [path.read_bytes() for path in files]
    Repository(company / "globex").commit("more", at=this_month(2), who="Bo <bo@globex.example>")
    (company / "acme").rename(company / "away")
    try:
        document = home.run_json("run", code=1)
    finally:
        (company / "away").rename(company / "acme")
    assert not document["ok"]
    assert [one["repository"] for one in document["failed_repositories"]] == ["acme/acme-web/acme"]
    assert document["failed_repositories"][0]["reason"]
    assert "git/observations: every_repository_observed" in document["checks_failed"]
    (failed,) = home.json("status")["failed_repositories"]
    assert failed["repository"] == "acme/acme-web/acme"
    assert [path.read_bytes() for path in files] == last
    newest = max(home.bucket.glob("bills/*/*/globex-web.csv"))
    assert b"bo@globex.example" in newest.read_bytes()

    again = home.run_json("run")
    assert again["ok"]
    assert again["failed_repositories"] == []


def test_postgres_that_stops_under_a_run_is_told_and_the_next_run_goes_on(home: Home, company: Path) -> None:
    Repository(company / "globex").commit("before the stop", at=this_month(4))
    run = home.start("run")
    while home.ask("select state from landing.build") != ["building"]:
        assert Path(f"/proc/{run.pid}").exists(), run.text
        time.sleep(0.05)
    EmbeddedServer(home.path).stop()
    assert run.wait() == 1, run.text
    assert "observes:" in run.text
    assert "Traceback" not in run.text
    assert home.run_json("run")["release"]["is_new"]


def test_a_corrupt_mirror_heals(home: Home, company: Path) -> None:
    """What we keep of a repository is a copy: when it is damaged, it is made again."""
    for mirror in (home.path / "mirrors").iterdir():
        for pack in (*mirror.rglob("*.pack"), *mirror.rglob("objects/??/*")):
            pack.chmod(0o600)
            pack.write_bytes(b"\0" * pack.stat().st_size)
    before = home.ask("select count(*) from landing.git__commits")
    Repository(company / "acme").commit("after the damage", at=this_month(3))
    first = home.start("run")
    assert first.wait() in {0, 1}, first.text  # it may be noticed by this run only
    assert home.run_json("run")["ok"]
    assert home.ask("select count(*) from landing.git__commits") == [before[0] + 1]
