"""The narrow tables that commands look at, copied from what has landed of Observes' own streams.

They can be emptied at any time, the hold excepted: a rebuild empties the streams first, and publishing must
stay held meanwhile.
"""

from psycopg import Connection

_ATTEMPTS = """
    with fresh as (
        select load_id, record ->> 'source' as source, record ->> 'stream' as stream,
            record ->> 'run_id' as run_id, record ->> 'reason' as reason,
            (record ->> 'extracted_until')::timestamptz as ended_at,
            (record ->> 'failed_scope_count')::bigint = 0 as is_good
        from raw_observes.extractions
        where load_id > (select coalesce(max(load_id), 0) from landing.attempts)
    ), good as (
        select source, stream, max(ended_at) as last_good_at from fresh where is_good group by 1, 2
    ), since as (  -- an attempt that was broken off is recorded by the next one, or after it
        select source, stream, greatest(good.last_good_at, before.last_good_at) as good_at
        from good full join landing.attempts as before using (source, stream)
    )
    insert into landing.attempts as known
        (source, stream, load_id, last_at, last_good_at, failing_since, failure_count, reason, run_id)
    select source, stream, max(load_id), max(ended_at), last_good_at,
        min(ended_at) filter (where ended_at > coalesce(good_at, '-infinity')),
        count(*) filter (where ended_at > coalesce(good_at, '-infinity')),
        (array_agg(reason order by ended_at desc))[1], (array_agg(run_id order by ended_at desc))[1]
    from fresh left join good using (source, stream) left join since using (source, stream)
    group by source, stream, last_good_at
    on conflict (source, stream) do update set
        load_id = excluded.load_id,
        last_at = greatest(known.last_at, excluded.last_at),
        last_good_at = greatest(known.last_good_at, excluded.last_good_at),
        failing_since = case when excluded.last_good_at is null
            then coalesce(known.failing_since, excluded.failing_since) else excluded.failing_since end,
        failure_count = case when excluded.last_good_at is null
            then known.failure_count else 0 end + excluded.failure_count,
        reason = case when excluded.last_at < known.last_at then known.reason else excluded.reason end,
        run_id = case when excluded.last_at < known.last_at then known.run_id else excluded.run_id end
"""
_INCIDENTS = """
    insert into landing.incidents (incident_id, load_id, opened_at, closed_at, record)
    select distinct on (record ->> 'incident_id')
        record ->> 'incident_id', load_id, (record ->> 'opened_at')::timestamptz,
        (record ->> 'closed_at')::timestamptz, record
    from raw_observes.incidents
    where load_id > (select coalesce(max(load_id), 0) from landing.incidents)
    order by record ->> 'incident_id', load_id desc, line desc
    on conflict (incident_id) do update set
        (load_id, closed_at, record) = (excluded.load_id, excluded.closed_at, excluded.record)
"""
_LAST_HOLD = """
    select record ->> 'verdict', record ->> 'who', record ->> 'why', (record ->> 'decided_at')::timestamptz
    from raw_observes.decisions where record ->> 'verdict' in ('hold', 'resume')
    order by load_id desc, line desc limit 1
"""


def bring_up_to_date(connection: Connection) -> None:
    """Copy what landed since the last time. Cheap when that is nothing; safe at any moment.

    The connection must autocommit.
    """
    with connection.transaction():
        # One at a time, or two would copy the same attempts twice.
        connection.execute("lock table landing.attempts in share row exclusive mode")
        connection.execute(_ATTEMPTS)
        connection.execute(_INCIDENTS)
        _copy_hold(connection)


def _copy_hold(connection: Connection) -> None:
    """Hold publishing, or let it go on, as the last decision that landed says; without one do nothing."""
    decision = connection.execute(_LAST_HOLD).fetchone()
    if decision is None:
        return
    verdict, who, why, decided_at = decision
    if verdict == "resume":
        connection.execute("delete from landing.hold")
    else:
        connection.execute(
            "insert into landing.hold (who, why, held_at) values (%(who)s, %(why)s, %(at)s) "
            "on conflict (is_only) do update set (who, why, held_at) = (%(who)s, %(why)s, %(at)s)",
            {"who": who, "why": why, "at": decided_at},
        )
