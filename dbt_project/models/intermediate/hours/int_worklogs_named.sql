{#- Versions of stretches with the person, project and task that they are of, by their newest names, what kind
    of time they are, and the company's time zone: the bills', or UTC without any. What began before the day
    that it was read with is on that earlier day too, if that day was read: it counts there. So is what a file
    has beyond its last day, if TimeDoctor itself gave the day on which it began: another file may begin later. -#}
with

people as (
    select distinct on (timedoctor_user_id)
        timedoctor_user_id,
        person_pseudonym
    from {{ ref('stg_timedoctor__users') }}
    order by timedoctor_user_id asc, known_from desc
),

projects as (
    select distinct on (timedoctor_project_id)
        timedoctor_project_id,
        project_name
    from {{ ref('stg_timedoctor__projects') }}
    order by timedoctor_project_id asc, known_from desc
),

tasks as (
    select distinct on (timedoctor_task_id)
        timedoctor_task_id,
        task_name,
        timedoctor_project_id
    from {{ ref('stg_timedoctor__tasks') }}
    order by timedoctor_task_id asc, known_from desc
),

days_read as (
    select distinct (scope ->> 'day')::date as day_on
    from {{ ref('stg_landing__loads') }}
    where source_name = 'timedoctor' and stream_name = 'worklogs'
),

days_given as (
    select distinct day_on
    from {{ ref('stg_timedoctor__worklogs') }}
    where not is_imported and not is_deleted and known_until is null
),

settings as (
    select coalesce((select time_zone from {{ ref('billing_settings') }}), 'UTC') as time_zone
)

select
    coalesce(
        people.person_pseudonym,
        {{ pseudonym_of_timedoctor_user('worklogs.timedoctor_user_id') }}
    ) as person_pseudonym,
    worklogs.day_on,
    {{ local_date('worklogs.started_at', 'settings.time_zone') }} as worked_on,
    settings.time_zone,
    coalesce(worklogs.timedoctor_project_id, tasks.timedoctor_project_id, '') as timedoctor_project_id,
    coalesce(projects.project_name, worklogs.project_name) as project_name,
    worklogs.timedoctor_task_id,
    coalesce(tasks.task_name, worklogs.task_name) as task_name,
    worklogs.timedoctor_device_id,
    case
        when worklogs.work_mode in ('computer', 'mobile', 'offline', 'offcomputer') then 'observed'
        when worklogs.work_mode = 'manual' then 'manual'
        when worklogs.work_mode in ('break', 'paidbreak', 'unpaidbreak') then 'break'
        when worklogs.work_mode in ('paidleave', 'unpaidleave') then 'leave'
        else 'other'
    end as time_kind,
    worklogs.started_at as part_from,
    worklogs.started_at + worklogs.duration_seconds * interval '1 second' as part_until,
    worklogs.duration_seconds,
    worklogs.is_imported,
    worklogs.known_from,
    worklogs.known_until
from {{ ref('stg_timedoctor__worklogs') }} as worklogs
cross join settings
left join people
    on worklogs.timedoctor_user_id = people.timedoctor_user_id
left join tasks
    on worklogs.timedoctor_task_id = tasks.timedoctor_task_id
left join projects
    on coalesce(worklogs.timedoctor_project_id, tasks.timedoctor_project_id) = projects.timedoctor_project_id
where
    not worklogs.is_deleted
    and (
        worklogs.started_at >= worklogs.day_on::timestamp at time zone 'UTC'
        or not exists (
            select
            from days_read
            where days_read.day_on = (worklogs.started_at at time zone 'UTC')::date
        )
    )
    and (
        worklogs.started_at < (worklogs.day_on + 1)::timestamp at time zone 'UTC'
        or not exists (
            select
            from days_given
            where days_given.day_on = (worklogs.started_at at time zone 'UTC')::date
        )
    )
