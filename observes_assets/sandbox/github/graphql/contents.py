"""Shapes of repositories, issues, pull requests, reviews and what hangs on them."""

import re
from datetime import datetime
from functools import partial
from typing import Any

from observes_assets.sandbox.company.entities import (
    Commit,
    Issue,
    Label,
    Milestone,
    Person,
    Release,
    Repository,
    Review,
)
from observes_assets.sandbox.github.graphql import boards
from observes_assets.sandbox.github.graphql.accounts import actor
from observes_assets.sandbox.github.graphql.connections import Shape, connection
from observes_assets.sandbox.github.rest.issues import association
from observes_assets.sandbox.github.view import View, github_id, node_id, stamp


def named(view: View, owner: str, name: str) -> Shape | None:
    """A repository by its present or former name, if the caller may see it."""
    try:
        one = view.company.repository(name)
    except KeyError:
        return None
    return repository(view, one) if owner == view.company.name and view.sees(one) else None


def repository(view: View, one: Repository) -> Shape:
    """A repository."""

    def issues(_info: Any, **arguments: Any) -> Shape:
        found = [each for each in one.issues.values() if each.gone is None and each.pull is None]
        return _ordered(view, found, arguments)

    def pulls(_info: Any, **arguments: Any) -> Shape:
        return _ordered(view, [each for each in one.issues.values() if each.pull], arguments)

    def plain(things: list[Any], shape: Any) -> Any:
        return lambda _info, **arguments: connection(things, lambda each: shape(view, each), arguments)

    return {
        "__typename": "Repository",
        "id": node_id("repository", one.id),
        "databaseId": github_id("repository", one.id),
        "name": one.name,
        "nameWithOwner": f"{one.owner}/{one.name}",
        "description": one.description,
        "isArchived": one.is_archived,
        "isPrivate": one.is_private,
        "url": view.repository_page(one),
        "createdAt": stamp(one.created_at),
        "updatedAt": stamp(one.updated_at),
        "issue": lambda _info, number: _by_number(view, one, number, is_pull=False),
        "pullRequest": lambda _info, number: _by_number(view, one, number, is_pull=True),
        "issues": issues,
        "pullRequests": pulls,
        "labels": plain(list(one.labels.values()), label),
        "milestones": plain(one.milestones, milestone),
        "releases": plain([each for each in one.releases if not each.is_draft], release),
        # Boards belong to the organization; none is linked to a repository.
        "projectV2": None,
        "projectsV2": plain([], boards.project),
    }


def _by_number(view: View, one: Repository, number: int, *, is_pull: bool) -> Shape | None:
    found = one.issues.get(number)
    if found is None or found.gone or (found.pull is not None) != is_pull:
        return None
    return content(view, found)


def _ordered(view: View, found: list[Issue], arguments: dict[str, Any]) -> Shape:
    order = arguments.get("orderBy") or {"field": "CREATED_AT", "direction": "ASC"}
    sign = 1 if order["direction"] == "ASC" else -1
    filters = arguments.get("filterBy") or {}
    if since := filters.get("since"):
        found = [one for one in found if one.updated_at >= datetime.fromisoformat(since)]
    if states := arguments.get("states") or filters.get("states"):
        found = [one for one in found if state(one) in states]

    def key(one: Issue) -> tuple[Any, ...]:
        at = one.updated_at if order["field"] == "UPDATED_AT" else one.created_at
        return (sign * int(at.timestamp()), -one.id)

    return connection(sorted(found, key=key), lambda one: content(view, one), arguments, key)


def state(one: Issue) -> str:
    """OPEN, CLOSED or MERGED."""
    if one.pull and one.pull.merged_at:
        return "MERGED"
    return "OPEN" if one.is_open else "CLOSED"


def content(view: View, one: Issue) -> Shape | None:
    """An issue or a pull request; None where the caller may not look."""
    if not view.sees(one.repository):
        return None
    common = {
        "number": one.number,
        "title": one.title,
        "body": one.body,
        "url": view.issue_page(one),
        "state": state(one),
        "closed": not one.is_open,
        "createdAt": stamp(one.created_at),
        "updatedAt": stamp(one.updated_at),
        "closedAt": stamp(one.closed_at),
        "author": actor(view, one.author),
        "milestone": milestone(view, one.milestone) if one.milestone else None,
        "repository": lambda _info: repository(view, one.repository),
        "assignees": lambda _info, **arguments: _people(view, one.assignees, arguments),
        "labels": lambda _info, **arguments: connection(
            one.labels, lambda each: label(view, each), arguments
        ),
    }
    return common | (_pull(view, one) if one.pull else _issue(view, one))


def _requested(view: View, people: list[Person], _info: Any, **arguments: Any) -> Shape:
    shown = [one for one in people if not one.is_deleted]
    return connection(shown, lambda one: {"requestedReviewer": actor(view, one)}, arguments)


def _people(view: View, people: list[Person], arguments: dict[str, Any]) -> Shape:
    shown = [one for one in people if not one.is_deleted]
    return connection(shown, lambda one: actor(view, one), arguments)


def _issue(view: View, one: Issue) -> Shape:
    done, total = sum(not child.is_open for child in one.children), len(one.children)
    summary = {"total": total, "completed": done, "percentCompleted": 100 * done // total if total else 0}
    return {
        "__typename": "Issue",
        "id": node_id("issue", one.id),
        "fullDatabaseId": str(github_id("issue", one.id)),
        "stateReason": lambda _info, **arguments: _reason(one, **arguments),
        "parent": lambda _info: content(view, one.parent) if one.parent else None,
        "subIssues": lambda _info, **arguments: connection(
            [child for child in one.children if view.sees(child.repository)],
            lambda child: content(view, child),
            arguments,
        ),
        "subIssuesSummary": summary,
    }


def _reason(one: Issue, *, enableDuplicate: bool = False) -> str | None:  # noqa: N803 - GitHub's name
    if one.state_reason == "duplicate" and not enableDuplicate:
        return "NOT_PLANNED"
    return one.state_reason.upper() if one.state_reason else None


def _pull(view: View, one: Issue) -> Shape:
    pull = one.pull
    assert pull is not None
    sent = [each for each in pull.reviews if each.submitted_at]
    opinions = {each.author: each.state for each in sent if each.state != "COMMENTED"}
    numbers = [int(found) for found in re.findall(r"(?:Closes|Fixes) #(\d+)", one.body)]
    closing = [one.repository.issues[found] for found in numbers if found in one.repository.issues]
    return {
        "__typename": "PullRequest",
        "id": node_id("pull", pull.id),
        "fullDatabaseId": str(github_id("pull", pull.id)),
        "isDraft": pull.is_draft,
        "locked": False,
        **_merge(view, one),
        "reviewDecision": _decision(list(opinions.values())),
        "additions": pull.additions,
        "deletions": pull.deletions,
        "changedFiles": len(pull.paths),
        "isCrossRepository": False,
        "baseRefName": pull.base,
        "baseRefOid": pull.base_sha,
        "reviewRequests": partial(_requested, view, pull.reviewers),
        "headRefName": pull.head,
        "headRefOid": pull.commits[-1].sha,
        "commits": lambda _info, **arguments: connection(
            pull.commits, lambda each: {"id": f"PRC_{each.sha[:16]}", "commit": commit(each)}, arguments
        ),
        "comments": lambda _info, **arguments: connection(
            one.comments, lambda each: {"id": node_id("comment", each.id)}, arguments
        ),
        "reviews": lambda _info, **arguments: connection(
            [each for each in sent if each.state in (arguments.get("states") or [each.state])],
            lambda each: review(view, each, one),
            arguments,
        ),
        "closingIssuesReferences": lambda _info, **arguments: connection(
            [each for each in closing if each.gone is None], lambda each: content(view, each), arguments
        ),
    }


def _merge(view: View, one: Issue) -> Shape:
    pull = one.pull
    assert pull is not None
    return {
        "merged": pull.merged_at is not None,
        "mergedAt": stamp(pull.merged_at),
        "mergedBy": actor(view, pull.merged_by),
        "mergeCommit": commit(one.repository.commits[pull.merge_sha]) if pull.merge_sha else None,
    }


def _decision(opinions: list[str]) -> str | None:
    if "CHANGES_REQUESTED" in opinions:
        return "CHANGES_REQUESTED"
    return "APPROVED" if "APPROVED" in opinions else "REVIEW_REQUIRED"


def review(view: View, one: Review, on: Issue) -> Shape:
    """A review that was sent."""
    remarks = [each for each in (on.pull.review_comments if on.pull else []) if each.review is one]
    return {
        "__typename": "PullRequestReview",
        "id": node_id("review", one.id),
        "fullDatabaseId": str(github_id("review", one.id)),
        "state": one.state,
        "body": one.body,
        "url": f"{view.issue_page(on)}#pullrequestreview-{github_id('review', one.id)}",
        "authorAssociation": association(one.author),
        "createdAt": stamp(one.submitted_at),
        "submittedAt": stamp(one.submitted_at),
        "updatedAt": stamp(one.submitted_at),
        "author": actor(view, one.author),
        "commit": commit(on.repository.commits[one.commit]),
        "comments": lambda _info, **arguments: connection(
            remarks, lambda each: {"id": node_id("review_comment", each.id)}, arguments
        ),
    }


def commit(one: Commit) -> Shape:
    """A commit."""
    return {
        "__typename": "Commit",
        "id": f"C_{one.sha[:16]}",
        "oid": one.sha,
        "authoredDate": stamp(one.authored_at),
        "committedDate": stamp(one.committed_at),
    }


def label(_view: View, one: Label) -> Shape:
    """A label."""
    return {
        "__typename": "Label",
        "id": node_id("label", one.id),
        "name": one.name,
        "color": one.color,
        "description": one.description,
        "isDefault": one.is_default,
    }


def milestone(_view: View, one: Milestone) -> Shape:
    """A milestone."""
    return {
        "__typename": "Milestone",
        "id": node_id("milestone", one.id),
        "number": one.number,
        "title": one.title,
        "description": one.description,
        "closed": one.closed_at is not None,
        "closedAt": stamp(one.closed_at),
        "dueOn": stamp(one.due_at),
        "createdAt": stamp(one.created_at),
        "updatedAt": stamp(one.updated_at),
    }


def release(_view: View, one: Release) -> Shape:
    """A release."""
    return {
        "__typename": "Release",
        "id": node_id("release", one.id),
        "databaseId": github_id("release", one.id),
        "name": one.name,
        "tagName": one.tag,
        "isDraft": one.is_draft,
        "isPrerelease": one.is_prerelease,
        "createdAt": stamp(one.created_at),
        "publishedAt": stamp(one.published_at),
    }
