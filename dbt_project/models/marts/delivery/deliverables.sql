with

words as (
    {{ delivery_words() }}
),

issues as (
    select *
    from {{ ref('issues') }}
    where level = 'deliverable' and not is_gone
),

-- where it stands on the roadmap; on several, on the one where it was put first
cards as (
    select distinct on (github_issue_id)
        github_issue_id,
        status,
        quad,
        pillar
    from {{ ref('int_cards_dated') }}
    where role = 'roadmap' and known_until is null and version_number > 0 and github_issue_id is not null
    order by github_issue_id, created_at, github_item_id
),

-- today, and 14, 28 and 56 days before
paces as (
    select
        days.github_deliverable_id,
        days.unit,
        max(days.scope_quantity) filter (where days.day_on = words.as_of_on) as scope,
        max(days.completed_quantity) filter (where days.day_on = words.as_of_on) as completed,
        coalesce(max(days.completed_quantity) filter (where days.day_on = words.as_of_on - 14), 0)
            as before_14,
        coalesce(max(days.completed_quantity) filter (where days.day_on = words.as_of_on - 28), 0)
            as before_28,
        coalesce(max(days.completed_quantity) filter (where days.day_on = words.as_of_on - 56), 0)
            as before_56
    from {{ ref('deliverable_days') }} as days
    cross join words
    where
        days.membership = 'as it is'
        and days.day_on in (words.as_of_on, words.as_of_on - 14, words.as_of_on - 28, words.as_of_on - 56)
    group by days.github_deliverable_id, days.unit
),

work as (
    select
        github_deliverable_id,
        count(*) as issue_count,
        count(points) as pointed_issue_count,
        count(*) filter (where not is_done) as open_issue_count,
        count(points) filter (where not is_done) as open_pointed_issue_count
    from {{ ref('issues') }}
    where level = 'work' and not is_gone and not is_dropped and github_deliverable_id is not null
    group by github_deliverable_id
),

-- how many days what remains takes at the pace of each of the three spans; null: nothing was completed in it
spans as (
    select
        github_deliverable_id,
        unit,
        ceil((scope - completed) * 14 / nullif(greatest(completed - before_14, 0), 0)) as days_14,
        ceil((scope - completed) * 28 / nullif(greatest(completed - before_28, 0), 0)) as days_28,
        ceil((scope - completed) * 56 / nullif(greatest(completed - before_56, 0), 0)) as days_56
    from paces
    where scope > completed
),

forecasts as (
    select
        github_deliverable_id,
        unit,
        least(days_14, days_28, days_56) as fewest_days,
        case
            when num_nulls(days_14, days_28, days_56) = 0 then greatest(days_14, days_28, days_56)
        end as most_days
    from spans
)

select
    issues.github_issue_id as github_deliverable_id,
    unit.unit,
    issues.repository_name,
    issues.issue_number,
    issues.title,
    issues.state,
    issues.state_reason,
    cards.status,
    cards.quad,
    cards.pillar,
    issues.criteria_count,
    issues.criteria_done_count,
    issues.metric_count,
    issues.metric_done_count,
    coalesce(work.issue_count, 0) as issue_count,
    coalesce(paces.scope, 0) as scope_quantity,
    coalesce(paces.completed, 0) as completed_quantity,
    coalesce(paces.scope - paces.completed, 0) as remaining_quantity,
    coalesce(floor(100 * paces.completed / nullif(paces.scope, 0)), 0) as completed_percent,
    floor(100.0 * work.pointed_issue_count / nullif(work.issue_count, 0)) as pointed_percent,
    floor(100.0 * work.open_pointed_issue_count / nullif(work.open_issue_count, 0)) as open_pointed_percent,
    -- beyond a century is beyond reckoning
    case when forecasts.fewest_days <= 36500 then words.as_of_on + forecasts.fewest_days::integer end
        as forecast_earliest_on,
    case when forecasts.most_days <= 36500 then words.as_of_on + forecasts.most_days::integer end
        as forecast_latest_on
from issues
cross join words
cross join (values ('issues'), ('points')) as unit (unit)
left join cards
    on issues.github_issue_id = cards.github_issue_id
left join work
    on issues.github_issue_id = work.github_deliverable_id
left join paces
    on issues.github_issue_id = paces.github_deliverable_id and unit.unit = paces.unit
left join forecasts
    on issues.github_issue_id = forecasts.github_deliverable_id and unit.unit = forecasts.unit
