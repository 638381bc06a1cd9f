"""The only place where git is started: with an environment, a configuration and limits of our own.

Nothing of the person's own git reaches it: neither ``~/.gitconfig`` nor the system's configuration nor
attributes, hooks, credential helpers, ``~/.netrc``, replace refs, grafts or ``GIT_…`` variables (of a hook
that started us, or ``GIT_TRACE_CURL``, which writes tokens to a log).
"""

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from observes_assets.errors import PermanentError
from observes_assets.sources.git.access import Access

MINUTE = 60.0
_NAME_OF_HOME = ".git-home"
# What git needs from us to find its programs, and what a company's network cannot do without.
_PASSED_ON = ("PATH", "TMPDIR")
_PASSED_ON_TO_HTTP = (
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "SSL_CERT_FILE", "SSL_CERT_DIR"),
)
_PASSED_ON_TO_SSH = ("SSH_AUTH_SOCK",)

# safe.directory: else git refuses a checkout that another user owns. commitGraph: it may name commits
# whose objects are gone. attr.tree: git 2.43 to 2.45 read a bare repository's own .gitattributes from HEAD.
# unpackLimit: all that arrives stays in packs, so that counting them says when to repack. fsckObjects
# stays off: it refuses old histories that are odd and yet complete; every commit's hash is checked by
# ``streams``, and git itself checks that what it fetched is connected.
_CONFIGURATION = """\
# Written by Observes for its own git processes; changes are overwritten.
[safe]
    directory = *
[core]
    hooksPath = /dev/null
    fsmonitor = false
    attributesFile = /dev/null
    excludesFile = /dev/null
    commitGraph = false
    ignoreCase = false
    askPass =
[attr]
    tree = 4b825dc642cb6eb9a060e54bf8d69288fbee4904
[credential]
    helper =
[fetch]
    unpackLimit = 1
    recurseSubmodules = false
[gc]
    auto = 0
[maintenance]
    auto = false
[http]
    lowSpeedLimit = 1000
    lowSpeedTime = 60
[init]
    defaultBranch = main
[protocol]
    version = 2
"""

# The origin is compared, so that a redirection to another host is not given the token. git asks for the
# user name first; without an answer to that it doesn't come to ask for the password.
_ASKPASS = """\
#!/bin/sh
# Written by Observes: git asks here for the user name and the password of a repository.
case $1 in
    "Username for '$OBSERVES_ASKPASS_ORIGIN': ") printf '%s\\n' "$OBSERVES_ASKPASS_USERNAME" ;;
    "Password for '"*"@$OBSERVES_ASKPASS_HOST': ") printf '%s\\n' "$OBSERVES_ASKPASS_TOKEN" ;;
    *) exit 1 ;;
esac
"""


class GitFailedError(Exception):
    """git ended with another exit code than 0. For this folder only: ``failures`` makes words of it.

    Args:
        code: git's exit code; negative: ended by that signal; None: we ended it at its time limit.
        output: the end of what git wrote to its standard error, for ``failures`` to read.
    """

    def __init__(self, code: int | None, output: str) -> None:
        super().__init__(f"git ended with {code}")
        self.code = code
        self.output = output


def make_private(folder: Path) -> None:
    """Make a folder for us alone: a root's home lets everybody pass, and mirrors hold private code."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def home_of(mirrors: Path) -> Path:
    """The folder beside the mirrors that stands in for git's home: our configuration, our askpass."""
    return mirrors / _NAME_OF_HOME


def _write(path: Path, text: str, mode: int) -> None:
    if path.is_file() and path.read_text() == text and path.stat().st_mode & 0o777 == mode:
        return
    # Written aside and renamed: another process of ours may be reading it.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(handle, "w") as file:
        file.write(text)
    Path(name).chmod(mode)
    Path(name).replace(path)


def environment(home: Path, access: Access | None = None) -> dict[str, str]:
    """The whole environment of a git process; writes the files that it names.

    Args:
        home: folder for our configuration; made if absent.
        access: the server that is talked to; None: no transport at all is allowed.
    """
    make_private(home.parent)
    make_private(home)
    _write(home / "gitconfig", _CONFIGURATION, 0o600)
    _write(home / "askpass", _ASKPASS, 0o700)
    variables = {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "LC_ALL": "C",
        "GIT_CONFIG_GLOBAL": str(home / "gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_ASKPASS": str(home / "askpass"),
        "GIT_TERMINAL_PROMPT": "0",
        "SSH_ASKPASS_REQUIRE": "never",
        "GIT_ALLOW_PROTOCOL": access.allowed_protocols if access else "none",
        "GIT_GRAFT_FILE": os.devnull,
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_OPTIONAL_LOCKS": "0",
    }
    names = list(_PASSED_ON)
    if access is not None:
        names += {"https": _PASSED_ON_TO_HTTP, "http": _PASSED_ON_TO_HTTP}.get(access.protocol, ())
        names += _PASSED_ON_TO_SSH if access.protocol == "ssh" and not access.credential else ()
        variables |= access.environment()
    return variables | {name: os.environ[name] for name in names if name in os.environ}


class Process:
    """A running git. Its standard error goes to a file, since an unread pipe would stop it."""

    def __init__(self, process: "subprocess.Popen[bytes]", errors: IO[bytes]) -> None:
        self._process = process
        self._errors = errors

    @property
    def output(self) -> IO[bytes]:
        """git's standard output, to be read to its end before ``finish``."""
        assert self._process.stdout is not None
        return self._process.stdout

    def complaints(self) -> str:
        """The end (up to 16 KB) of what git wrote to its standard error."""
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, size - 16_384))
        return self._errors.read().decode("utf-8", "backslashreplace")

    def finish(self, *, accept: Sequence[int] = (0,), timeout: float | None = None) -> int:
        """Wait for the end.

        Raises:
            GitFailedError: the exit code is none of ``accept``, or the time limit is over.
        """
        try:
            code = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.stop()
            raise GitFailedError(None, self.complaints()) from None
        if code not in accept:
            raise GitFailedError(code, self.complaints())
        return code

    def stop(self) -> None:
        """End git and the programs that it started, if it is still running."""
        if self._process.poll() is None:
            # It is the leader of a process group of its own, and not yet reaped, so the number is its own.
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


@contextmanager
def running(
    arguments: Sequence[str | Path],
    *,
    home: Path,
    access: Access | None = None,
    standard_input: IO[bytes] | None = None,
    output: IO[bytes] | None = None,
    keep_open: Sequence[int] = (),
    trace: bool = False,
) -> Iterator[Process]:
    """Run git for the length of a block; whatever is left of it at the end is stopped.

    Args:
        arguments: after ``git``. Never a secret: every user of the machine can read them.
        home: see ``environment``.
        output: where standard output goes; default: a pipe, see ``Process.output``.
        keep_open: file descriptors that git and its programs inherit (the lock of a mirror).
        trace: have git write its conversation with the server (refs, no secrets) to standard error.

    Raises:
        PermanentError: git is not installed.
    """
    with tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(
                ["git", *map(str, arguments)],
                stdin=standard_input if standard_input is not None else subprocess.DEVNULL,
                stdout=output if output is not None else subprocess.PIPE,
                stderr=errors,
                env=environment(home, access) | ({"GIT_TRACE_PACKET": "1"} if trace else {}),
                cwd=home,
                bufsize=1 << 20,
                pass_fds=tuple(keep_open),
                start_new_session=True,
            )
        except FileNotFoundError:
            raise PermanentError(
                "git is not installed, or not on the PATH.", "Install git 2.32 or newer."
            ) from None
        running_git = Process(process, errors)
        try:
            yield running_git
        finally:
            running_git.stop()
            if process.stdout is not None:
                process.stdout.close()


def run(
    arguments: Sequence[str | Path],
    *,
    home: Path,
    access: Access | None = None,
    standard_input: bytes = b"",
    accept: Sequence[int] = (0,),
    timeout: float = 10 * MINUTE,
    keep_open: Sequence[int] = (),
    trace: bool = False,
) -> tuple[int, bytes, str]:
    """Run git to its end, with all of its output in memory.

    Args:
        timeout: seconds, after which git is ended.

    Returns:
        Exit code, standard output, and the end of standard error.

    Raises:
        GitFailedError: the exit code is none of ``accept``, or the time limit is over.
    """
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as answer:
        given.write(standard_input)
        given.seek(0)
        with running(
            arguments,
            home=home,
            access=access,
            standard_input=given,
            output=answer,
            keep_open=keep_open,
            trace=trace,
        ) as process:
            code = process.finish(accept=accept, timeout=timeout)
            complaints = process.complaints()
        answer.seek(0)
        return code, answer.read(), complaints
