"""Every stream of the source: of which places it is read, and how."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from observes_assets.sources.github import boards, issues, people, pull_requests
from observes_assets.sources.github.client import Client
from observes_assets.sources.github.places import Owner, Place, Repository
from observes_assets.sources.github.walk import Walk

Read = Callable[[Client, Any, Walk], None]


@dataclass(frozen=True)
class Stream:
    """A stream and the function that reads one scope of it into a walk.

    ``accounts`` says that a sweep must know what the warehouse holds, to ask what became of the rest.
    ``only_sweeps`` says that there is nothing between two sweeps, which the contract sets apart.
    """

    name: str
    read: Read
    accounts: bool = False
    needs_issues: bool = False
    needs_organization: bool = False
    only_sweeps: bool = False

    def is_read_of(self, place: Place) -> bool:
        """Whether there is anything to read: issues may be turned off, and a person has no teams."""
        if isinstance(place, Repository):
            return place.has_issues or not self.needs_issues
        if isinstance(place, Owner):
            return not self.needs_organization or (place.is_organization and not place.wanted)
        return True


OF_OWNERS = (
    Stream("repositories", people.repositories, accounts=True),
    Stream("projects", boards.projects),
    Stream("issue_types", people.issue_types, needs_organization=True),
    Stream("members", people.members, needs_organization=True),
    Stream("teams", people.teams, needs_organization=True),
    Stream("team_members", people.team_members, needs_organization=True),
)
"""What says where to read on comes first."""

OF_PROJECTS = (
    Stream("project_items", boards.project_items, accounts=True, only_sweeps=True),
    Stream("project_fields", boards.project_fields),
)
OF_REPOSITORIES = (
    Stream("issue_events", issues.issue_events),
    Stream("issues", issues.issues, accounts=True, needs_issues=True),
    Stream("reviews", pull_requests.reviews),
    Stream("pull_requests", pull_requests.pull_requests),
    Stream("issue_parents", issues.issue_parents, needs_issues=True),
    Stream("issue_comments", issues.issue_comments),
    Stream("review_comments", pull_requests.review_comments),
    Stream("labels", issues.labels),
    Stream("milestones", issues.milestones),
    Stream("releases", pull_requests.releases),
)
"""The longest listings first: a page waits for the one before it, so they say how long a run takes."""
