"""Write down what a load did: its row in the ledger, and pointers to the records that it set aside."""

from dataclasses import asdict, dataclass
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from observes_assets.archive import Manifest
from observes_assets.draft import HASH_RECIPE
from observes_assets.landing.history import is_first
from observes_assets.landing.records import Refused


@dataclass(frozen=True)
class Counts:
    """What a load did: records of the batch, and keys of the scope.

    ``refused_again`` are quarantined lines of records that another line of the batch brings too.
    """

    read: int = 0
    written: int = 0
    unchanged: int = 0
    deleted: int = 0
    quarantined: int = 0
    refused_again: int = 0


def write_quarantine(connection: Connection, manifest: Manifest, refused: list[Refused]) -> None:
    """Note the refused lines; their bytes stay in the archive."""
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "copy landing.quarantine (source, stream, batch, line, record_key, path, reason) from stdin"
        ) as copy,
    ):
        for one in refused:
            copy.write_row(
                (
                    manifest.source,
                    manifest.stream,
                    manifest.batch,
                    one.line,
                    one.key,
                    one.violation.path,
                    one.violation.reason,
                )
            )


def write_load(connection: Connection, manifest: Manifest, load_id: int, counts: Counts, **run: Any) -> None:
    """Write the load's row, and that its batch has landed.

    Args:
        run: run_id, code_version, started_at (UTC) and is_accepted (a person accepted the batch).
    """
    connection.execute(
        """
        insert into landing.loads select
            %(load_id)s, %(source)s, %(stream)s, %(batch)s, %(scope)s, %(kind)s, %(is_first)s,
            %(extracted_from)s, %(extracted_until)s, %(read)s, %(written)s, %(unchanged)s,
            %(deleted)s, %(quarantined)s, %(hash_recipe)s, %(contract_sha256)s, %(code_version)s,
            %(run_id)s, %(started_at)s, clock_timestamp(), %(reported_count)s, %(is_accepted)s,
            %(refused_again)s
        """,
        {
            "load_id": load_id,
            "source": manifest.source,
            "stream": manifest.stream,
            "batch": manifest.batch,
            "scope": Jsonb(manifest.scope),
            "kind": manifest.kind,
            "is_first": is_first(connection, manifest),
            "extracted_from": manifest.extracted_from,
            "extracted_until": manifest.extracted_until,
            "hash_recipe": HASH_RECIPE,
            "reported_count": manifest.reported_count,
            "contract_sha256": manifest.contract_sha256,
            **asdict(counts),
            **run,
        },
    )
    connection.execute(
        "update landing.batches set state = 'landed' where (source, stream, batch) = (%s, %s, %s)",
        [manifest.source, manifest.stream, manifest.batch],
    )
