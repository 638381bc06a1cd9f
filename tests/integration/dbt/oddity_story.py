"""What GitHub and people do that a count must not fall for, as records beside those of the other stories.

A board of its own (number 5, the sprints of ``defect_story``), one of a person's (number 6) and two
repositories, the second for what is transferred.
"""

from typing import Any

from tests.integration.dbt.boards import FIFTH, SIXTH, card, delivery, fields, issue, parent, project
from tests.integration.dbt.defect_story import SPRINTS
from tests.integration.dbt.landed import Landed

GOAL, BEFORE, AFTER, BESIDE = 810, 800, 801, 804
DONE_BEFORE_IT_WAS_CLOSED, WITHOUT_REASON, ON_BOTH_FIELDS = 802, 803, 805
_FROM, _TO, _BOARD = {"repository_id": "9"}, {"repository_id": "10"}, {"project_id": FIFTH}
_LONG_AGO = {"id": "old", "title": "Sprint 1", "startDate": "2023-11-06", "duration": 7}


def everything_odd(landed: Landed) -> None:
    """Land it, after the other stories."""
    land = landed.land
    _land_boards(landed)
    work = [_issue(one) for one in (BEFORE, BESIDE, DONE_BEFORE_IT_WAS_CLOSED, ON_BOTH_FIELDS)]
    old = {**_issue(WITHOUT_REASON, at="2024-01-01T15:00:00Z"), "state": "closed"}
    old["closed_at"] = old["updated_at"]
    land(
        "github/issues",
        "2024-01-02T04:00:00Z",
        [_issue(GOAL, type={"name": "Deliverable"}), *work, old],
        scope=_FROM,
    )
    land("github/issue_parents", "2024-01-02T04:00:00Z", [_parent(BEFORE), _parent(BESIDE)], scope=_FROM)
    on_both = _card(ON_BOTH_FIELDS, points=1.0)
    on_both["fieldValues"].append({**on_both["fieldValues"][-1], **_of_old_field()})
    unknown = _card(WITHOUT_REASON, points=5.0)
    unknown["fieldValues"].append({"__typename": "ProjectV2ItemFieldOfTomorrow"})
    cards = [_card(BEFORE, points=3.0), _card(DONE_BEFORE_IT_WAS_CLOSED, points=2.0), unknown, on_both]
    land("github/project_items", "2024-01-02T04:00:00Z", cards, scope=_BOARD)
    _land_the_transfer(landed)
    # The evening of the 5th: the card shows the issue that was transferred, another one stands in Done.
    done = {"at": "2024-01-05T15:00:00Z", "points": 2.0, "status": "Done"}
    moved = {**_card(BEFORE, points=3.0), "content": {"__typename": "Issue", "fullDatabaseId": str(AFTER)}}
    land(
        "github/project_items",
        "2024-01-06T04:00:00Z",
        [moved, _card(DONE_BEFORE_IT_WAS_CLOSED, **done)],
        scope=_BOARD,
    )
    # The 8th, in the next sprint: somebody closes it, and takes its card along.
    at = "2024-01-08T15:00:00Z"
    land(
        "github/issues",
        "2024-01-09T04:00:00Z",
        [_issue(DONE_BEFORE_IT_WAS_CLOSED, at=at, closed="completed")],
    )
    taken = _card(DONE_BEFORE_IT_WAS_CLOSED, **{**done, "at": at, "sprint": SPRINTS[1], "put_at": at})
    taken["fieldValues"][0]["updatedAt"] = done["at"]
    land("github/project_items", "2024-01-09T04:00:00Z", [taken], scope=_BOARD)
    # Weeks later the file is read again, and GitHub is not: that ends no sprint.
    land("delivery/delivery", "2024-02-09T04:00:00Z", [delivery()])


def _land_boards(landed: Landed) -> None:
    mine = {**project(SIXTH, 6), "owner": {"__typename": "User", "login": "ada"}}
    landed.land("github/projects", "2024-01-02T03:10:00Z", [project(FIFTH, 5), mine])
    of_sprints = fields(FIFTH, SPRINTS)
    landed.land("github/project_fields", "2024-01-02T03:15:00Z", of_sprints, scope=_BOARD)
    # Another field is called Sprint now.
    sprint = of_sprints[-1]
    renamed, new = {**sprint, "name": "Old sprint"}, {**sprint, "id": f"{FIFTH}-F4"}
    landed.land("github/project_fields", "2024-01-02T03:20:00Z", [renamed, new], scope=_BOARD)
    landed.land(
        "github/project_fields", "2024-01-02T03:20:00Z", fields(SIXTH, SPRINTS), scope={"project_id": SIXTH}
    )
    landed.land("github/project_items", "2024-01-02T03:25:00Z", [], scope={"project_id": SIXTH})
    landed.land(
        "github/repositories",
        "2024-01-02T03:30:00Z",
        [
            {"owner_id": "1", "id": 9, "full_name": "octo/old"},
            {"owner_id": "1", "id": 10, "full_name": "octo/new"},
        ],
    )


def _land_the_transfer(landed: Landed) -> None:
    """The evening of the 3rd: an issue is in its new repository; the next one: gone from the old one."""
    land = landed.land
    land("github/issues", "2024-01-04T04:00:00Z", [issue(AFTER, repository_id="10")], scope=_TO)
    land("github/issue_parents", "2024-01-04T04:00:00Z", [parent(AFTER, GOAL, repository_id="10")], scope=_TO)
    land("github/issues", "2024-01-05T04:00:00Z", [], scope=_FROM, gone=[("9", BEFORE)])
    land("github/issue_parents", "2024-01-05T04:00:00Z", [], scope=_FROM, gone=[("9", f"I_{BEFORE}")])
    moved_to = {"id": str(AFTER), "number": AFTER, "repository": "octo/new"}
    fate = {"kind": "issue", "id": str(BEFORE), "repository_id": "9", "number": BEFORE, "fate": "transferred"}
    land("github/disappearances", "2024-01-05T04:30:00Z", [{**fate, "moved_to": moved_to}])


def _issue(issue_id: int, **more: Any) -> dict[str, Any]:
    return issue(issue_id, **more, repository_id="9")


def _parent(issue_id: int) -> dict[str, Any]:
    return parent(issue_id, GOAL, repository_id="9")


def _card(issue_id: int, **more: Any) -> dict[str, Any]:
    return card(FIFTH, issue_id, **{"at": "2023-12-31T12:00:00Z", "sprint": SPRINTS[0], **more})


def _of_old_field() -> dict[str, Any]:
    value = {name: _LONG_AGO[name] for name in ("title", "startDate", "duration")}
    return {**value, "iterationId": _LONG_AGO["id"], "field": {"name": "Old sprint"}}
