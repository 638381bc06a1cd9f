"""What is read: organizations, single repositories, and the projects in them."""

from dataclasses import dataclass
from typing import Any

from observes_assets.archive import Scope


@dataclass(frozen=True)
class Owner:
    """An organization, or whoever owns single repositories; ``wanted`` are their full names."""

    id: str
    login: str
    is_organization: bool
    wanted: tuple[str, ...] = ()
    field = "owner_id"


@dataclass(frozen=True)
class Repository:
    """A repository by GitHub's own ids; its name may change."""

    id: str
    node_id: str
    name: str
    has_issues: bool
    field = "repository_id"

    @classmethod
    def of(cls, record: dict[str, Any]) -> "Repository":
        """The repository that a record of the stream ``repositories`` tells of."""
        return cls(
            id=str(record["id"]),
            node_id=record["node_id"],
            name=record["full_name"],
            has_issues=record.get("has_issues", True),
        )


@dataclass(frozen=True)
class Project:
    """A project (board), by its node id."""

    id: str
    name: str
    field = "project_id"


Place = Owner | Repository | Project


def scope_of(place: Place) -> Scope:
    """The scope that a place is, in each stream that is split by such places."""
    return {place.field: place.id}
