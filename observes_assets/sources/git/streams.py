"""What is read from a mirror: the commits of a branch, as records of the stream ``commits``.

Three processes, read in step: ``git rev-list`` feeds ``git cat-file``, which writes the commit objects
themselves; ``git log --numstat`` writes the paths that each commit touches, in the same order. So memory
doesn't grow with the number of commits, only with the files of one commit.

Incremental by graph difference, never by date and never "until the first known commit": a clock that was
wrong, or a branch that was fast-forwarded to one that had merged it, would hide commits for ever.
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import IO, Any

from observes_assets.errors import PermanentError
from observes_assets.sources.git import failures
from observes_assets.sources.git.client import Mirror
from observes_assets.sources.git.command import GitFailedError, Process, running
from observes_assets.sources.git.records import commit_record, decode

_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_CHUNK = 1 << 18

# Spelled out, though our configuration is empty: exact, whatever git's defaults become. A merge has no
# paths; a rename is a path that goes and a path that comes, since finding renames is a guess.
_LOG = (
    *("log", "-z", "--format=%H", "--numstat", "--no-renames", "--diff-merges=off", "--root"),
    *("--no-ext-diff", "--no-textconv", "--no-color", "--no-notes", "--no-mailmap", "--no-show-signature"),
    *("--no-decorate", "--ignore-submodules=none", "--no-relative", "--diff-algorithm=default"),
)


def commits(
    mirror: Mirror, *, repository_id: str, branch: str, tip: str, known_tip: str | None
) -> Iterator[dict[str, Any]]:
    """Read the commits that can be reached from ``tip`` and not from ``known_tip``.

    All commits of ``tip`` if ``known_tip`` is None, or if the mirror doesn't have it (it was cloned anew
    after a forced push). Newest first, roughly: order promises nothing.

    Args:
        repository_id, branch: become part of each record.
        tip, known_tip: full commit ids.

    Raises:
        PermanentError: an object is missing or corrupt. It may come after any number of records: throw
            those away, the repository fails as a whole. The next ``Mirror.update`` clones it anew.
    """
    if known_tip is not None and not mirror.has(known_tip):
        known_tip = None
    try:
        for sha, raw, files in _walk(mirror, _range(tip, known_tip)):
            escaped: list[str] = []
            fields = commit_record(raw, escaped=escaped)
            listed, insertions, deletions = _files(files, escaped)
            yield {
                "repository_id": repository_id,
                "branch": branch,
                "sha": sha,
                **fields,
                "insertions": insertions,
                "deletions": deletions,
                "files": listed,
                "escaped": escaped,
            }
    except GitFailedError as failure:
        mirror.suspect()
        raise failures.damaged(failure) from None


def _range(tip: str, known_tip: str | None) -> list[str]:
    for sha in (tip, known_tip):
        if sha is not None and not _SHA.fullmatch(sha):
            raise ValueError("not a full commit id")
    return [tip, "--not", known_tip] if known_tip else [tip]


def _walk(mirror: Mirror, wanted: list[str]) -> Iterator[tuple[str, bytes, list[bytes]]]:
    """Commit id, object and numstat entries of each commit."""
    if not mirror.folder.is_dir():
        raise PermanentError("There is no mirror of this repository yet.", "Update it first.")
    if (mirror.folder / "shallow").exists():
        # git would take the cut for the beginning of history.
        raise GitFailedError(0, "fatal: the mirror is shallow")
    git = [f"--git-dir={mirror.folder}"]
    with ExitStack() as stack:
        listing = stack.enter_context(running([*git, "rev-list", *wanted], home=mirror.home))
        objects = stack.enter_context(
            running(
                [*git, "cat-file", "--batch", "--buffer"], home=mirror.home, standard_input=listing.output
            )
        )
        listing.output.close()  # cat-file's now: rev-list must notice if that ends
        log = stack.enter_context(running([*git, *_LOG, *wanted, "--"], home=mirror.home))
        touched = _touched(log.output)
        for sha, raw in _objects(objects):
            found = next(touched, None)
            if found is None or found[0] != sha:
                # One of them broke off: its exit code says why.
                _finish(log, listing, objects)
                raise GitFailedError(0, "fatal: two walks of the same history differ")
            yield sha.decode(), raw, found[1]
        if next(touched, None) is not None:
            _finish(listing, objects, log)
            raise GitFailedError(0, "fatal: two walks of the same history differ")
        _finish(listing, objects, log)


def _finish(*processes: Process) -> None:
    for process in processes:
        process.output.close()
    for process in processes:
        process.finish()


def _objects(process: Process) -> Iterator[tuple[bytes, bytes]]:
    """Commit ids and objects from ``git cat-file --batch``, each checked against its own hash."""
    stream = process.output
    while line := stream.readline():
        sha, kind, *size = line.split()
        if kind != b"commit" or not size:
            raise GitFailedError(0, f"fatal: {sha.decode()} is {kind.decode()}")
        length = int(size[0])
        raw = stream.read(length)
        stream.read(1)
        algorithm = hashlib.sha1 if len(sha) == 40 else hashlib.sha256
        # git verifies hashes when objects arrive, not when it reads them.
        digest = algorithm(b"commit %d\0" % length, usedforsecurity=False)
        digest.update(raw)
        if digest.hexdigest().encode() != sha:
            raise GitFailedError(0, f"fatal: {sha.decode()} is corrupt: its hash differs")
        yield sha, raw


def _touched(stream: IO[bytes]) -> Iterator[tuple[bytes, list[bytes]]]:
    """Commit ids and numstat entries (``added TAB deleted TAB path``) from ``git log -z --numstat``.

    git writes: id NUL, then for a commit with paths LF, an entry and a NUL each, and one more NUL. Only
    entries hold a TAB.
    """
    sha: bytes | None = None
    entries: list[bytes] = []
    rest = b""
    while chunk := stream.read(_CHUNK):
        *tokens, rest = (rest + chunk).split(b"\0")
        for token in tokens:
            if b"\t" in token:
                entries.append(token)
            elif token:
                if sha is not None:
                    yield sha, entries
                sha, entries = token, []
    if sha is not None and not rest:
        yield sha, entries


def _files(entries: list[bytes], escaped: list[str]) -> tuple[list[dict[str, Any]], int, int]:
    """Paths with their line counts (null for binary files), and the sums."""
    files: list[dict[str, Any]] = []
    insertions = deletions = 0
    all_exact = True
    for entry in entries:
        added, deleted, raw = entry.split(b"\t", 2)
        path, exact = decode(raw, None)
        all_exact = all_exact and exact
        if deleted == b"-":
            files.append({"path": path, "insertions": None, "deletions": None})
            continue
        plus, minus = int(added), int(deleted)
        insertions += plus
        deletions += minus
        files.append({"path": path, "insertions": plus, "deletions": minus})
    if not all_exact:
        escaped.append("files")
    return files, insertions, deletions
