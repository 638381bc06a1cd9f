"""Talk to GitHub: one request with all that can go wrong with it, and pages of either API.

Documents are parsed and handed on as the vendor sent them.
"""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import orjson
from github import GithubException
from jwt import PyJWTError
from requests import RequestException
from requests.utils import parse_header_links

from observes_assets.errors import TransientError
from observes_assets.sources.github import failures
from observes_assets.sources.github.access import Access
from observes_assets.sources.github.connection import MOVED, Line
from observes_assets.sources.github.failures import TooMuchError
from observes_assets.sources.github.limits import Limit, limit_of, server_time
from observes_assets.sources.github.pace import Pace, StoppedError

_TRIES = 4
PAGE = 100
"""Rows of a page: GitHub silently serves no more, so we never ask for more."""


@dataclass(frozen=True)
class Answer:
    """One answer: parsed, with its headers in lower case. 304 and 404 are answers too."""

    status: int
    headers: Mapping[str, str]
    document: Any

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


class Client:
    """GitHub, for all threads of a run.

    Args:
        backoff_seconds: before a broken connection is tried again; doubled each time.
    """

    def __init__(self, access: Access, pace: Pace, *, backoff_seconds: float = 0.5) -> None:
        self.access = access
        self.pace = pace
        self._backoff_seconds = backoff_seconds
        self._auth = access.make_auth()
        self._own = threading.local()
        self._lines: list[Line] = []
        self.counts: dict[str, dict[str, Any]] = {}
        """What GitHub counted in each repository, in this run."""
        self.server_at = datetime.now(UTC)
        """The vendor's clock when it answered last (UTC); ours, until it has."""
        self._lock = threading.Lock()

    def look(self, what: str, path: str, parameters: dict[str, Any] | None = None) -> Answer:
        """GET without following a redirection and without raising for 404 and its like."""
        answer = self._send(what, path, parameters=parameters)
        if answer.status in {401, 403} or answer.status >= 500:
            raise failures.of_rest(what, answer.status, dict(answer.headers), answer.document)
        return answer

    def get(
        self, what: str, path: str, parameters: dict[str, Any] | None = None, *, etag: str | None = None
    ) -> Answer:
        """GET a path, following redirections; 304 if nothing has changed since the etag.

        Raises:
            StoppedError: a limit is used up.
            SourceError: any other status of 400 or more; ``what`` names it.
        """
        answer = self._send(what, path, parameters=parameters, etag=etag)
        for _ in range(3):
            if answer.status not in {301, 302, 307, 308} or MOVED not in answer.headers:
                break
            target = answer.headers[MOVED]
            # GitHub repeats our query in the new address, or leaves it to us.
            answer = self._send(
                what, target, parameters=None if urlsplit(target).query else parameters, etag=etag
            )
        if answer.status >= 300 and answer.status != 304:
            raise failures.of_rest(what, answer.status, dict(answer.headers), answer.document)
        return answer

    def pages(
        self, what: str, path: str, parameters: dict[str, Any] | None = None, *, etag: str | None = None
    ) -> Iterator[Answer]:
        """Every page of a listing, by its ``Link`` header. The etag is for the first one."""
        answer = self.get(what, path, {"per_page": PAGE, **(parameters or {})}, etag=etag)
        yield answer
        while url := answer.next_url:
            answer = self.get(what, url)
            yield answer

    def query(self, what: str, text: str, variables: dict[str, Any]) -> dict[str, Any]:
        """Ask GraphQL; returns ``data``.

        Raises:
            StoppedError: a limit is used up.
            SourceError: there are errors that lose data; ``what`` names what was asked for.
        """
        answer = self._send(what, "graphql", input_={"query": text, "variables": variables})
        if answer.status in {502, 504}:
            raise TooMuchError(f"GitHub could not answer in time for {what}.", "Try again later.")
        if answer.status != 200 or not isinstance(answer.document, dict):
            raise failures.of_rest(what, answer.status, dict(answer.headers), answer.document)
        errors = [one for one in answer.document.get("errors") or [] if not _is_explained(one)]
        if errors:
            raise failures.of_graphql(what, errors)
        return answer.document.get("data") or {}

    def connection(
        self, what: str, text: str, variables: dict[str, Any], path: tuple[str, ...], *, first: int = PAGE
    ) -> Iterator[Connection]:
        """Every page of a connection, which lies at ``path`` in the data.

        A page that is too much is asked for again with half the rows.
        """
        after: str | None = variables.get("after")
        while True:
            try:
                data = self.query(what, text, {**variables, "first": first, "after": after})
            except TooMuchError:
                if first == 1:
                    raise
                first //= 2
                continue
            found = reach(what, data, path)
            nodes = found["nodes"] if "nodes" in found else found["edges"]
            yield Connection([one for one in nodes if one], found["totalCount"], data)
            page = found["pageInfo"]
            if not page["hasNextPage"]:
                return
            if page["endCursor"] in {None, after}:
                raise TransientError(f"GitHub pages in circles for {what}.", "Try again later.")
            after = page["endCursor"]

    def close(self) -> None:
        """Hang up all lines."""
        for line in self._lines:
            line.close()

    def _send(
        self,
        what: str,
        url: str,
        *,
        parameters: dict[str, Any] | None = None,
        etag: str | None = None,
        input_: dict[str, Any] | None = None,
    ) -> Answer:
        resource = "graphql" if input_ else "core"
        kind = "graphql" if input_ else urlsplit(url).path.rpartition("/")[2]
        has_renewed = False
        for attempt in count():
            with self.pace.turn(kind, resource):
                answer = self._exchange(what, url, parameters, etag, input_)
            self.pace.note(answer.headers)
            self.server_at = server_time(answer.headers)
            if answer.status == 401 and not has_renewed:
                has_renewed = True
                self._renew()
            elif answer.status == 401:
                self.pace.stop(error := failures.rejected())
                raise error
            elif limit := limit_of(
                answer.status, answer.headers, answer.document, resource=resource, attempt=attempt
            ):
                self._wait(limit, is_last=attempt + 1 == _TRIES)
            else:
                break
        if answer.status < 300 and (trouble := failures.partial(dict(answer.headers))):
            raise trouble
        return answer

    def _exchange(
        self,
        what: str,
        url: str,
        parameters: dict[str, Any] | None,
        etag: str | None,
        input_: dict[str, Any] | None,
    ) -> Answer:
        line = self._line()
        try:
            status, headers, body = line.post(input_) if input_ else line.get(url, parameters, etag)
        except RequestException as error:
            # Its own text names addresses.
            raise TransientError(
                f"GitHub can't be reached for {what}: {type(error).__name__}.", "Check the network."
            ) from None
        except (GithubException, PyJWTError, ValueError):
            # Our own requests don't raise these: an App's token was asked for first.
            refusal = failures.unauthorized_app()
            self.pace.stop(refusal)
            raise refusal from None
        try:
            return Answer(status, headers, orjson.loads(body) if body else None)
        except orjson.JSONDecodeError:
            if status >= 400:  # a proxy's page
                return Answer(status, headers, None)
            raise TransientError(f"GitHub's answer for {what} is cut off.", "Try again later.") from None

    def _wait(self, limit: Limit, *, is_last: bool) -> None:
        """Let nobody begin a request until the limit is over; or stop, if that is too long."""
        if limit.seconds <= self.access.wait_seconds and not is_last:
            self.pace.hold(limit.seconds)
            return
        error = StoppedError(
            f"GitHub's {limit.words} is used up; the reset is {limit.seconds:.0f} s away, and "
            f"OBSERVES_GITHUB_WAIT allows {self.access.wait_seconds:.0f} s.",
            "Run again later: what was read is archived, and the next run goes on from there.",
            retry_after_seconds=limit.seconds,
        )
        self.pace.stop(error, limit.resource)
        raise error

    def _line(self) -> Line:
        auth = self._auth
        if getattr(self._own, "auth", None) is not auth:
            line = Line(
                auth,
                self.access.api_url,
                self.access.graphql_url,
                backoff_seconds=self._backoff_seconds,
            )
            with self._lock:
                self._lines.append(line)
            self._own.line, self._own.auth = line, auth
        line = self._own.line
        assert isinstance(line, Line)
        return line

    def _renew(self) -> None:
        """Forget what an App was given for an hour: it may have been revoked before that was over."""
        with self._lock:
            self._auth = self.access.make_auth()


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


def _is_explained(error: dict[str, Any]) -> bool:
    """Whether an error only says why something is null that may be.

    The content of a card in a repository that we may not see, or one of several nodes that are looked up.
    """
    path = error.get("path")
    if error.get("type") not in {"FORBIDDEN", "NOT_FOUND"} or not isinstance(path, list):
        return False
    return path[-1:] == ["content"] or (path[:1] == ["nodes"] and len(path) == 2)
