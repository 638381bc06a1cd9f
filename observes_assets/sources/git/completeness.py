"""Whether a repository is a whole one: git serves a part, or nothing, without a word."""

import re
from pathlib import Path

from observes_assets.errors import PermanentError
from observes_assets.sources.git import failures
from observes_assets.sources.git.access import Access
from observes_assets.sources.git.command import GitFailedError, run

_IS_SHALLOW = ("rev-parse", "--is-shallow-repository")
_IS_PARTIAL = ("config", "--get-regexp", r"^(extensions\.partialclone|remote\..*\.promisor)$")


def require_complete(access: Access, home: Path) -> None:
    """Refuse a local source that is not a whole repository: git would serve it without a word."""
    folder = access.folder
    if folder is None:
        return
    if not folder.exists():
        raise PermanentError("There is no such folder on this machine.", "Check the repository's URL.")
    if not folder.is_dir():
        return  # a bundle
    try:
        code, answer, _ = run(["-C", folder, *_IS_SHALLOW], home=home, accept=(0, 128))
        partial, _, _ = run(["-C", folder, *_IS_PARTIAL], home=home, accept=(0, 1, 128))
    except GitFailedError as failure:
        raise failures.explain(failure, access)[1] from None
    if code == 0 and answer.strip() == b"true":
        raise PermanentError("The repository is a shallow clone: its history is cut off.", failures.UNSHALLOW)
    if partial == 0:
        raise PermanentError(
            "The repository is a partial clone: it lacks files.", "Clone it again without --filter."
        )


def require_git_spoken(home: Path, mirror: Path, access: Access) -> None:
    """Tell an empty repository from a server (a proxy, a login page) that answers with an empty page."""
    if access.protocol not in ("https", "http"):
        return
    if run([f"--git-dir={mirror}", "for-each-ref", "--count=1"], home=home)[1]:
        return
    # Every server that speaks git says its capabilities, with or without refs.
    _, answer, complaints = run(["ls-remote", "--", access.url], home=home, access=access, trace=True)
    if not answer and not re.search(r"packet:.*< .*(version 2|capabilities\^\{\})", complaints):
        raise PermanentError(
            "The server's answer is not git's: it looks like an empty page.",
            "Check the URL, and whether a proxy stands between.",
        )
