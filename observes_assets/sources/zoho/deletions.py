"""What was deleted, by Zoho's own lists, one a module: exports never show it."""

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson

from observes_assets.archive import Cursor
from observes_assets.errors import SourceError
from observes_assets.extraction import Extractor, Reading
from observes_assets.sources.zoho.client import Client
from observes_assets.sources.zoho.failures import NoAccessError, StoppedError, UnreachableError
from observes_assets.sources.zoho.reading import OVERLAP
from observes_assets.sources.zoho.streams import DELETIONS, instant, stamp

_FIELDS = ("module", "id", "deleted_time", "type", "deleted_by")
_STANDING = """
    select r.record
    from landing.zoho__deletions as v
    join raw_zoho.deletions as r on r.load_id = v.content_load_id and r.record_key = v.record_key
    where v.superseded_by is null and not v.is_deleted and r.record ->> 'module' <> all(%s)
"""
Record = dict[str, Any]


def read_deletions(
    extractor: Extractor, client: Client, modules: Sequence[str], *, told: Collection[str] = ()
) -> None:
    """Read what was deleted since last time, of all modules; now and then all that Zoho still tells.

    A record that is no more in all of it was restored, or is forgotten by Zoho, and by then the sweep of its
    own stream has made a tombstone of it. Of a module that can't be read nothing is taken for restored, and
    its next list is read whole.

    Args:
        told: modules whose trouble is known already.

    Raises:
        SourceError: of some module nothing could be read; what the others have lost has landed.
    """
    stream = extractor.contract.streams[DELETIONS]
    with extractor.scope(DELETIONS, {}) as start:
        began_at = client.server_at
        known = start.cursor or {}
        is_sweep = known.get("modules") != sorted(modules) or _is_old(known, began_at, stream.sweep_every)
        since = None if is_sweep else instant(known["newest_at"]) - OVERLAP
        records, errors = _read(client, modules, since)
        times = [instant(one["deleted_time"]) for one in records]
        if known.get("newest_at"):
            times.append(instant(known["newest_at"]))
        read = sorted(set(modules) - errors.keys())
        if is_sweep:
            records += _standing(extractor, but=read)
        lines = sorted(orjson.dumps(one, option=orjson.OPT_SORT_KEYS) for one in records)
        digest = hashlib.sha256(b"\n".join(lines)).hexdigest()
        if read and (is_sweep or digest != known.get("digest") or start.makes_up_for):
            cursor = {
                "newest_at": stamp(max(times, default=began_at)),
                "swept_at": stamp(began_at) if is_sweep else known["swept_at"],
                "digest": digest,
                "modules": read,
            }
            reading = Reading("complete" if is_sweep else "differential", records, lambda: cursor)
            extractor.extract(DELETIONS, {}, start, reading, times=(began_at, client.server_at))
        for module, error in errors.items():
            if module not in told or not read:
                raise error


def _is_old(known: Cursor, now: datetime, sweep_every: timedelta | None) -> bool:
    swept_at = instant(known["swept_at"]) if known.get("swept_at") else None
    return swept_at is None or (sweep_every is not None and now - swept_at >= sweep_every)


def _read(
    client: Client, modules: Sequence[str], since: datetime | None
) -> tuple[list[Record], dict[str, SourceError]]:
    records: list[Record] = []
    errors: dict[str, SourceError] = {}
    for module in modules:
        try:
            records += [_deletion(module, row) for row in client.deleted(module, since)]
        except (StoppedError, NoAccessError, UnreachableError):
            raise
        except SourceError as error:
            errors[module] = error
    return records, errors


def _standing(extractor: Extractor, *, but: Sequence[str]) -> list[Record]:
    """What is known to be deleted from other modules than these."""
    rows = extractor.connection.execute(_STANDING, [list(but)])
    return [{name: row[0].get(name) for name in _FIELDS} for row in rows]


def _deletion(module: str, row: Record) -> Record:
    """A record of ``deletions``: not the name of what was deleted, which may be a person's."""
    return {
        "module": module,
        "id": str(row["id"]),
        "deleted_time": row["deleted_time"],
        "type": row.get("type"),
        "deleted_by": (row.get("deleted_by") or {}).get("id"),
    }
