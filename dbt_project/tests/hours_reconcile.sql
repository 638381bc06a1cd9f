-- Hours of days, weeks and persons are those of the stretches that were staged, counted without their joins.
-- What crosses midnight has parts of days, so seconds are compared as a whole.
with

staged as (
    select coalesce(sum(worklogs.duration_seconds), 0) as total_seconds
    from {{ ref('stg_timedoctor__worklogs') }} as worklogs
    where
        worklogs.known_until is null
        and not worklogs.is_deleted
        and (
            worklogs.started_at >= worklogs.day_on::timestamp at time zone 'UTC'
            or not exists (
                select
                from {{ ref('stg_landing__loads') }} as loads
                where
                    loads.source_name = 'timedoctor'
                    and loads.stream_name = 'worklogs'
                    and (loads.scope ->> 'day')::date = (worklogs.started_at at time zone 'UTC')::date
            )
        )
        and (
            worklogs.started_at < (worklogs.day_on + 1)::timestamp at time zone 'UTC'
            or not exists (
                select
                from {{ ref('stg_timedoctor__worklogs') }} as given
                where
                    given.known_until is null
                    and not given.is_deleted
                    and not given.is_imported
                    and given.day_on = (worklogs.started_at at time zone 'UTC')::date
            )
        )
),

counted as (
    select
        'work_days' as mart,
        coalesce(sum(worked_seconds + break_seconds + leave_seconds + other_seconds), 0) as total_seconds
    from {{ ref('work_days') }}
    union all
    select
        'work_weeks' as mart,
        coalesce(sum(worked_seconds + break_seconds + leave_seconds + other_seconds), 0) as total_seconds
    from {{ ref('work_weeks') }}
    union all
    select
        'person_days' as mart,
        coalesce(
            sum(distinct_seconds + overlap_seconds + break_seconds + leave_seconds + other_seconds), 0
        ) as total_seconds
    from {{ ref('person_days') }}
)

select counted.*
from counted
cross join staged
where counted.total_seconds <> staged.total_seconds
