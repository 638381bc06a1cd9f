"""dbt's models and tests as Dagster's asset and check specs."""

from collections.abc import Mapping
from typing import Any

from dagster import AssetCheckSpec, AssetKey, AssetSpec

from observes_assets.warehouse import publish
from observes_assets.warehouse.dagster_dbt_alone import DagsterDbtTranslator, DagsterDbtTranslatorSettings

LANDING = "landing"


class Names(DagsterDbtTranslator):
    """Keys of models: ``staging/…`` (seeds too), ``intermediate/…``, and marts as readers know them,
    ``warehouse/…``.

    A stream's two tables, documents and versions, are two sources for dbt and one asset for people.
    """

    def __init__(self) -> None:
        super().__init__(settings=DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True))

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> AssetKey:
        """Key of a model or source."""
        name = dbt_resource_props["name"]
        if dbt_resource_props["resource_type"] == "model":
            layer = dbt_resource_props["fqn"][1]
            return AssetKey([publish.WAREHOUSE if layer == "marts" else layer, name])
        if dbt_resource_props["resource_type"] == "seed":
            return AssetKey(["staging", name])
        if dbt_resource_props["source_name"] == LANDING and "__" in name:
            return AssetKey(name.split("__"))
        return super().get_asset_key(dbt_resource_props)


def all_specs(manifest: Mapping[str, Any]) -> tuple[list[AssetSpec], list[AssetCheckSpec]]:
    """Every model and seed that is a relation, and every test of one.

    As ``dbt_assets`` makes them, but without its selection: that takes 0.2 s of imports of dbt at each start,
    and a part of a release can't be selected anyway.
    """
    names, nodes = Names(), manifest["nodes"]
    specs, checks = [], {}
    for unique_id, node in nodes.items():
        if node["resource_type"] not in {"model", "seed"} or node["config"]["materialized"] == "ephemeral":
            continue
        spec = names.get_asset_spec(manifest, unique_id, None)
        specs.append(spec)
        for test_id, test in nodes.items():
            if test["resource_type"] == "test" and unique_id in test["depends_on"]["nodes"]:
                check = names.get_asset_check_spec(spec, manifest, test_id, None)
                if check:
                    checks[check.get_python_identifier()] = check
    return specs, list(checks.values())
