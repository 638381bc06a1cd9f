with

loads as (
    select
        *,
        (scope ->> 'day')::date as day_on
    from {{ ref('stg_landing__loads') }}
    where source_name = 'timedoctor'
),

bounds as (
    select
        min(day_on) filter (where stream_name = 'worklogs') as first_on,
        -- the day of the last look is not over
        max(extracted_until at time zone 'UTC')::date - 1 as last_on
    from loads
    where stream_name in ('worklogs', 'observations')
),

days as (
    select (each_day.day_at)::date as day_on
    from bounds
    cross join lateral generate_series(
        bounds.first_on::timestamp, bounds.last_on::timestamp, interval '1 day'
    ) as each_day (day_at)
),

readings as (
    select
        day_on,
        count(*) as batch_count,
        min(extracted_until) filter (
            where extracted_until >= (day_on + 1)::timestamp at time zone 'UTC'
        ) as settled_at,
        max(extracted_until) as changed_at
    from loads
    where stream_name = 'worklogs'
    group by day_on
),

hours as (
    select
        day_on,
        count(*) as session_count,
        count(distinct person_pseudonym) as person_count,
        bool_or(is_imported) as is_imported
    from {{ ref('int_worklogs_named') }}
    where known_until is null
    group by day_on
),

looks as (
    select
        day_on,
        max(read_at) as read_at,
        bool_or(outcome = 'forgotten') as is_forgotten
    from {{ ref('stg_timedoctor__observations') }}
    where stream_name = 'worklogs'
    group by day_on
)

select
    days.day_on,
    readings.settled_at is not null as is_covered,
    coalesce(hours.is_imported, false) as is_imported,
    coalesce(looks.is_forgotten, false) as is_forgotten,
    readings.settled_at,
    readings.changed_at,
    looks.read_at as looked_at,
    coalesce(readings.batch_count, 0)::bigint as batch_count,
    coalesce(hours.session_count, 0)::bigint as session_count,
    coalesce(hours.person_count, 0)::bigint as person_count
from days
left join readings on days.day_on = readings.day_on
left join hours on days.day_on = hours.day_on
left join looks on days.day_on = looks.day_on
