"""Land a scope's first batch while it is being archived: each record is drafted and copied as it is read.

Nothing is committed before the batch is in the bucket. What goes wrong is not settled here: the batch lands
once more, from the archive, and is judged there.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from psycopg import Connection

from observes_assets.archive import Archive, Manifest, Scope
from observes_assets.contracts import StreamContract
from observes_assets.errors import IntegrityError
from observes_assets.landing import pending
from observes_assets.landing.fresh import Fresh
from observes_assets.landing.land import Landing, Load, begin
from observes_assets.landing.one_batch import contract_of, lock_state
from observes_assets.landing.records import Drafted, Reader
from observes_assets.landing.refusal import BatchRefusedError, check_quality
from observes_assets.scratch import scratch


@dataclass(frozen=True)
class Drafting:
    """A batch that is being drafted: its lines, drafted as they are taken, and what archives it.

    ``put`` takes the lines that are left, puts the draft into the bucket, and does so once.
    """

    lines: Iterator[Drafted]
    put: Callable[[], Manifest]


class _GivenUpError(Exception):
    """The batch lands the usual way."""


def land_early(
    connection: Connection,
    archive: Archive,
    contract: StreamContract,
    scope: Scope,
    drafting: Drafting,
    *,
    run_id: str,
) -> Load | None:
    """Land the first batch of a scope that the caller holds; None if it has to land the usual way.

    The locks of a landing are held from the first line on, so lines must not wait for a vendor. After None
    some of them may be left to take.
    """
    run = {"run_id": run_id, "code_version": archive.code_version, "started_at": datetime.now(UTC)}
    try:
        with scratch("early") as folder, connection.transaction():
            load_id = begin(connection, contract)
            reader = Reader(folder, contract, scope, drafted=drafting.lines)
            fresh = Fresh(connection, load_id, reader, folder)
            fresh.copy_records()
            # The bucket may be slow, and asks the connection nothing. This thread asks it: who interrupts us
            # ends archiving, too, which must not go on while our locks are gone.
            connection.execute("set local idle_in_transaction_session_timeout = '2h'")
            with ThreadPoolExecutor(1) as beside:
                heads = beside.submit(fresh.copy_heads)
                manifest = _archive(archive, drafting, folder)
            counts = heads.result()
            check_quality(reader, manifest, limits_apply=True)
            _note(connection, archive, manifest)
            landing = Landing(connection, manifest, contract, folder, limits_apply=True)
            return landing.write_down(load_id, reader, counts, run)
    except (_GivenUpError, BatchRefusedError, psycopg.Error):
        return None


def _archive(archive: Archive, drafting: Drafting, folder: Path) -> Manifest:
    manifest = drafting.put()
    try:
        archive.download(manifest, folder / "archived")
        contract_of(archive, manifest)
    except IntegrityError:  # it is not in the bucket as it was drafted
        raise _GivenUpError from None
    return manifest


def _note(connection: Connection, archive: Archive, manifest: Manifest) -> None:
    """Note that the batch waits, and that it is ours to land."""
    pending.sync(connection, archive, manifest.source, manifest.stream)
    # Who has locked it waits for our locks, and we must not wait for theirs.
    if lock_state(connection, manifest, waits=False) != "pending":
        raise _GivenUpError
