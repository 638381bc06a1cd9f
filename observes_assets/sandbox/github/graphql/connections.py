"""Connections: pieces of a list with cursors, as every list in GraphQL is."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from observes_assets.sandbox.github.paging import decode, encode

Thing = TypeVar("Thing")
Shape = dict[str, Any]


def connection(
    things: Sequence[Thing],
    shape: Callable[[Thing], Shape | None],
    arguments: dict[str, Any],
    key: Callable[[Thing], tuple[Any, ...]] | None = None,
    edge: Callable[[Thing], Shape] | None = None,
) -> Shape:
    """A piece of a list.

    Args:
        things: the whole list, in order.
        shape: what one looks like.
        arguments: ``first``, ``last``, ``after``, ``before`` as asked.
        key: what the order goes by; cursors then survive what comes and goes. Without it a cursor is a
            place in the list, so that a card that is moved while somebody pages is shown twice or never.
        edge: what an edge says beside its node.
    """
    cursors = [list(key(one)) for one in things] if key else [[index] for index in range(len(things))]
    start, end = 0, len(things)
    if after := arguments.get("after"):
        start = sum(cursor <= decode(after) for cursor in cursors)
    if before := arguments.get("before"):
        end = sum(cursor < decode(before) for cursor in cursors)
    if (first := arguments.get("first")) is not None:
        end = min(end, start + first)
    elif (last := arguments.get("last")) is not None:
        start = max(start, end - last)
    shown, places = things[start:end], [encode(cursor) for cursor in cursors[start:end]]
    return {
        "totalCount": len(things),
        "pageInfo": {
            "hasNextPage": end < len(things),
            "hasPreviousPage": start > 0,
            "startCursor": places[0] if places else None,
            "endCursor": places[-1] if places else None,
        },
        "nodes": lambda _info: [shape(one) for one in shown],
        "edges": lambda _info: [
            {"cursor": place, "node": shape(one), **(edge(one) if edge else {})}
            for one, place in zip(shown, places, strict=True)
        ],
    }
