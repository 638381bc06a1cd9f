"""The operating system account that PostgreSQL runs as: never root."""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from observes_assets.errors import SettingsError

SYSTEM_ACCOUNTS = ("postgres", "nobody")
"""Who runs the server when root asks for one: the first of these that exists."""


@dataclass(frozen=True)
class Account:
    """An account, and how to run programs as it."""

    uid: int
    gid: int

    @property
    def is_ours(self) -> bool:
        """Whether programs can simply be started, without changing user."""
        return self.uid == os.geteuid()

    def run(
        self,
        command: Sequence[str | Path],
        *,
        pass_fds: Sequence[int] = (),
        timeout_seconds: float | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program as this account and wait for it; a wrong exit code is the caller's to judge.

        The environment is empty but for ``LC_ALL=C``: the caller's locale may not be installed (ssh forwards
        it), and its secrets have no business in a server that outlives it. The working directory is ``/``,
        since ours may be closed to the account.

        Raises:
            OSError: the program can't be started, for instance because the account can't reach it.
        """
        return subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            cwd="/",
            env={"LC_ALL": "C", "PATH": os.defpath},
            umask=0o077,
            pass_fds=tuple(pass_fds),
            start_new_session=True,  # Ctrl-C in our terminal is not meant for the server
            timeout=timeout_seconds,
            check=False,
            user=None if self.is_ours else self.uid,
            group=None if self.is_ours else self.gid,
            extra_groups=None if self.is_ours else [],
        )

    def can_write(self, folder: Path) -> bool:
        """Whether the account can make files in a folder: asked as that account, no mode is interpreted.

        Raises:
            SettingsError: we can't act as the account (a container without that right).
        """
        try:
            done = self.run(["/bin/sh", "-c", 'test -w "$1" && test -x "$1"', "sh", folder])
        except OSError as error:
            raise self._refused(error) from None
        return done.returncode == 0

    def own(self, path: Path) -> None:
        """Give a file or folder that we made to the account.

        Raises:
            SettingsError: as above.
        """
        if self.is_ours:
            return
        try:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)
        except OSError as error:
            raise self._refused(error) from None

    def _refused(self, error: OSError) -> SettingsError:
        return SettingsError(
            f"This root user can't become the account {self.uid}, and PostgreSQL refuses to run as root: "
            f"{error.strerror}.",
            "Run Observes as another user, or set OBSERVES_POSTGRES_URL.",
        )


def account_for(data_folder: Path) -> Account:
    """Who runs the server over a data folder: we, or, if we are root, its owner or a system account.

    Raises:
        SettingsError: root, and neither of the system accounts exists.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    if data_folder.exists() and (owner := data_folder.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    for name in SYSTEM_ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise SettingsError(
        "PostgreSQL refuses to run as root, and this machine has neither an account postgres nor nobody.",
        "Run Observes as another user, or set OBSERVES_POSTGRES_URL.",
    )
