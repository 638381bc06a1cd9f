"""TimeDoctor as Dagster assets: one a stream, read together; and its days, to see gaps and to fill them."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from dagster import (
    AssetCheckResult,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    AssetSpec,
    BackfillPolicy,
    MaterializeResult,
    multi_asset,
)
from psycopg import Connection

from observes_assets.contracts import Contract
from observes_assets.errors import PermanentError
from observes_assets.extraction import Extractor
from observes_assets.oath.checks import check_stream, evaluation
from observes_assets.oath.previews import materialized, unread
from observes_assets.oath.specs import raw_check_specs, raw_spec
from observes_assets.oath.structure import SAMPLE
from observes_assets.postgres.roles import LOADER
from observes_assets.resources import InstallationResource
from observes_assets.sources.configured import lacks_timedoctor
from observes_assets.sources.observes.recording import attempts
from observes_assets.sources.timedoctor import reading
from observes_assets.sources.timedoctor.partitions import DAYS, PARTITIONS, show

if TYPE_CHECKING:
    from observes_assets.sources.timedoctor.observation import Observation

OBSERVATIONS = AssetKey(["timedoctor", "observations"])
EVERY_DAY = "every_day_read"
_EVERY_DAY = AssetCheckSpec(
    EVERY_DAY,
    asset=OBSERVATIONS,
    description="Between the first day and yesterday no day is missing, and the last look failed nowhere: "
    "what is not saved in time is gone.",
)
_OF_DAYS = ("worklogs", "screenshots", "app_uses")


def timedoctor_assets(contract: Contract) -> AssetsDefinition:
    """The assets ``timedoctor/<stream>`` and their checks."""
    streams = list(contract.streams.values())

    @multi_asset(
        name="timedoctor",
        specs=[raw_spec(contract, stream).replace_attributes(skippable=True) for stream in streams],
        check_specs=[
            *(spec for stream in streams for spec in raw_check_specs(contract, stream)),
            _EVERY_DAY,
        ],
    )
    def timedoctor(
        context: AssetExecutionContext, installation: InstallationResource
    ) -> Iterator[MaterializeResult[None] | AssetCheckResult]:
        """Read what is due of TimeDoctor, archive it and land it."""
        # Not at the top: every start of Dagster loads this module.
        from observes_assets.sources.timedoctor.observation import observe_all  # noqa: PLC0415
        from observes_assets.sources.timedoctor.session import open_client  # noqa: PLC0415

        opened = installation.open()
        with opened.connect(f"timedoctor, run {context.run_id}", role=LOADER) as connection:
            seen = None
            with open_client(opened.settings, contract) as client:
                if client:
                    with attempts(opened, connection, contract, context.run_id) as extractor:
                        seen = observe_all(extractor, client)
            if seen:
                _show(context, connection, seen)
                for stream in streams:
                    yield materialized(connection, stream, extractor.loaded(stream.name))
            else:
                why = f"TimeDoctor is not configured: {lacks_timedoctor(opened.settings)}."
                context.log.info(why)
                yield from unread(context, (AssetKey([contract.source, one.name]) for one in streams), why)
            for stream in streams:
                yield from check_stream(connection, stream)
            yield _every_day_read(connection, seen)

    return timedoctor


def days_asset(contract: Contract) -> AssetsDefinition:
    """``timedoctor/days``: to materialize a day reads it again; to see which are not, is to see the gaps."""

    spec = AssetSpec(
        DAYS,
        partitions_def=PARTITIONS,
        group_name=contract.source,
        owners=contract.owners,
        kinds={"python", "postgres"},
        tags={"layer": "raw", "domain": contract.domain},
        description="Days of TimeDoctor that are landed, all streams of them. To materialize one reads it "
        "again, due or not; what is older than TimeDoctor's memory is taken from the archive.",
    )

    # Days are quick and a process is not: one run for all of them.
    @multi_asset(name="timedoctor_days", specs=[spec], backfill_policy=BackfillPolicy.single_run())
    def days(context: AssetExecutionContext, installation: InstallationResource) -> MaterializeResult[None]:
        from observes_assets.sources.timedoctor.session import open_client  # noqa: PLC0415

        opened = installation.open()
        wanted = sorted(date.fromisoformat(key) for key in context.partition_keys)
        with (
            opened.connect(f"timedoctor days, run {context.run_id}", role=LOADER) as connection,
            open_client(opened.settings, contract) as client,
        ):
            if client is None:
                missing = lacks_timedoctor(opened.settings)
                raise PermanentError(f"TimeDoctor is not configured: {missing}.", "See docs/timedoctor.md.")
            with attempts(opened, connection, contract, context.run_id) as extractor:
                return _fill(context, extractor, client, wanted)

    return days


def _fill(
    context: AssetExecutionContext, extractor: Extractor, client: Any, wanted: Sequence[date]
) -> MaterializeResult[None]:
    """Read days again, or take them from the archive where TimeDoctor has forgotten them."""
    from observes_assets.sources.timedoctor.observation import observe_all, plan_of  # noqa: PLC0415

    client.log_in()
    plan = plan_of(client)
    forgotten = [day for day in wanted if not plan.is_remembered(day)]
    if forgotten:
        context.log.warning(
            f"{len(forgotten)} days are older than TimeDoctor's memory of {plan.memory_days} days "
            f"(OBSERVES_TIMEDOCTOR_MEMORY_DAYS): they are not asked for, and taken from the archive."
        )
    seen = observe_all(extractor, client, [day for day in wanted if day not in forgotten])
    present = reading.landed(extractor.connection, "worklogs", seen.reader.company)
    failed = [day.isoformat() for day in wanted if day not in present]
    reasons = seen.named("failed")
    if failed or reasons:
        _show(context, extractor.connection, seen)
        lost = [day for day in failed if date.fromisoformat(day) in forgotten]
        raise PermanentError(
            f"{len(failed)} of {len(wanted)} days have not landed ({', '.join(failed[:SAMPLE]) or 'none'}), "
            f"{len(lost)} of them are in no archive; {len(reasons)} looks failed.",
            "Import older backups with `observes import timedoctor`; see docs/timedoctor.md."
            if lost
            else next(iter(reasons.values()), ""),
        )
    _show(context, extractor.connection, seen, but=wanted)
    return MaterializeResult(
        metadata={"read": len(wanted) - len(forgotten), "from_archive": [str(day) for day in forgotten]}
    )


def _show(
    context: AssetExecutionContext, connection: Connection, seen: "Observation", but: Sequence[date] = ()
) -> None:
    plan = seen.reader.plan
    last = reading.yesterday(connection)
    show(context, connection, seen.reader.company, first=plan.first, yesterday=last, but=but)


def _every_day_read(connection: Connection, seen: "Observation | None") -> AssetCheckResult:
    gaps: list[str] = []
    if seen:
        last = reading.yesterday(connection)
        for stream in _OF_DAYS:
            # What else TimeDoctor knows of a day it forgets earlier: that counts from the first there is.
            first = seen.reader.plan.first if stream == "worklogs" else None
            days = reading.missing(connection, stream, seen.reader.company, first=first, yesterday=last)
            gaps += [f"{stream} {day}" for day in days]
    failed = seen.named("failed") if seen else {}
    return evaluation(
        OBSERVATIONS,
        EVERY_DAY,
        passed=not gaps and not failed,
        expected="every day up to yesterday to have landed, and no failed look",
        found=f"{len(gaps)} missing days, {len(failed)} failed looks",
        sample=[*gaps[:SAMPLE], *list(failed)[:SAMPLE]],
        failed=failed,
        looks=len(seen.records) if seen else 0,
        requests=seen.reader.client.request_count if seen else 0,
        forgotten=sorted(seen.named("forgotten")) if seen else [],
    )
