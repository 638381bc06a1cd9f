"""One thing by its number."""

from observes_assets.sandbox.company.entities import Issue, Repository
from observes_assets.sandbox.github.messages import DOCUMENTATION, NOT_FOUND, refusal
from observes_assets.sandbox.github.rest import issues, pulls, repositories
from observes_assets.sandbox.github.view import View, github_id
from observes_assets.sandbox.messages import Answer, Request


def repository(view: View, _request: Request, one: Repository, _rest: str) -> Answer:
    """A repository."""
    return Answer(body=repositories.repository(view, one))


def issue(view: View, _request: Request, where: Repository, number: str) -> Answer:
    """An issue: 301 where it was transferred from, 410 where it was deleted."""
    found = where.issues.get(int(number))
    if found is None:
        return refusal(404, NOT_FOUND)
    if found.gone == "deleted":
        return refusal(410, "This issue was deleted")
    if isinstance(found.gone, Issue):
        return _transferred(view, found.gone)
    return Answer(body=issues.issue(view, found))


def _transferred(view: View, target: Issue) -> Answer:
    if not view.sees(target.repository):
        return refusal(404, NOT_FOUND)
    number = github_id("repository", target.repository.id)
    return moved(f"{view.api}/repositories/{number}/issues/{target.number}")


def moved(url: str) -> Answer:
    """It lives elsewhere for good; the body names the new address, too."""
    body = {"message": "Moved Permanently", "url": url, "documentation_url": DOCUMENTATION}
    return Answer(301, body, {"Location": url})


def parent(view: View, _request: Request, where: Repository, number: str) -> Answer:
    """The issue above one."""
    found = where.issues.get(int(number))
    if found is None or found.gone or found.parent is None or not view.sees(found.parent.repository):
        return refusal(404, NOT_FOUND)
    return Answer(body=issues.issue(view, found.parent))


def pull(view: View, _request: Request, where: Repository, number: str) -> Answer:
    """A pull request with what lists lack."""
    found = where.issues.get(int(number))
    if found is None or found.pull is None or found.gone:
        return refusal(404, NOT_FOUND)
    return Answer(body=pulls.pull_alone(view, found))
