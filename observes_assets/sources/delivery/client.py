"""Read a delivery file, and check all of it before anything is done with any of it."""

import re
from pathlib import Path

from observes_assets.sources.delivery.model import Board, Delivery, Done, Fields, Incidents, Types
from observes_assets.yaml_document import Value, read_document

REASONS = ("completed", "not_planned", "duplicate")
"""Why GitHub says that an issue was closed."""

_ROLES = {
    # What a board of this role has: fields that it must name, and those that it may.
    "roadmap": (["status"], ["quad", "pillar"]),
    "sprint": (["sprint"], ["status", "points"]),
}
_LONGEST_NAME = 100
_LARGEST_NUMBER = 1_000_000_000  # fits Postgres's integer


def read_delivery(path: Path) -> Delivery:
    """Read and check a delivery file.

    Whether the boards and their fields exist is not looked at: that is each board's own outcome.

    Raises:
        SettingsError: the first mistake, with file, line, key and what to do.
    """
    document = read_document(path.expanduser().absolute(), "Delivery file").called("the delivery file")
    fields = document.fields(["time_zone", "boards"], ["done", "started", "types", "incidents"])
    return Delivery(
        time_zone=fields["time_zone"].called("time_zone").time_zone(),
        done=_done(fields["done"]) if "done" in fields else Done(),
        started=_names(fields["started"].called("started")) if "started" in fields else Delivery.started,
        types=_types(fields["types"]) if "types" in fields else Types(),
        incidents=_incidents(fields["incidents"]) if "incidents" in fields else Incidents(),
        boards=_boards(fields["boards"].called("boards")),
    )


def _done(value: Value) -> Done:
    value = value.called("done")
    fields = value.fields([], ["closed_as", "statuses"])
    closed_as = Done.closed_as
    if "closed_as" in fields:
        closed_as = tuple(item.choice(REASONS) for item in fields["closed_as"].items())
    statuses = _names(fields["statuses"]) if "statuses" in fields else ()
    if not closed_as and not statuses:
        raise value.wrong("names neither reasons nor statuses: nothing would ever be done.")
    return Done(closed_as, statuses)


def _types(value: Value) -> Types:
    value = value.called("types")
    fields = value.fields([], ["deliverable", "epic"])
    types = Types(**{level: _names(names) for level, names in fields.items()})
    both = {name.casefold() for name in types.deliverable} & {name.casefold() for name in types.epic}
    if both:
        raise value.wrong(f'has "{min(both)}" both as deliverable and as epic.', "Remove one.")
    return types


def _incidents(value: Value) -> Incidents:
    fields = value.called("incidents").fields([], ["labels", "types"])
    return Incidents(**{kind: _names(names) for kind, names in fields.items()})


def _names(value: Value) -> tuple[str, ...]:
    """A list of names, in the file's order; the same name twice is a mistake, whatever its case."""
    names: list[str] = []
    for item in value.items():
        name = _name(item)
        if name.casefold() in {one.casefold() for one in names}:
            raise item.wrong(f'is "{name}" a second time.', "Remove one.")
        names.append(name)
    return tuple(names)


def _name(value: Value) -> str:
    name = value.text()
    if not name or name != name.strip():
        raise value.wrong("must not be empty or have spaces at its ends.")
    if len(name) > _LONGEST_NAME:
        raise value.wrong(f"is longer than {_LONGEST_NAME} characters.")
    return name


def _boards(value: Value) -> tuple[Board, ...]:
    boards: dict[tuple[str, int], int] = {}
    found = []
    for position, item in enumerate(value.items(), start=1):
        entry = item.called(f"board {item.peek('number') or f'at place {position}'}")
        board = _board(entry)
        place = board.owner.casefold(), board.number
        if place in boards:
            raise entry.error(
                f"board {board.number} of {board.owner} appears twice (first on line {boards[place]}).",
                "Remove one.",
            )
        boards[place] = entry.line
        found.append(board)
    return tuple(found)


def _board(entry: Value) -> Board:
    fields = entry.fields(["owner", "number", "role", "fields"])
    role = fields["role"].choice(_ROLES)
    required, optional = _ROLES[role]
    named = fields["fields"].called(f"fields of {entry.name} ({role})").fields(required, optional)
    return Board(
        owner=_owner(fields["owner"]),
        number=fields["number"].whole_number(1, _LARGEST_NUMBER),
        role=role,
        fields=Fields(**{kind: _name(value) for kind, value in named.items()}),
    )


def _owner(value: Value) -> str:
    owner = value.text()
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,100}", owner):
        raise value.wrong("must be the login of an organization or person, without @ and URL.")
    return owner
