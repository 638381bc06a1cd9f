"""Who may ask: a refresh token, and the access tokens that it is exchanged for.

Access tokens run out by the machine's clock. They hold what they need to be recognised, so that a token
outlives the process that gave it, as the real one does.
"""

import hashlib
import hmac
import time
from collections import deque
from dataclasses import dataclass, field
from threading import Lock
from urllib.parse import parse_qsl

from observes_assets.sandbox.messages import Answer, Request
from observes_assets.sandbox.zoho.messages import refusal

_KEY = b"opens nothing but the sandbox"
_PREFIX = "Zoho-oauthtoken "
_EVERYTHING = (
    "ZohoCRM.bulk.READ",
    "ZohoCRM.modules.ALL",
    "ZohoCRM.settings.ALL",
    "ZohoCRM.users.READ",
    "ZohoCRM.org.READ",
)


@dataclass
class Credentials:
    """What the server accepts; ``most_tokens`` are given in ``period_seconds``, ``most_active`` may live."""

    client_id: str = "1000.SANDBOX0000000000000000000000"
    client_secret: str = "sandbox"  # noqa: S105
    refresh_token: str = "1000.sandbox.refresh"  # noqa: S105
    scopes: frozenset[str] = frozenset(_EVERYTHING)
    lifetime_seconds: float = 3600
    most_tokens: int = 10
    period_seconds: float = 600
    most_active: int = 15
    is_revoked: bool = False
    given: list[str] = field(default_factory=list)
    _times: deque[float] = field(default_factory=deque)
    _killed: set[str] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)

    def revoke(self) -> None:
        """The user took the permission back, or was deactivated: nothing that was given is good any more."""
        self.is_revoked = True

    def end_access(self) -> None:
        """The access tokens given so far end now; new ones may be had."""
        self._killed.update(self.given)

    def exchange(self, request: Request, api_domain: str) -> Answer:
        """An access token for a refresh token. Whatever is wrong is said under 200."""
        said = request.query | dict(parse_qsl(request.body.decode()))
        if said.get("grant_type") != "refresh_token":
            return _wrong("unsupported_grant_type")
        if said.get("client_id") != self.client_id:
            return _wrong("invalid_client")
        if said.get("client_secret") != self.client_secret:
            return _wrong("invalid_client_secret")
        if said.get("refresh_token") != self.refresh_token or self.is_revoked:
            return _wrong("invalid_code")
        with self._lock:
            if (token := self._give()) is None:
                return access_denied()
        body = {
            "access_token": token,
            "scope": " ".join(sorted(self.scopes)),
            "api_domain": api_domain,
            "token_type": "Bearer",
            "expires_in": int(self.lifetime_seconds),
        }
        return Answer(200, body)

    def refused(self, request: Request, *scopes: str) -> Answer | None:
        """Why the caller may not ask for what wants all of these scopes; None if they may."""
        header = request.headers.get("authorization", "")
        if not header.startswith(_PREFIX):
            return refusal(401, "AUTHENTICATION_FAILURE", "Authentication failed")
        token = header.removeprefix(_PREFIX)
        if token in self._killed:
            return refusal(401, "INVALID_OAUTHTOKEN", "The OAuth Token you provided is invalid.")
        if self.is_revoked or not self._is_good(token):
            return refusal(401, "INVALID_TOKEN", "invalid oauth token")
        if not all(self._has(scope) for scope in scopes):
            return refusal(401, "OAUTH_SCOPE_MISMATCH", "invalid oauth scope to access this URL")
        return None

    def _give(self) -> str | None:
        now = time.time()
        while self._times and self._times[0] <= now - self.period_seconds:
            self._times.popleft()
        if len(self._times) >= self.most_tokens:
            return None
        self._times.append(now)
        ends_at = f"{int((now + self.lifetime_seconds) * 1000):x}{len(self.given) % 4096:03x}"
        self.given.append(f"1000.{ends_at}.{_signed(ends_at)}")
        self._killed.update(self.given[: -self.most_active])
        return self.given[-1]

    def _is_good(self, token: str) -> bool:
        parts = token.split(".")
        if len(parts) != 3 or not hmac.compare_digest(parts[2], _signed(parts[1])):
            return False
        return int(parts[1][:-3], 16) / 1000 > time.time()

    def _has(self, scope: str) -> bool:
        """Whether a scope or a wider one was given: ``….ALL`` holds every operation and module."""
        words = scope.lower().split(".")
        wider = {".".join([*words[:length], last]) for length in (2, 3) for last in ("all", words[-1])}
        return bool({scope.lower(), *wider} & {one.lower() for one in self.scopes})


def access_denied() -> Answer:
    """Too many tokens in too short a time: an error, under 200."""
    body = {
        "error": "Access Denied",
        "error_description": "You have made too many requests continuously. Please try again later.",
        "status": "failure",
    }
    return Answer(200, body)


def _wrong(error: str) -> Answer:
    return Answer(200, {"error": error})


def _signed(text: str) -> str:
    return hmac.new(_KEY, text.encode(), hashlib.sha256).hexdigest()[:32]
