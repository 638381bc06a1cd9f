"""What GitHub and people do to boards, from landed records to marts (``oddity_story``)."""

from tests.integration.dbt import oddity_story as story
from tests.integration.dbt.conftest import Rows

OF_SPRINT_9 = "board_number = 5 and starts_on = '2024-01-01'"


def test_an_issue_that_was_transferred_counts_once_on_every_day(delivery_marts: Rows) -> None:
    """Itself and another one are below the deliverable, before its transfer and after it."""
    days = delivery_marts(
        "select membership, extract(day from day_on)::int, unit, scope_quantity::int"
        f" from candidate.deliverable_days where github_deliverable_id = '{story.GOAL}'"
        " and day_on in ('2024-01-02', '2024-01-03', '2024-01-04', '2024-01-08') order by 1, 3, 2"
    )
    expected = [(2, "issues", 2), (3, "issues", 2), (4, "issues", 2), (8, "issues", 2)]
    expected += [(2, "points", 3), (3, "points", 3), (4, "points", 3), (8, "points", 3)]
    assert days == [(kind, *row) for kind in ("as it is", "as it was") for row in expected]


def test_a_transfer_is_no_change_of_a_sprint(delivery_marts: Rows) -> None:
    either = f"github_issue_id in ('{story.BEFORE}', '{story.AFTER}')"
    listed = "select github_issue_id, is_committed, outcome, points::int from candidate.sprint_issues"
    assert delivery_marts(f"{listed} where {OF_SPRINT_9} and {either}") == [
        (str(story.AFTER), True, "left_open", 3)
    ]
    assert delivery_marts(f"select change from candidate.sprint_changes where {either}") == []
    # each as it was known, under its own number
    fates = "select github_issue_id, is_gone, fate, moved_to_issue_id from candidate.issues"
    assert delivery_marts(f"{fates} where {either} order by 1") == [
        (str(story.BEFORE), True, "transferred", str(story.AFTER)),
        (str(story.AFTER), False, None, None),
    ]


def test_what_stood_in_done_was_done_then_whenever_its_issue_is_closed(delivery_marts: Rows) -> None:
    """Done on the 5th; closed, and put into the next sprint, on the 8th: it is of the first one only."""
    of_issue = f"github_issue_id = '{story.DONE_BEFORE_IT_WAS_CLOSED}'"
    outcomes = f"select starts_on::text, outcome from candidate.sprint_issues where {of_issue}"
    assert delivery_marts(outcomes) == [("2024-01-01", "completed")]
    # opened on 30 December at noon
    lead_time = f"select is_done, lead_time_seconds / 3600 from candidate.issues where {of_issue}"
    assert delivery_marts(lead_time) == [(True, 6 * 24 + 3)]


def test_closed_without_a_reason_is_done(delivery_marts: Rows) -> None:
    """Its card has a value of a kind that we don't know, too."""
    of_issue = f"github_issue_id = '{story.WITHOUT_REASON}'"
    versions = f"select version_number, is_done, is_dropped from candidate.issue_versions where {of_issue}"
    assert delivery_marts(f"{versions} order by 1") == [(0, False, False), (1, True, False)]
    outcome = f"select outcome, points::int from candidate.sprint_issues where {OF_SPRINT_9} and {of_issue}"
    assert delivery_marts(outcome) == [("completed", 5)]


def test_of_two_fields_that_bore_the_name_the_one_that_bears_it_counts(delivery_marts: Rows) -> None:
    where = f"github_issue_id = '{story.ON_BOTH_FIELDS}' and known_to is null"
    assert delivery_marts(f"select sprint_title from candidate.card_versions where {where}") == [
        ("Sprint 9",)
    ]


def test_a_persons_board_is_found_and_the_person_is_not_named(delivery_marts: Rows) -> None:
    found = "select board_number, problem from candidate.boards where owner_name = 'ada'"
    assert delivery_marts(found) == [(6, None)]
    owners = "select owner_name, owner_pseudonym <> 'ada' from staging.stg_github__projects"
    assert delivery_marts(f"{owners} where project_number = 6") == [(None, True)]


def test_today_is_the_day_of_the_last_look_at_github(delivery_marts: Rows) -> None:
    """The evening of 8 January in New York, though another source was read a month later."""
    phases = "select starts_on::text, phase, days_left_count from candidate.sprints"
    assert delivery_marts(f"{phases} where board_number = 5 and unit = 'issues' order by 1") == [
        ("2024-01-01", "ended", 0),
        ("2024-01-08", "running", 7),
    ]
    for mart in ("sprint_days", "deliverable_days"):
        assert delivery_marts(f"select max(day_on)::text from candidate.{mart}") == [("2024-01-08",)]
