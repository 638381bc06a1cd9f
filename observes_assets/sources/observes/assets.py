"""Observes' own streams as Dagster assets: what waits lands, and published releases are read back."""

from collections.abc import Iterator

import msgspec
from dagster import (
    AssetCheckResult,
    AssetExecutionContext,
    AssetsDefinition,
    MaterializeResult,
    multi_asset,
)

from observes_assets import progress
from observes_assets.archive import Manifest
from observes_assets.bucket import Bucket
from observes_assets.contracts import Contract
from observes_assets.extraction import Extractor, Outcome, Reading
from observes_assets.landing.pending import Start
from observes_assets.oath.checks import check_stream
from observes_assets.oath.previews import materialized
from observes_assets.oath.specs import raw_check_specs, raw_spec
from observes_assets.postgres.roles import LOADER
from observes_assets.resources import InstallationResource
from observes_assets.sources.observes import copies
from observes_assets.sources.observes.client import release_records
from observes_assets.sources.observes.recording import attempts
from observes_assets.sources.observes.streams import accepted_or_rejected, releases

RELEASES, DECISIONS = "releases", "decisions"


def observes_assets(contract: Contract) -> AssetsDefinition:
    """The assets ``observes/…`` and their checks."""
    streams = list(contract.streams.values())

    @multi_asset(
        name="observes",
        specs=[raw_spec(contract, stream) for stream in streams],
        check_specs=[spec for stream in streams for spec in raw_check_specs(contract, stream)],
    )
    def observes(
        context: AssetExecutionContext, installation: InstallationResource
    ) -> Iterator[MaterializeResult[None] | AssetCheckResult]:
        """Land what was recorded, also by a process that was killed, and read published releases back."""
        opened = installation.open()
        with opened.connect(f"observes, run {context.run_id}", role=LOADER) as connection:
            with (
                progress.task("observes", len(streams)) as step,
                attempts(opened, connection, contract, context.run_id) as extractor,
            ):
                outcomes = {}
                for stream in contract.streams:
                    outcomes[stream] = look(extractor, stream)
                    step(1, stream)
                copies.bring_up_to_date(connection)
            for promised in streams:
                yield materialized(connection, promised, outcomes[promised.name])
                yield from check_stream(connection, promised)

    return observes


def look(extractor: Extractor, stream: str) -> Outcome:
    """Land what waits of a stream, and record what lies in the bucket and was not recorded for a kill."""
    with extractor.scope(stream, {}) as start:
        outcome = extractor.land_waiting(stream)
        reading = None
        if stream == RELEASES:
            reading = _releases_since(extractor.archive.bucket, start)
        elif stream == DECISIONS:
            reading = _unrecorded_decisions(extractor)
        return extractor.extract(stream, {}, start, reading) if reading else outcome


def _unrecorded_decisions(extractor: Extractor) -> Reading | None:
    rows = extractor.connection.execute(
        """
        select b.manifest
        from landing.refusals as r join landing.batches as b using (source, stream, batch)
        where b.state <> 'refused' and not exists (
            select from landing.observes__decisions as d where d.superseded_by is null and d.record_key
                = json_build_array('batch ' || r.source || '/' || r.stream || '/' || r.batch)::text
        )
        """
    )
    manifests = [msgspec.convert(row[0], Manifest) for row in rows]
    decided = [(one, extractor.archive.decision(one)) for one in manifests]
    records = [accepted_or_rejected(one, decision) for one, decision in decided if decision]
    return Reading("differential", records) if records else None


def _releases_since(bucket: Bucket, start: Start) -> Reading | None:
    """What was published since the last reading; None if nothing was."""
    known = int((start.cursor or {}).get("release", 0))
    records = list(releases(release_records(bucket, after=known)))
    after = {"release": max((one["release"] for one in records), default=known)}
    return Reading("differential", records, lambda: after) if records else None
