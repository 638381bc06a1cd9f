"""Fields and types, as seen in the first records of a source that is new."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from observes_assets.contracts.stream import ITEMS
from observes_assets.errors import SettingsError

SEEN = 1_000  # records; more would show rarer fields, and no end of them
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass
class Shape:
    """What was seen in one place of the records; ``seen`` counts values, ``looked`` nulls too."""

    looked: int = 0
    seen: int = 0
    kinds: set[str] = field(default_factory=set)
    examples: list[Any] = field(default_factory=list)
    fields: dict[str, "Shape"] = field(default_factory=dict)
    items: "Shape | None" = None

    def look(self, value: Any) -> None:
        """Take one more value into account."""
        self.looked += 1
        if value is None:
            return
        self.seen += 1
        self.kinds.add(_kind(value))
        if isinstance(value, dict):
            for name, inner in value.items():
                self.fields.setdefault(name, Shape()).look(inner)
        elif isinstance(value, list):
            self.items = self.items or Shape()
            for inner in value:
                self.items.look(inner)
        elif len(self.examples) < 1:
            self.examples.append(value)

    def kind(self, path: str) -> str:
        """The one logicalType that fits everything seen; a string where there was only null.

        Raises:
            SettingsError: nothing fits; names the path.
        """
        kinds = self.kinds or {"string"}
        for wider in (
            {"integer", "number"},
            {"timestamp", "string"},
            {"date", "string"},
            {"date", "timestamp"},
        ):
            if len(kinds) > 1 and kinds <= wider:
                return "number" if "number" in wider else "string"
        if kinds == {"date", "timestamp", "string"}:
            return "string"
        if len(kinds) > 1:
            raise SettingsError(
                f"{path} is of several kinds: {', '.join(sorted(kinds))}.",
                "A field has one type: let the vendor mend that, or write the contract by hand.",
            )
        return next(iter(kinds))


def look_at(records: Iterable[bytes], place: str) -> Shape:
    """The shape of the first records.

    Raises:
        SettingsError: there is none, or one is no JSON object; names the place and the line.
    """
    whole = Shape()
    for line, record in zip(range(1, SEEN + 1), records, strict=False):
        try:
            parsed = orjson.loads(record)
        except orjson.JSONDecodeError:
            parsed = None
        if not isinstance(parsed, dict):
            raise SettingsError(f"{place}, record {line}: no JSON object.", "Look at what it holds.")
        whole.look(parsed)
    if not whole.seen:
        raise SettingsError(f"{place} holds no record.", "Put one there: its fields show what to promise.")
    return whole


def require_unique(records: Iterable[bytes], key: tuple[str, ...], place: str) -> None:
    """Refuse a key that two of the first records share: the later would replace the earlier.

    Raises:
        SettingsError: names the two records' places, not the key's value.
    """
    lines: dict[str, int] = {}
    for line, record in zip(range(1, SEEN + 1), records, strict=False):
        parsed = orjson.loads(record)
        before = lines.setdefault(repr([parsed.get(name) for name in key]), line)
        if before != line:
            raise SettingsError(
                f"{place}: records {before} and {line} have the same {', '.join(key)}.", "Name another key."
            )


def paths(shape: Shape, above: tuple[str, ...] = ()) -> Iterator[tuple[str, Shape]]:
    """Every field's path (as in ``Field.path``) and shape, a field before those inside it."""
    for name, inner in shape.fields.items():
        steps = (*above, name)
        yield ".".join(steps).replace(f".{ITEMS}", ITEMS), inner
        innermost, level = inner, steps
        while innermost.items:
            innermost, level = innermost.items, (*level, ITEMS)
        yield from paths(innermost, level)


_KINDS = {bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}


def _kind(value: Any) -> str:
    if not isinstance(value, str):
        return _KINDS[type(value)]
    if _TIMESTAMP.fullmatch(value):
        return "timestamp"
    return "date" if _DATE.fullmatch(value) else "string"
