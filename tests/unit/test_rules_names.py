"""Rules that a test holds, not a reviewer: every name parses by the patterns that docs/naming.md states."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer

from observes_assets import contracts
from observes_assets.cli.app import app
from observes_assets.installation import SOURCES

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| (?P<what>[^|]+?) \| `(?P<pattern>(?:[^|`]|\\\|)+)` \|", re.MULTILINE)
PATTERNS = {
    found["what"]: re.compile(found["pattern"].replace(r"\|", "|"))
    for found in ROW.finditer((ROOT / "docs" / "naming.md").read_text())
}


def held(what: str, names: set[str]) -> None:
    """Hold names against the pattern of the page's row."""
    assert names, f"there is no {what} to hold against its pattern"
    wrong = {name for name in names if not PATTERNS[what].fullmatch(name)}
    assert not wrong, f"{what}: {sorted(wrong)} don't match {PATTERNS[what].pattern}"


def of_layer(manifest: dict[str, Any], layer: str) -> set[str]:
    """Names of a layer's models."""
    models = (one for one in manifest["nodes"].values() if one["resource_type"] == "model")
    return {one["name"] for one in models if one["fqn"][1] == layer}


def test_sources_and_streams() -> None:
    held("source", set(SOURCES))
    held("stream", {stream for source in SOURCES for stream in contracts.load(source).streams})


@pytest.mark.parametrize(
    ("what", "layer"),
    [("staging model", "staging"), ("intermediate model", "intermediate"), ("mart", "marts")],
)
def test_models(manifest: dict[str, Any], what: str, layer: str) -> None:
    held(what, of_layer(manifest, layer))


def test_staging_models_stand_for_one_table_of_their_source(manifest: dict[str, Any]) -> None:
    tables = {f"{one['source_name']}__{one['name']}" for one in manifest["sources"].values()}
    assert {name.removeprefix("stg_") for name in of_layer(manifest, "staging")} <= tables


def test_checks(graph: Any, manifest: dict[str, Any]) -> None:
    held("check", {key.name for key in graph.asset_check_keys})


def test_asset_keys_are_sources_or_schemas(graph: Any) -> None:
    keys = {asset.key.to_user_string() for asset in graph.asset_nodes}
    held("asset key", keys)
    first = {key.partition("/")[0] for key in keys}
    assert first <= {*SOURCES, "staging", "intermediate", "warehouse", "landing", "billing"}


def test_columns_say_what_they_are_by_their_endings(manifest: dict[str, Any]) -> None:
    columns: dict[str, set[str]] = {}
    for model in manifest["nodes"].values():
        if model["resource_type"] == "model":
            for column in model["columns"].values():
                columns.setdefault(column["data_type"], set()).add(column["name"])
    for kind, names in columns.items():
        held(kind, names)


def test_commands_and_options() -> None:
    command = typer.main.get_command(app)
    held("command", set(command.commands))  # type: ignore[attr-defined]


def test_modules() -> None:
    package = ROOT / "observes_assets"
    held("module", {path.stem for path in package.rglob("*.py") if path.stem != "__init__"})
    held("module", {path.parent.name for path in package.rglob("__init__.py")})
