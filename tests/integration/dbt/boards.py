"""Records of GitHub and of the delivery file, by hand: sprint boards and a roadmap that fit on a page."""

from collections.abc import Mapping, Sequence
from typing import Any

Record = dict[str, Any]
REPOSITORY, ROADMAP, FIRST, SECOND, THIRD = "7", "PVT_roadmap", "PVT_first", "PVT_second", "PVT_third"
FIFTH, SIXTH = "PVT_fifth", "PVT_sixth"
SPRINTS = [
    {"id": "s1", "title": "Sprint 1", "startDate": "2024-01-01", "duration": 7},
    {"id": "s2", "title": "Sprint 2", "startDate": "2024-01-08", "duration": 7},
]


def delivery(*, time_zone: str = "America/New_York", **changes: Any) -> Record:
    """The delivery file's record for these boards."""
    sprint = {"role": "sprint", "status_field": "Status", "sprint_field": "Sprint", "points_field": "Points"}
    none = dict.fromkeys(("quad_field", "pillar_field"))
    return {
        "name": "delivery",
        "time_zone": time_zone,
        "done": {"closed_as": ["completed"], "statuses": ["Done"]},
        "started": ["In Progress"],
        "types": {"deliverable": ["Deliverable"], "epic": ["Epic"]},
        "incidents": {"labels": ["incident"], "types": []},
        "boards": [
            {"owner": "Octo", "number": 1, "role": "roadmap", "status_field": "Status", "quad_field": "Quad"},
            {"owner": "octo", "number": 2, **sprint, **none},
            {"owner": "octo", "number": 3, **sprint, **none},
            {"owner": "octo", "number": 4, **sprint, **none},
            {"owner": "octo", "number": 5, **sprint, **none},
            {"owner": "Ada", "number": 6, **sprint, **none},
            {"owner": "octo", "number": 9, **sprint, **none},
        ],
        **changes,
    }


def project(project_id: str, number: int) -> Record:
    """A board of the organization octo."""
    return {
        "owner_id": "1",
        "id": project_id,
        "number": number,
        "title": f"Board {number}",
        "closed": False,
        "owner": {"__typename": "Organization", "login": "octo"},
        "items": {"totalCount": 0},
        "createdAt": "2023-12-01T00:00:00Z",
    }


def fields(project_id: str, sprints: Sequence[Record] = SPRINTS) -> list[Record]:
    """A board's fields."""
    options = [{"id": name, "name": name} for name in ("Todo", "In Progress", "Done")]
    return [
        {
            "project_id": project_id,
            "id": f"{project_id}-F1",
            "name": "Status",
            "dataType": "SINGLE_SELECT",
            "options": options,
        },
        {"project_id": project_id, "id": f"{project_id}-F2", "name": "Points", "dataType": "NUMBER"},
        {
            "project_id": project_id,
            "id": f"{project_id}-F3",
            "name": "Quad" if project_id == ROADMAP else "Sprint",
            "dataType": "ITERATION",
            "configuration": {"completedIterations": [], "iterations": list(sprints)},
        },
    ]


def card(
    project_id: str,
    issue_id: int,
    *,
    at: str,
    status: str | None = "Todo",
    points: float | None = None,
    pointed_by: str = "User",
    sprint: Mapping[str, Any] | None = SPRINTS[0],
    put_at: str = "2023-12-31T12:00:00Z",
) -> Record:
    """A card of an issue whose last change was ``at``; its sprint was set when it was put there."""
    values: list[Record] = []
    if status is not None:
        values.append({"field": {"name": "Status"}, "optionId": status, "name": status, "updatedAt": at})
    if points is not None:
        by = {"creator": {"__typename": pointed_by}}
        values.append({"field": {"name": "Points"}, "number": points, "updatedAt": at, **by})
    if sprint:
        values.append(
            {
                "field": {"name": "Quad" if project_id == ROADMAP else "Sprint"},
                "iterationId": sprint["id"],
                "title": sprint["title"],
                "startDate": sprint["startDate"],
                "duration": sprint["duration"],
                "updatedAt": put_at,
            }
        )
    return {
        "project_id": project_id,
        "id": f"card-{project_id}-{issue_id}",
        "type": "ISSUE",
        "isArchived": False,
        "fieldValues": values,
        "content": {"__typename": "Issue", "fullDatabaseId": str(issue_id)},
        "createdAt": put_at,
        "updatedAt": at,
    }


def issue(
    issue_id: int, *, at: str = "2023-12-30T12:00:00Z", closed: str | None = None, **more: Any
) -> Record:
    """An issue, opened on 30 December; ``closed``: why, at the moment ``at``."""
    return {
        "repository_id": REPOSITORY,
        "id": issue_id,
        "node_id": f"I_{issue_id}",
        "number": issue_id,
        "title": f"Issue {issue_id}",
        "state": "closed" if closed else "open",
        "state_reason": closed,
        "labels": [],
        "created_at": "2023-12-30T12:00:00Z",
        "updated_at": at,
        "closed_at": at if closed else None,
        **more,
    }


def parent(issue_id: int, above: int | None, *, repository_id: str = REPOSITORY) -> Record:
    """Which issue an issue is a part of."""
    return {
        "repository_id": repository_id,
        "id": f"I_{issue_id}",
        "fullDatabaseId": str(issue_id),
        "number": issue_id,
        "parent": {"fullDatabaseId": str(above), "number": above} if above else None,
    }
