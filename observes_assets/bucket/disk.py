"""What folder and S3 both need from a local disk: reading in pieces, whole files, failures in one line."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from observes_assets.bucket.names import STAGING
from observes_assets.errors import ObservesError

CHUNK_BYTES = 1 << 20

_REMEDIES = {
    errno.ENOSPC: "Free some space there, then run again.",
    errno.EDQUOT: "Raise the quota or free some space there, then run again.",
    errno.EFBIG: "Raise the limit on file sizes (ulimit -f), then run again.",
    errno.EROFS: "Mount it for writing, or choose another folder with OBSERVES_BUCKET_URL.",
    errno.EACCES: "Give this user the right to read and write there, or choose another folder.",
    errno.EPERM: "Give this user the right to read and write there, or choose another folder.",
    errno.EXDEV: "Keep all of the bucket on one file system: no mounts inside it.",
    errno.ENOTDIR: "A file is where a folder should be: move it away, or choose another folder.",
    errno.EEXIST: "A folder is where a file should be: move it away, or choose another folder.",
    errno.EISDIR: "A folder is where a file should be: move it away, or choose another folder.",
}


def explain(error: OSError, where: Path | str) -> ObservesError:
    """The failure of a disk in one line, with what to do."""
    reason = os.strerror(error.errno) if error.errno else type(error).__name__
    remedy = _REMEDIES.get(error.errno or 0, "Check that disk and folder, then run again.")
    return ObservesError(f"The folder {where} can't be used: {reason}.", remedy)


def chunks(data: bytes | Path) -> Iterator[bytes]:
    """Bytes, or a file's content, in pieces of at most ``CHUNK_BYTES`` (bytes in memory stay one piece)."""
    if isinstance(data, bytes):
        yield data
        return
    with data.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of it, however little the kernel takes at a time."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def sync_directory(directory: Path) -> None:
    """Make the names in a directory survive power loss."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # A file system that has nothing of the kind answers EINVAL; PostgreSQL goes on there, too.
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(descriptor)


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to, which gets the name ``path`` when the block ends without an error (0600).

    Raises:
        ObservesError: the disk is full, or the like.
    """
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f"{STAGING}-", delete=False) as file:
            try:
                yield file
                file.flush()
                Path(file.name).replace(path)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise explain(error, path.parent) from error
