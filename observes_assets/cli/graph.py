"""Run the Dagster graph in this process. The only module of the command line that imports Dagster."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from dagster import (
    AssetCheckSeverity,
    AssetKey,
    DagsterError,
    DagsterExecutionInterruptedError,
    DagsterInstance,
    DagsterRunStatus,
    ExecuteInProcessResult,
    Failure,
    HookContext,
    JobDefinition,
    RunsFilter,
    failure_hook,
)

from observes_assets import progress
from observes_assets.automation import dagster_home
from observes_assets.automation.jobs import BILLS, INGEST, RELEASE
from observes_assets.billing.job import look_ahead
from observes_assets.errors import ObservesError
from observes_assets.installation import Installation
from observes_assets.lasting import lasting
from observes_assets.postgres.roles import BILLING, PUBLISHER
from observes_assets.sources.configured import unconfigured
from observes_assets.warehouse import build, dbt

_BY = {"observes/by": "command line"}
_REMEDY = "docs/runbook.md tells what to do."
_KILLED = "Its process was killed; the next run went on from there."
_A_MINUTE_MS = 60_000
_UNFINISHED = [
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]


@dataclass
class MainJob:
    """What the main job did, as far as only Dagster knows."""

    run_ids: list[str] = field(default_factory=list)
    checks_passed: int = 0
    failed_checks: list[str] = field(default_factory=list)
    warned_checks: list[str] = field(default_factory=list)
    has_built: bool = False
    stale_organizations: list[str] = field(default_factory=list)
    failures: dict[str, ObservesError] = field(default_factory=dict)


def run_main_job(
    installation: Installation, sources: Sequence[str] | None, bars: progress.Listener
) -> MainJob:
    """Ingest; then build, publish and bill if anything is new; else bill alone if a bill is due.

    A source that fails stops neither the others nor the release: its streams stay as they are, and the
    caller finds it under ``failures``.

    Raises:
        ObservesError: building, publishing or billing failed, or a source did before there was any release;
            what landed before stays landed.
    """
    done = MainJob()
    with progress.listening(bars):
        with progress.task("preparing"), lasting():
            dagster_home.prepare(installation)
            dbt.ensure_manifest(installation.database_url)
            from observes_assets.definitions import defs  # noqa: PLC0415 - needs the manifest

            instance = _open_dagster()
            logging.getLogger("dagster").setLevel(logging.CRITICAL)
            bury_killed_runs(instance)
        ingest = defs.resolve_job_def(INGEST)
        idle = unconfigured(installation.settings)
        chosen = [
            key
            for key in ingest.asset_layer.selected_asset_keys
            if (key.path[0] in sources if sources else key.path[0] not in idle)
        ]
        _ingest(done, instance, ingest, chosen)
        if done.failures and not _has_release(installation):
            raise next(iter(done.failures.values()))
        if _is_release_due(installation):
            done.has_built = True
            _execute(done, instance, defs.resolve_job_def(RELEASE), None)
        elif _are_bills_due(installation, done):
            _execute(done, instance, defs.resolve_job_def(BILLS), None)
    return done


def _open_dagster() -> DagsterInstance:
    # Its storage connects anew for each of the five statements of an event, unless told what a web server
    # tells it: a connection is some 4 ms, a run has thousands.
    instance = DagsterInstance.get()
    instance.optimize_for_webserver(statement_timeout=_A_MINUTE_MS, pool_recycle=3600, max_overflow=20)
    return instance


def _ingest(
    done: MainJob, instance: DagsterInstance, job: JobDefinition, chosen: list[AssetKey] | None
) -> None:
    @failure_hook
    def note_failure(context: HookContext) -> None:
        found = context.op_exception
        if isinstance(found, DagsterError):  # a blocking check: its text names asset and check, no record
            found = ObservesError(f"{context.op.name} failed: {found}", _REMEDY)
        if not isinstance(found, ObservesError):
            # Its text may quote a record; the run's log has it.
            found = ObservesError(f"{context.op.name} failed: {type(found).__name__}.", "See the run's log.")
        done.failures[context.op.name] = found

    _execute(done, instance, job.with_hooks({note_failure}), chosen, goes_on=True)


def _execute(
    done: MainJob,
    instance: DagsterInstance,
    job: JobDefinition,
    chosen: list[AssetKey] | None,
    *,
    goes_on: bool = False,
) -> None:
    try:
        result: ExecuteInProcessResult = job.execute_in_process(
            instance=instance,
            asset_selection=chosen,
            raise_on_error=not goes_on,
            tags=_BY,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
    except DagsterExecutionInterruptedError:
        raise KeyboardInterrupt from None
    except Failure as failure:
        raise ObservesError(failure.description or "A step failed.", _REMEDY) from None
    done.run_ids.append(result.run_id)
    for check in result.get_asset_check_evaluations():
        name = f"{check.asset_key.to_user_string()}: {check.check_name}"
        if check.passed:
            done.checks_passed += 1
        elif check.severity == AssetCheckSeverity.WARN:
            done.warned_checks.append(name)
        else:
            done.failed_checks.append(name)


def _has_release(installation: Installation) -> bool:
    with installation.connect("is there a release", role=PUBLISHER) as connection:
        return bool(connection.execute("select 1 from landing.releases where is_on_show").fetchone())


def _is_release_due(installation: Installation) -> bool:
    with installation.connect("is a release due", role=PUBLISHER) as connection:
        if connection.execute("select 1 from landing.hold").fetchone():
            return False
        quiet = build.quiet_streams(installation.contracts)
        return build.is_due(connection, build.identity(connection, installation.contracts), quiet)


def _are_bills_due(installation: Installation, done: MainJob) -> bool:
    with installation.connect("are bills due", role=BILLING) as connection:
        is_due, stops = look_ahead(connection, installation.bucket, now=datetime.now(UTC))
    # Bills that are stale already are written no more, and still no success.
    done.stale_organizations = [f"{stop.organization}: {stop.why}" for stop in stops]
    return is_due


def bury_killed_runs(instance: DagsterInstance) -> None:
    """Mark as failed every unfinished run that the command line began.

    Only for who holds the lock of runs: no such run has a process any more.
    """
    # Not by a filter for its tag: Dagster notes a run's tags for filters after the run itself, each in a
    # transaction of its own, and a kill between the two would leave a run that no filter finds.
    for run in instance.get_runs(RunsFilter(statuses=_UNFINISHED)):
        if run.tags.items() >= _BY.items():
            instance.report_run_failed(run, message=_KILLED)
