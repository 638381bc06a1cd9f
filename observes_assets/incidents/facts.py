"""What is known at one moment, and judged by ``rules``. Times are UTC."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Failing:
    """A row of attempts to extract a stream that all failed."""

    since: datetime
    count: int
    reason: str
    run_id: str


@dataclass(frozen=True)
class Refused:
    """Batches of a stream that wait for a decision; the first of them."""

    batch: int
    count: int
    since: datetime
    reason: str
    run_id: str | None = None


@dataclass(frozen=True)
class Quarantined:
    """Records that the newest loads of a stream's scopes set aside."""

    count: int
    since: datetime


@dataclass(frozen=True)
class StreamFacts:
    """What is known of one stream.

    Args:
        loaded_at: when its last batch landed; None: none ever did.
        read_until: when it was last read well, be it that nothing was new; None: never.
        newest_at: the newest time that its own records name, where the contract says which field does.
        tried_at: the last attempt of a run, good or not. What a watch writes down by itself is none.
    """

    source: str
    stream: str
    loaded_at: datetime | None = None
    read_until: datetime | None = None
    newest_at: datetime | None = None
    tried_at: datetime | None = None
    failing: Failing | None = None
    refused: Refused | None = None
    quarantined: Quarantined | None = None

    @property
    def is_used(self) -> bool:
        """Whether this installation has to do with it."""
        return self.tried_at is not None or self.refused is not None

    @property
    def name(self) -> str:
        """As in messages."""
        return f"{self.source}/{self.stream}"


@dataclass(frozen=True)
class EndedRun:
    """A Dagster run that will do nothing any more: it failed, or its process is gone."""

    job: str
    run_id: str
    ended_at: datetime
    is_dead: bool


@dataclass(frozen=True)
class Facts:
    """What is known of an installation.

    Args:
        begun_at: when anything was first tried; None: nothing ever was.
        failed_checks: blocking checks that the newest build did not pass.
        stale_bills: organizations whose bills could not be made anew.
        runs: of each job whose newest run came to no good end, that run.
        broken_erasure: number of the newest erasure, and when it was asked for, if it was broken off.
    """

    now: datetime
    streams: Mapping[tuple[str, str], StreamFacts]
    begun_at: datetime | None = None
    failed_checks: tuple[str, ...] = ()
    stale_bills: int = 0
    runs: tuple[EndedRun, ...] = field(default=())
    broken_erasure: tuple[int, datetime] | None = None

    def of(self, source: str, stream: str) -> StreamFacts:
        """What is known of a stream, be it nothing."""
        return self.streams.get((source, stream)) or StreamFacts(source, stream)
