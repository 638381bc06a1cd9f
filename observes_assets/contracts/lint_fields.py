"""What a complete contract says of each field of a record."""

import re
from collections.abc import Iterator

from open_data_contract_standard.model import SchemaProperty

from observes_assets.contracts import customs
from observes_assets.contracts.finding import Finding
from observes_assets.contracts.record import CHECKED_OPTIONS, FORMATS, check, record_type
from observes_assets.contracts.stream import CLASSIFICATIONS, FIELD_CUSTOMS, Field, StreamContract
from observes_assets.errors import SettingsError

_CLASSIFY = "Say personal (about a person), secret (never leaves the extract), or public (neither)."
_EXAMPLE = "Add examples: [...], made up for personal fields."


def lint_fields(stream: StreamContract) -> Iterator[Finding]:
    """What the promises of a stream's fields lack, or say wrong."""
    classes = {field.steps: field.classification for field in stream.fields}
    for field in stream.fields:
        above = [classes.get(field.steps[:depth]) for depth in range(1, len(field.steps))]
        for problem, remedy in (
            *_lint_words(field, above),
            *_lint_guarded(field),
            *_lint_kind(field),
            *_lint_examples(field),
        ):
            yield Finding(stream.source, stream.name, field.path, problem, remedy)


def _lint_words(field: Field, above: list[str | None]) -> Iterator[tuple[str, str]]:
    if not field.schema.description:
        yield "no description", "Say what it holds, and what null means."
    own = field.schema.classification
    if field.classification is None:
        yield "no classification", _CLASSIFY
    elif own and own not in CLASSIFICATIONS:
        yield f"unknown classification {own}", _CLASSIFY
    elif field.schema.primaryKey and own != "public":
        yield f"a {own} key", "Keys show in logs, checks and quarantine: find another key."
    if own and any(_guards(one) > _guards(own) for one in above):
        yield f"{own}, and lies in a field that is more", "Give it the class of what it lies in, or none."


def _guards(classification: str | None) -> int:
    return CLASSIFICATIONS.index(classification) if classification in CLASSIFICATIONS else 0


def _lint_guarded(field: Field) -> Iterator[tuple[str, str]]:
    """A secret is taken out at the door, and an erased person's texts are replaced: both must still land."""
    item = leaf(field.schema)
    if field.classification == "secret" and field.schema.required:
        yield "a required secret", "It is taken out at the door: say required: false."
    if field.classification == "personal":
        options = item.logicalTypeOptions or {}
        narrow = sorted({"pattern", "maxLength"} & options.keys())
        if options.get("format") not in {None, "email"}:
            narrow.append("format")
        if item.enum:
            narrow.append("enum")
        if item.logicalType in {"timestamp", "date"}:
            narrow.append(item.logicalType)
        if narrow:
            text = "An erased person's text reads erased:…, which that would refuse: take it out."
            yield f"personal, with {', '.join(narrow)}", text


def _lint_kind(field: Field) -> Iterator[tuple[str, str]]:
    innermost = leaf(field.schema)
    for item in {id(one): one for one in (field.schema, innermost)}.values():
        kind = item.logicalType or "none"
        unchecked = set(item.logicalTypeOptions or {}) - CHECKED_OPTIONS.get(kind, set())
        for option in sorted(unchecked):
            yield f"option {option} of a {kind} is promised, and nobody checks it", "Take it out."
        options = item.logicalTypeOptions or {}
        known = ", ".join(FORMATS)
        if "format" in options and options["format"] not in FORMATS and kind == "string":
            yield f"unknown format {options['format']}", f"Known are {known}; else write a pattern."
        if {"format", "pattern"} <= options.keys():
            yield "both format and pattern", "Only the pattern is checked: take the format out."
    for name in sorted(customs.by_name(field.schema.customProperties).keys() - FIELD_CUSTOMS):
        yield f"unknown custom property {name}", f"Nobody reads it. Known are {', '.join(FIELD_CUSTOMS)}."
    for what in ("unique", "quality", "relationships"):
        if getattr(field.schema, what):
            yield f"{what} is promised, and nobody checks it", "Make it the key, or write a dbt test."


def _lint_examples(field: Field) -> Iterator[tuple[str, str]]:
    item = leaf(field.schema)
    examples = [*(field.schema.examples or []), *((item.examples or []) if item is not field.schema else [])]
    if field.classification == "secret":
        if examples:
            yield "examples of a secret", "Take them out."
        return
    if not examples and not item.properties and not item.enum and item.logicalType != "boolean":
        yield "no examples", _EXAMPLE
    # A container's type is made of its fields', which have their own turn.
    for one in (field.schema, item) if item is not field.schema else (item,):
        if one.examples or not (one.items or one.properties):
            yield from _lint_kept(one)


def _lint_kept(item: SchemaProperty) -> Iterator[tuple[str, str]]:
    """Whether the field's own promises hold for its own examples; null is tried too, so that one is."""
    one = item.model_copy(update={"name": "example", "required": True})
    try:
        kind = record_type("examples", [one])
        found = [check({"example": example}, kind) for example in [*(item.examples or []), None]]
    except (SettingsError, ValueError, TypeError, re.error) as error:
        yield "its type can't be made", f"{getattr(error, 'message', error)}"
        return
    for position, violation in enumerate(found[:-1], 1):
        if violation:
            yield f"example {position} breaks its own promise: {violation.reason}", "Mend one of the two."


def leaf(item: SchemaProperty) -> SchemaProperty:
    """What an array holds in the end; any other field is its own leaf."""
    while item.items:
        item = item.items
    return item
