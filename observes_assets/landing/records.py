"""Read a batch's lines: parse, check, key and hash each one, and set aside those that break the contract.

The line itself, never a re-serialised document, is what lands: a parser rounds long numbers. Equality of
content is equality of bytes (hash recipe 2: the first 16 bytes of the line's SHA-256, for which processors
have instructions); the archive writes our own records with sorted keys, so equal content gives equal bytes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import compress, count
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from observes_assets import archive
from observes_assets.archive import Scope
from observes_assets.contracts import StreamContract, Violation
from observes_assets.contracts.record import LONGEST_KEY

HASH_RECIPE = 2
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class Record(NamedTuple):
    """One accepted line."""

    line: int
    key: bytes
    hash: bytes
    document: bytes


@dataclass(frozen=True)
class Refused:
    """One refused line; ``key`` is None when it could not be read."""

    line: int
    key: str | None
    violation: Violation


@dataclass
class Reader:
    """Reads one batch's records; refused ones and the number of lines gather here.

    Reading is for once: either all lines, or first ``hashes``, then the lines that ``keep_only`` names.
    """

    path: Path
    contract: StreamContract
    scope: Scope
    refused: list[Refused] = field(default_factory=list)
    line_count: int = 0
    _wanted: bytearray | None = None

    def __iter__(self) -> Iterator[Record]:
        check, key_fields = self.contract.check, self.contract.key
        line = 0
        for line, document in self.documents():
            try:
                parsed = orjson.loads(document)
            except orjson.JSONDecodeError as error:
                # The decoder's text names what is wrong and where, never the value.
                self._refuse(line, None, Violation("$", f"not valid JSON: {error.msg}"))
                continue
            violation = _unstorable(document) or check(parsed) or self._out_of_scope(parsed)
            key = _key(parsed, key_fields)
            if violation is None and key is not None and len(key) <= LONGEST_KEY:
                yield Record(line, key, sha256(document).digest()[:16], document)
            else:
                self._refuse(line, key, violation)
        if self._wanted is None:
            self.line_count = line

    def documents(self) -> Iterator[tuple[int, bytes]]:
        """The lines to read, numbered from 1."""
        if self._wanted is None:
            return enumerate(archive.lines(self.path), start=1)
        return zip(compress(count(), self._wanted), archive.lines(self._kept), strict=True)

    def hashes(self) -> Iterator[tuple[int, bytes]]:
        """Every line's number and hash, unread: a line of known content needs no second check."""
        line = 0
        for line, document in enumerate(archive.lines(self.path), start=1):
            yield line, sha256(document).digest()[:16]
        self.line_count = line

    def keep_only(self, lines: Iterator[int]) -> None:
        """Read only these lines from now on, from a file of their own."""
        self._wanted = bytearray(self.line_count + 1)
        for line in lines:
            self._wanted[line] = 1
        archive.write_lines(self._kept, compress(archive.lines(self.path), memoryview(self._wanted)[1:]))

    @property
    def _kept(self) -> Path:
        return self.path.with_name(f"kept-{self.path.name}")

    def _refuse(self, line: int, key: bytes | None, violation: Violation | None) -> None:
        if key is not None and len(key) > LONGEST_KEY:
            violation = violation or Violation("$", f"its key is longer than {LONGEST_KEY} bytes")
            key = None
        violation = violation or Violation("$", "its key can't be read")
        self.refused.append(Refused(line, key.decode() if key is not None else None, violation))

    def _out_of_scope(self, parsed: dict[str, Any]) -> Violation | None:
        for name, value in self.scope.items():
            if parsed.get(name) != value:
                return Violation(f"$.{name}", "is outside the batch's scope")
        return None


def _unstorable(document: bytes) -> Violation | None:
    # One byte is found many times faster than six, and most documents have no backslash at all.
    if b"\\" in document and b"\\u0000" in document and _NUL.search(document):
        return Violation("$", "holds \\u0000, which Postgres can't store")
    return None


def _key(parsed: Any, fields: tuple[str, ...]) -> bytes | None:
    if type(parsed) is not dict:
        return None
    values = [parsed.get(name) for name in fields]
    for value in values:
        if type(value) is not str and type(value) is not int:
            return None
    return orjson.dumps(values)


def scope_prefix(contract: StreamContract, scope: Scope) -> str:
    """How every key of a scope begins; empty if the stream is one scope."""
    if not contract.scope_by:
        return ""
    return orjson.dumps([scope[name] for name in contract.scope_by]).decode()[:-1] + ","
