"""A sprint that fits on a page (``sprint_story``), from landed records to marts. Checked by hand."""

from datetime import date
from decimal import Decimal

from tests.integration.dbt.conftest import Rows


def test_days(delivery_marts: Rows) -> None:
    """Half points stay, the second board's copy of 5 counts nowhere, the 4th is there and flagged."""
    found = delivery_marts(
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
    in_issues = delivery_marts(
        "select scope_quantity::int, completed_quantity::int from candidate.sprint_days"
        " where unit = 'issues' and board_number = 2 and starts_on = '2024-01-01' order by day_on"
    )
    assert in_issues == [(5, 0), (5, 0), (6, 1), (5, 1), (4, 2), (4, 3), (4, 3)]
    assert delivery_marts("select sum(scope_quantity) from candidate.sprint_days where board_number = 3") == [
        (0,)
    ]


def test_totals(delivery_marts: Rows) -> None:
    assert delivery_marts(
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
    assert delivery_marts(
        "select distinct change, github_issue_id, extract(day from day_on)::int, points"
        " from candidate.sprint_changes where board_number = 2 and change <> 'completed' order by 3, 1, 2"
    ) == [
        ("added", "3", 3, 5),
        ("removed", "4", 4, -2),
        ("re_estimated", "3", 5, 3),
        ("removed", "6", 5, 0),
        ("rolled_over", "3", 8, 8),
    ]


def test_lists(delivery_marts: Rows) -> None:
    assert delivery_marts(
        "select github_issue_id, outcome, is_committed, points from candidate.sprint_issues"
        " where starts_on = '2024-01-01' and board_number = 2 order by 1"
    ) == [
        ("1", "completed", True, 3),
        ("2", "completed", True, Decimal("0.5")),
        ("3", "rolled_over", False, 8),
        ("4", "removed", True, None),
        ("5", "completed", True, 1),
        ("6", "removed", True, None),
    ]
    assert delivery_marts(
        "select github_issue_id from candidate.issues where is_orphan and repository_name = 'octo/site'"
    ) == [("7",)]
    # from the look that found it started (it says: since the 31st) to 3 January, 15:00
    assert delivery_marts(
        "select lead_time_seconds / 3600, cycle_time_seconds / 3600 from candidate.issues"
        " where github_issue_id = '1'"
    ) == [(99, 75)]


def test_deliverables(delivery_marts: Rows) -> None:
    """The epic moved on the 6th: what was, stays; what is, is shown beside it."""
    found = delivery_marts(
        "select github_deliverable_id, membership, extract(day from day_on)::int, scope_quantity,"
        " completed_quantity from candidate.deliverable_days"
        " where unit = 'points' and day_on in ('2024-01-05', '2024-01-06')"
        " and github_deliverable_id in ('100', '102') order by 1, 2, 3"
    )
    number = Decimal
    assert found == [
        ("100", "as it was", 5, number("12.5"), number("3.5")),
        ("100", "as it was", 6, number(0), number(0)),
        ("102", "as it is", 5, number("12.5"), number("3.5")),
        ("102", "as it is", 6, number("12.5"), number("4.5")),
        ("102", "as it was", 6, number("12.5"), number("4.5")),
    ]
    assert delivery_marts(
        "select github_deliverable_id, completed_percent::int, criteria_done_count, criteria_count, status,"
        " forecast_earliest_on, forecast_latest_on"
        " from candidate.deliverables where unit = 'points' and repository_name = 'octo/site' order by 1"
    ) == [
        # 8 of 12.5 points remain; 4.5 were done in each of the last 14, 28 and 56 days
        ("100", 0, 2, 3, "Todo", None, None),
        ("102", 36, 0, 0, None, date(2024, 2, 2), date(2024, 4, 17)),
    ]


def test_what_is_known(delivery_marts: Rows) -> None:
    assert delivery_marts("select problem from candidate.boards where problem is not null") == [
        ("No board 9 of octo has been read. See its number, and whether the token may see it.",)
    ]
    # on the evening of the 3rd, 4 was not known to be closed, though it was from the 4th on
    assert delivery_marts(
        "select github_issue_id, state from candidate.issue_versions where github_issue_id = '4'"
        " and known_from <= '2024-01-05' and coalesce(known_to, 'infinity') > '2024-01-05'"
    ) == [("4", "open")]
