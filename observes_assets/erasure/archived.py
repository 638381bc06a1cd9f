"""Rewrite batches, and what landed from them.

A batch that names an erased person gets new data under a new content name; what landed from it is changed in
Postgres; then a successor manifest stands beside the first; and when the whole stream is done, data that no
manifest names any more is deleted. Killed anywhere, and begun again, it ends the same: a batch without its
successor is done anew, from data that is still there.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import msgspec
from psycopg import Connection, sql
from psycopg.types.json import Jsonb

from observes_assets import contracts
from observes_assets.archive import Archive, Manifest, lines
from observes_assets.contracts import Contract, StreamContract
from observes_assets.door import Door, door_of
from observes_assets.draft import Draft, line_hash
from observes_assets.erasure.people import Erased
from observes_assets.landing.tables import StreamTables
from observes_assets.scratch import scratch

_DATA = ".ndjson.zst"


def without_erased(archive: Archive, manifest: Manifest, contract: StreamContract, path: Path) -> None:
    """Take erased people from a downloaded batch that was archived before they were erased.

    So that neither a rebuild nor a bucket's backup brings a person back.
    """
    register = archive.register
    if register.erased.number == 0 or register.is_covered(
        manifest.source, manifest.stream, manifest.batch, manifest.erasure
    ):
        return
    with archive.draft(contract) as draft:
        for line in lines(path):
            draft.add(line)
        draft.close()
        shutil.move(draft.path, path)


@dataclass
class Counts:
    """What was found, or rewritten."""

    batches: int = 0
    records: int = 0
    rows: int = 0
    deleted_objects: int = 0


@dataclass
class StreamRewriter:
    """Rewrites one stream. Nobody may archive or land meanwhile.

    Args:
        erased: everybody who is erased, the new ones too.
        current: the contract that the program ships, if it still knows the source.
        is_dry: count only.
    """

    connection: Connection
    archive: Archive
    erased: Erased
    source: str
    stream: str
    current: Contract | None
    is_dry: bool = False
    counts: Counts = field(default_factory=Counts)
    _clean: set[str] = field(default_factory=set)
    _doors: dict[str, Door] = field(default_factory=dict)

    def run(self, step: Callable[[int, str], None]) -> int:
        """Rewrite what has to be; returns the number of the last batch.

        Args:
            step: is told of each batch.
        """
        last, named = 0, set()
        for manifest, _ in self.archive.listing(self.source, self.stream, after=0):
            step(0, manifest.title)
            if manifest.erasure < self.erased.number and manifest.data_sha256 not in self._clean:
                manifest = self._rewrite(manifest)  # noqa: PLW2901 - its successor, from here on
            named.add(manifest.data)
            last = manifest.batch
            step(1, manifest.title)
        if not self.is_dry:
            self._delete_unnamed(named)
        return last

    def _rewrite(self, manifest: Manifest) -> Manifest:
        with scratch("erasure") as folder:
            found, data = folder / "found", folder / "data"
            self.archive.download(manifest, found)
            draft = Draft(data, erasure=self.erased.number)
            with self.connection.transaction():
                changed = self._stage(manifest, found, draft)
                draft.close()
                if not changed:
                    self._clean.add(manifest.data_sha256)
                    return manifest
                self.counts.batches += 1
                self.counts.records += changed
                if self.is_dry:
                    return manifest
                successor = self._put_data(manifest, draft)
                self._change_landed(successor)
            self.archive.put_successor(successor)
        return successor

    def _stage(self, manifest: Manifest, path: Path, draft: Draft) -> int:
        """Write the batch anew into the draft, and the changed lines into a temporary table."""
        self.connection.execute("drop table if exists pg_temp.changed_lines")
        self.connection.execute(
            "create temporary table changed_lines (line integer, old_hash uuid, new_hash uuid, record jsonb) "
            "on commit drop"
        )
        changed = 0
        with (
            self.connection.cursor() as cursor,
            cursor.copy("copy changed_lines (line, old_hash, new_hash, record) from stdin") as copy,
        ):
            for line, before, after in _through(self._door(manifest), path):
                draft.add(after)
                if after != before:
                    changed += 1
                    document = None if self.is_dry else _storable(after)
                    copy.write_row((line, _hash(before), _hash(after), document))
        return changed

    def _door(self, manifest: Manifest) -> Door:
        """The door of the contract that the batch was extracted under, and of today's."""
        if manifest.contract_sha256 not in self._doors:
            text = self.archive.contract_text(manifest.contract_sha256)
            known = [contracts.parse(self.source, text), *([self.current] if self.current else [])]
            streams = [one.streams[self.stream] for one in known if self.stream in one.streams]
            self._doors[manifest.contract_sha256] = door_of(self.erased, *streams)
        return self._doors[manifest.contract_sha256]

    def _put_data(self, manifest: Manifest, draft: Draft) -> Manifest:
        data_sha256 = draft.close()
        name = f"data/{self.source}/{self.stream}/{data_sha256}{_DATA}"
        self.archive.bucket.put_new(name, draft.path)
        return msgspec.structs.replace(
            manifest,
            data=name,
            data_sha256=data_sha256,
            byte_count=draft.byte_count,
            erasure=self.erased.number,
            replaces_sha256=manifest.data_sha256,
        )

    def _change_landed(self, manifest: Manifest) -> None:
        where = [manifest.source, manifest.stream, manifest.batch]
        self.connection.execute(
            "update landing.batches set manifest = %s where (source, stream, batch) = (%s, %s, %s)",
            [Jsonb(msgspec.to_builtins(manifest)), *where],
        )
        load = self.connection.execute(
            "select load_id from landing.loads where (source, stream, batch) = (%s, %s, %s)", where
        ).fetchone()
        if load is None:
            return
        tables = StreamTables(manifest.source, manifest.stream)
        rows = self.connection.execute(
            sql.SQL(
                "update {} as r set record = c.record, record_hash = c.new_hash from changed_lines as c "
                "where r.load_id = %s and r.line = c.line"
            ).format(tables.raw),
            load,
        )
        self.counts.rows += rows.rowcount
        self.connection.execute(
            sql.SQL(
                "update {} as v set record_hash = c.new_hash from changed_lines as c "
                "where v.content_load_id = %s and v.record_hash = c.old_hash"
            ).format(tables.versions),
            load,
        )

    def _delete_unnamed(self, named: set[str]) -> None:
        """Delete data that no manifest names: what was rewritten, and what a killed extraction left."""
        for name in list(self.archive.bucket.names(f"data/{self.source}/{self.stream}/")):
            if name.endswith(_DATA) and name not in named:
                self.archive.bucket.delete(name)
                self.counts.deleted_objects += 1


def streams_of(archive: Archive) -> dict[tuple[str, str], int]:
    """Every stream in the archive, with how many objects it has there."""
    found: dict[tuple[str, str], int] = {}
    for name in archive.bucket.names("archive/"):
        _, source, stream, _ = name.split("/", 3)
        found[source, stream] = found.get((source, stream), 0) + 1
    return found


def vacuum(connection: Connection, streams: Mapping[tuple[str, str], Counts]) -> None:
    """Let go of the old rows; the space that they had is overwritten by and by."""
    for (source, stream), counts in streams.items():
        if counts.rows:
            tables = StreamTables(source, stream)
            connection.execute(sql.SQL("vacuum (analyze) {}").format(tables.raw))
            connection.execute(sql.SQL("vacuum (analyze) {}").format(tables.versions))


def _through(door: Door, path: Path) -> Iterator[tuple[int, bytes, bytes]]:
    for line, before in enumerate(lines(path), start=1):
        yield line, before, door(before)


def _hash(line: bytes) -> UUID:
    return UUID(bytes=line_hash(line))


def _storable(line: bytes) -> str | None:
    # A line that Postgres can't store never landed, so there is no row to change.
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return None
    return None if "\\u0000" in text else text
