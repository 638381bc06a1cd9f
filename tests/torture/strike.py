"""Strike a run at a chosen point: when a certain function is called, or has returned, for the n-th time.

A point in the program, not in time: the same seed strikes at the same place again, and what is rarely under
way for long is struck as often as what takes all the time.
"""

import fcntl
import io
import os
import resource
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

_WATCHED = ("observes_assets.", "psycopg.connection", "psycopg.copy", "psycopg.transaction", "psycopg.cursor")


@dataclass(frozen=True, order=True)
class Point:
    """A moment of a run: ``module:function``, before it or after it."""

    function: str
    moment: str


@dataclass
class Watch:
    """Counts the points that this thread passes, and does something at one of them, once."""

    point: Point | None = None
    occurrence: int = 1
    act: Callable[[], None] = lambda: None
    passed: Counter[Point] = field(default_factory=Counter)
    has_struck: bool = False

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch the block."""
        sys.setprofile(self._note)
        try:
            yield
        finally:
            sys.setprofile(None)

    def _note(self, frame: FrameType, event: str, _argument: Any) -> None:
        if event not in {"call", "return"}:
            return
        module = frame.f_globals.get("__name__", "")
        if not module.startswith(_WATCHED):
            return
        point = Point(f"{module}:{frame.f_code.co_qualname}", event)
        self.passed[point] += 1
        if point == self.point and self.passed[point] == self.occurrence and not self.has_struck:
            self.has_struck = True
            sys.setprofile(None)
            self.act()


def kill(pid: int) -> None:
    """kill -9."""
    os.kill(pid, signal.SIGKILL)


def fill_disk() -> None:
    """From now on the kernel takes no byte for a file that this process opens: no space left on device."""
    full = os.open("/dev/full", os.O_WRONLY)

    def filling(call: Callable[..., Any]) -> Callable[..., Any]:
        def opened(*arguments: Any, **named: Any) -> Any:
            file = call(*arguments, **named)
            descriptor = file if isinstance(file, int) else file.fileno()
            if fcntl.fcntl(descriptor, fcntl.F_GETFL) & (os.O_WRONLY | os.O_RDWR):
                os.dup2(full, descriptor, inheritable=False)
            return file

        return opened

    os.open, io.open = filling(os.open), filling(io.open)  # type: ignore[assignment]


def limit_files() -> None:
    """From now on the kernel lets this process write to no file beyond its first bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


def fill_disk_of(pid: int) -> None:
    """The same for a session of Postgres, which then can neither extend a table nor write its log."""
    owner = Path(f"/proc/{pid}").stat()  # who alone may, where root has lost its capabilities
    user = (
        {}
        if owner.st_uid == os.getuid()
        else {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
    )
    subprocess.run(["prlimit", f"--pid={pid}", f"--fsize={1 << 16}:"], check=True, **user)


def break_disk(error: int, times: int) -> None:
    """Let the next calls that make, write, name or flush a file fail as a broken disk lets them fail.

    Python's own calls fail, before the kernel is asked: neither an error of input or output can be had for
    real, nor a disk that is full when a name is made.
    """
    left = [times]

    def failing(call: Callable[..., Any]) -> Callable[..., Any]:
        def maybe(*arguments: Any, **named: Any) -> Any:
            if left[0] > 0:
                left[0] -= 1
                raise OSError(error, os.strerror(error))
            return call(*arguments, **named)

        return maybe

    for name in ("fsync", "write", "link", "replace", "open", "mkdir", "unlink"):
        setattr(os, name, failing(getattr(os, name)))


def jump_clock(days: float) -> None:
    """Let the wall clock of this process be wrong from now on; the monotonic one goes on, as in reality."""
    from datetime import datetime, timedelta, tzinfo  # noqa: PLC0415 - the real one, before it is replaced

    class Jumped(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + timedelta(days=days)

    for name, module in list(sys.modules.items()):
        if name.startswith("observes_assets.") and getattr(module, "datetime", None) is datetime:
            module.datetime = Jumped  # type: ignore[attr-defined]


def beside(work: Callable[[], Any]) -> threading.Thread:
    """Do something in another thread, which is waited for before the process ends."""
    thread = threading.Thread(target=work)
    thread.start()
    return thread
