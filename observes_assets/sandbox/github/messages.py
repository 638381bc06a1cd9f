"""A request and an answer, as the rest of the server passes them around."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

import orjson

DOCUMENTATION = "https://docs.github.com/rest"


@dataclass(frozen=True)
class Request:
    """What a client asked. ``path`` is without the API's prefix; header names are in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""

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
        """What faults and hooks look for: ``GET /repos/…`` or ``POST /graphql <operation>``."""
        return f"{self.method} {self.path} {self.operation}".rstrip()


@dataclass
class Answer:
    """What the client gets. ``body`` is JSON unless it is bytes already."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None  # close the connection after so many bytes of the body
    _content: bytes | None = None

    def content(self) -> bytes:
        """The body's bytes."""
        if self._content is None:
            is_written = isinstance(self.body, bytes)
            self._content = self.body if is_written else b"" if self.body is None else orjson.dumps(self.body)
        return self._content

    def tag(self, salt: str) -> str:
        """An entity tag of the body; ``salt`` differs for each kind of caller."""
        digest = hashlib.sha256(salt.encode() + self.content()).hexdigest()
        return f'W/"{digest}"'


def refusal(status: int, message: str, **headers: str) -> Answer:
    """An error as GitHub's REST API words it."""
    body = {"message": message, "documentation_url": DOCUMENTATION, "status": str(status)}
    return Answer(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


NOT_FOUND = "Not Found"
