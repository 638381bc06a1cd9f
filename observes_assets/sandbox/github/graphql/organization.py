"""Shapes of the organization and its teams."""

from typing import Any

from observes_assets.sandbox.company.entities import Team
from observes_assets.sandbox.github.graphql import boards, contents
from observes_assets.sandbox.github.graphql.accounts import actor, require
from observes_assets.sandbox.github.graphql.connections import Shape, connection
from observes_assets.sandbox.github.view import View, github_id, node_id, stamp


def organization(view: View) -> Shape:
    """The organization."""
    company = view.company

    def members(_info: Any, **arguments: Any) -> Shape:
        require(view, "read:org")
        owner = company.people["kira-novak"]
        return connection(
            company.members(),
            lambda one: actor(view, one),
            arguments,
            edge=lambda one: {"role": "ADMIN" if one is owner else "MEMBER"},
        )

    def teams(_info: Any, **arguments: Any) -> Shape:
        require(view, "read:org")
        found = sorted(company.teams.values(), key=lambda one: one.name)
        return connection(found, lambda one: team(view, one), arguments)

    return {
        "__typename": "Organization",
        "id": node_id("organization", 1),
        "databaseId": github_id("organization", 1),
        "login": company.name,
        "name": "Quillmark Works",
        "description": "Software, and who answers for it",
        "url": f"{view.html}/{company.name}",
        "createdAt": stamp(company.founded_at),
        "updatedAt": stamp(company.founded_at),
        "membersWithRole": members,
        "teams": teams,
        "team": lambda _info, slug: team(view, company.teams[slug]) if slug in company.teams else None,
        "repository": lambda _info, name, **_: contents.named(view, company.name, name),
        "repositories": lambda _info, **arguments: connection(
            [one for one in company.repositories if view.sees(one)],
            lambda one: contents.repository(view, one),
            arguments,
        ),
        "projectV2": lambda _info, number: boards.numbered(view, number),
        "projectsV2": lambda _info, **arguments: boards.projects(view, arguments),
    }


def team(view: View, one: Team) -> Shape:
    """A team."""

    def members(_info: Any, **arguments: Any) -> Shape:
        found = sorted(one.members, key=lambda person: person.login)
        return connection(
            found,
            lambda person: actor(view, person),
            arguments,
            edge=lambda person: {"role": "MAINTAINER" if person is found[0] else "MEMBER"},
        )

    return {
        "__typename": "Team",
        "id": node_id("team", one.id),
        "databaseId": github_id("team", one.id),
        "slug": one.slug,
        "name": one.name,
        "description": one.description,
        "privacy": "VISIBLE",
        "parentTeam": None,
        "url": f"{view.html}/orgs/{view.company.name}/teams/{one.slug}",
        "createdAt": stamp(view.company.founded_at),
        "updatedAt": stamp(view.company.founded_at),
        "members": members,
    }
