"""Where the embedded server's files are.

``<home>/postgres/``   ours: password, the two lock files, ``cluster`` (where the cluster is, if elsewhere)
``…/cluster/``         the server's account's: ``data``, ``server.log``
``/tmp/observes-…/``   the server's account's: the socket. Short, since a socket's path has at most 107 bytes
                       (Linux); named after home and password, so that a home which was deleted and made anew
                       doesn't meet the socket of its forerunner, whose server lives on for up to a minute
"""

import contextlib
import hashlib
import logging
import os
import secrets
import shutil
import stat
import tempfile
from pathlib import Path

from observes_assets.errors import SettingsError
from observes_assets.postgres.account import Account, account_for
from observes_assets.postgres.binaries import COPIES, make_open_folder

log = logging.getLogger(__name__)


class Place:
    """Paths below one home. Reading them makes nothing; ``prepare`` does.

    Args:
        home: ``OBSERVES_HOME``; need not exist.
    """

    def __init__(self, home: Path) -> None:
        self.home = Path(os.path.realpath(home))
        self.folder = self.home / "postgres"
        self.lock_file = self.folder / "lock"
        self.life_file = self.folder / "alive"
        self.password_file = self.folder / "password"
        self._elsewhere = self.folder / "cluster.path"

    @property
    def cluster(self) -> Path:
        """Folder of data and log."""
        try:
            return Path(self._elsewhere.read_text().strip())
        except OSError:
            return self.folder / "cluster"

    @property
    def data(self) -> Path:
        """PostgreSQL's data folder."""
        return self.cluster / "data"

    @property
    def log(self) -> Path:
        """The server's own log."""
        return self.cluster / "server.log"

    @property
    def sockets(self) -> Path:
        """Folder of the socket of a server that is started now."""
        root = Path("/tmp")  # noqa: S108 - not TMPDIR: that differs between sessions of one user
        if not os.access(root, os.W_OK | os.X_OK):
            root = Path(tempfile.gettempdir())
        name = self._hash(self.password())
        return root / f"observes-{account_for(self.cluster).uid}-{name}"

    def _hash(self, salt: str = "") -> str:
        return hashlib.sha256(os.fsencode(self.home) + b"\0" + salt.encode()).hexdigest()[:16]

    def make_folder(self) -> None:
        """Make the home's ``postgres`` folder.

        Raises:
            SettingsError: the home can't be written.
        """
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):
                self.folder.mkdir()
                # Traversable for the server's account; every file in it is closed by its own mode.
                self.folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
            if not os.access(self.folder, os.W_OK | os.X_OK):
                raise PermissionError(13, "Permission denied")
        except OSError as error:
            raise SettingsError(
                f"The folder {self.home} can't be used as OBSERVES_HOME: {error.strerror}.",
                "Make it writable for this user, or set OBSERVES_HOME to a folder of your own.",
            ) from None

    def prepare(self) -> Account:
        """Make the cluster folder, find who runs the server, and make the password. Call under the lock."""
        self.make_password()
        account = account_for(self.cluster)
        # Still ours after a kill just before it was handed over: made as if it were not there.
        if not self.cluster.exists() or self.cluster.stat().st_uid != account.uid:
            self._make_cluster(account)
        if not account.can_write(self.cluster):
            raise SettingsError(
                f"The account {account.uid} that runs PostgreSQL can't reach {self.cluster}.",
                "Open the folders above it for that account (execute permission), or set OBSERVES_HOME.",
            )
        return account

    def _make_cluster(self, account: Account) -> None:
        inside = self.folder / "cluster"
        inside.mkdir(mode=0o700, exist_ok=True)
        account.own(inside)
        if account.can_write(inside):
            return
        # A folder above (say /root) is closed to the account. Its mode isn't ours to change.
        inside.rmdir()
        # A fresh name: an earlier home of this path may have been deleted, which leaves its cluster outside.
        for earlier in COPIES.glob(f"{self._hash()}-*"):
            log.warning(
                "%s is the PostgreSQL cluster of an earlier home at %s. If that home is gone for good, stop "
                "the server over it and remove it.",
                earlier,
                self.home,
            )
        outside = COPIES / f"{self._hash()}-{secrets.token_hex(4)}"
        try:
            make_open_folder(COPIES)
            outside.mkdir(mode=0o700)
        except OSError as error:
            raise SettingsError(
                f"{self.folder} is closed to the account that runs PostgreSQL, and {COPIES} can't be "
                f"written: {error.strerror}.",
                "Set OBSERVES_HOME to a folder that other users can pass through.",
            ) from None
        account.own(outside)
        write_private(self._elsewhere, str(outside))

    def make_sockets(self, account: Account) -> Path:
        """Make the socket folder, or check that the one which is there is the account's own, and empty it.

        Call holding the life lock: then what is in it is a dead server's. (Its socket's lock file would block
        the start like a stale ``postmaster.pid``, when its process id was reused or its zombie remains.)

        Raises:
            SettingsError: somebody else made it: whoever owns it could pose as our server.
        """
        folder = self.sockets
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            account.own(folder)
        state = folder.lstat()
        if not stat.S_ISDIR(state.st_mode) or state.st_uid not in (account.uid, os.geteuid()):
            raise SettingsError(
                f"{folder} should be the embedded PostgreSQL's own folder, but belongs to somebody else.",
                "Find out who made it and remove it, or use another OBSERVES_HOME.",
            )
        account.own(folder)  # made by root, who was killed before handing it over
        if stat.S_IMODE(state.st_mode) != 0o700:
            folder.chmod(0o700)
        for leftover in folder.iterdir():
            leftover.unlink()
        return folder

    def password(self) -> str:
        """The superuser's password.

        Raises:
            SettingsError: the file is missing or can't be read.
        """
        try:
            if password := self.password_file.read_text().strip():
                return password
            reason = "it is empty"
        except OSError as error:
            reason = str(error.strerror)
        raise SettingsError(
            f"The embedded PostgreSQL's password can't be read from {self.password_file}: {reason}.",
            "Use the account that made this home, or put the file back.",
        )

    def make_password(self) -> str:
        """The superuser's password, made at random if there is none."""
        if not self.password_file.exists():
            write_private(self.password_file, secrets.token_urlsafe(32))
        return self.password()

    def remove_sockets(self) -> None:
        """Remove the socket folder of a server that is gone, as far as it is there and ours to remove."""
        with contextlib.suppress(OSError, SettingsError):
            shutil.rmtree(self.sockets)


def write_private(path: Path, text: str) -> None:
    """Write a file of mode 600, whole or not at all, and durably."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
