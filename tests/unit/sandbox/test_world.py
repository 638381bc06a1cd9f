"""The world is a function of seed and clock, and holds what makes delivery metrics hard."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from observes_assets.sandbox import World
from observes_assets.sandbox.company import Company, boards, issues
from observes_assets.sandbox.company.cards import Board, Draft, Iteration
from observes_assets.sandbox.company.entities import Issue
from observes_assets.sandbox.company.git_objects import blob_name, tree_name
from observes_assets.sandbox.story import FOUNDED_AT

AT = datetime(2026, 4, 22, 15, 30, tzinfo=UTC)


def fingerprint(world: World) -> list[Any]:
    """Everything that a vendor could show, comparable."""
    company = world.company
    return [company.now, sorted(company.people), *_issues(company), *_cards(company), *_code(company)]


def _issues(company: Company) -> Iterator[tuple[Any, ...]]:
    for repository in company.repositories:
        for one in repository.issues.values():
            parent = one.parent and one.parent.id
            seen = (one.id, one.number, one.title, one.body, one.updated_at, one.closed_at, one.state_reason)
            yield *seen, parent, [each.id for each in one.events], one.gone == "deleted"


def _cards(company: Company) -> Iterator[tuple[Any, ...]]:
    for board in company.boards.values():
        for one in board.items:
            said = {name: str(boards.value_of(board, one, name)) for name in board.fields}
            yield one.id, one.content.id, one.updated_at, one.is_archived, tuple(said.items())


def _code(company: Company) -> Iterator[tuple[Any, ...]]:
    for repository in company.repositories:
        yield repository.name, tuple(repository.refs.items()), tuple(one.tag for one in repository.releases)


def test_the_same_seed_and_clock_are_the_same_company() -> None:
    assert fingerprint(World(at=AT)) == fingerprint(World(at=AT))


def test_another_seed_is_another_company() -> None:
    assert fingerprint(World(1, at=AT)) != fingerprint(World(2, at=AT))


def test_the_way_of_the_clock_does_not_matter() -> None:
    in_steps = World(at=FOUNDED_AT)
    while in_steps.now < AT:
        in_steps.set_clock(min(AT, in_steps.now + timedelta(hours=19, minutes=7)))
    there_and_back = World(at=AT + timedelta(days=60))
    there_and_back.set_clock(AT)
    assert fingerprint(in_steps) == fingerprint(there_and_back) == fingerprint(World(at=AT))


def test_the_company_lives_on() -> None:
    world = World(at=AT)
    before = fingerprint(world)
    world.set_clock(AT + timedelta(days=3))
    assert fingerprint(world) != before


def test_a_change_is_part_of_the_world_from_its_moment_on() -> None:
    world = World(at=AT)

    def close(company: Company) -> None:
        issue = company.repository("pylon").issues[1]
        issues.reopen(company, issue, issue.author)

    world.change(close)
    changed = fingerprint(world)
    world.set_clock(AT - timedelta(days=1))
    assert fingerprint(world) == fingerprint(World(at=AT - timedelta(days=1)))
    world.set_clock(AT)
    assert fingerprint(world) == changed != fingerprint(World(at=AT))


@pytest.mark.parametrize("at", [datetime(2026, 5, 1), FOUNDED_AT - timedelta(seconds=1)])  # noqa: DTZ001
def test_a_clock_without_a_zone_or_before_the_founding_is_refused(at: datetime) -> None:
    with pytest.raises(ValueError, match="time zone"):
        World(at=at)


def test_size_is_a_multiple_of_the_work() -> None:
    assert len(World(at=AT, size=3).company.issues()) > 2 * len(World(at=AT).company.issues())


@pytest.fixture(scope="module")
def company() -> Company:
    return World(at=datetime(2026, 11, 16, 9, tzinfo=UTC)).company


def test_every_way_of_closing_happens(company: Company) -> None:
    reasons = Counter(one.state_reason for one in company.issues() if one.pull is None)
    assert reasons.keys() >= {None, "completed", "not_planned", "duplicate"}
    assert any(one.name == "reopened" for issue in company.issues() for one in issue.events)


def test_issues_vanish_in_every_way(company: Company) -> None:
    gone = [one for each in company.repositories for one in each.issues.values() if one.gone]
    assert sum(one.gone == "deleted" for one in gone) > 10
    moved = [(one, one.gone) for one in gone if isinstance(one.gone, Issue)]
    assert len(moved) > 10
    assert all(new.repository is not old.repository and new.title == old.title for old, new in moved)
    assert [one.name for one in company.repositories if one.is_hidden] == ["lantern"]


def test_points_are_halved_missing_and_estimated_again(company: Company) -> None:
    said = [boards.value_of(board, card, name) for board, card, name in pointed(company)]
    assert {None, 0.5, 8.0} <= set(said)
    values = [card.values.get(board.fields[name].id) for board, card, name in pointed(company)]
    assert any(one.updated_at > one.created_at for one in values if one)


def pointed(company: Company) -> Iterator[tuple[Board, Any, str]]:
    for board in (company.boards[2], company.boards[3]):
        name = "Points" if "Points" in board.fields else "Story Points"
        yield from ((board, card, name) for card in board.items)


def test_some_issues_are_on_two_boards_and_say_different_things(company: Company) -> None:
    one, other = ({card.content: card for card in company.boards[number].items} for number in (2, 3))
    shared = one.keys() & other.keys()
    assert len(shared) > 10
    states = [boards.value_of(company.boards[2], one[each], "Status") for each in shared]
    assert states != [boards.value_of(company.boards[3], other[each], "Status") for each in shared]


def test_cards_are_put_away_drafts_stay_and_work_is_without_a_board(company: Company) -> None:
    cards = [card for board in company.boards.values() for card in board.items]
    assert any(card.is_archived for card in cards)
    assert any(isinstance(card.content, Draft) for card in cards)
    assert any(isinstance(card.content, Issue) and card.content.pull for card in cards)
    shown = {card.content for card in cards}
    assert any(one not in shown and one.parent is None for one in company.issues() if not one.pull)


def test_plans_have_depth_gaps_and_boxes(company: Company) -> None:
    goals = [one for one in company.issues() if one.type and one.type.name == "Deliverable"]
    assert len(goals) == 12
    assert any(not one.children for one in goals)
    assert any("- [x]" in one.body and "- [ ]" in one.body for one in goals)
    assert any("- [X]" in one.body for one in goals)
    assert max(depth(one) for one in company.issues()) >= 8
    assert {"Spike", None} <= {one.type.name if one.type else None for one in company.issues()}
    moved = [
        one for one in company.issues() if any(each.name == "parent_issue_removed" for each in one.events)
    ]
    assert any(one.type and one.type.name == "Epic" for one in moved)


def depth(issue: Issue) -> int:
    return 1 + depth(issue.parent) if issue.parent else 1


def test_sprints_follow_each_other_without_gaps(company: Company) -> None:
    spans = company.boards[2].fields["Sprint"].iterations
    assert len(spans) >= 24
    for one, following in pairwise(spans):
        assert one.start_on + timedelta(days=one.days) == following.start_on
    used = [boards.value_of(company.boards[2], card, "Sprint") for card in company.boards[2].items]
    assert all(one in spans for one in used if isinstance(one, Iteration))


def test_pull_requests_are_reviewed_dismissed_and_given_up(company: Company) -> None:
    pulls = [one.pull for one in company.issues() if one.pull]
    states = {review.state for pull in pulls for review in pull.reviews}
    assert states == {"APPROVED", "CHANGES_REQUESTED", "DISMISSED", "PENDING"}
    assert any(pull.review_comments for pull in pulls)
    assert any(one.pull and not one.is_open and not one.pull.merged_at for one in company.issues())
    merged = [one for one in company.issues() if one.pull and one.pull.merge_sha]
    assert all(one.pull and one.pull.merge_sha in one.repository.commits for one in merged)


def test_people_come_and_go(company: Company) -> None:
    assert not company.people["dov-perl"].is_member
    assert company.people["hugo-marin"].is_deleted
    assert "bruno-keller" not in company.people
    assert "bruno-k" in company.people
    assert {"mina-cho", "omar-farah"} <= {one.login for one in company.members()}
    assert company.people["dependabot[bot]"] not in company.members()


def test_editing_the_sprints_gives_them_other_ids_and_keeps_the_cards() -> None:
    before = World(at=datetime(2026, 4, 14, 9, tzinfo=UTC)).company.boards[2]
    after = World(at=datetime(2026, 4, 14, 11, tzinfo=UTC)).company.boards[2]
    old, new = before.fields["Sprint"].iterations, after.fields["Sprint"].iterations
    assert [(one.title, one.start_on) for one in old] == [(one.title, one.start_on) for one in new]
    assert {one.id for one in old}.isdisjoint(one.id for one in new)
    said = [boards.value_of(after, card, "Sprint") for card in after.items]
    assert any(said)
    assert all(one in new for one in said if one)


def test_an_issue_counts_as_updated_by_its_own_events_only(company: Company) -> None:
    world = World(at=AT)
    board = world.company.boards[2]
    card = next(one for one in board.items if isinstance(one.content, Issue))
    before = card.content.updated_at
    boards.set_value(world.company, board, card, "Points", 21.0)
    assert card.content.updated_at == before
    assert card.updated_at == AT


def test_names_of_git_objects() -> None:
    assert blob_name("hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"
    assert tree_name({}) == "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
