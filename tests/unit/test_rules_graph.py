"""Rules that a test holds, not a reviewer: the graph."""

import re
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from observes_assets import contracts
from observes_assets.installation import SOURCES
from observes_assets.oath.specs import ACCEPTED, STRUCTURE

ROOT = Path(__file__).parents[2]
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()

# Dagster itself starts a program while it is imported; we start none.
LOAD_IN_A_CLOSED_ROOM = """
import sys
import dagster, dagster_postgres

def refuse(event, arguments):
    if event in {"socket.connect", "subprocess.Popen", "os.posix_spawn"}:
        raise AssertionError(f"loading the graph does {event} {arguments!r}")

sys.addaudithook(refuse)
from observes_assets.definitions import defs
print(len(defs.resolve_asset_graph().get_all_asset_keys()))
assert "dbt" not in sys.modules, "dbt is imported into this process, which takes a second"
"""


def test_the_graph_loads_with_an_empty_environment_and_nothing_to_talk_to(manifest: Any) -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", LOAD_IN_A_CLOSED_ROOM],
        cwd=ROOT,
        env={},
        capture_output=True,
        text=True,
        timeout=240,  # seconds; six on an idle machine, nearly all of them Dagster's own imports
        check=False,
    )
    assert loaded.returncode == 0, loaded.stderr
    assert int(loaded.stdout) > 10


def test_every_asset_has_an_owner_a_group_a_kind_and_a_description(graph: Any) -> None:
    for asset in graph.asset_nodes:
        name = asset.key.to_user_string()
        assert asset.owners, f"{name} has no owner"
        assert asset.group_name not in {None, "default"}, f"{name} has no group"
        assert asset.kinds, f"{name} has no kind"
        assert len(asset.description or "") > 20, f"{name} has no description"


@pytest.mark.parametrize("source", SOURCES)
def test_every_raw_asset_is_held_fresh_and_checked(graph: Any, source: str) -> None:
    for stream in contracts.load(source).streams:
        (asset,) = (one for one in graph.asset_nodes if one.key.path == [source, stream])
        assert asset.freshness_policy is not None
        checks = {key.name: graph.get(key) for key in graph.asset_check_keys if key.asset_key == asset.key}
        assert checks[STRUCTURE].blocking
        assert ACCEPTED in checks


def test_every_check_has_a_runbook_entry_and_every_entry_a_check(graph: Any, manifest: Any) -> None:
    entries = set(re.findall(r"^### `(\S+)`", RUNBOOK, re.MULTILINE))
    tests = {node["name"] for node in manifest["nodes"].values() if node["resource_type"] == "test"}
    checks = {key.name for key in graph.asset_check_keys}
    assert tests <= checks, f"not visible as checks: {sorted(tests - checks)}"
    lacking = {name for name in checks if not any(fnmatchcase(name, entry) for entry in entries)}
    assert not lacking, f"docs/runbook.md lacks {sorted(lacking)}"
    idle = {entry for entry in entries if not any(fnmatchcase(name, entry) for name in checks)}
    assert not idle, f"docs/runbook.md tells of checks that do not exist: {sorted(idle)}"


def test_links_into_the_runbook_lead_somewhere() -> None:
    headings = re.findall(r"^#+ (.+)$", RUNBOOK, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}
    links = {
        found
        for path in (ROOT / "observes_assets").rglob("*.py")
        for found in re.findall(r"docs/runbook\.md#([\w-]+)", path.read_text())
    }
    assert links
    assert links <= anchors
