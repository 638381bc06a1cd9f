"""One access token for every process of the home, since Zoho gives ten in ten minutes and keeps fifteen.

It lies in a file that only its owner can read, beside the address of the API that came with it, and is
renewed by one process at a time: whoever waited for the lock takes what the other one got.
"""

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec
import orjson
import requests

from observes_assets.sources.zoho import failures
from observes_assets.sources.zoho.access import Access

_MARGIN_SECONDS = 300  # a request that begins now must end before the token does
_TIMEOUT = (10, 30)  # seconds to connect, and between two bytes


class Grant(msgspec.Struct, frozen=True):
    """An access token, where it counts, and until when (seconds since the epoch).

    ``denied_until``: so long Zoho gives none, and nobody asks.
    """

    access_token: str
    api_domain: str
    expires_at: float
    denied_until: float = 0.0

    def __repr__(self) -> str:
        return f"Grant(api_domain={self.api_domain!r})"

    def sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Give a request the token. As authentication: else a .netrc's login would take its place."""
        request.headers["Authorization"] = f"Zoho-oauthtoken {self.access_token}"
        return request


class Credentials:
    """The home's access to Zoho.

    Args:
        clock: seconds since the epoch; another one for tests.
    """

    def __init__(self, access: Access, *, clock: Callable[[], float] = time.time) -> None:
        self._access = access
        self._clock = clock
        self._grant: Grant | None = None

    def grant(self) -> Grant:
        """What to go with now: the one in hand, the file's, or a new one.

        Raises:
            StoppedError: Zoho gives none for ten minutes.
            SourceError: it gives none until a person has acted, or can't be reached.
        """
        if self._grant is None or not self._holds(self._grant):
            self._grant = self._shared(instead_of=None)
        return self._grant

    def renew(self, rejected: Grant) -> Grant:
        """Another one, since Zoho does not take this one any more: the oldest of sixteen is dropped."""
        self._grant = self._shared(instead_of=rejected)
        return self._grant

    def _shared(self, *, instead_of: Grant | None) -> Grant:
        with self._lock():
            kept = self._kept()
            if kept and self._holds(kept) and kept != instead_of:
                return kept
            if kept and self._clock() < kept.denied_until:
                raise failures.denied(kept.denied_until - self._clock())
            try:
                made = self._ask()
            except failures.StoppedError:
                self._keep(Grant("", "", 0.0, self._clock() + failures.ACCESS_DENIED_SECONDS))
                raise
            self._keep(made)
            return made

    def _holds(self, grant: Grant) -> bool:
        return self._clock() < grant.expires_at - _MARGIN_SECONDS

    @contextmanager
    def _lock(self) -> Iterator[None]:
        folder = self._access.kept_in.parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._access.kept_in.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _kept(self) -> Grant | None:
        try:
            return msgspec.json.decode(self._access.kept_in.read_bytes(), type=Grant)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def _keep(self, grant: Grant) -> None:
        aside = self._access.kept_in.with_suffix(".next")
        aside.touch(mode=0o600)
        aside.write_bytes(msgspec.json.encode(grant))
        aside.replace(self._access.kept_in)

    def _ask(self) -> Grant:
        form = {
            "refresh_token": self._access.refresh_token,
            "client_id": self._access.client_id,
            "client_secret": self._access.client_secret,
            "grant_type": "refresh_token",
        }
        try:
            # In the body: an address is written into logs.
            answer = requests.post(
                f"{self._access.accounts_url}/oauth/v2/token",
                data=form,
                timeout=_TIMEOUT,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise failures.UnreachableError(
                f"Zoho's accounts server can't be reached: {type(error).__name__}.",
                "Check the network, and OBSERVES_ZOHO_ACCOUNTS_URL.",
            ) from None
        try:
            document = orjson.loads(answer.content)
        except orjson.JSONDecodeError:
            document = None
        if (
            answer.status_code != 200
            or not isinstance(document, dict)
            or not isinstance(document.get("access_token"), str)
            or not isinstance(document.get("api_domain"), str)
        ):
            raise failures.of_refresh(answer.status_code, document)
        return Grant(
            document["access_token"],
            document["api_domain"].rstrip("/"),
            self._clock() + float(document.get("expires_in", 3600)),
        )
