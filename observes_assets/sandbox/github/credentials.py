"""Who may ask: personal tokens, and an app that exchanges its signature for tokens that run out.

Tokens run out by the machine's clock, not the world's: that is what a client compares them with.
"""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from observes_assets.sandbox.github.messages import NOT_FOUND, refusal
from observes_assets.sandbox.github.view import Access
from observes_assets.sandbox.messages import Answer, Request

TOKEN = "ghp_sandbox0000000000000000000000000000"  # noqa: S105 - opens nothing but the sandbox


@dataclass
class Credentials:
    """What the server accepts. ``lifetime_seconds`` is that of an installation's token."""

    tokens: dict[str, Access] = field(default_factory=lambda: {TOKEN: Access()})
    app_id: int = 4711
    installation_id: int = 815
    lifetime_seconds: float = 3600
    _issued: dict[str, float] = field(default_factory=dict)
    _count: int = 0

    @cached_property
    def app_key(self) -> str:
        """The app's private key (PEM), made when first asked for."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        form = serialization.PrivateFormat.TraditionalOpenSSL
        return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()

    def add(self, token: str, *scopes: str, sees_hidden: bool = False) -> str:
        """Accept a personal token with these scopes; returns it."""
        self.tokens[token] = Access(frozenset(scopes), sees_hidden)
        return token

    def expire(self) -> None:
        """Let every installation's token run out now."""
        self._issued = dict.fromkeys(self._issued, 0.0)

    def access(self, request: Request) -> Access | Answer:
        """What the caller may do, or why not."""
        token = _sent_with(request)
        if not token:
            return refusal(401, "Requires authentication")
        if token in self.tokens:
            return self.tokens[token]
        if self._issued.get(token, 0) > time.time():
            return Access(scopes=None)
        return refusal(401, "Bad credentials")

    def exchange(self, request: Request) -> Answer:
        """A new token for an installation, in exchange for the app's signature."""
        if request.path != f"/app/installations/{self.installation_id}/access_tokens":
            return refusal(404, NOT_FOUND)
        key = serialization.load_pem_private_key(self.app_key.encode(), None)
        try:
            public = key.public_key()
            assert isinstance(public, rsa.RSAPublicKey)
            claims = jwt.decode(
                _sent_with(request), public, algorithms=["RS256"], options={"verify_iat": False}
            )
        except jwt.PyJWTError:
            return refusal(401, "A JSON web token could not be decoded")
        if str(claims.get("iss")) != str(self.app_id):
            return refusal(404, "Integration not found")
        self._count += 1
        token = f"ghs_sandbox{self._count:029d}"
        self._issued[token] = time.time() + self.lifetime_seconds
        body = {
            "token": token,
            "expires_at": datetime.fromtimestamp(self._issued[token], UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "permissions": {"issues": "read", "metadata": "read", "organization_projects": "read"},
            "repository_selection": "all",
        }
        return Answer(201, body)


def _sent_with(request: Request) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() in {"token", "bearer"} else ""
