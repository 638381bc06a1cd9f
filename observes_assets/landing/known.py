"""The hashes of a scope's heads, held in little memory and asked for each line of a batch."""

import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from struct import Struct

_HASH = Struct(">QQ")


class Known:
    """The hashes of a scope's heads, and the last line of the batch that brought each: 20 bytes a head.

    Args:
        blocks: 16 bytes a hash, in ascending order.
    """

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._high, self._low = array("Q"), array("Q")
        for block in blocks:
            halves = array("Q", block)
            if sys.byteorder == "little":
                halves.byteswap()
            self._high.extend(halves[0::2])
            self._low.extend(halves[1::2])
        self._last_lines = array("L", [0]) * len(self._high)

    def recognise(self, digest: bytes, line: int) -> bool:
        """Whether a head has this hash; if so, remember the line."""
        place = self._find(digest)
        if place is None:
            return False
        self._last_lines[place] = line
        return True

    def last_line(self, digest: bytes) -> int:
        """The last line that brought a head's hash; 0 if none did."""
        place = self._find(digest)
        return 0 if place is None else self._last_lines[place]

    def missing(self) -> Iterator[bytes]:
        """Hashes of the heads that no line brought."""
        for high, low, line in zip(self._high, self._low, self._last_lines, strict=True):
            if not line:
                yield _HASH.pack(high, low)

    def _find(self, digest: bytes) -> int | None:
        high, low = _HASH.unpack(digest)
        highs = self._high
        place = bisect_left(highs, high)
        while place < len(highs) and highs[place] == high:
            if self._low[place] == low:
                return place
            place += 1
        return None
