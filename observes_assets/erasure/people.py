"""Who a person is, and who is erased.

A person is known by identifiers: e-mail addresses, or a vendor's login. The canonical form of an identifier
has no white space around it and its letters A to Z in lower case, as git compares addresses; nothing else
about it changes. Its pseudonym is a keyed hash, the same as the database computes (``landing.person_id``), so
a person joins with themselves across sources. An erased identifier is written ``erased:<pseudonym>``, which
the database takes for that pseudonym: counts and joins stay.
"""

import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from string import ascii_lowercase, ascii_uppercase

ERASED = "erased:"
_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
_SPACE = " \t\r\n"
_LONGEST = 254  # characters of an e-mail address, by RFC 5321
_OUTSIDE = r"\s<>()\[\]\\,;:\"@"
_LOCAL = re.compile(rf"[^{_OUTSIDE}]+")  # of the text backwards
_DOMAIN = re.compile(rf"[^{_OUTSIDE}/?#&'|{{}}*]+")
_BEFORE_LOCAL = re.compile(r"[/='`|*{]")
_NAME = re.compile(r"[^\n\r<>:;,\"]*\Z")
_COMMENT = re.compile(r"[ \t]*#[^\n]*")


def canonical(identifier: str) -> str:
    """An identifier as it is compared, and hashed."""
    return identifier.strip(_SPACE).translate(_LOWER)


def pseudonym(key: bytes, identifier: str) -> str:
    """The keyed hash of an identifier: 32 hexadecimal digits."""
    return _pseudonym(key, canonical(identifier))


@lru_cache(maxsize=1 << 16)
def _pseudonym(key: bytes, identifier: str) -> str:
    return hmac.digest(key, identifier.encode("utf-8", "backslashreplace"), "sha256").hex()[:32]


@dataclass(frozen=True)
class Erased:
    """Who is erased.

    Args:
        number: of the newest erasure; 0 when nobody was ever erased.
        emails: pseudonyms of e-mail addresses, which are found in any text.
        others: pseudonyms of other identifiers, found where they are a personal field's whole value.
        key: of the pseudonyms.
    """

    number: int = 0
    emails: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()
    key: bytes = b""

    def find(self, value: str) -> str | None:
        """What to write instead of a personal field's whole value; None if nobody erased is known by it."""
        if not value or value.startswith(ERASED):
            return None
        found = _pseudonym(self.key, canonical(value))
        return ERASED + found if found in self.emails or found in self.others else None

    def rewrite(self, text: str, *, is_personal: bool = False) -> str:
        """The text without erased people's addresses, and without the name in ``Name <address>``.

        Args:
            is_personal: the text is about people, like a mailmap: a comment behind an address goes too.
        """
        parts, done = [], 0
        for start, end, instead in self._addresses(text):
            before = text[done:start]
            if before.endswith("<") and text[end : end + 1] == ">":
                before = _without_name(before[:-1], instead) + "<"
            comment = _COMMENT.match(text, end + 1) if is_personal else None
            parts += [before, instead]
            done = end
            if comment and text[end] == ">":
                parts.append(">")
                done = comment.end()
        return "".join([*parts, text[done:]]) if done else text

    def _addresses(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Where erased addresses begin and end, and what stands there instead."""
        at = text.find("@")
        while at != -1:
            # From each @ outwards: one pattern over all of a long text would take its square in time.
            local = _LOCAL.match(text[max(0, at - _LONGEST) : at][::-1])
            domain = _DOMAIN.match(text, at + 1, at + _LONGEST)
            if local and domain:
                yield from self._address(text, at - local.end(), at, domain.end())
            at = text.find("@", at + 1)

    def _address(self, text: str, start: int, at: int, end: int) -> Iterator[tuple[int, int, str]]:
        starts = [start, *(start + one.end() for one in _BEFORE_LOCAL.finditer(text[start:at]))]
        if text[start - 1 : start] == "\\":  # JSON as it is written: what follows is an escape's letter
            starts.append(start + 1)
        bare = at + 1 + len(text[at + 1 : end].rstrip(".!'`"))
        for first in starts:
            for last in {end, bare}:
                if first < at and last > at + 1 and (instead := self.find(text[first:last])):
                    yield first, last, instead
                    return


def _without_name(before: str, instead: str) -> str:
    """What stands before an address in angle brackets, with the person's name replaced."""
    found = _NAME.search(before[-_LONGEST:])
    name = found[0] if found else ""
    if not name.strip():
        return before
    indent = name[: len(name) - len(name.lstrip())]
    return f"{before[: len(before) - len(name)]}{indent}{instead} "
