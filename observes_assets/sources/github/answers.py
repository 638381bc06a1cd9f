"""What GitHub answers: a REST answer, a page of a GraphQL connection, and what lies in either."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson
from requests.utils import parse_header_links

from observes_assets.errors import TransientError
from observes_assets.sources.github import failures


@dataclass(frozen=True)
class Answer:
    """One answer, with its headers in lower case. 304 and 404 are answers too."""

    what: str
    status: int
    headers: Mapping[str, str]
    body: str

    @cached_property
    def document(self) -> Any:
        """The body, parsed when it is asked for; None if there is none.

        Raises:
            TransientError: it is cut off.
        """
        try:
            return orjson.loads(self.body) if self.body else None
        except orjson.JSONDecodeError:
            if self.status >= 400:  # a proxy's page
                return None
            raise TransientError(f"GitHub's answer for {self.what} is cut off.", "Try again later.") from None

    @property
    def next_url(self) -> str | None:
        """Where the next page is; a listing of one page has no ``Link`` at all."""
        links = parse_header_links(self.headers.get("link", ""))
        return next((link["url"] for link in links if link.get("rel") == "next"), None)


@dataclass(frozen=True)
class Connection:
    """One page of a GraphQL connection."""

    nodes: list[dict[str, Any]]
    total_count: int
    document: dict[str, Any]


def reach(what: str, data: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """Follow a path into an answer's data.

    Raises:
        UnreadableError: it ends in null: what was asked for is not there, or not ours to see.
    """
    found: Any = data
    for step in path:
        found = found.get(step) if isinstance(found, dict) else None
    if not isinstance(found, dict):
        raise failures.of_graphql(what, [{"type": "NOT_FOUND"}])
    return found


def is_explained(error: dict[str, Any]) -> bool:
    """Whether an error only says why something is null that may be.

    The content of a card in a repository that we may not see; or one of several nodes that are looked up and
    not there, while one that we are refused may well be.
    """
    kind, path = error.get("type"), error.get("path")
    if not isinstance(path, list):
        return False
    if path[-1:] == ["content"]:
        return kind in {"FORBIDDEN", "NOT_FOUND"}
    return kind == "NOT_FOUND" and path[:1] == ["nodes"] and len(path) == 2
