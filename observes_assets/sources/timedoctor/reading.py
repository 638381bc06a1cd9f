"""What the warehouse holds of days: when each was looked at, which have landed, what was known of a day."""

from datetime import UTC, date, datetime
from typing import Any

from psycopg import Connection, sql
from psycopg.types.json import Jsonb

from observes_assets.archive import Scope
from observes_assets.contracts import Contract, StreamContract
from observes_assets.landing.records import scope_prefix
from observes_assets.landing.tables import StreamTables
from observes_assets.sources.timedoctor.days import DAY, between

_HEADS = (
    "select r.record from {versions} as v join {raw} as r "
    "on r.load_id = v.content_load_id and r.record_key = v.record_key "
    "where v.superseded_by is null and not v.is_deleted and v.record_key ^@ {prefix}"
)


def known(connection: Connection, stream: StreamContract, scope: Scope) -> list[dict[str, Any]]:
    """The records of a scope that are not gone."""
    tables = StreamTables.of(stream)
    query = sql.SQL(_HEADS).format(
        versions=tables.versions, raw=tables.raw, prefix=scope_prefix(stream, scope)
    )
    return [row[0] for row in connection.execute(query)]


def looks(connection: Connection, contract: Contract, company: str) -> dict[str, dict[date, datetime]]:
    """When each day was last read well (UTC), by stream; lists of the whole company under the first date."""
    found: dict[str, dict[date, datetime]] = {stream: {} for stream in contract.streams}
    for record in known(connection, contract.streams["observations"], {}):
        if record["company_id"] == company and record["read_at"] and record["stream"] in found:
            day = date.fromisoformat(record["day"]) if record["day"] else date.min
            found[record["stream"]][day] = datetime.fromisoformat(record["read_at"])
    return found


def landed(connection: Connection, stream: str, company: str) -> set[date]:
    """Days of which a batch has landed that was read after the day was over (UTC)."""
    rows = connection.execute(
        "select distinct (scope ->> 'day')::date from landing.loads "
        "where source = 'timedoctor' and stream = %s and scope ->> 'company_id' = %s and kind = 'complete' "
        "and extracted_until >= ((scope ->> 'day')::date + 1)::timestamp at time zone 'UTC'",
        [stream, company],
    )
    return {row[0] for row in rows}


def read_until(connection: Connection, stream: str, scope: Scope) -> datetime | None:
    """When the newest batch of a scope that has landed was read (UTC); None: none has."""
    row = connection.execute(
        "select max(extracted_until) from landing.loads "
        "where source = 'timedoctor' and stream = %s and scope = %s",
        [stream, Jsonb(scope)],
    ).fetchone()
    return row[0] if row else None


def missing(
    connection: Connection, stream: str, company: str, *, first: date | None, yesterday: date
) -> list[date]:
    """Days that never landed, between the first that is wanted or has landed, and yesterday.

    Args:
        first: from here on no day may be missing; None: from the first that has landed.
    """
    present = landed(connection, stream, company)
    begin = min([*present, *([first] if first else [])], default=None)
    if begin is None:
        return []
    return [day for day in between(begin, yesterday) if day not in present]


def yesterday(connection: Connection) -> date:
    """The last day that was over when TimeDoctor was last looked at, by its own clock (UTC)."""
    row = connection.execute(
        "select max(extracted_until) from landing.loads "
        "where source = 'timedoctor' and stream = 'observations'"
    ).fetchone()
    at = row[0] if row and row[0] else datetime.now(UTC)
    return at.astimezone(UTC).date() - DAY
