"""Find out whether a checkout on this machine can stand in the default portfolio."""

import re
from dataclasses import dataclass
from pathlib import Path

from observes_assets.sources.portfolio import names, urls
from observes_assets.sources.portfolio.plain_git import git


@dataclass(frozen=True)
class Checkout:
    """A repository that can be listed: nickname, absolute path and branch."""

    nickname: str
    url: str
    branch: str


def describe_checkout(folder: Path | None) -> Checkout | str:
    """Describe the git repository that ``folder`` is in, or say in half a sentence why it is left out.

    Left out is what has no whole history on a branch. A checkout by CI is detached and often shallow:
    detached, the branch that stands on the same commit is taken.
    """
    if folder is None or not folder.is_dir():
        return "no folder was given"
    top = git(folder, "rev-parse", "--show-toplevel")
    if top.returncode:
        return "it is no git repository with a working tree"
    path = top.stdout.removesuffix("\n")
    if not path.isprintable() or urls.url_problem(path):
        return "its path has characters that a portfolio cannot hold"
    if reason := _part_of_history(Path(path)):
        return reason
    branch = _branch(Path(path))
    if branch is None:
        return "no branch stands on its current commit, or it has no commit yet"
    return Checkout(_nickname(Path(path).name), path, branch)


def _part_of_history(top: Path) -> str | None:
    if git(top, "rev-parse", "--is-shallow-repository").stdout.strip() != "false":
        return "it is shallow: a part of its history is missing"
    if git(top, "config", "--get-regexp", r"^(remote\..*\.promisor|extensions\.partialclone)$").stdout:
        return "it is a partial clone: a part of its objects is missing"
    return None


def _branch(top: Path) -> str | None:
    current = git(top, "symbolic-ref", "--quiet", "--short", "HEAD").stdout.strip()
    if current:
        born = (
            git(top, "rev-parse", "--quiet", "--verify", f"refs/heads/{current}^{{commit}}").returncode == 0
        )
        return current if born and names.branch_problem(current) is None else None
    found = git(top, "for-each-ref", "--points-at", "HEAD", "--format=%(refname:lstrip=2)", "refs/heads")
    usable = [name for name in found.stdout.splitlines() if names.branch_problem(name) is None]
    return min(usable, key=lambda name: (name not in {"main", "master"}, name), default=None)


def _nickname(folder: str) -> str:
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", folder).strip("-.")[: names.LONGEST_NAME]
    return "checkout" if names.portable_problem(name) else name
