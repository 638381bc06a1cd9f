"""The founding: people, teams, repositories, boards; and the processes that run ever after."""

from datetime import timedelta

from observes_assets.sandbox.company import boards, code, organization
from observes_assets.sandbox.company.cards import Board
from observes_assets.sandbox.story import FOUNDED_AT, SPRINT_DAYS, Process, Story
from observes_assets.sandbox.story.plans import plan_quads
from observes_assets.sandbox.story.sales import sales
from observes_assets.sandbox.story.sprints import Crew, run_sprints
from observes_assets.sandbox.story.surprises import surprises
from observes_assets.sandbox.story.upkeep import upkeep

QUAD_DAYS = 119
_PEOPLE = (
    ("amara-diallo", "Amara Diallo", "harbor-crew", 0),
    ("bruno-keller", "Bruno Keller", "harbor-crew", 1),
    ("chiyo-arata", "Chiyo Arata", "harbor-crew", 9),
    ("dov-perl", "Dov Perl", "harbor-crew", 2),
    ("elif-soylu", "Elif Soylu", "ledger-crew", 3),
    ("finn-ostberg", "Finn Östberg", "ledger-crew", 1),
    ("gala-ruiz", "Gala Ruiz", "ledger-crew", -5),
    ("hugo-marin", "Hugo Marín", "ledger-crew", -5),
    ("ines-prado", "Inés Prado", "platform", -3),
    ("jonah-weiss", "Jonah Weiss", "platform", -8),
    ("kira-novak", "Kira Novak", None, 1),
    ("lev-antonov", "Lev Antonov", "platform", 2),
)
_TEAMS = (
    ("harbor-crew", "Harbor crew", "What customers see"),
    ("ledger-crew", "Ledger crew", "Accounts and money"),
    ("platform", "Platform", "What the others stand on"),
)
_REPOSITORIES = (
    ("harbor", "The customers' web site", "TypeScript", False),
    ("ledger", "Accounts, invoices and payments", "Python", False),
    ("atlas", "Plans: deliverables and epics", "Markdown", False),
    ("pylon", "Machines and networks", "HCL", True),
    ("lantern", "An experiment that was published for a while", "Go", False),
    ("attic", "What we no longer use", "Perl", False),
)
_TYPES = (
    ("Deliverable", "What a customer will notice", "purple"),
    ("Epic", "A part of a deliverable", "pink"),
    ("Task", "A piece of work", "yellow"),
    ("Bug", "Something that is wrong", "red"),
    ("Enhancement", "Something that could be better", "blue"),
    ("Spike", "Something to find out", "gray"),
)
ROADMAP_STATES = ("Icebox", "Backlog", "Planning", "In Progress", "Blocked", "Done")
HARBOR_STATES = ("Backlog", "Todo", "In Progress", "In Review", "Done")
LEDGER_STATES = ("Icebox", "Prioritized", "Todo", "Blocked", "In Progress", "In Review", "Done")


def found(story: Story) -> Process:
    """Set up the company, then let everything begin."""
    _organize(story)
    _start_repositories(story)
    yield timedelta(hours=1)
    roadmap = _make_roadmap(story)
    crews = [
        Crew("harbor-crew", "harbor", _make_board(story, "Harbor board", "Sprint", "Points", HARBOR_STATES)),
        Crew(
            "ledger-crew",
            "ledger",
            _make_board(story, "Ledger board", "Iteration", "Story Points", LEDGER_STATES),
            iteration="Iteration",
            points="Story Points",
            tidies=True,
        ),
    ]
    story.begin(plan_quads(story, roadmap))
    for crew in crews:
        story.begin(run_sprints(story, crew), story.company.now + timedelta(minutes=30))
    story.begin(upkeep(story))
    story.begin(surprises(story, crews))
    story.begin(sales(story))


def _organize(story: Story) -> None:
    company = story.company
    for team in _TEAMS:
        organization.make_team(company, *team)
    for login, name, crew, hours in _PEOPLE:
        organization.hire(company, login, name, team=crew, utc_offset_hours=hours)
    for bot in ("dependabot[bot]", "tidy[bot]"):
        organization.hire(company, bot, bot, team=None, utc_offset_hours=0, is_bot=True)
    for kind in _TYPES:
        organization.make_type(company, *kind)


def _start_repositories(story: Story) -> None:
    company = story.company
    for name, about, language, is_private in _REPOSITORIES:
        one = organization.make_repository(company, name, about, language, is_private=is_private)
        if name != "attic":  # an empty repository
            files = {"README.md": f"# {name}\n\n{about}.\n"}
            code.commit(company, one, code.MAIN, company.people["kira-novak"], f"Start {name}", files=files)


def _make_roadmap(story: Story) -> Board:
    company = story.company
    board = boards.make_board(company, "Roadmap", "What we deliver, and when")
    boards.add_field(company, board, "Status", "SINGLE_SELECT", ROADMAP_STATES)
    boards.add_field(company, board, "Pillar", "SINGLE_SELECT", ("Trust", "Reach", "Speed"))
    quad = boards.add_field(company, board, "Quad", "ITERATION")
    for number in range(3):
        start = FOUNDED_AT.date() + timedelta(days=QUAD_DAYS * number)
        boards.add_iteration(company, quad, f"Quad {number + 1}", start, QUAD_DAYS)
    return board


def _make_board(story: Story, title: str, iteration: str, points: str, states: tuple[str, ...]) -> Board:
    company = story.company
    board = boards.make_board(company, title, "Two weeks at a time")
    boards.add_field(company, board, "Status", "SINGLE_SELECT", states)
    boards.add_field(company, board, points, "NUMBER")
    boards.add_field(company, board, "Notes", "TEXT")
    sprints = boards.add_field(company, board, iteration, "ITERATION")
    for number in range(3):
        start = FOUNDED_AT.date() + timedelta(days=SPRINT_DAYS * number)
        boards.add_iteration(company, sprints, f"{iteration} {number + 1}", start, SPRINT_DAYS)
    return board
