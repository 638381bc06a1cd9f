"""Runs that Dagster still believes in, in Dagster's own storage: nobody of Dagster is alive to say so."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from dagster import DagsterInstance, DagsterRunStatus
from dagster._core.test_utils import create_run_for_test

from observes_assets.automation import dagster_home
from observes_assets.cli.graph import bury_killed_runs
from observes_assets.incidents.runs import SILENT_AFTER, read_runs
from observes_assets.incidents.watch import watch
from observes_assets.postgres.roles import LOADER, acting
from tests.integration.observes.conftest import Watchtower


@contextmanager
def storage(tower: Watchtower, monkeypatch: pytest.MonkeyPatch) -> Iterator[DagsterInstance]:
    """Dagster's storage of an installation, in a database beside its own."""
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.setenv(dagster_home.URL_VARIABLE, "")
    monkeypatch.setenv("DAGSTER_DISABLE_TELEMETRY", "yes")
    dagster_home.prepare(tower.installation)
    with DagsterInstance.get() as instance:
        yield instance
    tower.connection.execute(f"drop database {tower.installation.database_name}_dagster with (force)")


def test_a_run_whose_process_is_gone(tower: Watchtower, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.now(UTC)
    later = now + SILENT_AFTER + timedelta(minutes=10)  # by then the storage has been made, and the run

    def found(at: datetime) -> list[tuple[str, str, bool]]:
        with acting(tower.connection, LOADER):  # who sees no more of others' sessions than their names
            runs = read_runs(tower.installation, tower.connection, at)
        return sorted((one.job, one.run_id, one.is_dead) for one in runs)

    assert found(later) == []  # there is no storage yet
    with storage(tower, monkeypatch) as instance:
        started = create_run_for_test(instance, "ingest", status=DagsterRunStatus.STARTED)
        failed = create_run_for_test(instance, "bills", status=DagsterRunStatus.FAILURE)
        failure = ("bills", failed.run_id, False)
        assert found(now) == [failure], "a silence of seconds is no death"
        assert found(later) == [failure, ("ingest", started.run_id, True)]
        with tower.installation.connect(f"git, run {started.run_id}"):
            assert found(later) == [failure], "a session of Postgres works for it"

        watched = watch(tower.installation, tower.connection, clock=lambda: later)
        assert [(one.cause, one.severity, one.run_id) for one in watched.incidents] == [
            ("dead_run ingest", "incident", started.run_id),
            ("failed_run bills", "warning", failed.run_id),
        ]
        create_run_for_test(instance, "ingest", status=DagsterRunStatus.SUCCESS)
        create_run_for_test(instance, "bills", status=DagsterRunStatus.SUCCESS)
        assert watch(tower.installation, tower.connection, clock=lambda: later).incidents == []


def test_the_next_run_buries_a_run_that_was_killed(
    tower: Watchtower, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_us = {"observes/by": "command line"}
    with storage(tower, monkeypatch) as instance:
        killed = create_run_for_test(instance, "ingest", status=DagsterRunStatus.STARTED, tags=by_us)
        # Dagster notes a run first and its tags afterwards, each in a transaction of its own.
        half_noted = create_run_for_test(instance, "ingest", status=DagsterRunStatus.NOT_STARTED, tags=by_us)
        with psycopg.connect(tower.installation.dagster_database_url) as dagster:
            dagster.execute("delete from run_tags where run_id = %s", [half_noted.run_id])
        anothers = create_run_for_test(instance, "ingest", status=DagsterRunStatus.STARTED)
        bury_killed_runs(instance)
        statuses = {run.run_id: run.status for run in instance.get_runs()}
        assert statuses == {
            killed.run_id: DagsterRunStatus.FAILURE,
            half_noted.run_id: DagsterRunStatus.FAILURE,
            anothers.run_id: DagsterRunStatus.STARTED,
        }


def test_a_storage_that_can_t_be_asked_leaves_incidents_as_they_are(
    tower: Watchtower, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = datetime.now(UTC) + 2 * SILENT_AFTER
    with storage(tower, monkeypatch) as instance:
        create_run_for_test(instance, "ingest", status=DagsterRunStatus.STARTED)
        before = watch(tower.installation, tower.connection, clock=lambda: later).incidents
        tower.installation.__dict__["dagster_database_url"] = "postgresql://nobody@127.0.0.1:1/none"
        watched = watch(tower.installation, tower.connection, clock=lambda: later)
        assert watched.incidents == before != []
        assert "Dagster's runs could not be read" in watched.problems[0]
        assert not watched.has_succeeded
