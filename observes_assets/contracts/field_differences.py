"""What changed in one field's promises."""

from collections.abc import Iterator
from typing import Any

from open_data_contract_standard.model import SchemaProperty

from observes_assets.contracts.stream import Field

# Raising these promises more; lowering the others does.
_LOWER_BOUNDS = {"minimum", "exclusiveMinimum", "minLength", "minItems"}
_UPPER_BOUNDS = {"maximum", "exclusiveMaximum", "maxLength", "maxItems"}


def compare_fields(old: Field, new: Field) -> Iterator[tuple[bool, str]]:
    """Whether each change is breaking, and what it is."""
    if old.classification != new.classification:
        yield (
            True,
            f"{old.classification or 'unclassified'} before, {new.classification or 'unclassified'} now",
        )
    if old.schema.description != new.schema.description:
        yield False, "another description: read whether it means the same"
    yield from _compare(old.schema, new.schema)


def _compare(old: SchemaProperty, new: SchemaProperty) -> Iterator[tuple[bool, str]]:
    if _kind(old) != _kind(new):
        yield True, f"{_kind(old)} before, {_kind(new)} now"
        return
    if bool(old.required) != bool(new.required):
        yield bool(old.required), "required now" if new.required else "may be absent or null now"
    yield from _compare_values(old, new)
    yield from _compare_options(old.logicalTypeOptions or {}, new.logicalTypeOptions or {})
    if old.items and new.items:
        yield from (
            (is_breaking, f"its items: {change}") for is_breaking, change in _compare(old.items, new.items)
        )


def _kind(item: SchemaProperty) -> str:
    return f"array of {_kind(item.items)}" if item.items else str(item.logicalType)


def _compare_values(old: SchemaProperty, new: SchemaProperty) -> Iterator[tuple[bool, str]]:
    before, after = ({str(one.value) for one in item.enum or []} for item in (old, new))
    if before and not after:
        yield True, "any value may come now"
    elif after and not before:
        yield False, "only listed values may come now"
    else:
        for value in sorted(after - before):
            yield True, f"the value {value} may come now"
        for value in sorted(before - after):
            yield False, f"the value {value} comes no more"


def _compare_options(old: dict[str, Any], new: dict[str, Any]) -> Iterator[tuple[bool, str]]:
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        if before is None:
            yield False, f"{name} is promised now"
        elif after is None:
            yield True, f"{name} is promised no more"
        elif name in _LOWER_BOUNDS | _UPPER_BOUNDS:
            yield (after < before) == (name in _LOWER_BOUNDS), f"{name} is {after} now, {before} before"
        else:
            yield True, f"another {name}"
