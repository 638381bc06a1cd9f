with

days as (
    select
        person_pseudonym,
        worked_on,
        coalesce(sum(duration_seconds) filter (where time_kind = 'observed'), 0)::bigint as observed_seconds,
        coalesce(sum(duration_seconds) filter (where time_kind = 'manual'), 0)::bigint as manual_seconds,
        coalesce(
            sum(duration_seconds) filter (where time_kind in ('observed', 'manual')), 0
        )::bigint as worked_seconds,
        coalesce(sum(duration_seconds) filter (where time_kind = 'break'), 0)::bigint as break_seconds,
        coalesce(sum(duration_seconds) filter (where time_kind = 'leave'), 0)::bigint as leave_seconds,
        coalesce(sum(duration_seconds) filter (where time_kind = 'other'), 0)::bigint as other_seconds,
        count(distinct nullif(timedoctor_device_id, ''))::bigint as device_count,
        range_agg(tstzrange(part_from, part_until))
        filter (where time_kind in ('observed', 'manual')) as worked_at_ranges
    from {{ ref('int_worklogs_dated') }}
    group by person_pseudonym, worked_on
),

measured as (
    select
        *,
        (
            select coalesce(extract(epoch from sum(upper(part) - lower(part))), 0)::bigint
            from unnest(days.worked_at_ranges) as part
            where not isempty(part)
        ) as clock_seconds
    from days
)

select
    person_pseudonym,
    worked_on,
    observed_seconds,
    manual_seconds,
    worked_seconds,
    -- parts of seconds, of which each stretch has lost its own
    least(worked_seconds, clock_seconds) as distinct_seconds,
    worked_seconds - least(worked_seconds, clock_seconds) as overlap_seconds,
    break_seconds,
    leave_seconds,
    other_seconds,
    device_count
from measured
