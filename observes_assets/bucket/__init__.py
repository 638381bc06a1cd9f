"""The bucket: where the book of record lies, as a folder or in S3.

What belongs here: putting, getting and listing objects, durably, with the failures of disks and S3
told in one line. What doesn't: what the objects mean; that is ``archive.py``'s business, and billing's.

Import ``Bucket``, ``open_bucket`` and ``NotInBucketError`` from here. boto3 (half a second to import) is
loaded only when an ``s3://`` bucket is opened.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from observes_assets.bucket.names import NotInBucketError, check_name
from observes_assets.errors import ObservesError, SettingsError

__all__ = ["Bucket", "NotInBucketError", "check_name", "open_bucket"]


class Bucket(Protocol):
    """Objects under '/'-separated names such as ``archive/git/commits/7.json``.

    An object is visible whole or not at all. Every method raises ``ValueError`` for a name that
    ``check_name`` refuses, and an ``ObservesError`` with a remedy when disk or server fail; after such
    a failure of a ``put_new`` or ``put`` the object may be there, whole, or not. Safe to use from
    several threads.
    """

    url: str
    """Where the bucket is, for messages: a folder or ``s3://…``; never holds secrets."""

    def put_new(self, name: str, data: bytes | Path) -> bool:
        """Create the object, or leave the one that is there untouched.

        Whichever it is, the object under that name is durable when this returns. Of several writers
        with different bytes exactly one gets True. When the name is held by identical bytes the
        answer may be either (in S3 a request whose answer got lost is repeated, and can then only
        recognise its own work by its bytes): put something unique inside where it matters.

        Args:
            name: the object's name.
            data: its bytes, or a local file to copy.

        Returns:
            False if the name exists already.
        """
        ...

    def put(self, name: str, data: bytes | Path) -> None:
        """Create or replace the object, atomically; durable when this returns."""
        ...

    def get(self, name: str) -> bytes:
        """The object's bytes, for objects that fit into memory.

        Raises:
            NotInBucketError: there is no such object.
        """
        ...

    def download(self, name: str, path: Path) -> None:
        """Stream the object into a local file, which appears only when it is whole.

        Raises:
            NotInBucketError: there is no such object.
        """
        ...

    def exists(self, name: str) -> bool:
        """Whether there is such an object."""
        ...

    def names(self, prefix: str, after: str = "") -> Iterator[str]:
        """Names that start with ``prefix`` and are greater than ``after``, at any depth.

        Sorted as whole strings by code point, which is the order of their UTF-8 bytes: ``a-b`` comes
        before ``a/b``, and ``10.json`` before ``9.json``.

        Args:
            prefix: usually ends with '/'; '' for everything.
            after: a name, need not exist.
        """
        ...

    def delete(self, name: str) -> None:
        """Remove the object, durably; it may be missing already."""
        ...

    def keeps_deleted(self) -> bool:
        """Whether what is deleted or replaced lives on as a version, as far as we may know."""
        ...


def open_bucket(url: str) -> Bucket:
    """Open a bucket: ``s3://bucket/prefix``, or the absolute path of a folder (made if missing).

    Raises:
        SettingsError: the URL, the folder, the credentials or the S3 server won't do.
        TransientError: the S3 server doesn't answer.
    """
    if url.startswith("s3://"):
        from observes_assets.bucket.s3 import open_s3_bucket  # noqa: PLC0415 - boto3 costs half a second

        return open_s3_bucket(url)
    if not url.startswith("/"):
        scheme = url.split("://", maxsplit=1)[0] if "://" in url else "a relative path"
        raise SettingsError(
            f"The bucket's URL must be s3://bucket/prefix or an absolute path, but it is {scheme}.",
            "Set OBSERVES_BUCKET_URL.",
        )
    from observes_assets.bucket.folder import FolderBucket  # noqa: PLC0415 - symmetry with S3

    try:
        return FolderBucket(Path(url))
    except ObservesError as error:
        # A folder that never worked is a wrong setting; one that stops working later is a failure.
        raise SettingsError(error.message, error.remedy) from None
