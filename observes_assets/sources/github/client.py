"""Talk to GitHub: one request with all that can go wrong with it, and pages of either API.

Documents are parsed and handed on as the vendor sent them.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from github import GithubException
from jwt import PyJWTError
from requests import RequestException

from observes_assets.errors import TransientError
from observes_assets.sources.ahead import read_ahead
from observes_assets.sources.github import failures
from observes_assets.sources.github.access import Access
from observes_assets.sources.github.answers import Answer, Connection, is_explained, reach
from observes_assets.sources.github.connection import MOVED, Line
from observes_assets.sources.github.failures import TooMuchError
from observes_assets.sources.github.limits import Limit, limit_of, server_time
from observes_assets.sources.github.pace import Pace, StoppedError

_TRIES = 4
_LISTINGS = {"issues", "comments", "events", "labels", "milestones", "releases", "repos", "issue-types"}
PAGE = 100
"""Rows of a page: GitHub silently serves no more, so we never ask for more."""


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
        self._idle: list[Line] = []
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
        self,
        what: str,
        path: str,
        parameters: dict[str, Any] | None = None,
        *,
        etag: str | None = None,
        is_read_whole: bool = True,
    ) -> Iterator[Answer]:
        """Every page of a listing, by its ``Link`` header. The etag is for the first one.

        Args:
            is_read_whole: no page will be left out, so the next one is on its way while one is looked at.
        """
        answer = self.get(what, path, {"per_page": PAGE, **(parameters or {})}, etag=etag)
        yield answer
        if url := answer.next_url:
            following = self._following(what, url)
            yield from read_ahead(following) if is_read_whole else following

    def _following(self, what: str, url: str | None) -> Iterator[Answer]:
        while url:
            answer = self.get(what, url)
            url = answer.next_url
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
        errors = [one for one in answer.document.get("errors") or [] if not is_explained(one)]
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
        for line in self._idle:
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
        last = urlsplit(url).path.rpartition("/")[2]
        # What is asked for by its number or name is one kind, whatever that is.
        kind = "graphql" if input_ else last if last in _LISTINGS else "single"
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
                answer.status,
                answer.headers,
                None if answer.body.startswith("[") else answer.document,  # rows are no message
                resource=resource,
                attempt=attempt,
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
        try:
            with self._line() as line:
                found = line.post(input_) if input_ else line.get(url, parameters, etag)
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
        return Answer(what, *found)

    def _wait(self, limit: Limit, *, is_last: bool) -> None:
        """Let nobody begin a request until the limit is over; or stop, if that is too long."""
        if limit.seconds <= self.access.wait_seconds and not is_last:
            self.pace.hold(limit.seconds)
            return
        if limit.seconds <= self.access.wait_seconds:
            why = f"we have waited for it {_TRIES - 1} times."
        else:
            why = f"the reset is {limit.seconds:.0f} s away, and OBSERVES_GITHUB_WAIT allows "
            why += f"{self.access.wait_seconds:.0f} s."
        error = StoppedError(
            f"GitHub's {limit.words} is used up; {why}",
            "Run again later: what was read is archived, and the next run goes on from there.",
            retry_after_seconds=limit.seconds,
        )
        self.pace.stop(error, limit.resource)
        raise error

    @contextmanager
    def _line(self) -> Iterator[Line]:
        """A line that nobody else uses meanwhile, with the newest credentials."""
        with self._lock:
            line = self._idle.pop() if self._idle else None
            auth = self._auth
        if line is not None and line.auth is not auth:
            line.close()
            line = None
        if line is None:
            line = Line(
                auth,
                self.access.api_url,
                self.access.graphql_url,
                backoff_seconds=self._backoff_seconds,
            )
        try:
            yield line
        finally:
            with self._lock:
                self._idle.append(line)

    def _renew(self) -> None:
        """Forget what an App was given for an hour: it may have been revoked before that was over."""
        with self._lock:
            self._auth = self.access.make_auth()
