with

words as (
    {{ delivery_words() }}
),

sprints as (
    select *
    from {{ ref('int_sprints_bounded') }}
    where phase <> 'coming'
),

spans as (
    select
        sprints.github_project_id,
        sprints.starts_on,
        sprints.judged_on,
        greatest(cards.first_on, sprints.starts_on) as first_on,
        cards.last_on,
        coalesce(cards.points, 0) as points,
        cards.is_done::integer as completed_issue_count,
        case when cards.is_done then coalesce(cards.points, 0) else 0 end as completed_points
    from {{ ref('int_cards_counted') }} as cards
    inner join sprints
        on
            cards.github_project_id = sprints.github_project_id
            and cards.sprint_starts_on = sprints.starts_on
            and cards.first_on <= sprints.judged_on
            and cards.last_on >= sprints.starts_on
    where cards.first_on <= cards.last_on
),

-- Every day is there, and what happened on it is added to the day before: a day without news carries on.
differences as (
    select
        sprints.github_project_id,
        sprints.starts_on,
        sprints.starts_on + number.number as day_on,
        0 as issue_count,
        0 as points,
        0 as completed_issue_count,
        0 as completed_points
    from sprints
    cross join generate_series(0, sprints.judged_on - sprints.starts_on) as number (number)
    union all
    select
        github_project_id,
        starts_on,
        first_on as day_on,
        1 as issue_count,
        points,
        completed_issue_count,
        completed_points
    from spans
    union all
    select
        github_project_id,
        starts_on,
        last_on + 1 as day_on,
        -1 as issue_count,
        -points as points,
        -completed_issue_count as completed_issue_count,
        -completed_points as completed_points
    from spans
    where last_on < judged_on
),

totals as (
    select
        github_project_id,
        starts_on,
        day_on,
        sum(sum(issue_count)) over by_day as issue_count,
        sum(sum(points)) over by_day as points,
        sum(sum(completed_issue_count)) over by_day as completed_issue_count,
        sum(sum(completed_points)) over by_day as completed_points
    from differences
    group by github_project_id, starts_on, day_on
    window by_day as (partition by github_project_id, starts_on order by day_on)
),

changes as (
    select
        github_project_id,
        starts_on,
        day_on,
        sum(issue_count) filter (where change = 'added') as added_issue_count,
        sum(points) filter (where change = 'added') as added_points,
        sum(issue_count) filter (where change = 'rolled_over') as rolled_over_issue_count,
        sum(points) filter (where change = 'rolled_over') as rolled_over_points,
        -sum(issue_count) filter (where change = 'removed') as removed_issue_count,
        -sum(points) filter (where change = 'removed') as removed_points,
        sum(points) filter (where change = 're_estimated') as re_estimated_points
    from {{ ref('sprint_changes') }}
    group by github_project_id, starts_on, day_on
),

looks as (
    select distinct
        loads.scope ->> 'project_id' as github_project_id,
        {{ local_date('loads.extracted_until', 'words.time_zone') }} as day_on
    from {{ ref('stg_landing__loads') }} as loads
    cross join words
    where loads.source_name = 'github' and loads.stream_name = 'project_items'
),

first_looks as (
    select
        github_project_id,
        min(day_on) as day_on
    from looks
    group by github_project_id
),

days as (
    select
        totals.github_project_id,
        totals.starts_on,
        totals.day_on,
        unit.unit,
        sprints.owner_name,
        sprints.board_number,
        sprints.sprint_title,
        sprints.ends_on,
        trim_scale(unit.scope) as scope_quantity,
        trim_scale(unit.completed) as completed_quantity,
        trim_scale(unit.scope - unit.completed) as remaining_quantity,
        trim_scale(coalesce(unit.added, 0)) as added_quantity,
        trim_scale(coalesce(unit.rolled_over, 0)) as rolled_over_quantity,
        trim_scale(coalesce(unit.removed, 0)) as removed_quantity,
        trim_scale(coalesce(unit.re_estimated, 0)) as re_estimated_quantity,
        looks.day_on is not null as is_observed,
        coalesce(totals.day_on < first_looks.day_on, true) as is_reconstructed
    from totals
    inner join sprints
        on totals.github_project_id = sprints.github_project_id and totals.starts_on = sprints.starts_on
    left join changes
        on
            totals.github_project_id = changes.github_project_id
            and totals.starts_on = changes.starts_on
            and totals.day_on = changes.day_on
    left join looks
        on totals.github_project_id = looks.github_project_id and totals.day_on = looks.day_on
    left join first_looks
        on totals.github_project_id = first_looks.github_project_id
    cross join lateral (
        values
        (
            'issues',
            totals.issue_count,
            totals.completed_issue_count,
            changes.added_issue_count,
            changes.rolled_over_issue_count,
            changes.removed_issue_count,
            0
        ),
        (
            'points',
            totals.points,
            totals.completed_points,
            changes.added_points,
            changes.rolled_over_points,
            changes.removed_points,
            changes.re_estimated_points
        )
    ) as unit (unit, scope, completed, added, rolled_over, removed, re_estimated)
)

select * from days
