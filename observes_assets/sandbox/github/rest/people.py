"""Shapes of accounts, teams and the organization."""

from typing import Any

from observes_assets.sandbox.company.entities import IssueType, Person, Team
from observes_assets.sandbox.github.view import View, github_id, node_id, remembered, stamp

Shape = dict[str, Any]
_FOLLOWERS = ("followers", "subscriptions", "organizations", "repos", "received_events")


@remembered
def user(view: View, person: Person) -> Shape | None:
    """An account; None once it was deleted."""
    if person.is_deleted:
        return None
    kind = "Bot" if person.is_bot else "User"
    return account(view, person.login, github_id("person", person.id), node_id("person", person.id), kind)


def account(view: View, login: str, number: int, node: str, kind: str) -> Shape:
    """What GitHub says of every account, an organization's too."""
    url = f"{view.api}/users/{login}"
    return {
        "login": login,
        "id": number,
        "node_id": node,
        "avatar_url": f"{view.html}/avatars/{number}",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{view.html}/{login}",
        **{f"{name}_url": f"{url}/{name}" for name in _FOLLOWERS},
        "following_url": f"{url}/following{{/other_user}}",
        "gists_url": f"{url}/gists{{/gist_id}}",
        "starred_url": f"{url}/starred{{/owner}}{{/repo}}",
        "events_url": f"{url}/events{{/privacy}}",
        "type": kind,
        "user_view_type": "public",
        "site_admin": False,
    }


def organization_account(view: View) -> Shape:
    """The organization as the owner of a repository."""
    return account(
        view,
        view.company.name,
        github_id("organization", 1),
        node_id("organization", 1),
        "Organization",
    )


def organization(view: View) -> Shape:
    """The organization by itself."""
    company = view.company
    url = f"{view.api}/orgs/{company.name}"
    names = ("repos", "events", "hooks", "issues")
    return {
        "login": company.name,
        "id": github_id("organization", 1),
        "node_id": node_id("organization", 1),
        "url": url,
        **{f"{name}_url": f"{url}/{name}" for name in names},
        "members_url": f"{url}/members{{/member}}",
        "public_members_url": f"{url}/public_members{{/member}}",
        "avatar_url": f"{view.html}/avatars/organization",
        "description": "Software, and who answers for it",
        "name": "Quillmark Works",
        "is_verified": False,
        "has_organization_projects": True,
        "has_repository_projects": True,
        "public_repos": sum(not one.is_private for one in company.repositories),
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "html_url": f"{view.html}/{company.name}",
        "created_at": stamp(company.founded_at),
        "updated_at": stamp(company.founded_at),
        "archived_at": None,
        "type": "Organization",
    }


def team(view: View, one: Team) -> Shape:
    """A team in a list."""
    url = f"{view.api}/organizations/{github_id('organization', 1)}/team/{github_id('team', one.id)}"
    return {
        "name": one.name,
        "id": github_id("team", one.id),
        "node_id": node_id("team", one.id),
        "slug": one.slug,
        "description": one.description,
        "privacy": "closed",
        "notification_setting": "notifications_enabled",
        "url": url,
        "html_url": f"{view.html}/orgs/{view.company.name}/teams/{one.slug}",
        "members_url": f"{url}/members{{/member}}",
        "repositories_url": f"{url}/repos",
        "type": "organization",
        "organization_id": github_id("organization", 1),
        "permission": "pull",
        "parent": None,
    }


@remembered
def issue_type(view: View, one: IssueType) -> Shape:
    """An issue type of the organization."""
    return {
        "id": github_id("type", one.id),
        "node_id": node_id("type", one.id),
        "name": one.name,
        "description": one.description,
        "color": one.color,
        "created_at": stamp(view.company.founded_at),
        "updated_at": stamp(view.company.founded_at),
        "is_enabled": True,
    }
