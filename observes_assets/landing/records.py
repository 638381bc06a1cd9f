"""Read a batch's lines: parse, check, key and hash each one, and set aside those that break the contract.

The line itself, never a re-serialised document, is what lands: a parser rounds long numbers. Equality of
content is equality of bytes (hash recipe 1: BLAKE2b of the line, 16 bytes); the archive writes our own
records with sorted keys, so equal content gives equal bytes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from observes_assets import archive
from observes_assets.archive import Scope
from observes_assets.contracts import StreamContract, Violation
from observes_assets.contracts.record import LONGEST_KEY

HASH_RECIPE = 1
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class Record(NamedTuple):
    """One accepted line."""

    line: int
    key: bytes
    hash: str
    document: bytes


@dataclass(frozen=True)
class Refused:
    """One refused line; ``key`` is None when it could not be read."""

    line: int
    key: str | None
    violation: Violation


@dataclass
class Reader:
    """Reads one batch's records, once; refused ones and the number of lines gather here."""

    path: Path
    contract: StreamContract
    scope: Scope
    refused: list[Refused] = field(default_factory=list)
    line_count: int = 0

    def __iter__(self) -> Iterator[Record]:
        check, key_fields = self.contract.check, self.contract.key
        line = 0
        for line, document in enumerate(archive.lines(self.path), start=1):
            violation = None
            try:
                parsed = orjson.loads(document)
            except orjson.JSONDecodeError as error:
                # The decoder's text names what is wrong and where, never the value.
                self._refuse(line, None, Violation("$", f"not valid JSON: {error.msg}"))
                continue
            if b"\\u0000" in document and _NUL.search(document):
                violation = Violation("$", "holds \\u0000, which Postgres can't store")
            violation = violation or check(parsed) or self._out_of_scope(parsed)
            key = _key(parsed, key_fields)
            if key is not None and len(key) > LONGEST_KEY:
                violation = violation or Violation("$", f"its key is longer than {LONGEST_KEY} bytes")
                key = None
            if violation is not None or key is None:
                self._refuse(line, key, violation or Violation("$", "its key can't be read"))
                continue
            yield Record(line, key, blake2b(document, digest_size=16).hexdigest(), document)
        self.line_count = line

    def _refuse(self, line: int, key: bytes | None, violation: Violation) -> None:
        self.refused.append(Refused(line, key.decode() if key is not None else None, violation))

    def _out_of_scope(self, parsed: dict[str, Any]) -> Violation | None:
        for name, value in self.scope.items():
            if parsed.get(name) != value:
                return Violation(f"$.{name}", "is outside the batch's scope")
        return None


def _key(parsed: Any, fields: tuple[str, ...]) -> bytes | None:
    if not isinstance(parsed, dict):
        return None
    values = [parsed.get(name) for name in fields]
    if not all(isinstance(value, str | int) and not isinstance(value, bool) for value in values):
        return None
    return orjson.dumps(values)


def scope_prefix(contract: StreamContract, scope: Scope) -> str:
    """How every key of a scope begins; empty if the stream is one scope."""
    if not contract.scope_by:
        return ""
    return orjson.dumps([scope[name] for name in contract.scope_by]).decode()[:-1] + ","
