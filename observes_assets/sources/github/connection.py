"""PyGithub's requester, one for each request under way: it authenticates, retries, and speaks HTTP.

Three things of it are replaced. Its connection keeps the parts of a request on itself, so threads must not
share one. It reads bodies in pieces of 10 KB. And it follows a 301 without the query, which turns
``state=all`` into the default, so the redirection is handed to us.
"""

from typing import Any
from urllib.parse import urlsplit

from github import Github
from github.Auth import Auth
from github.Requester import HTTPRequestsConnectionClass, HTTPSRequestsConnectionClass, RequestsResponse
from requests import Session
from urllib3 import Retry

API_VERSION = "2022-11-28"
MOVED = "x-moved-to"
"""Where a redirection leads, instead of ``location``."""
_TIMEOUT = 30  # seconds; GitHub gives up after 10 of its own
_PIECE = 1 << 20  # bytes; a page has some 500,000
_MEDIA_TYPE = "application/vnd.github+json"


class _Whole(RequestsResponse):
    """Reads an answer in few pieces: for each one a thread waits until the others let it go on."""

    def read(self) -> str:
        """The body, which is JSON."""
        return b"".join(self.iter_content(_PIECE)).decode(errors="replace")


class _Unfollowed:
    """Shows a redirection as what it is."""

    session: Session

    def getresponse(self) -> RequestsResponse:
        """The answer; its body is still to be read."""
        self.session.stream = True
        answer = _Whole(super().getresponse().response)  # type: ignore[misc]
        if answer.status in {301, 302, 307, 308} and "location" in answer.headers:
            answer.headers[MOVED] = answer.headers.pop("location")
        return answer


class _Http(_Unfollowed, HTTPRequestsConnectionClass):
    pass


class _Https(_Unfollowed, HTTPSRequestsConnectionClass):
    pass


class Line:
    """A line to GitHub, for one request at a time."""

    def __init__(self, auth: Auth, api_url: str, graphql_url: str, *, backoff_seconds: float) -> None:
        retry = Retry(
            total=4,
            status_forcelist=(500, 502, 503, 504),
            allowed_methods=None,  # we only read, by POST too
            backoff_factor=backoff_seconds,
            raise_on_status=False,  # the last answer says more
            respect_retry_after_header=False,  # may be longer than we want to wait
        )
        # A query that took too long takes points each time: a smaller one is asked instead.
        retry_query = retry.new(status_forcelist=(500, 503))
        github = Github(
            auth=auth,
            base_url=api_url,
            user_agent="observes",
            timeout=_TIMEOUT,
            retry=retry,
            pool_size=1,
            seconds_between_requests=None,  # the pace is ours to keep
            seconds_between_writes=None,
            api_version=API_VERSION,
        )
        self.auth = auth
        self._requester = github.requester
        self._rest, self._graphql = _connect(api_url, retry), _connect(graphql_url, retry_query)
        self._graphql_url = graphql_url

    def get(
        self, url: str, parameters: dict[str, Any] | None, etag: str | None
    ) -> tuple[int, dict[str, str], str]:
        """GET a path of the API, or a URL that it gave; status, headers (lower case) and body."""
        headers = {"Accept": _MEDIA_TYPE} | ({"If-None-Match": etag} if etag else {})
        return self._requester.requestJson("GET", url, parameters, headers, cnx=self._rest)

    def post(self, document: dict[str, Any]) -> tuple[int, dict[str, str], str]:
        """POST a GraphQL query; status, headers (lower case) and body."""
        headers = {"Accept": _MEDIA_TYPE}
        return self._requester.requestJson(
            "POST", self._graphql_url, None, headers, input=document, cnx=self._graphql
        )

    def close(self) -> None:
        """Hang up."""
        self._rest.close()
        self._graphql.close()
        self._requester.close()


def _connect(url: str, retry: Retry) -> Any:
    parts = urlsplit(url)
    kind = _Https if parts.scheme == "https" else _Http
    return kind(parts.hostname or "", parts.port, timeout=_TIMEOUT, retry=retry, pool_size=1)
