with

issues as (
    select
        listed.github_project_id,
        listed.starts_on,
        unit.unit,
        sum(unit.committed) filter (where listed.is_committed) as committed,
        sum(unit.quantity) filter (where listed.is_at_end) as scope,
        sum(unit.quantity) filter (where listed.outcome = 'completed') as completed,
        sum(unit.quantity) filter (where listed.outcome = 'completed' and listed.is_committed)
            as committed_completed,
        sum(unit.quantity) filter (where listed.outcome = 'rolled_over') as rolled_over,
        count(*) filter (where listed.is_at_end) as issue_count,
        count(listed.points) filter (where listed.is_at_end) as pointed_issue_count,
        count(*) filter (where listed.is_at_end and listed.is_pointed_by_bot) as bot_pointed_issue_count
    from {{ ref('sprint_issues') }} as listed
    cross join
        lateral (
            values
            ('issues', 1, 1),
            ('points', coalesce(listed.committed_points, 0), coalesce(listed.points, 0))
        ) as unit (unit, committed, quantity)
    group by listed.github_project_id, listed.starts_on, unit.unit
),

changes as (
    select
        listed.github_project_id,
        listed.starts_on,
        unit.unit,
        sum(unit.quantity) filter (where listed.change in ('added', 'rolled_over')) as added,
        -sum(unit.quantity) filter (where listed.change = 'removed') as removed,
        sum(unit.quantity) filter (where listed.change = 're_estimated') as re_estimated
    from {{ ref('sprint_changes') }} as listed
    cross join
        lateral (values ('issues', listed.issue_count), ('points', listed.points)) as unit (unit, quantity)
    where listed.is_mid_sprint
    group by listed.github_project_id, listed.starts_on, unit.unit
),

totals as (
    select
        sprints.github_project_id,
        sprints.starts_on,
        unit.unit,
        sprints.owner_name,
        sprints.board_number,
        sprints.board_title,
        sprints.sprint_title,
        sprints.ends_on,
        sprints.phase,
        least(
            greatest(sprints.ends_on - sprints.as_of_on + 1, 0), sprints.ends_on - sprints.starts_on + 1
        )::bigint
            as days_left_count,
        coalesce(issues.committed, 0) as committed,
        coalesce(issues.scope, 0) as scope,
        coalesce(issues.completed, 0) as completed,
        coalesce(issues.committed_completed, 0) as committed_completed,
        coalesce(issues.rolled_over, 0) as rolled_over,
        coalesce(changes.added, 0) as added,
        coalesce(changes.removed, 0) as removed,
        coalesce(changes.re_estimated, 0) as re_estimated,
        coalesce(issues.issue_count, 0) as issue_count,
        coalesce(issues.pointed_issue_count, 0) as pointed_issue_count,
        coalesce(issues.bot_pointed_issue_count, 0) as bot_pointed_issue_count,
        case when sprints.phase = 'ended' then coalesce(issues.completed, 0) end as velocity
    from {{ ref('int_sprints_bounded') }} as sprints
    cross join (values ('issues'), ('points')) as unit (unit)
    left join issues
        on
            sprints.github_project_id = issues.github_project_id
            and sprints.starts_on = issues.starts_on
            and unit.unit = issues.unit
    left join changes
        on
            sprints.github_project_id = changes.github_project_id
            and sprints.starts_on = changes.starts_on
            and unit.unit = changes.unit
)

select
    github_project_id,
    starts_on,
    unit,
    owner_name,
    board_number,
    board_title,
    sprint_title,
    ends_on,
    phase,
    days_left_count,
    trim_scale(committed::numeric) as committed_quantity,
    trim_scale(scope::numeric) as scope_quantity,
    trim_scale(completed::numeric) as completed_quantity,
    trim_scale(committed_completed::numeric) as committed_completed_quantity,
    trim_scale(added::numeric) as added_quantity,
    trim_scale(removed::numeric) as removed_quantity,
    trim_scale(re_estimated::numeric) as re_estimated_quantity,
    trim_scale(rolled_over::numeric) as rolled_over_quantity,
    trim_scale(velocity::numeric) as velocity_quantity,
    trim_scale(round(avg(velocity) over (
        partition by github_project_id, unit
        order by starts_on
        rows between 3 preceding and 1 preceding
    ), 2)) as average_velocity_quantity,
    floor(100.0 * completed / nullif(scope, 0)) as completed_percent,
    floor(100.0 * pointed_issue_count / nullif(issue_count, 0)) as pointed_percent,
    floor(100.0 * bot_pointed_issue_count / nullif(issue_count, 0)) as bot_pointed_percent
from totals
