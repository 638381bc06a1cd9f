"""GitHub as Dagster assets: one a stream, and whether every place could be read."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

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

from observes_assets.contracts import Contract
from observes_assets.oath.checks import check_stream
from observes_assets.oath.previews import materialized, unread
from observes_assets.oath.specs import raw_check_specs, raw_spec
from observes_assets.postgres.roles import LOADER
from observes_assets.resources import InstallationResource
from observes_assets.sources.configured import lacks_github
from observes_assets.sources.observes.recording import attempts

if TYPE_CHECKING:
    from observes_assets.sources.github.account import Account

OBSERVATIONS = AssetKey(["github", "observations"])
OBSERVED = "every_place_observed"
_EVERY_PLACE = AssetCheckSpec(
    OBSERVED,
    asset=OBSERVATIONS,
    description="Every organization, repository and project that is configured could be read, within "
    "GitHub's limits.",
)


def github_assets(contract: Contract) -> AssetsDefinition:
    """The assets ``github/…`` and their checks."""
    streams = list(contract.streams.values())

    @multi_asset(
        name="github",
        specs=[raw_spec(contract, stream).replace_attributes(skippable=True) for stream in streams],
        check_specs=[
            *(spec for stream in streams for spec in raw_check_specs(contract, stream)),
            _EVERY_PLACE,
        ],
    )
    def github(
        context: AssetExecutionContext, installation: InstallationResource
    ) -> Iterator[MaterializeResult[None] | AssetCheckResult]:
        """Read what has changed at GitHub, archive it and land it."""
        # Not at the top: they take half a second, and every start of Dagster loads this module.
        from observes_assets.sources.github.account import observe_all  # noqa: PLC0415
        from observes_assets.sources.github.session import open_client  # noqa: PLC0415

        opened = installation.open()
        with opened.connect(f"github, run {context.run_id}", role=LOADER) as connection:
            account = None
            with open_client(opened.settings, contract) as client:
                if client:
                    with attempts(opened, connection, contract, context.run_id) as extractor:
                        account = observe_all(extractor, client)
            if account:
                for stream in streams:
                    yield materialized(connection, stream, extractor.loaded(stream.name))
            else:
                why = f"GitHub is not configured: {lacks_github(opened.settings)}."
                context.log.info(why)
                yield from unread(context, (AssetKey([contract.source, one.name]) for one in streams), why)
            for stream in streams:
                yield from check_stream(connection, stream)
            yield _every_place_observed(account)

    return github


def _every_place_observed(account: "Account | None") -> AssetCheckResult:
    failed = account.named("failed") if account else {}
    stopped = account.named("stopped") if account else {}
    uncertain = account.named("uncertain") if account else {}
    passed = not (failed or stopped or uncertain)
    return AssetCheckResult(
        passed=passed,
        asset_key=OBSERVATIONS,
        check_name=OBSERVED,
        # A limit is nobody's mistake: what was read is archived, and the next run goes on. Nor are rows that
        # never add up: all that was read has landed.
        severity=AssetCheckSeverity.ERROR if failed else AssetCheckSeverity.WARN,
        description=None if passed else "docs/runbook.md#every_place_observed",
        metadata={
            "expected": "no failed place, no used up limit, nothing that may lack rows",
            "places": len(account.records) if account else 0,
            "failed": failed,
            "stopped": sorted(stopped),
            "uncertain": uncertain,
            "requests": account.request_count if account else 0,
            "quotas": {
                one.resource: f"{one.remaining} of {one.limit} left, until {one.resets_at:%H:%M} UTC"
                for one in (account.quotas if account else [])
            },
        },
    )
