"""Compile one stream's schema into a fast check of single records."""

import datetime
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import msgspec

from observes_assets.errors import SettingsError

if TYPE_CHECKING:
    from open_data_contract_standard.model import SchemaProperty

# Options of each type that records are checked for; lint refuses others, which would promise and not hold.
CHECKED_OPTIONS = {
    "string": {"pattern", "format", "minLength", "maxLength"},
    "integer": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
    "number": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
    "array": {"minItems", "maxItems"},
}
# What a string of each format looks like; the standard names them without saying more. An erased person's
# address reads "erased:…".
FORMATS = {
    "email": r"^([^@\s]+@[^@\s]+|erased:\S+)$",
    "uri": r"^[A-Za-z][A-Za-z0-9+.-]*:\S+$",
    "uuid": r"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$",
}
# A B-tree entry of Postgres must stay under 2,704 bytes; no vendor's id comes near.
LONGEST_KEY = 2_000
_PLAIN = (str, int)
# Patterns that are anchored at both ends and nowhere else, refer to nothing and can't match a line's end.
_PLAIN_PATTERN = re.compile(r"\^((?:[^\\^$(\x00-\x1f]|\((?!\?)|\\[dwS.])*)\$")


@dataclass(frozen=True)
class Violation:
    """Why a record was refused: where in the record, and what was expected and found, never the value."""

    path: str
    reason: str


def record_type(stream: str, properties: "Iterable[SchemaProperty]") -> type[msgspec.Struct]:
    """Make the type that a record of the stream must convert to.

    A field that is not required may be absent or null. Fields that the contract does not name are let
    through: vendors add fields, and the landed document keeps them.
    """
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    rename = {}
    for position, item in enumerate(sorted(properties, key=lambda one: not one.required)):
        # Vendors' names need not be identifiers, so the struct's own names are counted.
        attribute = f"field_{position}"
        rename[attribute] = _name(stream, item)
        kind = _type(stream, item)
        fields.append((attribute, kind) if item.required else (attribute, kind | None, None))
    return msgspec.defstruct(f"record_of_{stream}", fields, rename=rename.get)


def _name(stream: str, item: "SchemaProperty") -> str:
    if not item.name:
        raise SettingsError(f"contract: a property of {stream} has no name.")
    return item.name


def _type(stream: str, item: "SchemaProperty") -> Any:
    kind = item.logicalType
    if kind == "object":
        return record_type(stream, item.properties or []) if item.properties else dict[str, Any]
    if kind == "array":
        inner = _nullable(stream, item.items) if item.items else Any
        options = item.logicalTypeOptions or {}
        limits = msgspec.Meta(min_length=options.get("minItems"), max_length=options.get("maxItems"))
        return Annotated[list[inner], limits]  # type: ignore[valid-type]
    if kind == "string" and item.enum:
        return Literal[tuple(str(one.value) for one in item.enum)]
    return _scalar(stream, item)


def _nullable(stream: str, item: "SchemaProperty") -> Any:
    kind = _type(stream, item)
    return kind if item.required is not False else kind | None


def _scalar(stream: str, item: "SchemaProperty") -> Any:
    options = item.logicalTypeOptions or {}
    numeric = {
        "ge": options.get("minimum"),
        "gt": options.get("exclusiveMinimum"),
        "le": options.get("maximum"),
        "lt": options.get("exclusiveMaximum"),
        "multiple_of": options.get("multipleOf"),
    }
    match item.logicalType:
        case "string":
            return Annotated[
                str,
                msgspec.Meta(
                    pattern=options.get("pattern") or FORMATS.get(options.get("format", "")),
                    min_length=options.get("minLength"),
                    max_length=options.get("maxLength"),
                ),
            ]
        case "integer":
            return Annotated[int, msgspec.Meta(**numeric)]
        case "number":
            return Annotated[float, msgspec.Meta(**numeric)]
        case "boolean":
            return bool
        case "date":
            return datetime.date
        case "timestamp":
            return Annotated[datetime.datetime, msgspec.Meta(tz=True)]
        case other:
            raise SettingsError(f"contract: {stream}.{item.name} has the unknown logicalType {other!r}.")


def check(record: Any, kind: type[msgspec.Struct]) -> Violation | None:
    """Check one parsed record against its type; None if it keeps its promises."""
    try:
        msgspec.convert(record, kind)
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at ")
        return Violation(path=path.strip("`") or "$", reason=reason)
    return None


def key_reader(kind: type[msgspec.Struct], key: Iterable[str]) -> Callable[[bytes], list[str | int] | None]:
    """A function that checks a record (JSON) while it parses it, and gives its key; None: look closer.

    What the contract doesn't speak of is passed over, which saves up to two thirds of parsing a record whole:
    whether that is text, nobody has seen then.
    """
    eased, patterns = _ease(kind)
    decode, in_order, count = msgspec.json.Decoder(eased).decode, msgspec.structs.astuple, len(patterns)
    # What has matched a line isn't tried in other ways (?>…) when a later line doesn't match.
    match = re.compile("\n".join(f"(?>(?:{one}|)$)" for one in patterns), re.MULTILINE).fullmatch
    places = {one.encode_name: place for place, one in enumerate(msgspec.structs.fields(eased))}
    keyed = [places[name] for name in key]
    decode_key = msgspec.json.Decoder(_key_type(key)).decode

    def read(document: bytes) -> list[str | int] | None:
        try:
            fields = in_order(decode(document))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        if count and not match(_joined(fields[:count])):
            return None
        values = [fields[place] for place in keyed]
        if all(type(value) in _PLAIN for value in values):
            return values
        try:  # a date, say, is no longer the text that it was
            return list(in_order(decode_key(document)))
        except msgspec.MsgspecError:
            return None

    return read


def _key_type(key: Iterable[str]) -> type[msgspec.Struct]:
    names = {f"field_{place}": name for place, name in enumerate(key)}
    return msgspec.defstruct("key", [(name, str | int) for name in names], rename=names.get)


def _joined(texts: tuple[str | None, ...]) -> str:
    try:
        return "\n".join(texts)  # type: ignore[arg-type]
    except TypeError:  # a null
        return "\n".join([text or "" for text in texts])


def _ease(kind: type[msgspec.Struct]) -> tuple[type[msgspec.Struct], list[str]]:
    """The type without the plain patterns of its first level, and these; their fields come first, in order.

    msgspec is slow at patterns, so these fields' texts are matched all at once, a line each. None of the
    patterns can match a line's end. A field that is absent or null is an empty line, and no text may be.
    """
    patterns: list[str] = []
    matched: list[tuple[str, Any, Any]] = []
    others: list[tuple[str, Any, Any]] = []
    fields = msgspec.structs.fields(kind)
    for one in fields:
        text = one.type if one.required else get_args(one.type)[0]
        (meta,) = getattr(text, "__metadata__", (msgspec.Meta(),))
        if plain := _PLAIN_PATTERN.fullmatch(meta.pattern or ""):
            patterns.append(plain[1])
            text = Annotated[str, msgspec.Meta(min_length=meta.min_length or 1, max_length=meta.max_length)]
            matched.append((one.name, text, one.default) if one.required else (one.name, text | None, ""))
        else:
            others.append((one.name, one.type, one.default))
    rename = {one.name: one.encode_name for one in fields}
    return msgspec.defstruct(kind.__name__, matched + others, rename=rename.get, kw_only=True), patterns
