with

attempts as (
    select
        *,
        (extracted_until at time zone 'UTC')::date as day_on
    from {{ ref('stg_observes__extractions') }}
),

as_of as (
    select max(loads.extracted_until) as known_until
    from {{ ref('stg_landing__loads') }} as loads
),

counted as (
    select
        source_name,
        stream_name,
        day_on,
        count(*) as attempt_count,
        sum(scope_count)::bigint as scope_count,
        sum(failed_scope_count)::bigint as failed_scope_count
    from attempts
    group by source_name, stream_name, day_on
),

-- what is not shown yet waits at least until now
waited as (
    select
        changes.source_name,
        changes.stream_name,
        (changes.found_at at time zone 'UTC')::date as day_on,
        max(
            round(extract(epoch from coalesce(changes.shown_at, as_of.known_until) - changes.waits_from))
        )::bigint as longest_latency_seconds
    from {{ ref('int_changes_released') }} as changes
    cross join as_of
    group by changes.source_name, changes.stream_name, day_on
),

incidents as (
    select
        days.source_name,
        days.stream_name,
        days.day_on,
        count(*) as incident_count
    from {{ ref('int_days_watched') }} as days
    inner join {{ ref('stg_observes__incidents') }} as incidents
        on
            days.source_name = incidents.source_name
            and days.stream_name = incidents.stream_name
            and incidents.opened_at < (days.day_on + 1)::timestamp at time zone 'UTC'
            and coalesce(incidents.closed_at, 'infinity') >= days.day_on::timestamp at time zone 'UTC'
    group by days.source_name, days.stream_name, days.day_on
),

-- the promise of a day is the last one that an attempt carried, up to the day's end
last_attempts as (
    select distinct on (source_name, stream_name, day_on)
        source_name,
        stream_name,
        day_on,
        promised_availability_share,
        promised_latency_seconds
    from attempts
    order by source_name asc, stream_name asc, day_on asc, extracted_until desc, extraction_id asc
),

spans as (
    select
        days.*,
        last_attempts.promised_availability_share,
        last_attempts.promised_latency_seconds,
        count(last_attempts.day_on) over (
            partition by days.source_name, days.stream_name
            order by days.day_on asc
        ) as span_number
    from {{ ref('int_days_watched') }} as days
    left join last_attempts
        on
            days.source_name = last_attempts.source_name
            and days.stream_name = last_attempts.stream_name
            and days.day_on = last_attempts.day_on
),

promised as (
    select
        source_name,
        stream_name,
        day_on,
        watched_seconds,
        fresh_seconds,
        unbroken_seconds,
        first_value(promised_availability_share) over span as promised_availability_share,
        first_value(promised_latency_seconds) over span as promised_latency_seconds
    from spans
    window span as (partition by source_name, stream_name, span_number order by day_on asc)
),

attained as (
    select
        promised.day_on,
        promised.source_name,
        promised.stream_name,
        coalesce(counted.attempt_count, 0) as attempt_count,
        coalesce(counted.scope_count, 0) as scope_count,
        coalesce(counted.failed_scope_count, 0) as failed_scope_count,
        trim_scale(
            round(1 - counted.failed_scope_count::numeric / nullif(counted.scope_count, 0), 4)
        ) as available_share,
        promised.promised_availability_share,
        promised.watched_seconds,
        promised.fresh_seconds,
        promised.unbroken_seconds - promised.fresh_seconds as late_seconds,
        promised.watched_seconds - promised.unbroken_seconds as broken_seconds,
        waited.longest_latency_seconds,
        promised.promised_latency_seconds,
        coalesce(incidents.incident_count, 0) as incident_count
    from promised
    left join counted
        on
            promised.source_name = counted.source_name
            and promised.stream_name = counted.stream_name
            and promised.day_on = counted.day_on
    left join waited
        on
            promised.source_name = waited.source_name
            and promised.stream_name = waited.stream_name
            and promised.day_on = waited.day_on
    left join incidents
        on
            promised.source_name = incidents.source_name
            and promised.stream_name = incidents.stream_name
            and promised.day_on = incidents.day_on
),

judged as (
    select
        *,
        available_share >= promised_availability_share as is_available,
        broken_seconds = 0 as is_fresh,
        longest_latency_seconds <= promised_latency_seconds as is_timely
    from attained
)

select * from judged
