"""Shapes of boards (GitHub: projects), their fields, cards and what cards say."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from observes_assets.sandbox.company.cards import Board, Draft, Field, Item, Iteration, Option, Value
from observes_assets.sandbox.company.entities import Issue
from observes_assets.sandbox.github.graphql import contents
from observes_assets.sandbox.github.graphql.accounts import actor, require
from observes_assets.sandbox.github.graphql.connections import Shape, connection
from observes_assets.sandbox.github.view import View, github_id, node_id, stamp

_FIELD_TYPES = {"SINGLE_SELECT": "ProjectV2SingleSelectField", "ITERATION": "ProjectV2IterationField"}


def projects(view: View, arguments: dict[str, Any]) -> Shape:
    """The organization's boards, newest number first."""
    require(view, "read:project")
    found = sorted(view.company.boards.values(), key=lambda one: -one.number)
    return connection(found, lambda one: project(view, one), arguments)


def numbered(view: View, number: int) -> Shape | None:
    """A board by its number."""
    require(view, "read:project")
    one = view.company.boards.get(number)
    return project(view, one) if one else None


def project(view: View, one: Board) -> Shape:
    """A board. Cards that were put away are in ``items`` like the others."""
    return {
        "__typename": "ProjectV2",
        "id": node_id("board", one.id),
        "fullDatabaseId": str(github_id("board", one.id)),
        "number": one.number,
        "title": one.title,
        "shortDescription": one.description,
        "readme": "",
        "url": f"{view.html}/orgs/{view.company.name}/projects/{one.number}",
        "public": False,
        "template": False,
        "closed": one.is_closed,
        "closedAt": None,
        "createdAt": stamp(one.created_at),
        "updatedAt": stamp(one.updated_at),
        "owner": {
            "__typename": "Organization",
            "id": node_id("organization", 1),
            "login": view.company.name,
        },
        "field": lambda _info, name: field(view, one, one.fields[name]) if name in one.fields else None,
        "fields": lambda _info, **arguments: connection(
            list(one.fields.values()), lambda each: field(view, one, each), arguments
        ),
        "items": lambda _info, **arguments: connection(
            one.items, lambda each: item(view, one, each), arguments
        ),
    }


def field(view: View, board: Board, one: Field) -> Shape:
    """A field; an iteration field tells finished iterations apart, by the world's day."""
    shape: Shape = {
        "__typename": _FIELD_TYPES.get(one.kind, "ProjectV2Field"),
        "id": node_id("field", one.id),
        "databaseId": github_id("field", one.id),
        "name": one.name,
        "dataType": one.kind,
        "createdAt": stamp(one.created_at),
        "updatedAt": stamp(one.updated_at),
        "project": lambda _info: project(view, board),
    }
    if one.kind == "SINGLE_SELECT":
        shape["options"] = lambda _info, names=None: [
            {"id": each.id, "name": each.name, "color": each.color, "description": ""}
            for each in one.options
            if names is None or each.name in names
        ]
    if one.kind == "ITERATION":
        today = view.company.now.date()
        ended = [each for each in one.iterations if each.start_on + timedelta(days=each.days) <= today]
        shape["configuration"] = {
            "duration": one.iterations[-1].days if one.iterations else 14,
            "startDay": 1,
            "iterations": [_iteration(each) for each in one.iterations if each not in ended],
            "completedIterations": [_iteration(each) for each in reversed(ended)],
        }
    return shape


def _iteration(one: Iteration) -> Shape:
    return {
        "id": one.id,
        "title": one.title,
        "startDate": one.start_on.isoformat(),
        "duration": one.days,
    }


def item(view: View, board: Board, one: Item) -> Shape:
    """A card; what it shows is hidden from those who may not read the repository."""
    shown = _content(view, one)
    kind = "REDACTED"
    if shown:
        kinds = {"Issue": "ISSUE", "PullRequest": "PULL_REQUEST", "DraftIssue": "DRAFT_ISSUE"}
        kind = kinds[shown["__typename"]]
    values = [
        each
        for name in board.fields
        if shown and (each := _field_value(view, board, one, board.fields[name])) is not None
    ]
    return {
        "__typename": "ProjectV2Item",
        "id": node_id("item", one.id),
        "fullDatabaseId": str(github_id("item", one.id)),
        "type": kind,
        "isArchived": one.is_archived,
        "createdAt": stamp(one.created_at),
        "updatedAt": stamp(one.updated_at),
        "project": lambda _info: project(view, board),
        "content": shown,
        "fieldValueByName": lambda _info, name: (
            _field_value(view, board, one, board.fields[name]) if name in board.fields and shown else None
        ),
        "fieldValues": lambda _info, **arguments: connection(values, lambda each: each, arguments),
    }


def _content(view: View, one: Item) -> Shape | None:
    if isinstance(one.content, Issue):
        return contents.content(view, one.content)
    draft: Draft = one.content
    return {
        "__typename": "DraftIssue",
        "id": node_id("draft", draft.id),
        "title": draft.title,
        "body": draft.body,
        "createdAt": stamp(draft.created_at),
        "updatedAt": stamp(draft.updated_at),
        "creator": actor(view, draft.author),
        "assignees": lambda _info, **arguments: connection([], lambda one: actor(view, one), arguments),
    }


def _field_value(view: View, board: Board, one: Item, where: Field) -> Shape | None:
    """What a card says in a field; None if nothing: an empty field is not in the list at all."""
    common = {"field": lambda _info: field(view, board, where)}
    if value := one.values.get(where.id):
        return common | _common(view, value) | _said(value)
    title = one.content.title
    if where.kind == "TITLE":
        at = stamp(one.created_at)
        kind = "ProjectV2ItemFieldTextValue"
        key = f"PVTFT_kgDO{one.id:08x}"
        return common | {"__typename": kind, "id": key, "text": title, "createdAt": at, "updatedAt": at}
    built_in = _BUILT_IN.get(where.kind)
    if built_in and isinstance(one.content, Issue) and (shape := built_in(view, one.content)):
        return common | shape
    return None


def _common(view: View, value: Value) -> Shape:
    return {
        "creator": actor(view, value.creator),
        "id": node_id("value", value.id),
        "createdAt": stamp(value.created_at),
        "updatedAt": stamp(value.updated_at),
    }


def _said(value: Value) -> Shape:
    said = value.content
    if isinstance(said, Option):
        return {
            "__typename": "ProjectV2ItemFieldSingleSelectValue",
            "optionId": said.id,
            "name": said.name,
            "color": said.color,
        }
    if isinstance(said, Iteration):
        shape = _iteration(said)
        return {
            "__typename": "ProjectV2ItemFieldIterationValue",
            "iterationId": shape.pop("id"),
            **shape,
        }
    if isinstance(said, str):
        return {"__typename": "ProjectV2ItemFieldTextValue", "text": said}
    return {"__typename": "ProjectV2ItemFieldNumberValue", "number": said}


def _assignees(view: View, issue: Issue) -> Shape | None:
    people = [one for one in issue.assignees if not one.is_deleted]
    if not people:
        return None
    return {
        "__typename": "ProjectV2ItemFieldUserValue",
        "users": lambda _info, **arguments: connection(people, lambda one: actor(view, one), arguments),
    }


def _labels(view: View, issue: Issue) -> Shape | None:
    if not issue.labels:
        return None
    return {
        "__typename": "ProjectV2ItemFieldLabelValue",
        "labels": lambda _info, **arguments: connection(
            issue.labels, lambda one: contents.label(view, one), arguments
        ),
    }


def _milestone(view: View, issue: Issue) -> Shape | None:
    if not issue.milestone:
        return None
    shape = contents.milestone(view, issue.milestone)
    return {"__typename": "ProjectV2ItemFieldMilestoneValue", "milestone": shape}


def _repository(view: View, issue: Issue) -> Shape | None:
    return {
        "__typename": "ProjectV2ItemFieldRepositoryValue",
        "repository": lambda _info: contents.repository(view, issue.repository),
    }


_BUILT_IN: dict[str, Callable[[View, Issue], Shape | None]] = {
    "ASSIGNEES": _assignees,
    "LABELS": _labels,
    "MILESTONE": _milestone,
    "REPOSITORY": _repository,
}
