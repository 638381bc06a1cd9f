"""Which batch lands next, and what a refusal stops.

Batches of a scope land strictly in order. A refused batch stops the landing (not the extraction) of its
scope until a person accepts or rejects it; the decision lies beside the manifest in the bucket.
``landing.batches`` is a copy of the archive's listing, so that no run lists it twice.
"""

from dataclasses import dataclass

import msgspec
from psycopg import Connection
from psycopg.types.json import Jsonb

from observes_assets.archive import Archive, Cursor, Manifest, Scope
from observes_assets.errors import IntegrityError
from observes_assets.landing.land import Load
from observes_assets.landing.one_batch import land_one
from observes_assets.landing.refusal import Refusal


@dataclass(frozen=True)
class Start:
    """Where the next extraction of a scope begins."""

    previous: int | None
    last_number: int
    cursor: Cursor | None
    makes_up_for: list[int]


def sync(
    connection: Connection, archive: Archive, source: str, stream: str, *, retries: bool = False
) -> None:
    """Copy what the archive lists after the last known batch, and the decisions about refused ones.

    The connection must autocommit.

    Args:
        retries: make batches that were refused for their bytes pending again. The caller lands them, or
            they would look like batches that nobody has judged.

    Raises:
        IntegrityError: the ledger knows a batch that the bucket lacks, or lacks its like.
    """
    last = _last_number(connection, source, stream)
    if last:
        _require_same(connection, archive, source, stream, last)
    for manifest, decision in archive.listing(source, stream, after=last):
        # Decided before this database knew of it: what was rejected must not land in a replay.
        _remember(connection, manifest, f"{decision.verdict}ed" if decision else "pending")
    for refusal in _standing_refusals(connection, source, stream):
        if decision := archive.decision(refusal.manifest):
            _end_refusal(connection, refusal.manifest, f"{decision.verdict}ed")
        elif refusal.is_about_bytes and retries:
            # Somebody may have restored the object or its manifest: try again, at worst it is refused again.
            restored = archive.manifest(source, stream, refusal.manifest.batch)
            _end_refusal(connection, restored, "pending")


def _remember(connection: Connection, manifest: Manifest, state: str) -> None:
    """Note a batch of the archive, unless it is known, or a rebuild has forgotten those before it meanwhile.

    With a gap, no later listing would begin early enough to find them.
    """
    connection.execute(
        """
        insert into landing.batches
        select %(source)s, %(stream)s, %(batch)s, %(scope)s, %(state)s, %(manifest)s
        where %(batch)s = 1 or exists (
            select from landing.batches
            where (source, stream, batch) = (%(source)s, %(stream)s, %(batch)s - 1)
        )
        on conflict do nothing
        """,
        {
            "source": manifest.source,
            "stream": manifest.stream,
            "batch": manifest.batch,
            "scope": Jsonb(manifest.scope),
            "state": state,
            "manifest": Jsonb(msgspec.to_builtins(manifest)),
        },
    )


def _end_refusal(connection: Connection, manifest: Manifest, state: str) -> None:
    # Only if it still stands: another process may have landed the batch since we read that.
    connection.execute(
        "update landing.batches set state = %s, manifest = %s "
        "where (source, stream, batch) = (%s, %s, %s) and state = 'refused'",
        [
            state,
            Jsonb(msgspec.to_builtins(manifest)),
            manifest.source,
            manifest.stream,
            manifest.batch,
        ],
    )


def land_pending(
    connection: Connection, archive: Archive, source: str, stream: str, *, run_id: str
) -> tuple[list[Load], list[Refusal]]:
    """Land every batch that waits, each in a transaction of its own. The connection must autocommit.

    Returns:
        what landed now, and every refusal that stands (new or old) with the batches' reasons.
    """
    loads, refusals = [], _standing_refusals(connection, source, stream)
    blocked = [refusal.manifest.scope for refusal in refusals]
    for manifest in _manifests(connection, source, stream, "state in ('pending', 'accepted')"):
        if manifest.scope in blocked:
            continue
        landed = land_one(connection, archive, manifest, run_id=run_id)
        if isinstance(landed, Load):
            loads.append(landed)
        elif landed is not None:
            refusals.append(landed)
            blocked.append(manifest.scope)
    return loads, refusals


def start_of(connection: Connection, source: str, stream: str, scope: Scope) -> Start:
    """Where the next extraction of a scope begins: after the last batch, or where a rejected one began."""
    rows = connection.execute(
        # A scope has as many batches as it was read; only the last one and what came of rejections is asked.
        "select batch, state, manifest from landing.batches "
        "where (source, stream, scope) = (%(source)s, %(stream)s, %(scope)s) and ("
        "    state = 'rejected' or manifest -> 'makes_up_for' <> '[]' or batch = ("
        "        select max(batch) from landing.batches "
        "        where (source, stream, scope) = (%(source)s, %(stream)s, %(scope)s))"
        ") order by batch",
        {"source": source, "stream": stream, "scope": Jsonb(scope)},
    ).fetchall()
    known = {batch: msgspec.convert(manifest, Manifest) for batch, _, manifest in rows}
    made_up = {batch for manifest in known.values() for batch in manifest.makes_up_for}
    rejected = [batch for batch, state, _ in rows if state == "rejected" and batch not in made_up]
    last = max(known, default=None)
    cursor = None
    if rejected:
        cursor = known[min(rejected)].cursor_before
    elif last is not None:
        cursor = known[last].cursor_after
    return Start(last, _last_number(connection, source, stream), cursor, rejected)


def _last_number(connection: Connection, source: str, stream: str) -> int:
    row = connection.execute(
        "select coalesce(max(batch), 0) from landing.batches where (source, stream) = (%s, %s)",
        [source, stream],
    ).fetchone()
    assert row is not None
    return int(row[0])


def _manifests(connection: Connection, source: str, stream: str, condition: str) -> list[Manifest]:
    rows = connection.execute(
        f"select manifest from landing.batches where (source, stream) = (%s, %s) and {condition} "
        "order by batch",
        [source, stream],
    )
    return [msgspec.convert(row[0], Manifest) for row in rows]


def _require_same(connection: Connection, archive: Archive, source: str, stream: str, last: int) -> None:
    remembered = _manifests(connection, source, stream, f"batch = {last}")
    if not remembered:
        return  # a rebuild has forgotten it meanwhile
    (known,) = remembered
    try:
        found = archive.manifest(source, stream, last)
    except IntegrityError as error:
        raise IntegrityError(
            f"Postgres knows {known.title}, but the bucket {archive.bucket.url} does not have it.",
            "Check OBSERVES_BUCKET_URL and OBSERVES_POSTGRES_URL: one of the two is the wrong one, or the "
            "bucket has lost objects.",
        ) from error
    if found.batch_id != known.batch_id:
        raise IntegrityError(
            f"{known.title} is another one in Postgres than in the bucket {archive.bucket.url}.",
            "Check OBSERVES_BUCKET_URL and OBSERVES_POSTGRES_URL: one of the two is the wrong one.",
        )


def _standing_refusals(connection: Connection, source: str, stream: str) -> list[Refusal]:
    rows = connection.execute(
        "select b.manifest, r.reason, r.counts = '{}' from landing.batches as b join landing.refusals as r "
        "using (source, stream, batch) "
        "where (source, stream) = (%s, %s) and b.state = 'refused' order by batch",
        [source, stream],
    )
    return [
        Refusal(msgspec.convert(manifest, Manifest), reason, is_about_bytes)
        for manifest, reason, is_about_bytes in rows
    ]
