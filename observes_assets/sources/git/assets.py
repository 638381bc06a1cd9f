"""git as Dagster assets: commits, and what became of each repository."""

from collections.abc import Iterator

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    MaterializeResult,
    multi_asset,
)
from psycopg import Connection

from observes_assets import progress
from observes_assets.contracts import Contract
from observes_assets.errors import PermanentError
from observes_assets.extraction import Extractor, Outcome, Reading
from observes_assets.oath.checks import check_stream
from observes_assets.oath.previews import materialized
from observes_assets.oath.specs import raw_check_specs, raw_spec
from observes_assets.postgres.roles import LOADER
from observes_assets.resources import InstallationResource
from observes_assets.settings import Settings
from observes_assets.sources.git.observation import Observation, observe, repositories, updated
from observes_assets.sources.observes.recording import attempts
from observes_assets.sources.portfolio.reading import current_record

PORTFOLIO = AssetKey(["portfolio", "portfolio"])
OBSERVATIONS = AssetKey(["git", "observations"])
OBSERVED = "every_repository_observed"


def git_assets(contract: Contract) -> AssetsDefinition:
    """The assets ``git/commits`` and ``git/observations`` and their checks."""
    streams = list(contract.streams.values())

    @multi_asset(
        name="git",
        specs=[raw_spec(contract, stream, deps=[PORTFOLIO]) for stream in streams],
        check_specs=[
            *(spec for stream in streams for spec in raw_check_specs(contract, stream)),
            AssetCheckSpec(
                OBSERVED,
                asset=OBSERVATIONS,
                description="Every repository of the portfolio could be read. One that could not stops the "
                "bills of its organization, and nothing else.",
            ),
        ],
    )
    def git(
        context: AssetExecutionContext, installation: InstallationResource
    ) -> Iterator[MaterializeResult[None] | AssetCheckResult]:
        """Observe every repository of the portfolio, archive what is new and land it."""
        opened = installation.open()
        with opened.connect(f"git, run {context.run_id}", role=LOADER) as connection:
            with attempts(opened, connection, contract, context.run_id) as extractor:
                waited = extractor.land_waiting("commits")
                observations = _observe_all(extractor, connection, opened.settings)
                with extractor.scope("observations", {}) as start:
                    records = [one.as_record() for one in observations]
                    outcome = extractor.extract("observations", {}, start, Reading("complete", records))
            loads = [*waited.loads, *(load for one in observations for load in one.loads)]
            yield materialized(connection, contract.streams["commits"], Outcome(loads, []))
            yield materialized(connection, contract.streams["observations"], outcome)
            for stream in streams:
                yield from check_stream(connection, stream)
            yield _every_repository_observed(observations)

    return git


def _observe_all(extractor: Extractor, connection: Connection, settings: Settings) -> list[Observation]:
    portfolio = current_record(connection)
    if portfolio is None:
        raise PermanentError(
            "No portfolio has landed, so no repository is known.",
            "Run `observes run`, which reads it first; `observes batch list` shows if one was refused.",
        )
    record, read_until = portfolio
    found = repositories(record)
    observations: list[Observation] = []
    with progress.task("git repositories", len(found)) as step:
        for repository, mirror in updated(settings, found):
            step(0, repository.name)
            observations.extend(observe(extractor, repository, mirror, not_before=read_until))
            step(1, repository.name)
    return observations


def _every_repository_observed(observations: list[Observation]) -> AssetCheckResult:
    failed = {one.repository.name: one.reason for one in observations if one.outcome == "failed"}
    return AssetCheckResult(
        passed=not failed,
        asset_key=OBSERVATIONS,
        check_name=OBSERVED,
        severity=AssetCheckSeverity.ERROR,
        description="docs/runbook.md#every_repository_observed" if failed else None,
        metadata={"expected": "no failed repository", "repositories": len(observations), "failed": failed},
    )
