"""Which answers are limits, and how long they want us to wait.

PyGithub's own retry knows neither 429, nor limits that arrive with status 200, nor other threads, and it
sleeps for whatever ``retry-after`` says; so limits are decided here, and it is left with broken connections.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from observes_assets.sources.github.pace import EVERYTHING

_SECONDARY_WAIT = 60.0  # seconds, doubled with each further try: what GitHub asks for when it gives no hint
_SECONDARY = ("secondary rate limit", "abuse detection", "please wait a few minutes")


@dataclass(frozen=True)
class Limit:
    """A limit that was hit: which resource waits, and for how long."""

    resource: str
    seconds: float

    @property
    def words(self) -> str:
        """What was hit, for people."""
        return "secondary rate limit" if self.resource == EVERYTHING else f"hourly limit of {self.resource}"


def limit_of(
    status: int, headers: Mapping[str, str], document: Any, *, resource: str, attempt: int
) -> Limit | None:
    """The limit that an answer tells of; None if it tells of none.

    In GitHub's own order: ``retry-after``; else nothing left of the hour, so its reset; else a minute.

    Args:
        headers: lower case.
        document: the parsed body.
        resource: the hourly limit that pays for the request.
        attempt: how often this request was tried before, from 0.
    """
    text = " ".join(_messages(document)).lower()
    is_secondary = any(words in text for words in _SECONDARY)
    if status == 200:
        if not (is_secondary or _is_graphql_limit(document)):
            return None
    elif status not in {403, 429} or not (
        status == 429
        or is_secondary
        or "retry-after" in headers
        or headers.get("x-ratelimit-remaining") == "0"
        or "rate limit" in text
    ):
        return None
    if (after := headers.get("retry-after", "")).isdigit():
        return Limit(EVERYTHING, float(after))
    if headers.get("x-ratelimit-remaining") == "0" and not is_secondary:
        # A second more: GitHub does not say when in that second.
        return Limit(headers.get("x-ratelimit-resource", resource), max(_until_reset(headers), 0) + 1)
    return Limit(EVERYTHING, _SECONDARY_WAIT * 2**attempt)


def server_time(headers: Mapping[str, str]) -> datetime:
    """The vendor's clock (UTC); ours, if it doesn't say."""
    try:
        return parsedate_to_datetime(headers["date"]).astimezone(UTC)
    except (KeyError, ValueError):
        return datetime.now(UTC)


def _until_reset(headers: Mapping[str, str]) -> float:
    try:
        return int(headers["x-ratelimit-reset"]) - server_time(headers).timestamp()
    except (KeyError, ValueError):
        return _SECONDARY_WAIT


def _is_graphql_limit(document: Any) -> bool:
    return any(error.get("type") == "RATE_LIMITED" for error in _errors(document))


def _messages(document: Any) -> list[str]:
    if not isinstance(document, dict):
        return []
    found = [document.get("message"), *(error.get("message") for error in _errors(document))]
    return [one for one in found if isinstance(one, str)]


def _errors(document: Any) -> list[dict[str, Any]]:
    errors = document.get("errors") if isinstance(document, dict) else None
    return [one for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
