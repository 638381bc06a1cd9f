"""A batch's records on their way into the archive: ndjson, zstd, in a local file.

The file ends with the hash of each line, 16 bytes each, in a frame that every zstd reader skips: who has the
records already need not unpack them to see that.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from typing import Any

import orjson
import zstandard

_CHUNK = 1 << 18  # bytes of lines that are compressed at a time

HASH_RECIPE = 2
_HASH_SIZE = 16
_HASHES_A_BLOCK = 10_000
_FRAME = Struct("<II")  # a skippable frame's magic number, its length
_MAGIC = 0x184D2A5B
_END = Struct("<QI4s")  # number of lines, hash recipe, so that nothing else is taken for hashes
_NAME = b"line"


def line_hash(line: bytes) -> bytes:
    """What tells one content from another, recipe 2: 16 bytes of SHA-256, which processors help with."""
    return hashlib.sha256(line).digest()[:_HASH_SIZE]


class Draft:
    """Records of a batch on their way into the archive, in a local file; memory stays flat.

    Args:
        door: what each record's bytes pass on their way in.
        erasure: number of the newest erasure that the door knows of.
    """

    def __init__(self, path: Path, door: Callable[[bytes], bytes] | None = None, *, erasure: int = 0) -> None:
        self.path = path
        self.erasure = erasure
        self._door = door
        self.record_count = 0
        self.byte_count = 0
        self.is_whole = True
        self._waiting: list[bytes] = []
        self._digests: list[bytes] = []
        self._waiting_bytes = 0
        self._digest = hashlib.sha256()
        self._is_ended = False
        self._file = path.open("wb")
        self._hashes = path.with_name(f"{path.name}.hashes").open("w+b")
        # A thread of zstd's own compresses while we read on.
        self._zstd = zstandard.ZstdCompressor(level=1, write_checksum=True, threads=1).compressobj()

    def taking(self, records: Iterable[dict[str, Any] | bytes]) -> Iterator[tuple[int, bytes, bytes]]:
        """Add records as they are asked for; each one's number, from 1, its line and the line's hash.

        The draft is whole when there are no more of them, and not if they end with an error.
        """
        self.is_whole = False
        for record in records:
            line, digest = self.add(record)
            yield self.record_count, line, digest
        self.is_whole = True

    def add(self, record: dict[str, Any] | bytes) -> tuple[bytes, bytes]:
        """Add one record: a dict of ours, or the vendor's own JSON bytes, which are kept as they are.

        A dict is written with sorted keys, so that equal content gives equal bytes. Bytes must hold one
        JSON document; a raw line break in it becomes the other kind, since a line is a record.

        Returns:
            the line that is archived, and its hash.
        """
        line = record if isinstance(record, bytes) else orjson.dumps(record, option=orjson.OPT_SORT_KEYS)
        if self._door:
            line = self._door(line)
        if b"\n" in line:  # JSON has it between tokens only, where the other line break does as well
            line = line.replace(b"\n", b"\r")
        self.record_count += 1
        self.byte_count += len(line) + 1
        self._waiting.append(line)
        digest = line_hash(line)
        self._digests.append(digest)
        self._waiting_bytes += len(line)
        if self._waiting_bytes >= _CHUNK:
            self._compress()
        return line, digest

    def close(self) -> str:
        """End the file; returns the sha256 of its bytes. Once is enough, also when that failed."""
        if not self._is_ended:
            self._is_ended = True  # before a full disk can end it half: who tidies up would hide that failure
            with self._file:
                self._compress()
                self._write(self._zstd.flush())
                self._write_hashes()
        return self._digest.hexdigest()

    def _compress(self) -> None:
        # Many lines a call: one call a line costs a third more.
        if self._waiting:
            self._write(self._zstd.compress(b"\n".join(self._waiting) + b"\n"))
            self._hashes.write(b"".join(self._digests))
            self._waiting.clear()
            self._digests.clear()
            self._waiting_bytes = 0

    def _write(self, chunk: bytes) -> None:
        if chunk:
            self._digest.update(chunk)
            self._file.write(chunk)

    def _write_hashes(self) -> None:
        length = self.record_count * _HASH_SIZE + _END.size
        with self._hashes as hashes:
            if length < 1 << 32:  # a frame can't be longer, and who finds none hashes the lines
                self._write(_FRAME.pack(_MAGIC, length))
                hashes.seek(0)
                while block := hashes.read(_CHUNK):
                    self._write(block)
                self._write(_END.pack(self.record_count, HASH_RECIPE, _NAME))
        Path(hashes.name).unlink()


@dataclass(frozen=True)
class LineHashes:
    """How many lines a data file has, and their hashes in order: 16 bytes each, many a block."""

    count: int
    blocks: Iterator[bytes]


def line_hashes(path: Path) -> LineHashes | None:
    """The hashes at a data file's end; None if it was written without them."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        if size < _FRAME.size + _END.size:
            return None
        file.seek(size - _END.size)
        count, recipe, name = _END.unpack(file.read(_END.size))
        length = count * _HASH_SIZE + _END.size
        if (recipe, name) != (HASH_RECIPE, _NAME) or size < _FRAME.size + length:
            return None
        file.seek(size - length - _FRAME.size)
        if _FRAME.unpack(file.read(_FRAME.size)) != (_MAGIC, length):
            return None
    return LineHashes(count, _blocks(path, size - length, count))


def _blocks(path: Path, begin: int, count: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(begin)
        for first in range(0, count, _HASHES_A_BLOCK):
            yield file.read(min(_HASHES_A_BLOCK, count - first) * _HASH_SIZE)
