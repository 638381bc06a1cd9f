"""How to talk to Zoho CRM: bulk exports, users and deleted records, over version 8 of its API.

Beyond the access token the client knows four things: what it may wait for, what it may not ask for twice
(an export costs 50 credits), that errors come with any status, and that 204 and 304 have no body.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import IO, Any
from urllib.parse import urlsplit

import orjson
import requests

from observes_assets.contracts import RateLimit
from observes_assets.errors import PermanentError, TransientError
from observes_assets.sources.zoho import failures
from observes_assets.sources.zoho.access import Access
from observes_assets.sources.zoho.credentials import Credentials, Grant

EXPORTS = "/crm/bulk/v8/read"
PAGE = 200
"""Rows of a page of users and deletions: the most that Zoho serves."""
DOWNLOAD = "download"
_TIMEOUT = (10, 60)  # seconds to connect, and between two bytes
_TRIES = 4
_CHUNK = 1 << 18
_MINUTE = 60.0
Row = dict[str, Any]


class Client:
    """Zoho CRM, for one run; one request at a time.

    Args:
        limit: downloads in a period; Zoho answers 429 above it.
        server_at: the vendor's clock (UTC), until it answers; ours by default.
        clock, sleep: in seconds; other ones for tests.
    """

    def __init__(
        self,
        access: Access,
        limit: RateLimit,
        *,
        server_at: datetime | None = None,
        credentials: Credentials | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.access = access
        self.request_count = 0
        self.server_at = server_at or datetime.now(UTC)
        """The vendor's clock when it answered last (UTC)."""
        self._credentials = credentials or Credentials(access)
        self._period = limit.period.total_seconds()
        self._downloads: deque[float] = deque(maxlen=limit.requests)
        self._session = requests.Session()
        self.clock, self.sleep = clock, sleep

    def create_export(self, what: str, question: Row) -> Row:
        """Ask for an export; returns ``id``, ``state`` and ``created_time``. Costs 50 credits, so it is
        never repeated when it is unknown what became of it.
        """
        answer = self._document("POST", EXPORTS, what, json=question, is_paid=True)
        return _details(answer, what)

    def export(self, what: str, export_id: str) -> Row:
        """What Zoho says of an export: ``state``, and ``result`` once that is COMPLETED.

        Raises:
            GoneError: Zoho knows it no more.
        """
        answer = self._document("GET", f"{EXPORTS}/{export_id}", what)
        found = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(found, list) or not found or not isinstance(found[0], dict):
            raise TransientError(f"Zoho's answer for {what} has no data.", "Try again later.")
        return found[0]

    def download(self, what: str, url: str, file: IO[bytes]) -> None:
        """Fetch the results of an export; ``url`` is a path of the API, whatever stands before it.

        Raises:
            GoneError: they have expired.
        """
        self._take_turn()
        response = self._send("GET", urlsplit(url).path, what, stream=True, paced=DOWNLOAD)
        try:
            for chunk in response.iter_content(_CHUNK):
                file.write(chunk)
        except requests.RequestException as error:
            raise TransientError(
                f"Zoho: {what}: {type(error).__name__} while it was fetched.", "Try again later."
            ) from None
        finally:
            response.close()
        file.flush()

    def deleted(self, module: str, since: datetime | None) -> Iterator[Row]:
        """Records of a module that were deleted since an instant, as far back as Zoho tells."""
        headers = {"If-Modified-Since": since.astimezone(UTC).isoformat(timespec="seconds")} if since else {}
        what = f"deleted records of {module}"
        yield from self._pages(f"/crm/v8/{module}/deleted", what, "data", {"type": "all"}, headers)

    def users(self) -> Iterator[Row]:
        """Every user, active or not."""
        yield from self._pages("/crm/v8/users", "users", "users", {"type": "AllUsers"}, {})

    def close(self) -> None:
        """Hang up."""
        self._session.close()

    def _pages(
        self, path: str, what: str, name: str, parameters: dict[str, str], headers: dict[str, str]
    ) -> Iterator[Row]:
        page = 1
        while True:
            asked = {**parameters, "page": str(page), "per_page": str(PAGE)}
            answer = self._document("GET", path, what, params=asked, headers=headers)
            if answer is None:
                return
            if not isinstance(answer, dict) or not isinstance(answer.get(name), list):
                raise TransientError(f"Zoho's answer for {what} has no {name}.", "Try again later.")
            yield from answer[name]
            if not (answer.get("info") or {}).get("more_records"):
                return
            page += 1

    def _document(self, method: str, path: str, what: str, **more: Any) -> Any:
        response = self._send(method, path, what, **more)
        if response.status_code in {204, 304}:
            return None
        try:
            return orjson.loads(response.content)
        except orjson.JSONDecodeError:
            raise TransientError(f"Zoho's answer for {what} is cut off.", "Try again later.") from None

    def _send(
        self, method: str, path: str, what: str, *, is_paid: bool = False, paced: str = "", **more: Any
    ) -> requests.Response:
        """The answer, once it is no refusal. ``is_paid``: not repeated unless Zoho refused it."""
        grant, has_renewed = self._credentials.grant(), False
        for attempt in range(_TRIES):
            is_last = attempt + 1 == _TRIES
            try:
                response = self._exchange(method, grant, path, **more)
            except requests.RequestException as error:
                # Its own text names addresses.
                if is_paid or is_last:
                    raise failures.UnreachableError(
                        f"Zoho can't be reached for {what}: {type(error).__name__}.", "Check the network."
                    ) from None
                self.sleep(2.0**attempt)
                continue
            status, code = response.status_code, _code(response)
            if status < 400 and not code:
                return response
            response.close()
            if failures.is_rejected(status, code):
                if has_renewed:
                    break
                grant, has_renewed = self._credentials.renew(grant), True
            elif status == 429 or code.endswith("LIMIT_EXCEEDED"):
                self._wait(response, what, code, _MINUTE if paced else 2.0**attempt, is_last=is_last)
            elif status >= 500 and not (is_paid or is_last):
                self.sleep(2.0**attempt)
            else:
                raise failures.of_answer(what, status, code)
        raise failures.rejected()

    def _exchange(
        self, method: str, grant: Grant, path: str, *, headers: dict[str, str] | None = None, **more: Any
    ) -> requests.Response:
        self.request_count += 1
        response = self._session.request(
            method,
            f"{grant.api_domain}{path}",
            headers=headers,
            auth=grant.sign,
            timeout=_TIMEOUT,
            allow_redirects=False,
            **more,
        )
        self._note_time(response)
        return response

    def _wait(
        self, response: requests.Response, what: str, code: str, seconds: float, *, is_last: bool
    ) -> None:
        """Wait until Zoho may take the request; or stop, if that is long, or no wait of minutes mends it."""
        told = response.headers.get("Retry-After", "")
        seconds = float(told) if told.isdigit() else seconds
        if is_last or seconds > self.access.wait_seconds or code not in {"", "TOO_MANY_REQUESTS"}:
            raise failures.limited(what, code, seconds)
        self.sleep(seconds)

    def _take_turn(self) -> None:
        """Wait until one more download is within the contract's limit."""
        if len(self._downloads) == self._downloads.maxlen:
            seconds = self._downloads[0] + self._period - self.clock()
            if seconds > self.access.wait_seconds:
                raise failures.limited("results", "", seconds)
            if seconds > 0:
                self.sleep(seconds)
        self._downloads.append(self.clock())

    def _note_time(self, response: requests.Response) -> None:
        try:
            self.server_at = parsedate_to_datetime(response.headers["Date"]).astimezone(UTC)
        except (KeyError, ValueError):
            self.server_at = datetime.now(UTC)


def _code(response: requests.Response) -> str:
    """Zoho's code for an error; the body of a zip is not looked at."""
    if "json" not in response.headers.get("Content-Type", "") or response.status_code in {204, 304}:
        return ""
    try:
        return failures.code_of(orjson.loads(response.content))
    except (orjson.JSONDecodeError, requests.RequestException):
        return ""  # cut off: its status has to do


def _details(answer: Any, what: str) -> Row:
    try:
        details = answer["data"][0]["details"]
        return {**details, "id": str(details["id"]), "state": str(details.get("state", ""))}
    except (KeyError, IndexError, TypeError):
        raise PermanentError(
            f"Zoho took the request for {what}, and its answer names no export.",
            "Report this: the answer has a shape that we don't know.",
        ) from None
