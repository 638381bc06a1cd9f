"""dbt's models and the release as Dagster assets."""

import os
import shutil
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    Failure,
    MaterializeResult,
    MetadataValue,
    asset,
)
from dagster_dbt import DbtCliResource, dbt_assets

from observes_assets import progress
from observes_assets.extraction import Extractor
from observes_assets.resources import InstallationResource
from observes_assets.version import DBT_PROJECT
from observes_assets.warehouse import build, dbt, git_answers, publish, retention

RELEASE = AssetKey(["warehouse", "release"])
_OWNERS = ["team:data-platform"]


def marts_assets(manifest: dict[str, Any]) -> AssetsDefinition:
    """All dbt models as one multi-asset: a release is whole or not at all."""

    @dbt_assets(manifest=manifest, name="dbt_models")
    def dbt_models(context: AssetExecutionContext, installation: InstallationResource) -> Iterator[Any]:
        """Fix the as-of, ask git what the marts must know, and let dbt build and test the candidate."""
        opened = installation.open()
        target = opened.settings.home / "dbt" / context.run_id
        with opened.connect(f"build, run {context.run_id}") as connection:
            identity = build.identity(connection, opened.contracts)
            # A rebuild that was interrupted, say: a release must never show half of the archive.
            for contract in opened.contracts.values():
                for stream in contract.streams:
                    Extractor(connection, opened.archive, contract, context.run_id).land_waiting(stream)
            with build.building(connection, identity) as building:
                git_answers.fill(connection)
                variables = dbt.environment(opened.database_url, token=building.token)
                with dbt.in_environment(variables):
                    yield from _run_dbt(context, manifest, target)
                outcome = dbt.results(target, manifest)
                build.finish(connection, building, outcome, dbt.marts(manifest))
                failed = [one.name for one in outcome if one.is_blocking and not one.has_passed]
                if failed:
                    raise Failure(f"The candidate is not fit to publish: {', '.join(failed[:5])}.")
                dbt.generate_docs(opened.database_url, opened.settings.home / "docs")
        shutil.rmtree(target, ignore_errors=True)

    return dbt_models


def _run_dbt(context: AssetExecutionContext, manifest: dict[str, Any], target: Path) -> Iterator[Any]:
    resource = DbtCliResource(
        project_dir=str(DBT_PROJECT), profiles_dir=str(DBT_PROJECT), dbt_executable=dbt.EXECUTABLE
    )
    # Unit tests prove the models' code: they run in `make test`, not on each build.
    arguments = ["build", "--exclude-resource-type", "unit_test"]
    nodes = sum(node["resource_type"] in {"model", "test"} for node in manifest["nodes"].values())
    with progress.task("models and tests", nodes) as step:
        invocation = resource.cli(arguments, context=context, target_path=target, raise_on_error=False)
        # dagster-dbt repeats dbt's log on our standard output, which is the summary's; dbt.log has it too.
        with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
            for event in invocation.stream():
                step(1, "")
                yield event


def release_asset(models: AssetsDefinition, manifest: dict[str, Any]) -> AssetsDefinition:
    """The asset ``warehouse/release``: publishing, which verifies its own preconditions."""
    names = set(dbt.marts(manifest))
    marts = [key for key in models.keys if key.path[-1] in names]

    @asset(
        key=RELEASE,
        deps=marts,
        group_name="warehouse",
        owners=_OWNERS,
        kinds={"postgres"},
        description="The set of marts on show: schema `release_<n>`, shown through the views of `warehouse`.",
        tags={"layer": "release"},
    )
    def release(
        context: AssetExecutionContext, installation: InstallationResource
    ) -> MaterializeResult[None]:
        """Publish the candidate in one transaction, if it is whole and every blocking check passed."""
        opened = installation.open()
        with opened.connect(f"publish, run {context.run_id}") as connection:
            published = publish.publish_candidate(connection, opened.bucket)
            dropped, held = retention.drop_old_releases(connection)
        rows = {mart: one["rows"] for mart, one in published.record["marts"].items()}
        return MaterializeResult(
            metadata={
                "release": published.number,
                "as_of_load": published.record["as_of"],
                "dagster/row_count": sum(rows.values()),
                "rows": MetadataValue.json(rows),
                "sha256": MetadataValue.json(published.record["marts"]),
                "dropped_releases": dropped,
                "held_releases": held,
            }
        )

    return release
