"""A record made of a contract's own examples: what tests read where there is no vendor."""

from typing import Any

from open_data_contract_standard.model import SchemaProperty

from observes_assets.contracts.stream import StreamContract


def example_record(stream: StreamContract) -> dict[str, Any]:
    """One record that keeps the stream's promises, as far as its examples do."""
    return _object(stream.properties)


def _object(properties: list[SchemaProperty]) -> dict[str, Any]:
    return {str(item.name): _value(item) for item in properties}


def _value(item: SchemaProperty) -> Any:
    if item.examples:
        return item.examples[0]
    if item.enum:
        return item.enum[0].value
    if item.properties:
        return _object(item.properties)
    if item.items:
        return [_value(item.items)]
    # What needs no example: a boolean, a secret, and what may hold anything.
    return {"boolean": True, "object": {}, "array": []}.get(str(item.logicalType), "secret")
