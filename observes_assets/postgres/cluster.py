"""The data folder: made whole or not at all, and configured afresh at each start."""

import os
import secrets
import shutil
import sys
from pathlib import Path

from observes_assets.errors import IntegrityError, SettingsError
from observes_assets.postgres.account import Account
from observes_assets.postgres.binaries import MAJOR, Binaries
from observes_assets.postgres.place import Place, sync_folder

SUPERUSER = "observes"
PORT = 5432
"""Only part of the socket's name: nothing listens on TCP."""

HOST_BASED_ACCESS = "# Written by Observes at each start.\nlocal all all scram-sha-256\n"

UNFINISHED = "unfinished-"


def make_cluster(place: Place, account: Account, binaries: Binaries) -> None:
    """Make the data folder if there is none; what a killed attempt left is removed.

    Raises:
        SettingsError: initdb failed, or the data folder is of another major version.
    """
    for leftover in place.cluster.glob(f"{UNFINISHED}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    version_file = place.data / "PG_VERSION"
    if place.data.exists():
        version = version_file.read_text().strip() if version_file.exists() else "unknown"
        if version != str(MAJOR):
            raise SettingsError(
                f"{place.data} was made by PostgreSQL {version}; the embedded server is {MAJOR}.",
                "Move that folder away and run again: everything is landed anew from the bucket.",
            )
        return
    unfinished = place.cluster / f"{UNFINISHED}{secrets.token_hex(4)}"
    unfinished.mkdir(mode=0o700)
    account.own(unfinished)
    _initdb(unfinished, place.password(), account, binaries)
    # Until this rename there is no data folder: a kill before it is as if nothing had been done.
    (unfinished / "data").rename(place.data)
    sync_folder(place.cluster)
    unfinished.rmdir()


def _initdb(folder: Path, password: str, account: Account, binaries: Binaries) -> None:
    password_file = folder / "password"
    descriptor = os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(password + "\n")
    account.own(password_file)
    done = account.run(
        [
            binaries.initdb,
            f"--pgdata={folder / 'data'}",
            f"--username={SUPERUSER}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--text-search-config=simple",
            # Iterations slow down who guesses; this password is 256 random bits. Dagster opens hundreds of
            # connections a run, and each would pay 10 ms for the default of 4,096.
            "--set=scram_iterations=1",
        ]
    )
    password_file.unlink()
    if done.returncode != 0:
        raise SettingsError(
            f"initdb could not make a database cluster below {folder.parent}: {_last_lines(done.stdout)}",
            "Mend what it names (disk full, quota, read-only file system?) and run again.",
        )


def _last_lines(text: str, count: int = 4) -> str:
    return " | ".join(line.strip() for line in text.strip().splitlines()[-count:])


def configure(place: Place, account: Account, sockets: Path) -> None:
    """Write PostgreSQL's configuration; an upgraded Observes brings its own to an old cluster."""
    for name, text in (("postgresql.conf", _configuration(sockets)), ("pg_hba.conf", HOST_BASED_ACCESS)):
        beside = place.data / f".{name}.observes"
        beside.write_text(text)
        beside.chmod(0o600)
        account.own(beside)
        beside.replace(place.data / name)


def _configuration(sockets: Path) -> str:
    values = {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": str(sockets),
        "max_connections": "100",
        "shared_buffers": "256MB",
        "maintenance_work_mem": "128MB",
        "work_mem": "16MB",
        "effective_cache_size": "1GB",
        "huge_pages": "off",  # a container that is allowed none dies of SIGBUS on "try"
        "dynamic_shared_memory_type": _shared_memory_type(),
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "max_wal_size": "2GB",  # bounds crash recovery: 1.1 GB took 9 s on two busy cores
        "checkpoint_timeout": "15min",
        "jit": "off",
        "TimeZone": "UTC",
        "log_timezone": "UTC",
        "datestyle": "iso, ymd",
        "lc_messages": "C",
        "lc_monetary": "C",
        "lc_numeric": "C",
        "lc_time": "C",
        "default_text_search_config": "pg_catalog.simple",
        "password_encryption": "scram-sha-256",
        "log_line_prefix": "%m [%p] ",
        # Statements and details hold records' values, and the log is not a place for personal data.
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "log_checkpoints": "off",
    }
    lines = [f"{name} = '{value.replace(chr(39), chr(39) * 2)}'" for name, value in values.items()]
    return "\n".join(["# Written by Observes at each start: changes are lost.", *lines, ""])


def _shared_memory_type() -> str:
    """Docker gives /dev/shm 64 MB, which one parallel query can exhaust: use files there instead."""
    try:
        memory = os.statvfs("/dev/shm")  # noqa: S108 - only asked for its size
    except OSError:
        return "mmap"
    return "posix" if memory.f_blocks * memory.f_frsize >= 512 * 1024 * 1024 else "mmap"


def system_identifier(place: Place) -> int:
    """The identity that initdb gave to this cluster.

    Raises:
        IntegrityError: the data folder is damaged.
    """
    try:
        # The first field of the control file in every version; pg_controldata prints the same.
        with (place.data / "global" / "pg_control").open("rb") as file:
            first = file.read(8)
    except FileNotFoundError:
        first = b""
    if len(first) != 8:
        raise IntegrityError(
            f"{place.data} is no PostgreSQL cluster: its control file is missing.",
            "Move that folder away and run again: everything is landed anew from the bucket.",
        )
    return int.from_bytes(first, sys.byteorder)
