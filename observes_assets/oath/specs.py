"""What Dagster shows of a raw stream, derived from its contract."""

from datetime import timedelta
from typing import Any

from dagster import AssetCheckSpec, AssetKey, AssetSpec, FreshnessPolicy

from observes_assets.contracts import Contract, StreamContract
from observes_assets.oath.structure import PARTS

HOUR = timedelta(hours=1)
STRUCTURE = "structure"
ACCEPTED = "accepted"
RECENCY = "recency"


def raw_spec(contract: Contract, stream: StreamContract, *, deps: list[AssetKey] | None = None) -> AssetSpec:
    """The asset of a raw stream: key ``[source, stream]``, as in ``raw_<source>.<stream>``."""
    warn, fail = stream.freshness
    return AssetSpec(
        key=AssetKey([contract.source, stream.name]),
        deps=deps or [],
        description=stream.description,
        group_name=contract.source,
        owners=contract.owners,
        kinds={"python", "postgres"},
        tags={
            "layer": "raw",
            "domain": contract.domain,
            "classification": "personal" if stream.personal_fields else "public",
            "contract": contract.sha256[:16],
        },
        metadata=_promises(contract, stream),
        freshness_policy=FreshnessPolicy.time_window(
            fail_window=fail,
            # Dagster wants it shorter; equal ones mean that there is no warning.
            warn_window=warn if warn < fail else None,
        ),
    )


def _promises(contract: Contract, stream: StreamContract) -> dict[str, Any]:
    """What people ask of a stream, on its page."""
    levels = stream.levels
    return {
        "table": f"raw_{contract.source}.{stream.name}",
        "cadence": stream.cron,
        "contract": f"{contract.document.name} {contract.document.version}",
        "terms": contract.terms,
        "support": [f"{one.channel}: {one.description}" for one in contract.support],
        "consumers": [one.name for one in contract.consumers if stream.name in one.streams],
        "personal_fields": [field.path for field in stream.personal_fields],
        "promised_latency_hours": levels.latency and levels.latency / HOUR,
        "promised_availability": levels.availability,
    }


def raw_check_specs(contract: Contract, stream: StreamContract) -> list[AssetCheckSpec]:
    """Two checks a stream, and a third where its records tell time: few, with parts.

    Recording one evaluation costs Dagster more than computing all of them costs us.
    """
    key = AssetKey([contract.source, stream.name])
    specs = [
        AssetCheckSpec(
            STRUCTURE,
            asset=key,
            blocking=True,
            description="What Postgres holds of the stream is what its loads say that they wrote, within the "
            f"contract's promises: {'; '.join(PARTS.values())}.",
        ),
        AssetCheckSpec(
            ACCEPTED,
            asset=key,
            description="The stream has ever loaded, no batch waits for a decision and no record is in "
            "quarantine.",
        ),
    ]
    if stream.recency_field:
        specs.append(
            AssetCheckSpec(
                RECENCY,
                asset=key,
                description=f"The newest {stream.recency_field} is as young as the contract promises: that "
                "we ran says nothing about the data.",
            )
        )
    return specs
