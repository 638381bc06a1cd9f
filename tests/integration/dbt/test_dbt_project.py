"""The project's own rules, read from the manifest that dbt makes without a server and without settings."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.integration.dbt.dbt_runs import dbt

NAMES = {
    "staging": r"stg_[a-z]+__[a-z]+(_[a-z]+)*",
    "intermediate": r"int_[a-z]+(_[a-z]+)*_[a-z]+ed",
    "marts": r"[a-z]+(_[a-z]+)*",
}
# time, chance, inexact numbers, and whatever the session's time zone decides
FORBIDDEN = re.compile(
    r"\b(now|random|current_date|current_timestamp|localtimestamp|clock_timestamp|float\d?|real|double)\b|env_var|var\("
)
SOURCE_GROUPS = {"git", "github", "portfolio", "delivery", "observes", "landing", "timedoctor", "zoho"}
GROUPS = SOURCE_GROUPS | {"billing", "engineering", "hours", "reliability", "sales"}
MOST_TESTS = 106  # each costs Dagster 55 to 110 ms a run


@pytest.fixture(scope="module")
def manifest(target: Path) -> dict[str, Any]:
    parsed = dbt("parse", url=None, target=target)
    assert parsed.returncode == 0, parsed.stdout
    return dict(json.loads((target / "manifest.json").read_text()))


@pytest.fixture(scope="module")
def models(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]


def test_names_follow_the_grammar(models: list[dict[str, Any]]) -> None:
    for model in models:
        layer = model["fqn"][1]
        assert re.fullmatch(NAMES[layer], model["name"]), model["name"]
        assert model["schema"] == {"staging": "staging"}.get(layer, "candidate")
        assert model["config"]["materialized"] == {"staging": "view"}.get(layer, "table")


def test_every_model_is_described_typed_owned_and_fenced(models: list[dict[str, Any]]) -> None:
    for model in models:
        name = model["name"]
        assert "ne row" in model["description"], f"{name} does not state its grain"
        assert model["config"]["contract"]["enforced"], name
        assert all(column["description"] and column["data_type"] for column in model["columns"].values()), (
            name
        )
        assert model["meta"]["dagster"]["owners"] == ["team:data-platform"], name
        assert model["meta"]["dagster"]["group"] in GROUPS
        assert [hook["sql"] for hook in model["config"]["pre-hook"]] == [
            "select landing.hold_build('{{ invocation_id }}')"
        ], name


def test_every_staging_and_mart_model_has_a_key_test(manifest: dict[str, Any]) -> None:
    tests = [node for node in manifest["nodes"].values() if node["resource_type"] == "test"]
    keyed = {
        test["attached_node"]
        for test in tests
        if test.get("test_metadata", {}).get("name") == "unique_combination"
    }
    due = {
        name
        for name, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and node["fqn"][1] in {"staging", "marts"}
    }
    assert due <= keyed
    assert len(tests) <= MOST_TESTS


def test_every_test_is_told_to_dagster(manifest: dict[str, Any]) -> None:
    """A test of the project's own folder that reads two models is a check only if it says on which asset."""
    for test in manifest["nodes"].values():
        if test["resource_type"] == "test" and not test.get("test_metadata"):
            assert test["description"], test["name"]
            assert test["config"]["meta"]["dagster"]["ref"]["name"], test["name"]


def test_only_staging_reads_sources(models: list[dict[str, Any]]) -> None:
    for model in models:
        reads_a_source = any(name.startswith("source.") for name in model["depends_on"]["nodes"])
        assert reads_a_source == (model["fqn"][1] == "staging"), model["name"]


def test_plaintext_reaches_only_what_the_bill_needs(models: list[dict[str, Any]]) -> None:
    personal = {"author_name", "author_email", "canonical_name", "canonical_email"}
    holders = {model["name"] for model in models if personal & set(model["columns"])}
    assert holders == {"stg_landing__identities", "billed_commits", "billable_authors"}


def test_sql_depends_on_no_clock_chance_or_setting(models: list[dict[str, Any]]) -> None:
    for model in models:
        sql = re.sub(r"--.*", "", model["raw_code"])
        assert not FORBIDDEN.search(sql), f"{model['name']}: {FORBIDDEN.search(sql)}"
        for cast in re.finditer(r"(\S+)::date\b", sql):
            assert cast[1].endswith(")"), (
                f"{model['name']}: a cast to date that follows the session: {cast[0]}"
            )


def test_a_second_parse_reads_no_file_again(manifest: dict[str, Any], target: Path) -> None:
    again = dbt("parse", url=None, target=target)
    assert "Unable to do partial parsing" not in again.stdout
    measured = json.loads((target / "perf_info.json").read_text())
    assert sum(project["parsed_path_count"] for project in measured["projects"]) == 0


def test_the_bill_is_an_exposure(manifest: dict[str, Any]) -> None:
    (bill,) = manifest["exposures"].values()
    assert bill["owner"]["name"] == "data-platform"
    assert {name.rpartition(".")[2] for name in bill["depends_on"]["nodes"]} == {
        "billable_authors",
        "billed_commits",
        "group_terms",
        "billing_settings",
        "repositories",
    }
