"""Our specs of dbt's models and tests are those that dagster-dbt would make of the whole project."""

from typing import Any

from dagster import AssetSpec
from dagster_dbt import dbt_assets

from observes_assets.warehouse import dbt, dbt_specs
from observes_assets.warehouse.assets import marts_assets


def _told(spec: AssetSpec) -> dict[str, Any]:
    """What a spec says; its metadata holds objects that equal nothing but themselves."""
    fields = spec._asdict()
    return {**fields, "metadata": sorted(fields["metadata"]), "skippable": None}


def test_specs_are_those_of_dagster_dbt() -> None:
    manifest = dbt.read_manifest()

    @dbt_assets(manifest=manifest, dagster_dbt_translator=dbt_specs.Names())
    def theirs():  # type: ignore[no-untyped-def]
        yield from ()

    specs, checks = dbt_specs.all_specs(manifest)
    assert {spec.key: _told(spec) for spec in specs} == {spec.key: _told(spec) for spec in theirs.specs}
    assert {check.key: check for check in checks} == {check.key: check for check in theirs.check_specs}
    assert len(specs) > 10 < len(checks)


def test_a_part_of_a_release_can_not_be_selected() -> None:
    assert not marts_assets(dbt.read_manifest()).can_subset
