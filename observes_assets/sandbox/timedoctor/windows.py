"""What a request's window shows: what TimeDoctor still remembers, and what it does at the window's edges."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from observes_assets.sandbox.messages import Request
from observes_assets.sandbox.timedoctor.days import Session

BY_START, CLIPPED, REPEATED = "by start", "clipped", "repeated"


@dataclass(frozen=True)
class Memory:
    """How many days back anything is shown; what is older looks as if it had never been."""

    worklog_days: int = 120
    timeuse_days: int = 60
    file_days: int = 120


@dataclass(frozen=True)
class Window:
    """``start`` belongs to it, ``end`` doesn't (UTC). ``edges``: what becomes of sessions that cross them."""

    start: datetime
    end: datetime
    edges: str
    asked_at: datetime

    @classmethod
    def asked(cls, request: Request, now: datetime, memory_days: int, edges: str) -> "Window | None":
        """The request's window, without what is forgotten; None if it has none that can be read."""
        try:
            start, end = (datetime.fromisoformat(request.query[name]) for name in ("from", "to"))
        except (KeyError, ValueError):
            return None
        if start.tzinfo is None or end.tzinfo is None or start > end:
            return None
        remembered_from = now - timedelta(days=memory_days)
        return cls(max(start.astimezone(UTC), remembered_from), end.astimezone(UTC), edges, now)

    def shown(self, sessions: Iterable[Session]) -> Iterator[Session]:
        """The sessions that belong to it."""
        for one in sessions:
            if self.edges == BY_START:
                if self.start <= one.start < self.end:
                    yield one
            elif one.start < self.end and one.end > self.start:
                yield self._clipped(one) if self.edges == CLIPPED else one

    def _clipped(self, one: Session) -> Session:
        start, end = max(one.start, self.start), min(one.end, self.end)
        return replace(one, start=start, seconds=int((end - start).total_seconds()))
