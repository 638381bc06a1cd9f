"""Anything by its node id."""

from collections.abc import Callable

from observes_assets.sandbox.github.graphql import boards, contents, organization
from observes_assets.sandbox.github.graphql.accounts import actor
from observes_assets.sandbox.github.graphql.connections import Shape
from observes_assets.sandbox.github.view import View, from_node_id


def node(view: View, text: str) -> Shape | None:
    """What has this node id; None if nothing has, or the caller may not see it."""
    found = from_node_id(text)
    if found is None:
        return None
    kind, number = found
    look_up = _KINDS.get(kind)
    return look_up(view, number) if look_up else None


def _repository(view: View, number: int) -> Shape | None:
    seen = [one for one in view.company.repositories if one.id == number and view.sees(one)]
    return contents.repository(view, seen[0]) if seen else None


def _team(view: View, number: int) -> Shape | None:
    found = [one for one in view.company.teams.values() if one.id == number]
    return organization.team(view, found[0]) if found else None


def _person(view: View, number: int) -> Shape | None:
    return actor(view, next((one for one in view.company.people.values() if one.id == number), None))


def _issue(view: View, number: int) -> Shape | None:
    found = [one for one in view.company.issues() if one.id == number and one.pull is None]
    return contents.content(view, found[0]) if found else None


def _pull(view: View, number: int) -> Shape | None:
    found = [one for one in view.company.issues() if one.pull and one.pull.id == number]
    return contents.content(view, found[0]) if found else None


def _item(view: View, number: int) -> Shape | None:
    for board in view.company.boards.values():
        for one in board.items:
            if one.id == number:
                return boards.item(view, board, one)
    return None


_KINDS: dict[str, Callable[[View, int], Shape | None]] = {
    "organization": lambda view, _number: organization.organization(view),
    "board": boards.numbered,
    "item": _item,
    "issue": _issue,
    "pull": _pull,
    "repository": _repository,
    "team": _team,
    "person": _person,
}
