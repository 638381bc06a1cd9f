"""The graph, cut into the three pieces that run apart."""

from collections.abc import Sequence
from typing import Any

from dagster import AssetKey, AssetsDefinition, AssetSelection, define_asset_job

from observes_assets.sources.zoho.assets import NO_WAIT

INGEST, RELEASE, BILLS, EXPORTS = "ingest", "release", "bills", "exports"


def jobs(
    raw: Sequence[AssetsDefinition],
    *,
    bills: AssetKey,
    exported: AssetsDefinition,
    apart: Sequence[AssetsDefinition] = (),
) -> list[Any]:
    """``ingest`` reads the sources; ``release`` builds, publishes and bills; ``bills`` bills alone;
    ``exports`` fetches what Zoho has completed.

    Args:
        exported: the assets that are read from exports.
        apart: belong to none of them; people materialize them by hand.
    """
    ingested = AssetSelection.assets(*(key for one in raw for key in one.keys))
    return [
        define_asset_job(INGEST, selection=ingested, description="Read every source, archive it, land it."),
        define_asset_job(
            RELEASE,
            selection=AssetSelection.all() - ingested - AssetSelection.assets(*apart),
            description="Build and test the marts as of one load, publish them, write the bills.",
        ),
        define_asset_job(
            BILLS,
            selection=AssetSelection.assets(bills),
            description="Write the bills from the release on show: months close when their time has come.",
        ),
        define_asset_job(
            EXPORTS,
            selection=AssetSelection.assets(exported),
            tags=NO_WAIT,
            description="Fetch the exports that Zoho has completed, archive them and land them.",
        ),
    ]
