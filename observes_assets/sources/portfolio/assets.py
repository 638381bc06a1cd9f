"""The portfolio as a Dagster asset."""

from collections.abc import Iterator

from dagster import (
    AssetCheckResult,
    AssetExecutionContext,
    AssetsDefinition,
    MaterializeResult,
    multi_asset,
)

from observes_assets import progress
from observes_assets.contracts import Contract
from observes_assets.extraction import Reading
from observes_assets.oath.checks import check_stream
from observes_assets.oath.previews import materialized
from observes_assets.oath.specs import raw_check_specs, raw_spec
from observes_assets.postgres.roles import LOADER
from observes_assets.resources import InstallationResource
from observes_assets.sources.observes.recording import attempts
from observes_assets.sources.portfolio.reading import read

STREAM = "portfolio"


def portfolio_assets(contract: Contract) -> AssetsDefinition:
    """The asset ``portfolio/portfolio`` and its checks."""
    stream = contract.streams[STREAM]

    @multi_asset(
        name="portfolio",
        specs=[raw_spec(contract, stream)],
        check_specs=raw_check_specs(contract, stream),
    )
    def portfolio(
        context: AssetExecutionContext, installation: InstallationResource
    ) -> Iterator[MaterializeResult[None] | AssetCheckResult]:
        """Read the portfolio file, archive it and land it."""
        opened = installation.open()
        with (
            opened.connect(f"portfolio, run {context.run_id}", role=LOADER) as connection,
            progress.task("portfolio", 1) as step,
        ):
            with (
                attempts(opened, connection, contract, context.run_id) as extractor,
                extractor.scope(STREAM, {}) as start,
            ):
                # The record's memory is the last landed one, so what waits lands first. While a batch can't,
                # the memory is lost, and a record without it would take renamed repositories for new ones.
                outcome = extractor.land_waiting(STREAM)
                if not outcome.refusals:
                    reading = Reading("complete", read(opened, connection))
                    outcome = extractor.extract(STREAM, {}, start, reading)
            step(1, "landed")
            yield materialized(connection, stream, outcome)
            yield from check_stream(connection, stream)

    return portfolio
