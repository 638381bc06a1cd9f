"""A bucket in a folder: every object is a file that survives power loss from the moment it is visible.

An object is written to a file in ``<folder>/.tmp``, fsynced, and only then given its name: by ``link``,
which fails if the name exists, or by ``rename``, which replaces. The fsync of the directory makes the
name itself survive. Staging has one place and not one per directory, so that opening a bucket can sweep
what killed processes left behind without walking a million files.
"""

import errno
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from observes_assets.bucket.disk import CHUNK_BYTES, chunks, explain, sync_directory, whole_file, write_all
from observes_assets.bucket.names import STAGING, NotInBucketError, check_name, check_prefix, walk
from observes_assets.errors import SettingsError

_LEFT_OVER_SECONDS = 24 * 3600  # nobody writes to a file for so long without touching it
_NO_HARD_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


class FolderBucket:
    """Objects as files of a folder, readable by their owner only (0600 in 0700, whatever the umask).

    Args:
        folder: absolute; made if missing.

    Raises:
        ObservesError: the folder can't be made or read.
    """

    def __init__(self, folder: Path) -> None:
        self.url = str(folder)
        self._folder = folder
        self._staging = folder / STAGING
        self._durable: set[Path] = set()
        with self._explained():
            if not folder.is_dir():
                self._make_directory(folder)
            with os.scandir(folder):
                pass  # it can be read
        self._sweep()

    def put_new(self, name: str, data: bytes | Path) -> bool:
        """Create the object unless the name exists."""
        path = self._path(name)
        with self._staged(data) as staged, self._explained():
            self._make_directory(path.parent)
            is_new = self._link(staged, path)
            # Also if somebody else was first: they may not have come as far as this yet.
            sync_directory(path.parent)
        return is_new

    def put(self, name: str, data: bytes | Path) -> None:
        """Create or replace the object."""
        path = self._path(name)
        with self._staged(data) as staged, self._explained():
            self._make_directory(path.parent)
            staged.replace(path)
            sync_directory(path.parent)

    def get(self, name: str) -> bytes:
        """The object's bytes."""
        path = self._path(name)
        with self._explained(), self._found(name):
            return path.read_bytes()

    def download(self, name: str, path: Path) -> None:
        """Copy the object to a local file."""
        source = self._path(name)
        with self._explained(), self._found(name):
            opened = source.open("rb")
        with opened, whole_file(path) as target:
            shutil.copyfileobj(opened, target, CHUNK_BYTES)

    def exists(self, name: str) -> bool:
        """Whether there is such an object."""
        path = self._path(name)
        with self._explained():
            return path.is_file()

    def names(self, prefix: str, after: str = "") -> Iterator[str]:
        """Names with that prefix, greater than ``after``, sorted."""
        return walk(self._level, check_prefix(prefix), after)

    def delete(self, name: str) -> None:
        """Remove the object. Its directory stays: removing it would race with writers."""
        path = self._path(name)
        with self._explained(), suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
            path.unlink()
            sync_directory(path.parent)

    def keeps_deleted(self) -> bool:
        """Never."""
        return False

    def _path(self, name: str) -> Path:
        return self._folder / check_name(name)

    def _level(self, parent: str, _prefix: str, _after: str) -> Iterator[str]:
        try:
            with self._explained(), self._found(parent), os.scandir(self._folder / parent) as entries:
                for entry in entries:
                    yield f"{parent}{entry.name}/" if entry.is_dir() else parent + entry.name
        except NotInBucketError:
            return

    @contextmanager
    def _staged(self, data: bytes | Path) -> Iterator[Path]:
        """The data as a fsynced file without a name yet; gone when the block ends."""
        staged = self._staging / f"{STAGING}-{uuid.uuid4().hex}"
        with self._explained():
            self._make_directory(self._staging)
            descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb", buffering=0):
                for chunk in chunks(data):
                    with self._explained():
                        write_all(descriptor, chunk)
                with self._explained():
                    os.fchmod(descriptor, 0o600)
                    os.fsync(descriptor)
            yield staged
        finally:
            with suppress(OSError):
                staged.unlink()

    def _link(self, staged: Path, path: Path) -> bool:
        try:
            path.hardlink_to(staged)
        except FileExistsError:
            if path.is_dir():
                raise
            # NFS repeats a request whose answer got lost, and then meets its own link.
            return path.exists() and path.samefile(staged)
        except OSError as error:
            if error.errno not in _NO_HARD_LINKS:
                raise
            raise SettingsError(
                f"The file system of the bucket {self.url} can't make hard links.",
                "Choose a folder on another file system with OBSERVES_BUCKET_URL.",
            ) from error
        return True

    def _make_directory(self, directory: Path) -> None:
        """Make a directory of the bucket, with its parents, and let their names survive power loss.

        Those that another process has made are fsynced as well, once: it may not have come to that yet.
        """
        if directory in self._durable and directory.is_dir():
            return
        is_missing = not directory.is_dir()
        if is_missing or self._folder in directory.parents:
            self._make_directory(directory.parent)
        if is_missing:
            with suppress(FileExistsError):
                directory.mkdir(0o700)
                directory.chmod(0o700)
        with suppress(PermissionError):  # a parent of the bucket that we may pass but not read
            sync_directory(directory.parent)
        self._durable.add(directory)

    def _sweep(self) -> None:
        """Remove what killed processes left in staging a day ago or earlier."""
        oldest = time.time() - _LEFT_OVER_SECONDS
        # A bucket on a read-only disk can still be read, so failing to tidy up is no failure.
        with suppress(OSError), os.scandir(self._staging) as entries:
            for entry in entries:
                if entry.stat().st_mtime < oldest:
                    Path(entry).unlink()

    @contextmanager
    def _found(self, name: str) -> Iterator[None]:
        try:
            yield
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise NotInBucketError(self.url, name) from None

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise explain(error, self._folder) from error
