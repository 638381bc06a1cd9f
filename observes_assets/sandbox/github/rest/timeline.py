"""An issue's timeline: events, comments, reviews and commits in one list."""

from observes_assets.sandbox.company.entities import Commit, Issue, Review
from observes_assets.sandbox.github.rest.issues import comment, event
from observes_assets.sandbox.github.rest.people import Shape
from observes_assets.sandbox.github.rest.pulls import review
from observes_assets.sandbox.github.rest.repositories import ghost
from observes_assets.sandbox.github.view import View, stamp


def lines(view: View, issue: Issue) -> list[Shape]:
    """All that is on it, oldest first."""
    found = []
    for one in issue.events:
        if isinstance(made := one.details.get("review"), Review):
            shape = review(view, made, issue) | {"event": "reviewed"}
            shape["user"] = shape["user"] or ghost(view)
        elif one.name == "committed":
            shape = _commit(view, one.details["commit"], issue)
        else:
            shape = event(view, one, issue)
            shape["actor"] = shape["actor"] or ghost(view)
        found.append((one.created_at, shape))
    for each in issue.comments:
        shape = comment(view, each, issue)
        shape["user"] = shape["user"] or ghost(view)
        found.append((each.created_at, shape | {"event": "commented", "actor": shape["user"]}))
    found.sort(key=lambda pair: pair[0])
    return [shape for _, shape in found]


def _commit(view: View, one: Commit, issue: Issue) -> Shape:
    base, page = view.repository_url(issue.repository), view.repository_page(issue.repository)
    return {
        "event": "committed",
        "sha": one.sha,
        "node_id": f"C_{one.sha[:16]}",
        "url": f"{base}/git/commits/{one.sha}",
        "html_url": f"{page}/commit/{one.sha}",
        "author": _signed(one.author.name, one.author.email, stamp(one.authored_at)),
        "committer": _signed(one.committer.name, one.committer.email, stamp(one.committed_at)),
        "tree": {"sha": one.tree, "url": f"{base}/git/trees/{one.tree}"},
        "message": one.message.rstrip("\n"),
        "parents": [
            {"sha": sha, "url": f"{base}/git/commits/{sha}", "html_url": f"{page}/commit/{sha}"}
            for sha in one.parents
        ],
        "verification": {
            "verified": False,
            "reason": "unsigned",
            "signature": None,
            "payload": None,
            "verified_at": None,
        },
    }


def _signed(name: str, email: str, at: str | None) -> Shape:
    return {"name": name, "email": email, "date": at}
