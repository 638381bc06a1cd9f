"""GitHub's limits: so many points an hour, and a second kind against bursts.

An hour is one of the machine's clock. When it ends is told by the vendor's, as everything that it dates.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from observes_assets.sandbox.github.messages import refusal
from observes_assets.sandbox.messages import Answer

HOUR = 3600.0
CORE, GRAPHQL = "core", "graphql"


@dataclass
class Limits:
    """Points that are left. ``burst`` is how many requests a minute are borne; None: any number.

    ``clock`` is what the ``Date`` of answers shows, in epoch seconds.
    """

    clock: Callable[[], float] = time.time
    limit: dict[str, int] = field(default_factory=lambda: {CORE: 5000, GRAPHQL: 5000})
    burst: int | None = None
    concurrency: int = 100
    most_at_once: int = 0
    _used: dict[str, int] = field(default_factory=lambda: {CORE: 0, GRAPHQL: 0})
    _resets_at: float = 0.0
    _recent: deque[float] = field(default_factory=deque)
    _now_running: int = 0
    _lock: Lock = field(default_factory=Lock)

    def enter(self, resource: str) -> Answer | None:
        """Begin a request; an answer says why it is refused."""
        with self._lock:
            now = time.time()
            if now >= self._resets_at:
                self._resets_at = now + HOUR
                self._used = dict.fromkeys(self._used, 0)
            self._now_running += 1
            self.most_at_once = max(self.most_at_once, self._now_running)
            self._recent.append(now)
            while self._recent and self._recent[0] < now - 60:
                self._recent.popleft()
            if self._now_running > self.concurrency or (self.burst and len(self._recent) > self.burst):
                return secondary()
            return exhausted(resource) if self.remaining(resource) <= 0 else None

    def leave(self) -> None:
        """End a request."""
        with self._lock:
            self._now_running -= 1

    def spend(self, resource: str, points: int) -> None:
        """Take points off what is left."""
        with self._lock:
            self._used[resource] += points

    def use_up(self, resource: str, *, resets_in_seconds: float = HOUR) -> None:
        """Leave nothing until then."""
        with self._lock:
            self._used[resource] = self.limit[resource]
            self._resets_at = time.time() + resets_in_seconds

    def remaining(self, resource: str) -> int:
        """Points left this hour."""
        return max(0, self.limit[resource] - self._used[resource])

    def state(self, resource: str) -> dict[str, int]:
        """What ``/rate_limit`` says of a resource; ``reset`` in epoch seconds."""
        return {
            "limit": self.limit[resource],
            "remaining": self.remaining(resource),
            "reset": int(self.clock() + self._resets_at - time.time() + 0.999),
            "used": self._used[resource],
        }

    def headers(self, resource: str) -> dict[str, str]:
        """The five headers that every answer has."""
        found = {f"X-RateLimit-{name.title()}": str(value) for name, value in self.state(resource).items()}
        return found | {"X-RateLimit-Resource": resource}


def exhausted(resource: str) -> Answer:
    """Nothing left: GraphQL says so under 200."""
    message = "API rate limit exceeded for user ID 20000077."
    if resource == GRAPHQL:
        return Answer(200, {"errors": [{"type": "RATE_LIMITED", "message": message}]})
    return refusal(403, message)


def secondary(retry_after: int | None = None, status: int = 403) -> Answer:
    """Too much at once. GitHub says only sometimes when to come back."""
    message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
    return refusal(status, message, **({"Retry_After": str(retry_after)} if retry_after is not None else {}))
