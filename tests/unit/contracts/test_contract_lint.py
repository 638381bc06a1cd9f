"""What a contract lacks is said: where, what, and what to do. Each promise is broken on purpose."""

from collections.abc import Callable
from importlib import resources
from typing import Any

import pytest

from observes_assets.contracts.lint import lint
from observes_assets.installation import SOURCES
from tests.unit.contracts.shop import (
    customs_of,
    fields_of,
    levels_of,
    shop,
    text,
)

Change = Callable[[dict[str, Any]], Any]


@pytest.mark.parametrize("source", SOURCES)
def test_contracts_that_are_checked_in_are_complete(source: str) -> None:
    folder = resources.files("observes_assets.sources").joinpath(source)
    assert not lint(source, folder.joinpath("contract.yaml").read_bytes())


def test_a_complete_contract_has_no_findings() -> None:
    assert not lint("shop", text(shop()))


def lacks(*steps: str) -> Change:
    """Take something out of the document."""

    def change(document: dict[str, Any]) -> None:
        found = document
        for step in steps[:-1]:
            found = found[step]
        del found[steps[-1]]

    return change


def without(of: Callable[[dict[str, Any]], dict[str, Any]], name: str, *where: str) -> Change:
    """Take one entry out of a list of named ones."""

    def change(document: dict[str, Any]) -> None:
        entry = of(document)[name]
        holder = document["schema"][0] if where else document
        for found in [*holder.values(), *document.values()]:
            if isinstance(found, list) and entry in found:
                found.remove(entry)

    return change


def puts(of: Callable[[dict[str, Any]], dict[str, Any]], name: str, **changes: Any) -> Change:
    """Change one entry of a list of named ones."""
    return lambda document: of(document)[name].update(changes)


def source_customs(document: dict[str, Any]) -> dict[str, Any]:
    return {one["property"]: one for one in document["customProperties"]}


def consumer(**changes: Any) -> Change:
    return lambda document: source_customs(document)["consumers"]["value"][0].update(changes)


def adds(where: Callable[[dict[str, Any]], list[Any]], entry: Any) -> Change:
    return lambda document: where(document).append(entry)


WHOLE: list[tuple[Change, str]] = [
    (lacks("name"), "no name"),
    (lacks("status"), "no status"),
    (lacks("domain"), "no domain"),
    (lambda one: one.update(domain="Human Resources"), "domain is no tag"),
    (lambda one: one.update(version="1"), "version is no x.y.z"),
    (lacks("description", "purpose"), "no purpose in its description"),
    (lacks("description", "usage"), "no usage in its description"),
    (lacks("description", "limitations"), "no limitations in its description"),
    (lambda one: one["team"]["members"].pop(0), "nobody in its team has the role owner"),
    (lambda one: one["team"]["members"].pop(1), "nobody in its team has the role on-call"),
    (lacks("support"), "no support channel with a description"),
    (lacks("servers"), "no server"),
    (without(source_customs, "rateLimit"), "rateLimit is not stated among its customProperties"),
    (without(source_customs, "consumers"), "consumers is not stated among its customProperties"),
    (consumer(streams=[], readsPersonal=[]), "consumer revenue: reads no stream"),
    (consumer(streams=["orders", "returns"]), "consumer revenue: reads the unknown stream returns"),
    (consumer(readsPersonal=["orders.amount"]), "consumer revenue: orders.amount is no personal field"),
    (
        adds(lambda one: one["customProperties"], {"property": "rateLimits", "value": 1}),
        "unknown custom property rateLimits",
    ),
    (
        adds(lambda one: one["slaProperties"], {"property": "latencies", "value": 1, "element": "orders"}),
        "unknown slaProperty latencies",
    ),
    (
        adds(lambda one: one["slaProperties"], {"property": "latency", "value": 1, "element": "returns"}),
        "slaProperty latency is about the unknown stream returns",
    ),
    (puts(source_customs, "rateLimit", value=5), "contract of shop: rateLimit: Expected"),
]
STREAM: list[tuple[Change, str]] = [
    (lambda one: one["schema"][0].pop("description"), "no description"),
    *(
        (without(customs_of, name, "stream"), f"{name} is not stated among its customProperties")
        for name in (
            "maximumQuarantinedCount",
            "maximumVanishedShare",
            "volumeBand",
            "recencyField",
            "isCounted",
            "scopeBy",
        )
    ),
    *(
        (without(levels_of, name), f"no {name} among the slaProperties")
        for name in ("latency", "availability", "retention", "escalation")
    ),
    (
        adds(lambda one: one["schema"][0]["customProperties"], {"property": "volumeband", "value": 1}),
        "unknown custom property volumeband",
    ),
    (puts(customs_of, "recencyField", value="paid_at"), "recencyField names the unknown field paid_at"),
    (puts(customs_of, "recencyField", value="amount"), "recencyField amount is a number"),
    (puts(levels_of, "frequency", value="hourly"), "frequency is no cron line"),
    (puts(levels_of, "frequency", value="* * * * * *"), "frequency is no cron line"),
    (puts(levels_of, "freshness", value=3), "it would be broken before it is late"),
    (puts(levels_of, "availability", value=950), "availability is no share"),
    (
        lambda one: one["schema"][0].update(quality=[{"type": "text", "description": "Good."}]),
        "quality are promised, and nobody checks them",
    ),
]
FIELDS: list[tuple[str, Change, str]] = [
    ("amount", lambda one: fields_of(one)["amount"].pop("description"), "no description"),
    ("amount", lambda one: fields_of(one)["amount"].pop("classification"), "no classification"),
    ("amount", lambda one: fields_of(one)["amount"].pop("examples"), "no examples"),
    (
        "amount",
        puts(fields_of, "amount", classification="internal"),
        "unknown classification internal",
    ),
    (
        "amount",
        puts(fields_of, "amount", examples=["much"]),
        "example 1 breaks its own promise: Expected `float`",
    ),
    (
        "amount",
        puts(fields_of, "amount", logicalTypeOptions={"minimum": 2}),
        "example 1 breaks its own promise: Expected `float` >= 2.0",
    ),
    (
        "amount",
        puts(fields_of, "amount", logicalTypeOptions={"format": "f32"}),
        "option format of a number is promised, and nobody checks it",
    ),
    (
        "amount",
        puts(fields_of, "amount", customProperties=[{"property": "persona", "value": "author"}]),
        "unknown custom property persona",
    ),
    ("region", puts(fields_of, "region", logicalTypeOptions={"pattern": "("}), "its type can't be made"),
    ("amount", puts(fields_of, "amount", unique=True), "unique is promised, and nobody checks it"),
    ("order_id", puts(fields_of, "order_id", classification="personal"), "a personal key"),
    ("token", puts(fields_of, "token", examples=["abc"]), "examples of a secret"),
    ("token", puts(fields_of, "token", required=True), "a required secret"),
    ("email", puts(fields_of, "email", logicalTypeOptions={"pattern": "@"}), "personal, with pattern"),
    (
        "order_id",
        puts(fields_of, "order_id", logicalTypeOptions={"format": "isbn"}),
        "unknown format isbn",
    ),
    (
        "order_id",
        puts(fields_of, "order_id", logicalTypeOptions={"format": "uuid", "pattern": "1"}),
        "both format and pattern",
    ),
    (
        "tags",
        lambda one: fields_of(one)["tags"]["items"].update(examples=[7]),
        "example 1 breaks its own promise: Expected `str`, got `int`",
    ),
    ("tags", lambda one: fields_of(one)["tags"]["items"].pop("examples"), "no examples"),
    (
        "lines[].sku",
        lambda one: fields_of(one)["lines"]["items"]["properties"][0].pop("description"),
        "no description",
    ),
]


@pytest.mark.parametrize(("change", "problem"), WHOLE, ids=[one for _, one in WHOLE])
def test_findings_about_the_source(change: Change, problem: str) -> None:
    assert problem in found_at("shop", change)


@pytest.mark.parametrize(("change", "problem"), STREAM, ids=[one for _, one in STREAM])
def test_findings_about_a_stream(change: Change, problem: str) -> None:
    assert problem in found_at("shop/orders", change)


@pytest.mark.parametrize(("path", "change", "problem"), FIELDS, ids=[f"{one[0]} {one[2]}" for one in FIELDS])
def test_findings_about_a_field(path: str, change: Change, problem: str) -> None:
    assert problem in found_at(f"shop/orders.{path}", change)


def found_at(place: str, change: Change) -> str:
    """What is said of a place once the change is made: one thing, and all that is said has a remedy."""
    document = shop()
    change(document)
    found = lint("shop", text(document))
    assert all(one.remedy for one in found)
    said = [one.problem for one in found if one.place == place]
    assert len(said) == 1, found
    return said[0]


def test_what_lies_in_a_personal_field_can_t_be_public() -> None:
    document = shop()
    lines = fields_of(document)["lines"]
    lines["classification"] = "personal"
    lines["items"]["properties"][0] |= {"classification": "public", "logicalTypeOptions": {}}
    (found,) = lint("shop", text(document))
    assert (found.place, found.problem) == (
        "shop/orders.lines[].sku",
        "public, and lies in a field that is more",
    )


def test_a_misspelt_word_of_the_standard_is_found_with_its_place() -> None:
    document = shop()
    fields_of(document)["amount"]["clasification"] = "public"
    (found,) = lint("shop", text(document))
    assert (found.stream, found.field) == ("orders", "amount")
    assert "clasification" in found.problem


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        (b"a: b: c", "not YAML in line 1"),
        (b"- a", "not a YAML mapping"),
        (b"name: Shop", '"version" is a required property'),
    ],
)
def test_what_is_no_contract_at_all(document: bytes, problem: str) -> None:
    assert problem in [one.problem for one in lint("shop", document)]


def test_a_contract_without_streams() -> None:
    document = shop()
    del document["schema"]
    assert "no stream" in [one.problem for one in lint("shop", text(document))]


def test_a_key_that_may_be_null_is_refused_like_at_a_landing() -> None:
    document = shop()
    fields_of(document)["order_id"]["required"] = False
    (found,) = lint("shop", text(document))
    assert found.problem == "contract of shop, stream orders: key field order_id must be required."
