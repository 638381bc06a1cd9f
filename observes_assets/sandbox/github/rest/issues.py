"""Shapes of issues, comments and events."""

import orjson

from observes_assets.sandbox.company.entities import Comment, Event, Issue, Label, Person
from observes_assets.sandbox.github.rest.people import Shape, issue_type, user
from observes_assets.sandbox.github.rest.repositories import label, milestone, repository
from observes_assets.sandbox.github.view import View, github_id, node_id, remembered, stamp

# These are on an issue's timeline but not in a repository's list of events.
TIMELINE_ONLY = {"committed", "reviewed"}
_REACTIONS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")


@remembered
def issue(view: View, one: Issue) -> Shape:
    """An issue; a pull request as the issues' list shows it."""
    url = view.issue_url(one)
    kind = "pull" if one.pull else "issue"
    shape = {
        "url": url,
        "repository_url": view.repository_url(one.repository),
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": view.issue_page(one),
        # The id is the issue's, the node id the pull request's: so it is with GitHub.
        "id": github_id("issue", one.id),
        "node_id": node_id(kind, one.pull.id if one.pull else one.id),
        "number": one.number,
        "title": one.title,
        "user": user(view, one.author),
        "labels": [label(view, each, one.repository) for each in one.labels],
        "state": "open" if one.is_open else "closed",
        "locked": False,
        **_people(view, one),
        "milestone": milestone(view, one.milestone, one.repository) if one.milestone else None,
        "comments": len(one.comments),
        "created_at": stamp(one.created_at),
        "updated_at": stamp(one.updated_at),
        "closed_at": stamp(one.closed_at),
        "author_association": association(one.author),
        "active_lock_reason": None,
        "body": one.body or None,
        "reactions": _reactions(url),
        "timeline_url": f"{url}/timeline",
        "performed_via_github_app": None,
        "state_reason": None if one.pull else one.state_reason,
    }
    return shape | (_pull_part(view, one) if one.pull else _issue_part(view, one))


@remembered
def written_issue(view: View, one: Issue) -> orjson.Fragment:
    """An issue as JSON already: lists of events show the same ones again and again."""
    return orjson.Fragment(orjson.dumps(issue(view, one)))


def _people(view: View, one: Issue) -> Shape:
    assignees = [shape for person in one.assignees if (shape := user(view, person))]
    return {
        "assignee": assignees[0] if assignees else None,
        "assignees": assignees,
        "closed_by": user(view, one.closed_by) if one.closed_by else None,
    }


def _pull_part(view: View, one: Issue) -> Shape:
    assert one.pull is not None
    page = view.issue_page(one)
    links = {
        "url": f"{view.repository_url(one.repository)}/pulls/{one.number}",
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "merged_at": stamp(one.pull.merged_at),
    }
    return {"draft": one.pull.is_draft, "pull_request": links}


def _issue_part(view: View, one: Issue) -> Shape:
    done = sum(not child.is_open for child in one.children)
    total = len(one.children)
    percent = 100 * done // total if total else 0
    shape: Shape = {
        "type": issue_type(view, one.type) if one.type else None,
        "sub_issues_summary": {"total": total, "completed": done, "percent_completed": percent},
        "issue_dependencies_summary": dict.fromkeys(
            ("blocked_by", "total_blocked_by", "blocking", "total_blocking"), 0
        ),
    }
    if one.parent:
        shape["parent_issue_url"] = view.issue_url(one.parent)
    if one.type is None:
        del shape["type"]
    return shape


def _reactions(url: str) -> Shape:
    return {"url": f"{url}/reactions", "total_count": 0, **dict.fromkeys(_REACTIONS, 0)}


def association(person: Person) -> str:
    """What somebody is to the repository."""
    if person.is_bot:
        return "CONTRIBUTOR"
    return "MEMBER" if person.is_member else "CONTRIBUTOR"


def comment(view: View, one: Comment, on: Issue) -> Shape:
    """A comment on an issue or pull request."""
    number = github_id("comment", one.id)
    url = f"{view.repository_url(on.repository)}/issues/comments/{number}"
    return {
        "url": url,
        "html_url": f"{view.issue_page(on)}#issuecomment-{number}",
        "issue_url": view.issue_url(on),
        "id": number,
        "node_id": node_id("comment", one.id),
        "user": user(view, one.author),
        "created_at": stamp(one.created_at),
        "updated_at": stamp(one.updated_at),
        "body": one.body,
        "author_association": association(one.author),
        "reactions": _reactions(url),
        "performed_via_github_app": None,
    }


def event(view: View, one: Event, on: Issue) -> Shape:
    """An event, without the issue that it happened to."""
    commit = one.details.get("commit")
    repository_url = view.repository_url(on.repository)
    number = github_id("event", one.id)
    return {
        "id": number,
        "node_id": node_id("event", one.id),
        "url": f"{repository_url}/issues/events/{number}",
        "actor": user(view, one.actor),
        "event": one.name,
        "commit_id": commit.sha if commit else None,
        "commit_url": f"{repository_url}/commits/{commit.sha}" if commit else None,
        "created_at": stamp(one.created_at),
        **_details(view, one, on),
        "performed_via_github_app": None,
    }


def _details(view: View, one: Event, on: Issue) -> Shape:
    shape: Shape = {}
    for name, value in one.details.items():
        if name == "label":
            assert isinstance(value, Label)
            shape["label"] = {"name": value.name, "color": value.color}
        elif name in {"assignee", "requested_reviewer"}:
            shape[name] = user(view, value)
        elif name == "milestone":
            shape["milestone"] = {"title": value.title}
        elif name in {"rename", "state_reason", "dismissed_review"}:
            shape[name] = value
        elif name in {"issue_type", "prev_issue_type"}:
            shape[name] = issue_type(view, value)
        elif name in {"parent_issue", "sub_issue"}:
            shape[name] = _reference(view, value)
    if one.name == "assigned":
        shape["assigner"] = user(view, one.actor)
    if one.name == "review_requested":
        shape["review_requester"] = user(view, on.author)
    return shape


@remembered
def _reference(view: View, one: Issue) -> Shape:
    return {
        "number": one.number,
        "title": one.title,
        "state": "open" if one.is_open else "closed",
        "state_reason": one.state_reason,
        "repository": repository(view, one.repository),
        "issue_type": issue_type(view, one.type) if one.type else None,
    }
