"""The server's processes: which are ours, starting one, signalling it.

A process id in ``postmaster.pid`` proves nothing: after a crash and a reboot it may be anybody's. Two things
prove that a server lives: the lock on the life file, which the server inherits from its starter and which the
kernel frees with its last process, and a process whose program is ``postgres`` and whose working directory is
our data folder.
"""

import contextlib
import errno
import fcntl
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

from observes_assets.errors import BusyError, ObservesError
from observes_assets.postgres.account import Account
from observes_assets.postgres.binaries import Binaries
from observes_assets.postgres.place import Place

NOBODYS_PID = 2**31 - 2
"""Above the largest process id of any Linux: certainly not alive."""


_PID = r"[1-9]\d{0,9}"


def lock_life(place: Place) -> int | None:
    """Take the life file's lock, exclusively.

    Returns: the descriptor; None if a server, or one of its processes, holds it. Never unlock it: closing is
    enough, and unlocking would unlock it for the server that inherited it too.
    """
    descriptor = os.open(place.life_file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def is_alive(place: Place) -> bool:
    """Whether any process of a server that we started is alive."""
    try:
        descriptor = os.open(place.life_file, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: two who ask don't see each other
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


@contextlib.contextmanager
def control(place: Place) -> Iterator[None]:
    """Hold the right to start or stop this home's server; waits for whoever has it."""
    descriptor = os.open(place.lock_file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    except OSError as error:
        if error.errno in (errno.ENOLCK, errno.EOPNOTSUPP):
            raise BusyError(
                f"The file system of {place.folder} has no locks.", "Set OBSERVES_HOME to a local disk."
            ) from None
        raise
    finally:
        os.close(descriptor)


def pid_file(place: Place) -> list[str]:
    """Lines of ``postmaster.pid``: pid, data folder, start, port, socket folder, address, memory, state."""
    try:
        return (place.data / "postmaster.pid").read_text().splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return []


def postmaster(place: Place, account: Account) -> int | None:
    """Process id of the live server over this data folder, by proof."""
    lines = pid_file(place)
    if not lines or not re.fullmatch(_PID, lines[0].strip()):
        return None
    pid = int(lines[0])
    return pid if _is_ours(pid, place.data, account) else None


def _is_ours(pid: int, data: Path, account: Account) -> bool:
    program, folder = (_link(pid, name, account) for name in ("exe", "cwd"))
    # " (deleted)" is what Linux adds when the program was upgraded under the running server.
    return Path(program.removesuffix(" (deleted)")).name == "postgres" and folder == str(data)


def _link(pid: int, name: str, account: Account) -> str:
    path = f"/proc/{pid}/{name}"
    try:
        return str(Path(path).readlink())
    except PermissionError:
        # Root in a container without CAP_SYS_PTRACE may not look, but the account may.
        return account.run(["readlink", path]).stdout.removesuffix("\n")
    except OSError:
        return ""


def disown_stale_pid_file(place: Place, account: Account) -> None:
    """Make a dead server's ``postmaster.pid`` name a process id that can't exist. Call holding the life lock.

    PostgreSQL refuses to start while the process named there lives, whoever it is. The file isn't deleted:
    with its other lines PostgreSQL checks for itself that no one uses the old shared memory.
    """
    lines = pid_file(place)
    if not lines or not re.fullmatch(_PID, lines[0].strip()):
        (place.data / "postmaster.pid").unlink(missing_ok=True)  # torn by a full disk or power loss
        return
    beside = place.data / ".postmaster.pid.observes"
    beside.write_text("\n".join([str(NOBODYS_PID), *lines[1:], ""]))
    beside.chmod(0o600)
    account.own(beside)
    beside.replace(place.data / "postmaster.pid")


def launch(place: Place, account: Account, binaries: Binaries, life: int) -> None:
    """Start the server, detached from us, holding the life lock; returns before it accepts connections.

    Not by pg_ctl, which puts paths into a shell command of its own: with these arguments any path is safe,
    and how long a recovery may last is ours to say.
    """
    # The shell goes at once, so the server is nobody's child and never a zombie of ours.
    script = 'log=$1; shift; "$@" </dev/null >>"$log" 2>&1 &'
    done = account.run(
        ["/bin/sh", "-c", script, "sh", place.log, binaries.postgres, "-D", place.data], pass_fds=(life,)
    )
    if done.returncode != 0:
        raise ObservesError(f"PostgreSQL could not be started: {done.stdout.strip()}.")


def send(pid: int, number: signal.Signals, place: Place, account: Account) -> None:
    """Signal a process after proving that it is a server process of this data folder."""
    try:
        handle = os.pidfd_open(pid)  # from here on the number can't be reused under us
    except ProcessLookupError:
        return
    except OSError:  # a kernel without pidfd
        if _is_ours(pid, place.data, account):
            os.kill(pid, number)
        return
    try:
        if _is_ours(pid, place.data, account):
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, number)
    finally:
        os.close(handle)


def orphans(place: Place, account: Account) -> list[int]:
    """Processes that a killed server left behind; none while their server lives."""
    found = [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and _owner(entry) == account.uid
        if _is_ours(int(entry.name), place.data, account)
    ]
    return [] if any(_parent(pid) in found for pid in found) or postmaster(place, account) else found


def _owner(entry: Path) -> int | None:
    try:
        return entry.stat().st_uid
    except OSError:
        return None


def _parent(pid: int) -> int | None:
    try:
        # The program's name, in parentheses, may itself hold spaces and parentheses.
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError, ValueError):
        return None
