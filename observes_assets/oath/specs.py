"""What Dagster shows of a raw stream, derived from its contract."""

from datetime import timedelta

from dagster import AssetCheckSpec, AssetKey, AssetSpec, FreshnessPolicy

from observes_assets.contracts import Contract, StreamContract

STRUCTURE = "structure"
ACCEPTED = "accepted"


def raw_spec(contract: Contract, stream: StreamContract, *, deps: list[AssetKey] | None = None) -> AssetSpec:
    """The asset of a raw stream: key ``[source, stream]``, as in ``raw_<source>.<stream>``."""
    warn, fail = stream.freshness_hours
    return AssetSpec(
        key=AssetKey([contract.source, stream.name]),
        deps=deps or [],
        description=stream.description,
        group_name=contract.source,
        owners=[f"team:{contract.owner}"],
        kinds={"python", "postgres"},
        tags={"layer": "raw", "contract": contract.sha256[:16]},
        metadata={"table": f"raw_{contract.source}.{stream.name}", "cadence": stream.cron},
        freshness_policy=FreshnessPolicy.time_window(
            fail_window=timedelta(hours=fail), warn_window=timedelta(hours=warn)
        ),
    )


def raw_check_specs(contract: Contract, stream: StreamContract) -> list[AssetCheckSpec]:
    """Two checks a stream: one that blocks, with all that is structure; one that calls a person."""
    key = AssetKey([contract.source, stream.name])
    return [
        AssetCheckSpec(
            STRUCTURE,
            asset=key,
            blocking=True,
            description="Every head has its document, keys are unique, the ledger's counts equal the rows.",
        ),
        AssetCheckSpec(
            ACCEPTED,
            asset=key,
            description="No batch waits for a decision and no record is in quarantine.",
        ),
    ]
