"""Which commits touched ignored paths only: decided by git, with its own rules for ignoring.

So negation, ``docs/`` (a folder only), ``/docs`` (at the top only), ``**`` and "what lies in an ignored
folder can't be taken back" are git's, not a copy of them.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from observes_assets.errors import PermanentError
from observes_assets.scratch import scratch
from observes_assets.sources.git import failures
from observes_assets.sources.git.command import GitFailedError, run

# Paths that one git is asked about: its start costs some milliseconds, its answers some 100 bytes each.
_PATHS_AT_ONCE = 50_000
_REMEMBERED = 500_000


def ignored(
    patterns: Sequence[str], commits: Iterable[tuple[str, Sequence[str]]]
) -> Iterator[tuple[str, bool]]:
    """Say of each commit whether it touched ignored paths and nothing else.

    Args:
        patterns: lines of a ``.gitignore`` at the top of the repository, as ``validate_patterns`` takes them.
        commits: commit ids and the paths that each touched, as in records.

    Returns:
        Commit ids in the order given, and True if there is at least one path and all of them are ignored
        (an empty commit counts: False).

    Raises:
        PermanentError: git failed.
    """
    with scratch("ignore") as folder:
        judge = _Judge(folder, patterns)
        remaining = iter(commits)
        while chunk := _chunk(remaining):
            verdicts = judge.verdicts(path for _, paths in chunk for path in paths)
            for sha, paths in chunk:
                yield sha, bool(paths) and all(verdicts[path] for path in paths)


def _chunk(commits: Iterator[tuple[str, Sequence[str]]]) -> list[tuple[str, Sequence[str]]]:
    chunk: list[tuple[str, Sequence[str]]] = []
    count = 0
    while count < _PATHS_AT_ONCE and len(chunk) < _PATHS_AT_ONCE and (found := next(commits, None)):
        chunk.append(found)
        count += len(found[1])
    return chunk


class _Judge:
    """An empty repository with the patterns, and the verdicts so far."""

    def __init__(self, folder: Path, patterns: Sequence[str]) -> None:
        self._home = folder / "home"
        self._empty = folder / "empty"
        self._known: dict[str, bool] = {}
        self._git("init", "--quiet", "--template=", self._empty)
        (self._empty / ".git" / "info").mkdir(exist_ok=True)
        lines = "".join(f"{pattern}\n" for pattern in patterns)
        (self._empty / ".git" / "info" / "exclude").write_bytes(lines.encode())

    def verdicts(self, paths: Iterable[str]) -> dict[str, bool]:
        """Say of each path whether it is ignored."""
        wanted = set(paths)
        if len(self._known) > _REMEMBERED:
            self._known = {}
        unknown = sorted(wanted - self._known.keys())
        for path in unknown:
            # git refuses to speak of such a path (crafted trees have them), so no pattern can mean it.
            self._known[path] = False
        self._ask([path for path in unknown if not {"", ".", ".."} & set(path.split("/"))])
        return self._known

    def _ask(self, paths: Sequence[str]) -> None:
        if not paths:
            return
        # ./ keeps git from reading a path that begins with a colon as one of its path expressions.
        asked = "".join(f"./{path}\0" for path in paths).encode("utf-8", "backslashreplace")
        # Exit code 1: none is ignored. -v -n: an answer for each path, with the pattern that decided.
        answer = self._git(
            *("-C", self._empty, "check-ignore", "--no-index", "--stdin", "-z", "-v", "-n"), asked=asked
        )
        fields = iter(answer.split(b"\0"))
        for path in paths:
            _source, _line, pattern, _path = islice(fields, 4)
            self._known[path] = bool(pattern) and not pattern.startswith(b"!")

    def _git(self, *words: str | Path, asked: bytes = b"") -> bytes:
        try:
            return run(words, home=self._home, standard_input=asked, accept=(0, 1))[1]
        except GitFailedError as failure:
            reason = failures.quote(failure.output)
            raise PermanentError(f"Ignored paths could not be found out. {reason}".strip()) from None


def validate_patterns(patterns: Sequence[str]) -> list[tuple[int, str]]:
    """Find the patterns that git would pass over, or that can't match anything, without a word.

    Returns:
        Position (from 0) and what is wrong, in order; empty if all is well.
    """
    found = ((position, _problem(pattern)) for position, pattern in enumerate(patterns))
    return [(position, problem) for position, problem in found if problem]


def _problem(pattern: str) -> str | None:
    kept = pattern.removeprefix("!")
    body = kept.rstrip(" ")
    ends_in_backslash = (len(body) - len(body.rstrip("\\"))) % 2 == 1
    parts = set(body.strip("/").split("/"))
    checks = (
        (not pattern.strip(), "it is empty"),
        (not pattern.isprintable(), "it holds a line break or another character that can't be printed"),
        (pattern.startswith("#"), r"git takes it for a comment; write \# for a path that begins with #"),
        (not body.strip("/"), "it names no path"),
        (body != kept and not ends_in_backslash, "it ends in a space, which git drops"),
        (body == kept and ends_in_backslash, r"it ends in a single \, so that it matches nothing"),
        (parts & {".", "..", ""}, "it has an empty part, . or .., so that it matches nothing"),
        ("[" in body and not _is_closed(body), "it has a [ without its ], so that it matches nothing"),
    )
    return next((problem for wrong, problem in checks if wrong), None)


def _is_closed(pattern: str) -> bool:
    """Whether each ``[`` that opens a class is closed; a ``]`` right after it (or ``[!``) is a member."""
    plain = re.sub(r"\\.", "x", pattern)
    return "[" not in re.sub(r"\[[!^]?+\]?+(\[:\w+:\]|[^]])*+\]", "", plain)
