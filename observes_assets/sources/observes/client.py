"""How to ask the bucket what was published. Every other stream is written when something happens."""

from collections.abc import Iterator
from typing import Any

import msgspec

from observes_assets.bucket import Bucket
from observes_assets.errors import PermanentError

_FOLDER = "releases/"


def release_records(bucket: Bucket, *, after: int) -> Iterator[dict[str, Any]]:
    """The records of releases with a greater number, in order.

    Raises:
        PermanentError: one can't be read; names it.
    """
    for name in bucket.names(_FOLDER, after=f"{_FOLDER}{after:010}.json"):
        try:
            yield msgspec.json.decode(bucket.get(name))
        except msgspec.DecodeError:
            raise PermanentError(
                f"The record of a release, {name}, is unreadable.", "Restore the object from a good copy."
            ) from None
