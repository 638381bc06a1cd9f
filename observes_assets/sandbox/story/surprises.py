"""What makes an extract's life hard: transfers, deletions, renames, people leaving, fields edited.

Those with a date happen once; those that come back do so in every sprint, so that whatever moment the
clock shows has some of them nearby.
"""

from collections.abc import Sequence
from datetime import date, timedelta

from observes_assets.sandbox.company import boards, issues, organization
from observes_assets.sandbox.company.entities import Issue
from observes_assets.sandbox.story import Process, Story, on
from observes_assets.sandbox.story.sprints import Crew, file_task, take_in


def surprises(story: Story, crews: Sequence[Crew]) -> Process:
    """Let every surprise wait for its day."""
    harbor, ledger = crews
    story.begin(_people(story))
    story.begin(_repositories(story), on(date(2026, 2, 9), 10))
    story.begin(_fields(story, harbor), on(date(2026, 4, 14), 10))
    story.begin(_depth(story, ledger), on(date(2026, 3, 3), 10))
    story.begin(_epic_moves(story), on(date(2026, 3, 17), 10))
    story.begin(_every_sprint(story, harbor, ledger), on(date(2026, 1, 14), 11))
    yield timedelta(0)


def _people(story: Story) -> Process:
    company = story.company
    yield on(date(2026, 4, 1), 12)
    organization.rename_person(company, company.people["bruno-keller"], "bruno-k")
    yield on(date(2026, 5, 29), 16)
    organization.leave(company, company.people["dov-perl"])
    yield on(date(2026, 6, 1), 9)
    organization.hire(company, "mina-cho", "Mina Cho", team="harbor-crew", utc_offset_hours=-8)
    yield on(date(2026, 8, 14), 18)
    organization.delete_account(company, company.people["hugo-marin"])
    yield on(date(2026, 9, 1), 9)
    organization.hire(company, "omar-farah", "Omar Farah", team="ledger-crew", utc_offset_hours=1)


def _repositories(story: Story) -> Process:
    """One is published for a while and hidden again, with its issues; one gets another name; one rests."""
    company = story.company
    lantern = company.repository("lantern")
    board = company.boards[2]
    for number in range(3):
        issue = issues.open_issue(company, lantern, f"Try it ({number + 1})", story.somebody("platform"))
        card = boards.add_card(company, board, issue)
        boards.set_value(company, board, card, "Status", "Todo")
        boards.set_value(company, board, card, "Points", 2.0)
        yield timedelta(hours=1)
    yield on(date(2026, 3, 23), 10)
    organization.hide_repository(company, lantern)
    yield on(date(2026, 6, 15), 10)
    organization.rename_repository(company, company.repository("pylon"), "foundation")
    organization.archive_repository(company, company.repository("attic"))


def _fields(story: Story, crew: Crew) -> Process:
    company, field = story.company, crew.board.fields[crew.iteration]
    boards.edit_iterations(company, crew.board, field)
    yield on(date(2026, 7, 7), 10)
    boards.rename_option(company, crew.board.fields["Status"], "In Review", "Review")
    yield timedelta(hours=1)
    boards.rename_option(company, crew.board.fields["Status"], "Review", "In Review")


def _depth(story: Story, crew: Crew) -> Process:
    """A task below a task below a task: deeper than anybody planned."""
    company = story.company
    card = file_task(story, crew, "Task")
    above = card.content
    assert isinstance(above, Issue)
    for level in range(7):
        yield timedelta(minutes=5)
        person = story.somebody(crew.team)
        above = issues.open_issue(
            company, above.repository, f"Level {level + 1}", person, type_name="Task", parent=above
        )


def _epic_moves(story: Story) -> Process:
    """Now and then an epic is found to belong to another deliverable."""
    company, atlas = story.company, story.company.repository("atlas")
    while True:
        found = [one for one in atlas.issues.values() if one.is_open and one.type]
        epics = [one for one in found if one.type and one.type.name == "Epic"]
        goals = [one for one in found if one.type and one.type.name == "Deliverable"]
        if epics and goals:
            issues.set_parent(company, story.pick(epics), story.pick(goals), company.people["kira-novak"])
        yield timedelta(days=story.number(20, 35), hours=3)


def _every_sprint(story: Story, harbor: Crew, ledger: Crew) -> Process:
    """On the second Wednesday of each sprint: one of each kind."""
    company = story.company
    while True:
        crew, other = story.pick(((harbor, ledger), (ledger, harbor)))
        mistake = file_task(story, crew, "Bug")
        misplaced = file_task(story, crew, "Task")
        shared = file_task(story, crew, "Enhancement")
        unwanted = file_task(story, crew, "Task")
        sprint = boards.iteration_on(crew.board.fields[crew.iteration], company.now.date())
        if sprint:
            take_in(story, crew, shared, sprint)
        yield timedelta(hours=2)
        _share(story, other, shared.content)
        yield timedelta(hours=3)
        target = company.repository(other.repository)
        if isinstance(misplaced.content, Issue):
            issues.transfer(company, misplaced.content, target, company.people["kira-novak"])
        yield timedelta(hours=20)
        if isinstance(mistake.content, Issue):
            issues.delete(company, mistake.content)
        if unwanted in crew.board.items:
            boards.remove_card(company, crew.board, unwanted)
        yield timedelta(days=1)
        _tidy(story, crew)
        yield timedelta(days=12, hours=-1)


def _share(story: Story, crew: Crew, issue: object) -> None:
    """The same issue on a second board, with other points and another state."""
    if isinstance(issue, Issue):
        card = boards.add_card(story.company, crew.board, issue)
        boards.set_value(story.company, crew.board, card, crew.points, 5.0)
        boards.set_value(story.company, crew.board, card, "Status", "Todo")


def _tidy(story: Story, crew: Crew) -> None:
    """Put away the oldest card that is done."""
    for card in crew.board.items:
        if not card.is_archived and boards.value_of(crew.board, card, "Status") == "Done":
            boards.archive_card(story.company, card)
            return
