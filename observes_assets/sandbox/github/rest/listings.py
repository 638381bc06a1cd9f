"""Lists: with GitHub's own orders, filters and kinds of pages."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from observes_assets.sandbox.company.entities import Issue, Repository
from observes_assets.sandbox.github.messages import NOT_FOUND, refusal
from observes_assets.sandbox.github.paging import keyed, numbered
from observes_assets.sandbox.github.rest import issues as issue_shapes
from observes_assets.sandbox.github.rest import people, repositories
from observes_assets.sandbox.github.rest import pulls as pull_shapes
from observes_assets.sandbox.github.rest.people import Shape
from observes_assets.sandbox.github.rest.timeline import lines
from observes_assets.sandbox.github.view import View, github_id
from observes_assets.sandbox.messages import Answer, Request


def of_organization(view: View, request: Request, rest: str) -> Answer:
    """The organization itself, and what lies below it."""
    company = view.company
    base = f"{view.api}/organizations/{github_id('organization', 1)}{rest}"
    if rest == "":
        return Answer(body=people.organization(view))
    if rest == "/repos":
        shown = sorted(filter(view.sees, company.repositories), key=lambda one: one.name)
        return numbered(request, base, shown, lambda one: repositories.repository(view, one))
    if rest == "/issue-types":
        return Answer(body=[people.issue_type(view, one) for one in company.types.values()])
    return _people(view, request, rest, base)


def _people(view: View, request: Request, rest: str, base: str) -> Answer:
    company = view.company
    if not view.access.has("read:org"):
        return refusal(403, "You must have the read:org scope", x_accepted_oauth_scopes="read:org")
    if rest == "/members":
        return numbered(request, base, company.members(), lambda one: people.user(view, one))
    if rest == "/teams":
        return numbered(request, base, list(company.teams.values()), lambda one: people.team(view, one))
    slug, _, what = rest.removeprefix("/teams/").partition("/")
    if slug in company.teams and what == "members":
        members = sorted(company.teams[slug].members, key=lambda one: one.login)
        return numbered(request, base, members, lambda one: people.user(view, one))
    return refusal(404, NOT_FOUND)


def issues(view: View, request: Request, where: Repository, _rest: str) -> Answer:
    """Issues, pull requests among them; paged by cursor only."""
    query = request.query
    state, since = query.get("state", "open"), _since(query)
    found = [
        one
        for one in where.issues.values()
        if one.gone is None and _in_state(one, state) and (since is None or one.updated_at >= since)
    ]
    sort = "updated_at" if query.get("sort") == "updated" else "created_at"
    sign = 1 if query.get("direction", "desc") == "asc" else -1

    def key(one: Issue) -> tuple[Any, ...]:
        # Equal moments stay newest first, whatever the direction.
        return (sign * int(getattr(one, sort).timestamp()), -one.id)

    return keyed(
        request, _base(view, where, "/issues"), found, lambda one: issue_shapes.written_issue(view, one), key
    )


def pulls(view: View, request: Request, where: Repository, _rest: str) -> Answer:
    """Pull requests; an unknown state silently means the open ones."""
    query = request.query
    state = query.get("state", "open")
    found = [one for one in _present(where) if one.pull]
    found = [one for one in found if _in_state(one, state if state in {"all", "closed"} else "open")]
    sort = "updated_at" if query.get("sort") == "updated" else "created_at"
    is_down = query.get("direction", "asc" if "sort" in query else "desc") == "desc"
    found.sort(key=lambda one: -one.id)
    found.sort(key=lambda one: getattr(one, sort), reverse=is_down)
    return numbered(request, _base(view, where, "/pulls"), found, lambda one: pull_shapes.pull(view, one))


def comments(view: View, request: Request, where: Repository, _rest: str) -> Answer:
    """Every comment on the repository's issues and pull requests."""
    pairs = [(each, one) for one in _present(where) for each in one.comments]
    return _remarks(
        request, _base(view, where, "/issues/comments"), pairs, _shape(view, issue_shapes.comment)
    )


def comments_of(view: View, request: Request, where: Repository, number: str) -> Answer:
    """The comments on one."""
    return _of_one(
        view, request, where.issues.get(int(number)), lambda one: one.comments, issue_shapes.comment
    )


def review_comments(view: View, request: Request, where: Repository, _rest: str) -> Answer:
    """Every remark in a review."""
    pairs = [(each, one) for one in _present(where) if one.pull for each in one.pull.review_comments]
    base = _base(view, where, "/pulls/comments")
    return _remarks(request, base, pairs, _shape(view, pull_shapes.review_comment))


def review_comments_of(view: View, request: Request, where: Repository, number: str) -> Answer:
    """The remarks on one pull request."""

    def found(one: Issue) -> list[Any]:
        return one.pull.review_comments if one.pull else []

    return _of_one(view, request, where.issues.get(int(number)), found, pull_shapes.review_comment)


def reviews(view: View, request: Request, where: Repository, number: str) -> Answer:
    """The reviews of one pull request, oldest first; a pending one is its author's alone."""

    def found(one: Issue) -> list[Any]:
        return [each for each in one.pull.reviews if each.submitted_at] if one.pull else []

    return _of_one(view, request, where.issues.get(int(number)), found, pull_shapes.review)


def events(view: View, request: Request, where: Repository, _rest: str) -> Answer:
    """Every event of the repository's issues, newest first, each with its issue."""
    pairs = [
        (each, one)
        for one in _present(where)
        for each in one.events
        if each.name not in issue_shapes.TIMELINE_ONLY
    ]
    pairs.sort(key=lambda pair: -pair[0].id)

    def shape(pair: tuple[Any, Issue]) -> Shape:
        return issue_shapes.event(view, *pair) | {"issue": issue_shapes.written_issue(view, pair[1])}

    return numbered(request, _base(view, where, "/issues/events"), pairs, shape)


def events_of(view: View, request: Request, where: Repository, number: str) -> Answer:
    """The events of one issue, oldest first."""

    def found(one: Issue) -> list[Any]:
        return [each for each in one.events if each.name not in issue_shapes.TIMELINE_ONLY]

    return _of_one(view, request, where.issues.get(int(number)), found, issue_shapes.event)


def timeline(view: View, request: Request, where: Repository, number: str) -> Answer:
    """Events, comments, reviews and commits of one issue, oldest first."""
    one = where.issues.get(int(number))
    if one is None or one.gone:
        return refusal(404, NOT_FOUND)
    base = _base(view, where, f"/issues/{number}/timeline")
    return numbered(request, base, lines(view, one), lambda line: line)


def children(view: View, request: Request, where: Repository, number: str) -> Answer:
    """The issues below one, those that the caller may see."""

    def found(one: Issue) -> list[Any]:
        return [each for each in one.children if view.sees(each.repository)]

    def shape(view: View, each: Issue, _on: Issue) -> Shape:
        return issue_shapes.issue(view, each)

    return _of_one(view, request, where.issues.get(int(number)), found, shape)


def labels(view: View, request: Request, where: Repository, _rest: str) -> Answer:
    """The repository's labels."""
    shown = list(where.labels.values())
    base = _base(view, where, "/labels")
    return numbered(request, base, shown, lambda one: repositories.label(view, one, where))


def milestones(view: View, request: Request, where: Repository, _rest: str) -> Answer:
    """The repository's milestones; open ones unless told."""
    state = request.query.get("state", "open")
    shown = [one for one in where.milestones if state == "all" or (state == "closed") == bool(one.closed_at)]
    base = _base(view, where, "/milestones")
    return numbered(request, base, shown, lambda one: repositories.milestone(view, one, where))


def releases(view: View, request: Request, where: Repository, _rest: str) -> Answer:
    """The repository's releases, newest first; drafts only for those who may push."""
    shown = [one for one in reversed(where.releases) if not one.is_draft]
    base = _base(view, where, "/releases")
    return numbered(request, base, shown, lambda one: repositories.release(view, one, where))


def _of_one(
    view: View,
    request: Request,
    one: Issue | None,
    found: Callable[[Issue], list[Any]],
    shape: Callable[[View, Any, Issue], Shape],
) -> Answer:
    if one is None or one.gone:
        return refusal(404, NOT_FOUND)
    rest = request.path.partition(f"/{one.number}/")[2]
    kind = "pulls" if "/pulls/" in request.path else "issues"
    base = _base(view, one.repository, f"/{kind}/{one.number}/{rest}")
    return numbered(request, base, found(one), lambda each: shape(view, each, one))


def _remarks(
    request: Request, base: str, pairs: list[tuple[Any, Issue]], shape: Callable[[tuple[Any, Issue]], Shape]
) -> Answer:
    since = _since(request.query)
    shown = [pair for pair in pairs if since is None or pair[0].updated_at >= since]
    is_down = request.query.get("direction") == "desc"
    shown.sort(key=lambda pair: -pair[0].id if "sort" in request.query else pair[0].id)
    if sort := request.query.get("sort"):
        shown.sort(key=lambda pair: getattr(pair[0], f"{sort}_at"), reverse=is_down)
    return numbered(request, base, shown, shape)


def _shape(view: View, of: Callable[[View, Any, Issue], Shape]) -> Callable[[tuple[Any, Issue]], Shape]:
    return lambda pair: of(view, *pair)


def _present(where: Repository) -> list[Issue]:
    return [one for one in where.issues.values() if one.gone is None]


def _in_state(one: Issue, state: str) -> bool:
    return state == "all" or (state == "open") == one.is_open


def _since(query: dict[str, str]) -> datetime | None:
    text = query.get("since")
    return datetime.fromisoformat(text) if text else None


def _base(view: View, where: Repository, rest: str) -> str:
    return f"{view.api}/repositories/{github_id('repository', where.id)}{rest}"
