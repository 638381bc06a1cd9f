"""What must hold at any moment, whatever happened before: asked of Postgres and of the archive.

``require_whole`` looks at Postgres alone and fits any installation. ``require_archive_landed`` lands the
archive once more, in Python and without SQL, and compares: every accepted record is in exactly one chain of
versions. Load ids differ between databases, so versions are told apart by the batches that wrote them.
"""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from psycopg import Connection, sql

from observes_assets import contracts
from observes_assets.archive import Archive, Manifest, lines

_PROMISES = {
    "the ledger's counts are the rows": """
        select load_id from landing.loads as l
        left join (select load_id, count(*) as written from {raw} group by 1) as r using (load_id)
        left join (
            select load_id, count(*) as versions, count(*) filter (where is_deleted) as deleted
            from {versions} group by 1
        ) as v using (load_id)
        left join (
            select batch, count(*) as quarantined from landing.quarantine
            where (source, stream) = (%(source)s, %(stream)s) group by 1
        ) as q using (batch)
        where (source, stream) = (%(source)s, %(stream)s) and (
            records_written <> coalesce(written, 0) or records_deleted <> coalesce(deleted, 0)
            or records_written + records_deleted <> coalesce(versions, 0)
            or records_quarantined <> coalesce(quarantined, 0)
        )
    """,
    "every document has one version and every version one document": """
        select record_key from (
            select record_key, load_id, record_hash, 1 as rows from {raw}
            union all
            select record_key, load_id, record_hash, -1 from {versions} where not is_deleted
        ) as both_tables group by record_key, load_id, record_hash having sum(rows) <> 0 or count(*) <> 2
    """,
    "nothing is there that did not land": """
        select load_id from (select load_id from {raw} union select load_id from {versions}) as found
        where load_id not in (
            select load_id from landing.loads where (source, stream) = (%(source)s, %(stream)s)
        )
    """,
    "a chain has no gap and no branch": """
        select record_key from (
            select *, lead(load_id) over (partition by record_key order by load_id) as next from {versions}
        ) as chain where superseded_by is distinct from next
    """,
    "the first version is the first load, and first loads never change": """
        select record_key from {versions} group by record_key
        having min(first_load_id) <> min(load_id) or max(first_load_id) <> min(load_id)
    """,
    "two versions in a row differ": """
        select record_key from (
            select *, lag((record_hash, is_deleted)) over (partition by record_key order by load_id) as before
            from {versions}
        ) as chain where before = (record_hash, is_deleted)
    """,
    "batches of a scope landed in order": """
        select batch from (
            select batch, lag(batch) over (partition by scope order by load_id) as before
            from landing.loads where (source, stream) = (%(source)s, %(stream)s)
        ) as landed where before > batch
    """,
    "batches are known without gaps": """
        select max(batch) from landing.batches where (source, stream) = (%(source)s, %(stream)s)
        having max(batch) <> count(*)
    """,
    "what counts as landed is in the ledger, and only that": """
        select b.batch from landing.batches as b full join landing.loads as l using (source, stream, batch)
        where (source, stream) = (%(source)s, %(stream)s) and (b.state = 'landed') <> (l.load_id is not null)
    """,
}
_RELEASES = {
    "one release is on show, or none was ever published": """
        select count(*) filter (where is_on_show) from landing.releases
        having count(*) filter (where is_on_show) <> least(count(*), 1)
    """,
}


def require_whole(connection: Connection) -> None:
    """Check that the ledger is the rows, chains are chains, and what is on show is what was measured."""
    streams = connection.execute("select distinct source, stream from landing.batches").fetchall()
    for source, stream in streams:
        names = {
            "raw": sql.Identifier(f"raw_{source}", stream),
            "versions": sql.Identifier("landing", f"{source}__{stream}"),
        }
        for promise, query in _PROMISES.items():
            broken = connection.execute(
                sql.SQL(query).format(**names), {"source": source, "stream": stream}
            ).fetchmany(5)
            assert broken == [], f"{source}/{stream}: {promise}"
    for promise, query in _RELEASES.items():
        assert connection.execute(query).fetchall() == [], promise
    _require_shown(connection)


def _require_shown(connection: Connection) -> None:
    row = connection.execute(
        "select release_number, record -> 'marts' from landing.releases where is_on_show"
    ).fetchone()
    if row is None:
        return
    number, marts = row
    assert connection.execute("select release_number from warehouse.release").fetchall() == [(number,)]
    for mart, measured in marts.items():
        found = sha256_of(connection, sql.Identifier("warehouse", mart))
        assert found == measured["sha256"], f"release {number}: {mart} is not what was published"


def sha256_of(connection: Connection, table: sql.Identifier) -> str:
    """What a release's record says of a mart: sha256 of its text, in the order of its columns."""
    digest = hashlib.sha256()
    query = sql.SQL("copy (select * from {0} as mart order by mart) to stdout").format(table)
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        for chunk in copy:
            digest.update(chunk)
    return digest.hexdigest()


# --- The archive, landed in Python ------------------------------------------------------------------------


@dataclass
class _Head:
    digest: str
    batch: int
    content_batch: int
    first_batch: int
    is_deleted: bool = False

    def version(self, key: str, superseded_by: int | None) -> tuple[Any, ...]:
        history = self.content_batch, self.first_batch, self.digest
        return key, self.batch, superseded_by, self.is_deleted, *history


_VERSIONS = """
    with batch as (
        select load_id, batch from landing.loads where (source, stream) = (%(source)s, %(stream)s)
    )
    select v.record_key, written.batch, gone.batch, v.is_deleted, content.batch, first.batch,
        replace(v.record_hash::text, '-', '')
    from {versions} as v
    join batch as written on written.load_id = v.load_id
    join batch as content on content.load_id = v.content_load_id
    join batch as first on first.load_id = v.first_load_id
    left join batch as gone on gone.load_id = v.superseded_by
"""


def versions_of(connection: Connection, source: str, stream: str) -> set[tuple[Any, ...]]:
    """Every version: (key, batch, superseded by batch, is deleted, content's batch, first batch, hash)."""
    query = sql.SQL(_VERSIONS).format(versions=sql.Identifier("landing", f"{source}__{stream}"))
    return set(connection.execute(query, {"source": source, "stream": stream}).fetchall())


@dataclass
class ArchiveReader:
    """Reads each batch once: an object of the archive never changes."""

    archive: Archive
    known: dict[str, list[tuple[str, str] | None]] = field(default_factory=dict)

    def records(self, manifest: Manifest) -> list[tuple[str, str] | None]:
        """Key and hash of each line, held against its sha256; None for a line without a readable key."""
        if manifest.batch_id not in self.known:
            text = self.archive.contract_text(manifest.contract_sha256)
            key = contracts.parse(manifest.source, text).streams[manifest.stream].key
            with TemporaryDirectory() as folder:
                path = Path(folder) / "batch"
                self.archive.download(manifest, path)
                self.known[manifest.batch_id] = [_record(line, key) for line in lines(path)]
        return self.known[manifest.batch_id]


def _record(line: bytes, key: tuple[str, ...]) -> tuple[str, str] | None:
    try:
        record = json.loads(line)
        values = [record[name] for name in key]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    name = json.dumps(values, separators=(",", ":"), ensure_ascii=False)
    return name, hashlib.sha256(line).hexdigest()[:32]


def require_archive_landed(connection: Connection, reader: ArchiveReader, source: str, stream: str) -> None:
    """Check that what landed is what the archive holds, version by version, less what was refused."""
    landed = dict(
        connection.execute(
            "select batch, state = 'landed' from landing.batches where (source, stream) = (%s, %s)",
            [source, stream],
        ).fetchall()
    )
    refused = _refused(connection, source, stream)
    heads: dict[str, dict[str, _Head]] = {}
    expected: set[tuple[Any, ...]] = set()
    previous: dict[str, int] = {}
    for manifest, _ in reader.archive.listing(source, stream, after=0):
        scope = str(manifest.scope)
        assert manifest.previous == previous.get(scope), f"{manifest.title} does not follow the last one"
        previous[scope] = manifest.batch
        records = reader.records(manifest)
        assert len(records) == manifest.record_count, manifest.title
        if landed.pop(manifest.batch, False):
            _land(manifest, records, refused.get(manifest.batch, {}), heads.setdefault(scope, {}), expected)
    assert landed == {}, "Postgres knows batches that the archive lacks"
    for of_scope in heads.values():
        expected |= {head.version(key, None) for key, head in of_scope.items()}
    found = versions_of(connection, source, stream)
    assert found == expected, (sorted(found - expected)[:3], sorted(expected - found)[:3])


def _refused(connection: Connection, source: str, stream: str) -> dict[int, dict[int, str | None]]:
    """By batch, the refused lines and their keys."""
    found: dict[int, dict[int, str | None]] = {}
    query = "select batch, line, record_key from landing.quarantine where (source, stream) = (%s, %s)"
    for batch, line, key in connection.execute(query, [source, stream]):
        found.setdefault(batch, {})[line] = key
    return found


def _land(
    manifest: Manifest,
    records: list[tuple[str, str] | None],
    refused: dict[int, str | None],
    heads: dict[str, _Head],
    versions: set[tuple[Any, ...]],
) -> None:
    accepted = [record for line, record in enumerate(records, start=1) if line not in refused]
    assert None not in accepted, f"{manifest.title}: a line without a readable key was accepted"
    last = dict(record for record in accepted if record)  # the last of duplicates stays
    batch, fresh = manifest.batch, {}
    for key, digest in last.items():
        old = heads.get(key)
        if old is None or old.is_deleted or old.digest != digest:
            fresh[key] = _Head(digest, batch, batch, old.first_batch if old else batch)
    if manifest.kind == "complete" and None not in refused.values():
        present = last.keys() | set(refused.values())
        for key, old in heads.items():
            if key not in present and not old.is_deleted:
                fresh[key] = _Head(old.digest, batch, old.content_batch, old.first_batch, is_deleted=True)
    for key, head in fresh.items():
        if old := heads.get(key):
            versions.add(old.version(key, batch))
        heads[key] = head
