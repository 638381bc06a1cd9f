"""Which Dagster runs came to no good end, read from Dagster's own tables: this must work when it does not.

A run is dead when Dagster thinks that it goes on, its last event is old, and no session of Postgres carries
its id: every step of ours has a connection named after its run.
"""

from datetime import UTC, datetime, timedelta

from psycopg import Connection

from observes_assets.incidents.facts import EndedRun
from observes_assets.installation import Installation
from observes_assets.postgres import connect

SILENT_AFTER = timedelta(minutes=10)
_EXISTS = "select to_regclass('public.runs') is not null and to_regclass('public.event_logs') is not null"
# Dagster's own columns hold times without a zone, in UTC.
_NEWEST = """
    select r.pipeline_name, r.run_id, r.status,
        coalesce(
            (select max(e.timestamp) from event_logs as e where e.run_id = r.run_id), r.update_timestamp
        ) at time zone 'UTC'
    from (
        select distinct on (pipeline_name) pipeline_name, run_id, status, update_timestamp
        from runs
        -- what a person starts by hand, of assets that they chose, is no job of the timetable
        where status <> 'CANCELED' and not pipeline_name ^@ '__'
        order by pipeline_name, id desc
    ) as r
"""
_UNFINISHED = frozenset({"NOT_STARTED", "STARTING", "STARTED", "QUEUED", "CANCELING", "MANAGED"})


def read_runs(installation: Installation, connection: Connection, now: datetime) -> tuple[EndedRun, ...]:
    """Of each job whose newest run failed or died, that run.

    Args:
        connection: to the warehouse's server, whose sessions tell which runs live.
    """
    url = installation.dagster_database_url
    with connect.connect(url, application_name="observes watch", autocommit=True) as dagster:
        exists = dagster.execute(_EXISTS).fetchone()
        rows = dagster.execute(_NEWEST).fetchall() if exists and exists[0] else []
    sessions = connection.execute("select string_agg(application_name, ' ') from pg_stat_activity").fetchone()
    living = (sessions[0] if sessions else None) or ""
    found = []
    for job, run_id, status, last_at in rows:
        is_silent = now - last_at > SILENT_AFTER and run_id not in living
        if status == "FAILURE" or (status in _UNFINISHED and is_silent):
            found.append(EndedRun(job, run_id, last_at.astimezone(UTC), is_dead=status != "FAILURE"))
    return tuple(found)
