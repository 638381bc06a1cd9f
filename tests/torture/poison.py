"""Records as vendors really send them, each with what must become of it.

``lands``: it keeps the contract, so it lands, every digit of it. ``refused``: it goes to quarantine, and its
key still counts as present. ``unreadable``: it goes there too, and nothing of its batch may be buried.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Fate = Literal["lands", "refused", "unreadable"]


@dataclass(frozen=True)
class Poison:
    """``spoil`` makes a vendor's line of a good one."""

    fate: Fate
    spoil: Callable[[bytes], bytes]


def _with(field: bytes) -> Callable[[bytes], bytes]:
    return lambda line: line[:-1] + b"," + field + b"}"


def _instead(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def spoil(line: bytes) -> bytes:
        before, found, after = line.partition(old)
        assert found, line
        return before + new + after

    return spoil


HUGE = "a string of 10 MB"
POISONS = {
    HUGE: Poison("lands", _with(b'"note":"' + b"x" * 10_000_000 + b'"')),
    "an integer beyond 64 bits": Poison("lands", _with(b'"big":123456789012345678901234567890')),
    "1.10": Poison("lands", _with(b'"amount":1.10')),
    "1.1": Poison("lands", _with(b'"amount":1.1')),
    "a fraction of 17 digits": Poison("lands", _with(b'"amount":12345678901234567.25')),
    "duplicate keys": Poison("lands", _with(b'"amount":1,"amount":2,"note":{"a":1,"a":null}')),
    "500 levels": Poison("lands", _with(b'"note":' + b"[" * 500 + b"]" * 500)),
    "an emoji as two surrogates": Poison("lands", _with(rb'"note":"\ud83d\ude00"')),
    "a backslash before u0000": Poison("lands", _with(rb'"note":"\\u0000"')),
    "an unknown field": Poison("lands", _with(b'"n\xc3\xa4me; drop table":[{}]')),
    "a number of 300 digits": Poison("lands", _with(b'"big":' + b"7" * 300)),
    "u0000": Poison("refused", _with(rb'"note":"a\u0000b"')),
    "u0000 behind a backslash": Poison("refused", _with(rb'"note":"\\\u0000"')),
    "u0000 in a name": Poison("refused", _with(rb'"\u0000":1')),
    "20,000 digits": Poison("refused", _with(b'"big":0.' + b"7" * 20_000)),
    "an exponent beyond jsonb's": Poison("refused", _with(b'"big":1e-20000')),
    "a changed type": Poison("refused", _with(b'"amount":"much"')),
    "null for a required field": Poison("refused", _with(b'"amount":null')),
    "a word outside the list": Poison("refused", _with(b'"state":"stolen"')),
    "another scope": Poison("refused", _with(b'"region":"elsewhere"')),
    "a lone surrogate": Poison("unreadable", _with(rb'"note":"\ud800"')),
    "a surrogate in UTF-8": Poison("unreadable", _with(b'"note":"\xed\xa0\x80"')),
    "NaN": Poison("unreadable", _with(b'"amount":NaN')),
    "infinity": Poison("unreadable", _with(b'"amount":-Infinity')),
    "1e400": Poison("unreadable", _with(b'"amount":1e400')),
    "5,000 levels": Poison("unreadable", _with(b'"note":' + b"[" * 5_000 + b"]" * 5_000)),
    "a key of another type": Poison("unreadable", _instead(b'"parcel_id":"', b'"parcel_id":1.5,"_":"')),
    "no key": Poison("unreadable", _instead(b'"parcel_id"', b'"parcelId"')),
    "a key of 3,000 bytes": Poison("unreadable", _instead(b'"parcel_id":"', b'"parcel_id":"' + b"k" * 3_000)),
    "a line cut off": Poison("unreadable", lambda line: line[: len(line) // 2]),
    "an empty line": Poison("unreadable", lambda line: b""),
    "a list": Poison("unreadable", lambda line: b"[" + line + b"]"),
}
"""By name."""
