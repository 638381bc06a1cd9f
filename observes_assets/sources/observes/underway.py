"""Extractions under way: one that a kill broke off is recorded too, by whoever comes next.

While a source is read, a row stands in ``landing.underway`` and its process holds a lock, which dies with it.
A row whose lock nobody holds is an attempt that came to no end: it is recorded as failed and forgotten, in
this order, so that a kill between the two loses nothing, and records nothing twice.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg
from psycopg import Connection

from observes_assets.contracts import Contract
from observes_assets.errors import BusyError
from observes_assets.extraction import Extractor
from observes_assets.postgres.locks import session_lock
from observes_assets.sources.observes.streams import Extraction

BROKEN_OFF = "The run was broken off before its end."
_STREAM = "extractions"
_LANDED = """
    select greatest(%(began_at)s, max(landed_at)), sum(records_written + records_deleted)::bigint,
        max(batch) filter (where records_written + records_deleted > 0), sum(records_quarantined)::bigint
    from landing.loads where (source, stream, run_id) = (%(source)s, %(stream)s, %(run_id)s)
"""


@contextmanager
def underway(connection: Connection, source: str, run_id: str) -> Iterator[None]:
    """Let others know that a run reads a source during the block. The connection must autocommit.

    What ends without an error of Python's own, or with the loss of Postgres, stays noted.
    """
    with session_lock(connection, _lock(source, run_id)):
        connection.execute(
            "insert into landing.underway values (%s, %s, clock_timestamp()) on conflict do nothing",
            [source, run_id],
        )
        try:
            yield
        except psycopg.Error:
            raise
        except Exception:
            _forget(connection, source, run_id)
            raise
        _forget(connection, source, run_id)


def broken_off(connection: Connection, source: str | None = None) -> Iterator[tuple[str, str, datetime]]:
    """Source, run and beginning (UTC) of attempts whose process is gone; each is forgotten with the next.

    Args:
        source: only of this one.
    """
    rows = connection.execute(
        "select source, run_id, began_at from landing.underway where source = coalesce(%s, source)", [source]
    ).fetchall()
    for of_source, run_id, began_at in rows:
        try:
            with session_lock(connection, _lock(of_source, run_id), wait=False):
                still = "select from landing.underway where (source, run_id) = (%s, %s)"
                if connection.execute(still, [of_source, run_id]).fetchone() is not None:
                    yield of_source, run_id, began_at
                    _forget(connection, of_source, run_id)
        except BusyError:
            continue  # it is still under way


def as_extractions(
    extractor: Extractor, contract: Contract, run_id: str, began_at: datetime
) -> list[Extraction]:
    """A failed attempt for each stream of the source of which the run recorded none.

    Args:
        extractor: of the source ``observes``.
        contract: of the source that was read.
    """
    extractor.land_waiting(_STREAM)  # the run may have been killed after it recorded, and before that landed
    connection = extractor.connection
    recorded = {
        row[0]
        for row in connection.execute(
            "select record ->> 'stream' from raw_observes.extractions "
            "where record ->> 'run_id' = %s and record ->> 'source' = %s",
            [run_id, contract.source],
        )
    }
    names = [name for name in contract.streams if name not in recorded]
    return [_extraction(connection, contract.source, name, run_id, began_at) for name in names]


def _extraction(
    connection: Connection, source: str, stream: str, run_id: str, began_at: datetime
) -> Extraction:
    """What is known of it; it ended, at the earliest, with its last load."""
    where: dict[str, Any] = {"source": source, "stream": stream, "run_id": run_id, "began_at": began_at}
    row = connection.execute(_LANDED, where).fetchone()
    assert row is not None
    until, written, changed_batch, quarantined = row
    return Extraction(
        source=source,
        stream=stream,
        extracted_from=began_at,
        extracted_until=until,
        scope_count=1,
        failed_scope_count=1,
        reason=BROKEN_OFF,
        changed_batch=changed_batch,
        written_count=written or 0,
        quarantined_count=quarantined or 0,
    )


def _lock(source: str, run_id: str) -> str:
    return f"underway/{source}/{run_id}"


def _forget(connection: Connection, source: str, run_id: str) -> None:
    # Not waited for until it is on disk: a row that comes back finds its attempt recorded.
    connection.execute(
        """
        with fast as (select set_config('synchronous_commit', 'off', true))
        delete from landing.underway using fast where (source, run_id) = (%s, %s)
        """,
        [source, run_id],
    )
