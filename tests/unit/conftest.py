"""What the rules are held against: the graph, and dbt's manifest, which is parsed once for all processes."""

from typing import Any

import pytest
from dagster import Definitions

from observes_assets.warehouse import dbt


@pytest.fixture(scope="session")
def manifest() -> dict[str, Any]:
    dbt.ensure_manifest()
    return dbt.read_manifest()


@pytest.fixture(scope="session")
def graph(manifest: dict[str, Any]) -> Any:
    from observes_assets.definitions import defs  # noqa: PLC0415 - reads the manifest

    assert isinstance(defs, Definitions)
    return defs.resolve_asset_graph()
