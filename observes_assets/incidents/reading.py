"""Gather the facts from Postgres: no vendor, no bucket, no Dagster. One query for all streams, by index."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection

from observes_assets.erasure.register import unfinished
from observes_assets.incidents.facts import Failing, Quarantined, Refused, StreamFacts

_STREAMS = """
    select p.source, p.stream, last.landed_at, greatest(last.extracted_until, a.last_good_at) as read_until,
        c.newest_at, a.last_at as tried_at,
        a.failing_since, a.failure_count, a.reason, a.run_id,
        refused.batch, refused.count, refused.since, refused.reason,
        aside.count, aside.since
    from unnest(%s::text[], %s::text[]) as p (source, stream)
    left join landing.attempts as a on (a.source, a.stream) = (p.source, p.stream)
    left join landing.checked as c on (c.source, c.stream) = (p.source, p.stream)
    left join lateral (
        select l.extracted_until, l.landed_at from landing.loads as l
        where (l.source, l.stream) = (p.source, p.stream) order by l.batch desc limit 1
    ) as last on true
    left join lateral (
        select min(b.batch) as batch, count(*) as count, min(r.refused_at) as since,
            (array_agg(r.reason order by b.batch))[1] as reason
        from landing.batches as b join landing.refusals as r using (source, stream, batch)
        where (b.source, b.stream) = (p.source, p.stream) and b.state = 'refused'
            and b.state in ('pending', 'refused', 'accepted')  -- the words of the index
    ) as refused on true
    left join lateral (
        select sum(newest.records_quarantined)::bigint as count, min(newest.landed_at) as since
        from (
            select distinct l.scope from landing.loads as l
            where (l.source, l.stream) = (p.source, p.stream) and l.records_quarantined > 0
        ) as touched
        cross join lateral (
            select l.records_quarantined, l.landed_at from landing.loads as l
            where (l.source, l.stream, l.scope) = (p.source, p.stream, touched.scope)
            order by l.batch desc limit 1
        ) as newest
        where newest.records_quarantined > 0
    ) as aside on true
"""
_BEGUN = """
    select least(
        (select extracted_from from landing.loads order by load_id limit 1),
        (select min(coalesce(failing_since, last_at)) from landing.attempts)
    )
"""
_FAILED_CHECKS = """
    select c.check_name from landing.build as b join landing.check_results as c using (invocation_id)
    where b.state = 'failed' and c.is_blocking and c.status not in ('success', 'pass', 'skipped') order by 1
"""


def read_streams(
    connection: Connection, names: Sequence[tuple[str, str]]
) -> Mapping[tuple[str, str], StreamFacts]:
    """What is known of streams, by source and stream."""
    rows = connection.execute(_STREAMS, [[source for source, _ in names], [stream for _, stream in names]])
    return {(row[0], row[1]): _stream_facts(row) for row in rows}


def _stream_facts(row: tuple[Any, ...]) -> StreamFacts:
    since, count, reason, run_id = row[6:10]
    batch, batches, refused_since, why = row[10:14]
    records, set_aside_since = row[14:16]
    return StreamFacts(
        source=row[0],
        stream=row[1],
        loaded_at=row[2],
        read_until=row[3],
        newest_at=row[4],
        tried_at=row[5],
        failing=Failing(since, count, reason or "no reason was given", run_id) if since else None,
        refused=Refused(batch, batches, refused_since, why) if batches else None,
        quarantined=Quarantined(records, set_aside_since) if records else None,
    )


def read_begun_at(connection: Connection) -> datetime | None:
    """When anything was first tried in this installation."""
    row = connection.execute(_BEGUN).fetchone()
    return row[0] if row else None


def read_broken_erasure(connection: Connection) -> tuple[int, datetime] | None:
    """The erasure that somebody must resume: its number, and when it was asked for."""
    found = unfinished(connection)
    return None if found is None or found.is_under_way else (found.number, found.recorded_at)


def read_failed_checks(connection: Connection) -> tuple[str, ...]:
    """Blocking checks that the newest build did not pass; not those that were skipped in consequence."""
    return tuple(row[0] for row in connection.execute(_FAILED_CHECKS))
