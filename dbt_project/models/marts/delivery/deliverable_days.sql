with

words as (
    {{ delivery_words() }}
),

-- what an issue adds, from when until when: itself, and what its card says
parts as (
    select
        github_issue_id,
        valid_from,
        valid_until,
        1 as issue_count,
        is_done::integer as completed_issue_count,
        0 as points,
        0 as completed_points
    from {{ ref('int_issues_stated') }}
    where level = 'work' and not is_dropped
    union all
    select
        github_issue_id,
        valid_from,
        valid_until,
        0 as issue_count,
        (is_done and not is_closed_done)::integer as completed_issue_count,
        coalesce(points, 0) as points,
        case when is_done then coalesce(points, 0) else 0 end as completed_points
    from {{ ref('int_cards_counted') }}
    where not is_dropped and (is_done or points is not null)
),

members as (
    select
        github_above_id as github_deliverable_id,
        github_issue_id,
        'as it was' as membership,
        valid_from,
        coalesce(valid_until, 'infinity') as valid_until
    from {{ ref('issue_memberships') }}
    where above_level = 'deliverable' and level = 'work'
    union all
    select
        github_above_id as github_deliverable_id,
        github_issue_id,
        'as it is' as membership,
        '-infinity' as valid_from,
        'infinity' as valid_until
    from {{ ref('issue_memberships') }}
    where above_level = 'deliverable' and level = 'work' and is_current
),

spans as (
    select
        members.github_deliverable_id,
        members.membership,
        parts.issue_count,
        parts.completed_issue_count,
        parts.points,
        parts.completed_points,
        {{ local_date('greatest(members.valid_from, parts.valid_from)', 'words.time_zone') }} as first_on,
        {{ local_date('least(members.valid_until, parts.valid_until)', 'words.time_zone') }} - 1 as last_on
    from members
    inner join parts
        on
            members.github_issue_id = parts.github_issue_id
            and members.valid_from < parts.valid_until
            and members.valid_until > parts.valid_from
    cross join words
),

differences as (
    select
        github_deliverable_id,
        membership,
        first_on as day_on,
        sum(issue_count) as issue_count,
        sum(completed_issue_count) as completed_issue_count,
        sum(points) as points,
        sum(completed_points) as completed_points
    from spans
    where first_on <= last_on
    group by github_deliverable_id, membership, first_on
    union all
    select
        github_deliverable_id,
        membership,
        last_on + 1 as day_on,
        -sum(issue_count) as issue_count,
        -sum(completed_issue_count) as completed_issue_count,
        -sum(points) as points,
        -sum(completed_points) as completed_points
    from spans
    where first_on <= last_on and last_on < 'infinity'
    group by github_deliverable_id, membership, last_on
),

-- every day from the first issue on: a day without news carries on
calendar as (
    select
        begun.github_deliverable_id,
        begun.membership,
        begun.first_on + number.number as day_on,
        0 as issue_count,
        0 as completed_issue_count,
        0 as points,
        0 as completed_points
    from (
        select
            differences.github_deliverable_id,
            differences.membership,
            min(differences.day_on) as first_on
        from differences
        group by differences.github_deliverable_id, differences.membership
    ) as begun
    cross join words
    cross join generate_series(0, words.as_of_on - begun.first_on) as number (number)
),

totals as (
    select
        github_deliverable_id,
        membership,
        day_on,
        sum(sum(issue_count)) over by_day as issue_count,
        sum(sum(completed_issue_count)) over by_day as completed_issue_count,
        sum(sum(points)) over by_day as points,
        sum(sum(completed_points)) over by_day as completed_points
    from (
        select * from differences
        union all
        select * from calendar
    ) as days
    group by github_deliverable_id, membership, day_on
    window by_day as (partition by github_deliverable_id, membership order by day_on)
),

looks as (
    select distinct {{ local_date('loads.extracted_until', 'words.time_zone') }} as day_on
    from {{ ref('stg_landing__loads') }} as loads
    cross join words
    where loads.source_name = 'github'
)

select
    totals.github_deliverable_id,
    totals.membership,
    totals.day_on,
    unit.unit,
    trim_scale(unit.scope) as scope_quantity,
    trim_scale(unit.completed) as completed_quantity,
    trim_scale(unit.scope - unit.completed) as remaining_quantity,
    looks.day_on is not null as is_observed,
    totals.day_on < (select min(first_look.day_on) from looks as first_look) as is_reconstructed
from totals
left join looks
    on totals.day_on = looks.day_on
cross join lateral (
    values
    ('issues', totals.issue_count, totals.completed_issue_count),
    ('points', totals.points, totals.completed_points)
) as unit (unit, scope, completed)
