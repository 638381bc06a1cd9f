"""Where incidents are written down: a batch of ``observes/incidents``, and its copy in Postgres."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec
from psycopg import Connection

from observes_assets.errors import SettingsError
from observes_assets.extraction import Extractor
from observes_assets.incidents.lifecycle import Incident, as_record
from observes_assets.installation import Installation
from observes_assets.sources.observes import copies
from observes_assets.sources.observes.recording import SOURCE, record, record_broken_off

STREAM = "incidents"
TOLD_FOR = timedelta(days=7)
"""So long after its closing an incident's news is still worth telling."""


def catch_up(installation: Installation, connection: Connection) -> None:
    """Land what waits in the bucket, be it all of it, and record the attempts that a kill broke off."""
    extractor = Extractor(connection, installation.archive, installation.contracts[SOURCE], "")
    for stream in (STREAM, "extractions", "decisions"):
        extractor.land_waiting(stream)
    record_broken_off(installation, connection)
    copies.bring_up_to_date(connection)


def write(
    installation: Installation, connection: Connection, incidents: Iterable[Incident], *, run_id: str = ""
) -> None:
    """Write down how incidents stand now. Durable when it returns; nothing is written for none."""
    if records := [dict(as_record(one)) for one in incidents]:
        record(installation, connection, STREAM, records, run_id=run_id)


def open_incidents(connection: Connection) -> list[Incident]:
    """The open ones, the oldest first."""
    return _read(connection, "where closed_at is null order by opened_at, record ->> 'cause'")


def worth_telling(connection: Connection, now: datetime) -> list[Incident]:
    """Those of which somebody has not been told everything, the oldest first."""
    found = _read(
        connection,
        "where closed_at is null or closed_at > %s order by opened_at, record ->> 'cause'",
        [now - TOLD_FOR],
    )
    return [one for one in found if one.untold]


def newest(connection: Connection, limit: int) -> list[Incident]:
    """Open incidents, then closed ones, the newest first."""
    return _read(
        connection, "order by closed_at is not null, closed_at desc, opened_at desc limit %s", [limit]
    )


def find(connection: Connection, incident_id: str) -> Incident:
    """One incident.

    Raises:
        SettingsError: there is none of this id.
    """
    found = _read(connection, "where incident_id = %s", [incident_id])
    if not found:
        raise SettingsError(
            f"There is no incident {incident_id}.", "`observes incident list` shows what there is."
        )
    return found[0]


def _read(connection: Connection, which: str, parameters: list[Any] | None = None) -> list[Incident]:
    rows = connection.execute(f"select record from landing.incidents {which}", parameters)
    return [msgspec.convert(row[0], Incident) for row in rows]
