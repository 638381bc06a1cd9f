"""What the company consists of: plain objects that refer to each other. Times are UTC, whole seconds.

Ids are small numbers a kind, handed out in the order of creation; each vendor makes its own of them.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(eq=False, repr=False, slots=True)
class Person:
    """Somebody with a login. ``team`` is a slug. A deleted account shows as nobody."""

    id: int
    login: str
    name: str
    email: str
    utc_offset_hours: int
    joined_at: datetime
    team: str | None = None
    is_bot: bool = False
    is_member: bool = True
    is_deleted: bool = False
    left_at: datetime | None = None


@dataclass(eq=False, repr=False, slots=True)
class Team:
    """A team of the organization."""

    id: int
    slug: str
    name: str
    description: str
    members: list[Person] = field(default_factory=list)


@dataclass(eq=False, repr=False, slots=True)
class Label:
    """A label of one repository."""

    id: int
    name: str
    color: str
    description: str
    is_default: bool


@dataclass(eq=False, repr=False, slots=True)
class Milestone:
    """A milestone of one repository."""

    id: int
    number: int
    title: str
    description: str
    creator: Person
    created_at: datetime
    updated_at: datetime
    due_at: datetime | None = None
    closed_at: datetime | None = None


@dataclass(eq=False, repr=False, slots=True)
class Release:
    """A release on GitHub. A draft has no ``published_at``."""

    id: int
    tag: str
    name: str
    body: str
    author: Person
    created_at: datetime
    published_at: datetime | None
    is_draft: bool = False
    is_prerelease: bool = False


@dataclass(frozen=True, slots=True)
class Commit:
    """A git commit; ``sha`` and ``tree`` are what git itself computes. ``files`` are those it changes."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Person
    authored_at: datetime
    committer: Person
    committed_at: datetime
    message: str
    files: dict[str, str]


@dataclass(eq=False, repr=False, slots=True)
class Repository:
    """A repository. ``is_hidden``: private, and not readable with the extract's credentials."""

    id: int
    name: str
    owner: str
    description: str
    language: str
    created_at: datetime
    updated_at: datetime
    pushed_at: datetime
    is_private: bool = False
    is_hidden: bool = False
    is_archived: bool = False
    former_names: list[str] = field(default_factory=list)
    next_number: int = 1
    labels: dict[str, Label] = field(default_factory=dict)
    milestones: list[Milestone] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)
    issues: dict[int, "Issue"] = field(default_factory=dict)  # by number; pull requests too
    commits: dict[str, Commit] = field(default_factory=dict)  # in the order of creation
    trees: dict[str, dict[str, str]] = field(default_factory=dict)  # commit: path: blob
    refs: dict[str, str] = field(default_factory=dict)  # refs/heads/main: commit


@dataclass(frozen=True, slots=True)
class IssueType:
    """An issue type of the organization."""

    id: int
    name: str
    description: str
    color: str


@dataclass(eq=False, repr=False, slots=True)
class Event:
    """Something that happened to an issue; ``details`` by the names that GitHub gives them."""

    id: int
    name: str
    actor: Person
    created_at: datetime
    details: dict[str, Any]


@dataclass(eq=False, repr=False, slots=True)
class Comment:
    """A comment on an issue or a pull request."""

    id: int
    author: Person
    body: str
    created_at: datetime
    updated_at: datetime


@dataclass(eq=False, repr=False, slots=True)
class Issue:
    """An issue; with ``pull``, a pull request. ``gone`` says why its number answers no more."""

    id: int
    number: int
    repository: Repository
    title: str
    body: str
    author: Person
    created_at: datetime
    updated_at: datetime
    type: IssueType | None = None
    parent: "Issue | None" = None
    children: list["Issue"] = field(default_factory=list)
    closed_at: datetime | None = None
    state_reason: str | None = None
    closed_by: Person | None = None
    labels: list[Label] = field(default_factory=list)
    assignees: list[Person] = field(default_factory=list)
    milestone: Milestone | None = None
    comments: list[Comment] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    pull: "PullRequest | None" = None
    gone: "Issue | str | None" = None  # the issue that it became elsewhere, or "deleted"

    @property
    def is_open(self) -> bool:
        """Whether it is open."""
        return self.closed_at is None


@dataclass(eq=False, repr=False, slots=True)
class Review:
    """A review; a pending one has no ``submitted_at``. State as GitHub writes it."""

    id: int
    author: Person
    state: str
    body: str
    commit: str
    submitted_at: datetime | None


@dataclass(eq=False, repr=False, slots=True)
class ReviewComment:
    """A comment on a line of a pull request's diff."""

    id: int
    review: Review
    author: Person
    path: str
    line: int
    body: str
    created_at: datetime
    updated_at: datetime


@dataclass(eq=False, repr=False, slots=True)
class PullRequest:
    """What a pull request has beyond its issue. Refs without ``refs/heads/``."""

    id: int
    head: str
    base: str
    base_sha: str
    commits: list[Commit] = field(default_factory=list)
    is_draft: bool = False
    reviewers: list[Person] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    review_comments: list[ReviewComment] = field(default_factory=list)
    merged_at: datetime | None = None
    merged_by: Person | None = None
    merge_sha: str | None = None
    additions: int = 0
    deletions: int = 0
    paths: list[str] = field(default_factory=list)
