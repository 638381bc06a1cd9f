"""Sprints: planned, lived through, interrupted and rolled over, one crew a board."""

from dataclasses import dataclass
from datetime import timedelta

from observes_assets.sandbox.company import boards, issues
from observes_assets.sandbox.company.cards import Board, Item, Iteration
from observes_assets.sandbox.company.entities import Issue, Person
from observes_assets.sandbox.story import FOUNDED_AT, SPRINT_DAYS, Process, Story, on
from observes_assets.sandbox.story.pulls import change_by_pull

_VERBS = ("Show", "Explain", "Speed up", "Rework", "Test", "Measure", "Translate", "Simplify", "Store")
_THINGS = (
    "the basket",
    "the list of invoices",
    "the login",
    "the address form",
    "the price table",
    "the search box",
    "the receipt",
    "the audit trail",
    "the retry of payments",
    "the settings",
)
_POINTS = (None, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 13.0)
_POINT_WEIGHTS = (10, 5, 20, 25, 20, 12, 6, 2)


@dataclass(frozen=True)
class Crew:
    """A team, the repository that it mostly works in, its board and how that names its fields."""

    team: str
    repository: str
    board: Board
    iteration: str = "Sprint"
    points: str = "Points"
    tidies: bool = False  # a bot fills in the points that are missing when work is done


def run_sprints(story: Story, crew: Crew) -> Process:
    """Plan a sprint every second Monday, for ever."""
    number = 0
    field = crew.board.fields[crew.iteration]
    while True:
        if number:
            last = field.iterations[-1]
            start = last.start_on + timedelta(days=last.days)
            title = f"{crew.iteration} {len(field.iterations) + 1}"
            boards.add_iteration(story.company, field, title, start, SPRINT_DAYS)
            _roll_over(story, crew, field.iterations[number - 1], field.iterations[number])
        sprint = field.iterations[number]
        for _ in range(story.number(7, 11) * story.size):
            card = file_task(story, crew)
            yield timedelta(seconds=story.number(5, 90))
            take_in(story, crew, card, sprint)
        story.begin(_interrupt(story, crew, number))
        story.begin(_reconsider(story, crew, number))
        number += 1
        yield on((FOUNDED_AT + timedelta(days=SPRINT_DAYS * number)).date(), 9, 30)


def file_task(story: Story, crew: Crew, kind: str | None = None) -> Item:
    """A new piece of work on the crew's board, usually below an epic."""
    company = story.company
    kind = kind or story.pick(("Task", "Bug", "Enhancement", "Spike", ""), (70, 12, 10, 3, 5))
    title = f"{story.pick(_VERBS)} {story.pick(_THINGS)}"
    epics = [one for one in company.repository("atlas").issues.values() if _is_open_epic(one)]
    parent = story.pick(epics) if epics and story.chance(0.85) else None
    author: Person = story.somebody(crew.team)
    issue = issues.open_issue(
        company,
        company.repository(crew.repository),
        title,
        author,
        body=f"{title}, so that fewer people ask.\n",
        type_name=kind or None,
        parent=parent,
        labels=["bug"] if kind == "Bug" else [],
    )
    card = boards.add_card(company, crew.board, issue)
    boards.set_value(company, crew.board, card, "Status", crew.board.fields["Status"].options[0].name)
    points = story.pick(_POINTS, _POINT_WEIGHTS)
    boards.set_value(company, crew.board, card, crew.points, points)
    if points is None:
        issues.add_label(company, issue, "needs points", author)
    return card


def take_in(story: Story, crew: Crew, card: Item, sprint: Iteration) -> None:
    """Put a card into a sprint, and let the work on it begin."""
    boards.set_value(story.company, crew.board, card, crew.iteration, sprint)
    boards.set_value(story.company, crew.board, card, "Status", "Todo")
    story.begin(_work(story, crew, card))


def still(crew: Crew, card: Item) -> Issue | None:
    """The card's issue, if it is open, on the board and in some sprint."""
    issue = card.content
    if not isinstance(issue, Issue) or not issue.is_open or card not in crew.board.items:
        return None
    return issue if boards.value_of(crew.board, card, crew.iteration) else None


def _is_open_epic(issue: Issue) -> bool:
    return bool(issue.type and issue.type.name == "Epic" and issue.is_open and issue.gone is None)


def _work(story: Story, crew: Crew, card: Item) -> Process:
    """The life of a task from here on; it may end at any step."""
    company = story.company
    yield story.working_hours(1, 50)
    if not (issue := still(crew, card)):
        return
    person = story.somebody(crew.team)
    issues.assign(company, issue, person, person)
    boards.set_value(company, crew.board, card, "Status", "In Progress")
    yield story.working_hours(2, 40)
    if not (issue := still(crew, card)):
        return
    end = story.pick(("completed", "not_planned", "duplicate"), (90, 7, 3))
    if end != "completed":
        issues.close(company, issue, person, end)  # the card stays where it was
        return
    if story.chance(0.55):
        boards.set_value(company, crew.board, card, "Status", "In Review")
        yield from change_by_pull(story, issue, crew.board, person)
    if issue.gone is not None or card not in crew.board.items:
        return
    issues.close(company, issue, person)  # a merge has done it already
    if crew.tidies and boards.value_of(crew.board, card, crew.points) is None:
        bot = company.people["tidy[bot]"]
        boards.set_value(company, crew.board, card, crew.points, 1.0, creator=bot)
    if story.chance(0.94):  # now and then nobody moves the card
        boards.set_value(company, crew.board, card, "Status", "Done")
    if story.chance(0.06):
        yield from _again(story, crew, card, issue)


def _again(story: Story, crew: Crew, card: Item, issue: Issue) -> Process:
    yield timedelta(days=story.number(1, 9), hours=story.number(0, 5))
    if issue.gone is not None:
        return
    person = story.somebody(crew.team)
    issues.comment(story.company, issue, person, "It happened again.")
    issues.reopen(story.company, issue, person)
    boards.set_value(story.company, crew.board, card, "Status", "In Progress")
    yield story.working_hours(4, 30)
    if still(crew, card):
        issues.close(story.company, issue, person)
        boards.set_value(story.company, crew.board, card, "Status", "Done")


def _roll_over(story: Story, crew: Crew, ended: Iteration, sprint: Iteration) -> None:
    """What is not done goes into the next sprint, or back to the backlog, or is forgotten where it is."""
    for card in crew.board.items:
        if boards.value_of(crew.board, card, crew.iteration) is not ended or not still(crew, card):
            continue
        fate = story.pick(("on", "back", "forgotten"), (85, 10, 5))
        if fate != "forgotten":
            where = sprint if fate == "on" else None
            boards.set_value(story.company, crew.board, card, crew.iteration, where)


def _sprint(crew: Crew, number: int) -> Iteration:
    """A sprint by its place: editing the board's field makes others of them."""
    return crew.board.fields[crew.iteration].iterations[number]


def _interrupt(story: Story, crew: Crew, number: int) -> Process:
    """Work that is added in mid-sprint, and a note that becomes an issue."""
    company = story.company
    for _ in range(story.number(1, 3) * story.size):
        yield timedelta(days=story.number(1, 4), hours=story.number(0, 6))
        take_in(story, crew, file_task(story, crew, "Bug"), _sprint(crew, number))
    person = story.somebody(crew.team)
    note = boards.draft_card(company, crew.board, f"Ask about {story.pick(_THINGS)}", person)
    yield timedelta(days=1, hours=story.number(1, 5))
    if story.chance(0.5):
        boards.convert_draft(company, note, company.repository(crew.repository), person)


def _reconsider(story: Story, crew: Crew, number: int) -> Process:
    """Points that get re-estimated or cleared, and work that is moved out in mid-sprint."""
    company = story.company
    for _ in range(4 * story.size):
        yield timedelta(days=story.number(1, 3), hours=story.number(0, 6))
        sprint = _sprint(crew, number)
        cards = [
            one
            for one in crew.board.items
            if boards.value_of(crew.board, one, crew.iteration) is sprint and still(crew, one)
        ]
        if not cards:
            return
        card = story.pick(cards)
        what = story.pick(("points", "clear", "out", "drag"), (55, 10, 20, 15))
        if what == "points":
            boards.set_value(company, crew.board, card, crew.points, story.pick(_POINTS[1:]))
        elif what == "clear":
            boards.set_value(company, crew.board, card, crew.points, None)
        elif what == "out":
            boards.set_value(company, crew.board, card, crew.iteration, None)
        else:
            boards.move_card(company, crew.board, card, 0)
