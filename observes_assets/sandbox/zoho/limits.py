"""Zoho's limits: credits in 24 hours, requests at once, downloads in a minute. By the machine's clock."""

import time
from collections import deque
from dataclasses import dataclass, field
from threading import Lock

from observes_assets.sandbox.messages import Answer
from observes_assets.sandbox.zoho.messages import refusal

JOB_CREDITS = 50
_DAY, _MINUTE = 86_400.0, 60.0


@dataclass
class Limits:
    """What may be used, and what was. ``most_at_once`` and ``spent`` tell what a client did."""

    credits: int = 60_000
    concurrency: int = 20
    downloads: int = 10
    most_at_once: int = 0
    spent: int = 0
    _spent_at: deque[tuple[float, int]] = field(default_factory=deque)
    _downloads_at: deque[float] = field(default_factory=deque)
    _now_running: int = 0
    _lock: Lock = field(default_factory=Lock)

    def enter(self) -> Answer | None:
        """Begin a request; an answer says why it is refused."""
        with self._lock:
            self._now_running += 1
            self.most_at_once = max(self.most_at_once, self._now_running)
            return too_many() if self._now_running > self.concurrency else None

    def leave(self) -> None:
        """End a request."""
        with self._lock:
            self._now_running -= 1

    def spend(self, points: int) -> Answer | None:
        """Take credits off what is left; an answer says that they don't suffice, and takes none."""
        with self._lock:
            now = time.time()
            while self._spent_at and self._spent_at[0][0] <= now - _DAY:
                self._spent_at.popleft()
            if sum(taken for _, taken in self._spent_at) + points > self.credits:
                return exhausted()
            self._spent_at.append((now, points))
            self.spent += points
            return None

    def download(self) -> Answer | None:
        """Begin a download; an answer says that there were enough in this minute."""
        with self._lock:
            now = time.time()
            while self._downloads_at and self._downloads_at[0] <= now - _MINUTE:
                self._downloads_at.popleft()
            if len(self._downloads_at) >= self.downloads:
                return too_many()
            self._downloads_at.append(now)
            return None


def too_many() -> Answer:
    """Too much at once, or in a minute. Nobody says when to come back."""
    message = "You have made more requests than can be made at a time. Please try again later."
    return refusal(429, "TOO_MANY_REQUESTS", message)


def exhausted() -> Answer:
    """The day's credits are used up."""
    return refusal(429, "LIMIT_EXCEEDED", "You have exceeded the API credits of the last 24 hours.")
