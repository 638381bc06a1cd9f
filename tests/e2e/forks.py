"""Starts `observes` from a process that has paid for Dagster's import once.

A run imports for six seconds before it does anything. Here a server imports, and each run is a fork of it:
a process with its own pid, environment and working folder, in which ``observes_assets.cli.main`` runs from
its first line to its exit code. What a test loses is the import, what it keeps is everything that a kill
could hurt.

Speaks JSON, a line a message. ``{"arguments", "environment", "folder", "output"}`` comes in; ``{"pid"}`` goes
out at once, an empty line comes in when the asker has taken hold of it, and ``{"code"}`` goes out at the end
(negative: the signal that killed it).
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


def serve() -> None:
    """Answer requests until standard input ends."""
    # For their import alone: they are what takes the time.
    import observes_assets.definitions  # noqa: F401, PLC0415
    from observes_assets.cli import graph, main  # noqa: F401, PLC0415

    while line := sys.stdin.readline():
        request = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _become(request)
            main()
            sys.exit(0)
        _say({"pid": pid})
        sys.stdin.readline()
        _, status = os.waitpid(pid, 0)
        _say({"code": os.waitstatus_to_exitcode(status)})


def _become(request: dict[str, Any]) -> None:
    os.setsid()
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    descriptor = os.open(request["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (descriptor, 1), (descriptor, 2)):
        os.dup2(source, target)
    sys.argv = ["observes", *request["arguments"]]


def _say(answer: dict[str, int]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


@dataclass
class Fork:
    """A run that was started."""

    pid: int
    descriptor: int
    output: Path
    server: "subprocess.Popen[str]"

    def kill(self) -> None:
        """kill -9, if it has not ended. Whoever got its pid afterwards has nothing to fear."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.descriptor, signal.SIGKILL)

    def wait(self) -> int:
        """Wait for its end; returns the exit code, negative if a signal killed it."""
        assert self.server.stdout is not None
        line = self.server.stdout.readline()
        os.close(self.descriptor)
        assert line, f"the server of forks is gone; the run said: {self.text}"
        return int(json.loads(line)["code"])

    @property
    def text(self) -> str:
        """What it has said so far, on both channels."""
        return self.output.read_text(errors="replace")


class Forks:
    """The server, seen from a test: one run at a time."""

    def __init__(self) -> None:
        self._server = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def start(self, arguments: list[str], environment: dict[str, str], folder: Path, output: Path) -> Fork:
        """Start `observes` with these arguments."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        request = {
            "arguments": arguments,
            "environment": environment,
            "folder": str(folder),
            "output": str(output),
        }
        output.unlink(missing_ok=True)
        output.touch()
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()
        pid = int(json.loads(self._server.stdout.readline())["pid"])
        descriptor = os.pidfd_open(pid)
        self._server.stdin.write("\n")  # it may be reaped now
        self._server.stdin.flush()
        return Fork(pid, descriptor, output, self._server)

    def close(self) -> None:
        """End the server."""
        assert self._server.stdin is not None
        self._server.stdin.close()
        self._server.wait(300)


if __name__ == "__main__":
    serve()
