"""Which path answers with what."""

import re
from collections.abc import Callable

from observes_assets.sandbox.company.entities import Repository
from observes_assets.sandbox.github.messages import NOT_FOUND, refusal
from observes_assets.sandbox.github.rest import listings, people, single
from observes_assets.sandbox.github.view import View, github_id
from observes_assets.sandbox.messages import Answer, Request

InRepository = Callable[[View, Request, Repository, str], Answer]

# Below /repos/{owner}/{name} or /repositories/{id}; a group is handed on as text.
_IN_REPOSITORY: tuple[tuple[str, InRepository], ...] = (
    ("", single.repository),
    ("/issues", listings.issues),
    ("/issues/comments", listings.comments),
    ("/issues/events", listings.events),
    (r"/issues/(\d+)", single.issue),
    (r"/issues/(\d+)/comments", listings.comments_of),
    (r"/issues/(\d+)/events", listings.events_of),
    (r"/issues/(\d+)/timeline", listings.timeline),
    (r"/issues/(\d+)/sub_issues", listings.children),
    (r"/issues/(\d+)/parent", single.parent),
    ("/pulls", listings.pulls),
    ("/pulls/comments", listings.review_comments),
    (r"/pulls/(\d+)", single.pull),
    (r"/pulls/(\d+)/reviews", listings.reviews),
    (r"/pulls/(\d+)/comments", listings.review_comments_of),
    ("/labels", listings.labels),
    ("/milestones", listings.milestones),
    ("/releases", listings.releases),
)


def answer(view: View, request: Request) -> Answer:
    """Answer a REST request."""
    if request.path.startswith(("/repos/", "/repositories/")):
        return _in_repository(view, request)
    if request.path == "/user":
        return Answer(body=people.user(view, view.company.people["kira-novak"]))
    if found := re.fullmatch(r"/orgs/([^/]+)(/.*)?", request.path):
        if found[1] != view.company.name:
            return refusal(404, NOT_FOUND)
        return listings.of_organization(view, request, found[2] or "")
    return refusal(404, NOT_FOUND)


def _in_repository(view: View, request: Request) -> Answer:
    if found := re.fullmatch(r"/repositories/(\d+)(/.*)?", request.path):
        by_id = {github_id("repository", one.id): one for one in view.company.repositories}
        repository, rest = by_id.get(int(found[1])), found[2] or ""
    elif found := re.fullmatch(r"/repos/([^/]+)/([^/]+)(/.*)?", request.path):
        repository, rest = _named(view, found[1], found[2]), found[3] or ""
    else:
        return refusal(404, NOT_FOUND)
    if repository is None or not view.sees(repository):
        return refusal(404, NOT_FOUND)
    if found.re.groups == 3 and found[2] != repository.name:
        return single.moved(f"{view.api}/repositories/{github_id('repository', repository.id)}{rest}")
    for pattern, respond in _IN_REPOSITORY:
        if match := re.fullmatch(pattern, rest):
            return respond(view, request, repository, match[1] if match.groups() else "")
    return refusal(404, NOT_FOUND)


def _named(view: View, owner: str, name: str) -> Repository | None:
    try:
        return view.company.repository(name) if owner == view.company.name else None
    except KeyError:
        return None
