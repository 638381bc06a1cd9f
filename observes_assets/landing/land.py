"""Land one batch in one transaction: versions, tombstones, quarantine and its row in the ledger.

The order of locks is what makes "as of load N" exact: the landing lock (shared), the stream's lock, then
the load id. Nothing here commits; a failure leaves nothing behind.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from psycopg import Connection, sql

from observes_assets.archive import Manifest
from observes_assets.contracts import StreamContract
from observes_assets.landing.copy import copy_chosen, copy_keys
from observes_assets.landing.fresh import Fresh, has_heads
from observes_assets.landing.known import Known
from observes_assets.landing.ledger import Counts, write_load, write_quarantine
from observes_assets.landing.promises import require_kept
from observes_assets.landing.recognition import find_missing, have_heads_passed, is_repetition, known_heads
from observes_assets.landing.records import Reader, scope_prefix
from observes_assets.landing.refusal import SAMPLE_SIZE, check_quality, shrunk
from observes_assets.landing.repetition import count_refused_again
from observes_assets.landing.tables import StreamTables
from observes_assets.postgres.locks import LANDING, lock_transaction, stream_lock


@dataclass(frozen=True)
class Load:
    """One batch, landed."""

    load_id: int
    manifest: Manifest
    counts: Counts


def begin(connection: Connection, contract: StreamContract) -> int:
    """Take the locks of a landing, until the transaction ends; the load's id."""
    connection.execute("set local work_mem = '64MB'")
    # A landing whose process hangs would keep every build from fixing its as-of.
    connection.execute("set local idle_in_transaction_session_timeout = '10min'")
    lock_transaction(connection, LANDING, shared=True)
    lock_transaction(connection, stream_lock(contract.source, contract.name))
    return int(_one(connection, "select nextval('landing.load_id')"))


@dataclass(frozen=True)
class Landing:
    """One landing in progress: a batch, its contract, its local file, and the open transaction.

    ``unstorable`` names lines that go to quarantine since Postgres can't store them.
    """

    connection: Connection
    manifest: Manifest
    contract: StreamContract
    path: Path
    limits_apply: bool
    unstorable: frozenset[int] = frozenset()

    @property
    def tables(self) -> StreamTables:
        """The stream's tables."""
        return StreamTables.of(self.contract)

    @property
    def prefix(self) -> str:
        """How the keys of the batch's scope begin."""
        return scope_prefix(self.contract, self.manifest.scope)

    def run(self, *, run_id: str, code_version: str, started_at: datetime) -> Load:
        """Land the batch inside the caller's transaction.

        Raises:
            BatchRefusedError: too much of it is in quarantine, too many keys vanish, or it breaks another
                promise of its contract.
        """
        load_id = begin(self.connection, self.contract)
        reader = Reader(self.path, self.contract, self.manifest.scope, self.unstorable)
        if self.manifest.kind == "differential" and self.manifest.record_count == 0:
            counts = Counts()
        elif not has_heads(self.connection, self.contract, self.manifest.scope):
            counts = self._land_fresh(load_id, reader)
        elif self.manifest.kind == "complete" and is_repetition(self.connection, self.manifest, code_version):
            counts = Counts(read=self.manifest.record_count, unchanged=self._count_standing())
        else:
            counts = self._land_differences(load_id, reader, code_version)
        run = {"run_id": run_id, "code_version": code_version, "started_at": started_at}
        return self.write_down(load_id, reader, counts, run)

    def write_down(self, load_id: int, reader: Reader, counts: Counts, run: dict[str, Any]) -> Load:
        """Write quarantine and ledger, and hold what has landed against the contract's other promises.

        Raises:
            BatchRefusedError: it breaks one of them.
        """
        if reader.refused:
            again = count_refused_again(self.connection, self.tables, load_id, reader)
            counts = replace(counts, refused_again=again)
        write_quarantine(self.connection, self.manifest, reader.refused)
        is_accepted = not self.limits_apply
        write_load(self.connection, self.manifest, load_id, counts, **run, is_accepted=is_accepted)
        if self.limits_apply:
            require_kept(self.connection, self.contract, load_id)
        return Load(load_id, self.manifest, counts)

    def _land_fresh(self, load_id: int, reader: Reader) -> Counts:
        fresh = Fresh(self.connection, load_id, reader, self.path.parent)
        fresh.copy_records()
        check_quality(reader, self.manifest, limits_apply=self.limits_apply)
        return fresh.copy_heads()

    def _land_differences(self, load_id: int, reader: Reader, code_version: str) -> Counts:
        """Several readings: what the lines hold first, then only the documents that differ from the heads."""
        self.connection.execute(
            'create temporary table incoming (line integer, record_key text collate "C", record_hash uuid) '
            "on commit drop"
        )
        if self.manifest.kind == "complete":
            # Whatever the statistics say: taking all heads for one row, the planner would go through the
            # whole batch for each of them.
            self.connection.execute("set local enable_nestloop = off")
            if have_heads_passed(self.connection, self.manifest, code_version):
                reader.skip_known(known_heads(self.connection, self.tables, self.prefix))
        copy_keys(self.connection, reader)
        check_quality(reader, self.manifest, limits_apply=self.limits_apply)
        self.connection.execute("analyze incoming")
        if reader.known:
            find_missing(self.connection, self.tables, self.prefix, reader.known)
        changed = self._find_changed(reader.known)
        unchanged = self._count_unchanged(changed, reader.known)
        copy_chosen(
            self.connection,
            self.tables,
            load_id,
            sql.SQL("select line, record_key, record_hash from changed order by line"),
            reader.documents(),
        )
        self._supersede(load_id, "changed")
        self._execute(
            """
            insert into {versions}
                (record_key, load_id, is_deleted, content_load_id, first_load_id, record_hash)
            select record_key, %(load)s, false, %(load)s, coalesce(first_load_id, %(load)s), record_hash
            from changed
            """,
            {"load": load_id},
        )
        deleted = self._bury_vanished(load_id, reader) if self._may_bury(reader) else 0
        return Counts(reader.line_count, changed, unchanged, deleted, len(reader.refused))

    def _find_changed(self, known: Known | None) -> int:
        changed = self._execute(
            """
            create temporary table changed on commit drop as
            select
                i.line, i.record_key, i.record_hash, v.first_load_id, v.record_hash as head_hash,
                v.record_key is not null and not v.is_deleted as was_present
            from incoming as i
            join (select max(line) as line from incoming group by record_key) as last using (line)
            left join {versions} as v
                on v.record_key = i.record_key and v.superseded_by is null and v.record_key ^@ %s
            where v.record_key is null or v.is_deleted or v.record_hash <> i.record_hash
            """,
            [self.prefix],
        )
        return changed - (self._drop_overtaken(known) if known else 0)

    def _drop_overtaken(self, known: Known) -> int:
        """If a later line repeats the head, the last of duplicates wins: the head stands."""
        doubled = self.connection.execute(
            "select line, head_hash from changed where was_present "
            "and record_key not in (select record_key from missing)"
        )
        overtaken = [line for line, head in doubled if known.last_line(head.bytes) > line]
        if overtaken:
            self._execute("delete from changed where line = any(%s)", [overtaken])
        return len(overtaken)

    def _count_unchanged(self, changed: int, known: Known | None) -> int:
        """Keys of the batch whose heads stand as they stood."""
        if not known:
            return int(_one(self.connection, "select count(distinct record_key) from incoming")) - changed
        return self._count_standing() - int(
            _one(
                self.connection,
                "select count(*) from (select record_key from missing "
                "union select record_key from changed where was_present)",
            )
        )

    def _supersede(self, load_id: int, by: str) -> None:
        self._execute(
            f"""
            update {{versions}} as v set superseded_by = %s from {by} as c
            where v.record_key = c.record_key and v.superseded_by is null and v.record_key ^@ %s
            """,
            [load_id, self.prefix],
        )

    def _may_bury(self, reader: Reader) -> bool:
        # A refused record counts as present; if its key can't be read, any key may be the present one.
        return self.manifest.kind == "complete" and all(one.key is not None for one in reader.refused)

    def _bury_vanished(self, load_id: int, reader: Reader) -> int:
        present = [one.key for one in reader.refused]
        among = "join missing using (record_key)" if reader.known else ""
        vanished = self._execute(
            f"""
            create temporary table vanished on commit drop as
            select v.record_key, v.content_load_id, v.first_load_id, v.record_hash
            from {{versions}} as v {among}
            where v.superseded_by is null and not v.is_deleted and v.record_key ^@ %s
                and v.record_key <> all (%s)
                and not exists (select from incoming as i where i.record_key = v.record_key)
            """,
            [self.prefix, present],
        )
        if vanished:
            self._check_shrinkage(vanished)
            self._supersede(load_id, "vanished")
            self._execute(
                """
                insert into {versions}
                    (record_key, load_id, is_deleted, content_load_id, first_load_id, record_hash)
                select record_key, %s, true, content_load_id, first_load_id, record_hash from vanished
                """,
                [load_id],
            )
        return vanished

    def _check_shrinkage(self, vanished: int) -> None:
        # The changed heads are written already, so what stands includes keys that this batch brings.
        before = self._count_standing() - int(
            _one(self.connection, "select count(*) from changed where not was_present")
        )
        if self.limits_apply and vanished > self.contract.maximum_vanished_share * before:
            keys = self.connection.execute(
                "select record_key from vanished order by 1 limit %s", [SAMPLE_SIZE]
            )
            raise shrunk(self.contract, vanished, before, [row[0] for row in keys])

    def _count_standing(self) -> int:
        """The scope's keys that are not gone."""
        count = sql.SQL(
            "select count(*) from {} where superseded_by is null and not is_deleted and record_key ^@ %s"
        ).format(self.tables.versions)
        return int(_one(self.connection, count, [self.prefix]))

    def _execute(self, query: str, parameters: Any = None) -> int:
        composed = sql.SQL(query).format(raw=self.tables.raw, versions=self.tables.versions)
        return self.connection.execute(composed, parameters).rowcount


def _one(connection: Connection, query: Any, parameters: Any = None) -> Any:
    row = connection.execute(query, parameters).fetchone()
    assert row is not None
    return row[0]
