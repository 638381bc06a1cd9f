"""What goes wrong, in TimeDoctor's words, and by name for those who switch it."""

from typing import Any

from observes_assets.sandbox.messages import Answer
from observes_assets.sandbox.switches import Alter, Instead, bad_gateway


def refusal(status: int, error: str, message: str, **headers: str) -> Answer:
    """An error as TimeDoctor words it."""
    body = {"error": error, "message": message}
    return Answer(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


def too_many(retry_after: int | None = None) -> Answer:
    """More at once than is borne; no limit is published."""
    hint = {} if retry_after is None else {"Retry_After": str(retry_after)}
    return refusal(429, "tooManyRequests", "Too many requests.", **hint)


def instead(name: str, **options: Any) -> Instead:
    """A fault by its name.

    Raises:
        KeyError: there is none of this name.
    """
    made = {
        "too_many": lambda: too_many(**options),
        "bad_gateway": lambda: bad_gateway(**options),
        "invalid_token": lambda: refusal(401, "invalidToken", "Token ID is invalid or access is denied."),
        "forbidden": lambda: refusal(403, "accessDenied", "You don't have permission."),
        "nothing": lambda: Answer(body={"data": []}),
    }
    return made[name]


def cut_short(answer: Answer) -> Answer:
    """Half of the body as if it were the whole, under 200 and with the length to match."""
    content = answer.content()
    return Answer(answer.status, content[: len(content) // 2], answer.headers)


def without_lists(count: int = 1) -> Alter:
    """So many inner lists fewer than users were asked for: empty ones first, and what follows moves up."""

    def alter(answer: Answer) -> Answer:
        kept = list(answer.body["data"])
        for _ in range(min(count, len(kept))):
            kept.remove([] if [] in kept else kept[0])
        return Answer(answer.status, answer.body | {"data": kept}, answer.headers)

    return alter
