{#- How old each stream was in each second of each complete day. A good attempt makes it fresh from its end
    on, until it is older than was promised or the next good attempt follows. -#}
with

attempts as (
    select
        *,
        failed_scope_count = 0 as is_good
    from {{ ref('stg_observes__extractions') }}
),

-- the last day is not over: it would look different in a release an hour later
horizon as (
    select date_trunc('day', max(loads.extracted_until), 'UTC') as ends_at
    from {{ ref('stg_landing__loads') }} as loads
),

watched as (
    select
        source_name,
        stream_name,
        min(extracted_until) as watched_from
    from attempts
    group by source_name, stream_name
),

days as (
    select
        watched.source_name,
        watched.stream_name,
        day_from,
        day_from + interval '24 hours' as day_until,
        greatest(watched.watched_from, day_from) as watched_from
    from watched
    cross join horizon
    cross join lateral generate_series(
        date_trunc('day', watched.watched_from, 'UTC'),
        horizon.ends_at - interval '24 hours',
        interval '24 hours'
    ) as day_from
),

spans as (
    select
        source_name,
        stream_name,
        late_after_seconds,
        broken_after_seconds,
        extracted_until as good_from,
        lead(extracted_until, 1, (select horizon.ends_at from horizon)) over (
            partition by source_name, stream_name
            order by extracted_until asc, extraction_id asc
        ) as good_until
    from attempts
    where is_good
),

-- a span touches a day or a few; joined by day, not by comparing each with each
touched as (
    select
        spans.*,
        day_from
    from spans
    cross join lateral generate_series(
        date_trunc('day', spans.good_from, 'UTC'),
        date_trunc('day', spans.good_until, 'UTC'),
        interval '24 hours'
    ) as day_from
),

ages as (
    select
        touched.source_name,
        touched.stream_name,
        touched.day_from,
        sum(
            greatest(
                interval '0 seconds',
                least(
                    touched.good_from + touched.late_after_seconds * interval '1 second',
                    touched.good_until,
                    touched.day_from + interval '24 hours'
                ) - greatest(touched.good_from, touched.day_from)
            )
        ) as fresh_for,
        sum(
            greatest(
                interval '0 seconds',
                least(
                    touched.good_from + touched.broken_after_seconds * interval '1 second',
                    touched.good_until,
                    touched.day_from + interval '24 hours'
                ) - greatest(touched.good_from, touched.day_from)
            )
        ) as unbroken_for
    from touched
    group by touched.source_name, touched.stream_name, touched.day_from
),

measured as (
    select
        days.source_name,
        days.stream_name,
        (days.day_from at time zone 'UTC')::date as day_on,
        round(extract(epoch from days.day_until - days.watched_from))::bigint as watched_seconds,
        coalesce(round(extract(epoch from ages.fresh_for)), 0)::bigint as fresh_seconds,
        coalesce(round(extract(epoch from ages.unbroken_for)), 0)::bigint as unbroken_seconds
    from days
    left join ages
        on
            days.source_name = ages.source_name
            and days.stream_name = ages.stream_name
            and days.day_from = ages.day_from
)

select * from measured
