"""The hashes of a scope's heads, held in little memory and asked for each line of a batch."""

import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from struct import Struct

_HASH = Struct(">QQ")


class Known:
    """The hashes of a scope's heads, and the last line of the batch that brought each: 24 bytes a head.

    Args:
        blocks: 16 bytes a hash, in ascending order.
    """

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._highs, self._lows = array("Q"), array("Q")
        for highs, lows in map(_halves, blocks):
            self._highs.extend(highs)
            self._lows.extend(lows)
        self._last_lines = array("Q", [0]) * len(self._highs)

    def unknown_lines(self, blocks: Iterable[bytes]) -> Iterator[int]:
        """Numbers, from 1, of the lines whose hash no head has; remembers who brought the others.

        Args:
            blocks: 16 bytes a line, in the order of lines.
        """
        known, last_lines, count = self._highs, self._last_lines, len(self._highs)
        line = 0
        for highs, lows in map(_halves, blocks):
            for high, low in zip(highs, lows, strict=True):
                line += 1
                place = bisect_left(known, high)
                if place < count and known[place] == high and (found := self._find(place, high, low)) >= 0:
                    last_lines[found] = line
                else:
                    yield line

    def last_line(self, digest: bytes) -> int:
        """The last line that brought a head's hash; 0 if none did."""
        high, low = _HASH.unpack(digest)
        place = self._find(bisect_left(self._highs, high), high, low)
        return self._last_lines[place] if place >= 0 else 0

    def missing(self) -> Iterator[bytes]:
        """Hashes of the heads that no line brought."""
        for high, low, line in zip(self._highs, self._lows, self._last_lines, strict=True):
            if not line:
                yield _HASH.pack(high, low)

    def _find(self, place: int, high: int, low: int) -> int:
        while place < len(self._highs) and self._highs[place] == high:
            if self._lows[place] == low:
                return place
            place += 1
        return -1


def _halves(block: bytes) -> "tuple[array[int], array[int]]":
    halves = array("Q", block)
    if sys.byteorder == "little":
        halves.byteswap()
    return halves[0::2], halves[1::2]
