"""TimeDoctor in Dagster's graph: not configured, which is no failure; days as partitions, with their gaps."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from dagster import DagsterInstance, materialize

from observes_assets.installation import Installation
from observes_assets.resources import InstallationResource
from observes_assets.sandbox import World
from observes_assets.sandbox.messages import Answer
from observes_assets.sandbox.timedoctor import TimeDoctor, serving
from observes_assets.sources.timedoctor.assets import EVERY_DAY, days_asset, timedoctor_assets
from observes_assets.sources.timedoctor.partitions import DAYS, PARTITIONS

BEGAN_AT = datetime(2026, 2, 25, 9, tzinfo=UTC)


@pytest.fixture
def installation(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """A real home, since it names a portfolio, that names no TimeDoctor."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OBSERVES_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OBSERVES_POSTGRES_URL", database_url)
    monkeypatch.setenv("OBSERVES_PORTFOLIO", str(tmp_path / "portfolio.yaml"))
    return Installation.from_environment()


@pytest.fixture
def timedoctor(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[TimeDoctor]:
    """A company's TimeDoctor, and the variables that name it."""
    with serving(World(seed=1, at=BEGAN_AT)) as server:
        secret = server.credentials.totp_secret
        assert secret
        for name, value in {
            "EMAIL": server.credentials.email,
            "PASSWORD": server.credentials.password,
            "TOTP_SECRET": secret,
            "URL": server.address,
            "START": "2026-02-22",
            "MEMORY_DAYS": "30",
        }.items():
            monkeypatch.setenv(f"OBSERVES_TIMEDOCTOR_{name}", value)
        yield server
        assert server.failures == []


def run(asset: Any, instance: DagsterInstance, **more: Any) -> Any:
    resources = {"installation": InstallationResource()}
    return materialize([asset], resources=resources, instance=instance, raise_on_error=False, **more)


def test_without_credentials_tables_are_empty_and_nothing_fails(installation: Installation) -> None:
    contract = installation.contracts["timedoctor"]
    with DagsterInstance.ephemeral() as instance:
        done = run(timedoctor_assets(contract), instance)
    assert done.success
    checks = done.get_asset_check_evaluations()
    assert {one.check_name for one in checks} >= {EVERY_DAY, "structure", "accepted"}
    assert all(one.passed for one in checks)
    assert not done.get_asset_materialization_events()
    with installation.connect("test") as connection:
        for stream in contract.streams:
            row = connection.execute(f"select count(*) from raw_timedoctor.{stream}").fetchone()
            assert row == (0,)


def test_gaps_are_partitions_without_a_materialization_and_a_backfill_fills_them(
    installation: Installation, timedoctor: TimeDoctor
) -> None:
    contract = installation.contracts["timedoctor"]
    stream, days = timedoctor_assets(contract), days_asset(contract)
    keys = ["2026-02-22", "2026-02-23", "2026-02-24"]

    # One day of three fails: it is a gap, and the check says so.
    def fail() -> Answer:
        return Answer(200, {"error": "internalError"})

    timedoctor.switches.answer_instead("activity/worklog", fail)
    with DagsterInstance.ephemeral() as instance:
        done = run(stream, instance)
        assert done.success, "nothing else stops"
        (check,) = (one for one in done.get_asset_check_evaluations() if one.check_name == EVERY_DAY)
        assert not check.passed
        assert "worklogs 2026-02-22" in str(check.metadata["sample"].value)
        assert sorted(instance.get_dynamic_partitions(str(PARTITIONS.name))) == keys
        assert instance.get_materialized_partitions(DAYS) == set(keys[1:])

        # As the UI starts a backfill: all of its days in one run.
        asked = len(timedoctor.requests)
        span = {"dagster/asset_partition_range_start": keys[0], "dagster/asset_partition_range_end": keys[1]}
        filled = run(days, instance, tags=span)
        assert filled.success
        windows = [one.query["from"] for one in timedoctor.requests[asked:] if one.path.endswith("worklog")]
        assert windows == ["2026-02-22T00:00:00Z", "2026-02-23T00:00:00Z"]
        assert instance.get_materialized_partitions(DAYS) == set(keys)
        again = run(stream, instance)
        (check,) = (one for one in again.get_asset_check_evaluations() if one.check_name == EVERY_DAY)
        assert check.passed


def test_a_backfill_beyond_the_vendor_s_memory_takes_the_archive_or_says_so_at_once(
    installation: Installation, timedoctor: TimeDoctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = installation.contracts["timedoctor"]
    days = days_asset(contract)
    with DagsterInstance.ephemeral() as instance:
        assert run(timedoctor_assets(contract), instance).success
        timedoctor.world.set_clock(datetime(2026, 6, 1, 9, tzinfo=UTC))
        instance.add_dynamic_partitions(str(PARTITIONS.name), ["2026-03-02"])
        asked = len(timedoctor.requests)
        taken = run(days, instance, partition_key="2026-02-23")
        assert taken.success
        (event,) = taken.get_asset_materialization_events()
        assert "2026-02-23" in str(event.materialization.metadata["from_archive"].value)

        lost = run(days, instance, partition_key="2026-03-02")
        assert not lost.success
        told = str(lost.failure_data_for_node("timedoctor_days").error)
        assert "1 of them are in no archive" in told
        assert "observes import timedoctor" in told
        paths = {one.path.rpartition("/")[2] for one in timedoctor.requests[asked:]}
        assert not paths & {"worklog", "timeuse", "screenshot"}
