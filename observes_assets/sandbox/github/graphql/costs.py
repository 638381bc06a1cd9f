"""GitHub's rules on how much a query may ask for, and what it costs."""

from datetime import UTC, datetime
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)

_MOST_NODES = 500_000
_PAGED = {"nodes", "edges"}


def reset_at(epoch_seconds: int) -> str:
    """When the hour ends, as GitHub writes it."""
    return datetime.fromtimestamp(epoch_seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def cost(document: DocumentNode, variables: dict[str, Any]) -> tuple[int, int]:
    """Points (a hundredth of the requests that its connections stand for, one at least), and nodes."""
    walk = _Walk(document, variables)
    return max(1, round(walk.requests / 100)), walk.nodes


def complaints(document: DocumentNode, variables: dict[str, Any]) -> list[GraphQLError]:
    """What GitHub refuses in a query that is valid otherwise."""
    walk = _Walk(document, variables)
    found = walk.errors
    if walk.nodes > _MOST_NODES:
        found.append(_error("MAX_NODE_LIMIT_EXCEEDED", f"This query requests up to {walk.nodes} nodes."))
    return found


class _Walk:
    """One walk over a query: every connection in it, with how often it is asked."""

    def __init__(self, document: DocumentNode, variables: dict[str, Any]) -> None:
        self.requests, self.nodes = 0, 0
        self.errors: list[GraphQLError] = []
        self._variables = variables
        definitions = document.definitions
        self._fragments = {
            one.name.value: one for one in definitions if isinstance(one, FragmentDefinitionNode)
        }
        for one in definitions:
            if isinstance(one, OperationDefinitionNode):
                self._defaults = {
                    each.variable.name.value: each.default_value.value
                    for each in one.variable_definitions
                    if isinstance(each.default_value, IntValueNode)
                }
                self._set(one.selection_set, 1)

    def _set(self, selections: SelectionSetNode | None, times: int) -> None:
        for one in selections.selections if selections else ():
            if isinstance(one, FieldNode):
                self._field(one, times)
            elif isinstance(one, InlineFragmentNode):
                self._set(one.selection_set, times)
            elif isinstance(one, FragmentSpreadNode):
                self._set(self._fragments[one.name.value].selection_set, times)

    def _field(self, field: FieldNode, times: int) -> None:
        if not self._is_paged(field.selection_set):
            self._set(field.selection_set, times)
            return
        size = self._size(field)
        if size is None:
            name = field.name.value
            message = (
                f"You must provide a `first` or `last` value to properly paginate the `{name}` connection."
            )
            self.errors.append(_error("MISSING_PAGINATION_BOUNDARIES", message))
        elif not 1 <= size <= 100:
            message = f"Requesting {size} records on the `{field.name.value}` connection exceeds the limits."
            self.errors.append(_error("EXCESSIVE_PAGINATION", message))
        else:
            self.requests += times
            self.nodes += times * size
            self._set(field.selection_set, times * size)

    def _is_paged(self, selections: SelectionSetNode | None) -> bool:
        """Whether somebody asks for a connection's things, not only for their number."""
        names = set()
        for one in selections.selections if selections else ():
            if isinstance(one, FieldNode):
                names.add(one.name.value)
            elif isinstance(one, FragmentSpreadNode):
                names |= _PAGED if self._is_paged(self._fragments[one.name.value].selection_set) else set()
        return bool(names & _PAGED)

    def _size(self, field: FieldNode) -> int | None:
        for argument in field.arguments:
            if argument.name.value in {"first", "last"}:
                value = argument.value
                if isinstance(value, IntValueNode):
                    return int(value.value)
                if isinstance(value, VariableNode):
                    name = value.name.value
                    given = self._variables.get(name, self._defaults.get(name))
                    return None if given is None else int(given)
        return None


def _error(kind: str, message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"type": kind})
