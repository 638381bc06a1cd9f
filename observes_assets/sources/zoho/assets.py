"""Zoho as Dagster assets: first the exports are asked for, then what is completed is fetched."""

from collections.abc import Iterator, Mapping
from typing import Any

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    AssetSpec,
    MaterializeResult,
    multi_asset,
)

from observes_assets.contracts import Contract
from observes_assets.installation import Installation
from observes_assets.oath.checks import check_stream
from observes_assets.oath.previews import materialized, unread
from observes_assets.oath.specs import raw_check_specs, raw_spec
from observes_assets.postgres.locks import session_lock
from observes_assets.postgres.roles import LOADER
from observes_assets.resources import InstallationResource
from observes_assets.sources.configured import lacks_zoho
from observes_assets.sources.observes.recording import attempts
from observes_assets.sources.zoho.recording import LOCK, Exports

PREPARED = AssetKey(["zoho", "exports"])
_CHECKED_ON = AssetKey(["zoho", "users"])
ASKED = "every_module_asked_for"
READ = "every_module_read"
NO_WAIT = {"observes/wait": "no"}
"""Tag of a run that takes what is completed and leaves the rest to the next one."""


_ASKED_SPEC = AssetCheckSpec(
    ASKED,
    asset=PREPARED,
    description="An export of every module that is due could be asked for, within the credits that the "
    "contract allows.",
)
_READ_SPEC = AssetCheckSpec(
    READ,
    asset=_CHECKED_ON,
    description="Every export that was completed could be fetched and landed, users and deletions could be "
    "read, and no export is waited for in vain.",
)
_Events = Iterator[MaterializeResult[None] | AssetCheckResult]


def prepare_asset(contract: Contract) -> AssetsDefinition:
    """The asset ``zoho/exports``: what Zoho was asked for; ids and states lie in ``landing``."""
    spec = AssetSpec(
        PREPARED,
        description="Exports (bulk-read jobs) that Zoho was asked for, each paid with 50 credits, with their "
        "states: `landing.zoho_exports`, and `observes/exports` in the bucket.",
        group_name=contract.source,
        owners=contract.owners,
        kinds={"python", "postgres"},
        tags={"layer": "landing", "domain": contract.domain},
        skippable=True,
    )

    @multi_asset(name="zoho_prepare", specs=[spec], check_specs=[_ASKED_SPEC])
    def zoho_prepare(context: AssetExecutionContext, installation: InstallationResource) -> _Events:
        """Ask Zoho for an export of what has changed in each module, and go on with those under way."""
        yield from _prepare(context, installation.open(), contract)

    return zoho_prepare


def zoho_assets(contract: Contract) -> AssetsDefinition:
    """The assets ``zoho/…``, one a stream, and their checks."""
    streams = list(contract.streams.values())

    @multi_asset(
        name="zoho",
        specs=[
            raw_spec(contract, stream, deps=[PREPARED]).replace_attributes(skippable=True)
            for stream in streams
        ],
        check_specs=[
            *(spec for stream in streams for spec in raw_check_specs(contract, stream)),
            _READ_SPEC,
        ],
    )
    def zoho(context: AssetExecutionContext, installation: InstallationResource) -> _Events:
        """Fetch every export that Zoho has completed, archive it and land it; wait for the others a while."""
        yield from _take(context, installation.open(), contract)

    return zoho


def _prepare(context: AssetExecutionContext, opened: Installation, contract: Contract) -> _Events:
    # Not at the top: every start of Dagster loads this module.
    from observes_assets.sources.zoho.preparation import prepare  # noqa: PLC0415
    from observes_assets.sources.zoho.session import now, open_client  # noqa: PLC0415

    run_id = context.run_id
    with (
        opened.connect(f"zoho prepare, run {run_id}", role=LOADER) as connection,
        open_client(opened.settings, contract) as client,
    ):
        if client is None:
            why = f"Zoho is not configured: {lacks_zoho(opened.settings)}."
            context.log.info(why)
            yield from unread(context, [PREPARED], why)
            yield _told(PREPARED, ASKED, {}, None, {})
            return
        with session_lock(connection, LOCK), attempts(opened, connection, contract, run_id) as extractor:
            exports = Exports(opened, connection, run_id)
            exports.restore()
            done = prepare(extractor, client, exports, now(opened.settings))
    metadata: dict[str, Any] = {
        "asked_for": done.asked,
        "under_way": done.resumed,
        "credits_spent": done.credits_spent,
        "requests": client.request_count,
    }
    # Without it the streams' step is left out: there is nothing to fetch and nothing new to check.
    if done.asked or done.resumed or done.landed:
        yield MaterializeResult(asset_key=PREPARED, metadata=metadata)
    else:
        yield from unread(context, [PREPARED], "Nothing was due.")
    yield _told(PREPARED, ASKED, done.failed, done.stopped, metadata)


def _take(context: AssetExecutionContext, opened: Installation, contract: Contract) -> _Events:
    from observes_assets.sources.zoho.observation import Observed, observe_all  # noqa: PLC0415
    from observes_assets.sources.zoho.session import now, open_client  # noqa: PLC0415

    run_id, done = context.run_id, Observed()
    waits = context.run.tags.get("observes/wait") != "no"
    with opened.connect(f"zoho, run {run_id}", role=LOADER) as connection:
        with open_client(opened.settings, contract) as client:
            if client:
                with (
                    session_lock(connection, LOCK),
                    attempts(opened, connection, contract, run_id) as extractor,
                ):
                    exports = Exports(opened, connection, run_id)
                    done = observe_all(extractor, client, exports, now(opened.settings), waits=waits)
        read = {one.stream for one in extractor.attempts if one.failure is None} if client else set()
        for promised in contract.streams.values():
            if promised.name in read:
                yield materialized(connection, promised, extractor.loaded(promised.name))
            else:
                # Nothing was due, Zoho is not configured, or it failed: the checks tell.
                yield from unread(context, [AssetKey([contract.source, promised.name])], "Not in this run.")
        for promised in contract.streams.values():
            yield from check_stream(connection, promised)
        metadata = {"taken": done.taken, "waiting": done.waiting}
        yield _told(_CHECKED_ON, READ, done.failed, done.stopped, metadata, waiting=done.waiting)


def _told(
    asset: AssetKey,
    check: str,
    failed: Mapping[str, str],
    stopped: str | None,
    metadata: Mapping[str, Any],
    *,
    waiting: list[str] | None = None,
) -> AssetCheckResult:
    passed = not (failed or stopped or waiting)
    return AssetCheckResult(
        passed=passed,
        asset_key=asset,
        check_name=check,
        # A limit or a slow export is nobody's mistake: nothing is lost, and a later run goes on.
        severity=AssetCheckSeverity.ERROR if failed else AssetCheckSeverity.WARN,
        description=None if passed else f"docs/runbook.md#{check}",
        metadata={
            "expected": "no failed module, no used up limit",
            "failed": dict(failed),
            "stopped": stopped or "",
            **metadata,
        },
    )
