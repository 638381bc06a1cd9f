"""A complete contract of a small shop, for tests to break."""

import copy
from typing import Any

import yaml

from observes_assets import contracts
from observes_assets.contracts import Contract


def level(name: str, value: Any, **more: Any) -> dict[str, Any]:
    return {"property": name, "value": value, **more}


def custom(name: str, value: Any) -> dict[str, Any]:
    return {"property": name, "value": value}


def field(name: str, kind: str = "string", **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "logicalType": kind,
        "required": True,
        "classification": "public",
        "description": f"The order's {name}.",
        **more,
    }


SHOP: dict[str, Any] = {
    "apiVersion": "v3.2.0",
    "kind": "DataContract",
    "id": "observes-shop",
    "name": "Shop",
    "version": "1.0.0",
    "status": "active",
    "domain": "sales",
    "description": {"purpose": "Orders.", "usage": "Revenue.", "limitations": "No refunds."},
    "team": {
        "name": "sales",
        "members": [
            {"username": "shop-team", "role": "owner"},
            {"username": "rota@example.com", "role": "on-call"},
        ],
    },
    "support": [{"channel": "shop", "description": "Ask with the order's id."}],
    "servers": [{"server": "records", "type": "api", "location": "https://shop.example.com/orders"}],
    "customProperties": [
        custom("rateLimit", {"requests": 100, "periodSeconds": 60}),
        custom(
            "consumers",
            [
                {
                    "name": "revenue",
                    "streams": ["orders"],
                    "purpose": "Revenue by day.",
                    "readsPersonal": ["orders.email"],
                }
            ],
        ),
    ],
    "slaProperties": [
        level("frequency", "0 * * * *", scheduler="cron"),
        level("freshness", 1, valueExt=2, unit="d"),
        level("latency", 90, unit="min"),
        level("availability", 95, unit="%"),
        level("retention", 10, unit="y"),
        level("escalation", 4, unit="h"),
    ],
    "schema": [
        {
            "name": "orders",
            "logicalType": "object",
            "description": "One order.",
            "customProperties": [
                custom("scopeBy", ["region"]),
                custom("maximumQuarantinedCount", 1),
                custom("maximumQuarantinedShare", 0.29),
                custom("maximumVanishedShare", 0.5),
                custom("volumeBand", {"minimumShare": 0.5, "maximumShare": 2}),
                custom("recencyField", "placed_at"),
                custom("isCounted", True),
            ],
            "properties": [
                field("region", primaryKey=True, primaryKeyPosition=1, examples=["eu"]),
                field("order_id", primaryKey=True, primaryKeyPosition=2, examples=["1"]),
                field("amount", "number", logicalTypeOptions={"minimum": 0}, examples=[1.5]),
                field("placed_at", "timestamp", examples=["2026-01-01T00:00:00Z"]),
                field("state", enum=[{"value": "paid"}, {"value": "sent"}]),
                field(
                    "email",
                    classification="personal",
                    logicalTypeOptions={"format": "email"},
                    examples=["a@b.c"],
                ),
                field("token", classification="secret", required=False),
                field("is_gift", "boolean", required=False),
                field(
                    "lines",
                    "array",
                    logicalTypeOptions={"maxItems": 9},
                    items={
                        "logicalType": "object",
                        "required": True,
                        "properties": [
                            {"name": "sku", "logicalType": "string", "required": True, "description": "What.",
                             "logicalTypeOptions": {"maxLength": 20}, "examples": ["x"]},
                            {"name": "voucher", "logicalType": "string", "classification": "secret",
                             "description": "Code of a voucher."},
                        ],
                    },
                ),
                field(
                    "tags", "array", items={"logicalType": "string", "required": True, "examples": ["new"]}
                ),
            ],
        }
    ],
}  # fmt: skip


def shop() -> dict[str, Any]:
    """A copy to change."""
    return copy.deepcopy(SHOP)


def text(document: dict[str, Any]) -> bytes:
    return yaml.safe_dump(document, sort_keys=False).encode()


def parsed(document: dict[str, Any] | None = None) -> Contract:
    return contracts.parse("shop", text(document or SHOP))


def fields_of(document: dict[str, Any]) -> dict[str, Any]:
    return {one["name"]: one for one in document["schema"][0]["properties"]}


def customs_of(document: dict[str, Any]) -> dict[str, Any]:
    return {one["property"]: one for one in document["schema"][0]["customProperties"]}


def levels_of(document: dict[str, Any]) -> dict[str, Any]:
    return {one["property"]: one for one in document["slaProperties"]}
