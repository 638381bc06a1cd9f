"""What happens on boards. None of it moves an issue's ``updated_at``; a card has one of its own."""

from collections.abc import Iterable
from datetime import date, timedelta

from observes_assets.sandbox.company import Company, issues
from observes_assets.sandbox.company.cards import Board, Draft, Field, Item, Iteration, Option, Value
from observes_assets.sandbox.company.entities import Issue, Person, Repository

_COLORS = ("GRAY", "BLUE", "YELLOW", "ORANGE", "PINK", "PURPLE", "GREEN", "RED")
BUILT_IN = (
    ("Title", "TITLE"),
    ("Assignees", "ASSIGNEES"),
    ("Labels", "LABELS"),
    ("Milestone", "MILESTONE"),
    ("Repository", "REPOSITORY"),
    ("Parent issue", "PARENT_ISSUE"),
)


def make_board(company: Company, title: str, description: str) -> Board:
    """An empty board with GitHub's own fields."""
    number = len(company.boards) + 1
    board = Board(company.next_id("board"), number, title, description, company.now, company.now)
    company.boards[number] = board
    for name, kind in BUILT_IN:
        add_field(company, board, name, kind)
    return board


def add_field(company: Company, board: Board, name: str, kind: str, options: Iterable[str] = ()) -> Field:
    """A field; with options, a single select."""
    one = Field(company.next_id("field"), name, kind, company.now, company.now)
    one.options = [
        Option(_short_id(company, "option"), each, _COLORS[index % len(_COLORS)])
        for index, each in enumerate(options)
    ]
    board.fields[name] = one
    return one


def add_iteration(company: Company, one: Field, title: str, start_on: date, days: int) -> Iteration:
    """A span at the end of an iteration field."""
    iteration = Iteration(_short_id(company, "iteration"), title, start_on, days)
    one.iterations.append(iteration)
    one.updated_at = company.now
    return iteration


def edit_iterations(company: Company, board: Board, one: Field) -> None:
    """Save the field's settings anew: every iteration gets another id, and so does what cards say."""
    former = {each.id: each for each in one.iterations}
    renewed = {
        each.id: Iteration(_short_id(company, "iteration"), each.title, each.start_on, each.days)
        for each in one.iterations
    }
    one.iterations = [renewed[key] for key in former]
    one.updated_at = company.now
    for item in board.items:
        value = item.values.get(one.id)
        if value and isinstance(value.content, Iteration):
            value.content = renewed[value.content.id]


def rename_option(company: Company, one: Field, name: str, new_name: str) -> None:
    """Another word for the same option, on every card at once."""
    for option in one.options:
        if option.name == name:
            option.name = new_name
    one.updated_at = company.now


def add_card(company: Company, board: Board, content: Issue | Draft) -> Item:
    """Put an issue, a pull request or a draft on a board, once."""
    for item in board.items:
        if item.content is content:
            return item
    item = Item(company.next_id("item"), content, company.now, company.now)
    board.items.append(item)
    board.updated_at = company.now
    _tell(company, content, "added_to_project_v2")
    return item


def draft_card(company: Company, board: Board, title: str, author: Person) -> Item:
    """A note on a board."""
    draft = Draft(company.next_id("draft"), title, "", author, company.now, company.now)
    return add_card(company, board, draft)


def convert_draft(company: Company, item: Item, repository: Repository, actor: Person) -> Issue:
    """Make an issue of a note: the card stays the same card."""
    draft = item.content
    assert isinstance(draft, Draft)
    issue = issues.open_issue(company, repository, draft.title, actor, body=draft.body)
    item.content, item.updated_at = issue, company.now
    _tell(company, issue, "converted_from_draft")
    return issue


def remove_card(company: Company, board: Board, item: Item) -> None:
    """Take a card off the board; what it showed stays."""
    board.items.remove(item)
    board.updated_at = company.now
    _tell(company, item.content, "removed_from_project_v2")


def archive_card(company: Company, item: Item) -> None:
    """Put a card away, on the same board."""
    item.is_archived, item.updated_at = True, company.now


def move_card(company: Company, board: Board, item: Item, position: int) -> None:
    """Drag a card to another place in the board's order."""
    board.items.remove(item)
    board.items.insert(position, item)
    item.updated_at = company.now


def set_value(
    company: Company,
    board: Board,
    item: Item,
    name: str,
    content: str | float | Iteration | None,
    *,
    creator: Person | None = None,
) -> None:
    """Write into a field of a card: an option by its name, an iteration, a number, a text; None clears it."""
    one = board.fields[name]
    item.updated_at = company.now
    if name == "Status":
        _tell(company, item.content, "project_v2_item_status_changed")
    if content is None:
        item.values.pop(one.id, None)
        return
    chosen: str | float | Option | Iteration = content
    if one.kind == "SINGLE_SELECT":
        chosen = next(each for each in one.options if each.name == content)
    if value := item.values.get(one.id):
        value.content, value.updated_at = chosen, company.now
    else:
        item.values[one.id] = Value(company.next_id("value"), chosen, company.now, company.now, creator)


def value_of(board: Board, item: Item, name: str) -> str | float | Iteration | None:
    """What a card says in a field: an option by its name; None if it says nothing."""
    value = item.values.get(board.fields[name].id)
    if value is None:
        return None
    return value.content.name if isinstance(value.content, Option) else value.content


def iteration_on(one: Field, day: date) -> Iteration | None:
    """The iteration that a day is in."""
    for each in one.iterations:
        if each.start_on <= day < each.start_on + timedelta(days=each.days):
            return each
    return None


def _tell(company: Company, content: Issue | Draft, event: str) -> None:
    if isinstance(content, Issue):
        actor = content.assignees[0] if content.assignees else content.author
        issues.note_quietly(company, content, event, actor)


def _short_id(company: Company, kind: str) -> str:
    # As GitHub's: eight hexadecimal digits, in no order.
    return f"{(company.next_id(kind) * 2654435761 + len(kind)) % 2**32:08x}"
