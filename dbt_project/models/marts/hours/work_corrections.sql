{#- Only days that changed after they were over and read: most never do. TimeDoctor's days are UTC's and these
    are the company's, so what is late is said of each stretch, by the day that it was read with. -#}
with

settled as (
    select
        (scope ->> 'day')::date as day_on,
        min(extracted_until) as settled_at
    from {{ ref('stg_landing__loads') }}
    where
        source_name = 'timedoctor'
        and stream_name = 'worklogs'
        and extracted_until >= ((scope ->> 'day')::date + 1)::timestamp at time zone 'UTC'
    group by day_on
),

worklogs as (
    select
        worklogs.*,
        settled.settled_at
    from {{ ref('int_worklogs_named') }} as worklogs
    left join settled on worklogs.day_on = settled.day_on
    where worklogs.time_kind in ('observed', 'manual')
),

changed as (
    select distinct
        person_pseudonym,
        worked_on
    from worklogs
    where known_from > settled_at or known_until > settled_at
),

events as (
    select
        worklogs.*,
        worklogs.known_from as corrected_at,
        worklogs.duration_seconds as change_seconds,
        coalesce(worklogs.known_from > worklogs.settled_at, false) as is_late
    from worklogs
    inner join changed
        on worklogs.person_pseudonym = changed.person_pseudonym and worklogs.worked_on = changed.worked_on
    union all
    select
        worklogs.*,
        worklogs.known_until as corrected_at,
        -worklogs.duration_seconds as change_seconds,
        coalesce(worklogs.known_until > worklogs.settled_at, false) as is_late
    from worklogs
    inner join changed
        on worklogs.person_pseudonym = changed.person_pseudonym and worklogs.worked_on = changed.worked_on
    where worklogs.known_until is not null
),

summed as (
    select
        person_pseudonym,
        worked_on,
        timedoctor_project_id,
        timedoctor_task_id,
        corrected_at,
        max(project_name) as project_name,
        max(task_name) as task_name,
        max(settled_at) filter (where is_late) as settled_at,
        coalesce(sum(change_seconds) filter (where time_kind = 'observed'), 0) as observed_growth,
        coalesce(sum(change_seconds) filter (where time_kind = 'manual'), 0) as manual_growth,
        coalesce(sum(change_seconds) filter (where time_kind = 'observed' and is_late), 0) as observed_change,
        coalesce(sum(change_seconds) filter (where time_kind = 'manual' and is_late), 0) as manual_change
    from events
    group by person_pseudonym, worked_on, timedoctor_project_id, timedoctor_task_id, corrected_at
),

running as (
    select
        *,
        sum(observed_growth) over history as observed_after,
        sum(manual_growth) over history as manual_after
    from summed
    window history as (
        partition by person_pseudonym, worked_on, timedoctor_project_id, timedoctor_task_id
        order by corrected_at
    )
)

select
    person_pseudonym,
    worked_on,
    timedoctor_project_id,
    timedoctor_task_id,
    corrected_at,
    project_name,
    task_name,
    (observed_after - observed_change)::bigint as observed_before_seconds,
    observed_after::bigint as observed_after_seconds,
    (manual_after - manual_change)::bigint as manual_before_seconds,
    manual_after::bigint as manual_after_seconds,
    (observed_change + manual_change)::bigint as change_seconds,
    extract(epoch from corrected_at - settled_at)::bigint as late_seconds
from running
where observed_change <> 0 or manual_change <> 0
