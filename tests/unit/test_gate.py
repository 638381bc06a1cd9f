"""What the gate asks of a candidate, and what can't be launched apart."""

from typing import Any

from dagster import AssetsDefinition

from observes_assets import contracts
from observes_assets.warehouse import gate
from observes_assets.warehouse.assets import RELEASE, marts_assets, release_asset

DAY = 24 * 3600.0


def only_warns(node: Any) -> bool:
    return str(node["config"]["severity"]).upper() == "WARN"


def test_the_requirements_are_every_model_every_blocking_test_and_every_stream(manifest: Any) -> None:
    sources = {name: contracts.load(name) for name in ("git", "portfolio")}
    found = gate.requirements(manifest, sources)
    nodes = manifest["nodes"].values()
    assert set(found.marts) < set(found.tables)
    assert set(found.checks) == {
        *(node["name"] for node in nodes if node["resource_type"] == "model"),
        *(node["name"] for node in nodes if node["resource_type"] == "test" and not only_warns(node)),
        "structure of git/commits",
        "structure of git/observations",
        "structure of portfolio/portfolio",
        "marts disclose nothing",
    }
    assert found.lost_shares.keys() == set(found.marts)
    assert all(0 < share < 1 for share in found.lost_shares.values())
    assert found.fail_after_seconds["git/commits"] > DAY


def test_the_models_and_their_checks_are_one_piece(manifest: Any) -> None:
    """A part of the models can't be selected: a release is whole or not at all."""
    models = marts_assets(manifest)
    assert isinstance(models, AssetsDefinition)
    assert not models.can_subset
    kinds = {"model", "seed"}
    built = {node["name"] for node in manifest["nodes"].values() if node["resource_type"] in kinds}
    assert {key.path[-1] for key in models.keys} == built
    tests = {node["name"] for node in manifest["nodes"].values() if node["resource_type"] == "test"}
    assert {key.name for key in models.check_keys} == tests


def test_a_refused_release_stops_what_follows_it(manifest: Any) -> None:
    release = release_asset(marts_assets(manifest), manifest)
    (check,) = release.check_specs
    assert (check.asset_key, check.blocking) == (RELEASE, True)
