"""What an object may be called, and in which order names come: the same in a folder and in S3."""

import re
from collections.abc import Callable, Iterable, Iterator

from observes_assets.errors import IntegrityError

STAGING = ".tmp"
"""Start of every file name that isn't an object yet; no part of an object's name starts so."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_ABOVE_SLASH = re.compile(r"[^\x00-/]*")


class NotInBucketError(IntegrityError):
    """An object that should be in the bucket isn't."""

    def __init__(self, url: str, name: str) -> None:
        super().__init__(
            f"{name} isn't in the bucket {url}.",
            "Check that OBSERVES_BUCKET_URL names the right bucket, or bring the object back from a backup.",
        )
        self.name = name


def check_name(name: str) -> str:
    """Return ``name`` if it can name an object.

    Parts are separated by '/'; none is empty, '.' or '..', starts with '.tmp', or is longer than 255
    bytes of UTF-8 (a file system's limit); the whole is at most 900 bytes (S3's limit is 1024, prefix
    included). No control characters, nothing that UTF-8 can't encode.

    Raises:
        ValueError: it can't.
    """
    fault = _fault(name)
    if fault:
        raise ValueError(f"{name!r} can't name an object in the bucket: {fault}")
    return name


def check_prefix(prefix: str) -> str:
    """Return ``prefix`` if the names of objects can start with it; '' is fine.

    Raises:
        ValueError: they can't.
    """
    # One more letter makes a name of 'a/b/' and of 'a/b', and of nothing that no name starts with.
    fault = _fault(prefix + "x")
    if fault:
        raise ValueError(f"{prefix!r} can't start a name in the bucket: {fault}")
    return prefix


def is_name(name: str) -> bool:
    """Whether ``name`` can name an object."""
    return not _fault(name)


def walk(
    list_level: Callable[[str, str, str], Iterable[str]], prefix: str, after: str, parent: str | None = None
) -> Iterator[str]:
    """Names that start with ``prefix`` and are greater than ``after``, in order; one level in memory.

    The order of a server's own listing isn't used: S3 sorts whole names, SeaweedFS sorts level by level,
    and so does a folder.

    Args:
        list_level: called with a parent ('' or 'a/b/'), the prefix and ``after``; yields, in any order,
            the names directly below the parent and, with '/' at the end, the levels there. It may leave
            out what doesn't start with the prefix, or isn't greater than ``start_marker`` says.
        prefix: '' for everything.
        after: '' for everything.
        parent: where to start; by default the level that the prefix points into.
    """
    if parent is None:
        parent = prefix[: prefix.rfind("/") + 1]
    # With its '/' a level sorts among the names beside it just as the names inside it do.
    for name in sorted(list_level(parent, prefix, after)):
        if name.endswith("/"):
            may_hold = name.startswith(prefix) and (name > after or after.startswith(name))
            # SeaweedFS lists an emptied level as being inside itself.
            if may_hold and name != parent and is_name(name + "x"):
                yield from walk(list_level, prefix, after, name)
        elif name.startswith(prefix) and name > after and is_name(name):
            yield name


def start_marker(parent: str, after: str) -> str:
    """Where a server may start to list a level, so that it is sure not to skip names after ``after``.

    It is somewhat before ``after``: with ``after`` = 'a-b' a server that sorts by levels has passed the
    level 'a' already, but 'a/c' is greater than 'a-b'. Cut before the first character up to '/', and one
    more, nothing that is still wanted sorts at or before the marker in either order.
    """
    if not after.startswith(parent):
        return ""
    stem = _ABOVE_SLASH.match(after, len(parent))
    cut = stem.group()[:-1] if stem else ""
    return parent + cut if cut else ""


def _fault(name: str) -> str:
    """What is wrong with the name; '' if nothing is."""
    if _CONTROL.search(name):
        return "it has control characters"
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        return "UTF-8 can't encode it"
    if size > 900:
        return "it is longer than 900 bytes"
    return next((fault for part in name.split("/") if (fault := _part_fault(part))), "")


def _part_fault(part: str) -> str:
    if part in ("", ".", ".."):
        return "it has an empty part, '.' or '..'"
    if part.startswith(STAGING):
        return f"a part starts with {STAGING!r}"
    if len(part.encode()) > 255:
        return "a part is longer than 255 bytes"
    return ""
