"""What is measured by hand can be measured: each program of ``bench`` works, on little, with no waiting."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import checks, machine, publishing, rebuilding, status, timedoctor, validation
from bench.documents import STREAM, Documents
from bench.stage import Stage, archived, stage_in
from observes_assets import contracts
from observes_assets.landing import tables
from observes_assets.sandbox import World
from observes_assets.sandbox.story import FOUNDED_AT


@pytest.fixture(autouse=True)
def _nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "wait_until_quiet", lambda: None)


@pytest.fixture
def ground(tmp_path: Path, database_url: str) -> Iterator[Stage]:
    with stage_in(tmp_path, database_url, Path("psql")) as ground:
        yield ground


def test_validation_is_all_that_the_two_sides_differ_in(ground: Stage) -> None:
    figure, taken = validation.measure(ground, 200, 2)
    assert len(figure.values) == 2
    assert [len(values) for values in taken.values()] == [2, 2]
    wrong = [Documents().document(1) | {"state": "lost"}]
    extractor = ground.empty()
    archived(extractor, wrong)
    with validation.unvalidated():
        assert extractor.land_waiting(STREAM).written == 1
    extractor = ground.empty()
    archived(extractor, wrong)
    assert extractor.land_waiting(STREAM).refusals


@pytest.mark.parametrize("history", rebuilding.HISTORIES)
def test_a_rebuild_is_measured_that_brings_the_same_back(ground: Stage, history: str) -> None:
    told = rebuilding.measure(ground, history, 2_500, 1)
    assert "n=1" in told[-1]
    row = ground.connection.execute("select count(*), sum(records_read) from landing.loads").fetchone()
    assert row == {"large": (4, 10_000), "small": (3, 250)}[history]


def test_checks_of_many_streams(ground: Stage) -> None:
    contract = checks.many_streams(2)
    checks.fill(ground, contract, 20)
    checks.compute(ground, contract)
    row = ground.connection.execute("select count(*) from landing.checked").fetchone()
    assert row == (2,)


def test_publishing_small_and_large(tmp_path: Path, database_url: str) -> None:
    installation = publishing.installation_in(tmp_path, database_url)
    small, large, dropping = publishing.measure(installation, rows=2_000, marts=2, rounds=1)
    assert "1,000 rows" in small
    assert "2,000 rows" in large
    assert dropping.startswith("dropping old releases")


def test_status_of_a_large_ledger(tmp_path: Path, database_url: str) -> None:
    installation = publishing.installation_in(tmp_path, database_url)
    assert len(status.measure(installation, 10_000, 1).values) == 1


def test_worklogs_of_a_crowd(ground: Stage) -> None:
    for stream in contracts.load("timedoctor").streams.values():
        tables.create(ground.connection, stream)
    world = World(at=FOUNDED_AT)
    staff = timedoctor.crowd(world.company, 6)
    assert timedoctor.ask(ground, staff, 1)["worklogs"] == 1 / 6
    count = timedoctor.archive_year(ground, staff, 3, world)
    assert timedoctor.again(ground).land_waiting("worklogs").written == count > 6
