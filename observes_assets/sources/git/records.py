"""One commit object, byte for byte as git stores it, as a record of the stream ``commits``.

Nothing here asks git: its formatted output loses what we must keep (bytes after a NUL in a message, odd
dates, white space), so the object itself is read.

A record holds only what JSON and Postgres can: text without NUL, times from year 1 to 9999. What doesn't
fit is written differently, never dropped, and its field is named in ``escaped``:

- bytes that aren't text in the commit's encoding become ``\\xNN``, as does NUL;
- a date that is none, or that no calendar here has, becomes 1970-01-01T00:00:00+00:00, which is what git
  shows for it, and an offset that no time zone has becomes UTC (the moment stays exact). In both cases
  ``authored_raw`` or ``committed_raw`` holds the commit's own words, else null.
"""

import hashlib
import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any, NamedTuple

_EPOCH = "1970-01-01T00:00:00+00:00"
_CO_AUTHOR = re.compile(r"co-authored-by[ \t]*:[ \t]*(.*)", re.IGNORECASE)
_HEADERS = frozenset((b"author", b"committer", b"encoding"))
_FIELDS = {
    ("author", "name"): "author_name",
    ("author", "email"): "author_email",
    ("author", "at"): "authored_at",
    ("committer", "name"): "committer_name",
    ("committer", "email"): "committer_email",
    ("committer", "at"): "committed_at",
}


def commit_record(raw: bytes, *, escaped: list[str]) -> dict[str, Any]:
    """Read a commit object.

    Args:
        raw: the object without git's own ``commit <size>`` header.
        escaped: names of the fields that had to be written differently are added to it.

    Returns:
        The record's fields from ``fingerprint`` to ``co_authors``.
    """
    head, _, message = raw.partition(b"\n\n")
    headers, parents = _headers(head)
    encoding = headers.get(b"encoding")
    author = _person(headers.get(b"author", b""), encoding)
    committer = _person(headers.get(b"committer", b""), encoding)
    text, exact = decode(message, encoding)
    escaped += [_FIELDS["author", part] for part in author.inexact]
    escaped += [_FIELDS["committer", part] for part in committer.inexact]
    escaped += [] if exact else ["message"]
    return {
        "fingerprint": fingerprint(author.name, author.email, author.date, message),
        "author_name": author.name_text,
        "author_email": author.email_text,
        "authored_at": author.time,
        "authored_raw": author.raw_time,
        "committer_name": committer.name_text,
        "committer_email": committer.email_text,
        "committed_at": committer.time,
        "committed_raw": committer.raw_time,
        "parents": parents,
        "message": text,
        "co_authors": co_authors(text),
    }


class _Person(NamedTuple):
    """An author or committer line: its bytes, and what a record holds of them."""

    name: bytes
    email: bytes
    date: bytes
    name_text: str
    email_text: str
    time: str
    raw_time: str | None
    inexact: tuple[str, ...]


# Author and committer are one and the same in most commits.
@lru_cache(maxsize=16)
def _person(line: bytes, encoding: bytes | None) -> _Person:
    name, email, date = identity(line)
    name_text, name_exact = decode(name, encoding)
    email_text, email_exact = decode(email, encoding)
    time, time_exact = moment(date)
    exact = {"name": name_exact, "email": email_exact, "at": time_exact}
    return _Person(
        name=name,
        email=email,
        date=date,
        name_text=name_text,
        email_text=email_text,
        time=time,
        raw_time=None if time_exact else decode(date, None)[0],
        inexact=tuple(part for part, is_exact in exact.items() if not is_exact),
    )


def _headers(head: bytes) -> tuple[dict[bytes, bytes], list[str]]:
    headers: dict[bytes, bytes] = {}
    parents: list[str] = []
    # Lines that continue a signature or a merged tag start with a space: their key is empty.
    for line in head.split(b"\n"):
        key, _, value = line.partition(b" ")
        if key == b"parent":
            parents.append(value.decode("ascii", "backslashreplace"))
        elif key in _HEADERS and key not in headers:
            headers[key] = value
    return headers, parents


def identity(line: bytes) -> tuple[bytes, bytes, bytes]:
    """Split ``Name <e-mail> seconds offset`` as git does: first ``<``, first ``>`` after it, last ``>``.

    Returns:
        Name, e-mail and date; a line without an e-mail in brackets is a name only.
    """
    start = line.find(b"<")
    end = line.find(b">", start + 1)
    if start < 0 or end < 0:
        return line.strip(), b"", b""
    return line[:start].strip(), line[start + 1 : end], line[line.rfind(b">") + 1 :].strip()


def fingerprint(name: bytes, email: bytes, date: bytes, message: bytes) -> str:
    """Identify a commit's content, whatever its parents, tree and committer: hex sha256.

    Survives rebase, cherry-pick, fork and copy. Of raw bytes, so that no decoding, mailmap or time zone
    table changes it; ``date`` is seconds and offset as in the commit.
    """
    return hashlib.sha256(b"\0".join((name, email, date, message.rstrip()))).hexdigest()


def decode(value: bytes, encoding: bytes | None) -> tuple[str, bool]:
    """Make text of a commit's bytes.

    Args:
        encoding: the commit's own header; UTF-8 if absent or unknown here.

    Returns:
        The text, and whether it is exactly what the bytes say.
    """
    if encoding is None:
        try:
            text = value.decode()
            exact = True
        except UnicodeDecodeError:
            text = value.decode("utf-8", "backslashreplace")
            exact = False
    else:
        text, exact = _decode_with(value, encoding)
    if "\0" in text:
        return text.replace("\0", "\\x00"), False
    return text, exact


def _decode_with(value: bytes, encoding: bytes) -> tuple[str, bool]:
    try:
        decoder = encoding.decode("ascii")
        try:
            text, exact = value.decode(decoder), True
        except UnicodeDecodeError:
            text, exact = value.decode(decoder, "backslashreplace"), False
        text.encode()  # some of Python's codecs make half characters that JSON can't hold
    except (LookupError, ValueError):
        # Not a name, not one of Python's text encodings, or one that gives up: git takes UTF-8 too.
        return decode(value, None)
    return text, exact


@lru_cache(maxsize=4096)
def _zone(offset: bytes) -> tuple[timezone, bool]:
    """A commit's offset as a time zone, and whether it is that; Postgres takes less than 16 hours."""
    if not re.fullmatch(rb"[+-]\d{4}", offset) or offset == b"-0000":
        return UTC, False
    hours, minutes = int(offset[1:3]), int(offset[3:])
    if hours > 15 or minutes > 59:
        return UTC, False
    delta = timedelta(hours=hours, minutes=minutes)
    return timezone(-delta if offset[:1] == b"-" else delta), True


def moment(date: bytes) -> tuple[str, bool]:
    """Write ``seconds offset`` as ISO 8601 with that offset.

    Returns:
        The time, and whether it says all that the bytes say.
    """
    seconds, _, offset = date.partition(b" ")
    if not seconds.removeprefix(b"-").isdigit():
        return _EPOCH, False
    zone, exact = _zone(offset)
    try:
        return datetime.fromtimestamp(int(seconds), zone).isoformat(), exact
    except (ValueError, OverflowError, OSError):
        return _in_utc(seconds), False


def _in_utc(seconds: bytes) -> str:
    """For the first and the last day of the calendar, which an offset can leave; else the epoch."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return _EPOCH


def co_authors(message: str) -> list[dict[str, str]]:
    """Find the ``Co-authored-by`` trailers: those in the message's last paragraph, as git reads trailers."""
    if "authored-by" not in message.lower():
        return []
    # The first paragraph is the title, never a trailer.
    _, _, body = message.strip().replace("\r\n", "\n").partition("\n\n")
    last = re.split(r"\n[ \t]*\n", body)[-1]
    found = (_CO_AUTHOR.fullmatch(line.rstrip()) for line in last.split("\n"))
    people = []
    for trailer in found:
        if trailer and trailer[1]:
            name, _, email = trailer[1].partition("<")
            people.append({"name": name.strip(), "email": email.partition(">")[0].strip()})
    return people
