"""A batch's records on their way into the archive: ndjson, zstd, in a local file."""

import hashlib
from pathlib import Path
from typing import Any

import orjson
import zstandard

_CHUNK = 1 << 18  # bytes of lines that are compressed at a time


class Draft:
    """Records of a batch on their way into the archive, in a local file; memory stays flat."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.record_count = 0
        self.byte_count = 0
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._digest = hashlib.sha256()
        self._file = path.open("wb")
        self._zstd = zstandard.ZstdCompressor(level=1, write_checksum=True).compressobj()

    def add(self, record: dict[str, Any] | bytes) -> None:
        """Add one record: a dict of ours, or the vendor's own JSON bytes, which are kept as they are.

        A dict is written with sorted keys, so that equal content gives equal bytes. Bytes must hold one
        JSON document without a raw line break.
        """
        line = record if isinstance(record, bytes) else orjson.dumps(record, option=orjson.OPT_SORT_KEYS)
        self.record_count += 1
        self.byte_count += len(line) + 1
        self._waiting.append(line)
        self._waiting_bytes += len(line)
        if self._waiting_bytes >= _CHUNK:
            self._compress()

    def close(self) -> str:
        """End the file; returns the sha256 of its bytes."""
        if not self._file.closed:
            self._compress()
            self._write(self._zstd.flush())
            self._file.close()
        return self._digest.hexdigest()

    def _compress(self) -> None:
        # Many lines a call: one call a line costs a third more.
        if self._waiting:
            self._write(self._zstd.compress(b"\n".join(self._waiting) + b"\n"))
            self._waiting.clear()
            self._waiting_bytes = 0

    def _write(self, chunk: bytes) -> None:
        if chunk:
            self._digest.update(chunk)
            self._file.write(chunk)
