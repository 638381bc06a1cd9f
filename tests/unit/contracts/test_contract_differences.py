"""What changed between two contracts, and whether it lets anybody down; seen backwards it is the opposite."""

from collections.abc import Callable
from typing import Any

import pytest

from observes_assets.contracts.differences import compare
from tests.unit.contracts.shop import customs_of, field, fields_of, levels_of, parsed, shop

Change = Callable[[dict[str, Any]], Any]


def test_equal_contracts_do_not_differ() -> None:
    assert compare(parsed(), parsed()) == []


def options(name: str, **found: Any) -> Change:
    return lambda one: fields_of(one)[name].update(logicalTypeOptions=found)


# Each weakens one promise: breaking in this direction, compatible in the other.
WEAKER: list[tuple[str, Change, str, str]] = [
    (
        "orders.amount",
        lambda one: one["schema"][0]["properties"].pop(2),
        "the field is gone",
        "a new field",
    ),
    (
        "orders.amount",
        lambda one: fields_of(one)["amount"].update(required=False),
        "may be absent or null now",
        "required now",
    ),
    (
        "orders.state",
        lambda one: fields_of(one)["state"]["enum"].append({"value": "lost"}),
        "the value lost may come now",
        "the value lost comes no more",
    ),
    (
        "orders.state",
        lambda one: fields_of(one)["state"].pop("enum"),
        "any value may come now",
        "only listed values may come now",
    ),
    (
        "orders.amount",
        options("amount", minimum=-1),
        "minimum is -1 now, 0 before",
        "minimum is 0 now, -1 before",
    ),
    ("orders.amount", options("amount"), "minimum is promised no more", "minimum is promised now"),
    (
        "orders.lines",
        options("lines", maxItems=10),
        "maxItems is 10 now, 9 before",
        "maxItems is 9 now, 10 before",
    ),
    (
        "orders.tags",
        lambda one: fields_of(one)["tags"]["items"].update(required=False),
        "its items: may be absent or null now",
        "its items: required now",
    ),
    (
        "orders",
        lambda one: levels_of(one)["freshness"].update(value=1.5),
        "freshness (warn)",
        "freshness (warn)",
    ),
    (
        "orders",
        lambda one: levels_of(one)["freshness"].update(valueExt=3),
        "freshness (fail)",
        "freshness (fail)",
    ),
    ("orders", lambda one: levels_of(one)["latency"].update(unit="h"), "latency", "latency"),
    ("orders", lambda one: levels_of(one)["availability"].update(value=90), "availability", "availability"),
    ("orders", lambda one: levels_of(one)["retention"].update(value=9), "retention", "retention"),
    ("orders", lambda one: levels_of(one)["escalation"].update(value=5), "escalation", "escalation"),
    *(
        (
            "orders",
            lambda one, name=name, value=value: customs_of(one)[name].update(value=value),  # type: ignore[misc]
            name,
            name,
        )
        for name, value in (
            ("maximumQuarantinedCount", 2),
            ("maximumQuarantinedShare", 0.3),
            ("maximumVanishedShare", 0.6),
            ("isCounted", False),
        )
    ),
    (
        "orders",
        lambda one: customs_of(one)["volumeBand"].update(value={"minimumShare": 0.5, "maximumShare": 3}),
        "volumeBand (maximum)",
        "volumeBand (maximum)",
    ),
    (
        "",
        lambda one: one["customProperties"][0].update(value={"requests": 99, "periodSeconds": 60}),
        "rate limit",
        "rate limit",
    ),
]


@pytest.mark.parametrize(("place", "change", "weaker", "stronger"), WEAKER)
def test_to_promise_less_is_breaking_and_to_promise_more_is_not(
    place: str, change: Change, weaker: str, stronger: str
) -> None:
    document = shop()
    change(document)
    (there,) = compare(parsed(), parsed(document))
    (back,) = compare(parsed(document), parsed())
    assert (there.is_breaking, there.place) == (True, place)
    assert (back.is_breaking, back.place) == (False, place)
    assert weaker in there.change
    assert stronger in back.change
    assert there.change != back.change


# Breaking whichever way one goes.
BREAKING: list[tuple[str, Change]] = [
    ("orders.email", lambda one: fields_of(one)["email"].update(classification="public")),
    (
        "orders.amount",
        lambda one: fields_of(one)["amount"].update(logicalType="string", logicalTypeOptions=None),
    ),
    ("orders.email", lambda one: fields_of(one)["email"].update(logicalTypeOptions={"format": "uri"})),
    (
        "orders.tags",
        lambda one: fields_of(one)["tags"].update(items={"logicalType": "integer", "required": True}),
    ),
    ("orders", lambda one: customs_of(one)["scopeBy"].update(value=[])),
]


@pytest.mark.parametrize(("place", "change"), BREAKING)
def test_what_breaks_both_ways(place: str, change: Change) -> None:
    document = shop()
    change(document)
    for old, new in ((parsed(), parsed(document)), (parsed(document), parsed())):
        (found,) = compare(old, new)
        assert (found.is_breaking, found.place) == (True, place)


def test_another_key_is_breaking_and_says_to_make_a_new_stream() -> None:
    document = shop()
    fields_of(document)["order_id"].pop("primaryKey")
    (found,) = compare(parsed(), parsed(document))
    assert (found.is_breaking, found.place) == (True, "orders")
    assert "make it a new stream" in found.change


def test_a_stream_that_goes_is_breaking_and_one_that_comes_is_not() -> None:
    document = shop()
    document["schema"].append(document["schema"][0] | {"name": "returns"})
    (gone,) = compare(parsed(document), parsed())
    (come,) = compare(parsed(), parsed(document))
    assert (gone.is_breaking, gone.place, gone.change) == (True, "returns", "the stream is gone")
    assert (come.is_breaking, come.place, come.change) == (False, "returns", "a new stream")


def test_another_eye_on_personal_fields_is_breaking_and_one_less_is_not() -> None:
    document = shop()
    document["customProperties"][1]["value"][0]["readsPersonal"] = []
    assert compare(parsed(), parsed(document)) == []
    (found,) = compare(parsed(document), parsed())
    assert found.is_breaking
    assert found.change == "consumer revenue may read orders.email in plain text"


def test_the_breaking_ones_come_first() -> None:
    document = shop()
    document["schema"][0]["properties"] += [field("a_new_one", examples=["x"])]
    document["description"]["purpose"] = "Other words."
    fields_of(document)["state"]["required"] = False
    assert [one.is_breaking for one in compare(parsed(), parsed(document))] == [True, False, False]
