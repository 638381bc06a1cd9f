"""Land one batch of the archive, or write down why it was refused: what surrounds a landing."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from psycopg import Connection, DataError
from psycopg.types.json import Jsonb

from observes_assets import contracts
from observes_assets.archive import Archive, Manifest
from observes_assets.contracts import Contract
from observes_assets.erasure.archived import without_erased
from observes_assets.errors import IntegrityError
from observes_assets.landing.land import Landing, Load
from observes_assets.landing.refusal import BatchRefusedError, Refusal
from observes_assets.landing.unstorable import find_unstorable
from observes_assets.scratch import scratch

_WAITING = frozenset({"pending", "accepted"})


def land_one(
    connection: Connection, archive: Archive, manifest: Manifest, *, run_id: str
) -> Load | Refusal | None:
    """Land one batch, or write down its refusal; None if another process settled it, or one before it."""
    run = {"run_id": run_id, "code_version": archive.code_version, "started_at": datetime.now(UTC)}
    try:
        with scratch("landing") as folder:
            path = folder / "records.ndjson.zst"
            archive.download(manifest, path)
            contract = contract_of(archive, manifest).streams[manifest.stream]
            without_erased(archive, manifest, contract, path)
            landing = Landing(connection, manifest, contract, path, limits_apply=True)
            try:
                return _land(landing, run)
            except DataError:
                # It names no line. Asking about each is dear, so only a batch that needs it is asked about.
                unstorable = find_unstorable(connection, path)
                if not unstorable:
                    raise
                return _land(replace(landing, unstorable=unstorable), run)
    except BatchRefusedError as error:
        return _refuse(connection, manifest, error)
    except IntegrityError as error:
        return _refuse(connection, manifest, BatchRefusedError(error.message, {}, []))
    except DataError as error:
        # The primary message names the kind of the trouble; detail and context would quote the record.
        reason = f"Postgres can't store a record: {error.diag.message_primary}"
        return _refuse(connection, manifest, BatchRefusedError(reason, {}, []))


def _land(landing: Landing, run: dict[str, Any]) -> Load | None:
    with landing.connection.transaction():
        state = lock_state(landing.connection, landing.manifest)
        if state not in _WAITING or _is_behind_another(landing.connection, landing.manifest):
            return None
        return replace(landing, limits_apply=state == "pending").run(**run)


def contract_of(archive: Archive, manifest: Manifest) -> Contract:
    """The contract that a batch was extracted under, as it is in the bucket.

    Raises:
        IntegrityError: it is another one than the manifest names.
    """
    text = archive.contract_text(manifest.contract_sha256)
    if hashlib.sha256(text).hexdigest() != manifest.contract_sha256:
        raise IntegrityError(f"The contract of {manifest.title} is not the one that its manifest names.")
    return contracts.parse(manifest.source, text)


def lock_state(connection: Connection, manifest: Manifest, *, waits: bool = True) -> str | None:
    """Lock a batch and read its state; None if a rebuild has forgotten it meanwhile.

    Args:
        waits: for who has locked it; else that is None, too.
    """
    row = connection.execute(
        "select state from landing.batches where (source, stream, batch) = (%s, %s, %s) for update"
        + ("" if waits else " skip locked"),
        [manifest.source, manifest.stream, manifest.batch],
    ).fetchone()
    return str(row[0]) if row else None


def _is_behind_another(connection: Connection, manifest: Manifest) -> bool:
    """Whether an earlier batch of the scope has not landed: a process beside us may have refused it."""
    row = connection.execute(
        "select exists (select from landing.batches where (source, stream, scope) = (%s, %s, %s) "
        "and batch < %s and state in ('pending', 'refused', 'accepted'))",
        [manifest.source, manifest.stream, Jsonb(manifest.scope), manifest.batch],
    ).fetchone()
    return bool(row and row[0])


def _refuse(connection: Connection, manifest: Manifest, error: BatchRefusedError) -> Refusal | None:
    with connection.transaction():
        if lock_state(connection, manifest) not in _WAITING:
            return None
        connection.execute(
            "insert into landing.refusals values (%s, %s, %s, %s, %s, %s, clock_timestamp()) "
            "on conflict (source, stream, batch) do update set (reason, counts, samples, refused_at) "
            "= (excluded.reason, excluded.counts, excluded.samples, excluded.refused_at)",
            [
                manifest.source,
                manifest.stream,
                manifest.batch,
                error.reason,
                Jsonb(error.counts),
                Jsonb(error.samples),
            ],
        )
        connection.execute(
            "update landing.batches set state = 'refused' where (source, stream, batch) = (%s, %s, %s)",
            [manifest.source, manifest.stream, manifest.batch],
        )
    return Refusal(manifest, error.reason, not error.counts)
