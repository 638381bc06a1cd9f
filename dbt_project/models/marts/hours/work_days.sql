select
    person_pseudonym,
    worked_on,
    timedoctor_project_id,
    timedoctor_task_id,
    max(project_name) as project_name,
    max(task_name) as task_name,
    coalesce(sum(duration_seconds) filter (where time_kind = 'observed'), 0)::bigint as observed_seconds,
    coalesce(sum(duration_seconds) filter (where time_kind = 'manual'), 0)::bigint as manual_seconds,
    coalesce(
        sum(duration_seconds) filter (where time_kind in ('observed', 'manual')), 0
    )::bigint as worked_seconds,
    coalesce(sum(duration_seconds) filter (where time_kind = 'break'), 0)::bigint as break_seconds,
    coalesce(sum(duration_seconds) filter (where time_kind = 'leave'), 0)::bigint as leave_seconds,
    coalesce(sum(duration_seconds) filter (where time_kind = 'other'), 0)::bigint as other_seconds,
    count(*)::bigint as session_count,
    bool_or(is_imported) as is_imported
from {{ ref('int_worklogs_dated') }}
group by person_pseudonym, worked_on, timedoctor_project_id, timedoctor_task_id
