"""kill -9 at random moments of one run after another: nothing is lost, nothing doubled, nothing half.

Every few runs bring a new commit, so that there is always something to archive, land, build and publish. The
moments are random within the phase that a kill aims at; a phase is known by what it leaves behind in bucket
and Postgres. Only the run's own process is killed, never its dbt: that must die, or be fenced off, by itself.

What is compared at the end, and with what:
- with a rebuild in the same home and with a new database over the same bucket: every mart, byte for byte;
- with a run that nobody disturbed, in another home over the same repositories: bills' CSV files byte for
  byte, and every mart but for what depends on when a thing was first seen (the two homes looked at different
  times; rule ``committed`` bills without it).
"""

import contextlib
import json
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from observes_assets.archive import Archive
from observes_assets.bucket import open_bucket
from observes_assets.errors import ObservesError
from observes_assets.postgres.server import EmbeddedServer
from observes_assets.sources.observes.underway import BROKEN_OFF
from tests import invariants
from tests.e2e.conftest import Home, Repository, portfolio, this_month

# A fixed mix, so that each phase is met; order and moment within the phase are random. Late ones are dear.
PHASES = {"start": 4, "archive": 5, "land": 5, "build": 5, "built": 2, "publish": 2}
LONGEST = {"start": 2.0, "archive": 0.15, "land": 0.3, "build": 6.0, "built": 0.6, "publish": 0.6}
# Depends on when it was seen.
LEFT_OUT = {
    "billed_commits": ["seen_at"],
    "billable_authors": ["seen_at"],
    "commits": ["seen_at", "is_history"],
    "repositories": ["outcome_since", "first_observed_at"],
    "group_terms": ["valid_from", "valid_until"],
}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Repository], Path]:
    folder = tmp_path_factory.mktemp("company")
    repositories = [Repository.make(folder / name) for name in ("web", "api", "tools")]
    for number, repository in enumerate(repositories):
        for month in range(1, 7):
            people = ("Ann <ann@acme.example>", "Bo <bo@acme.example>", "Cy <cy@acme.example>")
            who = people[(number + month) % 3]
            repository.commit(f"start {month}", at=f"2026-{month:02}-10T12:00:00+02:00", who=who)
    entries = [{"nickname": one.path.name, "url": str(one.path), "branch": "main"} for one in repositories]
    path = portfolio(folder, {"acme": {"storefront": entries[:2], "backoffice": entries[1:]}})
    return repositories, path


class Assassin:
    """Kills runs of one home."""

    def __init__(self, home: Home, seed: int) -> None:
        self.home = home
        self.random = random.Random(seed)
        self.longest = dict(LONGEST)
        self.met: list[str] = []
        self.kills = 0

    def kill_in(self, phase: str) -> None:
        """Start a run, wait for a phase and a random while, and kill it; checks what it left behind."""
        before = self._progress()
        fork = self.home.start("run")
        deadline = time.monotonic() + 600
        has_come = phase == "start"
        while not has_come and _stat(fork.pid)[0] not in {"", "Z"}:
            assert time.monotonic() < deadline, (phase, fork.text)
            time.sleep(0.005)
            has_come = self._has_come(phase, before)
        time.sleep(self.random.uniform(0, self.longest[phase]))
        dbt = _children(fork.pid)
        fork.kill()
        code = fork.wait()
        assert code in {0, -signal.SIGKILL}, fork.text
        self.met.append(phase if code else "ended before it")
        self.kills += bool(code)
        if has_come and not code:
            self.longest[phase] /= 2  # the machine is faster than we
        _require_gone(dbt)
        if before is not None or phase != "start":
            require_whole(self.home)

    def kill_rebuild(self) -> None:
        """Kill a rebuild when raw tables and ledger are empty, or partly filled again."""
        (known,) = self.home.ask("select max(load_id) from landing.loads")
        fork = self.home.start("rebuild")
        while self.home.ask("select count(*) from landing.loads where load_id <= %s", [known]) != [0]:
            assert _stat(fork.pid)[0] not in {"", "Z"}, fork.text
            time.sleep(0.005)
        time.sleep(self.random.uniform(0, 0.5))
        fork.kill()
        assert fork.wait() == -signal.SIGKILL, fork.text
        self.kills += 1
        require_whole(self.home)

    def _progress(self) -> dict[str, Any] | None:
        try:
            with self._connect() as connection:
                row = connection.execute(
                    "select (select count(*) from landing.loads), "
                    "(select state || coalesce(token, '') from landing.build), "
                    "(select count(*) from landing.releases)"
                ).fetchone()
        except (psycopg.Error, ObservesError):
            return None  # there is no server yet, or no database, or no table
        assert row is not None
        return {"batches": self._batches(), "loads": row[0], "build": row[1], "releases": row[2]}

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(EmbeddedServer(self.home.path).url("observes"), autocommit=True)

    def _batches(self) -> int:
        return sum(1 for _ in self.home.bucket.glob("archive/*/*/*.json"))

    def _has_come(self, phase: str, before: dict[str, Any] | None) -> bool:
        before = before or {"batches": 0, "loads": 0, "build": "none", "releases": 0}
        if phase == "archive":
            return self._batches() > before["batches"]
        now = self._progress()
        if now is None:
            return False
        return {
            "land": now["loads"] > before["loads"],
            "build": now["build"] != before["build"] and now["build"].startswith("building"),
            "built": now["build"] != before["build"] and now["build"].startswith("built"),
            "publish": now["releases"] > before["releases"],
        }[phase]


def _stat(pid: int) -> tuple[str, int]:
    """State and parent of a process; ("", 0) if there is none."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return "", 0
    return words[0], int(words[1])


def _children(pid: int) -> list[int]:
    found = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [one for one in found if _stat(one)[1] == pid]


def _require_gone(pids: list[int]) -> None:
    """A run's children (dbt, git) end with it or soon after."""
    deadline = time.monotonic() + 120
    while alive := [pid for pid in pids if _stat(pid)[0] not in {"", "Z"}]:
        assert time.monotonic() < deadline, [_command(pid) for pid in alive]
        time.sleep(0.05)


def _command(pid: int) -> str:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has ended by now
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")[:200]
    return ""


def require_whole(home: Home) -> None:
    """What must hold at any moment, whoever was killed."""
    with home.connect() as connection:
        invariants.require_whole(connection)


def require_archive_landed(home: Home) -> None:
    """Every record that the archive holds, and that was not refused, is in exactly one chain of versions."""
    reader = invariants.ArchiveReader(Archive(open_bucket(str(home.bucket)), code_version="test"))
    with home.connect() as connection:
        streams = connection.execute("select distinct source, stream from landing.batches").fetchall()
        for source, stream in streams:
            invariants.require_archive_landed(connection, reader, source, stream)


def sha256s(home: Home) -> dict[str, str]:
    """Of what is on show; but for what tells of complete days: there is one only if midnight passes."""
    (marts,) = home.ask("select record -> 'marts' from landing.releases where is_on_show")
    return {name: mart["sha256"] for name, mart in marts.items() if name != "reliability"}


def rows_without(home: Home, mart: str, left_out: list[str]) -> list[Any]:
    where = "where rule = 'committed'" if mart in {"billed_commits", "billable_authors"} else ""
    query = f"select to_jsonb(mart) - %s::text[] from warehouse.{mart} as mart {where} order by 1"
    return home.ask(query, [left_out])


def csv_files(home: Home, folder: Path) -> dict[str, bytes]:
    """Bills of every month of the commits, and those in the bucket, by name."""
    found = {}
    for month in ("2026-01", "2026-03", "2026-06", "2026-07"):
        home.call("bills", "--month", month, "--out", str(folder / month))
        found |= {str(path.relative_to(folder)): path.read_bytes() for path in (folder / month).glob("*.csv")}
    for path in home.bucket.glob("bills/*/*/*.csv"):
        found[str(path.relative_to(home.bucket))] = path.read_bytes()
    return found


@pytest.mark.parametrize("rounds", [1, pytest.param(5, marks=[pytest.mark.torture, pytest.mark.timeout(0)])])
@pytest.mark.timeout(7200)
def test_killed_runs_come_to_what_an_undisturbed_run_comes_to(
    *,
    new_home: Callable[..., Home],
    company: tuple[list[Repository], Path],
    tmp_path: Path,
    rounds: int,
    seed: int,
    record_property: Callable[[str, Any], None],
) -> None:
    repositories, portfolio_path = company
    home = new_home("killed", OBSERVES_PORTFOLIO=str(portfolio_path))
    assassin = Assassin(home, seed)
    phases = [phase for phase, count in PHASES.items() for _ in range(count * rounds)]
    assassin.random.shuffle(phases)
    for number, phase in enumerate(phases):
        # Else the run goes on where the one before was killed, or has nothing to do after its extraction.
        if (phase != "start" and assassin.met[-1:] in ([], ["publish"], ["ended before it"])) or number % 2:
            at = this_month(number % 60) if number % 2 else f"2026-07-{number % 28 + 1:02}T10:00:00+00:00"
            who = f"Dee <dee{number % 4}@acme.example>"
            repositories[number % 3].commit(f"change {number}", at=at, who=who)
        assassin.kill_in(phase)
        if assassin.met[-1] == "ended before it" and len(phases) < 40 * rounds:
            phases.append(phase)  # a fast machine was faster: once more, and sooner
    assert assassin.kills >= 20 * rounds, assassin.met

    last = home.run_json("run")
    assert last["ok"]
    require_whole(home)
    require_archive_landed(home)
    # Attempts that a kill broke off, if one fell into the short while of a reading, are recorded as such.
    reasons = home.ask("select distinct record ->> 'reason' from raw_observes.extractions")
    assert set(reasons) <= {None, BROKEN_OFF}
    assert home.ask("select count(*) from landing.underway") == [0]
    statuses = _dagster_statuses(home)
    assert set(statuses) == {"SUCCESS", "FAILURE"}, statuses  # a killed run is marked failed by the next
    disturbed = sha256s(home)

    calm = new_home("calm", OBSERVES_PORTFOLIO=str(portfolio_path))
    calm.run()
    for mart in disturbed:
        assert rows_without(home, mart, LEFT_OUT.get(mart, [])) == rows_without(
            calm, mart, LEFT_OUT.get(mart, [])
        ), mart
    ours, theirs = csv_files(home, tmp_path / "ours"), csv_files(calm, tmp_path / "theirs")
    assert ours == theirs
    assert any(name.startswith("bills/") for name in ours)

    assassin.kill_rebuild()
    assert sha256s(home) == disturbed  # what was on show stays
    assert home.run_json("run")["release"]["is_new"]
    assert sha256s(home) == disturbed
    another = new_home(
        "another", OBSERVES_PORTFOLIO=str(portfolio_path), OBSERVES_BUCKET_URL=str(home.bucket)
    )
    another.run()
    assert sha256s(another) == disturbed
    numbers = [json.loads(path.read_bytes())["release_number"] for path in home.bucket.glob("releases/*")]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    noted = {"seed": seed, "times": {"kill -9 of a Dagster run": assassin.kills}}
    record_property("faults survived", noted)


def _dagster_statuses(home: Home) -> list[str]:
    with home.connect("observes_dagster") as connection:
        return [row[0] for row in connection.execute("select distinct status from runs")]
