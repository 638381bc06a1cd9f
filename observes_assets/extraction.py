"""From one scope of a stream to a landed batch: lock, read, archive, land.

The shape of every source's asset. A scope is extracted by one process at a time, locked from the first
request to the landing; what waits in the archive lands before anything is read; the batch is in the
bucket before it lands; a reading that fails leaves no batch behind.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from psycopg import Connection

from observes_assets.archive import Archive, Cursor, Scope
from observes_assets.contracts import Contract
from observes_assets.landing import pending
from observes_assets.landing.land import Load
from observes_assets.landing.pending import Refusal, Start
from observes_assets.postgres.locks import scope_lock, session_lock


@dataclass(frozen=True)
class Reading:
    """What a source says about one extraction of a scope.

    ``records`` is read once, to its end; only then is ``cursor_after`` asked for.
    """

    kind: Literal["complete", "differential"]
    records: Iterable[dict[str, Any] | bytes]
    cursor_after: Callable[[], Cursor | None] = lambda: None


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
class Extractor:
    """Extracts scopes of one source's streams. The connection must autocommit."""

    connection: Connection
    archive: Archive
    contract: Contract
    run_id: str

    def land_waiting(self, stream: str) -> Outcome:
        """Land what waits in the archive, whatever process put it there."""
        pending.sync(self.connection, self.archive, self.contract.source, stream, retries=True)
        return self._land(stream)

    @contextmanager
    def scope(self, stream: str, scope: Scope) -> Iterator[Start]:
        """Hold a scope for the block; says where its extraction begins."""
        with session_lock(self.connection, scope_lock(self.contract.source, stream, scope)):
            pending.sync(self.connection, self.archive, self.contract.source, stream)
            yield pending.start_of(self.connection, self.contract.source, stream, scope)

    def extract(
        self,
        stream: str,
        scope: Scope,
        start: Start,
        reading: Reading,
        *,
        not_before: datetime | None = None,
    ) -> Outcome:
        """Read a scope that is held, archive it and land it.

        Args:
            not_before: the extraction's end is at least this (UTC), whatever the clock says.
        """
        extracted_from = datetime.now(UTC)
        with self.archive.draft() as draft:
            for record in reading.records:
                draft.add(record)
            until = datetime.now(UTC)
            self.archive.write(
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
            )
        return self.land_waiting(stream)

    def _land(self, stream: str) -> Outcome:
        loads, refusals = pending.land_pending(
            self.connection, self.archive, self.contract.source, stream, run_id=self.run_id
        )
        return Outcome(loads, refusals)
