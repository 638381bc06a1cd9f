"""What GitHub makes of a request, and how it words an error."""

import hashlib

import orjson

from observes_assets.sandbox.messages import Answer, Request

DOCUMENTATION = "https://docs.github.com/rest"


class Asked(Request):
    """A request, by an API's path without the prefix."""

    @property
    def operation(self) -> str:
        """Name of the GraphQL operation; empty for REST."""
        if self.path != "/graphql" or not self.body:
            return ""
        text = str(orjson.loads(self.body).get("query", ""))
        words = text.partition("query")[2].split("(")[0].split("{")[0].split()
        return words[0] if words else ""

    @property
    def name(self) -> str:
        """What switches look for: ``GET /repos/…`` or ``POST /graphql <operation>``."""
        return f"{self.method} {self.path} {self.operation}".rstrip()


def entity_tag(answer: Answer, salt: str) -> str:
    """An entity tag of the body; ``salt`` differs for each kind of caller."""
    digest = hashlib.sha256(salt.encode() + answer.content()).hexdigest()
    return f'W/"{digest}"'


def refusal(status: int, message: str, **headers: str) -> Answer:
    """An error as GitHub's REST API words it."""
    body = {"message": message, "documentation_url": DOCUMENTATION, "status": str(status)}
    return Answer(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


NOT_FOUND = "Not Found"
