"""Talk to TimeDoctor: log in, ask one thing at a time, and tell an error from an empty answer.

Documents are parsed and handed on as the vendor sent them. The token lives in this process and in one header;
it is in no URL and no message.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import orjson
import requests
import stamina

from observes_assets.contracts import RateLimit
from observes_assets.errors import SourceError, TransientError
from observes_assets.sources.timedoctor import failures
from observes_assets.sources.timedoctor.access import Access
from observes_assets.sources.timedoctor.failures import CutOffError

_TRIES = 5
_LONGEST_WAIT = 300.0  # seconds: when TimeDoctor wants more, the next run is the better time
_DOWN_AFTER = 3  # requests that failed for good in a row
_TIMEOUT = (10, 120)  # seconds to connect, and between two bytes
_BEGIN = "/api/1.0/"


class Client:
    """TimeDoctor, as one login sees it. Logs in when it is first asked, and anew when the token has lapsed.

    Args:
        limit: how many requests may begin in a period. There is never more than one under way.
        backoff_seconds: before a request is tried again; doubled each time.
    """

    def __init__(
        self,
        access: Access,
        limit: RateLimit,
        *,
        backoff_seconds: float = 0.5,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.access = access
        self.server_at = datetime.now(UTC)
        """The vendor's clock when it answered last (UTC); ours, until it has."""
        self.request_count = 0
        self._session = requests.Session()
        self._token: str | None = None
        self._begun: deque[float] = deque(maxlen=limit.requests)
        self._period = limit.period.total_seconds()
        self._backoff_seconds = backoff_seconds
        self._clock, self._sleep = clock, sleep
        self._failed_in_a_row = 0
        self._held_off: TransientError | None = None

    def log_in(self) -> None:
        """Get a token that may read, and nothing else, unless there is one.

        Raises:
            PermanentError: TimeDoctor does not let us in.
        """
        if self._token is None:
            self._renew()

    def _renew(self) -> None:
        document = self._tried(self._log_in, can_be_cut=False)
        found = document.get("data")
        token = found.get("token") if isinstance(found, dict) else None
        if not isinstance(token, str) or not token:
            raise failures.strange("the login", "it holds no token")
        self._token = token

    def get(self, what: str, path: str, *, can_be_cut: bool = False, **parameters: Any) -> dict[str, Any]:
        """Ask for a document that holds ``data``; waits and tries again where that may help.

        Args:
            what: what is asked for, for messages.
            path: below the API's own.
            can_be_cut: leave an answer that is cut off to the caller, who can ask for less.

        Raises:
            CutOffError: the answer ends in the middle.
            SourceError: there is no good answer.
        """
        self.log_in()
        document = self._tried(lambda: self._get(what, path, parameters), can_be_cut=can_be_cut)
        if document.get("error") or not isinstance(document.get("data"), list | dict):
            raise failures.strange(what, "it holds no data")
        return document

    def pages(
        self, what: str, path: str, *, can_be_cut: bool = False, **parameters: Any
    ) -> Iterator[list[Any]]:
        """Every page of a list, by the cursor at ``paging.next`` or ``page.next``."""
        seen = {""}
        cursor = ""
        while True:
            asked = {**parameters, "page": cursor} if cursor else parameters
            document = self.get(what, path, can_be_cut=can_be_cut, **asked)
            if not isinstance(document["data"], list):
                raise failures.strange(what, "its data are no list")
            yield document["data"]
            if not (cursor := _next(document)):
                return
            if cursor in seen:
                raise failures.strange(what, "its pages go in circles")
            seen.add(cursor)

    def close(self) -> None:
        """Log out, so that no token outlives us, and hang up."""
        if self._token and not self._is_down:
            with suppress(requests.RequestException):  # it lapses by itself
                self._send("GET", "logout")
        self._session.close()

    @property
    def _is_down(self) -> bool:
        return self._held_off is not None or self._failed_in_a_row >= _DOWN_AFTER

    def _tried(self, ask: Callable[[], dict[str, Any]], *, can_be_cut: bool) -> dict[str, Any]:
        def worth_waiting(error: Exception) -> bool | float:
            if not isinstance(error, TransientError) or (can_be_cut and isinstance(error, CutOffError)):
                return False
            wait = error.retry_after_seconds
            return True if wait is None else wait if wait <= _LONGEST_WAIT else False

        if self._held_off:
            raise self._held_off  # it asked for more peace than this run lasts
        # Whoever did not answer three requests, five times each, is spared the patience for all the others.
        tries = 1 if self._is_down else _TRIES
        try:
            for attempt in stamina.retry_context(
                on=worth_waiting,
                attempts=tries,
                timeout=None,
                wait_initial=self._backoff_seconds,
                wait_jitter=self._backoff_seconds,
            ):
                with attempt:
                    document = ask()
        except CutOffError:
            raise
        except TransientError as error:
            self._failed_in_a_row += 1
            if (error.retry_after_seconds or 0) > _LONGEST_WAIT:
                self._held_off = error
            raise
        self._failed_in_a_row = 0
        return document

    def _log_in(self) -> dict[str, Any]:
        code = self.access.code()
        body = {
            "email": self.access.email,
            "password": self.access.password,
            "totpCode": code,
            "permissions": "read",
        }
        self._token = None
        answer = self._exchange("the login", lambda: self._send("POST", "login", json=body))
        if answer.status_code >= 300:
            raise failures.refused_login(answer.status_code, _retry_after(answer), has_code=bool(code))
        return _document("the login", answer)

    def _get(self, what: str, path: str, parameters: dict[str, Any]) -> dict[str, Any]:
        answer = self._exchange(what, lambda: self._send("GET", path, params=parameters))
        if answer.status_code == 401:
            self._renew()
            answer = self._exchange(what, lambda: self._send("GET", path, params=parameters))
            if answer.status_code == 401:
                raise failures.rejected(what)
        if answer.status_code >= 300:
            raise failures.of_status(what, answer.status_code, _retry_after(answer))
        return _document(what, answer)

    def _exchange(self, what: str, send: Callable[[], requests.Response]) -> requests.Response:
        try:
            answer = send()
        except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError):
            raise _cut(what) from None
        except requests.RequestException as error:
            raise failures.unreachable(what, type(error).__name__) from None
        self.server_at = _server_time(answer)
        return answer

    def _send(self, method: str, path: str, **more: Any) -> requests.Response:
        self._wait_for_turn()
        self.request_count += 1
        return self._session.request(
            method,
            f"{self.access.url}{_BEGIN}{path}",
            headers={"Accept": "application/json"},
            auth=self._signed,
            timeout=_TIMEOUT,
            allow_redirects=False,  # the token would go along to wherever we are sent
            **more,
        )

    def _signed(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        # As authentication, not as a header: else a .netrc's login would take its place.
        if self._token:
            request.headers["Authorization"] = f"JWT {self._token}"
        return request

    def _wait_for_turn(self) -> None:
        if (
            len(self._begun) == self._begun.maxlen
            and (delay := self._begun[0] + self._period - self._clock()) > 0
        ):
            self._sleep(delay)
        self._begun.append(self._clock())


def _document(what: str, answer: requests.Response) -> dict[str, Any]:
    try:
        document = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        raise _cut(what) from None
    if not isinstance(document, dict):
        raise failures.strange(what, "it is no JSON object")
    return document


def _cut(what: str) -> SourceError:
    return CutOffError(f"TimeDoctor's answer for {what} is cut off.", "The next run tries again by itself.")


def _next(document: dict[str, Any]) -> str:
    """The next page's cursor as text, though it may be a number; empty on the last page."""
    for name in ("paging", "page"):
        found = document.get(name)
        cursor = found.get("next") if isinstance(found, dict) else None
        if cursor is not None and cursor != "":
            return str(cursor)
    return ""


def _retry_after(answer: requests.Response) -> float | None:
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isdigit() else None


def _server_time(answer: requests.Response) -> datetime:
    try:
        return parsedate_to_datetime(answer.headers["Date"]).astimezone(UTC)
    except (KeyError, ValueError):
        return datetime.now(UTC)
