"""The delivery file as a Dagster asset."""

from collections.abc import Iterator

from dagster import (
    AssetCheckResult,
    AssetExecutionContext,
    AssetsDefinition,
    MaterializeResult,
    multi_asset,
)

from observes_assets.contracts import Contract
from observes_assets.extraction import Reading
from observes_assets.oath.checks import check_stream
from observes_assets.oath.previews import materialized
from observes_assets.oath.specs import raw_check_specs, raw_spec
from observes_assets.postgres.roles import LOADER
from observes_assets.resources import InstallationResource
from observes_assets.sources.delivery.reading import read
from observes_assets.sources.observes.recording import attempts

STREAM = "delivery"


def delivery_assets(contract: Contract) -> AssetsDefinition:
    """The asset ``delivery/delivery`` and its checks."""
    stream = contract.streams[STREAM]

    @multi_asset(
        name="delivery",
        specs=[raw_spec(contract, stream)],
        check_specs=raw_check_specs(contract, stream),
    )
    def delivery(
        context: AssetExecutionContext, installation: InstallationResource
    ) -> Iterator[MaterializeResult[None] | AssetCheckResult]:
        """Read the delivery file, archive it and land it."""
        opened = installation.open()
        with opened.connect(f"delivery, run {context.run_id}", role=LOADER) as connection:
            with (
                attempts(opened, connection, contract, context.run_id) as extractor,
                extractor.scope(STREAM, {}) as start,
            ):
                reading = Reading("complete", read(opened.settings))
                outcome = extractor.extract(STREAM, {}, start, reading)
            yield materialized(connection, stream, outcome)
            yield from check_stream(connection, stream)

    return delivery
