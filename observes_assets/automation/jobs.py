"""The graph, cut into the three pieces that run apart."""

from collections.abc import Sequence
from typing import Any

from dagster import AssetKey, AssetsDefinition, AssetSelection, define_asset_job

INGEST, RELEASE, BILLS = "ingest", "release", "bills"


def jobs(raw: Sequence[AssetsDefinition], *, bills: AssetKey) -> list[Any]:
    """``ingest`` reads the sources; ``release`` builds, publishes and bills; ``bills`` bills alone."""
    ingested = AssetSelection.assets(*(key for one in raw for key in one.keys))
    return [
        define_asset_job(INGEST, selection=ingested, description="Read every source, archive it, land it."),
        define_asset_job(
            RELEASE,
            selection=AssetSelection.all() - ingested,
            description="Build and test the marts as of one load, publish them, write the bills.",
        ),
        define_asset_job(
            BILLS,
            selection=AssetSelection.assets(bills),
            description="Write the bills from the release on show: months close when their time has come.",
        ),
    ]
