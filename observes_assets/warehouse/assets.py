"""dbt's models and the release as Dagster assets."""

import os
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from importlib import metadata
from pathlib import Path
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
    Output,
    multi_asset,
)
from packaging.version import Version
from psycopg import Connection, sql

from observes_assets import progress
from observes_assets.bucket import Bucket
from observes_assets.errors import PublishRefusedError
from observes_assets.extraction import Extractor
from observes_assets.oath import disclosure
from observes_assets.oath.checks import evaluation
from observes_assets.oath.known_secrets import known_secrets
from observes_assets.oath.previews import preview_table
from observes_assets.postgres.roles import BUILDER, LOADER, PUBLISHER, acting
from observes_assets.resources import InstallationResource
from observes_assets.sources.observes import copies
from observes_assets.version import DBT_PROJECT
from observes_assets.warehouse import (
    build,
    dbt,
    dbt_specs,
    failed_tests,
    gate,
    git_answers,
    publish,
    retention,
)
from observes_assets.warehouse.dagster_dbt_alone import DbtCliInvocation

RELEASE = AssetKey(["warehouse", "release"])
PUBLISHABLE = "publishable"
_OWNERS = ["team:data-platform"]


def landing_specs(raw: Sequence[AssetKey]) -> list[AssetSpec]:
    """The landing's own tables that staging reads: nobody materializes them, landing and build fill them."""
    about = {
        "loads": "The ledger: one row a batch that landed.",
        "build": "One row: the load as of which the candidate is built.",
        "identities": "Who an author is by the portfolio's mailmap, as git answered.",
        "ignored_commits": "Whether a commit touched nothing but ignored paths, as git answered.",
    }
    return [
        AssetSpec(
            key=AssetKey([dbt_specs.LANDING, table]),
            deps=raw,
            description=description,
            group_name=dbt_specs.LANDING,
            owners=_OWNERS,
            kinds={"postgres"},
        )
        for table, description in about.items()
    ]


def marts_assets(manifest: dict[str, Any]) -> AssetsDefinition:
    """All dbt models as one multi-asset: a release is whole or not at all."""

    specs, check_specs = dbt_specs.all_specs(manifest)

    @multi_asset(name="dbt_models", specs=specs, check_specs=check_specs)
    def dbt_models(context: AssetExecutionContext, installation: InstallationResource) -> Iterator[Any]:
        """Fix the as-of, ask git what the marts must know, and let dbt build and test the candidate."""
        opened = installation.open()
        target = opened.settings.home / "dbt" / context.run_id
        with opened.connect(f"build, run {context.run_id}", role=PUBLISHER) as connection:
            identity = build.identity(connection, opened.contracts)
            with acting(connection, LOADER):
                # A rebuild that was interrupted, say: a release must never show half of the archive.
                for contract in opened.contracts.values():
                    for stream in contract.streams:
                        Extractor(connection, opened.archive, contract, context.run_id).land_waiting(stream)
                copies.bring_up_to_date(connection)  # a hold that was unknown to a new database
            required = gate.requirements(manifest, opened.contracts)
            with build.building(connection, identity, required) as building:
                with acting(connection, LOADER):
                    raw = build.examine_raw(connection, opened.contracts)
                    git_answers.fill(connection)
                dbt.prepare_target(target)
                variables = dbt.environment(opened.database_url, token=building.token, target=target)
                with acting(connection, BUILDER):  # who sees what dbt made
                    for event in _run_dbt(context, manifest, target, variables):
                        yield _described(connection, manifest, target, event)
                    secrets = known_secrets(opened.settings)
                    told = disclosure.examine_candidate(connection, manifest, opened.contracts, secrets)
                failed = build.finish(connection, building, [*raw, *dbt.results(target, manifest), told])
                if failed:
                    why = f" {told.message}." if told.message else ""
                    raise Failure(f"The candidate is not fit to publish: {', '.join(failed[:5])}.{why}")
                dbt.keep_docs(target, opened.settings.home / "docs")
        dbt.forget_target(target)

    return dbt_models


def _run_dbt(
    context: AssetExecutionContext, manifest: dict[str, Any], target: Path, variables: dict[str, str]
) -> Iterator[Any]:
    # Not through DbtCliResource: it starts dbt once more for its version and connects with this process's
    # environment for metadata that we read ourselves, nine seconds together.
    invocation = DbtCliInvocation.run(
        # Unit tests prove the models' code: they run in `make test`, not on each build.
        args=[dbt.EXECUTABLE, "build", "--exclude-resource-type", "unit_test"],
        env=variables,
        manifest=manifest,
        dagster_dbt_translator=dbt_specs.Names(),
        project_dir=DBT_PROJECT,
        target_path=target,
        raise_on_error=False,
        context=context,
        adapter=None,
        cli_version=Version(metadata.version("dbt-core")),
    )
    nodes = sum(node["resource_type"] in {"model", "test"} for node in manifest["nodes"].values())
    # dagster-dbt repeats dbt's log on our standard output, which is the summary's; dbt.log has it too.
    with (
        progress.task("models and tests", nodes) as step,
        Path(os.devnull).open("w") as nowhere,
        redirect_stdout(nowhere),
    ):
        for event in invocation.stream():
            step(1, "")
            yield event


def _described(connection: Connection, manifest: dict[str, Any], target: Path, event: Any) -> Any:
    """A mart's event with its number of rows and a preview, a failed test's with where to look."""
    if isinstance(event, AssetCheckResult):
        return failed_tests.explained(connection, manifest, target, event)
    if not isinstance(event, Output) or not event.output_name.startswith(f"{publish.WAREHOUSE}__"):
        return event
    mart = event.output_name.removeprefix(f"{publish.WAREHOUSE}__")
    table = sql.Identifier(gate.CANDIDATE, mart)
    row = connection.execute(sql.SQL("select count(*) from {}").format(table)).fetchone()
    return event.with_metadata(
        {
            **event.metadata,
            "dagster/row_count": row[0] if row else 0,
            "preview": preview_table(connection, table, dbt.public_columns(manifest, mart)),
        }
    )


def publish_or_find(connection: Connection, bucket: Bucket) -> publish.Release:
    """Publish the candidate, unless another process has published it meanwhile: then that release."""
    try:
        return publish.publish_candidate(connection, bucket)
    except PublishRefusedError:
        # The sensor's run and a person's may build at the same time: one of them publishes for both.
        if found := publish.published_by_another(connection):
            return found
        raise


_PUBLISHABLE_SPEC = AssetCheckSpec(
    PUBLISHABLE,
    asset=RELEASE,
    blocking=True,
    description="The candidate is whole, every blocking check of its build passed, no mart lost more of its "
    "rows than it may since the release on show, and streams that are required to be fresh are.",
)


def _release_spec(marts: Sequence[AssetKey]) -> AssetSpec:
    return AssetSpec(
        key=RELEASE,
        deps=marts,
        group_name="warehouse",
        owners=_OWNERS,
        kinds={"postgres"},
        description="The set of marts on show: schema `release_<n>`, shown through the views of `warehouse`.",
        tags={"layer": "release"},
    )


def release_asset(models: AssetsDefinition, manifest: dict[str, Any]) -> AssetsDefinition:
    """The asset ``warehouse/release``: publishing, which verifies its own preconditions."""
    names = set(dbt.marts(manifest))
    marts = [key for key in models.keys if key.path[-1] in names]

    @multi_asset(
        name="publish",
        specs=[_release_spec(marts)],
        check_specs=[_PUBLISHABLE_SPEC],
    )
    def release(
        context: AssetExecutionContext, installation: InstallationResource
    ) -> Iterator[MaterializeResult[None] | AssetCheckResult]:
        """Publish the candidate in one transaction, if it is whole and every blocking check passed."""
        opened = installation.open()
        with opened.connect(f"publish, run {context.run_id}", role=PUBLISHER) as connection:
            try:
                published = publish_or_find(connection, opened.bucket)
            except PublishRefusedError as refused:
                yield _publishable(refused.message)
                raise
            dropped, held = retention.drop_old_releases(connection)
        yield MaterializeResult(metadata=_told(published, dropped, held))
        yield _publishable(None)

    return release


def _publishable(refusal: str | None) -> AssetCheckResult:
    return evaluation(
        RELEASE,
        PUBLISHABLE,
        passed=refusal is None,
        expected="a whole candidate, all of whose blocking checks passed",
        found=refusal or "it is published",
    )


def _told(published: publish.Release, dropped: list[int], held: list[int]) -> dict[str, Any]:
    record = published.record
    rows = {mart: one["rows"] for mart, one in record["marts"].items()}
    return {
        "release": published.number,
        "as_of_load": record["as_of"],
        "dagster/row_count": sum(rows.values()),
        "rows": MetadataValue.json(rows),
        "sha256": MetadataValue.json(record["marts"]),
        "stale_streams": MetadataValue.json(record["stale"]),
        "dropped_releases": dropped,
        "held_releases": held,
    }
