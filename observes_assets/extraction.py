"""From one scope of a stream to a landed batch: lock, read, archive, land.

The shape of every source's asset. A scope is extracted by one process at a time, locked from the first
request to the landing; what waits in the archive lands before anything is read; the batch is in the
bucket before its landing is committed; a reading that fails leaves no batch behind.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any, Literal

import psycopg
from psycopg import Connection

from observes_assets.archive import Archive, Cursor, Manifest, Scope
from observes_assets.contracts import Contract
from observes_assets.errors import BusyError, IntegrityError, ObservesError
from observes_assets.landing import pending
from observes_assets.landing.early import Drafting, land_early
from observes_assets.landing.land import Load
from observes_assets.landing.pending import Start
from observes_assets.landing.refusal import Refusal
from observes_assets.postgres.locks import ERASURE, scope_lock, session_lock, shared_lock
from observes_assets.prose import without_people


@dataclass(frozen=True)
class Reading:
    """What a source says about one extraction of a scope.

    ``records`` is read once, to its end; only then are ``cursor_after`` and ``reported_count`` asked for.
    The latter is how many distinct records the vendor says that this reading has to bring; None if it
    doesn't say. The landing refuses a batch that brings another number.
    ``is_at_hand`` says that reading waits for nobody: a first batch lands while it is being archived.
    """

    kind: Literal["complete", "differential"]
    records: Iterable[dict[str, Any] | bytes]
    cursor_after: Callable[[], Cursor | None] = lambda: None
    reported_count: Callable[[], int | None] = lambda: None
    is_at_hand: bool = False


@dataclass(frozen=True)
class Outcome:
    """What one extraction of a scope led to."""

    loads: list[Load]
    refusals: list[Refusal]

    @property
    def written(self) -> int:
        """Versions and tombstones written."""
        return sum(load.counts.written + load.counts.deleted for load in self.loads)


@dataclass(frozen=True)
class Attempt:
    """One try to read one scope of a stream; ``failure`` says why it could not be read. Times are UTC."""

    stream: str
    scope: Scope
    began_at: datetime
    ended_at: datetime
    failure: str | None = None


@dataclass(frozen=True)
class Extractor:
    """Extracts scopes of one source's streams, and notes how each went. The connection must autocommit."""

    connection: Connection
    archive: Archive
    contract: Contract
    run_id: str
    attempts: list[Attempt] = field(default_factory=list)
    outcomes: list[tuple[str, Outcome]] = field(default_factory=list)

    def land_waiting(self, stream: str) -> Outcome:
        """Land what waits in the archive, whatever process put it there."""
        with self._no_erasure():
            pending.sync(self.connection, self.archive, self.contract.source, stream, retries=True)
            loads, refusals = pending.land_pending(
                self.connection, self.archive, self.contract.source, stream, run_id=self.run_id
            )
        outcome = Outcome(loads, refusals)
        self.outcomes.append((stream, outcome))
        return outcome

    def loaded(self, stream: str) -> Outcome:
        """All that has landed of a stream's scopes so far."""
        return Outcome([load for name, one in self.outcomes if name == stream for load in one.loads], [])

    def note(self, stream: str, scope: Scope, began_at: datetime, error: Exception | None = None) -> None:
        """Note how a try to read a scope ended; ``scope`` does so by itself for what happens in its block."""
        failure = None
        if error is not None:
            # A program's own error may quote what it choked on, and a vendor's may name whom it refused.
            failure = type(error).__name__
            if isinstance(error, ObservesError):
                failure = without_people(error.message)
        self.attempts.append(Attempt(stream, scope, began_at, datetime.now(UTC), failure))

    @contextmanager
    def scope(self, stream: str, scope: Scope) -> Iterator[Start]:
        """Hold a scope for the block; says where its extraction begins."""
        lock = scope_lock(self.contract.source, stream, scope)
        with session_lock(self.connection, lock), self._no_erasure():
            pending.sync(self.connection, self.archive, self.contract.source, stream)
            start = pending.start_of(self.connection, self.contract.source, stream, scope)
            began_at = datetime.now(UTC)
            try:
                yield start
            except (BusyError, psycopg.Error):
                raise  # says nothing about the vendor
            except Exception as error:
                self.note(stream, scope, began_at, error)
                raise
            self.note(stream, scope, began_at)

    @contextmanager
    def _no_erasure(self) -> Iterator[None]:
        """Keep erasures out for the block, with everybody known who was erased before it."""
        with shared_lock(self.connection, ERASURE):
            self.archive.register.refresh(self.connection)
            yield

    def extract(
        self,
        stream: str,
        scope: Scope,
        start: Start,
        reading: Reading,
        *,
        not_before: datetime | None = None,
        times: tuple[datetime, datetime] | None = None,
    ) -> Outcome:
        """Read a scope that is held, archive it and land it.

        Args:
            not_before: the extraction's end is at least this (UTC), whatever the clock says.
            times: when the reading began and ended by the vendor's clock (UTC), where that is known.
        """
        with self._drafting(stream, scope, start, reading, not_before=not_before, times=times) as drafting:
            early = []
            if reading.is_at_hand and start.previous is None:
                contract = self.contract.streams[stream]
                load = land_early(
                    self.connection, self.archive, contract, scope, drafting, run_id=self.run_id
                )
                if load:
                    early.append(load)
                    self.outcomes.append((stream, Outcome(early, [])))
            drafting.put()
        waiting = self.land_waiting(stream)
        return Outcome([*early, *waiting.loads], waiting.refusals)

    def put(
        self,
        stream: str,
        scope: Scope,
        start: Start,
        reading: Reading,
        *,
        not_before: datetime | None = None,
        times: tuple[datetime, datetime] | None = None,
    ) -> None:
        """Read a scope that is held, and archive it; ``land_waiting`` lands it. Arguments: see ``extract``.

        Asks the connection nothing, so it may run in a thread of its own.
        """
        with self._drafting(stream, scope, start, reading, not_before=not_before, times=times) as drafting:
            drafting.put()

    @contextmanager
    def _drafting(
        self,
        stream: str,
        scope: Scope,
        start: Start,
        reading: Reading,
        *,
        not_before: datetime | None,
        times: tuple[datetime, datetime] | None,
    ) -> Iterator[Drafting]:
        extracted_from = times[0] if times else datetime.now(UTC)
        with self.archive.draft(self.contract.streams[stream]) as draft:
            lines = draft.taking(reading.records)

            @cache
            def put() -> Manifest:
                for _ in lines:
                    pass
                if not draft.is_whole:
                    what = f"{self.contract.source}/{stream}"
                    raise IntegrityError(f"{what} could not be read to its end.", "Run again.")
                until = times[1] if times else datetime.now(UTC)
                return self.archive.write(
                    draft,
                    contract=self.contract,
                    stream=stream,
                    scope=scope,
                    kind=reading.kind,
                    previous=start.previous,
                    last_number=start.last_number,
                    extracted_from=extracted_from,
                    extracted_until=max(until, not_before) if not_before else until,
                    cursor_before=start.cursor,
                    cursor_after=reading.cursor_after(),
                    makes_up_for=start.makes_up_for,
                    reported_count=reading.reported_count(),
                )

            yield Drafting(lines, put)
