"""What a contract says, read with its units; and that an archived one, which says less, is read too."""

from datetime import timedelta

import pytest

from observes_assets import contracts
from observes_assets.contracts import Consumer, RateLimit, VolumeBand
from observes_assets.contracts.examples import example_record
from observes_assets.errors import SettingsError
from tests.unit.contracts.shop import customs_of, fields_of, levels_of, parsed, shop, text

ARCHIVED = b"""
apiVersion: v3.1.0
kind: DataContract
id: shop
version: 1.0.0
team: {name: data-platform}
schema:
  - name: orders
    properties:
      - {name: order_id, logicalType: string, required: true, primaryKey: true, classification: internal}
slaProperties:
  - {property: frequency, value: "0 * * * *", element: orders}
  - {property: freshness, value: 24, valueExt: 48, element: orders}
"""


def test_people_and_terms() -> None:
    contract = parsed()
    assert (contract.owner, contract.on_call) == ("shop-team", "rota@example.com")
    assert contract.owners == ["team:shop-team", "rota@example.com"]
    assert (contract.purpose, contract.terms, contract.domain) == ("Orders.", "Revenue. No refunds.", "sales")
    assert contract.support[0].channel == "shop"
    assert contract.servers[0].location == "https://shop.example.com/orders"
    assert contract.rate_limit == RateLimit(100, 60.0)
    assert contract.rate_limit.period == timedelta(minutes=1)
    assert contract.consumers == (Consumer("revenue", ("orders",), "Revenue by day.", ("orders.email",)),)


def test_service_levels_have_their_units_resolved() -> None:
    stream = parsed().streams["orders"]
    assert stream.cron == "0 * * * *"
    assert stream.freshness == (timedelta(days=1), timedelta(days=2))
    assert stream.levels.latency == timedelta(hours=1.5)
    assert stream.levels.availability == pytest.approx(0.95)
    assert stream.levels.retention == timedelta(days=3660)


def test_a_level_is_about_the_streams_that_it_names_or_about_all() -> None:
    document = shop()
    document["schema"].append(document["schema"][0] | {"name": "returns"})
    document["slaProperties"].append({"property": "latency", "value": 5, "unit": "h", "element": "returns"})
    streams = parsed(document).streams
    assert streams["orders"].levels.latency == timedelta(minutes=90)
    assert streams["returns"].levels.latency == timedelta(hours=5)
    assert streams["returns"].cron == streams["orders"].cron


def test_promises_that_the_standard_has_no_field_for() -> None:
    stream = parsed().streams["orders"]
    assert (stream.key, stream.scope_by) == (("region", "order_id"), ("region",))
    assert stream.volume_band == VolumeBand(0.5, 2.0)
    assert (stream.recency_field, stream.is_counted, stream.calls_for_build) == ("placed_at", True, True)


@pytest.mark.parametrize(("records", "threshold"), [(0, 1), (3, 1), (4, 1), (7, 2), (100, 29), (1000, 290)])
def test_the_threshold_is_the_count_or_the_share_where_that_is_more(records: int, threshold: int) -> None:
    assert parsed().streams["orders"].quarantine_threshold(records) == threshold


def test_fields_are_found_on_every_level_with_the_class_of_what_they_lie_in() -> None:
    document = shop()
    fields_of(document)["lines"]["classification"] = "personal"
    stream = parsed(document).streams["orders"]
    assert [field.path for field in stream.personal_fields] == ["email", "lines", "lines[].sku"]
    assert [field.steps for field in stream.secret_fields] == [("token",), ("lines", "[]", "voucher")]


def test_an_archived_contract_that_says_less_is_read_with_defaults() -> None:
    contract = contracts.parse("shop", ARCHIVED)
    stream = contract.streams["orders"]
    assert (contract.owner, contract.on_call, contract.owners) == (
        "data-platform",
        None,
        ["team:data-platform"],
    )
    assert (contract.consumers, contract.rate_limit, contract.terms) == ((), None, "")
    assert (stream.levels.latency, stream.levels.availability, stream.volume_band) == (None, None, None)
    assert (stream.quarantine_threshold(1_000_000), stream.calls_for_build) == (0, True)
    assert stream.freshness == (timedelta(hours=24), timedelta(hours=48))
    assert not stream.personal_fields


def test_a_value_of_the_wrong_kind_is_named_by_place() -> None:
    document = shop()
    customs_of(document)["volumeBand"]["value"] = {"minimumShare": 2, "maximumShare": 3}
    with pytest.raises(SettingsError, match=r"contract of shop, stream orders: volumeBand\.minimumShare: "):
        contracts.parse("shop", text(document)).streams["orders"].volume_band  # noqa: B018
    document = shop()
    levels_of(document)["latency"]["unit"] = "moons"
    with pytest.raises(SettingsError, match="latency of all streams has the unknown unit 'moons'"):
        contracts.parse("shop", text(document))


def test_a_contract_s_own_examples_are_a_record_that_keeps_it() -> None:
    stream = parsed().streams["orders"]
    record = example_record(stream)
    assert stream.check(record) is None
    assert record["lines"] == [{"sku": "x", "voucher": "secret"}]


@pytest.mark.parametrize(
    ("name", "value", "path"),
    [
        ("email", "nobody", "$.email"),
        ("amount", -1, "$.amount"),
        ("state", "lost", "$.state"),
        ("placed_at", "2026-01-01T00:00:00", "$.placed_at"),
        ("lines", [{"sku": "x"}] * 10, "$.lines"),
        ("lines", [{"sku": "x" * 21}], "$.lines[0].sku"),
    ],
)
def test_what_a_field_promises_is_checked(name: str, value: object, path: str) -> None:
    stream = parsed().streams["orders"]
    violation = stream.check(example_record(stream) | {name: value})
    assert violation is not None
    assert violation.path == path


def test_an_erased_person_s_address_still_keeps_its_format() -> None:
    stream = parsed().streams["orders"]
    assert stream.check(example_record(stream) | {"email": "erased:0123abc"}) is None
