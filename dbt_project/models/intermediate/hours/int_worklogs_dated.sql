{#- What stands, cut at midnights of the company's time zone. Nearly all stretches lie within a day. -#}
with

standing as (
    select
        *,
        {{ local_date("greatest(part_from, part_until - interval '1 microsecond')", 'time_zone') }} as last_on
    from {{ ref('int_worklogs_named') }}
    where known_until is null
),

crossing as (
    select * from standing
    where worked_on < last_on
),

parts as (
    select
        crossing.*,
        (days.day_at)::date as part_on
    from crossing
    cross join lateral generate_series(
        crossing.worked_on::timestamp, crossing.last_on::timestamp, interval '1 day'
    ) as days (day_at)
)

select
    person_pseudonym,
    worked_on,
    timedoctor_project_id,
    project_name,
    timedoctor_task_id,
    task_name,
    timedoctor_device_id,
    time_kind,
    part_from,
    part_until,
    duration_seconds,
    is_imported
from standing
where worked_on >= last_on
union all
select
    person_pseudonym,
    part_on as worked_on,
    timedoctor_project_id,
    project_name,
    timedoctor_task_id,
    task_name,
    timedoctor_device_id,
    time_kind,
    greatest(part_from, part_on::timestamp at time zone time_zone) as part_from,
    least(part_until, (part_on + 1)::timestamp at time zone time_zone) as part_until,
    -- whole seconds since it began, so that the parts add up to the stretch
    floor(extract(
        epoch from least(part_until, (part_on + 1)::timestamp at time zone time_zone) - part_from
    ))::bigint - floor(extract(
        epoch from greatest(part_from, part_on::timestamp at time zone time_zone) - part_from
    ))::bigint as duration_seconds,
    is_imported
from parts
