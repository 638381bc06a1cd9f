"""Shapes of accounts, and the refusal of a token that lacks a scope."""

from graphql import GraphQLError

from observes_assets.sandbox.company.entities import Person
from observes_assets.sandbox.github.graphql.connections import Shape, connection
from observes_assets.sandbox.github.view import View, github_id, person_id, stamp


def actor(view: View, person: Person | None) -> Shape | None:
    """Who did something; None once the account was deleted."""
    if person is None or person.is_deleted:
        return None
    return {
        "__typename": "Bot" if person.is_bot else "User",
        "id": person_id(person),
        "databaseId": github_id("person", person.id),
        "login": person.login.removesuffix("[bot]"),
        "name": person.name,
        "url": f"{view.html}/{person.login}",
        "createdAt": stamp(person.joined_at),
        "projectV2": None,
        "projectsV2": lambda _info, **arguments: connection([], dict, arguments),
    }


def require(view: View, scope: str) -> None:
    """Refuse a token that lacks a scope."""
    if not view.access.has(scope):
        raise _missing_scope(view, scope)


def _missing_scope(view: View, scope: str) -> GraphQLError:
    """What GitHub says to a token without a scope."""
    given = ", ".join(f"'{one}'" for one in sorted(view.access.scopes or ()))
    return GraphQLError(
        "Your token has not been granted the required scopes to execute this query. The field requires one "
        f"of the following scopes: ['{scope}'], but your token has only been granted the: [{given}] scopes.",
        extensions={"type": "INSUFFICIENT_SCOPES"},
    )
