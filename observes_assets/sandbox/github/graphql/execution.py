"""Runs a query: GitHub's rules on it first, then graphql-core."""

from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import orjson
from graphql import DocumentNode, GraphQLError, GraphQLSchema, build_schema, execute_sync, parse, validate

from observes_assets.sandbox.github.graphql import contents, costs, nodes, organization
from observes_assets.sandbox.github.graphql.accounts import actor
from observes_assets.sandbox.github.graphql.connections import Shape
from observes_assets.sandbox.github.limits import GRAPHQL, Limits
from observes_assets.sandbox.github.view import View
from observes_assets.sandbox.messages import Answer, Request


@cache
def schema() -> GraphQLSchema:
    """The part of GitHub's schema that we serve."""
    text = files(__package__).joinpath("schema.graphql").read_text(encoding="utf-8")
    return build_schema(text)


@lru_cache(100)
def _understood(query: str) -> tuple[DocumentNode, list[GraphQLError]]:
    document = parse(query)
    return document, validate(schema(), document)


def answer(view: View, request: Request, limits: Limits) -> tuple[Answer, int]:
    """Answer a query, and say how many points it costs. Errors in it are a 200, as with GitHub."""
    try:
        asked = orjson.loads(request.body)
        document, wrong = _understood(asked["query"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return Answer(400, {"message": "Problems parsing JSON"}), 0
    except GraphQLError as error:
        return Answer(200, {"errors": [_error(error)]}), 1
    variables = asked.get("variables") or {}
    if wrong := wrong or costs.complaints(document, variables):
        return Answer(200, {"errors": [_error(one) for one in wrong]}), 1
    cost, count = costs.cost(document, variables)
    root = _root(view, limits, cost, count)
    result = execute_sync(schema(), document, root, variable_values=variables)
    body: dict[str, Any] = {"data": result.data}
    if result.errors:
        body["errors"] = [_error(one) for one in result.errors]
    return Answer(200, body), cost


def _root(view: View, limits: Limits, cost: int, count: int) -> Shape:
    company = view.company

    def quota(_info: Any, **_: Any) -> Shape:
        state = limits.state(GRAPHQL)
        remaining = max(0, state["remaining"] - cost)
        return {**state, "cost": cost, "nodeCount": count, "remaining": remaining} | {
            "used": state["used"] + cost,
            "resetAt": costs.reset_at(state["reset"]),
        }

    def by_login(_info: Any, login: str) -> Shape:
        if login != company.name:
            raise _not_found(f"Could not resolve to an Organization with the login of '{login}'.")
        return organization.organization(view)

    def by_id(_info: Any, id: str) -> Shape:  # noqa: A002 - GitHub's name
        if (found := nodes.node(view, id)) is None:
            raise _not_found(f"Could not resolve to a node with the global id of '{id}'")
        return found

    def by_ids(info: Any, ids: list[str]) -> list[Any]:
        return [_found_or_error(info, by_id, each) for each in ids]

    return {
        "rateLimit": quota,
        "organization": by_login,
        "repositoryOwner": lambda info, login: (
            by_login(info, login) if login == company.name else actor(view, company.people.get(login))
        ),
        "repository": lambda _info, owner, name, **_: (
            contents.named(view, owner, name)
            or _raise(_not_found(f"Could not resolve to a Repository with the name '{owner}/{name}'."))
        ),
        "viewer": actor(view, company.people["kira-novak"]),
        "node": by_id,
        "nodes": by_ids,
    }


def _found_or_error(info: Any, find: Any, each: str) -> Any:
    try:
        return find(info, each)
    except GraphQLError as error:
        return error  # graphql-core turns it into null at its place, and an error beside


def _raise(error: GraphQLError) -> Any:
    raise error


def _not_found(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"type": "NOT_FOUND"})


def _error(error: GraphQLError) -> Shape:
    """GitHub writes the kind of an error beside its message, not under extensions."""
    shape: Shape = {"message": error.message}
    if kind := (error.extensions or {}).get("type"):
        shape["type"] = kind
    if error.path:
        shape["path"] = error.path
    if error.locations:
        shape["locations"] = [{"line": one.line, "column": one.column} for one in error.locations]
    return shape
