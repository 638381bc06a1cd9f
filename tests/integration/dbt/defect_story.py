"""What other dashboards of delivery got wrong, as records beside those of ``sprint_story``.

A board of its own (number 4, sprints 9 and 10) and a repository of its own; each group of issues is named for
what may go wrong with it.
"""

from typing import Any

from tests.integration.dbt.boards import THIRD, card, fields, issue, parent, project
from tests.integration.dbt.landed import Landed

SPRINTS = [
    {"id": "s9", "title": "Sprint 9", "startDate": "2024-01-01", "duration": 7},
    {"id": "s10", "title": "Sprint 10", "startDate": "2024-01-08", "duration": 7},
]
REPOSITORY = "8"
ALMOST_DONE, ALMOST_DONE_ISSUES, DELETED = 300, range(301, 501), 501
FIRST_OF_A_CIRCLE, SECOND_OF_A_CIRCLE, IN_A_CIRCLE = 510, 511, 512
CHILDLESS = range(601, 614)
NESTED_GOAL, ABOVE, BELOW = 620, 210, 211
EMPTIED_GOAL, UNMAPPED_EPIC, LEFT_BEHIND = 630, 220, 221
DEEP_GOAL, DEEP = 640, range(700, 712)
POINTED_BY_BOT, REDACTED, WITHOUT_STATUS = 212, 213, 214
_BOARD = {"project_id": THIRD}
_PLACE = {"repository_id": REPOSITORY}


def everything_that_goes_wrong(landed: Landed) -> None:
    """Land it, after the sprint that fits on a page."""
    land = landed.land
    land("github/projects", "2024-01-02T03:10:00Z", [project(THIRD, 4)])
    land("github/project_fields", "2024-01-02T03:20:00Z", fields(THIRD, SPRINTS), scope=_BOARD)
    land(
        "github/repositories", "2024-01-02T03:30:00Z", [{"owner_id": "1", "id": 8, "full_name": "octo/plans"}]
    )
    land("github/issues", "2024-01-02T04:00:00Z", _issues(), scope=_PLACE)
    land("github/issue_parents", "2024-01-02T04:00:00Z", _parents(), scope=_PLACE)
    land("github/project_items", "2024-01-02T04:00:00Z", _cards(), scope=_BOARD)
    # The evening of the 3rd: an issue was deleted.
    land("github/issues", "2024-01-04T04:00:00Z", [], scope=_PLACE, gone=[(REPOSITORY, DELETED)])
    land(
        "github/issue_parents", "2024-01-04T04:00:00Z", [], scope=_PLACE, gone=[(REPOSITORY, f"I_{DELETED}")]
    )
    # The evening of the 4th: an epic is nobody's any more, work is closed and a bot gives it a point, and
    # what another card shows is hidden from us.
    closed_at = "2024-01-04T15:00:00Z"
    land("github/issues", "2024-01-05T04:00:00Z", [_issue(POINTED_BY_BOT, at=closed_at, closed="completed")])
    land("github/issue_parents", "2024-01-05T04:00:00Z", [_parent(UNMAPPED_EPIC, None)], scope=_PLACE)
    hidden = {**_card(REDACTED, points=8.0), "type": "REDACTED", "content": None, "fieldValues": []}
    land(
        "github/project_items",
        "2024-01-05T04:00:00Z",
        [_card(POINTED_BY_BOT, at=closed_at, points=1.0, pointed_by="Bot", status="Done"), hidden],
        scope=_BOARD,
    )
    land("github/project_items", "2024-01-08T04:00:00Z", [], scope=_BOARD)


def _issues() -> list[dict[str, Any]]:
    goals = [ALMOST_DONE, *CHILDLESS, NESTED_GOAL, EMPTIED_GOAL, DEEP_GOAL]
    epics = [FIRST_OF_A_CIRCLE, SECOND_OF_A_CIRCLE, UNMAPPED_EPIC]
    *most, last = ALMOST_DONE_ISSUES
    work = [last, DELETED, IN_A_CIRCLE, ABOVE, BELOW, LEFT_BEHIND, POINTED_BY_BOT, REDACTED, WITHOUT_STATUS]
    return [
        *(_issue(one, type={"name": "Deliverable"}) for one in goals),
        *(_issue(one, type={"name": "Epic"}) for one in epics),
        *(_issue(one, at="2024-01-01T15:00:00Z", closed="completed") for one in most),
        *(_issue(one) for one in work),
        *(_issue(one, type={"name": "Oddity"}) for one in DEEP),
    ]


def _parents() -> list[dict[str, Any]]:
    above = dict.fromkeys((*ALMOST_DONE_ISSUES, DELETED), ALMOST_DONE)
    above |= {FIRST_OF_A_CIRCLE: SECOND_OF_A_CIRCLE, SECOND_OF_A_CIRCLE: FIRST_OF_A_CIRCLE}
    above |= {IN_A_CIRCLE: FIRST_OF_A_CIRCLE, ABOVE: NESTED_GOAL, BELOW: ABOVE}
    above |= {UNMAPPED_EPIC: EMPTIED_GOAL, LEFT_BEHIND: UNMAPPED_EPIC}
    above |= dict(zip(DEEP, [DEEP_GOAL, *DEEP], strict=False))  # each is a part of the one before it
    return [_parent(one, other) for one, other in above.items()]


def _cards() -> list[dict[str, Any]]:
    return [
        _card(ABOVE, points=3.0),
        _card(BELOW, points=2.0),
        _card(POINTED_BY_BOT),
        _card(REDACTED, points=8.0),
        _card(WITHOUT_STATUS, points=0.0, status=None),
    ]


def _issue(issue_id: int, **more: Any) -> dict[str, Any]:
    return issue(issue_id, **more, repository_id=REPOSITORY)


def _parent(issue_id: int, above: int | None) -> dict[str, Any]:
    return parent(issue_id, above, repository_id=REPOSITORY)


def _card(issue_id: int, **more: Any) -> dict[str, Any]:
    return card(THIRD, issue_id, **{"at": "2023-12-31T12:00:00Z", "sprint": SPRINTS[0], **more})
