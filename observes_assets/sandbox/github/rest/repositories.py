"""Shapes of repositories, and of what a repository has beside issues."""

from typing import Any

from observes_assets.sandbox.company.entities import Label, Milestone, Release, Repository
from observes_assets.sandbox.github.rest.people import Shape, account, organization_account, user
from observes_assets.sandbox.github.view import View, github_id, node_id, remembered, stamp

_PLAIN = (
    "contributors",
    "deployments",
    "downloads",
    "events",
    "forks",
    "hooks",
    "languages",
    "merges",
    "stargazers",
    "subscribers",
    "subscription",
    "tags",
    "teams",
)
_WITH_NUMBER = {"issues": "number", "milestones": "number", "pulls": "number"}
_TEMPLATES = {
    "archive": "{archive_format}{/ref}",
    "assignees": "assignees{/user}",
    "blobs": "git/blobs{/sha}",
    "branches": "branches{/branch}",
    "collaborators": "collaborators{/collaborator}",
    "comments": "comments{/number}",
    "commits": "commits{/sha}",
    "compare": "compare/{base}...{head}",
    "contents": "contents/{+path}",
    "git_commits": "git/commits{/sha}",
    "git_refs": "git/refs{/sha}",
    "git_tags": "git/tags{/sha}",
    "issue_comment": "issues/comments{/number}",
    "issue_events": "issues/events{/number}",
    "keys": "keys{/key_id}",
    "labels": "labels{/name}",
    "notifications": "notifications{?since,all,participating}",
    "releases": "releases{/id}",
    "statuses": "statuses/{sha}",
    "trees": "git/trees{/sha}",
}


@remembered
def repository(view: View, one: Repository) -> Shape:
    """A repository, in a list or alone."""
    open_count = sum(each.is_open and each.gone is None for each in one.issues.values())
    return {
        "id": github_id("repository", one.id),
        "node_id": node_id("repository", one.id),
        "name": one.name,
        "full_name": f"{one.owner}/{one.name}",
        "owner": organization_account(view),
        "private": one.is_private,
        "visibility": "private" if one.is_private else "public",
        "description": one.description,
        "fork": False,
        "language": one.language,
        **_urls(view, one),
        **dict.fromkeys(("forks", "forks_count", "stargazers_count", "watchers", "watchers_count"), 0),
        **dict.fromkeys(("subscribers_count", "network_count", "size"), 0),
        "open_issues": open_count,
        "open_issues_count": open_count,
        "default_branch": "main",
        "homepage": None,
        "mirror_url": None,
        "license": None,
        "topics": [],
        "is_template": False,
        "has_issues": True,
        "has_projects": True,
        **dict.fromkeys(("has_wiki", "has_pages", "has_downloads", "has_discussions"), False),
        "archived": one.is_archived,
        "disabled": False,
        "allow_forking": True,
        "web_commit_signoff_required": False,
        "permissions": {"admin": False, "maintain": False, "push": False, "triage": False, "pull": True},
        "created_at": stamp(one.created_at),
        "updated_at": stamp(one.updated_at),
        "pushed_at": stamp(one.pushed_at),
    }


def _urls(view: View, one: Repository) -> Shape:
    url, page = view.repository_url(one), view.repository_page(one)
    host = page.partition("://")[2].partition("/")[0]
    return {
        "url": url,
        "html_url": page,
        "clone_url": f"{page}.git",
        "svn_url": page,
        "git_url": f"git://{page.partition('://')[2]}.git",
        "ssh_url": f"git@{host}:{one.owner}/{one.name}.git",
        **{f"{name}_url": f"{url}/{name}" for name in _PLAIN},
        **{f"{name}_url": f"{url}/{name}{{/{key}}}" for name, key in _WITH_NUMBER.items()},
        **{f"{name}_url": f"{url}/{template}" for name, template in _TEMPLATES.items()},
    }


@remembered
def label(view: View, one: Label, repository: Repository) -> Shape:
    """A label."""
    return {
        "id": github_id("label", one.id),
        "node_id": node_id("label", one.id),
        "url": f"{view.repository_url(repository)}/labels/{one.name.replace(' ', '%20')}",
        "name": one.name,
        "color": one.color,
        "default": one.is_default,
        "description": one.description,
    }


@remembered
def milestone(view: View, one: Milestone, repository: Repository) -> Shape:
    """A milestone, with the counts of its issues."""
    url = f"{view.repository_url(repository)}/milestones/{one.number}"
    mine: list[Any] = [each for each in repository.issues.values() if each.milestone is one and not each.gone]
    return {
        "url": url,
        "html_url": f"{view.repository_page(repository)}/milestone/{one.number}",
        "labels_url": f"{url}/labels",
        "id": github_id("milestone", one.id),
        "node_id": node_id("milestone", one.id),
        "number": one.number,
        "title": one.title,
        "description": one.description,
        "creator": user(view, one.creator),
        "open_issues": sum(each.is_open for each in mine),
        "closed_issues": sum(not each.is_open for each in mine),
        "state": "closed" if one.closed_at else "open",
        "created_at": stamp(one.created_at),
        "updated_at": stamp(one.updated_at),
        "due_on": stamp(one.due_at),
        "closed_at": stamp(one.closed_at),
    }


def release(view: View, one: Release, repository: Repository) -> Shape:
    """A release. GitHub always names an author: that of a deleted account is its ghost."""
    url = f"{view.repository_url(repository)}/releases/{github_id('release', one.id)}"
    page = view.repository_page(repository)
    return {
        "url": url,
        "assets_url": f"{url}/assets",
        "upload_url": f"{url}/assets{{?name,label}}",
        "html_url": f"{page}/releases/tag/{one.tag}",
        "id": github_id("release", one.id),
        "node_id": node_id("release", one.id),
        "author": user(view, one.author) or ghost(view),
        "tag_name": one.tag,
        "target_commitish": "main",
        "name": one.name,
        "draft": one.is_draft,
        "prerelease": one.is_prerelease,
        "immutable": False,
        "created_at": stamp(one.created_at),
        "updated_at": stamp(one.published_at or one.created_at),
        "published_at": stamp(one.published_at),
        "assets": [],
        "tarball_url": f"{view.repository_url(repository)}/tarball/{one.tag}",
        "zipball_url": f"{view.repository_url(repository)}/zipball/{one.tag}",
        "body": one.body,
    }


def ghost(view: View) -> Shape:
    """The account that stands for all deleted ones where GitHub's answers need one."""
    return account(view, "ghost", 10137, "MDQ6VXNlcjEwMTM3", "User")
