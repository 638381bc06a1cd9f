"""Shapes of pull requests, reviews and the remarks in them."""

from observes_assets.sandbox.company.entities import Issue, PullRequest, Review, ReviewComment
from observes_assets.sandbox.github.rest.issues import association
from observes_assets.sandbox.github.rest.people import Shape, user
from observes_assets.sandbox.github.rest.repositories import ghost, label, milestone, repository
from observes_assets.sandbox.github.view import View, github_id, node_id, stamp


def pull(view: View, one: Issue) -> Shape:
    """A pull request in a list: without merged, mergeable and the counts."""
    assert one.pull is not None
    url, page = _url(view, one), view.issue_page(one)
    people = [shape for person in one.assignees if (shape := user(view, person))]
    reviewers = [shape for person in one.pull.reviewers if (shape := user(view, person))]
    return {
        "url": url,
        "id": github_id("pull", one.pull.id),
        "node_id": node_id("pull", one.pull.id),
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": view.issue_url(one),
        **_links(view, one, url),
        "number": one.number,
        "state": "open" if one.is_open else "closed",
        "locked": False,
        "title": one.title,
        "user": user(view, one.author) or ghost(view),
        "body": one.body or None,
        "created_at": stamp(one.created_at),
        "updated_at": stamp(one.updated_at),
        "closed_at": stamp(one.closed_at),
        "merged_at": stamp(one.pull.merged_at),
        "merge_commit_sha": one.pull.merge_sha,
        "assignee": people[0] if people else None,
        "assignees": people,
        "requested_reviewers": reviewers,
        "requested_teams": [],
        "labels": [label(view, each, one.repository) for each in one.labels],
        "milestone": milestone(view, one.milestone, one.repository) if one.milestone else None,
        "draft": one.pull.is_draft,
        "head": _side(view, one, one.pull.head, one.pull.commits[-1].sha),
        "base": _side(view, one, one.pull.base, one.pull.base_sha),
        "author_association": association(one.author),
        "auto_merge": None,
        "active_lock_reason": None,
    }


def pull_alone(view: View, one: Issue) -> Shape:
    """A pull request by itself, with all that lists lack."""
    assert one.pull is not None
    detail: PullRequest = one.pull
    return pull(view, one) | {
        "merged": detail.merged_at is not None,
        "mergeable": one.is_open or None,
        "rebaseable": one.is_open or None,
        "mergeable_state": "clean" if one.is_open else "unknown",
        "merged_by": user(view, detail.merged_by) if detail.merged_by else None,
        "comments": len(one.comments),
        "review_comments": len(detail.review_comments),
        "maintainer_can_modify": False,
        "commits": len(detail.commits),
        "additions": detail.additions,
        "deletions": detail.deletions,
        "changed_files": len(detail.paths),
    }


def review(view: View, one: Review, on: Issue) -> Shape:
    """A review; a pending one has no ``submitted_at`` at all."""
    page = f"{view.issue_page(on)}#pullrequestreview-{github_id('review', one.id)}"
    shape = {
        "id": github_id("review", one.id),
        "node_id": node_id("review", one.id),
        "user": user(view, one.author),
        "body": one.body,
        "state": one.state,
        "html_url": page,
        "pull_request_url": _url(view, on),
        "author_association": association(one.author),
        "_links": {"html": {"href": page}, "pull_request": {"href": _url(view, on)}},
        "commit_id": one.commit,
    }
    return shape | ({"submitted_at": stamp(one.submitted_at)} if one.submitted_at else {})


def review_comment(view: View, one: ReviewComment, on: Issue) -> Shape:
    """A remark on a line of a diff."""
    number = github_id("review_comment", one.id)
    url = f"{view.repository_url(on.repository)}/pulls/comments/{number}"
    page = f"{view.issue_page(on)}#discussion_r{number}"
    return {
        "url": url,
        "pull_request_review_id": github_id("review", one.review.id),
        "id": number,
        "node_id": node_id("review_comment", one.id),
        "diff_hunk": f"@@ -0,0 +{one.line} @@",
        "path": one.path,
        "line": one.line,
        "original_line": one.line,
        "position": one.line,
        "original_position": one.line,
        "side": "RIGHT",
        "subject_type": "line",
        "commit_id": one.review.commit,
        "original_commit_id": one.review.commit,
        "user": user(view, one.author),
        "body": one.body,
        "created_at": stamp(one.created_at),
        "updated_at": stamp(one.updated_at),
        "html_url": page,
        "pull_request_url": _url(view, on),
        "author_association": association(one.author),
        "_links": {
            "self": {"href": url},
            "html": {"href": page},
            "pull_request": {"href": _url(view, on)},
        },
    }


def _url(view: View, one: Issue) -> str:
    return f"{view.repository_url(one.repository)}/pulls/{one.number}"


def _links(view: View, one: Issue, url: str) -> Shape:
    assert one.pull is not None
    base = view.repository_url(one.repository)
    statuses = f"{base}/statuses/{one.pull.commits[-1].sha}"
    links = {
        "self": url,
        "html": view.issue_page(one),
        "issue": view.issue_url(one),
        "comments": f"{view.issue_url(one)}/comments",
        "review_comments": f"{url}/comments",
        "review_comment": f"{base}/pulls/comments{{/number}}",
        "commits": f"{url}/commits",
        "statuses": statuses,
    }
    plain = {f"{name}_url": links[name] for name in links if name not in {"self", "html", "issue"}}
    return plain | {"_links": {name: {"href": href} for name, href in links.items()}}


def _side(view: View, one: Issue, ref: str, sha: str) -> Shape:
    owner = one.repository.owner
    return {
        "label": f"{owner}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": repository(view, one.repository)["owner"],
        "repo": repository(view, one.repository),
    }
