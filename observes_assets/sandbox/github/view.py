"""How GitHub names things: ids, node ids and URLs, for whoever asks from wherever the server listens."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from observes_assets.sandbox.company import Company
from observes_assets.sandbox.company.entities import Issue, Person, Repository

# Where a kind's numbers begin, so that no two kinds share an id; issues lie beyond 32 bits, as GitHub's do.
_FIRST = {
    "organization": 9_000_000,
    "person": 20_000_000,
    "team": 4_000_000,
    "repository": 600_000_000,
    "issue": 2_600_000_000,
    "pull": 1_800_000_000,
    "comment": 2_900_000_000,
    "review": 2_400_000_000,
    "review_comment": 1_600_000_000,
    "event": 15_000_000_000,
    "label": 5_000_000_000,
    "milestone": 11_000_000,
    "release": 170_000_000,
    "type": 700_000,
    "board": 14_000_000,
    "field": 230_000_000,
    "item": 100_000_000,
    "value": 900_000_000,
    "draft": 60_000_000,
}
_PREFIX = {
    "organization": "O",
    "person": "U",
    "team": "T",
    "repository": "R",
    "issue": "I",
    "pull": "PR",
    "comment": "IC",
    "review": "PRR",
    "review_comment": "PRRC",
    "event": "EV",
    "label": "LA",
    "milestone": "MI",
    "release": "RE",
    "type": "IT",
    "board": "PVT",
    "field": "PVTF",
    "item": "PVTI",
    "value": "PVTFV",
    "draft": "DI",
}
_KIND = {prefix: kind for kind, prefix in _PREFIX.items()}


@dataclass(frozen=True)
class Access:
    """What a token may do. ``scopes`` None: an app's installation, which has permissions instead."""

    scopes: frozenset[str] | None = frozenset({"repo", "read:org", "read:project"})
    sees_hidden: bool = False

    def has(self, *scopes: str) -> bool:
        """Whether one of these scopes, or a wider one that includes it, was given."""
        if self.scopes is None:
            return True
        wider = {f"{kind}:{scope.partition(':')[2]}" for scope in scopes for kind in ("admin", "write")}
        wider |= {scope.removeprefix("read:") for scope in scopes}
        return bool(self.scopes & ({*scopes} | wider))


@dataclass(frozen=True)
class View:
    """The company as one caller sees it. ``api`` and ``html`` are base URLs without a slash at the end."""

    company: Company
    api: str
    html: str
    access: Access = field(default_factory=Access)
    memory: dict[tuple[str, int], Any] = field(default_factory=dict)  # shapes that were made already

    def sees(self, repository: Repository) -> bool:
        """Whether the caller may read a repository."""
        if repository.is_hidden:
            return self.access.sees_hidden
        return not repository.is_private or self.access.has("repo")

    def repository_url(self, repository: Repository) -> str:
        """The API's URL of a repository."""
        return f"{self.api}/repos/{repository.owner}/{repository.name}"

    def repository_page(self, repository: Repository) -> str:
        """The page of a repository."""
        return f"{self.html}/{repository.owner}/{repository.name}"

    def issue_url(self, issue: Issue) -> str:
        """The API's URL of an issue (of a pull request, too)."""
        return f"{self.repository_url(issue.repository)}/issues/{issue.number}"

    def issue_page(self, issue: Issue) -> str:
        """The page of an issue or pull request."""
        kind = "pull" if issue.pull else "issues"
        return f"{self.repository_page(issue.repository)}/{kind}/{issue.number}"


Thing = TypeVar("Thing")
Shape = TypeVar("Shape")
Rest = ParamSpec("Rest")


def remembered(
    make: Callable[Concatenate[View, Thing, Rest], Shape],
) -> Callable[Concatenate[View, Thing, Rest], Shape]:
    """Make the shape of a thing once; nobody changes a shape, and the memory ends with the world's moment."""

    @wraps(make)
    def look_up(view: View, thing: Thing, /, *rest: Rest.args, **more: Rest.kwargs) -> Shape:
        key = (make.__qualname__, id(thing))
        if key not in view.memory:
            view.memory[key] = make(view, thing, *rest, **more)
        found: Shape = view.memory[key]
        return found

    return look_up


def github_id(kind: str, number: int) -> int:
    """GitHub's number of a thing of the world."""
    return _FIRST[kind] + number * 7


def node_id(kind: str, number: int) -> str:
    """GitHub's opaque id of a thing of the world."""
    return f"{_PREFIX[kind]}_kgDO{number:08x}"


def from_node_id(text: str) -> tuple[str, int] | None:
    """The kind and number behind a node id; None if it is none of ours."""
    prefix, _, number = text.partition("_kgDO")
    try:
        return _KIND[prefix], int(number, 16)
    except (KeyError, ValueError):
        return None


def person_id(person: Person) -> str:
    """GitHub's opaque id of a person or bot."""
    return node_id("person", person.id)


def stamp(moment: datetime | None) -> str | None:
    """A moment as GitHub writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None
