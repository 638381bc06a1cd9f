"""A sprint that fits on a page, as records that land day by day. Checked by hand.

Days are New York's: 23:00 there is 04:00 UTC of the next day, when each look takes place. Nobody looked on
4 January.
"""

from tests.integration.dbt.boards import (
    FIRST,
    REPOSITORY,
    ROADMAP,
    SECOND,
    SPRINTS,
    card,
    delivery,
    fields,
    issue,
    parent,
    project,
)
from tests.integration.dbt.landed import Landed

DELIVERABLE, OTHER, EPIC, ORPHAN = 100, 102, 101, 7
OF_REPOSITORY = {"repository_id": REPOSITORY}


def a_sprint(landed: Landed) -> None:
    """Sprint 1 of the first board, day by day."""
    land = landed.land
    land("delivery/delivery", "2024-01-02T03:00:00Z", [delivery()])
    land(
        "github/projects",
        "2024-01-02T03:10:00Z",
        [project(ROADMAP, 1), project(FIRST, 2), project(SECOND, 3)],
    )
    for board in (ROADMAP, FIRST, SECOND):
        land("github/project_fields", "2024-01-02T03:20:00Z", fields(board), scope={"project_id": board})
    land(
        "github/repositories", "2024-01-02T03:30:00Z", [{"owner_id": "1", "id": 7, "full_name": "octo/site"}]
    )
    boxes = "### Acceptance criteria\n- [x] one\n  - [X] two\n- [ ] three\n### Notes\n- [ ] no criterion\n"
    land(
        "github/issues",
        "2024-01-02T04:00:00Z",
        [
            *(issue(number) for number in (1, 2, 3, 4, 5, 6, ORPHAN)),
            issue(DELIVERABLE, type={"name": "Deliverable"}, body=boxes),
            issue(OTHER, type={"name": "Deliverable"}),
            issue(EPIC, type={"name": "Epic"}),
        ],
        scope=OF_REPOSITORY,
    )
    land(
        "github/issue_parents",
        "2024-01-02T04:00:00Z",
        [*(parent(number, EPIC) for number in (1, 2, 3, 4, 5, 6)), parent(EPIC, DELIVERABLE)],
        scope=OF_REPOSITORY,
    )
    put = "2023-12-31T12:00:00Z"
    look = {"scope": {"project_id": FIRST}}
    land(
        "github/project_items",
        "2024-01-02T04:00:00Z",
        [card(ROADMAP, DELIVERABLE, at=put)],
        scope={"project_id": ROADMAP},
    )
    land(
        "github/project_items",
        "2024-01-02T04:00:00Z",
        [
            card(FIRST, 1, at=put, points=3.0, status="In Progress"),
            card(FIRST, 2, at=put, points=0.5),
            card(FIRST, 3, at=put, points=5.0, sprint=None),
            card(FIRST, 4, at=put, points=2.0),
            card(FIRST, 5, at=put, points=1.0),
            card(FIRST, 6, at=put),
        ],
        **look,
    )
    later = "2023-12-31T13:00:00Z"
    land(
        "github/project_items",
        "2024-01-02T04:10:00Z",
        [card(SECOND, 5, at=later, put_at=later, points=1.0)],
        scope={"project_id": SECOND},
    )
    # 2 January: nothing
    land("github/project_items", "2024-01-03T04:00:00Z", [], **look)
    # 3 January: one is closed, one joins
    land("github/issues", "2024-01-04T04:00:00Z", [issue(1, at="2024-01-03T15:00:00Z", closed="completed")])
    land(
        "github/project_items",
        "2024-01-04T04:00:00Z",
        [card(FIRST, 3, at="2024-01-03T16:00:00Z", points=5.0)],
        **look,
    )
    # 4 January was not looked at; the next look finds what GitHub dates to it. 5 January, 22:00 in New York
    # is the 6th in UTC.
    land(
        "github/issues",
        "2024-01-06T04:00:00Z",
        [
            issue(4, at="2024-01-04T15:00:00Z", closed="not_planned"),
            issue(2, at="2024-01-06T03:00:00Z", closed="completed"),
        ],
    )
    land(
        "github/project_items",
        "2024-01-06T04:00:00Z",
        [
            card(FIRST, 3, at="2024-01-05T15:00:00Z", points=8.0),
            card(FIRST, 6, at="2024-01-05T16:00:00Z", sprint=None),
        ],
        **look,
    )
    # 6 January: one is moved to Done and left open; the epic goes to another deliverable
    land(
        "github/project_items",
        "2024-01-07T04:00:00Z",
        [card(FIRST, 5, at="2024-01-06T20:00:00Z", points=1.0, status="Done")],
        **look,
    )
    land("github/issue_parents", "2024-01-07T04:00:00Z", [parent(EPIC, OTHER)], scope=OF_REPOSITORY)
    # 8 January: what is undone goes on
    land(
        "github/project_items",
        "2024-01-09T04:00:00Z",
        [
            card(
                FIRST,
                3,
                at="2024-01-08T15:00:00Z",
                put_at="2024-01-08T15:00:00Z",
                points=8.0,
                sprint=SPRINTS[1],
            )
        ],
        **look,
    )
