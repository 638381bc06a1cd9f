"""Streams about projects (boards): themselves, their fields with all iterations, and their items."""

from typing import Any

from observes_assets.sources.github import queries
from observes_assets.sources.github.answers import reach
from observes_assets.sources.github.client import Client
from observes_assets.sources.github.listings import Row, read_nodes, until_counted
from observes_assets.sources.github.places import Owner, Project, Repository
from observes_assets.sources.github.walk import Walk

_AT_ONCE = 50


def projects(client: Client, owner: Owner, walk: Walk) -> None:
    """Projects of an organization; of single repositories, those that are linked with them.

    Those of a person too, who owns a single repository: boards of people are seldom linked with anything.
    """

    def keep(node: Row) -> None:
        walk.add({**node, "owner_id": owner.id})

    def read_of_owner() -> int:
        what = f"projects of {owner.login}"
        variables = {"login": owner.login}
        pages = client.connection(
            what, queries.PROJECTS_OF_OWNER, variables, ("repositoryOwner", "projectsV2"), first=_AT_ONCE
        )
        return read_nodes(walk, pages, keep)

    if not owner.wanted:
        until_counted(walk, read_of_owner)
        return
    if not owner.is_organization:
        read_of_owner()
    for name in owner.wanted:
        repository = Repository.of(client.get(f"repository {name}", f"/repos/{name}").document)
        pages = client.connection(
            f"projects of {repository.name}",
            queries.PROJECTS_OF_REPOSITORY,
            {"repository": repository.node_id},
            ("node", "projectsV2"),
            first=_AT_ONCE,
        )
        read_nodes(walk, pages, keep)
    walk.has_news = walk.has_news or len(owner.wanted) > 1 or not owner.is_organization


def project_fields(client: Client, project: Project, walk: Walk) -> None:
    """Fields of a project, with options and iterations, finished iterations too."""

    def read() -> int:
        pages = client.connection(
            f"fields of project {project.name}",
            queries.PROJECT_FIELDS,
            {"project": project.id},
            ("node", "fields"),
        )
        return read_nodes(walk, pages, lambda node: walk.add({**node, "project_id": project.id}))

    until_counted(walk, read)


def project_items(client: Client, project: Project, walk: Walk) -> None:
    """Items of a project with every field value that is the project's own.

    A value that was cleared has no node. What a listing lacks is asked for by its id, since nobody says
    whether archived items are listed.
    """
    if not walk.is_sweep:
        walk.has_news = False
        return

    def read() -> int:
        pages = client.connection(
            f"items of project {project.name}",
            queries.PROJECT_ITEMS,
            {"project": project.id},
            ("node", "items"),
            first=_AT_ONCE,
        )
        return read_nodes(walk, pages, lambda node: walk.add(_whole(client, project, node)))

    until_counted(walk, read)
    _look_up_missing(client, project, walk)


def _look_up_missing(client: Client, project: Project, walk: Walk) -> None:
    missing = sorted(walk.known.keys() - walk.ids)
    for start in range(0, len(missing), _AT_ONCE):
        what = f"unlisted items of project {project.name}"
        nodes = client.query(what, queries.ITEMS_BY_ID, {"ids": missing[start : start + _AT_ONCE]})["nodes"]
        for node in nodes:
            if node and (node.pop("project", None) or {}).get("id") == project.id:
                del node["__typename"]
                walk.add(_whole(client, project, node))
                if walk.reported_count is not None:
                    walk.reported_count += 1


def _whole(client: Client, project: Project, node: Row) -> Row:
    """The item with all of its field values, however many there are."""
    values: dict[str, Any] = node["fieldValues"]
    found, page = list(values["nodes"]), values["pageInfo"]
    while page["hasNextPage"]:
        what = f"field values of an item of project {project.name}"
        variables = {"id": node["id"], "after": page["endCursor"]}
        more = reach(
            what, client.query(what, queries.FIELD_VALUES_OF_ONE, variables), ("node", "fieldValues")
        )
        found.extend(more["nodes"])
        page = more["pageInfo"]
    return {**node, "fieldValues": [value for value in found if value], "project_id": project.id}
