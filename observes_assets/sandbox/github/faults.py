"""What GitHub does when something is wrong; ``switches`` say where and how often."""

from typing import Any

from observes_assets.sandbox.github.limits import secondary
from observes_assets.sandbox.github.messages import refusal
from observes_assets.sandbox.messages import Answer
from observes_assets.sandbox.switches import Alter, Instead, bad_gateway


def graphql_error(kind: str, message: str, path: list[Any] | None = None) -> Alter:
    """Add an error beside the data of a GraphQL answer, under 200."""

    def alter(answer: Answer) -> Answer:
        error = {"type": kind, "message": message, "path": path or []}
        body = answer.body | {"errors": [*answer.body.get("errors", []), error]}
        return Answer(answer.status, body, answer.headers)

    return alter


def partial_sso(answer: Answer) -> Answer:
    """Half a list, and the header that tells why."""
    body = answer.body[: len(answer.body) // 2] if isinstance(answer.body, list) else answer.body
    headers = answer.headers | {"X-GitHub-SSO": "partial-results; organizations=9000007"}
    return Answer(answer.status, body, headers)


def instead(name: str, **options: Any) -> Instead:
    """A fault by its name, for those who switch from outside the process.

    Raises:
        KeyError: there is none of this name.
    """
    made = {
        "secondary": lambda: secondary(**options),
        "bad_gateway": lambda: bad_gateway(**options),
        "bad_credentials": lambda: refusal(401, "Bad credentials"),
        "not_found": lambda: refusal(404, "Not Found"),
        "forbidden": lambda: refusal(403, "Resource not accessible by integration"),
    }
    return made[name]
