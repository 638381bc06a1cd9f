"""Rules that a test holds, not a reviewer: what repeats a contract says the same."""

from typing import Any

import pytest

from observes_assets import contracts
from observes_assets.contracts import Contract
from observes_assets.installation import SOURCES


@pytest.mark.parametrize("source", SOURCES)
def test_raw_assets_say_what_their_contract_says(graph: Any, source: str) -> None:
    contract = contracts.load(source)
    for name, stream in contract.streams.items():
        (asset,) = (one for one in graph.asset_nodes if one.key.path == [source, name])
        assert set(asset.owners) == set(contract.owners)
        assert len(asset.owners) == 2, "owner and on-call"
        assert asset.description == stream.description
        assert asset.tags["domain"] == contract.domain
        assert asset.tags["classification"] == ("personal" if stream.personal_fields else "public")
        policy = asset.freshness_policy
        assert (policy.warn_window.to_timedelta(), policy.fail_window.to_timedelta()) == stream.freshness
        assert asset.metadata["cadence"] == stream.cron


@pytest.mark.parametrize("source", SOURCES)
def test_consumers_are_the_marts_that_read_the_source(manifest: dict[str, Any], source: str) -> None:
    contract = contracts.load(source)
    stated = {one.name: set(one.streams) for one in contract.consumers}
    names = {mart: manifest["nodes"][mart]["name"] for mart in marts(manifest)}
    found = {name: streams_behind(manifest, mart, contract) for mart, name in names.items()}
    found = {name: streams for name, streams in found.items() if streams}
    wrong = [
        f"{{name: {name}, streams: [{', '.join(sorted(streams))}], purpose: …}}"
        for name, streams in sorted(found.items())
        if stated.get(name) != streams
    ]
    assert not wrong, f"{source}/contract.yaml, consumers should say:\n" + "\n".join(wrong)
    behind = {name: streams_behind(manifest, mart, contract, stop=set()) for mart, name in names.items()}
    idle = {name for name, streams in behind.items() if name in stated and not streams}
    assert not idle, f"{source}/contract.yaml: {sorted(idle)} read nothing of it"


def test_marts_with_personal_columns_are_allowed_to_have_them(manifest: dict[str, Any]) -> None:
    allowed = {
        one.name for source in SOURCES for one in contracts.load(source).consumers if one.reads_personal
    }
    personal = {
        manifest["nodes"][mart]["name"]
        for mart in marts(manifest)
        for column in manifest["nodes"][mart]["columns"].values()
        if column["config"]["meta"].get("classification") == "personal"
    }
    assert personal
    assert personal <= allowed


def marts(manifest: dict[str, Any]) -> list[str]:
    nodes = manifest["nodes"].items()
    return [name for name, node in nodes if node["resource_type"] == "model" and node["fqn"][1] == "marts"]


def streams_behind(
    manifest: dict[str, Any], mart: str, contract: Contract, stop: set[str] | None = None
) -> set[str]:
    """Streams of the source that a mart reads; without ``stop``, not those it reads through another mart."""
    found, waiting, seen = set(), [mart], (set(marts(manifest)) if stop is None else stop) - {mart}
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        if one.startswith("source."):
            table = manifest["sources"][one]
            if table["source_name"] == contract.source:
                found.add(table["name"])
        waiting += manifest["parent_map"].get(one, [])
    return found
