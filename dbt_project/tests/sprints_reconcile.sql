-- three ways to the same sum: the burnup's last day, the sprint's own line, and the list of what was done
with

ends as (
    select distinct on (github_project_id, starts_on, unit)
        github_project_id,
        starts_on,
        unit,
        scope_quantity,
        completed_quantity
    from {{ ref('sprint_days') }}
    order by github_project_id asc, starts_on asc, unit asc, day_on desc
),

lists as (
    select
        issues.github_project_id,
        issues.starts_on,
        unit.unit,
        sum(unit.quantity) as completed_quantity
    from {{ ref('sprint_issues') }} as issues
    cross join lateral (values ('issues', 1), ('points', coalesce(issues.points, 0))) as unit (unit, quantity)
    where issues.outcome = 'completed'
    group by issues.github_project_id, issues.starts_on, unit.unit
),

steps as (
    select
        github_project_id,
        starts_on,
        unit,
        day_on,
        scope_quantity - lag(scope_quantity) over by_day as difference,
        added_quantity + rolled_over_quantity - removed_quantity + re_estimated_quantity as told
    from {{ ref('sprint_days') }}
    window by_day as (partition by github_project_id, starts_on, unit order by day_on)
)

select
    sprints.github_project_id,
    sprints.starts_on,
    sprints.unit,
    'sums differ' as problem
from {{ ref('sprints') }} as sprints
left join ends
    on
        sprints.github_project_id = ends.github_project_id
        and sprints.starts_on = ends.starts_on
        and sprints.unit = ends.unit
left join lists
    on
        sprints.github_project_id = lists.github_project_id
        and sprints.starts_on = lists.starts_on
        and sprints.unit = lists.unit
where
    sprints.phase <> 'coming'
    and (
        sprints.completed_quantity is distinct from ends.completed_quantity
        or sprints.scope_quantity is distinct from ends.scope_quantity
        or sprints.completed_quantity is distinct from coalesce(lists.completed_quantity, 0)
        or sprints.velocity_quantity <> ends.completed_quantity
    )
union all
select
    github_project_id,
    starts_on,
    unit,
    format('%s: the scope changed by %s, its changes say %s', day_on, difference, told) as problem
from steps
where difference <> told
