"""Real git repositories of the company's code, written by ``git fast-import``."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from observes_assets.sandbox.company.code import MAIN
from observes_assets.sandbox.company.entities import Commit, Repository
from observes_assets.sandbox.company.git_objects import signature
from observes_assets.sandbox.world import World
from observes_assets.sources.portfolio.plain_git import git, require

BILLED = ("harbor", "ledger")
"""What the company's crews work in; the others hold plans, or hardly a commit."""
_WRITTEN_AT = "written-at"


def keep_repositories(folder: Path, at: datetime, world_at: Callable[[datetime], World]) -> None:
    """Let ``folder`` hold the repositories that are billed, as ``<name>.git``, as they are at this moment.

    Nobody's commits are taken back: if they were written as of a later moment, they stay.

    Args:
        at: where the company's clock stands; timezone-aware.
        world_at: gives the world of a moment, if anything has to be written.

    Raises:
        SettingsError: git is missing or failed.
    """
    noted = folder / _WRITTEN_AT
    if noted.exists() and datetime.fromisoformat(noted.read_text()) >= at:
        return
    company = world_at(at).company
    for name in BILLED:
        write_repository(folder / f"{name}.git", company.repository(name))
    noted.write_text(at.isoformat())


def write_repository(folder: Path, repository: Repository) -> None:
    """Write a bare repository with every commit and ref that the company's repository has now.

    An existing one is brought up to date; commits get the names that the world already knows.

    Raises:
        SettingsError: git is missing or failed.
    """
    if not (folder / "HEAD").exists():
        folder.mkdir(parents=True, exist_ok=True)
        require(git(folder, "init", "--quiet", "--bare", "--template="))
        require(git(folder, "symbolic-ref", "HEAD", MAIN))
    require(git(folder, "fast-import", "--quiet", "--force", stdin="".join(_script(repository))))
    found = require(git(folder, "for-each-ref", "--format=%(refname)")).split()
    gone = [f"delete {ref}\n" for ref in found if ref not in repository.refs]
    require(git(folder, "update-ref", "--stdin", stdin="".join(gone)))


def _script(repository: Repository) -> Iterator[str]:
    marks = {sha: number for number, sha in enumerate(repository.commits, start=1)}
    # Commits that no ref holds any more (a branch deleted after a squash) lie under refs/pull.
    for sha, one in repository.commits.items():
        yield from _commit(one, marks[sha], [marks[parent] for parent in one.parents])
    for ref, sha in repository.refs.items():
        yield f"reset {ref}\nfrom :{marks[sha]}\n\n"
    yield "reset refs/importing\nfrom 0000000000000000000000000000000000000000\n\n"


def _commit(one: Commit, mark: int, parents: list[int]) -> Iterator[str]:
    # A ref of its own that is dropped at the end: the real ones are set once all commits are there.
    yield "reset refs/importing\n\n" if not parents else ""
    yield f"commit refs/importing\nmark :{mark}\n"
    yield f"author {signature(one.author, one.authored_at)}\n"
    yield f"committer {signature(one.committer, one.committed_at)}\n"
    yield _data(one.message)
    for word, parent in zip(("from", "merge"), parents, strict=False):
        yield f"{word} :{parent}\n"
    for path, text in one.files.items():
        yield f"M 100644 inline {path}\n{_data(text)}"
    yield "\n"


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"
