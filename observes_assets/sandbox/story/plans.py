"""Deliverables and their epics, quad by quad, on the roadmap."""

from datetime import timedelta

from observes_assets.sandbox.company import boards, issues
from observes_assets.sandbox.company.cards import Board, Item
from observes_assets.sandbox.company.entities import Issue
from observes_assets.sandbox.story import Process, Story

_AIMS = (
    "Accounts",
    "Alerts",
    "Archive",
    "Checkout",
    "Exports",
    "Invoices",
    "Languages",
    "Onboarding",
    "Payments",
    "Profiles",
    "Refunds",
    "Reports",
    "Search",
    "Sharing",
    "Statements",
    "Uploads",
)
_PARTS = ("first screen", "service", "data move", "access", "help texts", "measurements")
_CRITERIA = (
    "A customer finds it without help",
    "It answers within two seconds",
    "It works with a keyboard only",
    "Support can see what happened",
    "The old way is switched off",
)


def plan_quads(story: Story, roadmap: Board) -> Process:
    """At the start of each quad: deliverables, most with epics; later they are ticked off and closed."""
    number = 0
    while True:
        quad = roadmap.fields["Quad"].iterations[number]
        for index in range(4 * story.size):
            story.begin(_deliver(story, roadmap, number, childless=index == 3))
            yield timedelta(minutes=7)
        yield timedelta(days=quad.days - 1)
        last = roadmap.fields["Quad"].iterations[-1]
        start = last.start_on + timedelta(days=last.days)
        boards.add_iteration(story.company, roadmap.fields["Quad"], f"Quad {number + 4}", start, last.days)
        number += 1
        yield timedelta(days=1)


def _deliver(story: Story, roadmap: Board, quad: int, *, childless: bool) -> Process:
    company = story.company
    aim, owner = story.pick(_AIMS), company.people["kira-novak"]
    pillar = story.pick(("Trust", "Reach", "Speed"))
    issue = issues.open_issue(
        company,
        company.repository("atlas"),
        f"{aim} {quad + 1}.{story.number(1, 9)}",
        owner,
        body=_criteria(0),
        type_name="Deliverable",
    )
    card = _put(story, roadmap, issue, "Planning", quad=quad, pillar=pillar)
    epics: list[Item] = []
    for part in () if childless else story.sample(_PARTS, story.number(2, 3)):
        yield timedelta(minutes=story.number(1, 3))
        epic = issues.open_issue(
            company, issue.repository, f"{issue.title}: {part}", owner, type_name="Epic", parent=issue
        )
        epics.append(_put(story, roadmap, epic, "Backlog", quad=quad, pillar=pillar))
    yield story.working_hours(8, 40)
    for each in (card, *epics):
        boards.set_value(company, roadmap, each, "Status", "In Progress")
    for done in range(1, len(_CRITERIA) + 1):
        yield timedelta(days=story.number(8, 26), hours=story.number(0, 8))
        issues.edit(company, issue, body=_criteria(done))
        if done % 2 == 0 and epics:
            _finish(story, roadmap, epics.pop())
    if story.chance(0.7):
        for each in (*epics, card):
            _finish(story, roadmap, each)


def _put(story: Story, roadmap: Board, issue: Issue, state: str, *, quad: int, pillar: str) -> Item:
    company = story.company
    card = boards.add_card(company, roadmap, issue)
    boards.set_value(company, roadmap, card, "Status", state)
    boards.set_value(company, roadmap, card, "Quad", roadmap.fields["Quad"].iterations[quad])
    boards.set_value(company, roadmap, card, "Pillar", pillar)
    return card


def _finish(story: Story, roadmap: Board, card: Item) -> None:
    company, issue = story.company, card.content
    assert isinstance(issue, Issue)
    if issue.gone is None and card in roadmap.items:
        issues.close(company, issue, company.people["kira-novak"])
        boards.set_value(company, roadmap, card, "Status", "Done")


def _criteria(done: int) -> str:
    """A deliverable's body with so many boxes ticked; nested ones, and some that are no criteria."""
    lines = ["### Summary", "", "What a customer will notice.", "", "### Acceptance criteria", ""]
    for index, text in enumerate(_CRITERIA):
        mark = ("x", "X")[index % 2] if index < done else " "
        lines.append(f"{'  ' * (index % 2)}- [{mark}] {text}")
    lines += [
        "",
        "### Metrics",
        "",
        f"- [{'x' if done > 3 else ' '}] Visits a week",
        "- [ ] Calls to support",
    ]
    return "\n".join([*lines, "", "### Notes", "", "- [ ] Not a criterion"]) + "\n"
