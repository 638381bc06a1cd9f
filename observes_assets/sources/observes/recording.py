"""Write down what happened: a batch in the bucket, landed, and copied to where commands look."""

import logging
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg import Connection

from observes_assets.contracts import Contract, StreamContract
from observes_assets.errors import BusyError, ObservesError
from observes_assets.extraction import Extractor, Outcome, Reading
from observes_assets.installation import Installation
from observes_assets.sources.observes import copies
from observes_assets.sources.observes.streams import Extraction, Promises
from observes_assets.sources.observes.underway import as_extractions, broken_off, underway

SOURCE = "observes"
_log = logging.getLogger(__name__)


def record(
    installation: Installation,
    connection: Connection,
    stream: str,
    records: Iterable[dict[str, Any]],
    *,
    run_id: str = "",
) -> Outcome:
    """Archive records of a stream as one differential batch, and land it. Durable when it returns.

    Waits for another process that writes the same stream.

    Args:
        connection: autocommits; in no transaction.
        stream: of the source ``observes``.
        run_id: the run that writes; empty for a command.
    """
    extractor = Extractor(connection, installation.archive, installation.contracts[SOURCE], run_id)
    with extractor.scope(stream, {}) as start:
        outcome = extractor.extract(stream, {}, start, Reading("differential", records))
    copies.bring_up_to_date(connection)
    return outcome


@contextmanager
def attempts(
    installation: Installation, connection: Connection, contract: Contract, run_id: str
) -> Iterator[Extractor]:
    """An extractor for the block, which is recorded at its end: one record a stream, whatever came of it.

    A failure of the recording itself is logged and stops nothing: the vendor's data have landed.
    """
    record_broken_off(installation, connection, contract.source)
    extractor = Extractor(connection, installation.archive, contract, run_id)
    began_at = datetime.now(UTC)
    with underway(connection, contract.source, run_id):
        try:
            yield extractor
        except (BusyError, psycopg.Error):
            raise  # somebody else is at it, or Postgres was lost: neither says anything about the vendor
        except Exception as error:
            for stream in contract.streams.keys() - {one.stream for one in extractor.attempts}:
                extractor.note(stream, {}, began_at, error)
            _record_attempts(installation, extractor)
            raise
        else:
            _record_attempts(installation, extractor)


def record_broken_off(installation: Installation, connection: Connection, source: str | None = None) -> None:
    """Record attempts whose process was killed as failed: of one source, or of all. Cheap where none was."""
    own = Extractor(connection, installation.archive, installation.contracts[SOURCE], "")
    try:
        for of_source, run_id, began_at in broken_off(connection, source):
            contract = installation.contracts.get(of_source)
            found = as_extractions(own, contract, run_id, began_at) if contract else []
            _record_extractions(installation, connection, found, contract, run_id)
    except (ObservesError, OSError) as error:
        _log.warning("Extractions that were broken off are not recorded yet: %s", type(error).__name__)


def _record_attempts(installation: Installation, extractor: Extractor) -> None:
    found, run_id = extractions_of(extractor), extractor.run_id
    try:
        _record_extractions(installation, extractor.connection, found, extractor.contract, run_id)
    except (ObservesError, psycopg.Error, OSError) as error:
        _log.warning("The extractions of run %s were not recorded: %s", run_id, type(error).__name__)


def _record_extractions(
    installation: Installation,
    connection: Connection,
    found: list[Extraction],
    contract: Contract | None,
    run_id: str,
) -> None:
    if contract is None or not found:
        return
    records = [
        one.as_record(uuid.uuid4().hex, run_id, promises_of(contract.streams[one.stream])) for one in found
    ]
    record(installation, connection, "extractions", records, run_id=run_id)


def extractions_of(extractor: Extractor) -> list[Extraction]:
    """What an extractor noted, summed up by stream."""
    found = []
    for stream in dict.fromkeys(one.stream for one in extractor.attempts):
        tries = [one for one in extractor.attempts if one.stream == stream]
        failures = [one.failure for one in tries if one.failure is not None]
        outcomes = [outcome for name, outcome in extractor.outcomes if name == stream]
        loads = [load for outcome in outcomes for load in outcome.loads]
        changed = [load.manifest.batch for load in loads if load.counts.written + load.counts.deleted]
        found.append(
            Extraction(
                source=extractor.contract.source,
                stream=stream,
                extracted_from=min(one.began_at for one in tries),
                extracted_until=max(one.ended_at for one in tries),
                scope_count=len(tries),
                failed_scope_count=len(failures),
                reason=failures[0] if failures else None,
                changed_batch=max(changed, default=None),
                written_count=sum(outcome.written for outcome in outcomes),
                quarantined_count=sum(load.counts.quarantined for load in loads),
                refused_count=len(outcomes[-1].refusals) if outcomes else 0,
            )
        )
    return found


def promises_of(stream: StreamContract) -> Promises:
    """What a stream's contract promises now."""
    latency = stream.levels.latency
    return Promises(
        late_after_seconds=round(stream.freshness.warn.total_seconds()),
        broken_after_seconds=round(stream.freshness.fail.total_seconds()),
        availability=stream.levels.availability,
        latency_seconds=None if latency is None else round(latency.total_seconds()),
    )
