"""Mirrors: complete copies of repositories on this machine, made and refreshed by git.

A mirror is a cache: whatever is wrong with one, it is cloned anew. What must not be lost is in the bucket.
What belongs here: talking to servers, and asking a mirror about its branches. What does not: reading
commits (``streams``), deciding which repositories exist (the portfolio), Dagster, Postgres, the bucket.
"""

import fcntl
import hashlib
import os
import re
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from observes_assets.errors import PermanentError, TransientError
from observes_assets.sources.git import failures
from observes_assets.sources.git.access import Access, access_to
from observes_assets.sources.git.command import MINUTE, GitFailedError, home_of, make_private, run
from observes_assets.sources.git.completeness import require_complete, require_git_spoken
from observes_assets.sources.git.credentials import Credential

HOUR = 60 * MINUTE
_SUSPECT = "observes-suspect"
_MANY_PACKS = 50
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_HEADS = b"refs/heads/"
# A replace ref or a graft of the source must not cut what it sends, and a partial one must not start to
# fetch. git takes its own variables from a local upload-pack, hence this way.
_UPLOAD_PACK = "GIT_NO_REPLACE_OBJECTS=1 GIT_GRAFT_FILE=/dev/null GIT_NO_LAZY_FETCH=1 git-upload-pack"


class Mirror:
    """A repository's mirror.

    Args:
        folder: where the mirror lies, or will; its parent also gets a lock beside it and git's home.
        url: the repository, as in the portfolio.
        credential: from ``credentials.read``.
        timeout_seconds: for one conversation with the server.
    """

    def __init__(
        self,
        folder: Path,
        url: str,
        credential: Credential | None,
        *,
        timeout_seconds: float = 4 * HOUR,
    ) -> None:
        self.folder = folder.absolute()
        self.url = url
        self.credential = credential
        self.timeout_seconds = timeout_seconds
        self.home = home_of(self.folder.parent)

    def update(self) -> None:
        """Clone or fetch, so that the mirror equals the repository.

        Whatever happens, what is in the folder afterwards is a whole mirror, or nothing. A mirror that
        doesn't work any more is cloned anew, once.

        Raises:
            TransientError: the network, the server, or another process that is at it for too long.
            PermanentError: a person must act; says on what.
        """
        access = access_to(self.url, self.credential)
        access.require_credential()
        try:
            with self._locked() as lock:
                require_complete(access, self.home)
                self._sweep()
                self._refresh(access, lock)
        except GitFailedError as failure:
            raise failures.explain(failure, access)[1] from None
        except OSError as error:
            reason = f"The mirror's folder can't be written: {error.strerror}."
            raise PermanentError(reason, "Check OBSERVES_HOME: its permissions, and the room left.") from None

    def tip(self, branch: str) -> str | None:
        """Commit id of a branch's newest commit; None if there is no such branch."""
        return self._refs(_HEADS).get(_HEADS + branch.encode("utf-8", "surrogateescape"))

    def is_empty(self) -> bool:
        """Whether the repository has no refs at all."""
        return not self._refs()

    def branches(self) -> list[str]:
        """Names of all branches, sorted; bytes that aren't UTF-8 are written as ``\\xNN``."""
        return [name.removeprefix(_HEADS).decode("utf-8", "backslashreplace") for name in self._refs(_HEADS)]

    def refs_digest(self) -> str:
        """Hex sha256 over all refs: equal as long as the bundle would hold the same."""
        digest = hashlib.sha256()
        for name, sha in self._refs().items():
            digest.update(sha.encode() + b" " + name + b"\0")
        return digest.hexdigest()

    def bundle(self, path: Path) -> None:
        """Write all refs and their objects as a git bundle, whole or not at all; ``git clone`` takes it.

        Raises:
            PermanentError: the repository is empty (git has no empty bundles), or its mirror damaged.
        """
        if self.is_empty():
            raise PermanentError("An empty repository has nothing to bundle.")
        unfinished = path.with_name(f".{path.name}.unfinished-{os.getpid()}")
        try:
            words = ("bundle", "create", "--quiet", unfinished.absolute(), "--all")
            self.ask(*words, timeout=self.timeout_seconds)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)

    def has(self, sha: str) -> bool:
        """Whether a commit is in the mirror, reachable or not."""
        _require_sha(sha)
        answer = self.ask("cat-file", "--batch-check=%(objecttype)", standard_input=f"{sha}\n".encode())[1]
        return answer.strip() == b"commit"

    def is_ancestor(self, old: str, new: str) -> bool:
        """Whether ``old`` can be reached from ``new``; False if the mirror lacks either."""
        if not (self.has(old) and self.has(new)):
            return False
        return self.ask("merge-base", "--is-ancestor", old, new, accept=(0, 1))[0] == 0

    def suspect(self) -> None:
        """Have the mirror cloned anew by the next ``update``."""
        with suppress(OSError):
            (self.folder / _SUSPECT).touch()

    def ask(
        self,
        *arguments: str | Path,
        standard_input: bytes = b"",
        accept: Sequence[int] = (0,),
        timeout: float = HOUR,
    ) -> tuple[int, bytes, str]:
        """Run git on the mirror, without network.

        Returns:
            Exit code, standard output, standard error.

        Raises:
            PermanentError: git failed, so the mirror is damaged; the next ``update`` clones it anew.
        """
        if not self.folder.is_dir():
            raise PermanentError("There is no mirror of this repository yet.", "Update it first.")
        try:
            return run(
                [f"--git-dir={self.folder}", *arguments],
                home=self.home,
                standard_input=standard_input,
                accept=accept,
                timeout=timeout,
            )
        except GitFailedError as failure:
            self.suspect()
            raise failures.damaged(failure) from None

    def _refs(self, beneath: bytes = b"refs/") -> dict[bytes, str]:
        """Refs beneath a folder and their object ids, sorted by name."""
        words = ("for-each-ref", "--format=%(objectname) %(refname)", os.fsdecode(beneath))
        _, answer, complaints = self.ask(*words)
        if complaints.strip():
            # git only warns of a ref that it can't read; the repository would look empty.
            self.suspect()
            raise failures.damaged(GitFailedError(0, complaints))
        lines = (line.split(b" ", 1) for line in answer.splitlines())
        return dict(sorted((name, sha.decode()) for sha, name in lines))

    @contextmanager
    def _locked(self) -> Iterator[int]:
        """Hold the mirror for writing.

        git inherits the lock, so a git that outlived a killed process of ours keeps it until its end.
        """
        make_private(self.folder.parent)
        lock = os.open(self.folder.with_name(f"{self.folder.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            deadline = time.monotonic() + self.timeout_seconds
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise TransientError("Another process is still updating this mirror.") from None
                    time.sleep(0.2)
            yield lock
        finally:
            os.close(lock)

    def _beside(self, what: str) -> Path:
        return self.folder.with_name(f"{self.folder.name}.{what}")

    def _sweep(self) -> None:
        """Remove what a killed run left behind; nobody else is at work, since we hold the lock."""
        for what in ("new", "old"):
            shutil.rmtree(self._beside(what), ignore_errors=True)
        if not self.folder.is_dir():
            return
        # No ref can be named *.lock, so every such file is git's.
        for left in [*self.folder.glob("*.lock"), *self.folder.glob("refs/**/*.lock")]:
            left.unlink(missing_ok=True)
        for left in self.folder.glob("objects/pack/tmp_*"):
            left.unlink(missing_ok=True)

    def _refresh(self, access: Access, lock: int) -> None:
        if not (self.folder / "HEAD").is_file() or (self.folder / _SUSPECT).exists():
            self._clone(access, lock)
            return
        try:
            self._fetch(access, lock)
        except GitFailedError as failure:
            if failures.explain(failure, access)[0] in ("person", "network"):
                raise
            # The mirror or the repository is damaged: a clone tells which.
            self._clone(access, lock)

    def _clone(self, access: Access, lock: int) -> None:
        new, old = self._beside("new"), self._beside("old")
        try:
            # no-local: objects then pass git's checks, instead of being linked as they are.
            options = ["--mirror", "--quiet", "--no-local", "--reject-shallow", "--template="]
            self._talk(["clone", *options, *_upload_pack(access), "--", access.url, new], access, lock)
            require_git_spoken(self.home, new, access)
            if self.folder.exists():
                self.folder.rename(old)
            new.rename(self.folder)
        finally:
            shutil.rmtree(new, ignore_errors=True)
            shutil.rmtree(old, ignore_errors=True)

    def _fetch(self, access: Access, lock: int) -> None:
        mirror = f"--git-dir={self.folder}"
        options = ["--prune", "--force", "--no-tags", "--no-write-fetch-head", "--refmap="]
        words = [mirror, "fetch", *options, *_upload_pack(access), "--", access.url, "+refs/*:refs/*"]
        complaints = self._talk(words, access, lock)
        if "shallow roots" in complaints:
            # git only warns, and leaves such refs as they were.
            raise GitFailedError(0, complaints)
        require_git_spoken(self.home, self.folder, access)
        if len(list(self.folder.glob("objects/pack/*.pack"))) > _MANY_PACKS:
            # Keeps what no ref reaches any more: commits before a forced push are still of use.
            self._talk([mirror, "repack", "--geometric=2", "-d", "--quiet"], access, lock)

    def _talk(self, arguments: Sequence[str | Path], access: Access, lock: int) -> str:
        _, _, complaints = run(
            arguments, home=self.home, access=access, timeout=self.timeout_seconds, keep_open=(lock,)
        )
        return complaints


def _upload_pack(access: Access) -> list[str]:
    return [f"--upload-pack={_UPLOAD_PACK}"] if access.protocol == "file" else []


def _require_sha(sha: str) -> None:
    if not _SHA.fullmatch(sha):
        raise ValueError("not a full commit id")
