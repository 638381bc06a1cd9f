"""Rules that a test holds, not a reviewer: who may read people in plain text, and what never comes in."""

import re
from pathlib import Path
from typing import Any

import pytest

from observes_assets import contracts
from observes_assets.installation import SOURCES
from observes_assets.oath.disclosure import allowed_columns

ROOT = Path(__file__).parents[2]
PLAIN_STAGING = {"stg_landing__identities"}
"""The one staging model with plain text: git's answers, for the bill."""
PAGE = ROOT / "docs" / "personal-data.md"


def models(manifest: dict[str, Any], layer: str) -> list[dict[str, Any]]:
    nodes = manifest["nodes"].values()
    return [one for one in nodes if one["resource_type"] == "model" and one["fqn"][1] == layer]


def personal(model: dict[str, Any]) -> set[str]:
    return {
        name
        for name, column in model["columns"].items()
        if column["config"]["meta"].get("classification") == "personal"
    }


def readers() -> set[str]:
    """Consumers that a contract lets read people in plain text."""
    consumers = [one for source in SOURCES for one in contracts.load(source).consumers]
    return {one.name for one in consumers if one.reads_personal}


def test_only_marts_that_a_contract_names_show_people(manifest: dict[str, Any]) -> None:
    showing = {model["name"] for model in models(manifest, "marts") if personal(model)}
    assert showing
    assert showing <= readers(), "no contract lets them: name them under consumers, with readsPersonal"
    marts = {model["name"] for model in models(manifest, "marts")}
    assert readers() & marts <= showing, "a contract lets them read what they don't show: take it out"
    assert {mart for mart, _ in allowed_columns(manifest, load_all())} == showing


def load_all() -> dict[str, contracts.Contract]:
    return {source: contracts.load(source) for source in SOURCES}


def test_no_layer_below_the_marts_shows_people_but_for_the_bill(manifest: dict[str, Any]) -> None:
    below = [*models(manifest, "staging"), *models(manifest, "intermediate")]
    assert {model["name"] for model in below if personal(model)} == PLAIN_STAGING


def test_whoever_reads_plain_text_is_a_mart_that_may_show_it(manifest: dict[str, Any]) -> None:
    """Or takes nothing from it but pseudonyms: such a model's own columns are all known."""
    for model in [*models(manifest, "intermediate"), *models(manifest, "marts")]:
        above = {name.rpartition(".")[2] for name in model["depends_on"]["nodes"]}
        if above & PLAIN_STAGING and not personal(model):
            words = {"author_name", "author_email", "canonical_name", "canonical_email"}
            used = set(re.findall(r"\w+", model["raw_code"]))
            assert not words & used, f"{model['name']} uses {words & used}"


@pytest.mark.parametrize("source", SOURCES)
def test_staging_gives_personal_fields_as_pseudonyms_only(manifest: dict[str, Any], source: str) -> None:
    """A personal field's name stands in staging only where it is read, and inside a macro that hashes it."""
    hashed = re.compile(r"\{\{\s*(person_id|pseudonym_of_person|without_people)\(.*?\)\s*\}\}", re.DOTALL)
    for stream in contracts.load(source).streams.values():
        model = next(
            (one for one in models(manifest, "staging") if one["name"] == f"stg_{source}__{stream.name}"),
            None,
        )
        if model is None:
            continue
        shown = {field.steps[0] for field in stream.personal_fields if len(field.steps) == 1}
        assert not shown & model["columns"].keys(), f"{model['name']} shows {shown & model['columns'].keys()}"
        staged = hashed.sub("", model["raw_code"]).rpartition("\nstaged as (")[2]
        for name in shown:
            found = re.search(rf"(?<![\w.'\"]){name}(?!\w)(?! (text|jsonb|bigint))", staged)
            assert not found, f"{model['name']} takes {name} as it is"


@pytest.mark.parametrize("source", SOURCES)
def test_secrets_are_never_required_and_keys_never_personal(source: str) -> None:
    for stream in contracts.load(source).streams.values():
        assert not [field.path for field in stream.secret_fields if field.schema.required]
        guarded = {field.steps[0] for field in (*stream.secret_fields, *stream.personal_fields)}
        assert not guarded & set(stream.key)


def test_the_page_tells_of_every_role_and_everything_exempt() -> None:
    from observes_assets.erasure.carrying_out import EXEMPT  # noqa: PLC0415 - only here
    from observes_assets.postgres.roles import ROLES  # noqa: PLC0415

    text = " ".join(PAGE.read_text().split())
    for word in (*ROLES, *EXEMPT):
        assert word in text, word
