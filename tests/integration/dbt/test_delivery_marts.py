"""A sprint that fits on a page, from landed records to marts, in one dbt invocation. Checked by hand.

Days are New York's: 23:00 there is 04:00 UTC of the next day, when each look takes place. Nobody looked on
4 January.
"""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

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
from tests.integration.dbt.dbt_runs import begin_build, dbt
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


@pytest.fixture
def rows(warehouse: psycopg.Connection, database_url: str, target: Path) -> Any:
    a_sprint(Landed(warehouse))
    begin_build(warehouse)
    selected = ("--select", "+path:models/marts/delivery", "--exclude-resource-type", "unit_test")
    built = dbt("build", *selected, "--indirect-selection", "cautious", url=database_url, target=target)
    assert built.returncode == 0, built.stdout
    return lambda query: warehouse.execute(query).fetchall()


def test_a_sprint_and_its_deliverables(rows: Any) -> None:
    check_days(rows)
    check_totals(rows)
    check_lists(rows)
    check_deliverables(rows)
    check_what_is_known(rows)


def check_days(rows: Any) -> None:
    """Half points stay, the second board's copy of 5 counts nowhere, the 4th is there and flagged."""
    found = rows(
        "select extract(day from day_on)::int, scope_quantity, completed_quantity, is_observed"
        " from candidate.sprint_days where unit = 'points' and board_number = 2 and starts_on = '2024-01-01'"
        " order by day_on"
    )
    number = Decimal
    assert found == [
        (1, number("6.5"), number(0), True),
        (2, number("6.5"), number(0), True),
        (3, number("11.5"), number(3), True),
        (4, number("9.5"), number(3), False),
        (5, number("12.5"), number("3.5"), True),
        (6, number("12.5"), number("4.5"), True),
        (7, number("12.5"), number("4.5"), False),
    ]
    in_issues = rows(
        "select scope_quantity::int, completed_quantity::int from candidate.sprint_days"
        " where unit = 'issues' and board_number = 2 and starts_on = '2024-01-01' order by day_on"
    )
    assert in_issues == [(5, 0), (5, 0), (6, 1), (5, 1), (4, 2), (4, 3), (4, 3)]
    assert rows("select sum(scope_quantity) from candidate.sprint_days where board_number = 3") == [(0,)]


def check_totals(rows: Any) -> None:
    assert rows(
        "select sprint_title, phase, days_left_count, committed_quantity, completed_quantity,"
        " committed_completed_quantity, added_quantity, removed_quantity, re_estimated_quantity,"
        " rolled_over_quantity, velocity_quantity, average_velocity_quantity, pointed_percent"
        " from candidate.sprints where board_number = 2 and unit = 'points' order by starts_on"
    ) == [
        ("Sprint 1", "ended", 0, *map(Decimal, ("6.5", "4.5", "4.5", "5", "2", "3", "8", "4.5")), None, 100),
        (
            "Sprint 2",
            "running",
            7,
            *map(Decimal, ("8", "0", "0", "0", "0", "0", "0")),
            None,
            Decimal("4.5"),
            100,
        ),
    ]
    assert rows(
        "select distinct change, github_issue_id, extract(day from day_on)::int, points"
        " from candidate.sprint_changes where board_number = 2 and change <> 'completed' order by 3, 1, 2"
    ) == [
        ("added", "3", 3, 5),
        ("removed", "4", 4, -2),
        ("re_estimated", "3", 5, 3),
        ("removed", "6", 5, 0),
        ("rolled_over", "3", 8, 8),
    ]


def check_lists(rows: Any) -> None:
    assert rows(
        "select github_issue_id, outcome, is_committed, points from candidate.sprint_issues"
        " where starts_on = '2024-01-01' order by 1"
    ) == [
        ("1", "completed", True, 3),
        ("2", "completed", True, Decimal("0.5")),
        ("3", "rolled_over", False, 8),
        ("4", "removed", True, None),
        ("5", "completed", True, 1),
        ("6", "removed", True, None),
    ]
    assert rows("select github_issue_id from candidate.issues where is_orphan") == [("7",)]
    # from the look that found it started (it says: since the 31st) to 3 January, 15:00
    assert rows(
        "select lead_time_seconds / 3600, cycle_time_seconds / 3600 from candidate.issues"
        " where github_issue_id = '1'"
    ) == [(99, 75)]


def check_deliverables(rows: Any) -> None:
    """The epic moved on the 6th: what was, stays; what is, is shown beside it."""
    found = rows(
        "select github_deliverable_id, membership, extract(day from day_on)::int, scope_quantity,"
        " completed_quantity from candidate.deliverable_days"
        " where unit = 'points' and day_on in ('2024-01-05', '2024-01-06') order by 1, 2, 3"
    )
    number = Decimal
    assert found == [
        ("100", "as it was", 5, number("12.5"), number("3.5")),
        ("100", "as it was", 6, number(0), number(0)),
        ("102", "as it is", 5, number("12.5"), number("3.5")),
        ("102", "as it is", 6, number("12.5"), number("4.5")),
        ("102", "as it was", 6, number("12.5"), number("4.5")),
    ]
    assert rows(
        "select github_deliverable_id, completed_percent::int, criteria_done_count, criteria_count, status,"
        " forecast_earliest_on, forecast_latest_on"
        " from candidate.deliverables where unit = 'points' order by 1"
    ) == [
        # 8 of 12.5 points remain; 4.5 were done in each of the last 14, 28 and 56 days
        ("100", 0, 2, 3, "Todo", None, None),
        ("102", 36, 0, 0, None, date(2024, 2, 2), date(2024, 4, 17)),
    ]


def check_what_is_known(rows: Any) -> None:
    assert rows("select problem from candidate.boards where problem is not null") == [
        ("No board 9 of octo has been read. See its number, and whether the token may see it.",)
    ]
    # on the evening of the 3rd, 4 was not known to be closed, though it was from the 4th on
    assert rows(
        "select github_issue_id, state from candidate.issue_versions where github_issue_id = '4'"
        " and known_from <= '2024-01-05' and coalesce(known_to, 'infinity') > '2024-01-05'"
    ) == [("4", "open")]
