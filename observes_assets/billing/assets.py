"""Bills as a Dagster asset."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from dagster import (
    AssetCheckResult,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    AssetSpec,
    Failure,
    MaterializeResult,
    MetadataValue,
    multi_asset,
)

from observes_assets.billing import audit
from observes_assets.billing.closings import record_closings
from observes_assets.billing.job import write_bills
from observes_assets.billing.records import BillsOutcome
from observes_assets.oath.checks import evaluation
from observes_assets.oath.structure import SAMPLE
from observes_assets.postgres.roles import BILLING, LOADER
from observes_assets.resources import InstallationResource
from observes_assets.version import code_version
from observes_assets.warehouse import publish, retention

BILLS = AssetKey(["billing", "bills"])
CURRENT = "every_organization_billed"


def bills_asset(release: AssetKey) -> AssetsDefinition:
    """The asset ``billing/bills``: CSV files and summaries in the bucket."""

    @multi_asset(
        name="write_bills",  # a job is called bills, and Dagster wants the names apart
        specs=[_spec(release)],
        check_specs=[
            AssetCheckSpec(
                CURRENT,
                asset=BILLS,
                description="Every organization's bills rest on a good look at all of its repositories. "
                "Where one failed, the last files stay and are stale.",
            ),
            *(AssetCheckSpec(name, asset=BILLS, description=said) for name, said in audit.CHECKS.items()),
        ],
    )
    def bills(
        context: AssetExecutionContext, installation: InstallationResource
    ) -> Iterator[MaterializeResult[None] | AssetCheckResult]:
        """Write the bills from the release on show; nothing is written where nothing changed."""
        opened = installation.open()
        purpose = f"bills, run {context.run_id}"
        with opened.connect(purpose, role=BILLING) as connection:
            # A bill names its release, so its record must be in the bucket, that of a killed run too.
            publish.record_releases(connection, opened.bucket)
            outcome = write_bills(
                connection, opened.bucket, now=datetime.now(UTC), code_version=code_version()
            )
            for number in outcome.closed_releases:
                retention.pin(connection, number)
            with opened.connect(purpose, role=LOADER) as loader:
                record_closings(opened, loader, outcome.months, context.run_id)
            faults = audit.audit(connection, opened.bucket)
        yield _check(outcome)
        yield from (_audited(name, faults) for name in audit.CHECKS)
        if outcome.blocked:
            raise Failure(f"No bill was written: {outcome.blocked}")
        yield MaterializeResult(asset_key=BILLS, metadata=_metadata(outcome))

    return bills


def _spec(release: AssetKey) -> AssetSpec:
    return AssetSpec(
        key=BILLS,
        deps=[release],
        group_name="billing",
        owners=["team:finance"],
        kinds={"python", "csv"},
        description="What each group owes for the current month and every unclosed one: "
        "`bills/YYYY/MM/` in the bucket, closed and corrected by revision.",
        tags={"layer": "bill"},
    )


def _metadata(outcome: BillsOutcome) -> dict[str, Any]:
    return {
        "release": outcome.release or 0,
        "months": MetadataValue.json(
            [
                {"month": f"{one.month:%Y-%m}", "status": one.status, "action": one.action, "note": one.note}
                for one in outcome.months
            ]
        ),
        "written_months": len(outcome.changed),
    }


def _check(outcome: BillsOutcome) -> AssetCheckResult:
    stale = {stop.organization: stop.why for stop in outcome.stops}
    told = "; ".join(f"{name}: {why}" for name, why in stale.items())
    return evaluation(
        BILLS,
        CURRENT,
        passed=not outcome.failed,
        expected="no stale organization",
        found=outcome.blocked or told or "none is stale",
        sample=list(stale),
        stale=stale,
        blocked=outcome.blocked or "",
    )


def _audited(check: str, faults: list[audit.Fault]) -> AssetCheckResult:
    mine = [fault for fault in faults if fault.check == check]
    return evaluation(
        BILLS,
        check,
        passed=not mine,
        expected="; ".join(dict.fromkeys(fault.expected for fault in mine[:SAMPLE])) or "every bill in order",
        found="; ".join(f"{fault.where}: {fault.found}" for fault in mine[:SAMPLE]) or "every bill in order",
        sample=[fault.where for fault in mine[:SAMPLE]],
    )
