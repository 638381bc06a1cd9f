"""Who may ask: one login by e-mail, password and perhaps a code, and the tokens that it was given.

Tokens and codes go by the machine's clock, not the world's: that is what a client compares them with.
"""

import base64
import hashlib
import hmac
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import jwt
import orjson

from observes_assets.sandbox.messages import Answer, Request
from observes_assets.sandbox.timedoctor.errors import refusal

PASSWORD = "sandbox-only"  # noqa: S105 - opens nothing but the sandbox
TOTP_SECRET = "ONSWG4TFORXWM5DIMVZWC3TE"  # noqa: S105 - the same; base32
_SIGNING_KEY = "a key that signs nothing but the sandbox's tokens"
_STEP_SECONDS = 30


@dataclass
class Credentials:
    """What the server accepts. Without a secret no code is asked for. ``permissions`` were given so far."""

    email: str
    user_id: str
    password: str = PASSWORD
    totp_secret: str | None = TOTP_SECRET
    lifetime_seconds: float = 182 * 86_400
    is_revoked: bool = False
    permissions: list[str] = field(default_factory=list)
    _ended: set[str] = field(default_factory=set)
    _valid_from: int = 0  # tokens with a lower number have run out

    def log_in(self, request: Request, companies: list[dict[str, Any]]) -> Answer:
        """A token in exchange for the login, or why not."""
        said = orjson.loads(request.body or b"{}")
        if said.get("email") != self.email or said.get("password") != self.password:
            return refusal(401, "invalidCredentials", "Invalid email or password.")
        if self.is_revoked:
            return refusal(403, "userNotActive", "The user is not active any more.")
        if self.totp_secret and not _is_code(str(said.get("totpCode") or ""), self.totp_secret):
            return refusal(401, "totpRequired", "Two-factor authentication code is missing or wrong.")
        # Whoever asks for nothing may write.
        self.permissions.append(said.get("permissions") or "write")
        now = time.time()
        until = now + self.lifetime_seconds
        number = len(self.permissions)
        claims = {
            "sub": self.user_id,
            "jti": str(number),
            "iat": int(now),
            "exp": until,
            "permissions": self.permissions[-1],
        }
        token = jwt.encode(claims, _SIGNING_KEY, algorithm="HS256")
        data = {
            "token": token,
            "userId": self.user_id,
            "createdAt": _stamp(now),
            "expiresAt": _stamp(until),
            "companies": companies,
        }
        return Answer(body={"data": data})

    def expire(self) -> None:
        """Let every token that was given so far run out now."""
        self._valid_from = len(self.permissions) + 1

    def refused(self, request: Request) -> Answer | None:
        """Why the caller may not ask; None if they may. The token is in the header or the URL."""
        try:
            claims = jwt.decode(_shown(request), _SIGNING_KEY, algorithms=["HS256"])
        except jwt.PyJWTError:
            return refusal(401, "invalidToken", "Token ID is invalid or access is denied.")
        if claims["jti"] in self._ended or int(claims["jti"]) < self._valid_from or self.is_revoked:
            return refusal(401, "invalidToken", "Token ID is invalid or access is denied.")
        return None

    def log_out(self, request: Request) -> Answer:
        """The token is worth nothing any more."""
        claims = jwt.decode(_shown(request), _SIGNING_KEY, algorithms=["HS256"])
        self._ended.add(claims["jti"])
        return Answer(body={"data": {}})


def code(secret: str, at: float) -> str:
    """The six digits of RFC 6238 for a base32 secret at a moment (epoch seconds)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8), casefold=True)
    digest = hmac.digest(key, int(at // _STEP_SECONDS).to_bytes(8), hashlib.sha1)
    place = digest[-1] & 15
    return f"{(int.from_bytes(digest[place : place + 4]) & 0x7FFFFFFF) % 1_000_000:06d}"


def _stamp(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _is_code(given: str, secret: str) -> bool:
    # A step early or late: clocks differ, and typing takes a while.
    return given in {code(secret, time.time() + step * _STEP_SECONDS) for step in (-1, 0, 1)}


def _shown(request: Request) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.upper() == "JWT" else request.query.get("token", "")
