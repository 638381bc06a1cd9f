-- what the days add up to is what a plain count of the issues as they are gives
with

counted as (
    select
        issues.github_deliverable_id,
        unit.unit,
        sum(unit.quantity) as scope_quantity,
        coalesce(sum(unit.quantity) filter (where issues.is_done), 0) as completed_quantity
    from {{ ref('issues') }} as issues
    cross join lateral (values ('issues', 1), ('points', coalesce(issues.points, 0))) as unit (unit, quantity)
    where
        issues.level = 'work'
        and not issues.is_gone
        and not issues.is_dropped
        and issues.github_deliverable_id is not null
    group by issues.github_deliverable_id, unit.unit
)

select
    deliverables.github_deliverable_id,
    deliverables.unit
from {{ ref('deliverables') }} as deliverables
left join counted
    on
        deliverables.github_deliverable_id = counted.github_deliverable_id
        and deliverables.unit = counted.unit
where
    deliverables.scope_quantity <> coalesce(counted.scope_quantity, 0)
    or deliverables.completed_quantity <> coalesce(counted.completed_quantity, 0)
    or deliverables.completed_percent not between 0 and 100
    or deliverables.criteria_done_count > deliverables.criteria_count
