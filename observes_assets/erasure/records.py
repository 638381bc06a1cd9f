"""Rewrite single records: without secrets, and without erased people.

A record that nothing has to be taken from keeps its own bytes. One that is rewritten keeps its numbers' own
digits and the order of its fields, so that rewriting the same record again gives the same bytes.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

import orjson

from observes_assets.contracts import StreamContract
from observes_assets.erasure.people import Erased, pseudonym

_AT = re.compile(rb"@|\\u0040")
_PRINTABLE = re.compile(r"\\u00(2[013-9a-fA-F]|[346][0-9a-fA-F]|5[0-9abdefABDEF]|7[0-9a-eA-E])")
_HEX_DIGITS = 13  # 52 bits: every reader of JSON has room for them
_ESCAPE = re.compile(r"(\\u[0-9a-fA-F]{4}|\\.)")


@dataclass
class Shape:
    """What a contract says about the fields of one level.

    ``others`` are named and not personal; inside a personal field all are personal that the contract doesn't
    name otherwise. ``person_of`` tells apart the people of one level; fields that it lacks are one person's.
    """

    secret: set[str] = field(default_factory=set)
    personal: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=set)
    person_of: dict[str, str] = field(default_factory=dict)
    below: dict[str, "Shape"] = field(default_factory=dict)

    @property
    def has_secrets(self) -> bool:
        """Whether a field is secret, here or below."""
        return bool(self.secret) or any(shape.has_secrets for shape in self.below.values())

    @property
    def has_people(self) -> bool:
        """Whether a field is personal, here or below."""
        return bool(self.personal) or any(shape.has_people for shape in self.below.values())


def shape_of(*contracts: StreamContract) -> Shape:
    """The shape that the contracts of a stream give its records together; items of a list are one level."""
    top = Shape()
    for contract in contracts:
        for one in contract.fields:
            steps = [step for step in one.steps if step != "[]"]
            level = top
            for step in steps[:-1]:
                level = level.below.setdefault(step, Shape())
            name = steps[-1]
            if one.classification == "secret":
                level.secret.add(name)
            (level.personal if one.classification == "personal" else level.others).add(name)
            if one.person:
                level.person_of[name] = one.person
    return top


@dataclass(frozen=True)
class Rewriter:
    """Rewrites the records of one stream.

    Args:
        key: names of the key's fields, which are left alone: no contract lets a key be personal or secret.
    """

    shape: Shape
    key: tuple[str, ...]
    erased: Erased

    def rewrite(self, line: bytes) -> bytes:
        """The record without secrets and erased people: the very same bytes if there is nothing to take."""
        if not self.shape.has_secrets and not self._may_name_erased(line):
            return line
        try:
            record = _parse(line)
            found = self._document(record)
            return line if found is record else orjson.dumps(found, default=_written)
        except (ValueError, TypeError, RecursionError):
            return self._rewrite_unreadable(line)

    def _may_name_erased(self, line: bytes) -> bool:
        if not self.erased.number:
            return False
        if self.erased.others and self.shape.has_people:
            return True
        if not _AT.search(line):
            return False
        if b"\\u" in line:  # an address may be written in escapes
            return True
        text = line.decode("utf-8", "surrogateescape")
        return self.erased.rewrite(text) is not text

    def _document(self, record: Any) -> Any:
        if not isinstance(record, dict):
            return self._value(record, self.shape, is_personal=False)
        rest = {name: value for name, value in record.items() if name not in self.key}
        found = self._object(rest, self.shape, self.shape.personal)
        if found is rest and not isinstance(record, _Collapsed):
            return record
        return {
            name: found.get(name, value)
            for name, value in record.items()
            if name in self.key or name in found
        }

    def _object(self, record: dict[str, Any], shape: Shape, personal: set[str]) -> dict[str, Any]:
        """The object itself if nothing changes, else another one."""
        erased = self._erased_persons(record, shape, personal) if self.erased.number else {}
        changed = {}
        for name, value in record.items():
            instead = erased.get(shape.person_of.get(name, "")) if name in personal else None
            if name in shape.secret:
                continue
            if instead:
                changed[name] = self._blank(value, instead)
            else:
                inner = shape.below.get(name, _NOTHING)
                changed[name] = self._value(value, inner, is_personal=name in personal)
        is_same = len(changed) == len(record) and all(changed[name] is record[name] for name in record)
        return record if is_same and not isinstance(record, _Collapsed) else changed

    def _erased_persons(self, record: dict[str, Any], shape: Shape, personal: set[str]) -> dict[str, str]:
        """Whose fields go, with what stands there instead: a field's whole value is an erased identifier."""
        found: dict[str, str] = {}
        for name in personal & record.keys():
            value = record[name]
            whole = value.digits if isinstance(value, _Number) else value
            if isinstance(whole, str) and (instead := self.erased.find(whole)):
                # A record names a person by more than one identifier: the e-mail's pseudonym joins best.
                person = shape.person_of.get(name, "")
                if person not in found or "@" in whole:
                    found[person] = instead
        return found

    def _value(self, value: Any, shape: Shape, *, is_personal: bool) -> Any:
        if isinstance(value, str):
            if not self.erased.number:
                return value
            if is_personal and (instead := self.erased.find(value)):
                return instead
            return self.erased.rewrite(value, is_personal=is_personal)
        if isinstance(value, dict):
            personal = value.keys() - shape.others if is_personal else shape.personal
            return self._object(value, shape, personal)
        if isinstance(value, list):
            found = [self._value(one, shape, is_personal=is_personal) for one in value]
            is_same = all(one is before for one, before in zip(found, value, strict=True))
            return value if is_same else found
        return value

    def _blank(self, value: Any, instead: str) -> Any:
        """The value with every text in it replaced, and every number by a number that stands for it alone."""
        if isinstance(value, str):
            return instead
        if isinstance(value, _Number):
            return _Number(f"-{int(pseudonym(self.erased.key, value.digits)[:_HEX_DIGITS], 16)}")
        if isinstance(value, dict):
            return {name: self._blank(one, instead) for name, one in value.items()}
        if isinstance(value, list):
            return [self._blank(one, instead) for one in value]
        return value

    def _rewrite_unreadable(self, line: bytes) -> bytes:
        """A line that is no JSON document: it will be refused, but the archive has it for ever."""
        for name in _secret_names(self.shape):
            quoted = re.escape(orjson.dumps(name))
            line = re.sub(rb"(" + quoted + rb'\s*:\s*)"(?:[^"\\]|\\.)*"?', rb'\1"removed"', line)
        if not self.erased.number:
            return line
        text = _PRINTABLE.sub(lambda escape: chr(int(escape[1], 16)), line.decode("utf-8", "surrogateescape"))
        parts = _ESCAPE.split(text)  # an escape beside an address would hide where it begins
        found = [part if _ESCAPE.fullmatch(part) else self.erased.rewrite(part) for part in parts]
        return line if found == parts else "".join(found).encode("utf-8", "surrogateescape")


_NOTHING = Shape()


class _Number:
    """A number by its own digits, which a parser would round. No dataclass: orjson would write its fields."""

    def __init__(self, digits: str) -> None:
        self.digits = digits


class _Collapsed(dict[str, Any]):
    """An object that had a name twice: the last one counts, and what the others held must not stay."""


def _parse(line: bytes) -> Any:
    return json.loads(
        line,
        parse_float=_Number,
        parse_int=_Number,
        parse_constant=_no_number,
        object_pairs_hook=_object_of,
    )


def _object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else _Collapsed(found)


def _written(value: Any) -> orjson.Fragment:
    return orjson.Fragment(value.digits)


def _no_number(word: str) -> Any:
    raise ValueError(word)


def _secret_names(shape: Shape) -> set[str]:
    return shape.secret.union(*(_secret_names(one) for one in shape.below.values()))
