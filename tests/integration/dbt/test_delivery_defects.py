"""Fifteen mistakes that a well-known dashboard of delivery made, each by its number: none is made here.

The rows come from ``sprint_story`` (board 2, repository octo/site) and ``defect_story`` (board 4).
"""

from decimal import Decimal

import pytest

from observes_assets.errors import SettingsError
from observes_assets.settings import load_settings
from tests.integration.dbt import defect_story as story
from tests.integration.dbt.conftest import Rows

OF_SPRINT_1 = "board_number = 2 and starts_on = '2024-01-01'"
OF_SPRINT_9 = "board_number = 4 and starts_on = '2024-01-01'"


def deliverable(delivery_marts: Rows, number: int, columns: str, unit: str = "issues") -> tuple[object, ...]:
    """One row of the deliverables."""
    query = f"select {columns} from candidate.deliverables where unit = '{unit}'"
    (found,) = delivery_marts(f"{query} and github_deliverable_id = '{number}'")
    return found


def test_defect_01_days_before_the_first_closure_are_there(delivery_marts: Rows) -> None:
    days = delivery_marts(
        "select extract(day from day_on)::int, completed_quantity::int, remaining_quantity::int"
        f" from candidate.sprint_days where unit = 'issues' and {OF_SPRINT_1} order by day_on limit 3"
    )
    assert days == [(1, 0, 5), (2, 0, 5), (3, 1, 5)]


def test_defect_02_a_missed_day_empties_no_list(delivery_marts: Rows) -> None:
    """Nobody looked on the sprint's last day, the 7th."""
    last = f"select is_observed from candidate.sprint_days where unit = 'issues' and {OF_SPRINT_1}"
    assert delivery_marts(f"{last} and day_on = '2024-01-07'") == [(False,)]
    done = f"select count(*) from candidate.sprint_issues where outcome = 'completed' and {OF_SPRINT_1}"
    assert delivery_marts(done) == [(3,)]


def test_defect_03_closed_as_not_planned_is_neither_done_nor_left_to_do(delivery_marts: Rows) -> None:
    """Issue 4 was closed as not planned; 5 is open, and its card stands in Done: so it is in every mart."""
    assert delivery_marts(
        "select github_issue_id, is_done, is_dropped from candidate.issues"
        " where github_issue_id in ('4', '5') order by 1"
    ) == [("4", False, True), ("5", True, False)]
    assert delivery_marts(
        f"select github_issue_id, outcome from candidate.sprint_issues where {OF_SPRINT_1}"
        " and github_issue_id in ('4', '5') order by 1"
    ) == [("4", "removed"), ("5", "completed")]
    # below it are 1 to 6 without 4; done are 1, 2 and 5
    assert deliverable(delivery_marts, 102, "issue_count, completed_quantity") == (5, 3)


def test_defect_04_199_of_200_is_not_all(delivery_marts: Rows) -> None:
    counts = "issue_count, completed_quantity, completed_percent"
    assert deliverable(delivery_marts, story.ALMOST_DONE, counts) == (200, 199, 99)


def test_defect_05_points_of_an_issue_on_two_boards_count_once(delivery_marts: Rows) -> None:
    boards = delivery_marts(
        "select board_number, points from candidate.card_versions"
        " where github_issue_id = '5' and known_to is null order by 1"
    )
    assert boards == [(2, 1), (3, 1)]
    assert delivery_marts("select points from candidate.issues where github_issue_id = '5'") == [(1,)]
    counted = "select board_number, sum(points) from candidate.sprint_issues where github_issue_id = '5'"
    assert delivery_marts(f"{counted} group by 1") == [(2, 1)]


def test_defect_06_history_is_not_restated_unless_asked(delivery_marts: Rows) -> None:
    """The epic went from deliverable 100 to 102 on the 6th."""
    days = (
        "select github_deliverable_id, scope_quantity::int from candidate.deliverable_days"
        " where unit = 'issues' and day_on = '2024-01-05' and github_deliverable_id in ('100', '102')"
    )
    assert delivery_marts(f"{days} and membership = 'as it was'") == [("100", 5)]
    assert delivery_marts(f"{days} and membership = 'as it is'") == [("102", 5)]


def test_defect_07_a_deleted_issue_counts_nowhere_any_more(delivery_marts: Rows) -> None:
    days = delivery_marts(
        "select membership, extract(day from day_on)::int, scope_quantity::int"
        " from candidate.deliverable_days where unit = 'issues'"
        f" and github_deliverable_id = '{story.ALMOST_DONE}'"
        " and day_on in ('2024-01-02', '2024-01-05') order by 1 desc, 2"
    )
    assert days[:2] == [("as it was", 2, 201), ("as it was", 5, 200)]
    assert deliverable(delivery_marts, story.ALMOST_DONE, "issue_count, scope_quantity") == (200, 200)
    gone = "select is_gone from candidate.issues where github_issue_id = "
    assert delivery_marts(f"{gone}'{story.DELETED}'") == [(True,)]


def test_defect_08_parents_in_a_circle_end(delivery_marts: Rows) -> None:
    above = delivery_marts(
        "select above_level, github_above_id from candidate.issue_memberships"
        f" where github_issue_id = '{story.IN_A_CIRCLE}'"
    )
    assert above == [("epic", str(story.FIRST_OF_A_CIRCLE))]


def test_defect_09_a_missed_day_is_carried_on_and_flagged_never_zero(delivery_marts: Rows) -> None:
    """Nobody looked on the 4th; the next look dates one closing to it."""
    days = delivery_marts(
        "select extract(day from day_on)::int, scope_quantity::int, is_observed from candidate.sprint_days"
        f" where unit = 'issues' and {OF_SPRINT_1} and extract(day from day_on) in (3, 4, 5) order by 1"
    )
    assert days == [(3, 6, True), (4, 5, False), (5, 4, True)]


def test_defect_10_every_deliverable_is_there_not_the_first_twelve(delivery_marts: Rows) -> None:
    shown = {row[0] for row in delivery_marts("select github_deliverable_id from candidate.deliverables")}
    assert shown >= {str(one) for one in story.CHILDLESS}
    assert len(shown) > 12
    nothing = deliverable(delivery_marts, story.CHILDLESS[-1], "issue_count, completed_percent")
    assert nothing == (0, 0)


def test_defect_11_work_below_work_counts(delivery_marts: Rows) -> None:
    """3 points, and 2 of a part of it: in the sprint and for the deliverable above both."""
    listed = delivery_marts(
        f"select github_issue_id, points from candidate.sprint_issues where {OF_SPRINT_9}"
        f" and github_issue_id in ('{story.ABOVE}', '{story.BELOW}') order by 1"
    )
    assert listed == [(str(story.ABOVE), 3), (str(story.BELOW), 2)]
    assert deliverable(delivery_marts, story.NESTED_GOAL, "scope_quantity", "points") == (5,)


def test_defect_12_an_epic_that_was_taken_out_counts_no_more(delivery_marts: Rows) -> None:
    assert deliverable(delivery_marts, story.EMPTIED_GOAL, "issue_count, scope_quantity") == (0, 0)
    days = delivery_marts(
        "select extract(day from day_on)::int, scope_quantity::int from candidate.deliverable_days"
        f" where unit = 'issues' and github_deliverable_id = '{story.EMPTIED_GOAL}'"
        " and membership = 'as it was' and day_on in ('2024-01-03', '2024-01-06') order by 1"
    )
    assert days == [(3, 1), (6, 0)]


def test_defect_13_days_are_of_the_named_time_zone_and_half_points_stay_half(delivery_marts: Rows) -> None:
    """Issue 2 (half a point) was closed at 03:00 UTC of the 6th, in the evening of the 5th in New York."""
    days = delivery_marts(
        "select extract(day from day_on)::int, completed_quantity from candidate.sprint_days"
        f" where unit = 'points' and {OF_SPRINT_1} and day_on in ('2024-01-04', '2024-01-05') order by 1"
    )
    assert days == [(4, 3), (5, Decimal("3.5"))]


def test_defect_14_what_bots_do_is_told_apart(delivery_marts: Rows) -> None:
    """Points that a bot filled in are flagged; what goes on into the next sprint is no change amid it."""
    pointed = delivery_marts(
        "select github_issue_id, points from candidate.sprint_issues"
        f" where {OF_SPRINT_9} and is_pointed_by_bot"
    )
    assert pointed == [(str(story.POINTED_BY_BOT), 1)]
    percents = f"select pointed_percent, bot_pointed_percent from candidate.sprints where {OF_SPRINT_9}"
    assert set(delivery_marts(percents)) == {(100, 20)}
    moved = delivery_marts(
        "select change, is_mid_sprint from candidate.sprint_changes"
        " where board_number = 2 and starts_on = '2024-01-08' and github_issue_id = '3'"
    )
    assert moved == [("rolled_over", False)]


def test_defect_15_wrong_words_are_refused_and_none_is_made_up(
    delivery_marts: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A date that is none is an error; sprints go by their first day, not their name; no status is null."""
    monkeypatch.setenv("OBSERVES_SANDBOX_CLOCK", "yesterday")
    with pytest.raises(SettingsError, match="OBSERVES_SANDBOX_CLOCK"):
        load_settings()
    titles = delivery_marts(
        "select sprint_title from candidate.sprints where board_number = 4 and unit = 'issues'"
        " order by starts_on"
    )
    assert titles == [("Sprint 9",), ("Sprint 10",)]
    status = "select distinct status from candidate.card_versions where github_issue_id = "
    assert delivery_marts(f"{status}'{story.WITHOUT_STATUS}'") == [(None,)]


def test_a_card_that_may_be_seen_no_more_stays_where_it_was(delivery_marts: Rows) -> None:
    """Its 8 points are in the sprint on the last day as on the first."""
    listed = delivery_marts(
        f"select outcome, points from candidate.sprint_issues where {OF_SPRINT_9}"
        f" and github_issue_id = '{story.REDACTED}'"
    )
    assert listed == [("left_open", 8)]
    days = delivery_marts(
        f"select scope_quantity::int from candidate.sprint_days where unit = 'points' and {OF_SPRINT_9}"
        " and day_on in ('2024-01-01', '2024-01-07') order by day_on"
    )
    assert days == [(13,), (14,)]


def test_an_unknown_type_is_work_however_deep_it_lies(delivery_marts: Rows) -> None:
    """Twelve issues, each below the one before it, of a type that nobody has configured."""
    assert deliverable(delivery_marts, story.DEEP_GOAL, "issue_count, completed_percent") == (12, 0)
    lowest = "select issue_type, level, is_orphan from candidate.issues where github_issue_id = "
    assert delivery_marts(f"{lowest}'{story.DEEP[-1]}'") == [("Oddity", "work", False)]
