"""The contract that follows from a provider's answers and from the records that were seen."""

from collections.abc import Iterator
from typing import Any

from observes_assets.contracts.questionnaire.answers import Answers, FieldAnswer
from observes_assets.contracts.questionnaire.shapes import Shape, paths
from observes_assets.contracts.stream import CLASSIFICATIONS
from observes_assets.errors import SettingsError

_MADE_UP = {
    "string": "made up",
    "integer": 1,
    "number": 1.5,
    "timestamp": "2026-01-01T00:00:00Z",
    "date": "2026-01-01",
}
_LONGEST_EXAMPLE = 80  # characters


def leaves(shape: Shape) -> list[str]:
    """Paths of the fields that a provider must describe and classify: those with nothing inside."""
    return [path for path, inner in paths(shape) if not _innermost(inner).fields]


def require_described(answers: Answers, shape: Shape) -> None:
    """Refuse answers that leave a field out, or a key that can't be one.

    Raises:
        SettingsError: names the fields.
    """
    if lacking := [path for path in leaves(shape) if path not in answers.fields]:
        raise SettingsError(
            f"Not described: {', '.join(lacking)}.",
            "Say what each field holds, and whether it is public, personal or secret.",
        )
    for name in answers.key:
        seen = shape.fields.get(name)
        if seen is None or seen.fields or seen.items or seen.seen < shape.seen:
            raise SettingsError(f"{name} is no field with a value in every record.", "Name another key.")
        if answers.fields[name].classification != "public":
            raise SettingsError(f"The key {name} is not public.", "Keys show in logs: name another one.")


def contract(name: str, answers: Answers, shape: Shape) -> dict[str, Any]:
    """The contract document, complete by ``lint``."""
    return {
        "apiVersion": "v3.2.0",
        "kind": "DataContract",
        "id": f"observes-{name.replace('_', '-')}",
        "name": answers.title,
        "version": "1.0.0",
        "status": "active",
        "domain": answers.domain,
        "description": {
            "purpose": answers.purpose,
            "usage": answers.usage,
            "limitations": answers.limitations,
        },
        "team": {
            "name": answers.owner,
            "members": [
                {"username": answers.owner, "role": "owner"},
                {"username": answers.on_call, "role": "on-call"},
            ],
        },
        "support": [{"channel": answers.owner, "scope": "issues", "description": answers.support}],
        "servers": [_server(answers.location)],
        "customProperties": [
            _custom("rateLimit", "unlimited", "No limit was named."),
            _custom(
                "consumers", [], "Nobody yet. A mart that reads this enters itself here, with its reason."
            ),
        ],
        "slaProperties": _service_levels(answers),
        "schema": [_stream(answers, shape)],
    }


def _server(location: str) -> dict[str, Any]:
    if location.startswith(("http://", "https://")):
        return {"server": "records", "type": "api", "location": location}
    return {"server": "records", "type": "local", "path": location, "format": "json"}


def _custom(name: str, value: Any, description: str) -> dict[str, Any]:
    return {"property": name, "value": value, "description": description}


def _service_levels(answers: Answers) -> list[dict[str, Any]]:
    def level(name: str, value: Any, unit: str | None, description: str, **more: Any) -> dict[str, Any]:
        units = {"unit": unit} if unit else {}
        return {"property": name, "value": value, **more, **units, "description": description}

    return [
        level("frequency", answers.cron, None, "When it is extracted, in UTC.", scheduler="cron"),
        level(
            "freshness",
            answers.late_after_hours,
            "h",
            "Late from this age (value), broken from that (valueExt).",
            valueExt=answers.broken_after_hours,
        ),
        level(
            "latency", answers.latency_hours, "h", "From a change at the vendor to the release that shows it."
        ),
        level("availability", answers.availability_percent, "%", "Of a day's attempts, so many succeed."),
        level("retention", "unlimited", None, "The archive keeps every batch."),
        level("escalation", answers.escalation_hours, "h", "Then on-call is told of what the owner was."),
    ]


def _stream(answers: Answers, shape: Shape) -> dict[str, Any]:
    band = {"minimumShare": 0.5, "maximumShare": 2}
    return {
        "name": answers.stream,
        "logicalType": "object",
        "description": answers.record,
        "customProperties": [
            _custom("scopeBy", [], "The stream is one scope."),
            _custom(
                "maximumQuarantinedCount",
                answers.maximum_quarantined_count,
                "So many refused records a batch may hold, whatever its size: somebody looks into them.",
            ),
            _custom(
                "maximumQuarantinedShare",
                answers.maximum_quarantined_share,
                "Or this share of it. Above both, the batch is refused and on-call is told.",
            ),
            _custom("maximumVanishedShare", answers.maximum_vanished_share, "More keys never go at once."),
            _custom("volumeBand", band, "Of the median of recent loads."),
            _custom("recencyField", None, "No field that tells when a record last changed was named."),
            _custom("isCounted", False, "The vendor gives no count of its own."),
        ],
        "properties": list(_properties(answers, shape, shape.seen, "")),
    }


def _properties(answers: Answers, shape: Shape, whole: int, above: str) -> Iterator[dict[str, Any]]:
    for name, inner in shape.fields.items():
        path = f"{above}{name}"
        position = answers.key.index(name) + 1 if not above and name in answers.key else 0
        key = {"primaryKey": True, "primaryKeyPosition": position} if position else {}
        words = _words(answers.fields, inner, path)
        kind = _kind(answers, inner, path)
        yield {
            "name": name,
            "logicalType": kind.pop("logicalType"),
            # A secret is taken out at the door.
            "required": inner.seen == whole and words["classification"] != "secret",
            **key,
            **words,
            **kind,
        }


def _kind(answers: Answers, shape: Shape, path: str) -> dict[str, Any]:
    """The type of a field or item, with what is inside."""
    kind = shape.kind(path)
    answer = answers.fields.get(path)
    if kind in {"timestamp", "date"} and answer and answer.classification == "personal":
        kind = "string"  # so that an erased one still lands
    described: dict[str, Any] = {"logicalType": kind}
    if kind == "array" and shape.items and shape.items.kinds:
        inner = _kind(answers, shape.items, f"{path}[]")
        described["items"] = {**inner, "required": shape.items.seen == shape.items.looked}
    elif kind == "object" and shape.fields:
        described["properties"] = list(_properties(answers, shape, shape.seen, f"{path}."))
    return described


def _words(fields: dict[str, FieldAnswer], shape: Shape, path: str) -> dict[str, Any]:
    """Description, classification and example of a field."""
    innermost = _innermost(shape)
    if innermost.fields:
        inside = [
            one.classification for name, one in fields.items() if name.startswith((f"{path}.", f"{path}["))
        ]
        # As little guarded as the least inside; those that need more say so themselves.
        least = min(inside, key=CLASSIFICATIONS.index, default="public")
        description = f"Holds {', '.join(innermost.fields)}."
        return {"classification": least, "description": description}
    answer = fields[path]
    words: dict[str, Any] = {"classification": answer.classification, "description": answer.description}
    if answer.classification == "secret":
        return words
    example = _MADE_UP.get(innermost.kind(path), {})
    if answer.classification == "public" and innermost.examples:
        example = innermost.examples[0]
        example = example[:_LONGEST_EXAMPLE] if isinstance(example, str) else example
    while shape.kind(path) == "array":
        # An example of an array is an array.
        example, shape = [example], shape.items or Shape()
    return {**words, "examples": [example]}


def _innermost(shape: Shape) -> Shape:
    while shape.items:
        shape = shape.items
    return shape
