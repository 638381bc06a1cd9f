"""Closed months as records of Observes: which state of a month's bills closed, and from which release.

The bucket's ``summary.json`` decides; the records let marts know, and whoever starts from an empty database.
"""

from collections.abc import Iterable
from typing import Any

from psycopg import Connection

from observes_assets.billing.records import MonthOutcome
from observes_assets.billing.store import BillStore
from observes_assets.installation import Installation
from observes_assets.sources.observes.recording import record


def record_closings(
    installation: Installation, connection: Connection[Any], months: Iterable[MonthOutcome], run_id: str
) -> int:
    """Record the closed months that are not recorded yet, those of a killed run too; returns how many."""
    known = {row[0] for row in connection.execute("select record_key from landing.observes__closings")}
    fresh = []
    for one in months:
        closed = f"{one.month:%Y-%m}"
        if one.status == "closed" and f'["{closed}",{one.revision}]' not in known:
            summary = BillStore(installation.bucket).summary(one.month)
            assert summary is not None
            fresh += [
                {
                    "month": closed,
                    "revision": revision.revision,
                    "directory": revision.directory,
                    "release": revision.release,
                }
                for revision in summary.revisions
            ]
    if fresh:
        record(installation, connection, "closings", fresh, run_id=run_id)
    return len(fresh)
