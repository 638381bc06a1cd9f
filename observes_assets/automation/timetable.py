"""When jobs run: a schedule for each cadence that a contract names, and what follows from loads and time."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from dagster import (
    AssetKey,
    AssetSelection,
    DefaultScheduleStatus,
    DefaultSensorStatus,
    RunRequest,
    ScheduleDefinition,
    SensorDefinition,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    define_asset_job,
    sensor,
)

from observes_assets.automation.jobs import BILLS, EXPORTS, RELEASE
from observes_assets.billing.job import bills_due
from observes_assets.contracts import Contract
from observes_assets.errors import BusyError
from observes_assets.incidents.watch import watch
from observes_assets.postgres.roles import BILLING, LOADER, PUBLISHER
from observes_assets.resources import InstallationResource
from observes_assets.sources.configured import unconfigured
from observes_assets.warehouse import build

# Loads of one round arrive within a minute or two of each other: one release for all of them.
SETTLED_AFTER = timedelta(minutes=2)


def schedules(
    contracts: Mapping[str, Contract], *, begun_by: Mapping[str, AssetKey]
) -> list[ScheduleDefinition]:
    """One schedule for each cadence, extracting every stream whose contract names it.

    Args:
        begun_by: by source, an asset that asks the vendor; a sensor has its streams follow.
    """
    cadences: dict[str, set[AssetKey]] = {}
    for contract in contracts.values():
        for stream in contract.streams.values():
            key = begun_by.get(contract.source) or AssetKey([contract.source, stream.name])
            cadences.setdefault(stream.cron, set()).add(key)
    return [
        ScheduleDefinition(
            name=f"extract_{_name(cron)}",
            job=define_asset_job(
                f"extract_{_name(cron)}_job",
                selection=AssetSelection.assets(*keys),
                description=f"Extract every stream whose contract says {cron!r} (UTC).",
            ),
            cron_schedule=cron,
            execution_timezone="UTC",
            default_status=DefaultScheduleStatus.RUNNING,
        )
        for cron, keys in sorted(cadences.items())
    ]


def _name(cron: str) -> str:
    if common := {"0 * * * *": "hourly", "0 0 * * *": "daily"}.get(cron):
        return common
    words = {"*": "any", "/": "every", ",": "and", "-": "to", " ": "_"}
    return "at_" + "".join(words.get(one, one) for one in cron)


def sensors(jobs: Mapping[str, Any]) -> list[SensorDefinition]:
    """A release when new loads have settled; bills when their time has come; incidents at any time; exports
    when Zoho has completed them.
    """
    return [
        _release_when_settled(jobs[RELEASE]),
        _bills_when_due(jobs[BILLS]),
        _watch(),
        _exports_when_finished(jobs[EXPORTS]),
    ]


def _release_when_settled(job: Any) -> SensorDefinition:
    @sensor(
        job=job,
        minimum_interval_seconds=60,
        default_status=DefaultSensorStatus.RUNNING,
        description="Builds and publishes a release once new versions have landed and it was quiet a while.",
    )
    def release_when_settled(
        _context: SensorEvaluationContext, installation: InstallationResource
    ) -> SensorResult | SkipReason:
        opened = installation.open()
        with opened.connect("release sensor", role=PUBLISHER) as connection:
            identity = build.identity(connection, opened.contracts)
            if held := connection.execute("select who, why from landing.hold").fetchone():
                return SkipReason(f"Publishing is on hold by {held[0]}: {held[1]}.")
            newest = connection.execute(
                "select load_id, landed_at from landing.loads order by load_id desc limit 1"
            ).fetchone()
            if newest is None or not build.is_due(
                connection, identity, build.quiet_streams(opened.contracts)
            ):
                return SkipReason("Nothing new has landed since the last release.")
            if datetime.now(UTC) - newest[1] < SETTLED_AFTER:
                return SkipReason("Loads are still arriving.")
        return SensorResult([RunRequest(run_key=f"{identity.sha256}-{newest[0]}")])

    return release_when_settled


def _watch() -> SensorDefinition:
    @sensor(
        minimum_interval_seconds=120,
        default_status=DefaultSensorStatus.RUNNING,
        description="Opens, escalates and closes incidents, notifies people, and gives a sign of life.",
    )
    def watch_for_incidents(
        _context: SensorEvaluationContext, installation: InstallationResource
    ) -> SkipReason:
        opened = installation.open()
        with opened.connect("watch sensor", role=LOADER) as connection:
            try:
                watched = watch(opened, connection)
            except BusyError:
                return SkipReason("Another process evaluates at this moment.")
        return SkipReason(
            f"{len(watched.incidents)} are open, {len(watched.changed)} changed, {watched.untold} untold."
        )

    return watch_for_incidents


def _bills_when_due(job: Any) -> SensorDefinition:
    @sensor(
        job=job,
        minimum_interval_seconds=600,
        default_status=DefaultSensorStatus.RUNNING,
        description="Writes bills when a month begins or closes, though nothing has landed.",
    )
    def bills_when_due(
        _context: SensorEvaluationContext, installation: InstallationResource
    ) -> SensorResult | SkipReason:
        opened = installation.open()
        now = datetime.now(UTC)
        with opened.connect("bills sensor", role=BILLING) as connection:
            if not bills_due(connection, opened.bucket, now=now):
                return SkipReason("No bill would change.")
        return SensorResult([RunRequest(run_key=f"{now:%Y-%m-%dT%H}")])

    return bills_when_due


def _exports_when_finished(job: Any) -> SensorDefinition:
    @sensor(
        job=job,
        minimum_interval_seconds=60,
        default_status=DefaultSensorStatus.RUNNING,
        description="Fetches Zoho's exports when they are completed: by what Zoho says, never by the clock.",
    )
    def exports_when_finished(
        _context: SensorEvaluationContext, installation: InstallationResource
    ) -> SensorResult | SkipReason:
        # Not at the top: every start of Dagster loads this module.
        from observes_assets.sources.zoho.looking import finished  # noqa: PLC0415

        opened = installation.open()
        if reason := unconfigured(opened.settings).get("zoho"):
            return SkipReason(f"Zoho is not configured: {reason}.")
        found = finished(opened)
        if isinstance(found, str):
            return SkipReason(found)
        # Once an hour again, for a run that could not fetch them.
        digest = hashlib.sha256(" ".join(sorted(found)).encode()).hexdigest()[:16]
        return SensorResult([RunRequest(run_key=f"{digest}-{datetime.now(UTC):%Y-%m-%dT%H}")])

    return exports_when_finished
