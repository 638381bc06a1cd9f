select
    person_pseudonym,
    date_trunc('week', worked_on::timestamp)::date as week_on,
    timedoctor_project_id,
    timedoctor_task_id,
    max(project_name) as project_name,
    max(task_name) as task_name,
    sum(observed_seconds)::bigint as observed_seconds,
    sum(manual_seconds)::bigint as manual_seconds,
    sum(worked_seconds)::bigint as worked_seconds,
    sum(break_seconds)::bigint as break_seconds,
    sum(leave_seconds)::bigint as leave_seconds,
    sum(other_seconds)::bigint as other_seconds,
    count(*)::bigint as day_count
from {{ ref('work_days') }}
group by person_pseudonym, week_on, timedoctor_project_id, timedoctor_task_id
