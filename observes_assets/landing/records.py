"""Read a batch's lines: parse, check, key and hash each one, and set aside those that break the contract.

The line itself, never a re-serialised document, is what lands: a parser rounds long numbers. Equality of
content is equality of bytes; the archive writes our own records with sorted keys, so equal content gives
equal bytes.
"""

import re
from array import array
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import compress
from pathlib import Path
from typing import Any

import orjson

from observes_assets import archive
from observes_assets.archive import Scope
from observes_assets.contracts import StreamContract, Violation
from observes_assets.contracts.record import LONGEST_KEY
from observes_assets.draft import Draft, line_hash, line_hashes
from observes_assets.landing.known import Known

_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


# An accepted line: its number, key, hash and document. Plain, since a named tuple takes as long as the key.
Record = tuple[int, bytes, bytes, bytes]
# A line as it is drafted: its number, document and hash.
Drafted = tuple[int, bytes, bytes]


@dataclass(frozen=True)
class Refused:
    """One refused line; ``key`` is None when it could not be read."""

    line: int
    key: str | None
    violation: Violation
    line_hash: bytes


@dataclass
class Reader:
    """Reads one batch's records; refused ones and the number of lines gather here.

    After ``skip_known`` the lines whose hash is known are passed over unread; the others are set aside.
    Lines that are just being drafted are read as they come, once, and no file is. Where every document is
    copied, Postgres sees by itself whether it is text, and no time is spent on that here.
    """

    path: Path
    contract: StreamContract
    scope: Scope
    unstorable: frozenset[int] = frozenset()
    drafted: Iterator[Drafted] | None = None
    are_all_copied: bool = False
    known: Known | None = None
    refused: list[Refused] = field(default_factory=list)
    line_count: int = 0
    _wanted: "array[int] | None" = None

    def skip_known(self, known: Known) -> None:
        """Set aside the lines that no head equals, to read only those, if the file has its lines' hashes."""
        if (hashes := line_hashes(self.path)) is None:
            return
        self.known, self.line_count = known, hashes.count
        self._wanted = array("Q", known.unknown_lines(hashes.blocks))
        mask = bytearray(hashes.count)
        for line in self._wanted:
            mask[line - 1] = 1
        with closing(Draft(self._aside)) as aside:
            for document in compress(archive.lines(self.path), mask) if self._wanted else ():
                aside.add(document)

    def __iter__(self) -> Iterator[Record]:
        sound_key, are_all_copied = self.contract.sound_key, self.are_all_copied
        place = [self.scope[name] for name in self.contract.scope_by] if self.scope else []
        depth, line = len(place), 0
        for line, document, digest in self.drafted or self._hashed():
            values = sound_key(document)
            if (
                values is None
                or values[:depth] != place
                or line in self.unstorable
                or _unstorable(document)
                or not (are_all_copied or _is_text(document))
            ):
                key = self._look_closer(line, document)
            else:
                key = _encoded(values)
            if key is not None and len(key) <= LONGEST_KEY:
                yield line, key, digest, document
            elif key is not None:
                violation = Violation("$", f"its key is longer than {LONGEST_KEY} bytes")
                self._refuse(line, None, violation, document)
        if self._wanted is None:
            self.line_count = line

    def _hashed(self) -> Iterator[Drafted]:
        return ((line, document, line_hash(document)) for line, document in self.documents())

    def documents(self) -> Iterator[tuple[int, bytes]]:
        """The lines to read, numbered from 1."""
        if self._wanted is None:
            return enumerate(archive.lines(self.path), start=1)
        return zip(self._wanted, archive.lines(self._aside), strict=True)

    @property
    def _aside(self) -> Path:
        return self.path.with_name(f"aside-{self.path.name}")

    def _look_closer(self, line: int, document: bytes) -> bytes | None:
        """The key of a record that is sound after all; None if it isn't: it is refused."""
        try:
            parsed = orjson.loads(document)
        except orjson.JSONDecodeError as error:
            # The decoder's text names what is wrong and where, never the value.
            self._refuse(line, None, Violation("$", f"not valid JSON: {error.msg}"), document)
            return None
        violation = _unstorable(document) or self.contract.check(parsed) or self._out_of_scope(parsed)
        if line in self.unstorable:
            violation = Violation("$", "holds a value that Postgres can't store")
        key = _key(parsed, self.contract.key)
        if violation is None and key is not None:
            return key
        self._refuse(line, key, violation or Violation("$", "its key can't be read"), document)
        return None

    def _refuse(self, line: int, key: bytes | None, violation: Violation, document: bytes) -> None:
        name = key.decode() if key is not None and len(key) <= LONGEST_KEY else None
        self.refused.append(Refused(line, name, violation, line_hash(document)))

    def _out_of_scope(self, parsed: dict[str, Any]) -> Violation | None:
        for name, value in self.scope.items():
            if parsed.get(name) != value:
                return Violation(f"$.{name}", "is outside the batch's scope")
        return None


def _is_text(document: bytes) -> bool:
    try:
        return document.isascii() or bool(document.decode())
    except UnicodeDecodeError:
        return False


def _unstorable(document: bytes) -> Violation | None:
    # One byte is found many times faster than six, and most documents have no backslash at all.
    if b"\\" in document and b"\\u0000" in document and _NUL.search(document):
        return Violation("$", "holds \\u0000, which Postgres can't store")
    return None


def _key(parsed: Any, fields: tuple[str, ...]) -> bytes | None:
    if type(parsed) is not dict:
        return None
    values = [parsed.get(name) for name in fields]
    # A bool is an int to isinstance.
    return _encoded(values) if all(type(value) is str or type(value) is int for value in values) else None


def _encoded(values: list[Any]) -> bytes:
    return orjson.dumps(values)


def scope_prefix(contract: StreamContract, scope: Scope) -> str:
    """How every key of a scope begins; empty if the stream is one scope."""
    if not contract.scope_by:
        return ""
    return orjson.dumps([scope[name] for name in contract.scope_by]).decode()[:-1] + ","
